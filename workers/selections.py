"""The jobs of selections: choose a set, and then let the exact solver improve it or prove it best."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from marketplace.core import jobs
from marketplace.core.db import transaction
from marketplace.core.jobs import ClaimedJob
from marketplace.core.message import Bilingual
from marketplace.matching.selection import set_choice
from marketplace.matching.selection.set_choice import Finish
from workers.handlers import Handler, Prepares

GIVEN_UP = Bilingual(
    "多次尝试后仍未完成；请重新选择，或告诉运行者。",
    "The work could not be done after several tries; ask again, or tell whoever runs this market.",
)


def search(job: ClaimedJob) -> Handler:
    return _prepare(job, set_choice.search)


def prove(job: ClaimedJob) -> Handler:
    return _prepare(job, lambda selection_id: set_choice.prove(selection_id, job.progress))


def _prepare(job: ClaimedJob, work: Callable[[UUID], Finish]) -> Handler:
    """Compute while no transaction is open, and return what stores it in the job's own."""
    assert job.subject_id is not None
    try:
        finish = work(job.subject_id)
    except (jobs.JobFenced, jobs.JobCancelled):
        raise
    except Exception:
        _last_try(job)
        raise
    return lambda session, _: _stored(session, job, finish)


def _stored(session: Session, job: ClaimedJob, finish: Finish) -> dict[str, Any]:
    try:
        # What is undone in a savepoint leaves no lock on the selection's row, which the last try writes elsewhere.
        with session.begin_nested():
            selection = finish(session)
    except Exception:
        _last_try(job)
        raise
    return {"status": selection.status, "bids": selection.bids, "certificate": selection.certificate}


def _last_try(job: ClaimedJob) -> None:
    if job.attempt >= job.max_attempts:
        with transaction() as session:
            assert job.subject_id is not None
            set_choice.give_up(session, job.subject_id, GIVEN_UP)


PREPARES: Prepares = {set_choice.SEARCH: search, set_choice.PROVE: prove}
