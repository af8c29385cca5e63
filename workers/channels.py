"""The jobs of channels: import files, and end imports whose job is lost."""

import time
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from marketplace.channels.files import import_job, imports
from marketplace.core import jobs
from marketplace.core.db import transaction
from marketplace.core.errors import DomainError
from marketplace.core.jobs import ClaimedJob
from marketplace.core.message import Bilingual
from workers.handlers import Handlers
from workers.lease_beat import LeaseBeat

REPORT_S = 1.0


def import_file(session: Session, job: ClaimedJob) -> dict[str, Any]:
    """Store a file's rows and its end in one transaction; a stop or the last failure is recorded in another."""
    assert job.subject_id is not None
    given = job.payload.get("creator_id")
    creator_id = UUID(given) if isinstance(given, str) else None
    try:
        # To unpack a sheet or to find out an encoding may take long, and reports nothing.
        with LeaseBeat(job, REPORT_S) as beat:
            return import_job.run(session, job.subject_id, creator_id, beat.report).as_json()
    except jobs.JobFenced:
        raise
    except jobs.JobCancelled:
        _end_alone(job.subject_id, "cancelled", None)
        raise
    except Exception as error:
        if job.attempt >= job.max_attempts or isinstance(error, DomainError):
            _end_alone(job.subject_id, "failed", _why(error))
        raise


def _why(error: Exception) -> Bilingual:
    if isinstance(error, DomainError):
        return Bilingual(f"当前不能导入：{error.detail.zh}", error.detail.en)
    return imports.GIVEN_UP


def _end_alone(import_id: UUID, name: str, message: Bilingual | None) -> None:
    # The job's own transaction is about to be undone and holds no lock on the import's row.
    with transaction() as session:
        imports.end_import(session, import_id, name, message=message)


def reporter(job: ClaimedJob) -> import_job.Report:
    """Return a function that reports progress once a second however often it is called."""
    last = time.monotonic() - REPORT_S

    def report(stage: str, done: int, total: int | None) -> None:
        nonlocal last
        if time.monotonic() - last >= REPORT_S:
            job.progress(stage, done, total)
            last = time.monotonic()

    return report


def settle_imports(session: Session, _: ClaimedJob) -> dict[str, Any]:
    return {"settled": imports.settle_lost(session)}


HANDLERS: Handlers = {"channels.import": import_file, "channels.settle-imports": settle_imports}
