"""Events and jobs as other rooms leave them, and looks at what a call left behind."""

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from marketplace.core import db, events, ids, jobs
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.events import Event
from marketplace.core.ids import new_id
from marketplace.core.jobs import Job, JobState
from tests.market import owning

EVENTS, JOBS = "/api/v1/events", "/api/v1/jobs"
SETTLED = timedelta(minutes=1)
# Ids sort by the millisecond: what is made after something else gets a later one.
PAUSE_S = 0.002


def path(job_id: UUID, *more: str) -> str:
    return "/".join([JOBS, ids.show("job", job_id), *more])


def event(
    *parties: UUID, kind: str = "bids.place", subject_id: UUID | None = None, ago: timedelta = SETTLED, **data: Any
) -> Event:
    """An event that happened a minute ago, unless told otherwise."""
    time.sleep(PAUSE_S)
    with db.transaction() as session:
        event_id = events.record(session, kind, subject_id or new_id(), SYSTEM, parties=parties, **data)
    with owning() as session:  # the application itself may not change what happened
        session.execute(sa.update(Event).where(Event.id == event_id).values(created_at=now() - ago))
        return session.get_one(Event, event_id)


def job(party_id: UUID | None = None, state: str = "queued", queue: str = jobs.IMPORTS, **values: Any) -> Job:
    """A job in this state."""
    time.sleep(PAUSE_S)
    with db.transaction() as session:
        row = Job(
            kind=values.pop("kind", "channels.import"),
            queue=queue,
            party_id=party_id,
            state=JobState(state),
            next_at=now() + timedelta(days=1),
            **values,
        )
        session.add(row)
    return row


def everything(job_id: UUID) -> Any:
    """All that is stored of a job, to tell whether a refusal changed anything."""
    with db.transaction() as session:
        row = session.get_one(Job, job_id)
        return {column.key: getattr(row, column.key) for column in sa.inspect(Job).columns}, kinds(job_id)


def kinds(subject_id: UUID) -> list[str]:
    with db.transaction() as session:
        query = sa.select(Event.kind).where(Event.subject_id == subject_id).order_by(Event.created_at)
        return list(session.scalars(query))
