"""A bid after its brief has changed: one call lets it stand by the new version, unless it has to be revised."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from marketplace.core import ids
from marketplace.core.clock import now
from tests.bids.look import events, everything, pointers
from tests.bids.test_brief_changes import changed, confirm, shown_bid, stands_by
from tests.bids.test_sealed import offer
from tests.make import bids as make
from tests.make import moments
from tests.make.briefs import cny
from tests.make.people import somebody


def test_a_bid_stands_by_a_change_after_one_call(client: FlaskClient) -> None:
    there = make.market()
    bid = make.place(there)
    brief = changed(client, there, tolerance=34)
    answer = confirm(client, there.creator, bid.id, brief["version_id"])
    assert answer.status_code == 200
    assert stands_by(answer.json) == (
        brief["version_id"],
        True,
    )
    # The wording, and what it was committed to, stays bound to the version that it answered.
    assert answer.json["brief_version_id"] == ids.show("brv", bid.brief_version_id)
    assert offer(answer.json)["brief_version_id"] == ids.show("brv", bid.brief_version_id)
    assert [event.kind for event in events(bid.id)] == ["bids.place", "bids.confirm_brief"]
    assert events(bid.id)[-1].party_ids == [there.creator.party_id]
    again = confirm(client, there.creator, bid.id, brief["version_id"])
    assert (again.status_code, len(events(bid.id))) == (200, 2)


def test_a_bid_is_confirmed_after_the_close_too_and_both_sides_read_it(client: FlaskClient) -> None:
    there = make.market()
    bid = make.place(there)
    brief = changed(client, there, tolerance=34)
    with moments.travel(now() + timedelta(days=2), tick=True):
        make.close(there)
        assert shown_bid(client, there.brand, bid.id)["stands_by_current_version"] is False
        assert confirm(client, there.creator, bid.id, brief["version_id"]).status_code == 200
        assert shown_bid(client, there.brand, bid.id)["stands_by_current_version"] is True
    assert events(bid.id)[-1].party_ids == sorted([there.creator.party_id, there.brand.party_id])


def test_only_the_version_that_counts_is_confirmed(client: FlaskClient) -> None:
    there = make.market()
    bid = make.place(there)
    first = changed(client, there, tolerance=34)["version_id"]
    second = changed(client, there, tolerance=33)["version_id"]
    before = everything(there.brief_id)
    answer = confirm(client, there.creator, bid.id, first)
    assert (answer.status_code, answer.json["clashes_with"]) == (409, second)
    assert everything(there.brief_id) == before
    for who, code in ((there.brand, 403), (somebody("creator"), 404), (somebody("agency"), 404)):
        assert confirm(client, who, bid.id, second).status_code == code
    assert everything(there.brief_id) == before


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"budget": cny(9_000_000)}, "/price/amount"),
        ({"placement_kinds": ["caption"]}, "/plan/exposures/0/kind"),
        ({"questions": []}, "/answers"),
        ({"rights": {"usage": None}}, "/rights/usage"),
        ({"least_seconds": 30}, "/plan/exposures"),
        ({"deliverables": [{"kind": "series", "count": 5}, {"kind": "image", "count": 2}]}, "/deliverables/0/count"),
    ],
)
def test_a_bid_that_no_longer_answers_has_to_be_revised(
    client: FlaskClient, fields: dict[str, Any], pointer: str
) -> None:
    there = make.market()
    bid = make.place(there)
    version = changed(client, there, **fields)["version_id"]
    answer = confirm(client, there.creator, bid.id, version)
    assert (answer.status_code, pointer in pointers(answer)) == (422, True)
    assert shown_bid(client, there.creator, bid.id)["stands_by_current_version"] is False


def test_a_barter_bid_follows_the_products_value_only_by_a_revision(client: FlaskClient) -> None:
    there = make.market()
    bid = make.place(there, price={"model": "barter", "value": cny(1)}, options=[])
    version = changed(client, there, product={"name": "气泡水", "category": "food", "value": cny(9_900)})["version_id"]
    answer = confirm(client, there.creator, bid.id, version)
    assert (answer.status_code, pointers(answer)) == (422, ["/price/value"])


@pytest.mark.parametrize(
    ("budget", "refused"), [(100_000, ["/price/model"]), (1_799_999, ["/rights"]), (1_800_000, [])], ids=str
)
def test_a_barter_bid_is_confirmed_on_a_lower_budget_only_if_that_would_pay_it(
    client: FlaskClient, budget: int, refused: list[str]
) -> None:
    there = make.market(product={"name": "气泡水", "category": "food", "value": cny(500_000)})
    bid = make.place(there, price={"model": "barter", "value": cny(1)}, options=[])
    version = changed(client, there, budget=cny(budget))["version_id"]
    answer = confirm(client, there.creator, bid.id, version)
    assert answer.status_code == (422 if refused else 200)
    assert [error["pointer"] for error in answer.json.get("errors", [])] == refused


def test_a_withdrawn_bid_is_not_confirmed(client: FlaskClient) -> None:
    there = make.market()
    bid = make.place(there)
    version = changed(client, there, tolerance=34)["version_id"]
    make.withdraw(there.creator, bid.id)
    assert confirm(client, there.creator, bid.id, version).status_code == 409
