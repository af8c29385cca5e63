"""A published brief may change, but not behind the backs of those who bid on it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from marketplace.bids.bid_queries import ShownBid
from marketplace.briefs.change_rules import IMAGES, RULES, ChangeWeight
from marketplace.briefs.models import Brief, CloseDraw
from marketplace.briefs.schemas import BriefIn
from marketplace.core import db, ids
from marketplace.core.clock import now
from tests.bids.look import path, pointers
from tests.bids.test_sealed import voided
from tests.briefs.look import last_event
from tests.briefs.look import path as brief_path
from tests.make import bids as make
from tests.make import briefs as make_briefs
from tests.make import moments
from tests.make.briefs import cny
from tests.make.people import Somebody, somebody


def change(client: FlaskClient, there: make.Market, **fields: Any) -> Any:
    """Change a brief over HTTP, whatever version it is at."""
    version = client.get(brief_path(there.brief_id), headers=there.brand.headers).headers["ETag"]
    headers = {**there.brand.headers, "If-Match": version}
    return client.patch(brief_path(there.brief_id), json=fields, headers=headers)


def changed(client: FlaskClient, there: make.Market, **fields: Any) -> Mapping[str, Any]:
    answer = change(client, there, **fields)
    assert answer.status_code == 200, answer.json
    shown: Mapping[str, Any] = answer.json
    return shown


def confirm(client: FlaskClient, who: Somebody, bid_id: UUID, version_id: str) -> Any:
    body = {"brief_version_id": version_id}
    return client.post(path(bid_id, "confirm-brief"), json=body, headers=who.once())


def shown_bid(client: FlaskClient, who: Somebody, bid_id: UUID) -> Any:
    return client.get(path(bid_id), headers=who.headers).json


def stands_by(shown: Any) -> tuple[str, bool]:
    return shown["stands_by_version_id"], shown["stands_by_current_version"]


def read_events(client: FlaskClient, who: Somebody, kind: str) -> list[Any]:
    data = client.get("/api/v1/events?limit=100", headers=who.headers).json["data"]
    return [event for event in data if event["kind"] == kind]


def revise(client: FlaskClient, who: Somebody, bid_id: UUID, **changes: Any) -> Any:
    return client.post(path(bid_id, "revisions"), json=make.document(**changes), headers=who.once())


def test_every_field_of_a_brief_has_its_weight_and_a_reason() -> None:
    assert set(RULES) == {*BriefIn().fields, IMAGES}
    assert all(reason.strip() for _, reason in RULES.values())


MATTERS: list[dict[str, Any]] = [
    {"title": "四集，每集另加一条口播"},
    {"note": "付款改为年底；须配合三次直播。"},
    {"part_offers": True},
    {"product": {**make_briefs.document()["product"], "description": "含酒精"}},
    {"product": {**make_briefs.document()["product"], "link": "https://example.com/other"}},
    {"brand": {**make_briefs.document()["brand"], "spoken_forms": ["清泉水"]}},
    {"budget": cny(19_000_000)},
    {"target": []},
    {"markets": ["CN"]},
    {"placement_kinds": ["hand_prop", "background", "plot_use", "caption"]},
    {"tolerance": 34},
    {"ceiling_per_thousand": cny(1)},
    {"deliverables": [{"kind": "series", "count": 3, "length_tiers": [], "platform": None}]},
    {"least_prominence": 1},
    {"least_seconds": 1},
    {"publish_window": {"starts_at": make_briefs.moment(days=21), "ends_at": make_briefs.moment(days=39)}},
    {"keep_live_days": 365},
    {"rights": {"likeness_for_ai": True}},
    {"must": []},
    {"must_not": ["别说价格"]},
    {"disclosure": {"required": True, "text": "赞助"}},
    {"buying_link": False},
    {"sample": {"provided": False}},
    {"terms": {"payment_days": 180}},
    {"questions": []},
    {"bids_lapse_days": 90},
    {"product": {"name": "气泡水", "category": "alcohol", "value": cny(4_900)}},
    {"product": {"name": "气泡水", "category": "food", "value": cny(1)}},
    {"product": {"name": "果汁", "category": "food", "value": cny(4_900)}},
    {"brand": {"names": ["别家"]}},
    {"brand": {**make_briefs.document()["brand"], "aliases": ["小泉"]}},
]
LIGHT: list[dict[str, Any]] = [
    {"title": f"  {make_briefs.document()['title']}"},
    {"note": f"{make_briefs.document()['note']}\n"},
    {"product": {**make_briefs.document()["product"], "description": "零糖柠檬味  "}},
]


@pytest.mark.parametrize("fields", MATTERS, ids=lambda fields: next(iter(fields)))
def test_a_change_that_matters_tells_each_bidder_gives_a_wording_and_waits_for_its_word(
    client: FlaskClient, fields: dict[str, Any]
) -> None:
    there = make.market()
    agency = make.agency_of(there.creator.party_id)
    bid, second = make.place(there), make.place(there, agency, make.channel(there.creator.party_id))
    brief = changed(client, there, **fields)
    for who, one in ((there.creator, bid), (agency, second)):
        shown = shown_bid(client, who, one.id)
        assert stands_by(shown) == (
            ids.show("brv", bid.brief_version_id),
            False,
        )
        assert (shown["revisions_left"], shown["revision_number"]) == (3, 1)
        (told,) = read_events(client, who, "briefs.revise")
        assert (told["subject_id"], told["data"]["to_confirm"]) == (brief["id"], sorted(fields))
        # What it was and what it is, so that nobody has to look for the difference.
        assert all(one["before"] != one["after"] for one in told["data"]["values"].values())
        assert set(fields) <= set(told["data"]["values"])
    assert last_event(there.brief_id).party_ids == sorted(
        [there.brand.party_id, there.creator.party_id, agency.party_id]
    )


@pytest.mark.parametrize("fields", LIGHT)
def test_white_space_matters_to_nobody_and_bids_move_along(client: FlaskClient, fields: dict[str, Any]) -> None:
    there = make.market()
    bid = make.place(there)
    brief = changed(client, there, **fields)
    assert (brief["version_number"], brief["notice_ends_at"]) == (2, None)
    shown = shown_bid(client, there.creator, bid.id)
    assert stands_by(shown) == (brief["version_id"], True)
    assert (shown["brief_version_number"], shown["revisions_left"]) == (1, 2)
    assert last_event(there.brief_id).party_ids == [there.brand.party_id]
    assert read_events(client, there.creator, "briefs.revise") == []


def test_white_space_does_not_carry_an_unconfirmed_bid_along(client: FlaskClient) -> None:
    there = make.market()
    bid = make.place(there)
    changed(client, there, tolerance=34)
    changed(client, there, **LIGHT[0])
    shown = shown_bid(client, there.creator, bid.id)
    assert (shown["stands_by_current_version"], shown["revisions_left"]) == (False, 3)


def test_a_moved_deadline_is_told_and_needs_no_word(client: FlaskClient) -> None:
    there = make.market()
    bid = make.place(there)
    brief = changed(client, there, bids_close_at=make_briefs.moment(days=12))
    shown = shown_bid(client, there.creator, bid.id)
    assert (shown["stands_by_version_id"], shown["revisions_left"]) == (brief["version_id"], 2)
    (told,) = read_events(client, there.creator, "briefs.revise")
    assert (told["data"]["changed"], told["data"]["to_confirm"]) == (["bids_close_at"], [])
    assert RULES["bids_close_at"][0] == ChangeWeight.TOLD


PART = [{"kind": "series", "count": 3, "length_tier": "21-60"}, {"kind": "image", "count": 2}]


def test_part_offers_are_not_shut_behind_those_who_made_one(client: FlaskClient) -> None:
    there = make.market(part_offers=True)
    bid = make.place(there, deliverables=PART)
    for _ in range(2):
        make.revise(there.creator, bid.id, deliverables=PART)
    assert shown_bid(client, there.creator, bid.id)["revisions_left"] == 0
    brief = changed(client, there, part_offers=False)
    shown = shown_bid(client, there.creator, bid.id)
    assert (shown["revisions_left"], shown["stands_by_current_version"]) == (1, False)
    (told,) = read_events(client, there.creator, "briefs.revise")
    assert told["data"]["to_confirm"] == ["part_offers"]
    assert client.post(brief_path(there.brief_id, "close"), headers=there.brand.once()).status_code == 409
    as_it_stands = confirm(client, there.creator, bid.id, brief["version_id"])
    assert (as_it_stands.status_code, pointers(as_it_stands)) == (422, ["/deliverables/0/count"])
    whole = revise(client, there.creator, bid.id)
    assert (whole.status_code, whole.json["answers_in_part"]) == (201, False)
    assert stands_by(whole.json) == (brief["version_id"], True)


def test_an_image_of_a_published_brief_is_a_change_that_matters(client: FlaskClient) -> None:
    there = make.market(bids_close_at=make_briefs.moment(hours=2))
    bid = make.place(there)
    url = f"{brief_path(there.brief_id, 'assets')}?name=pack"
    sent = client.post(url, data=make_briefs.PNG, content_type="image/png", headers=there.brand.once())
    assert sent.status_code == 201, sent.json
    shown = shown_bid(client, there.creator, bid.id)
    assert (shown["stands_by_current_version"], shown["revisions_left"]) == (False, 3)
    (told,) = read_events(client, there.creator, "briefs.revise")
    assert told["data"]["to_confirm"] == [IMAGES]
    assert told["data"]["values"][IMAGES] == {"before": [], "after": [sent.json["sha256"]]}
    brief = client.get(brief_path(there.brief_id), headers=there.brand.headers).json
    assert (brief["version_number"], brief["bids_close_at"]) == (2, brief["notice_ends_at"])
    assert confirm(client, there.creator, bid.id, brief["version_id"]).status_code == 200


def test_nobody_but_the_bidders_reads_of_a_change_and_a_withdrawn_one_no_more(client: FlaskClient) -> None:
    there, rival = make.market(), somebody("creator")
    gone, stranger = make.place(there), make.place(there, rival, make.channel(rival.party_id))
    make.withdraw(there.creator, gone.id)
    changed(client, there, tolerance=34)
    assert len(read_events(client, rival, "briefs.revise")) == 1
    assert read_events(client, there.creator, "briefs.revise") == []
    data = read_events(client, rival, "briefs.revise")[0]["data"]
    assert str(stranger.id) not in str(data)
    assert str(there.creator.party_id) not in str(data)


@pytest.mark.parametrize("hours", [0.1, 23.9])
def test_a_deadline_nearer_than_24_hours_moves_to_24_hours_after_the_change(client: FlaskClient, hours: float) -> None:
    there = make.market(closing_window_s=600, bids_close_at=make_briefs.moment(hours=hours))
    before = client.get(brief_path(there.brief_id), headers=there.brand.headers).json
    began = now()
    brief = changed(client, there, tolerance=34)
    close_at = datetime.fromisoformat(brief["bids_close_at"])
    assert began + timedelta(hours=24) <= close_at <= now() + timedelta(hours=24)
    assert brief["notice_ends_at"] == brief["bids_close_at"]
    assert before["close_commitment"] == brief["close_commitment"]
    assert last_event(there.brief_id).data["changed"] == ["bids_close_at", "tolerance"]
    with db.transaction() as session:
        stored = session.get_one(Brief, there.brief_id)
        drawn = session.get_one(CloseDraw, there.brief_id)
        assert (drawn.version_id, stored.bids_close_at) == (stored.version_id, close_at)
        assert close_at <= drawn.closes_at <= close_at + timedelta(seconds=600)


def test_a_later_deadline_stays_where_it_is(client: FlaskClient) -> None:
    there = make.market()
    before = client.get(brief_path(there.brief_id), headers=there.brand.headers).json["bids_close_at"]
    assert changed(client, there, tolerance=34)["bids_close_at"] == before


def test_the_24_hours_cannot_be_taken_back(client: FlaskClient) -> None:
    there = make.market()
    make.place(there)
    changed(client, there, tolerance=34)
    answer = change(client, there, bids_close_at=make_briefs.moment(hours=23))
    assert (answer.status_code, pointers(answer)) == (422, ["/bids_close_at"])
    answer = client.post(brief_path(there.brief_id, "close"), headers=there.brand.once())
    assert (answer.status_code, answer.json["state"]) == (409, "published")
    with moments.travel(now() + timedelta(hours=24, minutes=1), tick=True):
        answer = client.post(brief_path(there.brief_id, "close"), headers=there.brand.once())
        assert (answer.status_code, answer.json["status"]) == (200, "closed")


def test_a_deadline_that_would_pass_the_first_day_of_publishing_is_refused_with_the_change(client: FlaskClient) -> None:
    window = {"starts_at": make_briefs.moment(hours=20), "ends_at": make_briefs.moment(days=3)}
    there = make.market(bids_close_at=make_briefs.moment(hours=10), publish_window=window)
    answer = change(client, there, tolerance=34)
    assert (answer.status_code, pointers(answer)) == (422, ["/publish_window/starts_at"])
    assert answer.json["detail"].startswith("With this change bidding would end at ")


def test_a_bidder_who_used_three_wordings_can_answer_a_change(client: FlaskClient) -> None:
    there = make.market()
    bid = make.place(there)
    for _ in range(2):
        assert revise(client, there.creator, bid.id).status_code == 201
    assert revise(client, there.creator, bid.id).status_code == 409
    brief = changed(client, there, tolerance=34)
    answer = revise(client, there.creator, bid.id)
    assert (answer.status_code, answer.json["revision_number"], answer.json["revisions_left"]) == (201, 4, 0)
    assert stands_by(answer.json) == (
        brief["version_id"],
        True,
    )
    assert revise(client, there.creator, bid.id).status_code == 409


def called_off(client: FlaskClient, there: make.Market, by: Somebody | None = None) -> Any:
    headers = (by or there.brand).once()
    return client.post(brief_path(there.brief_id, "cancel"), json={"reason": "停产"}, headers=headers)


def placed_and_closed() -> tuple[make.Market, ShownBid, ShownBid]:
    there = make.with_audience(make.market())
    bids = make.place(there), make.place(there, channel_id=make.channel(there.creator.party_id))
    make.close(there)
    return there, *bids


@pytest.mark.parametrize("by_admin", [False, True])
def test_a_closed_brief_is_called_off_with_its_open_and_accepted_bids(client: FlaskClient, by_admin: bool) -> None:
    there, accepted, still_open = placed_and_closed()
    make.accept(there, accepted.id)
    closed = client.get(brief_path(there.brief_id), headers=there.brand.headers).json
    answer = called_off(client, there, somebody("platform") if by_admin else None)
    assert (answer.status_code, answer.json["status"], answer.json["closed_at"]) == (
        200,
        "cancelled",
        closed["closed_at"],
    )
    assert answer.json["cancelled_at"] > closed["closed_at"]
    (told,) = read_events(client, there.creator, "briefs.cancel")
    assert (told["data"]["reason"], told["data"]["before"]) == ("停产", "closed")
    # Until the job has run: nothing is accepted on a brief that was called off.
    assert client.post(path(still_open.id, "accept"), headers=there.brand.once()).status_code == 409
    assert voided(there.brief_id) == {"voided": 2}
    for bid in (accepted, still_open):
        for who in (there.creator, there.brand):
            assert shown_bid(client, who, bid.id)["status"] == "void"


def test_what_was_sealed_when_a_brief_was_called_off_stays_sealed(client: FlaskClient) -> None:
    there = make.market()
    bid = make.place(there)
    assert called_off(client, there).status_code == 200
    assert voided(there.brief_id) == {"voided": 1}
    assert client.get(path(bid.id), headers=there.brand.headers).status_code == 404
    (told,) = read_events(client, there.creator, "briefs.cancel")
    assert told["data"]["reason"] == "停产"
