"""The stream of events is complete and in order, however long transactions take."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Event as Signal
from typing import cast
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from marketplace import schema
from marketplace.channels.models import Channel
from marketplace.core import db, events, ids
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.config import Config
from marketplace.core.events import Event
from marketplace.core.ids import new_id
from tests import market
from tests.make import channels as make_channels
from tests.make import work
from tests.make.people import Somebody, somebody
from tests.operations.look import EVENTS, event

OF_AN_IMPORT = 12_000


@pytest.fixture
def brand(app: Flask) -> Somebody:
    return somebody("brand")


def shown(*made: UUID) -> list[str]:
    return [ids.show("evt", one) for one in made]


class Follower:
    """Reads on from the last event that it has read, as an integrator does."""

    def __init__(self, client: FlaskClient, who: Somebody, **query: str) -> None:
        self.client, self.who, self.query = client, who, query
        self.read: list[str] = []

    def go_on(self) -> int:
        """Read all that there is and return how many events were new."""
        before = len(self.read)
        while True:
            cursor = {"starting_after": self.read[-1]} if self.read else {}
            query = {"order": "asc", "limit": "100", **cursor, **self.query}
            answer = self.client.get(EVENTS, headers=self.who.headers, query_string=query)
            assert answer.status_code == 200, answer.json
            self.read += [row["id"] for row in answer.json["data"]]
            if not answer.json["has_more"]:
                return len(self.read) - before


@contextmanager
def long_transaction() -> Iterator[Session]:
    """Another connection whose transaction stays open until the block ends, and commits then."""
    with db.transaction() as session:
        yield session


def record(session: Session, who: Somebody, kind: str = "channels.new") -> UUID:
    return events.record(session, kind, new_id(), SYSTEM, parties=[who.party_id])


def record_many(session: Session, who: Somebody, count: int) -> list[UUID]:
    common = {"kind": "channels.new", "party_ids": [who.party_id], "actor_role": "system", "data": {}}
    rows = [{"id": new_id(), "created_at": now(), "subject_id": new_id(), **common} for _ in range(count)]
    session.connection().execute(sa.insert(cast(sa.Table, Event.__table__)), rows)
    return [cast(UUID, row["id"]) for row in rows]


def committed(who: Somebody) -> UUID:
    with db.transaction() as session:
        return record(session, who)


def test_followers_miss_none_of_an_import_of_12000_events(client: FlaskClient, brand: Somebody) -> None:
    follower, later = Follower(client, brand), []
    with long_transaction() as session:
        imported = record_many(session, brand, OF_AN_IMPORT // 2)
        later.append(committed(brand))
        assert follower.go_on() == 0  # the stream ends before the open transaction
        imported += record_many(session, brand, OF_AN_IMPORT // 2)
        later.append(committed(brand))
        assert follower.go_on() == 0
    assert follower.go_on() == OF_AN_IMPORT + 2
    assert follower.read == shown(*imported, *later)
    assert follower.go_on() == 0


def test_what_was_open_longest_comes_first_and_nothing_appears_before_a_cursor(
    client: FlaskClient, brand: Somebody
) -> None:
    follower = Follower(client, brand)
    first = committed(brand)
    assert follower.go_on() == 1
    with long_transaction() as outer:
        slow = record(outer, brand)
        with long_transaction() as inner:
            slower = record(inner, brand)
            quick = committed(brand)
            assert follower.go_on() == 0
        assert follower.go_on() == 0
        slow_too = record(outer, brand)
    assert follower.go_on() == 4
    assert follower.read == shown(first, slow, slow_too, slower, quick)


def test_what_is_rolled_back_holds_nothing_up_and_is_never_listed(client: FlaskClient, brand: Somebody) -> None:
    follower = Follower(client, brand)
    with market.owning() as session:
        record(session, brand)
        kept = committed(brand)
        assert follower.go_on() == 0
        session.rollback()
    assert follower.go_on() == 1
    assert follower.read == shown(kept)


def test_a_savepoint_belongs_to_its_transaction(client: FlaskClient, brand: Somebody) -> None:
    follower = Follower(client, brand)
    with long_transaction() as session:
        made = [record(session, brand)]
        with session.begin_nested():
            made.append(record(session, brand))
        other = committed(brand)
        assert follower.go_on() == 0
    follower.go_on()
    assert follower.read == shown(*made, other)


def test_what_waited_for_a_lock_comes_after_what_held_it(client: FlaskClient, brand: Somebody) -> None:
    """The one that waits has the lower number of a transaction: it had written something before."""
    channel, follower = make_channels.channel(brand.party_id), Follower(client, brand)
    went_on, begun = Signal(), Signal()

    def wait() -> UUID:
        with db.transaction() as session:
            session.execute(sa.text("SELECT pg_current_xact_id()"))
            begun.set()
            assert went_on.wait(10)
            return step(session, "channels.second")

    def step(session: Session, kind: str) -> UUID:
        db.lock(session, Channel, channel.id)
        return events.record(session, kind, channel.id, SYSTEM, parties=[brand.party_id])

    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(wait)
        assert begun.wait(10)
        with long_transaction() as session:
            first = step(session, "channels.first")
            other = record(session, brand)
            went_on.set()
            work.until_one_waits("%FROM channels%FOR UPDATE%")
        last = second.result(10)
    follower.go_on()
    # What is of another subject may stand anywhere, and nothing is missed.
    assert [one for one in follower.read if one not in shown(other)] == shown(first, last)
    assert set(follower.read) == set(shown(first, other, last))


def test_a_follower_misses_nothing_of_what_took_a_later_place(client: FlaskClient, brand: Somebody) -> None:
    """While the one that began first is open, neither its events nor later ones of the subject are listed."""
    subject, follower = new_id(), Follower(client, brand)

    def step(session: Session) -> UUID:
        return events.record(session, "channels.change", subject, SYSTEM, parties=[brand.party_id])

    with long_transaction() as early:
        early.execute(sa.text("SELECT pg_current_xact_id()"))
        with long_transaction() as late:
            made = [step(late) for _ in range(20)]
        assert follower.go_on() == 0
        made += [step(early) for _ in range(20)]
        with long_transaction() as later:
            other = record(later, brand)
        assert follower.go_on() == 0
    follower.go_on()
    assert follower.read == shown(*made, other)


@pytest.mark.parametrize("query", [{}, {"order": "asc"}, {"since": ids.show("evt", UUID(int=0))}])
def test_every_list_ends_at_the_oldest_open_transaction(
    client: FlaskClient, brand: Somebody, query: dict[str, str]
) -> None:
    # The newest event of any list may become a cursor, so none may be listed that others could come before.
    with long_transaction() as session:
        slow = record(session, brand)
        quick = committed(brand)
        answer = client.get(EVENTS, headers=brand.headers, query_string=query)
        assert answer.json["data"] == []
        by_id = client.get(f"{EVENTS}/{shown(quick)[0]}", headers=brand.headers)
        assert by_id.status_code == 200
    answer = client.get(EVENTS, headers=brand.headers, query_string=query)
    listed = [row["id"] for row in answer.json["data"]]
    assert listed == (shown(slow, quick) if query.get("order") == "asc" else shown(quick, slow))


def test_cursors_from_before_transactions_were_recorded_still_work(client: FlaskClient, brand: Somebody) -> None:
    old = [event(brand.party_id, ago=timedelta(days=1)).id for _ in range(3)]
    with market.owning() as session:
        session.execute(sa.update(Event).where(Event.id.in_(old)).values(xid=0))
    fresh = committed(brand)
    follower = Follower(client, brand)
    follower.read = shown(old[0])
    assert follower.go_on() == 3
    assert follower.read == shown(*old, fresh)


def test_a_cursor_works_whoever_may_read_its_event(client: FlaskClient, brand: Somebody) -> None:
    before, strange = committed(brand), committed(somebody("brand"))
    after = committed(brand)
    follower = Follower(client, brand)
    follower.read = shown(strange)
    follower.go_on()
    assert follower.read == shown(strange, after)
    follower.read = [ids.show("evt", new_id())]
    follower.go_on()
    assert follower.read[1:] == shown(before, after)


def test_a_restore_into_another_server_hides_no_event(client: FlaskClient, brand: Somebody, config: Config) -> None:
    made = [committed(brand), committed(brand)]
    with market.owning() as session:
        session.execute(sa.update(Event).where(Event.id == made[0]).values(xid=2**40))
    assert schema.settle_restored_events(market.owner_of(config.database_url)) > 0
    made.append(committed(brand))
    follower = Follower(client, brand)
    follower.go_on()
    assert follower.read == shown(*made)
    assert schema.settle_restored_events(market.owner_of(config.database_url)) == 0
