"""Tables of the forecast: readings of published videos, the fitted models, and each channel's features."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base


class VideoReading(Base):
    """The views of one video of a channel at one moment. Written once; visible to whoever sees the channel."""

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
        """Return the hours from publication to the reading."""
        return (self.taken_at - self.published_at).total_seconds() / 3600


class GrowthModel(Base):
    """A fit of how views grow from 24 h and 72 h to thirty days (early.EarlyModel). The newest row counts."""

    __tablename__ = "growth_models"

    fingerprint: Mapped[str] = mapped_column(unique=True)
    content: Mapped[dict[str, Any]]
    videos: Mapped[int]
    fitted_at: Mapped[datetime]


class ForecastModel(Base):
    """The pools and the calibration fitted to the market's own video histories. The newest row counts."""

    __tablename__ = "forecast_models"

    fingerprint: Mapped[str] = mapped_column(unique=True)
    content: Mapped[dict[str, Any]]
    channels: Mapped[int]
    fitted_at: Mapped[datetime]


class ChannelFeatures(Base):
    """A channel as numbers for scoring, computed from the channel, its present snapshot and the present forecast model.

    Log views of one video ~ `log_centre` + `scale` * t(`df`); expected views = exp(log_centre) * `smear`. `shares` are
    32-bit floats, little-endian (audience.share_columns); `flags` are bits (flags.py); `language` is the primary
    subtag. `from_median`: the forecast rests on a reported median of views, not on single videos. `platform_weight`
    is the weight of the platform's own forecast `platform_views`. `sponsored_gap`, with its 80 % ends, is log views
    of sponsored videos less those of others, from the two counts of videos (NULL: not known). `peers_upper` is what
    flagged figures count at most (NULL: followers are not known). By provenance, `source_weight` is the share of
    the careful forecast that counts, `lists_weight` of the audience lists (the shares hold it already),
    `details_weight` of the verticals and the language, `length_weight` of the videos' lengths and marks.
    `length_low` and `length_high` are the ends of the middle 80 % of the lengths of `length_videos` videos in
    seconds (NULL: too few), `length_most` is what a stated length counts as at most. `minors` is the share of the
    audience under 18 as it is told (NULL: no list of ages). `idle_days` are those from the last video to the
    snapshot, `newest_times` the newest settled video's views over the median of those before it (NULL: not known).
    `changed` is the transaction that last wrote the row, or something that the channel is searched by.
    """

    __tablename__ = "channel_features"

    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("channels.id"), unique=True)
    snapshot_id: Mapped[UUID] = mapped_column(sa.ForeignKey("audience_snapshots.id"))
    fingerprint: Mapped[str]
    log_centre: Mapped[float]
    scale: Mapped[float]
    df: Mapped[float]
    smear: Mapped[float]
    n_used: Mapped[int]
    from_history: Mapped[bool]
    tier: Mapped[int]
    ad_load: Mapped[float]
    seconds: Mapped[float | None]
    language: Mapped[str | None]
    shares: Mapped[bytes]
    flags: Mapped[int]
    computed_at: Mapped[datetime]
    from_median: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    platform_views: Mapped[float | None] = mapped_column(default=None)
    platform_weight: Mapped[float] = mapped_column(default=0.0, server_default="0")
    sponsored_gap: Mapped[float | None] = mapped_column(default=None)
    sponsored_low: Mapped[float | None] = mapped_column(default=None)
    sponsored_high: Mapped[float | None] = mapped_column(default=None)
    sponsored_videos: Mapped[int] = mapped_column(default=0, server_default="0")
    other_videos: Mapped[int] = mapped_column(default=0, server_default="0")
    peers_upper: Mapped[float | None] = mapped_column(default=None)
    source_weight: Mapped[float] = mapped_column(default=1.0, server_default="1")
    idle_days: Mapped[float | None] = mapped_column(default=None)
    newest_times: Mapped[float | None] = mapped_column(default=None)
    lists_weight: Mapped[float] = mapped_column(default=1.0, server_default="1")
    details_weight: Mapped[float] = mapped_column(default=1.0, server_default="1")
    length_weight: Mapped[float] = mapped_column(default=1.0, server_default="1")
    length_low: Mapped[float | None] = mapped_column(default=None)
    length_high: Mapped[float | None] = mapped_column(default=None)
    length_most: Mapped[float | None] = mapped_column(default=None)
    length_videos: Mapped[int] = mapped_column(default=0, server_default="0")
    minors: Mapped[float | None] = mapped_column(default=None)
    changed: Mapped[int] = mapped_column(
        init=False, index=True, server_default=sa.text("(pg_current_xact_id()::text)::bigint")
    )
