"""How many people two channels' audiences have in common, as somebody measured it, and what was learnt from that."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base


class OverlapMethod(StrEnum):
    """How an overlap was measured, the surest first."""

    MEASURED_IDS = "measured_ids"  # the same people, matched in both audiences
    PANEL = "panel"
    PLATFORM_REPORT = "platform_report"
    COMMENT_SAMPLE = "comment_sample"
    TOOL_ESTIMATE = "tool_estimate"


class AudienceOverlap(Base):
    """A measured overlap: `value` is the share of the smaller of two audiences that the other one has too, of audiences
    of `people` and `other_people`; `sample` people were looked at.

    Seen by the side of the creator whose channel it was told of and the admins. It counts, in what is learnt and in
    selections, from when an admin stands by it: nobody looks less alike by their own word.
    """

    __tablename__ = "audience_overlaps"
    __table_args__ = (
        sa.CheckConstraint("channel_id <> other_channel_id", name="two_channels"),
        sa.CheckConstraint(
            "value >= 0 AND value <= 1 AND people > 0 AND other_people > 0 AND sample > 0", name="in_range"
        ),
    )

    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("channels.id"), index=True)
    other_channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("channels.id"), index=True)
    creator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    value: Mapped[float]
    people: Mapped[int]
    other_people: Mapped[int]
    sample: Mapped[int]
    method: Mapped[OverlapMethod]
    source: Mapped[str]
    measured_on: Mapped[date]
    told_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("parties.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)


class OverlapModel(Base):
    """How strongly audiences overlap within a cell, as all measured pairs taught it. The newest one counts."""

    __tablename__ = "overlap_models"

    fingerprint: Mapped[str] = mapped_column(unique=True)
    content: Mapped[dict[str, Any]]
    pairs: Mapped[int]
    fitted_at: Mapped[datetime]
