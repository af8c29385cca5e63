"""Deals that end by the clock or with their brief, and those of bids that were accepted before there were deals."""

from dataclasses import replace
from datetime import timedelta
from types import ModuleType
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core import db
from marketplace.core.clock import now
from marketplace.core.events import Event
from marketplace.deals import lapsing
from marketplace.deals.models import Deal, DealSignature
from tests.bids.look import path as bid_path
from tests.deals import look
from tests.deals.look import confirm, everything, shown
from tests.make import bids as make
from tests.make import work
from tests.make.bids import Market
from tests.make.offered_deals import deal_of, offered
from tests.market import owning
from workers.schedule import EVERY


def late(deal_id: UUID) -> None:
    with db.transaction() as session:
        session.get_one(Deal, deal_id).answer_by = now() - timedelta(seconds=1)


def test_what_nobody_answers_in_72_hours_lapses_once_and_the_bid_is_open_again(
    client: FlaskClient, worker: ModuleType
) -> None:
    assert {lapsing.LAPSE, lapsing.CATCH_UP} <= set(EVERY)
    deal, other = offered(), offered()
    late(deal.deal_id)
    work.ask(lapsing.LAPSE, queue="default")
    work.settle(worker)
    assert shown(client, deal.creator, deal.deal_id)["status"] == "lapsed"
    assert shown(client, other.creator, other.deal_id)["status"] == "offered"
    assert client.get(bid_path(deal.bid_id), headers=deal.creator.headers).json["status"] == "open"
    before = everything(deal.deal_id)
    work.ask(lapsing.LAPSE, queue="default")
    work.settle(worker)
    assert everything(deal.deal_id) == before
    assert [event.kind for event in look.events(deal.deal_id)] == ["deals.offer", "deals.lapse"]


def test_many_lapse_a_stretch_at_a_time(app: object, monkeypatch: pytest.MonkeyPatch) -> None:
    deals = [offered() for _ in range(3)]
    for deal in deals:
        late(deal.deal_id)
    monkeypatch.setattr(lapsing, "BATCH", 2)
    counts = []
    for _ in range(2):
        with db.transaction() as session:
            counts.append(lapsing.lapse_overdue(session))
    assert counts == [2, 1]


def test_calling_the_brief_off_ends_what_is_offered_and_leaves_what_both_have_confirmed(
    client: FlaskClient, worker: ModuleType
) -> None:
    deal = offered()
    market = deal.there
    kept = offered(there=Market(market.brand, market.creator, make.market(market.brand).brief_id, market.channel_id))
    there = make.market(market.brand, market.creator)
    both = make.with_audience(Market(market.brand, market.creator, there.brief_id, there.channel_id))
    second_channel = make.channel(market.creator.party_id)
    first, second = make.place(both), make.place(make.with_audience(replace(both, channel_id=second_channel)))
    make.close(both)
    for bid in (first, second):
        make.accept(both, bid.id)
    confirmed, waiting = deal_of(first.id), deal_of(second.id)
    assert confirm(client, market.creator, confirmed).status_code == 200
    make.cancel(both)
    work.settle(worker)
    assert shown(client, market.creator, waiting)["status"] == "lapsed"
    assert client.get(bid_path(second.id), headers=market.creator.headers).json["status"] == "void"
    assert shown(client, market.creator, confirmed)["status"] == "agreed"
    assert client.get(bid_path(first.id), headers=market.creator.headers).json["status"] == "accepted"
    assert shown(client, market.creator, kept.deal_id)["status"] == "offered"


def forget(deal_id: UUID) -> None:
    """Let an accepted bid be one from before there were deals."""
    with owning() as session:
        session.execute(sa.text("SET LOCAL session_replication_role = replica"))
        for table in ("deal_signatures", "deal_terms"):
            session.execute(sa.text(f"DELETE FROM {table} WHERE deal_id = :deal"), {"deal": deal_id})
        session.execute(sa.text("DELETE FROM deals WHERE id = :deal"), {"deal": deal_id})


def test_a_bid_that_was_accepted_before_there_were_deals_gets_its_deal(client: FlaskClient, worker: ModuleType) -> None:
    deal = offered(option=1)
    former = look.terms(client, deal.brand, deal.deal_id)[0]
    forget(deal.deal_id)
    assert client.get(look.API, headers=deal.brand.headers).json["data"] == []
    work.ask(lapsing.CATCH_UP, queue="default")
    work.settle(worker)
    made = deal_of(deal.bid_id)
    found = shown(client, deal.creator, made)
    assert (found["status"], found["turn"]) == ("offered", "maker")
    [terms] = look.terms(client, deal.brand, made)
    assert (terms["content"], terms["content_hash"]) == (former["content"], former["content_hash"])
    assert [(one["key_kind"], one["key_id"]) for one in found["signatures"]] == [("record", None)]
    with db.transaction() as session:
        signature = session.scalars(sa.select(DealSignature).where(DealSignature.deal_id == made)).one()
        assert (signature.party_id, signature.person_id) == (deal.brand.party_id, deal.brand.person_id)
    work.ask(lapsing.CATCH_UP, queue="default")
    work.settle(worker)
    assert deal_of(deal.bid_id) == made
    assert confirm(client, deal.creator, made).json["status"] == "agreed"


def test_an_acceptance_without_a_deal_is_stepped_back_from_as_ever(client: FlaskClient) -> None:
    deal = offered()
    forget(deal.deal_id)
    answer = client.post(bid_path(deal.bid_id, "step-back"), json={"reason": "停产"}, headers=deal.brand.once())
    assert (answer.status_code, answer.json["status"]) == (200, "open")
    with db.transaction() as session:
        kinds = session.scalars(sa.select(Event.kind).where(Event.subject_id == deal.bid_id)).all()
    assert "bids.step_back" in kinds
