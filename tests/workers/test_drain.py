"""A queue is emptied: each job's effect and end are one, what fails is tried again or laid aside and taken up later."""

from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from marketplace.core import db, events, ids, jobs
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.errors import WrongState
from marketplace.core.ids import new_id
from marketplace.core.jobs import ClaimedJob, Job, JobProbe, JobState, WorkerBeat
from marketplace.core.message import Bilingual
from tests.make import work
from tests.make.people import somebody
from workers import housekeeping, ringer
from workers.handlers import QueueHandlers, load_handlers
from workers.schedule import EVERY

pytestmark = pytest.mark.usefixtures("own_market")

Handler = Callable[[Session, ClaimedJob], dict[str, Any] | None]


@pytest.fixture
def queue() -> str:
    return f"q-{new_id().hex}"


def put(queue: str, kind: str = "core.probe", **more: Any) -> UUID:
    with db.transaction() as session:
        return jobs.enqueue(session, kind, queue=queue, **more)


def row(job_id: UUID) -> Job:
    with db.transaction() as session:
        return session.get_one(Job, job_id)


def probes(*job_ids: UUID) -> list[int]:
    with db.transaction() as session:
        return [session.scalar(sa.select(sa.func.count()).where(JobProbe.job_id == job_id)) or 0 for job_id in job_ids]


