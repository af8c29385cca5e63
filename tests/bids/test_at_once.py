"""Many at once, and the very last moment."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.bids import brief_changes, service
from marketplace.bids.models import BidRevision
from marketplace.briefs.models import Brief, BriefVersion
from marketplace.channels import service as channels
from marketplace.channels import transfers
from marketplace.channels.models import Channel, ClaimStatus
from marketplace.core import db, ids
from marketplace.core.clock import now
from tests.bids.look import events, everything, path, wordings
from tests.make import bids as make
from tests.make import moments, work
from tests.make.people import Somebody, somebody

MANY = 50


def at_once(call: Callable[[int], int]) -> Counter[int]:
    barrier = Barrier(MANY)

    def one(number: int) -> int:
        barrier.wait()
        return call(number)

    with ThreadPoolExecutor(MANY) as pool:
        return Counter(pool.map(one, range(MANY)))


def test_one_key_places_one_bid(app: Flask) -> None:
    there = make.market()
    headers, body = there.creator.once(), there.body()
    codes = at_once(lambda _: app.test_client().post(there.offers, json=body, headers=headers).status_code)
    assert set(codes) <= {201, 409}
    assert codes[201] >= 1
    [(bid, revisions, kinds)] = everything(there.brief_id)
    assert (len(revisions), kinds, bid["status"]) == (1, ["bids.place"], "open")
    again = app.test_client().post(there.offers, json=body, headers=headers)
    assert (again.status_code, again.json["id"]) == (201, ids.show("bid", bid["id"]))


def test_one_channel_gets_one_bid_with_many_keys(app: Flask) -> None:
    there = make.market()
    body = there.body()
    codes = at_once(lambda _: app.test_client().post(there.offers, json=body, headers=there.creator.once()).status_code)
    assert codes == {201: 1, 409: MANY - 1}
    assert len(everything(there.brief_id)) == 1


def test_accepted_or_withdrawn_never_both(app: Flask) -> None:
    there = make.with_audience(make.market())
    bid = make.place(there)
    make.close(there)
    accepts = {"json": make.ACCEPTS}

    def end(number: int) -> int:
        if number % 2:
            answer = app.test_client().post(path(bid.id, "accept"), headers=there.brand.once(), **accepts)
        else:
            answer = app.test_client().post(path(bid.id, "withdraw"), headers=there.creator.once())
        return answer.status_code

    assert at_once(end) == {200: 1, 409: MANY - 1}
    ended = [event.kind for event in events(bid.id) if not event.kind.endswith("_review")]
    assert (len(ended), ended[1] in ("bids.accept", "bids.withdraw")) == (2, True)


def test_three_wordings_at_most_however_many_ask(app: Flask) -> None:
    there = make.market()
    bid = make.place(there)
    body = make.document()
    codes = at_once(
        lambda _: app.test_client().post(path(bid.id, "revisions"), json=body, headers=there.creator.once()).status_code
    )
    assert codes == {201: 2, 409: MANY - 2}
    assert [wording.number for wording in wordings(bid.id)] == [1, 2, 3]


def test_a_bid_that_waits_for_a_revision_is_bound_to_the_new_version(app: Flask) -> None:
    there = make.market()
    wording = make.loaded()

    def bid() -> int:
        with db.transaction(there.creator.actor) as session:
            placed = service.place(
                session, there.creator.actor, there.brief_id, channel_id=there.channel_id, loaded=wording
            )
            return placed.brief_version_number

    with ThreadPoolExecutor(1) as pool:
        with db.transaction(there.brand.actor) as session:
            brief_changes.change(session, there.brand.actor, there.brief_id, loaded={"tolerance": 33}, version=2)
            session.flush()
            found = pool.submit(bid)
            work.until_one_waits("%FOR SHARE%")
        assert found.result(10) == 2


@pytest.fixture
def offered() -> tuple[make.Market, Somebody, UUID]:
    """A market whose creator has offered the proven channel to somebody, who may accept the transfer."""
    there, taker = make.market(), somebody("creator")
    with db.transaction() as session:
        session.get_one(Channel, there.channel_id).claim_status = ClaimStatus.PROVEN
    with db.transaction(there.creator.actor) as session:
        made = transfers.offer(session, there.creator.actor, there.channel_id, creator_id=taker.party_id)
        return there, taker, made.row.id


def test_a_channel_is_not_taken_over_while_a_bid_with_it_is_being_placed(
    app: Flask, offered: tuple[make.Market, Somebody, UUID]
) -> None:
    there, taker, transfer_id = offered
    url = f"/api/v1/channel-transfers/{ids.show('ctr', transfer_id)}/accept"
    with ThreadPoolExecutor(1) as pool:
        with db.transaction(there.creator.actor) as session:
            actor, channel_id = there.creator.actor, there.channel_id
            service.place(session, actor, there.brief_id, channel_id=channel_id, loaded=make.loaded())
            taken = pool.submit(lambda: app.test_client().post(url, headers=taker.once()))
            work.until_one_waits("%FROM channels%FOR UPDATE%")
        answer = taken.result(10)
    assert (answer.status_code, answer.json["state"]) == (409, "bids open")
    assert len(everything(there.brief_id)) == 1


@pytest.mark.parametrize(("ending", "status"), [("accept", 404), ("archive", 409)])
def test_nobody_bids_with_a_channel_that_is_being_taken_over_or_archived(
    app: Flask, offered: tuple[make.Market, Somebody, UUID], ending: str, status: int
) -> None:
    there, taker, transfer_id = offered
    with ThreadPoolExecutor(1) as pool:
        actor = taker.actor if ending == "accept" else there.creator.actor
        with db.transaction(actor) as session:
            if ending == "accept":
                transfers.accept(session, actor, transfer_id)
            else:
                channels.archive(session, actor, there.channel_id)
            session.flush()
            body, headers = there.body(), there.creator.once()
            placed = pool.submit(lambda: app.test_client().post(there.offers, json=body, headers=headers))
            work.until_one_waits("%FROM channels%FOR KEY SHARE%")
        assert placed.result(10).status_code == status
    assert everything(there.brief_id) == []


def test_a_bid_does_not_wait_for_an_import(app: Flask) -> None:
    there = make.market()
    with db.transaction() as session:
        session.execute(sa.select(Channel.id).filter_by(id=there.channel_id).with_for_update(key_share=True))
        session.execute(sa.update(Channel).filter_by(id=there.channel_id).values(name="新名"))
        headers = there.creator.once()
        assert app.test_client().post(there.offers, json=there.body(), headers=headers).status_code == 201


def test_changes_confirmations_and_withdrawals_have_one_order_that_the_events_tell(app: Flask) -> None:
    there = make.market()
    bids = [make.place(there, channel_id=make.channel(there.creator.party_id)) for _ in range(4)]
    url = f"/api/v1/briefs/{ids.show('brf', there.brief_id)}"

    def one(number: int) -> int:
        client, bid = app.test_client(), bids[number % 4]
        if number % 5 == 0:
            etag = client.get(url, headers=there.brand.headers).headers["ETag"]
            body = {"tolerance": 36 + number} if number % 10 else {"title": f"第 {number} 版"}
            return client.patch(url, json=body, headers={**there.brand.headers, "If-Match": etag}).status_code
        if number % 5 == 1:
            return client.post(path(bid.id, "revisions"), json=wording, headers=there.creator.once()).status_code
        if number in (12, 33):
            return client.post(path(bid.id, "withdraw"), headers=there.creator.once()).status_code
        version = client.get(url, headers=there.creator.headers).json["version_id"]
        body = {"brief_version_id": version}
        return client.post(path(bid.id, "confirm-brief"), json=body, headers=there.creator.once()).status_code

    wording = make.document()
    codes = at_once(one)
    assert set(codes) <= {200, 201, 409, 412}
    assert codes[200] >= 3
    with db.transaction() as session:
        brief = session.get_one(Brief, there.brief_id)
        numbers = {
            row.id: row.number
            for row in session.scalars(sa.select(BriefVersion).where(BriefVersion.brief_id == there.brief_id))
        }
        wordings_at = {
            row.id: row
            for row in session.scalars(sa.select(BidRevision).where(BidRevision.brief_version_id.in_(numbers)))
        }
    told = [event for event in events(there.brief_id) if event.kind == "briefs.revise"]
    assert [event.data["number"] for event in told] == list(range(2, brief.version_number + 1))
    matters = {event.data["number"]: bool(event.data["to_confirm"]) for event in told}
    for row, _, kinds in everything(there.brief_id):
        steps = events(row["id"])
        stood_by = numbers[wordings_at[row["revision_id"]].brief_version_id]
        for step in steps:
            if step.kind == "bids.confirm_brief":
                stood_by = max(stood_by, numbers[UUID(step.data["brief_version_id"])])
        # What does not matter moves along.
        while stood_by < brief.version_number and not matters[stood_by + 1]:
            stood_by += 1
        assert numbers[row["brief_version_id"]] == stood_by
        while_open = sum(
            matters[event.data["number"]]
            for event in told
            if row["withdrawn_at"] is None or event.created_at < row["withdrawn_at"]
        )
        assert 3 <= row["revisions_max"] <= 3 + sum(matters.values())
        if row["withdrawn_at"] is None:
            assert row["revisions_max"] == 3 + while_open
        assert kinds.count("bids.revise") == row["revision_number"] - 1 <= row["revisions_max"] - 1
        assert (row["status"] == "withdrawn") == (kinds[-1] == "bids.withdraw")


def test_accepting_and_calling_off_and_stepping_back_have_one_order(app: Flask) -> None:
    there = make.with_audience(make.market())
    bid = make.place(there)
    make.close(there)
    url = f"/api/v1/briefs/{ids.show('brf', there.brief_id)}/cancel"

    def one(number: int) -> int:
        client = app.test_client()
        if number == 40:
            return client.post(url, json={"reason": "停产"}, headers=there.brand.once()).status_code
        name, body = [("accept", make.ACCEPTS), ("step-back", {"reason": "改期"})][number % 2]
        return client.post(path(bid.id, name), json=body, headers=there.brand.once()).status_code

    codes = at_once(one)
    assert set(codes) <= {200, 409}
    steps = [event for event in events(bid.id) if event.kind in ("bids.accept", "bids.step_back")]
    assert codes[200] == len(steps) + 1
    states = ["open", *(event.data["after"] for event in steps)]
    assert [event.data["before"] for event in steps] == states[:-1]
    assert [event.kind for event in steps] == [
        f"bids.{('accept', 'step_back')[turn % 2]}" for turn in range(len(steps))
    ]
    with db.transaction() as session:
        assert service.void_for_brief(session, there.brief_id) == 1
    assert everything(there.brief_id)[0][0]["status"] == "void"


@pytest.mark.parametrize(("late", "status"), [(timedelta(0), 409), (timedelta(microseconds=-1), 201)])
def test_the_deadline_is_the_first_moment_too_late(client: FlaskClient, late: timedelta, status: int) -> None:
    there = make.market()
    bid = make.place(there, channel_id=make.channel(there.creator.party_id))
    deadline = now() + timedelta(seconds=30)
    make.make_briefs.move_deadline(there.brief_id, deadline)
    before = everything(there.brief_id)
    body, wording = there.body(), make.document()
    with moments.travel(deadline + late, tick=False):
        placed = client.post(there.offers, json=body, headers=there.creator.once())
        revised = client.post(path(bid.id, "revisions"), json=wording, headers=there.creator.once())
    assert (placed.status_code, revised.status_code) == (status, status)
    assert (everything(there.brief_id) == before) == (status == 409)


def test_placing_and_reading_ask_little_of_the_database(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    there = make.market()
    wording = make.loaded()
    asked: list[object] = []
    execute = psycopg.Cursor.execute

    # At the driver, which also gets what is sent past SQLAlchemy.
    def noted(cursor: Any, query: Any, *more: Any, **options: Any) -> Any:
        asked.append(query)
        return execute(cursor, query, *more, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", noted)
    with db.transaction(there.creator.actor) as session:
        edge = len(asked)
        service.place(session, there.creator.actor, there.brief_id, channel_id=there.channel_id, loaded=wording)
        session.flush()
        placing = len(asked) - edge
    before = len(asked)
    app.test_client().get("/api/v1/bids", headers=there.creator.headers)
    listing = len(asked) - before
    assert placing == 6
    assert listing <= 5  # the role, the key, the mark that it was used, the role of the caller, the list
