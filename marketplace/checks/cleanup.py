"""What time does to checks: unused frames go, and what no job works on any more is ended. Needs no vision extra."""

import contextlib
import shutil
import tempfile
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
from marketplace.core.states import apply_transition

OPEN = (VideoCheckStatus.QUEUED, VideoCheckStatus.RUNNING)
AT_ONCE = 100


def fail(session: Session, check_id: UUID, message: str) -> None:
    """End a check whose work has failed for good."""
    row = db.lock(session, VideoCheck, check_id)
    if row.status in OPEN:
        row.refusal = {
            "code": "failed",
            "zh": "检查多次未能完成，请重试或换一个导出版本。",
            "en": message,
            "at_s": None,
        }
        row.finished_at = now()
        apply_transition(session, row, CHECK_TRANSITIONS, "fail", SYSTEM, parties=[row.party_id])


def settle_lost(session: Session, message: str) -> int:
    """End open checks none of whose jobs can still move them on."""
    moving = sa.exists().where(Job.subject_id == VideoCheck.id, Job.state.in_([JobState.QUEUED, JobState.LEASED]))
    lost = session.scalars(sa.select(VideoCheck.id).where(VideoCheck.status.in_(OPEN), ~moving).limit(AT_ONCE)).all()
    for check_id in lost:
        fail(session, check_id, message)
    return len(lost)


def sweep(folder: Path, keep_s: float) -> int:
    """Remove frame caches of this machine that nobody has used for so long, and what killed workers left of their
    decoding; returns how many."""
    gone = 0
    for pattern in ("videos/*/frames", "videos/*/.decoding-*", ".gone-*"):
        for home in folder.glob(pattern):
            with contextlib.suppress(FileNotFoundError):  # somebody else sweeps too
                if now().timestamp() - home.stat().st_mtime > keep_s:
                    _remove(home, folder)
                    gone += 1
    return gone


def _remove(home: Path, folder: Path) -> None:
    # Out of sight in one step, so that nobody begins to read half of it.
    away = Path(tempfile.mkdtemp(prefix=".gone-", dir=folder))
    try:
        home.rename(away / "frames")
    finally:
        shutil.rmtree(away, ignore_errors=True)
