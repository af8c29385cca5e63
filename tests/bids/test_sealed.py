"""Bids are sealed until the close, costs for ever, and what is proven about them can be checked by anybody."""

import io
from contextlib import redirect_stderr, redirect_stdout
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
import structlog
from flask import Flask
from flask.testing import FlaskClient
from psycopg.types.json import Jsonb

from marketplace.bids import commitment, policy, service
from marketplace.bids.models import Bid
from marketplace.briefs.models import Brief
from marketplace.core import db, ids, jobs
from marketplace.core.clock import now
from marketplace.core.jobs import ClaimedJob, Job
from marketplace.pacing.service import promises
from tests import market
from tests.api.described import faults
from tests.bids.look import events, everything, path, wordings
from tests.make import bids as make
from tests.make.people import Somebody, somebody
from workers.bids import HANDLERS


@pytest.fixture(scope="module")
def admin(app: Flask) -> Somebody:
    return somebody("platform")


def test_nobody_else_sees_a_bid_before_the_close(client: FlaskClient, admin: Somebody) -> None:
    there = make.market()
    bid = make.place(there)
    for who in (there.brand, admin):
        answers = [client.get(url, headers=who.headers) for url in (path(bid.id), path(bid.id, "revisions"))]
        answers.append(client.get(there.offers, headers=who.headers))
        assert [answer.status_code for answer in answers] == [404, 404, 404]
        assert client.get(f"{there.offers}/count", headers=who.headers).json == {"count": 1}
    make.close(there)
    for who in (there.brand, admin):
        assert client.get(path(bid.id), headers=who.headers).json["price"]["amount"] == make.cny(8_000_000)
        assert [one["id"] for one in client.get(there.offers, headers=who.headers).json["data"]] == [
            ids.show("bid", bid.id)
        ]


def test_a_deadline_that_is_past_unseals_nothing_before_the_brief_is_closed(client: FlaskClient) -> None:
    there = make.market()
    bid = make.place(there)
    make.make_briefs.move_deadline(there.brief_id, now())
    assert client.get(path(bid.id), headers=there.brand.headers).status_code == 404
    assert client.post(path(bid.id, "accept"), headers=there.brand.once()).status_code == 404


def test_neither_brand_nor_admin_learns_what_was_withdrawn_before_the_close(
    client: FlaskClient, admin: Somebody
) -> None:
    there = make.market()
    early, late = make.place(there), make.place(there, channel_id=make.channel(there.creator.party_id))
    make.withdraw(there.creator, early.id)
    assert events(early.id)[-1].party_ids == [there.creator.party_id]
    assert client.get(f"{there.offers}/count", headers=there.brand.headers).json == {"count": 1}
    make.close(there)
    make.withdraw(there.creator, late.id)
    listed = client.get(there.offers, headers=there.brand.headers).json["data"]
    assert [(one["id"], one["status"]) for one in listed] == [(ids.show("bid", late.id), "withdrawn")]
    assert client.get(path(early.id), headers=there.brand.headers).status_code == 404
    assert client.get(path(early.id), headers=admin.headers).status_code == 404
    assert client.get(there.offers, headers=admin.headers).json["data"] == listed
    for bid, is_sealed in ((early, True), (late, False)):
        query = {"subject_id": ids.show("bid", bid.id)}
        told = client.get("/api/v1/events", query_string=query, headers=admin.headers).json["data"]
        assert {one["sealed"] for one in told} == {is_sealed}
    with db.transaction(admin.actor) as session:
        rows = session.scalars(sa.select(Bid.id).where(Bid.brief_id == there.brief_id)).all()
    assert rows == [late.id]
    assert client.get(f"{there.offers}?status=open", headers=admin.headers).json["data"] == []


def test_a_bid_withdrawn_at_the_very_close_was_on_the_table_and_one_just_before_was_not(client: FlaskClient) -> None:
    there = make.market()
    bid = make.place(there)
    make.close(there)
    make.withdraw(there.creator, bid.id)
    for before_close, status_code in ((timedelta(), 200), (timedelta(microseconds=1), 404)):
        with db.transaction() as session:
            closed_at = session.get_one(Brief, there.brief_id).closed_at
            assert closed_at is not None
            session.get_one(Bid, bid.id).withdrawn_at = closed_at - before_close
        assert client.get(path(bid.id), headers=there.brand.headers).status_code == status_code
        assert client.get(path(bid.id), headers=there.creator.headers).status_code == 200


