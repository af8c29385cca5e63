"""The jobs of videos: assemble uploads, clear the store, forget what never arrived whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from marketplace.core.errors import Unavailable
from marketplace.core.jobs import ClaimedJob
from marketplace.video_files import resumable_uploads, upload_assembly, upload_completion
from workers.channels import reporter
from workers.handlers import Handlers


@contextmanager
def _retried() -> Iterator[None]:
    """Let a job be retried when the store is away: a DomainError would end it for good."""
    try:
        yield
    except Unavailable as error:
        raise ConnectionError(str(error)) from error


def finish(session: Session, job: ClaimedJob) -> dict[str, Any]:
    assert job.subject_id is not None
    with _retried():
        status = upload_assembly.finish(session, job.subject_id, reporter(job))
    return {"status": status and str(status)}


def clear(session: Session, job: ClaimedJob) -> dict[str, Any]:
    assert job.subject_id is not None
    with _retried():
        return {"removed": upload_completion.clear(session, job.subject_id, job.payload.get("sha256"))}


def forget_old(session: Session, _: ClaimedJob) -> dict[str, Any]:
    return {"refused": upload_assembly.settle_lost(session), "forgotten": upload_completion.forget_expired(session)}


HANDLERS: Handlers = {resumable_uploads.FINISH: finish, upload_completion.CLEAR: clear, "videos.forget-old": forget_old}
