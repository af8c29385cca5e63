"""Read and delete the videos of a party."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, events
from marketplace.core.actor import Actor
from marketplace.core.http import paging
from marketplace.core.message import Bilingual
from marketplace.video_files import evidence, policy, upload_completion, write_hold
from marketplace.video_files.models import VideoFile


@dataclass(frozen=True)
class ShownVideo:
    """A video as a reader may see it: only its own party sees its name."""

    id: UUID
    party_id: UUID
    person_id: UUID | None
    name: str | None
    status: str
    message: Bilingual | None
    media_type: str | None
    size_bytes: int
    received_bytes: int
    sha256: str | None
    resumable: bool
    job_id: UUID | None
    created_at: datetime
    expires_at: datetime | None


def show(actor: Actor, row: VideoFile) -> ShownVideo:
    return ShownVideo(
        id=row.id,
        party_id=row.party_id,
        person_id=row.person_id,
        name=row.name if row.party_id in actor.parties else None,
        status=str(row.status),
        message=row.message,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        received_bytes=row.received_bytes,
        sha256=row.sha256,
        resumable=row.resumable,
        job_id=row.job_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def find(session: Session, actor: Actor, video_id: UUID) -> VideoFile:
    return db.get(session, VideoFile, video_id, policy.visible(actor))


def list_videos(
    session: Session, actor: Actor, *, limit: int, starting_after: UUID | None, status: str | None
) -> paging.Page[ShownVideo]:
    query = sa.select(VideoFile).where(policy.visible(actor))
    if status is not None:
        query = query.where(VideoFile.status == status)
    page = paging.page(session, query, VideoFile, limit, starting_after)
    return paging.Page([show(actor, row) for row in page.data], page.has_more)


def delete(session: Session, actor: Actor, video_id: UUID) -> None:
    """Delete a video, and its bytes unless another video has the same.

    Raises NotFound, VideoHeld, Conflict (it is evidence of a deal).
    """
    row = db.lock(session, VideoFile, video_id, policy.visible(actor))
    write_hold.require_free(row)
    evidence.require_free(session, "video", row.id)
    upload_completion.enqueue_clear(session, row)
    events.record(session, "video_files.delete", row.id, actor, parties=[row.party_id], sha256=row.sha256)
    session.delete(row)
