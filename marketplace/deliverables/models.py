"""The work on one video that a deal owes: scripts, drafts, changes asked for, its publication, reports against it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base


class ScriptStatus(StrEnum):
    SENT = "sent"
    RETURNED = "returned"  # with reasons
    APPROVED = "approved"


class DraftStatus(StrEnum):
    SENT = "sent"
    CHANGES_ASKED = "changes_asked"
    APPROVED = "approved"


class PublicationProof(StrEnum):
    """By what a published video is known to be the approved one."""

    SAME_FILE = "same_file"
    SAME_PICTURES = "same_pictures"


class TakedownStatus(StrEnum):
    TOLD = "told"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


class Script(Base):
    """A version of a deliverable's script, in words. `number` counts from 1; `reasons` are the brand's for sending it
    back. The words are never changed."""

    __tablename__ = "deal_scripts"
    __table_args__ = (
        sa.UniqueConstraint("deliverable_id", "number"),
        sa.CheckConstraint("(status = 'sent') = (decided_at IS NULL)", name="decided_at_a_time"),
        sa.CheckConstraint("(status = 'returned') = (reasons IS NOT NULL)", name="returned_with_reasons"),
    )

    deliverable_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deliverables.id"))
    number: Mapped[int]
    body: Mapped[str]
    party_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"))
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"))
    status: Mapped[ScriptStatus] = mapped_column(default=ScriptStatus.SENT)
    reasons: Mapped[str | None] = mapped_column(default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    decided_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"), default=None)


class Draft(Base):
    """A video that was handed in for a deliverable, with the finished check of exactly this file.

    `sha256` is the file's, which outlives it, and `terms_id` are the terms that it was checked against. Unanswered by
    `answer_by`, it is approved by silence if `silence_approves`: nothing that was measured then spoke against it.
    """

    __tablename__ = "deal_drafts"
    __table_args__ = (
        sa.UniqueConstraint("deliverable_id", "number"),
        sa.CheckConstraint("(status = 'sent') = (decided_at IS NULL)", name="decided_at_a_time"),
        sa.CheckConstraint(
            "NOT by_silence OR (status = 'approved' AND silence_approves)", name="silence_approves_alone"
        ),
        sa.Index(
            "ix_deal_drafts_waiting",
            "answer_by",
            postgresql_where=sa.text("status = 'sent' AND silence_approves"),
        ),
    )

    deliverable_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deliverables.id"))
    number: Mapped[int]
    video_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("video_files.id", ondelete="SET NULL"), index=True)
    sha256: Mapped[str] = mapped_column(index=True)
    check_id: Mapped[UUID] = mapped_column(sa.ForeignKey("video_checks.id"), index=True)
    terms_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deal_terms.id"))
    party_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"))
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"))
    answer_by: Mapped[datetime]
    silence_approves: Mapped[bool]
    note: Mapped[str | None] = mapped_column(default=None)
    status: Mapped[DraftStatus] = mapped_column(default=DraftStatus.SENT)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    decided_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"), default=None)
    by_silence: Mapped[bool] = mapped_column(default=False)


class ChangeRequest(Base):
    """One thing that the brand asks to be changed in a draft: at which second, until which (None: that moment), why."""

    __tablename__ = "change_requests"
    __table_args__ = (
        sa.UniqueConstraint("draft_id", "position"),
        sa.CheckConstraint("at_s >= 0 AND (until_s IS NULL OR until_s >= at_s)", name="times_in_order"),
    )

    draft_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deal_drafts.id"))
    position: Mapped[int]
    at_s: Mapped[float]
    until_s: Mapped[float | None]
    reason: Mapped[str]


class Publication(Base):
    """Where and when an approved draft was published, and by what that is known to be the same video: once on each
    channel that the terms name.

    `same_share` is the share of the approved video's pictures that the published one has; `check_id` is the check of
    the published file, where it is another file. It stays live through the day `keep_live_until` of the deal's zone.
    """

    __tablename__ = "deal_publications"
    __table_args__ = (
        sa.UniqueConstraint("deliverable_id", "channel_id"),
        sa.CheckConstraint("label_seconds >= 0", name="label_not_negative"),
        sa.CheckConstraint("same_share BETWEEN 0 AND 1", name="share_range"),
        sa.CheckConstraint("(proof = 'same_pictures') = (check_id IS NOT NULL)", name="pictures_by_a_check"),
    )

    deliverable_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deliverables.id"))
    draft_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deal_drafts.id"))
    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("channels.id"), index=True)
    platform: Mapped[str]
    url: Mapped[str]
    published_at: Mapped[datetime]
    label_seconds: Mapped[float]
    keep_live_until: Mapped[date] = mapped_column(index=True)
    proof: Mapped[PublicationProof]
    sha256: Mapped[str]
    video_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("video_files.id", ondelete="SET NULL"), index=True)
    check_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("video_checks.id"), index=True)
    same_share: Mapped[float]
    party_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"))
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"))


class TakedownReport(Base):
    """That a brand no longer found a published video, and what the platform decided of it. One is open at a time."""

    __tablename__ = "takedown_reports"
    __table_args__ = (
        sa.Index(
            "uq_takedown_reports_one_open", "deliverable_id", unique=True, postgresql_where=sa.text("status = 'told'")
        ),
        sa.CheckConstraint("(status = 'told') = (decision IS NULL)", name="decided_with_a_reason"),
    )

    deliverable_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deliverables.id"))
    publication_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deal_publications.id"))
    seen_at: Mapped[datetime]
    reason: Mapped[str]
    party_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"))
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"))
    status: Mapped[TakedownStatus] = mapped_column(default=TakedownStatus.TOLD)
    decision: Mapped[str | None] = mapped_column(default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    decided_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"), default=None)


class RoundKind(StrEnum):
    """Of what a round of changes is."""

    SCRIPT = "script"
    DRAFT = "draft"


class ExtraRoundStatus(StrEnum):
    ASKED = "asked"  # by the brand
    CONFIRMED = "confirmed"  # by the maker: it counts once its payment is held
    REFUSED = "refused"
    LAPSED = "lapsed"  # not answered, or not paid in


class ExtraRound(Base):
    """A round of changes beyond those that the price includes, with its price and, once confirmed, its payment.

    `answer_by` is until when the maker answers; after that, until when it is paid in. Without a price there is no
    payment, and it counts once it is confirmed.
    """

    __tablename__ = "extra_rounds"
    __table_args__ = (
        sa.CheckConstraint("price_minor >= 0", name="not_negative"),
        sa.CheckConstraint("payment_id IS NULL OR status IN ('confirmed', 'lapsed')", name="paid_once_confirmed"),
        sa.Index(
            "uq_extra_rounds_one_asked",
            "deliverable_id",
            "kind",
            unique=True,
            postgresql_where=sa.text("status = 'asked'"),
        ),
        sa.Index("ix_extra_rounds_open", "answer_by", postgresql_where=sa.text("status IN ('asked', 'confirmed')")),
    )

    deliverable_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deliverables.id"), index=True)
    kind: Mapped[RoundKind]
    currency: Mapped[str]
    price_minor: Mapped[int]
    asked_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"))
    answer_by: Mapped[datetime]
    status: Mapped[ExtraRoundStatus] = mapped_column(default=ExtraRoundStatus.ASKED)
    payment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("payments.id"), default=None, unique=True)
    version: Mapped[int] = mapped_column(default=1)
