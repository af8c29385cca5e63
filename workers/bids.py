"""The jobs that end bids: those of a cancelled brief, and those that nobody decided on in time."""

from typing import Any

from sqlalchemy.orm import Session

from marketplace.bids import service
from marketplace.core import jobs
from marketplace.core.jobs import ClaimedJob
from marketplace.deals import lapsing, policy
from workers.handlers import Handlers


def void(session: Session, job: ClaimedJob) -> dict[str, Any]:
    """Void a cancelled brief's open and accepted bids, some hundreds at a time, and let their deals lapse. Deals that
    both sides have confirmed stand, and their bids with them."""
    if job.subject_id is None:
        raise ValueError("A job to void a brief's bids names the brief.")
    lapsed = lapsing.lapse_for_brief(session, job.subject_id)
    done = service.void_for_brief(session, job.subject_id, bound=policy.bound())
    if done == service.BATCH or lapsed == lapsing.BATCH:
        jobs.enqueue(session, service.VOID, subject_id=job.subject_id, dedupe_key=f"{service.VOID}:{job.subject_id}")
    return {"voided": done}


def lapse(session: Session, _: ClaimedJob) -> dict[str, Any]:
    """Lapse bids that nobody decided on in time, some hundreds at a time."""
    done = service.lapse_overdue(session)
    if done == service.BATCH:
        jobs.enqueue(session, service.LAPSE, dedupe_key=service.LAPSE)
    return {"lapsed": done}


HANDLERS: Handlers = {service.VOID: void, service.LAPSE: lapse}
