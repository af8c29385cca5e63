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
    """A channel as numbers for scoring, made from its present snapshot and the present forecast model.

    Log views of one video ~ `log_centre` + `scale` * t(`df`); expected views = exp(log_centre) * `smear`.
    `age_gender` [A * G] (age major) and `regions` [R] are shares on the grid of `matching.cells`.
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
    age_gender: Mapped[list[float]] = mapped_column(ARRAY(sa.REAL))
    regions: Mapped[list[float]] = mapped_column(ARRAY(sa.REAL))
    unknown: Mapped[dict[str, Any]]
    audience_flags: Mapped[list[str]]
    computed_at: Mapped[datetime]


class Match(Base):
    """A bid with its scores. Fresh while revision, brief version, features and model are still the present ones.

    `parts` holds every number that the reasons are told from; `rank` is the place within the brief.
    """

    __tablename__ = "matches"
    __table_args__ = (sa.Index("ix_matches_brief_rank", "brief_id", "rank"),)

    bid_id: Mapped[UUID] = mapped_column(sa.ForeignKey("bids.id"), unique=True)
    brief_id: Mapped[UUID] = mapped_column(sa.ForeignKey("briefs.id"))
    revision_id: Mapped[UUID] = mapped_column(sa.ForeignKey("bid_revisions.id"))
    brief_version_id: Mapped[UUID] = mapped_column(sa.ForeignKey("brief_versions.id"))
    features_fingerprint: Mapped[str | None]
    model_version: Mapped[str]
    fingerprint: Mapped[str]
    rank: Mapped[int]
    overall: Mapped[float | None]
    overall_low: Mapped[float | None]
    overall_high: Mapped[float | None]
    intrusiveness_low: Mapped[float | None]
    intrusiveness_high: Mapped[float | None]
    parts: Mapped[dict[str, Any]]
    reasons: Mapped[list[str]]
    flags: Mapped[list[str]]
    scored_at: Mapped[datetime]
