"""The jobs of deals by the clock: those that are late, those that are still to be made, and requests to cancel that
nobody has answered, each by itself."""

from typing import Any

from sqlalchemy.orm import Session

from marketplace.core import jobs
from marketplace.core.jobs import ClaimedJob
from marketplace.deals import lapsing
from marketplace.stopping import cancelling
from workers.handlers import Handlers


def lapse(session: Session, _: ClaimedJob) -> dict[str, Any]:
    """Lapse deals whose time is over, some at a time."""
    done = lapsing.lapse_overdue(session)
    if done == lapsing.BATCH:
        jobs.enqueue(session, lapsing.LAPSE, dedupe_key=lapsing.LAPSE)
    return {"lapsed": done}


def catch_up(session: Session, _: ClaimedJob) -> dict[str, Any]:
    """Make the deals of bids that were accepted before there were deals, some at a time."""
    done = lapsing.catch_up(session)
    if done == lapsing.BATCH:
        jobs.enqueue(session, lapsing.CATCH_UP, dedupe_key=lapsing.CATCH_UP)
    return {"offered": done}


def ask_for_requests(session: Session, _: ClaimedJob) -> dict[str, Any]:
    return {"asked": cancelling.ask_for_due(session)}


def end_request(session: Session, job: ClaimedJob) -> dict[str, Any]:
    assert job.subject_id is not None
    return {"ended": cancelling.end_unanswered(session, job.subject_id)}


HANDLERS: Handlers = {
    lapsing.LAPSE: lapse,
    lapsing.CATCH_UP: catch_up,
    cancelling.DUE: ask_for_requests,
    cancelling.END: end_request,
}
