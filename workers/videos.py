"""The jobs of videos: putting uploads together, clearing the store, forgetting what never came whole."""

from typing import Any

from sqlalchemy.orm import Session

from marketplace.core.jobs import Claimed
from marketplace.videos import finishing, keeping, resuming
from workers.channels import reporter


def finish(session: Session, job: Claimed) -> dict[str, Any]:
    assert job.subject_id is not None
    return finishing.finish(session, job.subject_id, reporter(job))


def clear(session: Session, job: Claimed) -> dict[str, Any]:
    assert job.subject_id is not None
    return {"removed": keeping.clear(session, job.subject_id, job.payload.get("sha256"))}


def forget_old(session: Session, _: Claimed) -> dict[str, Any]:
    return {"refused": finishing.settle_lost(session), "forgotten": keeping.forget_old(session)}


HANDLERS = {resuming.FINISH: finish, keeping.CLEAR: clear, "videos.forget-old": forget_old}
