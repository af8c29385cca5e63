"""PostgreSQL as the queue of record: claim with a lease and a fence, effect and "done" in one transaction.

A job row is written with the change that asks for it. Celery only carries a doorbell ("drain this queue"),
so a wiped broker loses nothing, and a worker that wakes up after its lease writes nothing.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from marketplace.core.actor import SYSTEM, Actor, Role
from marketplace.core.clock import now
from marketplace.core.context import request_id
from marketplace.core.db import Base, Sessions, acting_as, transaction
from marketplace.core.ids import new_id

DEFAULT = "default"
SCORING = "scoring"
IMPORTS = "imports"
# In the payload of a job that would give away, by when it runs, what is sealed from admins too.
SEALED = "sealed"
VISION = "vision"
MAIL = "mail"  # alone, for a mail server that is silent holds up whoever waits behind it
PAYMENTS = "payments"  # as MAIL, for a payment provider
QUEUES = (DEFAULT, SCORING, IMPORTS, VISION, MAIL, PAYMENTS)
# In these queues whoever asks for much waits for those who ask for little: parties take turns.
IN_TURN = (IMPORTS, VISION)
BACKOFF_MAX_S = 300  # a job is tried again within five minutes of the end of an outage
LEASE_MAX_S = 900  # a worker's child is killed after this long, so no lease need be longer


def _lease(tries_before: str) -> str:
    """Return SQL for the length of a lease. Each try gets twice the time of the last: a job that outlasted its lease
    once would otherwise be taken over again and again, each time too early, until it is dead."""
    doubled = f"least({LEASE_MAX_S}, lease_s * power(2, least({tries_before}, 10)))"
    return f"make_interval(secs => greatest(lease_s, {doubled}))"


LEASE_BEGAN = f"lease_until - {_lease('attempt - 1')}"


class JobState(StrEnum):
    QUEUED = "queued"
    LEASED = "leased"
    DONE = "done"
    DEAD = "dead"
    CANCELLED = "cancelled"


class Job(Base):
    """Work that must be done once, with its progress. `subject_id` is the row that it is about."""

    __tablename__ = "jobs"
    __table_args__ = (
        # Unique among waiting jobs only: one that runs may have read its input already, so a newer one may wait.
        sa.Index("uq_jobs_dedupe_key", "dedupe_key", unique=True, postgresql_where=sa.text("state = 'queued'")),
        sa.Index(
            "ix_jobs_due", "queue", "priority", "next_at", postgresql_where=sa.text("state IN ('queued', 'leased')")
        ),
        sa.Index("ix_jobs_dead", "id", postgresql_where=sa.text("state = 'dead'")),
    )

    kind: Mapped[str]
    queue: Mapped[str] = mapped_column(default=DEFAULT)
    subject_id: Mapped[UUID | None] = mapped_column(default=None, index=True)
    party_id: Mapped[UUID | None] = mapped_column(default=None, index=True)
    dedupe_key: Mapped[str | None] = mapped_column(default=None)
    payload: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    state: Mapped[JobState] = mapped_column(default=JobState.QUEUED)
    attempt: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=8)
    fence: Mapped[int] = mapped_column(default=0)
    lease_s: Mapped[int] = mapped_column(default=30)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)
    next_at: Mapped[datetime] = mapped_column(default_factory=now)
    priority: Mapped[int] = mapped_column(default=100)
    last_error: Mapped[str | None] = mapped_column(default=None)
    stage: Mapped[str | None] = mapped_column(default=None)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None] = mapped_column(default=None)
    cancel_asked: Mapped[bool] = mapped_column(default=False)
    result: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    request_id: Mapped[str | None] = mapped_column(default_factory=request_id)
    started_at: Mapped[datetime | None] = mapped_column(default=None)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)


class JobProbe(Base):
    """The effect of a probe job. It has no unique rule, on purpose: a doubled effect must be countable."""

    __tablename__ = "job_probes"

    job_id: Mapped[UUID] = mapped_column(index=True)


class JobFenced(Exception):
    """The lease ran out and another worker has the job, so this one's work is rolled back."""


class JobCancelled(Exception):
    """The job was cancelled while it ran; it stops at its next progress report."""


@dataclass(frozen=True)
class ClaimedJob:
    """A job as the worker holds it."""

    id: UUID
    kind: str
    queue: str
    subject_id: UUID | None
    party_id: UUID | None
    payload: dict[str, Any]
    attempt: int
    max_attempts: int
    fence: int
    lease_s: int
    request_id: str | None

    def progress(self, stage: str, done: int, total: int | None = None) -> None:
        """Report progress in a separate transaction and extend the lease. Raises JobFenced, JobCancelled."""
        with transaction() as session:
            row = session.execute(
                _PROGRESS, {"id": self.id, "fence": self.fence, "stage": stage, "done": done, "total": total}
            ).one_or_none()
        if row is None:
            raise JobFenced
        if row.cancel_asked:
            raise JobCancelled


