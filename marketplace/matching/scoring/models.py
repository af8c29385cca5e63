"""What the workers found: a channel's features as columns, the fitted forecast model, and one match for each bid."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base


class ForecastModel(Base):
    """The pools and the calibration fitted to the market's own video histories. The newest one counts."""

    __tablename__ = "forecast_models"

    fingerprint: Mapped[str] = mapped_column(unique=True)
    content: Mapped[dict[str, Any]]
    channels: Mapped[int]
    fitted_at: Mapped[datetime]


class ChannelFeatures(Base):
    """A channel as numbers for scoring, made from the channel, its present snapshot and the present forecast model.

    Log views of one video ~ `log_centre` + `scale` * t(`df`); expected views = exp(log_centre) * `smear`. `shares` are
    32-bit floats, little-endian, as `matching.vectors` reads them; `flags` are the bits of `matching.flags`;
    `language` is the primary subtag. `from_median`: no single video but a told median of views; `platform_weight`: how
    far the platform's own forecast `platform_views` counts; `sponsored_gap` with its 80 % ends: log views of sponsored
    videos less those of others, from as many as are counted (NULL: nothing was told of it).
    `changed` is the transaction that last wrote it, or what it is searched by.
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
    changed: Mapped[int] = mapped_column(
        init=False, index=True, server_default=sa.text("(pg_current_xact_id()::text)::bigint")
    )


class Match(Base):
    """A bid with its scores, under the bid's own id. Fresh while all that it was made from is still the present one:
    revision, brief version, features and model.

    `numbers` holds every number that the reasons are told from, in the order of `matching.parts`; `rank` is the place
    within the brief; `peers` names the set of bids that it was compared with; `flags` are the bits of
    `matching.flags`.
    """

    __tablename__ = "matches"
    __table_args__ = (sa.Index("ix_matches_brief_rank", "brief_id", "rank"),)

    # These come from the bid's own rows in the transaction that writes the match, so that nothing checks them again.
    brief_id: Mapped[UUID]
    revision_id: Mapped[UUID]
    brief_version_id: Mapped[UUID]
    snapshot_id: Mapped[UUID | None]
    features_fingerprint: Mapped[str | None]
    model_version: Mapped[str]
    fingerprint: Mapped[str]
    rank: Mapped[int]
    overall: Mapped[float | None]
    overall_low: Mapped[float | None]
    overall_high: Mapped[float | None]
    numbers: Mapped[list[float]] = mapped_column(ARRAY(sa.Double))
    peers: Mapped[str]
    flags: Mapped[int]
    scored_at: Mapped[datetime]
