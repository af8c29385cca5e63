"""A score and its gate are of one moment: neither waits for the job that follows a decision of people."""

from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from marketplace.core import ids
from marketplace.matching.gates import follow_decisions
from marketplace.matching.scoring import score_brief
from tests.make import bids as make
from tests.make import reviews as make_reviews
from tests.make import work
from tests.make.people import Somebody, somebody
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")

TOLERANCE = 60


@pytest.fixture
def reviewed(client: FlaskClient) -> tuple[make.Market, Somebody, UUID]:
    """A closed brief of two bids; people have been asked about the first."""
    there = look.market(tolerance=TOLERANCE)
    who, bid = look.offer(there, 900_000)
    look.offer(there, 9_000_000)
    make.close(there)
    asked = client.post(f"/api/v1/bids/{ids.show('bid', bid.id)}/review", headers=there.brand.once())
    assert asked.status_code == 200
    return there, who, bid.id


def agree(bid_id: UUID, **override: Any) -> None:
    for admin in make_reviews.admins(2):
        make_reviews.decide(admin, make_reviews.of(bid_id).id, "override", {"intrusiveness": None, **override})


def reopen(client: FlaskClient, bid_id: UUID) -> None:
    url = f"/api/v1/bids/{ids.show('bid', bid_id)}/review/reopen"
    answer = client.post(url, json={"reason": "看错了"}, headers=somebody("platform").once())
    assert answer.status_code == 200, answer.json


SCORES = (
    "overall",
    "overall_low",
    "overall_high",
    "intrusiveness",
    "flags",
    "rank",
    "computed",
    "fingerprint",
    "gates",
    "review",
)


def line(client: FlaskClient, there: make.Market, who: Somebody, bid_id: UUID) -> dict[str, Any]:
    """The bid's scores, which its bidder and the brand read alike."""
    match = look.match(client, who, bid_id)
    [ranked] = [one for one in look.ranking(client, there)["data"] if one["bid_id"] == match["bid_id"]]
    found = {name: match[name] for name in SCORES}
    assert found == {name: ranked[name] for name in SCORES}
    return found


def gates(match: dict[str, Any]) -> list[str]:
    return [gate["code"] for gate in match["gates"]]


def test_an_agreed_override_and_its_end_are_read_at_once_with_their_gates(
    client: FlaskClient, worker: ModuleType, reviewed: tuple[make.Market, Somebody, UUID]
) -> None:
    there, who, bid_id = reviewed
    before = line(client, there, who, bid_id)
    agree(bid_id, intrusiveness=95.0)
    overridden = line(client, there, who, bid_id)
    assert overridden["intrusiveness"] == {"point": 95.0, "low": 95.0, "high": 95.0}
    assert overridden["computed"]["intrusiveness"] == pytest.approx(before["intrusiveness"]["point"], abs=1e-5)
    assert gates(overridden) == ["over_tolerance"]
    assert "over_tolerance" in overridden["flags"]
    assert "95.0" in overridden["gates"][0]["en"]
    assert (before["rank"], overridden["rank"]) == (1, 2)
    reopen(client, bid_id)
    again = line(client, there, who, bid_id)
    decided = {"gates", "review"}
    assert {**again, **dict.fromkeys(decided)} == {**before, **dict.fromkeys(decided)}
    assert gates(again) == ["review_open"]
    # The job finds nothing left to do.
    work.settle(worker)
    assert line(client, there, who, bid_id) == again


def test_another_override_takes_the_place_of_the_first(
    client: FlaskClient, reviewed: tuple[make.Market, Somebody, UUID]
) -> None:
    there, who, bid_id = reviewed
    agree(bid_id, intrusiveness=95.0, overall=2.0)
    first = line(client, there, who, bid_id)
    assert (first["overall"], first["overall_low"]) == (2.0, 2.0)
    reopen(client, bid_id)
    agree(bid_id, intrusiveness=58.0)
    second = line(client, there, who, bid_id)
    assert second["intrusiveness"]["point"] == 58.0
    assert second["overall"] > 2.0
    assert gates(second) == []


def test_acceptance_is_bound_at_once(client: FlaskClient, reviewed: tuple[make.Market, Somebody, UUID]) -> None:
    there, _, bid_id = reviewed
    agree(bid_id, intrusiveness=TOLERANCE + 0.5)
    url = f"/api/v1/bids/{ids.show('bid', bid_id)}/accept"
    refused = client.post(url, headers=there.brand.once())
    assert (refused.status_code, [gate["code"] for gate in refused.json["gates"]]) == (409, ["over_tolerance"])


def test_figures_that_a_person_has_cleared_count_at_once(client: FlaskClient) -> None:
    there = look.market()
    who, cheap = look.offer(there, 1_000)
    look.offer(there, 3_000_000)
    make.close(there)
    before = line(client, there, who, cheap.id)
    assert "price_below_market" in before["flags"]
    assert "price_below_market" in gates(before)
    for admin in make_reviews.admins(2):
        if make_reviews.of(cheap.id).status != "approved":
            make_reviews.decide(admin, make_reviews.of(cheap.id).id, "approve")
    after = line(client, there, who, cheap.id)
    assert ("price_below_market" in after["flags"], gates(after), after["rank"]) == (False, [], 1)


def test_nothing_is_scored_again_where_the_scores_have_followed(
    client: FlaskClient, reviewed: tuple[make.Market, Somebody, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    there, who, bid_id = reviewed
    agree(bid_id, intrusiveness=95.0)
    # Scored by an earlier release, whose numbers a closed brief keeps.
    with monkeypatch.context() as earlier:
        earlier.setattr(score_brief, "MODEL_VERSION", "m-earlier")
        before = line(client, there, who, bid_id)

    def refuse(*_: Any) -> None:
        raise AssertionError("it was scored again")

    monkeypatch.setattr(follow_decisions, "score_brief", refuse)
    assert line(client, there, who, bid_id) == before