@pytest.fixture
def handle(worker: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[[Handler], None]:
    """Let jobs of the kind `test.job` be done by this function."""

    def give(handler: Handler) -> None:
        known = QueueHandlers({"test.job": handler, "core.probe": housekeeping.probe}, {})
        monkeypatch.setattr(worker, "load_handlers", lambda _: known)

    return give


def test_a_queue_is_emptied_and_no_other(worker: ModuleType, queue: str) -> None:
    mine = [put(queue) for _ in range(11)]
    other, later = put(f"{queue}-other"), put(queue, at=now() + timedelta(hours=1))
    assert worker.drain(queue) == len(mine)
    assert probes(*mine, other, later) == [1] * len(mine) + [0, 0]
    assert {row(job_id).state for job_id in mine} == {JobState.DONE}
    assert {row(other).state, row(later).state} == {JobState.QUEUED}
    assert worker.drain(queue) == 0


def test_urgent_work_comes_first_then_the_oldest(
    worker: ModuleType, queue: str, handle: Callable[[Handler], None]
) -> None:
    seen: list[UUID] = []
    handle(lambda _, job: seen.append(job.id))
    late, early = put(queue, "test.job", at=now()), put(queue, "test.job", at=now() - timedelta(minutes=1))
    urgent = put(queue, "test.job", priority=1)
    # One at a time, because the jobs of one claim come in no order.
    while len(seen) < 3:
        with db.transaction() as session:
            (job,) = jobs.claim(session, queue, 1)
        assert worker.do(job) == JobState.DONE
    assert seen == [urgent, early, late]


def test_the_watchdog_hears_of_every_drain(worker: ModuleType, queue: str) -> None:
    worker.drain(queue)
    with db.transaction() as session:
        (beat,) = session.scalars(sa.select(WorkerBeat).where(WorkerBeat.name.endswith(f":{queue}"))).all()
    worker.drain(queue)
    with db.transaction() as session:
        assert session.get_one(WorkerBeat, beat.id).drained_at > beat.drained_at


def test_what_fails_leaves_nothing_and_is_tried_again_later(
    worker: ModuleType, queue: str, handle: Callable[[Handler], None]
) -> None:
    def breaks(session: Session, job: ClaimedJob) -> None:
        session.add(JobProbe(job_id=job.id))
        session.flush()
        if job.attempt < 3:
            raise RuntimeError("not yet")

    handle(breaks)
    job_id = put(queue, "test.job")
    for attempt in (1, 2):
        assert worker.drain(queue) == 1
        told = row(job_id)
        assert (told.state, told.attempt, told.last_error) == (JobState.QUEUED, attempt, "RuntimeError: not yet")
        assert probes(job_id) == [0]
        work.due(job_id)
    assert worker.drain(queue) == 1
    told = row(job_id)
    assert (told.state, told.attempt, told.last_error, probes(job_id)) == (JobState.DONE, 3, None, [1])


def test_what_the_data_forbids_is_not_tried_again(
    worker: ModuleType, queue: str, handle: Callable[[Handler], None]
) -> None:
    def forbidden(session: Session, job: ClaimedJob) -> None:
        session.add(JobProbe(job_id=job.id))
        raise WrongState(Bilingual("需求已结束。", "The brief is over."), state="closed")

    handle(forbidden)
    job_id = put(queue, "test.job")
    assert worker.drain(queue) == 1
    told = row(job_id)
    assert (told.state, told.attempt, "The brief is over." in str(told.last_error)) == (JobState.DEAD, 1, True)
    assert probes(job_id) == [0]


def test_work_that_nobody_knows_is_laid_aside_at_once(worker: ModuleType, queue: str) -> None:
    job_id = put(queue, "test.unheard-of")
    worker.drain(queue)
    assert (row(job_id).state, row(job_id).last_error) == (JobState.DEAD, "nothing handles test.unheard-of")


def test_a_worker_that_lost_its_lease_writes_nothing(
    worker: ModuleType, queue: str, handle: Callable[[Handler], None]
) -> None:
    def slow(session: Session, job: ClaimedJob) -> None:
        session.add(JobProbe(job_id=job.id))
        if job.attempt == 1:
            # Meanwhile the lease runs out and somebody else takes the job.
            with db.transaction() as other:
                other.execute(sa.update(Job).where(Job.id == job.id).values(lease_until=now() - timedelta(seconds=1)))
            with db.transaction() as other:
                taken.extend(jobs.claim(other, queue, 1))

    taken: list[ClaimedJob] = []
    handle(slow)
    job_id = put(queue, "test.job")
    assert worker.drain(queue) == 1
    assert (row(job_id).state, row(job_id).attempt, probes(job_id)) == (JobState.LEASED, 2, [0])
    assert [worker.do(job) for job in taken] == [JobState.DONE]
    assert (row(job_id).state, probes(job_id)) == (JobState.DONE, [1])


def test_a_job_that_is_stopped_stays_undone(worker: ModuleType, queue: str, handle: Callable[[Handler], None]) -> None:
    def reports(session: Session, job: ClaimedJob) -> None:
        session.add(JobProbe(job_id=job.id))
        job.progress("counting", 1, 2)
        with db.transaction() as other:
            other.execute(sa.update(Job).where(Job.id == job.id).values(cancel_asked=True))
        job.progress("counting", 2, 2)

    handle(reports)
    job_id = put(queue, "test.job")
    worker.drain(queue)
    told = row(job_id)
    assert (told.state, told.done, told.total, probes(job_id)) == (JobState.CANCELLED, 2, 2, [0])
    assert told.finished_at is not None


def test_one_job_that_fails_keeps_no_other_from_its_end(
    worker: ModuleType, queue: str, handle: Callable[[Handler], None]
) -> None:
    def picky(session: Session, job: ClaimedJob) -> None:
        if job.payload.get("bad"):
            raise ValueError("bad")
        session.add(JobProbe(job_id=job.id))

    handle(picky)
    good = [put(queue, "test.job") for _ in range(3)]
    bad = put(queue, "test.job", payload={"bad": True}, max_attempts=1)
    assert worker.drain(queue) == 4
    assert (row(bad).state, probes(*good, bad)) == (JobState.DEAD, [1, 1, 1, 0])


def test_a_dead_letter_is_taken_up_again_by_the_platform(
    client: FlaskClient, worker: ModuleType, queue: str, handle: Callable[[Handler], None]
) -> None:
    owner, admin = somebody("brand"), somebody("platform")
    broken = [True]

    def mended(session: Session, job: ClaimedJob) -> None:
        if broken:
            raise RuntimeError("the bank is down")
        session.add(JobProbe(job_id=job.id))

    handle(mended)
    job_id = put(queue, "test.job", party_id=owner.party_id, max_attempts=1)
    worker.drain(queue)
    url = f"/api/v1/jobs/{ids.show('job', job_id)}"
    assert client.get(url, headers=owner.headers).json["state"] == "dead"
    assert client.get("/api/v1/jobs?state=dead", headers=admin.headers).json["data"][0]["last_error"] == (
        "RuntimeError: the bank is down"
    )
    # Nothing does it by itself, however often somebody rings.
    assert (worker.drain(queue), ringer.tick() & {queue}) == (0, set())
    broken.clear()
    assert client.post(f"{url}/requeue", headers=admin.once()).status_code == 200
    assert queue in ringer.tick()
    assert worker.drain(queue) == 1
    assert (client.get(url, headers=owner.headers).json["state"], probes(job_id)) == ("done", [1])


def test_the_ringer_rings_for_what_is_due_only(worker: ModuleType, queue: str) -> None:
    later = put(queue, at=now() + timedelta(hours=1))
    assert queue not in ringer.tick()
    work.due(later)
    assert queue in ringer.tick()
    with db.transaction() as session:
        (job,) = jobs.claim(session, queue, 1)
    assert queue not in ringer.tick()
    with db.transaction() as session:
        session.execute(sa.update(Job).where(Job.id == job.id).values(lease_until=now() - timedelta(seconds=1)))
    # The worker died: somebody else is to be woken.
    assert queue in ringer.tick()
    assert worker.drain(queue) == 1
    assert probes(later) == [1]


def test_the_ringer_lays_aside_what_killed_its_worker_every_time(worker: ModuleType, queue: str) -> None:
    job_id = put(queue, max_attempts=1)
    with db.transaction() as session:
        jobs.claim(session, queue, 1)
        session.execute(sa.update(Job).where(Job.id == job_id).values(lease_until=now() - timedelta(seconds=1)))
    ringer.tick()
    assert row(job_id).state == JobState.DEAD
    assert "the lease ran out 1 times" in str(row(job_id).last_error)


def test_the_ringer_rings_for_events_that_wait(worker: ModuleType) -> None:
    work.settle(worker)
    assert jobs.DEFAULT not in ringer.tick()
    with db.transaction() as session:
        events.record(session, "parties.test", new_id(), SYSTEM, parties=[])
    assert jobs.DEFAULT in ringer.tick()
    work.settle(worker)
    assert jobs.DEFAULT not in ringer.tick()


def planned() -> dict[str, list[Any]]:
    with db.transaction() as session:
        rows = session.execute(
            sa.select(Job.kind, Job.next_at).where(Job.dedupe_key.startswith("clock:"), Job.state == JobState.QUEUED)
        ).all()
    found: dict[str, list[Any]] = {}
    for kind, at in rows:
        found.setdefault(kind, []).append(at)
    return found


def test_the_clocks_table_has_one_waiting_job_a_line(worker: ModuleType) -> None:
    for _ in range(3):
        ringer.tick()
    found = planned()
    assert set(found) == set(EVERY) <= load_handlers(jobs.DEFAULT).kinds
    for kind, pause in EVERY.items():
        (at,) = found[kind]
        assert now() < at <= now() + pause
    # Done once, it is planned once more.
    kind = "channels.settle-imports"
    assert work.do_next(worker, kind) == JobState.DONE
    assert kind not in planned()
    ringer.tick()
    assert len(planned()[kind]) == 1
