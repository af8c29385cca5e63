"""The job of bids whose brief was cancelled."""

from typing import Any

from sqlalchemy.orm import Session

from marketplace.bids import service
from marketplace.core import jobs
from marketplace.core.jobs import ClaimedJob
from workers.handlers import Handlers


def void(session: Session, job: ClaimedJob) -> dict[str, Any]:
    """Void a cancelled brief's open bids, some hundreds at a time."""
    if job.subject_id is None:
        raise ValueError("A job to void a brief's bids names the brief.")
    done = service.void_for_brief(session, job.subject_id)
    if done == service.VOID_BATCH:
        jobs.enqueue(session, service.VOID, subject_id=job.subject_id, dedupe_key=f"{service.VOID}:{job.subject_id}")
    return {"voided": done}


HANDLERS: Handlers = {service.VOID: void}
