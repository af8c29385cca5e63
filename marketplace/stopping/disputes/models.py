"""Disputes of deals: what a side says, what both show, and what two people of the platform decide in amounts."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base
from marketplace.deals.models import DealParty


class DisputeStatus(StrEnum):
    OPEN = "open"
    PROPOSED = "proposed"  # one person of the platform has proposed a decision
    DECIDED = "decided"  # another one has confirmed it


class DisputeOutcome(StrEnum):
    """What becomes of the deal."""

    GO_ON = "go_on"
    CANCEL = "cancel"
    COMPLETE = "complete"


class Dispute(Base):
    """That a side disputes deliverables of a deal; None for the market, after a takedown that was upheld.

    What is held for `deliverable_ids` stays where it is. Both sides show what they have until `answer_by`. The
    proposal, `outcome` with `amounts` (what is due to the maker's side, by the deliverable's id) and `decision`, is one
    person's, and stands once another one has confirmed it.
    """

    __tablename__ = "disputes"
    __table_args__ = (
        sa.Index("uq_disputes_one_undecided", "deal_id", unique=True, postgresql_where=sa.text("status <> 'decided'")),
        sa.CheckConstraint("(status = 'open') = (proposed_by IS NULL)", name="proposed_by_somebody"),
        sa.CheckConstraint("(status = 'decided') = (decided_by IS NOT NULL)", name="decided_by_somebody"),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="two_people"),
        sa.Index("ix_disputes_status", "status", "id"),
    )

    deal_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deals.id"), index=True)
    deliverable_ids: Mapped[list[UUID]] = mapped_column(postgresql.ARRAY(sa.Uuid()))
    reason: Mapped[str]
    answer_by: Mapped[datetime]
    side: Mapped[DealParty | None] = mapped_column(default=None)
    party_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("parties.id"), default=None)
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"), default=None)
    status: Mapped[DisputeStatus] = mapped_column(default=DisputeStatus.OPEN)
    outcome: Mapped[DisputeOutcome | None] = mapped_column(default=None)
    amounts: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    decision: Mapped[str | None] = mapped_column(default=None)
    proposed_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"), default=None)
    proposed_at: Mapped[datetime | None] = mapped_column(default=None)
    decided_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"), default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)


class DisputeEvidence(Base):
    """What a side shows in a dispute: words, and what of the deal they are about. Never changed."""

    __tablename__ = "dispute_evidence"

    dispute_id: Mapped[UUID] = mapped_column(sa.ForeignKey("disputes.id"), index=True)
    side: Mapped[DealParty]
    party_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"))
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"))
    body: Mapped[str]
    script_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("deal_scripts.id"), default=None)
    draft_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("deal_drafts.id"), default=None)
    check_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("video_checks.id"), default=None)
    publication_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("deal_publications.id"), default=None)
