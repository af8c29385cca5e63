"""The jobs of videos: putting uploads together, clearing the store, forgetting what never came whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from marketplace.core.errors import Unavailable
from marketplace.core.jobs import Claimed
from marketplace.videos import finishing, keeping, resuming
from workers.channels import reporter


@contextmanager
def _tried_again() -> Iterator[None]:
    """A refusal ends a job for good; a store that is away is none."""
    try:
        yield
    except Unavailable as error:
        raise ConnectionError(error.detail) from error


def finish(session: Session, job: Claimed) -> dict[str, Any]:
    assert job.subject_id is not None
    with _tried_again():
        return finishing.finish(session, job.subject_id, reporter(job))


def clear(session: Session, job: Claimed) -> dict[str, Any]:
    assert job.subject_id is not None
    with _tried_again():
        return {"removed": keeping.clear(session, job.subject_id, job.payload.get("sha256"))}


def forget_old(session: Session, _: Claimed) -> dict[str, Any]:
    return {"refused": finishing.settle_lost(session), "forgotten": keeping.forget_old(session)}


HANDLERS = {resuming.FINISH: finish, keeping.CLEAR: clear, "videos.forget-old": forget_old}
