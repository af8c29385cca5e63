"""Video checks: what was measured step by step, and how people corrected it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base


class VideoCheckStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"


OVER = (VideoCheckStatus.DONE, VideoCheckStatus.REFUSED, VideoCheckStatus.FAILED, VideoCheckStatus.CANCELLED)


class VideoCheck(Base):
    """One video searched for one brand.

    `sha256` outlives the file. `terms` holds the plan, fit, buying link and the channel's last videos as they were at
    the request, so that the scores can be recomputed. `corrected` is the newest correction, scored. `repeats` counts
    the videos of other parties that it repeats. From `shared_at` on, `brand_id`, the brand of the bid that the check
    was made for, may read it.
    """

    __tablename__ = "video_checks"
    __table_args__ = (
        sa.CheckConstraint("(status = 'done') = (result IS NOT NULL)", name="done_with_a_result"),
        sa.CheckConstraint(
            "shared_at IS NULL OR (brand_id IS NOT NULL AND bid_id IS NOT NULL)", name="shared_with_a_brand"
        ),
        sa.Index("ix_video_checks_repeating", "id", postgresql_where=sa.text("repeats > 0")),
    )

    party_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    # The agency that requested it, or whose bid it is for; None where the creator's side knows of no agency.
    agency_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("parties.id"), index=True, default=None, kw_only=True)
    person_id: Mapped[UUID | None]
    video_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("video_files.id", ondelete="SET NULL"), index=True)
    bid_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("bids.id"), index=True)
    sha256: Mapped[str] = mapped_column(index=True)
    names: Mapped[list[str]]
    asset_ids: Mapped[list[UUID]]
    terms: Mapped[dict[str, Any]]
    status: Mapped[VideoCheckStatus] = mapped_column(default=VideoCheckStatus.QUEUED)
    refusal: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    result: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    corrected: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    repeats: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    brand_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("parties.id"), index=True, default=None)
    shared_at: Mapped[datetime | None] = mapped_column(default=None)
    # What of a deal the video is for: `terms` then holds what its terms say, and `bid_id` is the deal's.
    deliverable_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("deliverables.id"), index=True, default=None)
    version: Mapped[int] = mapped_column(default=1)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)


class VideoCheckStep(Base):
    """One step of a check; its answer is stored under `key` and shared by every check that needs the same one."""

    __tablename__ = "video_check_steps"
    __table_args__ = (sa.UniqueConstraint("check_id", "name"),)

    check_id: Mapped[UUID] = mapped_column(sa.ForeignKey("video_checks.id", ondelete="CASCADE"))
    name: Mapped[str]
    key: Mapped[str]
    job_id: Mapped[UUID | None] = mapped_column(default=None)


class VideoStepAnswer(Base):
    """A step's answer; `key` hashes the video, the references and names, and the version of the step."""

    __tablename__ = "video_step_answers"

    key: Mapped[str] = mapped_column(unique=True)
    sha256: Mapped[str]
    name: Mapped[str]
    answer: Mapped[dict[str, Any]]


class VideoCorrection(Base):
    """What a video really shows according to a person; `labels` are the differences, kept as training data."""

    __tablename__ = "video_corrections"

    check_id: Mapped[UUID] = mapped_column(sa.ForeignKey("video_checks.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[UUID | None]
    timeline: Mapped[dict[str, Any]]
    labels: Mapped[list[dict[str, Any]]]
    note: Mapped[str | None] = mapped_column(default=None)


class VideoPicture(Base):
    """The perceptual hash of one picture of a video that was checked before."""

    __tablename__ = "video_pictures"
    __table_args__ = (
        sa.UniqueConstraint("sha256", "at_s", "view"),
        sa.CheckConstraint("octet_length(bits) = 32", name="256_bits"),
    )

    sha256: Mapped[str]
    at_s: Mapped[float]
    view: Mapped[str]
    bits: Mapped[bytes]
