"""What the workers found about each bid: one row a bid, always for one exact set of inputs."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base


class Match(Base):
    """A bid with its scores. Fresh while revision, brief version, snapshot and model are still the present ones."""

    __tablename__ = "matches"
    __table_args__ = (sa.Index("ix_matches_brief_overall", "brief_id", sa.text("overall DESC NULLS LAST")),)

    bid_id: Mapped[UUID] = mapped_column(sa.ForeignKey("bids.id"), unique=True)
    brief_id: Mapped[UUID] = mapped_column(sa.ForeignKey("briefs.id"))
    revision_id: Mapped[UUID] = mapped_column(sa.ForeignKey("bid_revisions.id"))
    brief_version_id: Mapped[UUID] = mapped_column(sa.ForeignKey("brief_versions.id"))
    snapshot_id: Mapped[UUID | None]
    model_version: Mapped[str]
    fingerprint: Mapped[str]
    overall: Mapped[float | None]
    overall_low: Mapped[float | None]
    overall_high: Mapped[float | None]
    intrusiveness_low: Mapped[float | None]
    intrusiveness_high: Mapped[float | None]
    parts: Mapped[dict[str, Any]]
    reasons: Mapped[list[dict[str, Any]]]
    flags: Mapped[list[str]]
    scored_at: Mapped[datetime]
