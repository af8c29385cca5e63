"""A party's storage quota, and the reservation of room for one more file."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import Actor
from marketplace.core.errors import Conflict
from marketplace.core.message import Bilingual
from marketplace.video_files import file_kinds
from marketplace.video_files.models import VideoFile, VideoFileStatus

GIB = 1024**3
# Open uploads a party may have at once.
OPEN_MAX = 100


class OverQuota(Conflict):
    code = "over-quota"
    title = Bilingual("没有空间存放它", "There is no room left for it")


def reserve(
    session: Session, actor: Actor, *, name: str, size_bytes: int, quota_bytes: int, resumable: bool, until: datetime
) -> VideoFile:
    """Reserve room for a file that will be uploaded; the reservation ends at `until` if it is not.

    Announced bytes count as if they were stored. Raises OverQuota (too many open uploads, or too many bytes).
    """
    assert actor.party_id is not None
    # Reservations of one party wait for each other, so that two cannot take the same room.
    db.lock_name(session, "video quota", actor.party_id)
    used, receiving = _used(session, actor.party_id)
    if receiving >= OPEN_MAX:
        raise OverQuota(
            Bilingual(
                f"您有 {receiving} 个上传没有结束。请结束一些，或等它们过期。",
                f"{receiving} uploads of yours are open. End some, or wait until they are past their time.",
            )
        )
    if used + size_bytes > quota_bytes:
        raise OverQuota(
            Bilingual(
                f"您的视频已占 {quota_bytes} 字节中的 {used} 字节，再放不下 {size_bytes} 字节。请先删除一些。",
                f"Your videos take {used} bytes of {quota_bytes}; {size_bytes} more do not fit. Delete some first.",
            )
        )
    row = VideoFile(
        party_id=actor.party_id,
        person_id=actor.person_id,
        name=file_kinds.clean_name(name),
        resumable=resumable,
        size_bytes=size_bytes,
        expires_at=until,
    )
    session.add(row)
    session.flush()
    return row


def _used(session: Session, party_id: UUID) -> tuple[int, int]:
    receiving = VideoFile.status == VideoFileStatus.RECEIVING
    row = session.execute(
        sa.select(sa.func.coalesce(sa.func.sum(VideoFile.size_bytes), 0), sa.func.count().filter(receiving)).where(
            VideoFile.party_id == party_id, VideoFile.status != VideoFileStatus.REFUSED
        )
    ).one()
    return int(row[0]), int(row[1])
