"""Deals: what the two sides of an accepted bid owe each other, from the first offer of terms to the end."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base

# How often each side may answer terms with other ones.
COUNTERS_MAX = 3


class DealStatus(StrEnum):
    OFFERED = "offered"
    AGREED = "agreed"  # both sides have confirmed one version; not paid in yet
    ACTIVE = "active"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    DISPUTED = "disputed"
    COMPLETED = "completed"
    LAPSED = "lapsed"  # declined, withdrawn, not answered or not paid in time


# In these the work stands still or goes on, and what is live stays so and is settled.
UNDER_WAY = (DealStatus.ACTIVE, DealStatus.PAUSED, DealStatus.CANCELLING)


class DealParty(StrEnum):
    """A side of a deal: the brand, or the maker, for whom an agency with a live mandate may act."""

    BRAND = "brand"
    MAKER = "maker"


class SignatureKey(StrEnum):
    """What somebody was signed in by when they confirmed."""

    SESSION = "session"
    API_KEY = "api_key"
    RECORD = "record"  # nothing: the market's record of an acceptance from before there were deals


class DeliverableStatus(StrEnum):
    PLANNED = "planned"
    SCRIPT_SENT = "script_sent"
    SCRIPT_APPROVED = "script_approved"
    DRAFT_SENT = "draft_sent"
    CHANGES_ASKED = "changes_asked"
    APPROVED = "approved"
    LIVE = "live"
    DONE = "done"
    MISSED = "missed"  # taken down too early
    CANCELLED = "cancelled"


class Deal(Base):
    """One accepted bid on its way. A bid has one deal that has not lapsed, and none after another.

    `agency_id` is the agency of the day of acceptance: the one that placed the bid, or the only one that held the
    creator's mandate then. `turn` and `answer_by`: who has to answer the terms, and until when; None once nobody has
    to. `series_id` is the series that the current terms name. `terms_id` is the current version, `agreed_at` when both
    had confirmed it, and `fund_by` until when the brand pays it in. `split_rule` is frozen when it has. `stopped_at`:
    since when the work stands still, because the deal is paused, being cancelled or disputed. Days are days of
    `timezone`.
    """

    __tablename__ = "deals"
    __table_args__ = (
        sa.Index("uq_deals_one_of_a_bid", "bid_id", unique=True, postgresql_where=sa.text("status <> 'lapsed'")),
        sa.Index("ix_deals_status_answer_by", "status", "answer_by"),
        sa.Index("ix_deals_status_fund_by", "status", "fund_by"),
        sa.CheckConstraint(
            f"brand_counters BETWEEN 0 AND {COUNTERS_MAX} AND maker_counters BETWEEN 0 AND {COUNTERS_MAX}",
            name="counters_bounded",
        ),
        sa.CheckConstraint("(status = 'offered') = (turn IS NOT NULL)", name="somebodys_turn_while_offered"),
        sa.CheckConstraint("(turn IS NULL) = (answer_by IS NULL)", name="answered_by_a_time"),
    )

    bid_id: Mapped[UUID] = mapped_column(sa.ForeignKey("bids.id"), index=True)
    bid_revision_id: Mapped[UUID] = mapped_column(sa.ForeignKey("bid_revisions.id"))
    brief_id: Mapped[UUID] = mapped_column(sa.ForeignKey("briefs.id"), index=True)
    brief_version_id: Mapped[UUID] = mapped_column(sa.ForeignKey("brief_versions.id"))
    option: Mapped[int]
    brand_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    creator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("channels.id"), index=True)
    currency: Mapped[str]
    timezone: Mapped[str]
    answer_by: Mapped[datetime | None]
    agency_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("parties.id"), default=None, index=True)
    status: Mapped[DealStatus] = mapped_column(default=DealStatus.OFFERED)
    turn: Mapped[DealParty | None] = mapped_column(default=DealParty.MAKER)
    brand_counters: Mapped[int] = mapped_column(default=0)
    maker_counters: Mapped[int] = mapped_column(default=0)
    terms_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("deal_terms.id", use_alter=True, name="fk_deals_terms_id"), default=None
    )
    terms_number: Mapped[int] = mapped_column(default=1)
    agreed_at: Mapped[datetime | None] = mapped_column(default=None)
    fund_by: Mapped[datetime | None] = mapped_column(default=None)
    split_rule: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    stopped_at: Mapped[datetime | None] = mapped_column(default=None)
    series_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("series.id"), default=None, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)

    @property
    def parties(self) -> list[UUID]:
        """Return whom the deal names, and who reads its events."""
        return [self.brand_id, self.creator_id, *([self.agency_id] if self.agency_id else [])]


class DealTerms(Base):
    """A version of a deal's terms, as `deals.terms.terms_document` describes them. Never changed.

    `content_hash` is the SHA-256 of the canonical JSON (RFC 8785) of `content`, in hexadecimal. `note` is what whoever
    proposed it says to the other side, and no part of the terms.
    """

    __tablename__ = "deal_terms"
    __table_args__ = (sa.UniqueConstraint("deal_id", "number"), sa.UniqueConstraint("id", "content_hash"))

    deal_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deals.id"))
    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    content_hash: Mapped[str]
    proposed_side: Mapped[DealParty]
    proposed_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("parties.id"), default=None)
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"), default=None)
    note: Mapped[str | None] = mapped_column(default=None)


class DealSignature(Base):
    """That a side confirmed a version, by its hash. Never changed; a side confirms a version once.

    `typed_name` is None where the side confirmed by another act: the brand by accepting the bid, and whoever counters
    by proposing. `key_id` is the API key, where it was one.
    """

    __tablename__ = "deal_signatures"
    __table_args__ = (
        sa.UniqueConstraint("terms_id", "side"),
        sa.ForeignKeyConstraint(["terms_id", "content_hash"], ["deal_terms.id", "deal_terms.content_hash"]),
    )

    deal_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deals.id"), index=True)
    terms_id: Mapped[UUID]
    side: Mapped[DealParty]
    content_hash: Mapped[str]
    party_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"))
    key_kind: Mapped[SignatureKey]
    signed_at: Mapped[datetime]
    typed_name: Mapped[str | None] = mapped_column(default=None)
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"), default=None)
    key_id: Mapped[UUID | None] = mapped_column(default=None)


class Deliverable(Base):
    """One video (or post) that an agreed deal owes: made when both sides have confirmed the terms.

    `position` counts from 1 and is that of the terms' deliverable, whose plan and limits hold for it. `price_minor` is
    its own price with what extras of it cost; all deliverables of a deal sum to what the deal costs. `late_since`: it
    was not live on the day that it was due. `episode_id` and `slot`: its place in a series, where the terms name one.
    """

    __tablename__ = "deliverables"
    __table_args__ = (
        sa.UniqueConstraint("deal_id", "position"),
        sa.CheckConstraint("price_minor >= 0", name="price_not_negative"),
        sa.CheckConstraint("script_rounds_used >= 0 AND draft_rounds_used >= 0", name="rounds_not_negative"),
        sa.Index("ix_deliverables_status_due_on", "status", "due_on"),
        sa.Index(
            "uq_deliverables_one_in_a_slot",
            "episode_id",
            "slot",
            unique=True,
            postgresql_where=sa.text("episode_id IS NOT NULL AND status <> 'cancelled'"),
        ),
        sa.CheckConstraint("(episode_id IS NULL) = (slot IS NULL)", name="slot_of_an_episode"),
    )

    deal_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deals.id"))
    position: Mapped[int]
    kind: Mapped[str]
    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("channels.id"), index=True)
    price_minor: Mapped[int]
    due_on: Mapped[date]
    terms_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deal_terms.id"))
    title: Mapped[str | None] = mapped_column(default=None)
    status: Mapped[DeliverableStatus] = mapped_column(default=DeliverableStatus.PLANNED)
    script_rounds_used: Mapped[int] = mapped_column(default=0)
    draft_rounds_used: Mapped[int] = mapped_column(default=0)
    late_since: Mapped[datetime | None] = mapped_column(default=None)
    episode_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("series_episodes.id"), default=None)
    slot: Mapped[str | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)
