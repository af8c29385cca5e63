"""Human decisions on anything: one queue. A review knows its subject by id only."""

from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base


class ReviewStatus(StrEnum):
    OPEN = "open"
    HELD = "held"
    SECOND = "second"  # one of two people has approved
    APPROVED = "approved"
    REJECTED = "rejected"
    DROPPED = "dropped"  # there is nothing left to decide on


class Review(Base):
    """A thing that waits for a person. `risks` says why, `priority` how soon (lower first)."""

    __tablename__ = "reviews"
    __table_args__ = (
        sa.UniqueConstraint("subject_kind", "subject_id"),
        sa.Index("ix_reviews_queue", "status", "priority", "id"),
    )

    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]
    about_id: Mapped[UUID] = mapped_column(index=True)
    party_ids: Mapped[list[UUID]]
    priority: Mapped[int]
    needs_two: Mapped[bool]
    risks: Mapped[list[dict[str, Any]]]
    seen_fingerprint: Mapped[str]
    status: Mapped[ReviewStatus] = mapped_column(default=ReviewStatus.OPEN)
    version: Mapped[int] = mapped_column(default=1)


class ReviewDecision(Base):
    """What one person decided, with what they saw at that moment. Never changed."""

    __tablename__ = "review_decisions"
    __table_args__ = (sa.Index("ix_review_decisions_review_id", "review_id"),)

    review_id: Mapped[UUID] = mapped_column(sa.ForeignKey("reviews.id"))
    person_id: Mapped[UUID]
    verdict: Mapped[str]
    reason: Mapped[str]
    override: Mapped[dict[str, Any] | None]
    seen: Mapped[dict[str, Any]]