_PROGRESS = sa.text(
    f"UPDATE jobs SET stage = :stage, done = :done, total = :total, lease_until = now() + {_lease('attempt - 1')}"
    " WHERE id = :id AND fence = :fence AND state = 'leased' RETURNING cancel_asked"
)
# A job that was tried before may be a slow one: it is taken alone, so that no other waits behind it until its lease
# has run out.
_CLAIM = sa.text(
    "WITH due AS (SELECT id, attempt FROM jobs WHERE queue = :queue AND state IN ('queued', 'leased')"
    " AND next_at <= now() AND (state = 'queued' OR lease_until < now()) AND attempt < max_attempts"
    " ORDER BY priority, next_at LIMIT :limit FOR UPDATE SKIP LOCKED),"
    " tried AS (SELECT id FROM due WHERE attempt > 0 LIMIT 1),"
    " taken AS (SELECT id FROM tried UNION ALL SELECT id FROM due WHERE NOT EXISTS (SELECT 1 FROM tried))"
    " UPDATE jobs SET state = 'leased', attempt = attempt + 1, fence = fence + 1,"
    f" lease_until = now() + {_lease('attempt')}, started_at = coalesce(started_at, now())"
    " FROM taken WHERE jobs.id = taken.id RETURNING jobs.id, kind, queue, subject_id, party_id, payload, attempt,"
    " max_attempts, fence, lease_s, request_id"
)
_RENEW = sa.text(
    f"UPDATE jobs SET lease_until = now() + {_lease('attempt - 1')}"
    " WHERE id = :id AND fence = :fence AND state = 'leased'"
)
_FINISH = sa.text(
    "UPDATE jobs SET state = 'done', done = coalesce(total, done), finished_at = now(), lease_until = NULL,"
    " last_error = NULL, result = :result WHERE id = :id AND fence = :fence AND state = 'leased'"
).bindparams(sa.bindparam("result", type_=Job.__table__.c.result.type))
_HAND_BACK = sa.text(
    "UPDATE jobs SET state = 'queued', attempt = attempt - 1, lease_until = NULL,"
    " started_at = CASE WHEN attempt > 1 THEN started_at END"
    " WHERE id = :id AND fence = :fence AND state = 'leased'"
)
_BURY = sa.text(
    "UPDATE jobs SET state = 'dead', finished_at = now(), lease_until = NULL,"
    " last_error = 'the lease ran out ' || attempt || ' times: the worker died or hung each time'"
    " WHERE state = 'leased' AND lease_until < now() AND attempt >= max_attempts RETURNING id"
)


# Rounds, as numbers of priority: a party's next job is of the round after its last one that is not done, and whoever
# comes joins the round after the present one. So five hundred jobs of one party keep another's waiting for two of them,
# and no round goes on for ever.
_ROUND = sa.text(
    "SELECT greatest(:priority,"
    " (SELECT min(priority) + 1 FROM jobs WHERE queue = :queue AND state IN ('queued', 'leased') AND next_at <= now()),"
    " (SELECT max(priority) + 1 FROM jobs WHERE queue = :queue AND state IN ('queued', 'leased')"
    "  AND party_id = :party_id))"
)


def enqueue(
    session: Session,
    kind: str,
    *,
    queue: str = DEFAULT,
    subject_id: UUID | None = None,
    party_id: UUID | None = None,
    dedupe_key: str | None = None,
    payload: dict[str, Any] | None = None,
    at: datetime | None = None,
    priority: int = 100,
    max_attempts: int = 8,
    lease_s: int = 30,
) -> UUID:
    """Ask for work in the caller's transaction. Return the job's id.

    With a `dedupe_key`, a job that still waits under the same key is reused (and moved forward if `at` is earlier); one
    that already runs is not, because it may have read its input before this change. `at` makes a timer: a row that is
    due at that time. A broker's countdown would be lost with the broker. In the queues IN_TURN parties take turns
    within a priority.
    """
    values = {
        "id": new_id(),
        "created_at": now(),
        "kind": kind,
        "queue": queue,
        "subject_id": subject_id,
        "party_id": party_id,
        "dedupe_key": dedupe_key,
        "payload": payload or {},
        "state": JobState.QUEUED,
        "attempt": 0,
        "max_attempts": max_attempts,
        "fence": 0,
        "lease_s": lease_s,
        "next_at": at or now(),
        "priority": priority,
        "done": 0,
        "cancel_asked": False,
        "request_id": request_id(),
    }
    insert = sa.dialects.postgresql.insert(Job).values(values)
    if dedupe_key is not None:
        insert = insert.on_conflict_do_update(
            index_elements=[Job.dedupe_key],
            index_where=sa.text("state = 'queued'"),
            set_={"next_at": sa.func.least(Job.next_at, insert.excluded.next_at)},
        )
    # As the system: the job that waits may be another party's, or be due at a time that is a secret from this one.
    with acting_as(session, SYSTEM):
        if queue in IN_TURN and party_id is not None:
            asked = {"priority": priority, "queue": queue, "party_id": party_id}
            insert = insert.values(priority=session.scalar(_ROUND, asked))
        job_id: UUID = session.execute(insert.returning(Job.id)).scalar_one()
    if at is None:
        ring_after_commit(session, queue)
    return job_id


