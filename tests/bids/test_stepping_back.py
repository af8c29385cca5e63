"""Acceptances that a side steps back from, and bids that lapse because nobody decided on them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.bids import service
from marketplace.bids.bid_queries import ShownBid
from marketplace.bids.models import Bid
from marketplace.briefs.models import Brief, BriefVersion
from marketplace.core import db, ids
from marketplace.core.clock import now
from marketplace.core.events import Event
from tests.bids.look import events, everything, path, pointers
from tests.briefs.look import path as brief_path
from tests.make import bids as make
from tests.make import moments
from tests.make.people import Somebody, somebody
from workers.bids import HANDLERS
from workers.schedule import EVERY


def step_back(client: FlaskClient, who: Somebody, bid_id: UUID, reason: str = "档期变了") -> Any:
    return client.post(path(bid_id, "step-back"), json={"reason": reason}, headers=who.once())


def accepted() -> tuple[make.Market, ShownBid]:
    return make.standing("accepted")


def test_the_brand_steps_back_and_the_bid_is_open_as_before(client: FlaskClient) -> None:
    there, bid = accepted()
    answer = step_back(client, there.brand, bid.id)
    assert (answer.status_code, answer.json["status"], answer.json["withdrawn_at"]) == (200, "open", None)
    last = events(bid.id)[-1]
    assert (last.kind, last.data["reason"], last.data["before"]) == ("bids.step_back", "档期变了", "accepted")
    assert last.party_ids == sorted([there.creator.party_id, there.brand.party_id])
    assert (
        client.post(path(bid.id, "accept"), json=make.ACCEPTS, headers=there.brand.once()).json["status"] == "accepted"
    )


def test_the_bidder_steps_back_and_the_offer_is_gone(client: FlaskClient) -> None:
    there, bid = accepted()
    answer = step_back(client, there.creator, bid.id)
    assert (answer.status_code, answer.json["status"], answer.json["withdrawn_at"] is None) == (200, "withdrawn", False)
    last = events(bid.id)[-1]
    assert (last.kind, last.data["reason"]) == ("bids.back_out", "档期变了")
    assert last.party_ids == sorted([there.creator.party_id, there.brand.party_id])
    shown = client.get(path(bid.id), headers=there.brand.headers).json
    assert (shown["status"], shown["id"]) == ("withdrawn", ids.show("bid", bid.id))
    assert client.post(path(bid.id, "accept"), headers=there.brand.once()).status_code == 409


def test_an_agency_steps_back_for_its_creator_and_only_while_its_mandate_lives(client: FlaskClient) -> None:
    there, bid = make.standing("open")
    agency = make.agency_of(there.creator.party_id)
    make.accept(there, bid.id)
    assert step_back(client, somebody("agency"), bid.id).status_code == 404
    # The deal is none of an agency's whose mandate is of later.
    assert step_back(client, make.agency_of(there.creator.party_id), bid.id).status_code == 403
    assert step_back(client, agency, bid.id).json["status"] == "withdrawn"


@pytest.mark.parametrize("status", ["open", "withdrawn", "declined", "void"])
def test_only_an_acceptance_is_stepped_back_from(client: FlaskClient, status: str) -> None:
    there, bid = make.standing(status)
    before = everything(there.brief_id)
    assert step_back(client, there.creator, bid.id).status_code == 409
    assert step_back(client, there.brand, bid.id).status_code == (404 if status == "void" else 409)
    assert everything(there.brief_id) == before


def test_stepping_back_needs_a_reason_and_a_side(client: FlaskClient) -> None:
    there, bid = accepted()
    before = everything(there.brief_id)
    answer = step_back(client, there.brand, bid.id, reason="  ")
    assert (answer.status_code, pointers(answer)) == (422, ["/reason"])
    for kind, code in (("brand", 404), ("creator", 404), ("platform", 403)):
        assert step_back(client, somebody(kind), bid.id).status_code == code
    assert everything(there.brief_id) == before


@pytest.mark.parametrize(("days", "changes"), [(14, {"bids_lapse_days": None}), (21, {}), (1, {"bids_lapse_days": 1})])
def test_a_bid_shows_when_it_lapses(client: FlaskClient, days: int, changes: dict[str, Any]) -> None:
    if changes.get("bids_lapse_days", 0) is None:
        changes = {}
        there = make.market()
        forget_lapse_days(there.brief_id)
    else:
        there = make.market(**changes)
    bid = make.place(there)
    assert client.get(path(bid.id), headers=there.creator.headers).json["lapses_at"] is None
    make.close(there)
    with db.transaction() as session:
        brief = session.get_one(Brief, there.brief_id)
        assert brief.closed_at is not None
        lapse_at = brief.closed_at + timedelta(days=days)
    for who in (there.creator, there.brand):
        assert client.get(path(bid.id), headers=who.headers).json["lapses_at"] == make.make_briefs.written(lapse_at)
    brief_shown = client.get(brief_path(there.brief_id), headers=there.creator.headers).json
    assert (brief_shown["bids_lapse_at"], brief_shown["bids_lapse_days"]) == (make.make_briefs.written(lapse_at), days)


def forget_lapse_days(brief_id: UUID) -> None:
    """Let a brief be one that was stored before bids lapsed."""
    with db.transaction() as session:
        version = session.scalars(sa.select(BriefVersion).where(BriefVersion.brief_id == brief_id)).one()
        version.content = {name: value for name, value in version.content.items() if name != "bids_lapse_days"}


def lapse_now(brief_id: UUID) -> None:
    with db.transaction() as session:
        session.execute(sa.update(Brief).where(Brief.id == brief_id).values(bids_lapse_at=now()))


def run_lapse() -> int:
    with db.transaction() as session:
        return service.lapse_overdue(session)


def test_open_bids_lapse_at_their_time_and_both_sides_read_it(client: FlaskClient) -> None:
    assert "bids.lapse" in EVERY
    assert "bids.lapse" in HANDLERS
    there = make.with_audience(make.market())
    taken, kept = make.place(there), make.place(there, channel_id=make.channel(there.creator.party_id))
    make.close(there)
    make.accept(there, taken.id)
    run_lapse()
    assert client.get(path(kept.id), headers=there.creator.headers).json["status"] == "open"
    lapse_now(there.brief_id)
    assert run_lapse() >= 1
    for who in (there.creator, there.brand):
        assert client.get(path(kept.id), headers=who.headers).json["status"] == "lapsed"
        assert client.get(path(taken.id), headers=who.headers).json["status"] == "accepted"
    last = events(kept.id)[-1]
    assert (last.kind, last.actor_role) == ("bids.lapse", "system")
    assert last.party_ids == sorted([there.creator.party_id, there.brand.party_id])
    before = everything(there.brief_id)
    run_lapse()
    assert everything(there.brief_id) == before


def test_many_bids_lapse_a_stretch_at_a_time(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    there = make.market()
    bids = [make.place(there, channel_id=make.channel(there.creator.party_id)) for _ in range(3)]
    make.close(there)
    lapse_now(there.brief_id)
    monkeypatch.setattr(service, "BATCH", 2)
    assert [run_lapse(), run_lapse()] == [2, 1]
    with db.transaction() as session:
        statuses = session.scalars(sa.select(Bid.status).where(Bid.id.in_([bid.id for bid in bids]))).all()
        kinds = session.scalars(sa.select(Event.kind).where(Event.kind == "bids.lapse")).all()
    assert (set(statuses), len(kinds) >= 3) == ({"lapsed"}, True)


def test_a_lapsed_bid_is_not_accepted_even_if_the_job_is_late(client: FlaskClient) -> None:
    there, bid = make.standing("open")
    before = everything(there.brief_id)
    with moments.travel(now() + timedelta(days=21), tick=True):
        answer = client.post(path(bid.id, "accept"), headers=there.brand.once())
    assert (answer.status_code, answer.json["state"]) == (409, "lapsed")
    assert everything(there.brief_id) == before
