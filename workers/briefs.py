"""The jobs that close briefs at their deadline."""

from typing import Any

from sqlalchemy.orm import Session

from marketplace.briefs import close_draws, service
from marketplace.core.jobs import ClaimedJob
from marketplace.matching.closing import service as closing
from workers.handlers import Handlers


def close(session: Session, job: ClaimedJob) -> dict[str, Any]:
    if job.subject_id is None:
        raise ValueError("A job to close a brief names the brief.")
    return {"closed": closing.close_if_due(session, job.subject_id)}


def close_overdue(session: Session, _: ClaimedJob) -> dict[str, Any]:
    return {"overdue": service.enqueue_overdue_closes(session)}


HANDLERS: Handlers = {
    close_draws.CLOSE: close,
    "briefs.close-overdue": close_overdue,
}
