"""Remove unused frame caches and end checks that no job works on any more. Needs no vision extra."""

import contextlib
import shutil
import tempfile
import time
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.checks.models import VideoCheck, VideoCheckStatus
from marketplace.checks.states import CHECK_TRANSITIONS
from marketplace.core import db
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.jobs import Job, JobState
from marketplace.core.message import Bilingual
from marketplace.core.states import apply_transition

OPEN = (VideoCheckStatus.QUEUED, VideoCheckStatus.RUNNING)
SETTLE_BATCH = 100


def fail(session: Session, check_id: UUID, message: Bilingual) -> None:
    """End an open check whose work has failed for good; a check that is over stays as it is."""
    row = db.lock(session, VideoCheck, check_id)
    if row.status in OPEN:
        row.refusal = {"code": "failed", "zh": message.zh, "en": message.en, "at_s": None}
        row.finished_at = now()
        apply_transition(session, row, CHECK_TRANSITIONS, "fail", SYSTEM, parties=[row.party_id])


def settle_lost(session: Session, message: Bilingual) -> int:
    """End up to SETTLE_BATCH open checks that have no queued or running job left; returns how many."""
    has_live_job = sa.exists().where(Job.subject_id == VideoCheck.id, Job.state.in_([JobState.QUEUED, JobState.LEASED]))
    lost = session.scalars(
        sa.select(VideoCheck.id).where(VideoCheck.status.in_(OPEN), ~has_live_job).limit(SETTLE_BATCH)
    ).all()
    for check_id in lost:
        fail(session, check_id, message)
    return len(lost)


def sweep(folder: Path, keep_s: float) -> int:
    """Remove this machine's frame caches that were not used for `keep_s` seconds, and what killed workers left behind;
    returns how many were removed."""
    removed = 0
    for pattern in ("videos/*/frames", "videos/*/.decoding-*", ".gone-*"):
        for cache in folder.glob(pattern):
            with contextlib.suppress(FileNotFoundError):  # another worker sweeps at the same time
                # By this machine's clock, which wrote the file's time too.
                if time.time() - cache.stat().st_mtime > keep_s:  # noqa: TID251
                    _remove(cache, folder)
                    removed += 1
    return removed


def _remove(cache: Path, folder: Path) -> None:
    # Renamed away first: deleting takes several steps, and nobody may start to read a half-deleted cache.
    trash = Path(tempfile.mkdtemp(prefix=".gone-", dir=folder))
    try:
        cache.rename(trash / "frames")
    finally:
        shutil.rmtree(trash, ignore_errors=True)
