"""The stored scores: one match for each bid."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base


class Match(Base):
    """A bid's scores, under the bid's own id. Fresh while the revision, brief version, features and model that it was
    computed from are still the current ones.

    `numbers` holds every number that the reasons are written from, in the order of `scoring.numbers`; `rank` is the
    position within the brief, from 1; `peers` identifies the set of bids that it was compared with; `flags` are the
    bits of `forecast.flags`.
    """

    __tablename__ = "matches"
    __table_args__ = (sa.Index("ix_matches_brief_rank", "brief_id", "rank"),)

    # No foreign keys: the ids come from the bid's own rows in the transaction that writes the match.
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
