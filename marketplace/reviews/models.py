"""Human decisions on anything: one queue. A review knows its subject by id only."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base


class ReviewStatus(StrEnum):
    DEFERRED = "deferred"  # a person is asked once it is chosen or nearly chosen
    OPEN = "open"
    HELD = "held"
    SECOND = "second"  # one of two people has approved
    APPROVED = "approved"
    REJECTED = "rejected"
    PASSED = "passed"  # what needed a person is gone, so that a rule lets it pass
    DROPPED = "dropped"  # there is nothing left to decide on


class Review(Base):
    """A thing that needs a person's decision. `risks` says why, `priority` how soon (lower first).

    `reason` is for the sides to read: the reviewer's words for holding or rejecting it, or for the override. `override`
    is what two people have agreed to put in place of the computed values (`overall`, `intrusiveness`, `flags_cleared`),
    with `reason`, `decided_at` and `by` (whom); it is null unless the review is approved with one. `decided_at`: since
    when it is held, approved or rejected.
    """

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
    reason: Mapped[str | None] = mapped_column(default=None)
    override: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
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
