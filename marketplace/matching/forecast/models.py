"""How many views a published video had when somebody looked, and what many videos taught of how views grow."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base


class VideoReading(Base):
    """The views of one video of a channel at one moment. Written once; whoever sees the channel sees it."""

    __tablename__ = "video_readings"
    __table_args__ = (
        sa.UniqueConstraint("channel_id", "external_id", "taken_at"),
        sa.CheckConstraint("taken_at > published_at AND views >= 0", name="after_publication"),
    )

    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("channels.id"))
    external_id: Mapped[str]
    published_at: Mapped[datetime]
    taken_at: Mapped[datetime]
    views: Mapped[int]
    source: Mapped[str]

    @property
    def hours(self) -> float:
        return (self.taken_at - self.published_at).total_seconds() / 3600


class GrowthModel(Base):
    """How views grow from 24 h and 72 h to thirty days (early.EarlyModel). The newest one counts."""

    __tablename__ = "growth_models"

    fingerprint: Mapped[str] = mapped_column(unique=True)
    content: Mapped[dict[str, Any]]
    videos: Mapped[int]
    fitted_at: Mapped[datetime]
