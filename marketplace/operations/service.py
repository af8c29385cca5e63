"""Read the events and the jobs; cancel a job, or requeue a dead one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, events, jobs
from marketplace.core.actor import Actor, Permission
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, NotAllowed, WrongState
from marketplace.core.events import Event
from marketplace.core.http.paging import Page
from marketplace.core.jobs import Job, JobState
from marketplace.core.message import Bilingual, Message
from marketplace.core.words.state_names import state_name
from marketplace.operations import policy, public_ids

_PROBLEMS = {
    JobState.QUEUED: Message("waits", "上次尝试失败，将自动重试。", "The last attempt failed; it will be tried again."),
    JobState.LEASED: Message("tried", "上次尝试失败，正在重试。", "The last attempt failed; it is being tried again."),
    JobState.DEAD: Message("dead", "多次失败，已停止重试。", "It failed and was given up."),
    JobState.CANCELLED: Message("cancelled", "已按要求停止。", "It was stopped on request."),
    JobState.DONE: Message("merged", "已并入之后的任务。", "It was merged into a later job."),
}


@dataclass(frozen=True)
class EventSubject:
    """The subject whose events are wanted: its noun (a table's name) and its id."""

    noun: str
    id: UUID


@dataclass(frozen=True)
class ShownEvent:
    """An event as the actor may see it.

    `sealed`: it is about a bid whose brief was not closed, and the actor is an admin. Who acted is None then, and
    `data` names the brief alone.
    """

    id: UUID
    kind: str
    subject_id: UUID
    actor_role: str | None
    actor_party_id: UUID | None
    request_id: str | None
    data: dict[str, Any]
    sealed: bool
    created_at: datetime


@dataclass(frozen=True)
class ShownJob:
    """A job as the actor may see it.

    `last_error`, the raw error, is None but for the platform's people; `next_at` is None where it would give away a
    secret, such as the time at which a sealed brief closes.
    """

    id: UUID
    kind: str
    queue: str
    state: JobState
    stage: str | None
    done: int
    total: int | None
    attempt: int
    max_attempts: int
    problem: Message | None
    last_error: str | None
    cancel_asked: bool
    created_at: datetime
    next_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None


def _shown(actor: Actor, job: Job) -> ShownJob:
    return ShownJob(
        id=job.id,
        kind=job.kind,
        queue=job.queue,
        state=job.state,
        stage=job.stage,
        done=job.done,
        total=job.total,
        attempt=job.attempt,
        max_attempts=job.max_attempts,
        problem=None if job.last_error is None else _PROBLEMS[job.state],
        last_error=job.last_error if actor.sees_all else None,
        cancel_asked=job.cancel_asked,
        created_at=job.created_at,
        next_at=None if job.payload.get("secret_time") else job.next_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )


def _shown_event(event: Event, sealed: bool) -> ShownEvent:
    data = {name: value for name, value in event.data.items() if not sealed or name == "brief_id"}
    return ShownEvent(
        id=event.id,
        kind=event.kind,
        subject_id=event.subject_id,
        actor_role=None if sealed else event.actor_role,
        actor_party_id=None if sealed else event.actor_party_id,
        request_id=None if sealed else event.request_id,
        data=public_ids.shown_data(data),
        sealed=sealed,
        created_at=event.created_at,
    )


def listed_events(
    session: Session,
    actor: Actor,
    *,
    limit: int,
    starting_after: UUID | None,
    kind: str | None,
    subject_id: EventSubject | None,
    since: UUID | None,
    order: str,
) -> Page[ShownEvent]:
    """Return the events that the actor may read; oldest first (`asc`) to replay them, newest first (`desc`) to look.

    Both ways end at the oldest transaction that is still open, so that nothing ever appears before an event that was
    listed already: whoever goes on from the last one they have read misses none, however long transactions take.
    """
    query = sa.select(Event).where(policy.visible(actor), events.SETTLED).limit(limit + 1)
    if kind is not None:
        query = query.where(Event.kind == kind)
    if subject_id is not None:
        query = query.where(
            Event.subject_id == subject_id.id, Event.kind.startswith(f"{subject_id.noun}.", autoescape=True)
        )
    place = sa.tuple_(*events.STREAM_ORDER)
    if since is not None:
        query = query.where(place > events.place_of(since))
    forward = order == "asc"
    if starting_after is not None:
        cursor = events.place_of(starting_after)
        query = query.where(place > cursor if forward else place < cursor)
    ordered = query.order_by(*(column if forward else column.desc() for column in events.STREAM_ORDER))
    with policy.masked(session, actor):
        rows = session.scalars(ordered).all()
        sealed = policy.sealed(session, actor, rows[:limit])
    return Page([_shown_event(event, event.id in sealed) for event in rows[:limit]], len(rows) > limit)


def find_event(session: Session, actor: Actor, event_id: UUID) -> ShownEvent:
    with policy.masked(session, actor):
        event = db.get(session, Event, event_id, policy.visible(actor))
        return _shown_event(event, bool(policy.sealed(session, actor, [event])))


def listed_jobs(
    session: Session,
    actor: Actor,
    *,
    limit: int,
    starting_after: UUID | None,
    state: str | None,
    kind: str | None,
    queue: str | None,
) -> Page[ShownJob]:
    """Return the jobs of the actor's parties, newest first; every job for the platform."""
    query = sa.select(Job).where(jobs.visible(actor)).order_by(Job.id.desc()).limit(limit + 1)
    if state is not None:
        query = query.where(Job.state == JobState(state))
    if kind is not None:
        query = query.where(Job.kind == kind)
    if queue is not None:
        query = query.where(Job.queue == queue)
    if starting_after is not None:
        query = query.where(Job.id < starting_after)
    rows = session.scalars(query).all()
    return Page([_shown(actor, row) for row in rows[:limit]], len(rows) > limit)


def find_job(session: Session, actor: Actor, job_id: UUID) -> ShownJob:
    return _shown(actor, db.get(session, Job, job_id, jobs.visible(actor)))


def cancel(session: Session, actor: Actor, job_id: UUID) -> ShownJob:
    """End a waiting job at once; ask a running one to stop at its next report.

    A party stops the work that it asked for (imports), never a timer that others rely on, such as a brief's close.
    Raises NotFound, NotAllowed, WrongState.
    """
    job = db.lock(session, Job, job_id, jobs.visible(actor))
    _require_own(actor, job)
    if job.state == JobState.LEASED and job.cancel_asked:
        return _shown(actor, job)
    if job.state == JobState.QUEUED:
        job.state, job.finished_at, job.last_error = JobState.CANCELLED, now(), "cancelled on request"
    elif job.state == JobState.LEASED:
        job.cancel_asked = True
    else:
        name = state_name(job.state)
        raise WrongState(
            Bilingual(f"任务的状态是“{name.zh}”，不能停止。", f"The job is {name.en} and cannot be stopped."),
            state=str(job.state),
        )
    _record(session, actor, job, "cancel")
    return _shown(actor, job)


def _require_own(actor: Actor, job: Job) -> None:
    if not actor.sees_all and job.queue != jobs.IMPORTS:
        raise NotAllowed(
            Bilingual(
                "这是系统自己的工作，例如别人依赖的期限；只有导入是您的。",
                "This is the house's own work, such as a deadline that others go by: only imports are yours.",
            )
        )
    needed = Permission.REVIEWS if actor.sees_all else Permission.CHANNELS
    if needed not in actor.permissions:
        raise NotAllowed(
            Bilingual(
                f"您的成员身份或密钥没有 {needed} 权限。", f"Your membership or key lacks the permission {needed}."
            )
        )


def requeue(session: Session, actor: Actor, job_id: UUID) -> ShownJob:
    """Try a dead job again with all its attempts. Raises NotFound, WrongState, Conflict (a newer one waits)."""
    job = db.lock(session, Job, job_id, jobs.visible(actor))
    if job.state != JobState.DEAD:
        name = state_name(job.state)
        raise WrongState(
            Bilingual(
                f"只有已失败的任务可以重试；这个任务的状态是“{name.zh}”。",
                f"Only a dead job can be tried again; this one is {name.en}.",
            ),
            state=str(job.state),
        )
    if job.dedupe_key is not None:
        waiting = sa.select(Job.id).where(Job.dedupe_key == job.dedupe_key, Job.state == JobState.QUEUED)
        if session.scalar(waiting) is not None:
            raise Conflict(
                Bilingual(
                    "同样的工作已有更新的任务在等，会一并做完。",
                    "A newer job for the same waits already and will do this one's work.",
                )
            )
    job.state, job.attempt, job.next_at, job.finished_at, job.cancel_asked = JobState.QUEUED, 0, now(), None, False
    jobs.ring_after_commit(session, job.queue)
    _record(session, actor, job, "requeue")
    return _shown(actor, job)


def _record(session: Session, actor: Actor, job: Job, name: str) -> None:
    parties = [job.party_id] if job.party_id else []
    events.record(session, f"jobs.{name}", job.id, actor, parties=parties, job_kind=job.kind, state=str(job.state))