def claim(session: Session, queue: str, limit: int) -> list[ClaimedJob]:
    """Claim up to `limit` due jobs: waiting ones, and leased ones whose worker let the lease run out.

    A job that was tried before comes alone.
    """
    rows = session.execute(_CLAIM, {"queue": queue, "limit": limit}).mappings().all()
    return [ClaimedJob(**row) for row in rows]


def renew(job: ClaimedJob) -> bool:
    """Start the lease again for a job that waited behind others of its claim; False if another worker has it by now."""
    with transaction() as session:
        return bool(session.execute(_RENEW, {"id": job.id, "fence": job.fence}).rowcount)  # type: ignore[attr-defined]


def finish(session: Session, job: ClaimedJob, result: dict[str, Any] | None = None) -> None:
    """Mark the job done in the transaction of its effect. Raises JobFenced, which undoes the effect."""
    if session.execute(_FINISH, {"id": job.id, "fence": job.fence, "result": result}).rowcount != 1:  # type: ignore[attr-defined]
        raise JobFenced


def fail(job: ClaimedJob, error: str, *, final: bool = False) -> JobState:
    """Record a failed attempt: the job waits with full jitter for the next one, or is dead. Return its state.

    Jitter spreads the retries of jobs that failed together, as when the database was away for a moment.
    """
    dead = final or job.attempt >= job.max_attempts  # what the data forbids would be forbidden again
    delay_s = random.uniform(0, min(BACKOFF_MAX_S, 2.0**job.attempt))  # noqa: S311 - jitter, not a secret
    state = JobState.DEAD if dead else JobState.QUEUED
    try:
        _settle(job, state, error, delay_s)
    except IntegrityError:
        # A newer job waits under the same key and will read newer input: this one has nothing left to do.
        state = JobState.DONE
        _settle(job, state, f"merged into a later job after: {error}", 0)
    return state


def hand_back(job: ClaimedJob) -> JobState:
    """Give back a job that was claimed but not begun: it is due at once, and the attempt does not count."""
    try:
        with transaction() as session:
            session.execute(_HAND_BACK, {"id": job.id, "fence": job.fence})
    except IntegrityError:
        # As after a failure: the newer job under the same key does its work.
        _settle(job, JobState.DONE, "merged into a later job before it began", 0)
        return JobState.DONE
    return JobState.QUEUED


def cancelled(job: ClaimedJob) -> None:
    _settle(job, JobState.CANCELLED, "cancelled on request", 0)


def _settle(job: ClaimedJob, state: JobState, error: str, delay_s: float) -> None:
    ended = state != JobState.QUEUED
    with transaction() as session:
        session.execute(
            sa.update(Job)
            .where(Job.id == job.id, Job.fence == job.fence, Job.state == JobState.LEASED)
            .values(
                state=state,
                last_error=error[:2000],
                next_at=now() + timedelta(seconds=delay_s),
                lease_until=None,
                finished_at=now() if ended else None,
            )
        )


def bury(session: Session) -> list[UUID]:
    """Mark jobs dead whose every attempt ended with a lost worker. Return their ids."""
    return list(session.scalars(_BURY).all())


def due_queues(session: Session) -> set[str]:
    """Return the queues that have something to claim now."""
    due = sa.text(
        "SELECT DISTINCT queue FROM jobs WHERE state IN ('queued', 'leased') AND next_at <= now()"
        " AND (state = 'queued' OR lease_until < now()) AND attempt < max_attempts"
    )
    return set(session.scalars(due).all())


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    """Return a party's own jobs, and for an agency its creators' imports: other work may be another agency's.

    Admins read every job but those that are SEALED from them too, unless one is dead and waits for them.
    """
    if actor.role == Role.SYSTEM:
        return sa.true()
    if actor.role == Role.ADMIN:
        return sa.or_(Job.payload[SEALED].is_(None), Job.state == JobState.DEAD)
    by_mandate = sa.and_(Job.party_id.in_(sorted(actor.acts_for)), Job.queue == IMPORTS)
    return sa.or_(Job.party_id == actor.party_id, by_mandate)


Bell = Callable[[frozenset[str]], None]
_bell: list[Bell] = []


def set_bell(bell: Bell | None) -> None:
    """Set what rings after a commit. The ringer process rings for whatever is missed, so a bell may fail."""
    _bell[:] = [bell] if bell else []


def ring_after_commit(session: Session, queue: str) -> None:
    """Ring for this queue once the transaction has committed: before that, a worker would find nothing."""
    session.info.setdefault("rings", set()).add(queue)


@sa.event.listens_for(Sessions, "after_commit")
def _ring(session: Session) -> None:
    queues = session.info.pop("rings", None)
    if queues and _bell:
        _bell[0](frozenset(queues))


class WorkerBeat(Base):
    """When a worker process last drained a queue. The watchdog restarts a worker by this."""

    __tablename__ = "worker_beats"

    name: Mapped[str] = mapped_column(unique=True)
    drained_at: Mapped[datetime]
