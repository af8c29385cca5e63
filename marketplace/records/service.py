"""Reading what happened and what is being done; stopping a job, or trying a dead one again."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, events, jobs
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.errors import WrongState
from marketplace.core.events import Event
from marketplace.core.jobs import Job, JobState
from marketplace.core.paging import Page


@dataclass(frozen=True)
class ShownJob:
    """A job as the actor may see it: the raw error is for the platform's people."""

    job: Job
    sees_all: bool

    def __getattr__(self, name: str) -> Any:
        return getattr(self.job, name)

    @property
    def problem(self) -> str | None:
        if self.job.last_error is None or self.sees_all:
            return self.job.last_error
        return (
            "It failed and was given up." if self.job.state == JobState.DEAD else "It failed and will be tried again."
        )


def listed_events(
    session: Session, actor: Actor, *, limit: int, starting_after: UUID | None, kind: str | None,
    subject_id: UUID | None, order: str,
) -> Page[Event]:  # fmt: skip
    """Events that the actor may read; oldest first (`asc`) to replay them, newest first (`desc`) to look."""
    query = sa.select(Event).where(events.visible(actor)).limit(limit + 1)
    if kind is not None:
        query = query.where(Event.kind == kind)
    if subject_id is not None:
        query = query.where(Event.subject_id == subject_id)
    forward = order == "asc"
    if starting_after is not None:
        query = query.where(Event.id > starting_after if forward else Event.id < starting_after)
    rows = session.scalars(query.order_by(Event.id if forward else Event.id.desc())).all()
    return Page(rows[:limit], len(rows) > limit)


def find_event(session: Session, actor: Actor, event_id: UUID) -> Event:
    return db.get(session, Event, event_id, events.visible(actor))


def listed_jobs(
    session: Session, actor: Actor, *, limit: int, starting_after: UUID | None, state: str | None, kind: str | None,
    queue: str | None,
) -> Page[ShownJob]:  # fmt: skip
    query = sa.select(Job).where(jobs.visible(actor)).order_by(Job.id.desc()).limit(limit + 1)
    for column, value in ((Job.state, state and JobState(state)), (Job.kind, kind), (Job.queue, queue)):
        if value:
            query = query.where(column == value)
    if starting_after is not None:
        query = query.where(Job.id < starting_after)
    rows = session.scalars(query).all()
    return Page([ShownJob(row, actor.sees_all) for row in rows[:limit]], len(rows) > limit)


def find_job(session: Session, actor: Actor, job_id: UUID) -> ShownJob:
    return ShownJob(db.get(session, Job, job_id, jobs.visible(actor)), actor.sees_all)


def cancel(session: Session, actor: Actor, job_id: UUID) -> ShownJob:
    """End a waiting job at once; ask a running one to stop at its next report."""
    job = db.lock(session, Job, job_id, jobs.visible(actor))
    if job.state == JobState.QUEUED:
        job.state, job.finished_at, job.last_error = JobState.CANCELLED, now(), "cancelled on request"
    elif job.state == JobState.LEASED:
        job.cancel_asked = True
    else:
        raise WrongState(f"The job is {job.state} and cannot be stopped.", state=str(job.state))
    events.record(
        session, "jobs.cancel", job.id, actor, parties=[job.party_id] if job.party_id else [], job_kind=job.kind
    )
    return ShownJob(job, actor.sees_all)


def requeue(session: Session, actor: Actor, job_id: UUID) -> ShownJob:
    """Try a dead job again with all its attempts."""
    job = db.lock(session, Job, job_id, jobs.visible(actor))
    if job.state != JobState.DEAD:
        raise WrongState(f"Only a dead job can be tried again; this one is {job.state}.", state=str(job.state))
    job.state, job.attempt, job.next_at, job.finished_at, job.cancel_asked = JobState.QUEUED, 0, now(), None, False
    jobs.ring_after_commit(session, job.queue)
    events.record(
        session, "jobs.requeue", job.id, actor, parties=[job.party_id] if job.party_id else [], job_kind=job.kind
    )
    return ShownJob(job, actor.sees_all)
