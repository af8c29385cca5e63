"""Work that is cut off in the middle: by a stop, a freeze, a dead database. Nothing is left half done."""

import json
import os
import signal
import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
import urllib3

from marketplace.core import db
from marketplace.core.http.idempotency import IdempotencyKey
from marketplace.core.jobs import JobState
from marketplace.demo import wishes
from marketplace.local.programs import ringer_argv, worker_argv
from marketplace.local.servers import LocalServers
from tests.chaos.work import Start, ask, effects, states, until
from tests.make.people import somebody
from tests.market import owning
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.process


def test_a_frozen_and_a_killed_worker_lose_their_jobs_to_another_and_double_none(start: Start) -> None:
    start(ringer_argv())
    frozen = start(worker_argv(1))
    asked = ask(1, sleep_s=1.0)
    until(asked, JobState.LEASED)
    os.killpg(frozen.pid, signal.SIGSTOP)
    other = start(worker_argv(1))
    until(asked, JobState.DONE)
    assert states(asked)[0].attempt == 2
    halves = ask(2, sleep_s=2.0)
    until(halves, JobState.LEASED)
    os.killpg(other.pid, signal.SIGKILL)
    # What the frozen one had begun it ends now, too late; then it takes over from the dead one.
    os.killpg(frozen.pid, signal.SIGCONT)
    until(halves, JobState.DONE)
    assert [job.attempt for job in states(halves)] == [2, 2]
    assert effects(asked + halves) == [1, 1, 1]
    assert states(asked)[0].fence == 2


def test_a_job_that_outlasts_its_lease_gets_a_longer_one_and_uses_up_nobody_elses_tries(start: Start) -> None:
    # Two tries outlast their lease; the third's is longer than the job. Twelve are claimed behind the slow one.
    slow = ask(1, lease_s=1, max_attempts=4, sleep_s=2.5, sleep_tries=9)
    quick = ask(12, lease_s=1)
    start(ringer_argv())
    start(worker_argv(2))
    until(quick, JobState.DONE)
    until(slow, JobState.DONE)
    assert effects(slow + quick) == [1] * 13
    assert max(job.attempt for job in states(quick)) <= 2


def test_a_database_killed_within_a_request_leaves_no_half_effect(
    market: LocalServers, engine: sa.Engine, web: str
) -> None:
    brand = somebody("brand")
    at = datetime.now(UTC)
    headers = brand.once(**{"Content-Type": "application/json"})
    body = json.dumps(wishes.brief(0, at, at + timedelta(days=2))).encode()
    seen: list[int] = []

    def post() -> int:
        answer = urllib3.request("POST", f"{web}/api/v1/briefs", body=body, headers=headers, retries=False, timeout=20)
        seen.append(answer.status)
        return answer.status

    # The event is written after the brief, so holding the events holds the request when half of it is written.
    with owning() as session:
        session.execute(sa.text("LOCK TABLE events IN ACCESS EXCLUSIVE MODE"))
        asking = threading.Thread(target=post)
        asking.start()
        _wait_for_a_waiting_insert(market)
        market.kill_postgres()
        session.invalidate()
    asking.join(20)
    assert seen[0] in (500, 503)
    market.restart_postgres()
    engine.dispose()
    assert _of(brand.party_id) == (0, 0, 0)
    deadline = time.monotonic() + PATIENCE_S
    while post() != 201:
        assert time.monotonic() < deadline, seen
        time.sleep(0.2)
    assert _of(brand.party_id) == (1, 1, 1)
    assert post() == 201
    assert _of(brand.party_id) == (1, 1, 1)


def _wait_for_a_waiting_insert(market: LocalServers) -> None:
    waiting = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ILIKE 'insert into events%'"
    )
    deadline = time.monotonic() + PATIENCE_S
    while True:
        with owning() as session:
            if session.scalar(waiting):
                return
        assert time.monotonic() < deadline, "no request waits for the events"
        time.sleep(0.02)


def _of(party_id: UUID) -> tuple[int, int, int]:
    """The party's briefs, events of briefs, and kept answers."""
    with db.transaction() as session:
        briefs = session.scalar(sa.text("SELECT count(*) FROM briefs WHERE brand_id = :id"), {"id": party_id})
        told = session.scalar(
            sa.text(
                "SELECT count(*) FROM events e JOIN briefs b ON b.id = e.subject_id WHERE b.brand_id = :id"
                " AND e.kind LIKE 'briefs.%'"
            ),
            {"id": party_id},
        )
        kept = session.scalar(sa.select(sa.func.count()).where(IdempotencyKey.party_id == party_id))
    return int(briefs or 0), int(told or 0), int(kept or 0)
