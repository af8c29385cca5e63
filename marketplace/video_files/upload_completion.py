"""The last step of every upload: its bytes come under their hash, and the row says so, together or not at all."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import jobs, storage
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.states import apply_transition
from marketplace.core.storage import StagedObject
from marketplace.video_files.models import VideoFile
from marketplace.video_files.states import VIDEO_TRANSITIONS

CLEAR = "videos.clear"

_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('video bytes ' || :sha256, 0))")


def keep(session: Session, row: VideoFile, staged: StagedObject, media_type: str) -> None:
    """Move the staged bytes to their place. The caller has locked the row."""
    # Whoever clears away bytes that nobody has any more waits until this row is there to be seen.
    session.execute(_LOCK, {"sha256": staged.sha256})
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


def refuse(session: Session, row: VideoFile, message: str) -> None:
    """Say why it is not kept, for as long as the row stays, and clear its bytes away."""
    row.message, row.lease_until = message, None
    apply_transition(session, row, VIDEO_TRANSITIONS, "refuse", SYSTEM, parties=[row.party_id], message=message)
    enqueue_clear(session, row)


def enqueue_clear(session: Session, row: VideoFile) -> None:
    """Ask for the store to be cleared of what this change leaves there. Undone changes leave the store as it is."""
    jobs.enqueue(session, CLEAR, subject_id=row.id, party_id=row.party_id, payload={"sha256": row.sha256})


def clear(session: Session, video_id: UUID, sha256: str | None) -> bool:
    """Clear away what was on its way to a video, and the bytes under a hash that no row names any more.

    Returns whether the bytes went.
    """
    storage.opened().clear(video_id)
    if sha256 is None:
        return False
    session.execute(_LOCK, {"sha256": sha256})
    if session.scalar(sa.select(sa.exists().where(VideoFile.sha256 == sha256))):
        return False
    storage.opened().remove(storage.key_of(sha256))
    return True


def forget_expired(session: Session) -> int:
    """Forget what never came whole, and what was refused, when its time is over. Bounded; run it as often as wished."""
    over = VideoFile.expires_at < now(), sa.func.coalesce(VideoFile.lease_until, VideoFile.expires_at) < now()
    rows = session.scalars(sa.select(VideoFile).where(*over).limit(100).with_for_update(skip_locked=True)).all()
    for row in rows:
        enqueue_clear(session, row)
        session.delete(row)
    return len(rows)
