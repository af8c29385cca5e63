"""The jobs of selections: choose a set, and then let the exact solver improve it or prove it best."""

from typing import Any

from sqlalchemy.orm import Session

from marketplace.core import jobs
from marketplace.core.db import transaction
from marketplace.core.jobs import ClaimedJob
from marketplace.matching.selection import service
from workers.handlers import Handlers

GIVEN_UP = "The work could not be done after several tries; ask again, or tell whoever runs this market."


def search(session: Session, job: ClaimedJob) -> dict[str, Any]:
    assert job.subject_id is not None
    try:
        selection = service.search(session, job.subject_id)
        return {"status": selection.status, "bids": selection.bids}
    except jobs.JobFenced:
        raise
    except Exception:
        _last_try(job)
        raise


def prove(session: Session, job: ClaimedJob) -> dict[str, Any]:
    assert job.subject_id is not None
    try:
        selection = service.prove(session, job.subject_id, job.progress)
        return {"status": selection.status, "certificate": selection.certificate}
    except jobs.JobFenced:
        raise
    except Exception:
        _last_try(job)
        raise


def _last_try(job: ClaimedJob) -> None:
    # The job's own transaction is about to be undone and holds no lock on the selection's row.
    if job.attempt >= job.max_attempts:
        with transaction() as session:
            assert job.subject_id is not None
            service.give_up(session, job.subject_id, GIVEN_UP)


HANDLERS: Handlers = {"selections.search": search, "selections.prove": prove}
