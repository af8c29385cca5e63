"""The one Celery task, "there is work in this queue": relay events, claim jobs and do them, until none is due.

A worker that is stopping finishes the job it is doing and gives back those it has only claimed.
"""

from marketplace.core.lazy_import import keep_imports, pause_garbage

pause_garbage()

import os
import time

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from marketplace.core import jobs
from marketplace.core.clock import now
from marketplace.core.context import set_request_id
from marketplace.core.db import transaction
from marketplace.core.errors import DomainError
from marketplace.core.events import Event
from marketplace.core.ids import new_id
from marketplace.core.jobs import ClaimedJob, JobState
from marketplace.operations import event_links
from workers.celery_app import celery
from workers.handlers import load_handlers
from workers.process import child_slots, stopping
from workers.reactions import REACTIONS

# Jobs taken together must wait for each other; a scoring is long, and another process may be free for the next one.
CLAIM_AT_ONCE = {jobs.DEFAULT: 8}
RELAY_AT_ONCE = 1000
BUDGET_S, BEAT_S = 30.0, 2.0
# A worker of one child has no other that could do what comes meanwhile.
BUDGETS_S = {jobs.IMPORTS: 2.0, jobs.MAIL: 2.0, jobs.PAYMENTS: 2.0}

log = structlog.get_logger("jobs")


@celery.task(name="inlay.drain", ignore_result=True)
def drain(queue: str) -> int:
    """Do the queue's jobs until it is empty or the budget's seconds are over. Return how many jobs were claimed."""
    with child_slots.slot(queue) as free:
        return _drain(queue) if free else 0


def _drain(queue: str) -> int:
    began, claimed_count, beat_at = time.monotonic(), 0, float("-inf")
    budget_s = BUDGETS_S.get(queue, BUDGET_S)
    while time.monotonic() - began < budget_s and not stopping.is_stopping():
        if time.monotonic() - beat_at > BEAT_S:
            beat(queue)
            beat_at = time.monotonic()
        relayed = relay() if queue == jobs.DEFAULT else 0
        with transaction() as session:
            claimed = jobs.claim(session, queue, CLAIM_AT_ONCE.get(queue, 1))
        _do_all(claimed)
        claimed_count += len(claimed)
        if not claimed and relayed < RELAY_AT_ONCE:
            break
    return claimed_count


def _do_all(claimed: list[ClaimedJob]) -> None:
    claimed_at = time.monotonic()
    for job in claimed:
        if stopping.is_stopping():
            jobs.hand_back(job)
        # A job that waited behind others may have little left of its lease, or none.
        elif time.monotonic() - claimed_at < job.lease_s / 3 or jobs.renew(job):
            do(job)


def do(job: ClaimedJob) -> JobState:
    """Do one job: its effect and its end in one transaction, under the fence."""
    began = time.monotonic()
    set_request_id(job.request_id)
    try:
        state, problem = _attempt(job), None
    except jobs.JobFenced:
        state, problem = JobState.LEASED, "fenced: another worker has it"
    except jobs.JobCancelled:
        jobs.cancelled(job)
        state, problem = JobState.CANCELLED, None
    except DomainError as error:
        # What the data itself forbids will be forbidden at the next try too.
        state, problem = jobs.fail(job, f"{error.code}: {error}", final=True), error.code
    except Exception as error:
        problem = f"{type(error).__name__}: {str(error)[:300]}"
        log.warning("job.failed", kind=job.kind, job=str(job.id), attempt=job.attempt, exc_info=error)
        state = jobs.fail(job, problem)
    ms = round((time.monotonic() - began) * 1000, 1)
    log.info("job.run", kind=job.kind, job=str(job.id), attempt=job.attempt, state=str(state), ms=ms, problem=problem)
    set_request_id(None)
    return state


def _attempt(job: ClaimedJob) -> JobState:
    known = load_handlers(job.queue)
    prepare = known.prepares.get(job.kind)
    handler = known.handlers.get(job.kind) if prepare is None else prepare(job)
    if handler is None:
        return jobs.fail(job, f"nothing handles {job.kind}", final=True)
    with transaction() as session:
        jobs.finish(session, job, handler(session, job))
    return JobState.DONE


def relay(limit: int = RELAY_AT_ONCE) -> int:
    """Give new events to their reactions, many at a time, so that a hundred bids ask for one scoring."""
    with transaction() as session:
        waiting = session.scalars(
            sa.select(Event)
            .where(Event.relayed_at.is_(None))
            .order_by(Event.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        _react(session, list(waiting))
        if waiting:
            session.execute(
                sa.update(Event).where(Event.id.in_([event.id for event in waiting])).values(relayed_at=now())
            )
        # Last, for nobody else links until this transaction ends.
        event_links.link(session, waiting)
    return len(waiting)


def _react(session: Session, waiting: list[Event]) -> None:
    by_kind: dict[str, list[Event]] = {}
    for event in waiting:
        by_kind.setdefault(event.kind, []).append(event)
    # Every relay takes the dedupe keys in the same order, so that two of them cannot wait for each other.
    for kind in sorted(by_kind):
        if kind in REACTIONS:
            REACTIONS[kind](session, by_kind[kind])


_BEAT = sa.text(
    "INSERT INTO worker_beats (id, created_at, name, drained_at) VALUES (:id, now(), :name, now())"
    " ON CONFLICT (name) DO UPDATE SET drained_at = now()"
)


def beat(queue: str) -> None:
    """Record for the watchdog that this queue is being drained."""
    with transaction() as session:
        session.execute(_BEAT, {"id": new_id(), "name": f"{os.uname().nodename}:{os.getppid()}:{queue}"})


keep_imports()
