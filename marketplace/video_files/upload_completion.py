"""The last step of every upload: its bytes move to their hash and the row is changed, both or neither."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, jobs, storage
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.message import Bilingual
from marketplace.core.states import apply_transition
from marketplace.core.storage import StagedObject
from marketplace.video_files.models import VideoFile
from marketplace.video_files.states import VIDEO_TRANSITIONS

CLEAR = "videos.clear"
WHILE_BACKED_UP = timedelta(minutes=5)


def keep(session: Session, row: VideoFile, staged: StagedObject, media_type: str) -> None:
    """Move the staged bytes to their key. The caller has locked the row."""
    # A concurrent `clear` of the same bytes waits until this row is visible, and then finds them in use.
    db.lock_name(session, "video bytes", staged.sha256)
    storage.opened().keep(staged)
    row.sha256, row.media_type = staged.sha256, media_type
    row.size_bytes = row.received_bytes = staged.size_bytes
    row.expires_at = row.lease_until = None
    apply_transition(
        session,
        row,
        VIDEO_TRANSITIONS,
        "keep",
        SYSTEM,
        parties=[row.party_id],
        sha256=staged.sha256,
        size_bytes=staged.size_bytes,
        media_type=media_type,
    )


def refuse(session: Session, row: VideoFile, message: Bilingual) -> None:
    """Refuse a video with a reason, shown until the row expires, and enqueue the removal of its bytes."""
    row.message, row.lease_until = message, None
    said = {"message_zh": message.zh, "message_en": message.en}
    apply_transition(session, row, VIDEO_TRANSITIONS, "refuse", SYSTEM, parties=[row.party_id], **said)
    enqueue_clear(session, row)


def enqueue_clear(session: Session, row: VideoFile) -> None:
    """Enqueue the removal of a video's bytes. As a job of this transaction, it does not run if the change is undone."""
    jobs.enqueue(session, CLEAR, subject_id=row.id, party_id=row.party_id, payload={"sha256": row.sha256})


def clear(session: Session, video_id: UUID, sha256: str | None) -> bool:
    """Remove what was uploaded for a video, and the bytes under `sha256` if no row refers to them any more.

    Returns whether the bytes under the hash were removed. While a backup is made nothing is, and the work is asked for
    again.
    """
    if not db.try_to_share(session, storage.REMOVAL_LOCK):
        jobs.enqueue(session, CLEAR, subject_id=video_id, payload={"sha256": sha256}, at=now() + WHILE_BACKED_UP)
        return False
    storage.opened().clear(video_id)
    if sha256 is None:
        return False
    db.lock_name(session, "video bytes", sha256)
    if session.scalar(sa.select(sa.exists().where(VideoFile.sha256 == sha256))):
        return False
    storage.opened().remove(storage.key_of(sha256))
    return True


def forget_expired(session: Session) -> int:
    """Delete up to 100 expired uploads, incomplete or refused; returns how many."""
    expired = VideoFile.expires_at < now(), sa.func.coalesce(VideoFile.lease_until, VideoFile.expires_at) < now()
    rows = session.scalars(sa.select(VideoFile).where(*expired).limit(100).with_for_update(skip_locked=True)).all()
    for row in rows:
        enqueue_clear(session, row)
        session.delete(row)
    return len(rows)
