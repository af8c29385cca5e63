"""The database's time decides: a process whose clock is hours off does what every other one does."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.core import clock, db, jobs
from marketplace.core.clock import now
from marketplace.core.errors import WrongState
from marketplace.core.ids import new_id
from marketplace.core.jobs import JobState
from tests.make import bids as make_bids
from tests.make import briefs as make_briefs
from tests.make.people import console, somebody

HOURS = [3, -3]


@pytest.fixture(params=HOURS, ids=["ahead", "behind"])
def skewed(app: Flask, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> float:
    """A process that has just started on a host whose clock is three hours off."""
    real, off_s = time.time, request.param * 3600.0
    monkeypatch.setattr(time, "time", lambda: real() + off_s)
    monkeypatch.setattr(time, "time_ns", lambda: int((real() + off_s) * 1e9))
    monkeypatch.setattr(clock._clock, "ahead_s", None)
    assert abs((now() - datetime.now(UTC)).total_seconds() - off_s) < 60
    return off_s


def database_time() -> datetime:
    with db.transaction() as session:
        return session.execute(sa.select(sa.func.clock_timestamp())).scalar_one()


def test_the_first_transaction_tells_the_time(skewed: float) -> None:
    there = database_time()
    # Behind it by a round trip at the most, on a machine that may be busy.
    assert abs(now() - there) < timedelta(minutes=5)


def test_a_job_is_due_when_the_database_says(skewed: float) -> None:
    queue = f"test-{new_id().hex}"
    with db.transaction() as session:
        at_once = jobs.enqueue(session, "core.probe", queue=queue)
        jobs.enqueue(session, "core.probe", queue=queue, at=now() + timedelta(hours=1))
    with db.transaction() as session:
        (claimed,) = jobs.claim(session, queue, 8)
    assert claimed.id == at_once
    # What has failed is tried again within its pause, by whichever host.
    assert jobs.fail(claimed, "once") == JobState.QUEUED
    with db.transaction() as session:
        waits = session.get_one(jobs.Job, at_once).next_at - session.execute(sa.select(sa.func.now())).scalar_one()
    assert waits < timedelta(seconds=jobs.BACKOFF_MAX_S)


def test_a_brief_takes_bids_until_its_end_and_not_after(skewed: float) -> None:
    open_, over = make_bids.market(), make_bids.market()
    there = database_time()
    make_briefs.move_deadline(open_.brief_id, there + timedelta(hours=1))
    make_briefs.move_deadline(over.brief_id, there - timedelta(minutes=1))
    assert make_bids.place(open_).brief_id == open_.brief_id
    with pytest.raises(WrongState):
        make_bids.place(over)


def test_a_session_lasts_as_long_as_it_was_given(skewed: float, client: FlaskClient) -> None:
    who = somebody("brand")
    assert client.get("/api/v1/people/me", headers=console(who, hours=1)).status_code == 200
    assert client.get("/api/v1/people/me", headers=console(who, hours=-1)).status_code == 401


def test_ids_of_all_hosts_sort_by_one_time(
    app: Flask, monkeypatch: pytest.MonkeyPatch, told: Callable[[], None]
) -> None:
    made = []
    for hours in (3, -3, 0):
        monkeypatch.setattr(clock._clock, "ahead_s", None)
        with monkeypatch.context() as host:
            real = time.time
            host.setattr(time, "time", lambda real=real, hours=hours: real() + hours * 3600.0)
            told()
            made.append(new_id())
        time.sleep(0.01)
    assert made == sorted(made)


@pytest.fixture
def told() -> Callable[[], None]:
    """Let the database tell its time, as the beginning of every transaction does."""
    return lambda: (database_time(), None)[1]


AT = datetime(2026, 11, 23, tzinfo=UTC)


def ahead(asked_s: float, answered_s: float, at: datetime = AT) -> float:
    clock.told_by_database(at, asked_s, answered_s)
    assert clock._clock.ahead_s is not None
    return clock._clock.ahead_s - AT.timestamp()


def test_a_slow_answer_moves_nothing_and_a_clock_that_was_set_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock._clock, "ahead_s", None)
    assert ahead(100.0, 100.001) == pytest.approx(-100.001, abs=1e-5)
    # Asked at 110, told ten seconds later what it was at some time between.
    assert ahead(110.0, 120.0, AT + timedelta(seconds=11)) == pytest.approx(-100.001, abs=1e-5)
    # Set an hour back, and then forth: followed as far as the answer is sure.
    assert ahead(130.0, 130.5, AT - timedelta(hours=1)) == pytest.approx(-3730.0, abs=1e-5)
    assert ahead(140.0, 140.5, AT) == pytest.approx(-140.5, abs=1e-5)