@pytest.mark.parametrize("called_off", [None, "before", "after"])
def test_the_rule_in_code_shows_the_bids_that_the_databases_policy_shows(
    client: FlaskClient, admin: Somebody, called_off: str | None
) -> None:
    there = make.with_audience(make.market())
    bids = [make.place(there, channel_id=make.channel(there.creator.party_id)) for _ in range(6)]
    make.withdraw(there.creator, bids[0].id)
    if called_off != "before":
        make.close(there)
        client.post(path(bids[1].id, "decline"), headers=there.brand.once())
        make.withdraw(there.creator, bids[2].id)
        with db.transaction() as session:
            closed_at = session.get_one(Brief, there.brief_id).closed_at
            assert closed_at is not None
            for bid, moment in ((bids[3], closed_at), (bids[4], closed_at - timedelta(microseconds=1))):
                withdrawn = sa.update(Bid).where(Bid.id == bid.id).values(status="withdrawn", withdrawn_at=moment)
                session.execute(withdrawn)
    if called_off:
        body = {"reason": "停产"}
        url = f"/api/v1/briefs/{ids.show('brf', there.brief_id)}/cancel"
        assert client.post(url, json=body, headers=there.brand.once()).status_code == 200
    on_it = sa.select(Bid.id).where(Bid.brief_id == there.brief_id)
    with db.transaction() as session:
        by_rule = set(session.scalars(on_it.where(policy.at_close())))
    assert by_rule == (set() if called_off == "before" else {bids[place].id for place in (1, 2, 3, 5)})
    for who in (there.brand, admin):
        with db.transaction(who.actor) as session:
            assert set(session.scalars(on_it)) == by_rule


def test_who_may_ask_for_a_briefs_bids(client: FlaskClient) -> None:
    there = make.market()
    make.close(there)
    for more in ("", "/count"):
        assert client.get(there.offers + more, headers=there.creator.headers).status_code == 403
        assert client.get(there.offers + more, headers=somebody("brand").headers).status_code == 404
        assert client.get(there.offers + more).status_code == 401


def test_the_brand_reads_the_wording_that_counts_and_no_earlier_one(client: FlaskClient, admin: Somebody) -> None:
    there = make.market()
    bid = make.place(there)
    make.revise(there.creator, bid.id)
    make.close(there)

    def numbers(who: Somebody) -> list[int]:
        return [one["number"] for one in client.get(path(bid.id, "revisions"), headers=who.headers).json["data"]]

    assert (numbers(there.brand), numbers(admin), numbers(there.creator)) == ([2], [2, 1], [2, 1])


def test_what_making_it_costs_leaves_the_creators_side_nowhere(client: FlaskClient, admin: Somebody) -> None:
    cost = str(make.PRODUCTION_COST_MINOR)
    there = make.with_audience(make.market())
    out = io.StringIO()
    with redirect_stderr(out), redirect_stdout(out), structlog.testing.capture_logs() as lines:
        placed = client.post(there.offers, json=there.body(), headers=there.creator.once())
        bid_id = ids.read("bid", placed.json["id"])
        client.post(path(bid_id, "revisions"), json=make.document(), headers=there.creator.once())
        body = {**there.body(), "price": {"model": "flat", "amount": make.cny(10**12)}}
        refused = client.post(there.offers, json=body, headers=there.creator.once())
        make.close(there)
        seen = []
        for who in (there.brand, admin):
            for url in (path(bid_id), path(bid_id, "revisions"), there.offers):
                seen.append(client.get(url, headers=who.headers))
        seen.append(client.post(path(bid_id, "accept"), json=make.ACCEPTS, headers=there.brand.once()))
    assert [answer.status_code for answer in (placed, refused, *seen)] == [201, 422, *[200] * 7]
    assert cost in placed.text
    assert wordings(bid_id)[-1].production_cost_minor == make.PRODUCTION_COST_MINOR
    assert not [answer.text for answer in (refused, *seen) if cost in answer.text]
    assert len([line for line in lines if line["event"] == "http.request"]) == 10
    assert cost not in out.getvalue() + repr(lines)
    told = [repr(event.data) for event in events(bid_id)]
    assert len(told) == 4
    assert not [data for data in told if cost in data or "8000000" in data]


def test_every_commitment_is_public_and_names_nobody(client: FlaskClient, admin: Somebody) -> None:
    there = make.market()
    first = make.place(there)
    rival = make.market(there.brand)
    second = make.place(make.Market(there.brand, rival.creator, there.brief_id, rival.channel_id))
    revised = make.revise(there.creator, first.id)
    url = there.offers.replace("/bids", "/commitments")
    for who in (there.creator, rival.creator, somebody("agency"), there.brand, admin):
        listed = client.get(url, headers=who.headers).json["data"]
        assert [set(one) for one in listed] == [{"id", "commitment", "created_at"}] * 3
        assert [one["commitment"] for one in listed] == [revised.commitment, second.commitment, first.commitment]
    page = client.get(f"{url}?limit=2", headers=there.brand.headers)
    more = client.get(page.headers["Link"].split(">")[0].removeprefix("<"), headers=there.brand.headers)
    assert [one["commitment"] for one in more.json["data"]] == [first.commitment]
    assert client.get(url, headers=somebody("brand").headers).status_code == 404
    assert client.get(path(first.id), headers=rival.creator.headers).status_code == 404


def offer(shown: dict[str, Any]) -> dict[str, Any]:
    """What an integrator puts together from a bid as the API shows it."""
    bound = {name: shown[name] for name in ("brief_id", "brief_version_id", "channel_id")}
    return {**bound, "number": shown["revision_number"], **{name: shown[name] for name in commitment.FIELDS}}


