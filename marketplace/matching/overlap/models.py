"""Tables of overlaps: measurements of the people that two audiences have in common, and the models fitted to them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base


class OverlapMethod(StrEnum):
    """How an overlap was measured, the most reliable first."""

    MEASURED_IDS = "measured_ids"  # the same people, matched in both audiences
    PANEL = "panel"
    PLATFORM_REPORT = "platform_report"
    COMMENT_SAMPLE = "comment_sample"
    TOOL_ESTIMATE = "tool_estimate"


class AudienceOverlap(Base):
    """A measured overlap: `value` is the share of the smaller audience that the other one has too.

    The audiences have `people` and `other_people`, and `sample` people were looked at. Visible to the side of the
    creator whose channel it was reported for and to admins. It counts, in fits and in selections, only once an admin
    has confirmed it: a creator's own word must not make audiences look less alike.
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
    """A fit to all measured pairs of how strongly audiences overlap within a cell. The newest row counts."""

    __tablename__ = "overlap_models"

    fingerprint: Mapped[str] = mapped_column(unique=True)
    content: Mapped[dict[str, Any]]
    pairs: Mapped[int]
    fitted_at: Mapped[datetime]


class SketchKind(StrEnum):
    """Whose ids a sketch was made of."""

    VIEWERS = "viewers"
    COMMENTERS = "commenters"


class SketchSalt(Base):
    """What ids are hashed with in this market, as hexadecimal digits: one row, made when the database is."""

    __tablename__ = "sketch_salts"

    digits: Mapped[str]


class AudienceSketch(Base):
    """A theta sketch of a channel's audience (see theta_sketch): `data` estimates `people`.

    Visible, without its data, to the side of the creator whose channel it is of and to admins. It is as its side claims
    it until an admin has confirmed it, and counts from then on.
    """

    __tablename__ = "audience_sketches"
    __table_args__ = (sa.CheckConstraint("people > 0 AND octet_length(data) <= 131096", name="in_range"),)

    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("channels.id"), index=True)
    creator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    platform: Mapped[str]
    kind: Mapped[SketchKind]
    taken_on: Mapped[date]
    source: Mapped[str]
    people: Mapped[float]
    low: Mapped[float]
    high: Mapped[float]
    data: Mapped[bytes] = mapped_column(deferred=True)
    told_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("parties.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)
