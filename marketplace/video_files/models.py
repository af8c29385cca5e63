"""Video files that parties uploaded, and the parts of uploads that are not complete."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base
from marketplace.core.message import Bilingual


class VideoFileStatus(StrEnum):
    RECEIVING = "receiving"
    KEPT = "kept"
    REFUSED = "refused"


class VideoFile(Base):
    """One file of a party. Its bytes are in the object store, under their hash once it is complete.

    `size_bytes` is the announced size, and the actual one once it is kept. A writer holds the row by `fence` until
    `lease_until`. A file that is not kept is deleted after `expires_at`. `message` says why it was refused.
    """

    __tablename__ = "video_files"
    __table_args__ = (
        sa.CheckConstraint("received_bytes >= 0 AND received_bytes <= size_bytes", name="received"),
        sa.CheckConstraint("(status = 'kept') = (sha256 IS NOT NULL)", name="kept_under_its_hash"),
        sa.CheckConstraint("(status = 'kept') = (expires_at IS NULL)", name="kept_or_expires"),
        sa.Index("ix_video_files_expires_at", "expires_at", postgresql_where=sa.text("expires_at IS NOT NULL")),
    )

    party_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    person_id: Mapped[UUID | None]
    name: Mapped[str]
    resumable: Mapped[bool]
    size_bytes: Mapped[int]
    expires_at: Mapped[datetime | None]
    received_bytes: Mapped[int] = mapped_column(default=0)
    media_type: Mapped[str | None] = mapped_column(default=None)
    sha256: Mapped[str | None] = mapped_column(default=None, index=True)
    status: Mapped[VideoFileStatus] = mapped_column(default=VideoFileStatus.RECEIVING)
    message: Mapped[Bilingual | None] = mapped_column(default=None)
    job_id: Mapped[UUID | None] = mapped_column(default=None)
    fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)


class VideoPart(Base):
    """A part of a resumable upload that is in the store already."""

    __tablename__ = "video_parts"
    __table_args__ = (sa.UniqueConstraint("video_id", "starts_at"),)

    video_id: Mapped[UUID] = mapped_column(sa.ForeignKey("video_files.id", ondelete="CASCADE"))
    starts_at: Mapped[int]
    size_bytes: Mapped[int]