def test_the_commitment_can_be_checked_from_what_is_shown_and_breaks_with_every_field(client: FlaskClient) -> None:
    there = make.market()
    mine = client.post(there.offers, json=there.body(), headers=there.creator.once()).json
    make.close(there)
    shown = client.get(path(ids.read("bid", mine["id"])), headers=there.brand.headers).json
    assert (shown["commitment"], shown["salt"]) == (mine["commitment"], mine["salt"])
    assert commitment.verify(offer(shown), shown["salt"], shown["commitment"])
    changed = {
        "brief_id": ids.show("brf", UUID(int=1)),
        "brief_version_id": ids.show("brv", UUID(int=1)),
        "channel_id": ids.show("chn", UUID(int=1)),
        "number": 2,
        "price": {"model": "flat", "amount": make.cny(7_999)},
        "rights": {**shown["rights"], "usage": None},
        "options": shown["options"][:1],
        "deliverables": shown["deliverables"][:1],
        "plan": make.plan(brands=2),
        "forecast_claim": None,
        "message": shown["message"] + " ",
        "answers": [],
    }
    assert set(changed) == set(offer(shown))
    for name, value in changed.items():
        assert not commitment.verify({**offer(shown), name: value}, shown["salt"], shown["commitment"]), name
    assert not commitment.verify(offer(shown), commitment.new_salt(), shown["commitment"])


def test_an_earlier_wording_keeps_the_names_that_its_commitment_covers(client: FlaskClient) -> None:
    there = make.market()
    mine = client.post(there.offers, json=there.body(), headers=there.creator.once()).json
    before = {"publish_starts_at": "publish_from", "publish_ends_at": "publish_to"}
    earlier = [{before.get(name, name): value for name, value in line.items()} for line in mine["deliverables"]]
    sealed = commitment.seal({**offer(mine), "deliverables": earlier}, mine["salt"])
    # Nothing but an earlier release writes this, and wordings are never changed by the market's own login.
    url = market.owner_of(db.Sessions.kw["bind"].url.render_as_string(hide_password=False))
    with psycopg.connect(url.replace("+psycopg", "")) as owner:
        owner.execute(
            "UPDATE bid_revisions SET deliverables = %s, commitment = %s WHERE id = %s",
            (Jsonb(earlier), sealed, ids.read("rev", mine["revision_id"])),
        )
    make.close(there)
    shown = client.get(path(ids.read("bid", mine["id"])), headers=there.brand.headers).json
    assert shown["deliverables"] == earlier
    assert commitment.verify(offer(shown), shown["salt"], shown["commitment"])
    assert faults(client.application, "BidOut", shown) == []
    days = {"from": "2030-01-01T00:00:00Z", "to": "2030-02-01T00:00:00Z"}
    assert promises(earlier, days, {}) == promises(mine["deliverables"], days, {})
    assert promises(earlier, days, {})[0].first.year < 2030


def voided(brief_id: UUID) -> object:
    """Do the job that voids a brief's bids, as a worker does."""
    with db.transaction() as session:
        job_id = jobs.enqueue(session, service.VOID, subject_id=brief_id)
    with db.transaction() as session:
        job = session.get_one(Job, job_id)
        claimed = ClaimedJob(job.id, job.kind, job.queue, job.subject_id, job.party_id, job.payload, 1, 8, 1, 30, None)
        return HANDLERS[service.VOID](session, claimed)


def test_a_brief_called_off_voids_its_open_bids_once(client: FlaskClient, admin: Somebody) -> None:
    there = make.market()
    bid, gone = make.place(there), make.place(there, channel_id=make.channel(there.creator.party_id))
    make.withdraw(there.creator, gone.id)
    before = everything(there.brief_id)
    assert (voided(there.brief_id), everything(there.brief_id)) == ({"voided": 0}, before)
    make.cancel(there)
    assert voided(there.brief_id) == {"voided": 1}
    assert (events(bid.id)[-1].kind, events(bid.id)[-1].party_ids) == ("bids.void", [there.creator.party_id])
    assert client.get(path(bid.id), headers=there.creator.headers).json["status"] == "void"
    assert client.get(path(bid.id), headers=there.brand.headers).status_code == 404
    assert client.get(there.offers, headers=there.brand.headers).json["data"] == []
    # It never closed, so calling it off unseals nothing, for the platform's people either.
    assert client.get(there.offers, headers=admin.headers).json["data"] == []
    assert [client.get(path(one.id), headers=admin.headers).status_code for one in (bid, gone)] == [404, 404]
    after = everything(there.brief_id)
    assert (voided(there.brief_id), everything(there.brief_id)) == ({"voided": 0}, after)


def test_many_bids_are_voided_a_stretch_at_a_time(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    there = make.market()
    for _ in range(3):
        make.place(there, channel_id=make.channel(there.creator.party_id))
    make.cancel(there)
    monkeypatch.setattr(service, "BATCH", 2)
    assert voided(there.brief_id) == {"voided": 2}
    with db.transaction() as session:
        waiting = session.query(Job).filter_by(dedupe_key=f"bids.void:{there.brief_id}").count()
    assert (waiting, voided(there.brief_id)) == (1, {"voided": 1})
