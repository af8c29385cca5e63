"""Work done as worker processes do it, without waiting for the clock."""

import importlib
import time
from dataclasses import replace
from types import ModuleType
from uuid import UUID

import pytest
import sqlalchemy as sa

from marketplace.core import db, jobs
from marketplace.core.clock import now
from marketplace.core.config import Config
from marketplace.core.events import Event
from marketplace.core.jobs import Job, JobState
from tests.market import owning

TURNS = 20
# The pause before a fitting gathers imports and deals; nothing else waits so short a time.
PAUSED = ("matching.fit-growth", "matching.fit-model", "matching.fit-overlaps", "matching.fit-prices")

_PAUSING = (Job.kind.in_(PAUSED), Job.state == JobState.QUEUED, Job.attempt == 0)


def worker(config: Config) -> ModuleType:
    """Return workers.drain, which reads its settings when it is imported."""
    settings = {
        "DATABASE_URL": config.database_url,
        "REDIS_URL": config.redis_url,
        "BROKER_URL": config.broker_url,
        "SECRET_KEY": config.secret_key,
        "STORAGE_URL": config.storage_url,
        "VISION_DIR": config.vision_dir,
        "INLAY_DATA": config.data_dir,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        return importlib.import_module("workers.drain")


_LOCKED_OUT = sa.text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE :query"
)


def until_one_waits(query: str = "%") -> None:
    """Return once a statement of this kind waits for a lock. Raises AssertionError after five seconds."""
    for _ in range(500):
        with owning() as session:
            if session.scalar(_LOCKED_OUT, {"query": query}):
                return
        time.sleep(0.01)
    raise AssertionError("nothing waits")


def settle(worker: ModuleType) -> None:
    """Do all that is due and what follows from it, until nothing is left."""
    for _ in range(TURNS):
        _skip_the_pause()
        taken = sum(worker.drain(queue) for queue in (jobs.DEFAULT, jobs.SCORING))
        if not taken and not _waiting():
            return
    raise AssertionError(f"there is work after {TURNS} turns")


def _skip_the_pause() -> None:
    with db.transaction() as session:
        session.execute(sa.update(Job).where(*_PAUSING).values(next_at=sa.func.now()))


def _waiting() -> bool:
    with db.transaction() as session:
        mine = Job.queue.in_([jobs.DEFAULT, jobs.SCORING])
        failed = session.execute(sa.select(Job.kind, Job.last_error).where(mine, Job.last_error.is_not(None))).all()
        assert not failed, failed
        told = session.scalar(sa.select(sa.exists().where(Event.relayed_at.is_(None))))
        told = told or session.scalar(sa.select(sa.exists().where(*_PAUSING)))
        return bool(told or jobs.due_queues(session) & {jobs.DEFAULT, jobs.SCORING})


def of(kind: str, subject_id: UUID | None = None) -> list[Job]:
    """The jobs of a kind, the first asked for first."""
    query = sa.select(Job).where(Job.kind == kind)
    if subject_id is not None:
        query = query.where(Job.subject_id == subject_id)
    with db.transaction() as session:
        return list(session.scalars(query.order_by(Job.created_at, Job.id)))


def due(job_id: UUID) -> None:
    """Let the time of a waiting job come."""
    with db.transaction() as session:
        session.execute(sa.update(Job).where(Job.id == job_id).values(next_at=now()))


def ask(kind: str, subject_id: UUID | None = None, queue: str = jobs.SCORING) -> UUID:
    with db.transaction() as session:
        return jobs.enqueue(session, kind, queue=queue, subject_id=subject_id)


def do_next(worker: ModuleType, kind: str) -> JobState:
    """Do the one waiting job of a kind, and nothing else."""
    (waiting,) = (job for job in of(kind) if job.state == JobState.QUEUED)
    queue = f"alone-{waiting.id}"
    with db.transaction() as session:
        session.execute(sa.update(Job).where(Job.id == waiting.id).values(queue=queue, next_at=sa.func.now()))
    with db.transaction() as session:
        (claimed,) = jobs.claim(session, queue, 1)
        # Its own queue has its handlers, and is where it waits after a failure.
        session.execute(sa.update(Job).where(Job.id == waiting.id).values(queue=waiting.queue))
    return JobState(worker.do(replace(claimed, queue=waiting.queue)))


def forget() -> None:
    """Forget all work that is asked for and not begun, and what events would ask for."""
    with db.transaction() as session:
        session.execute(sa.delete(Job).where(Job.state == JobState.QUEUED))
        session.execute(sa.update(Event).where(Event.relayed_at.is_(None)).values(relayed_at=sa.func.now()))
