"""What the workers found: a channel's features as columns, the fitted forecast model, and one match for each bid."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base


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
