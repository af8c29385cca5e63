"""Payments of deals, what came in for them, what is paid out, and what providers told. Only the system writes here."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base

# The milestones of rounds that were bought: their payments are beside the price of the video.
ROUND_MILESTONES = ("script_round", "draft_round")
MANUAL = "manual"  # the provider that is two people of the platform and a bank


class PaymentStatus(StrEnum):
    PLANNED = "planned"  # agreed, and not paid in
    HELD = "held"  # in escrow
    FROZEN = "frozen"  # in escrow, and somebody disputes it
    RELEASED = "released"  # to maker, agency and platform
    RETURNED = "returned"  # to the brand
    SPLIT = "split"  # a part to each
    OWED = "owed"  # released, and taken back since
    LAPSED = "lapsed"  # never paid in


class ReceiptStatus(StrEnum):
    TOLD = "told"  # by one person
    CONFIRMED = "confirmed"  # by another one: the money is in the ledger
    REFUSED = "refused"


class PayoutStatus(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    PAID = "paid"
    FAILED = "failed"  # the money is payable again
    UNKNOWN = "unknown"  # ask the bank or the provider, and never send it again
    BOUNCED = "bounced"  # paid, and sent back by the bank since: payable again


class ClawBackStatus(StrEnum):
    ASKED = "asked"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


class Payment(Base):
    """What a brand pays for one deliverable, or for one milestone of it.

    `agency_id` is the deal's agency. `hold_id` is the hold on the deal's escrow since it was paid in.
    `returned_minor` is what of it is the brand's again; the rest of what is settled is in `SettledShares`, and the
    database holds that both sum to `amount_minor`. `clawed_minor` is what was taken back of those shares since.
    """

    __tablename__ = "payments"
    __table_args__ = (
        sa.UniqueConstraint("deal_id", "position"),
        sa.CheckConstraint("amount_minor > 0", name="positive"),
        sa.CheckConstraint("fee_basis_points BETWEEN 0 AND 10000", name="fee_range"),
        sa.CheckConstraint("returned_minor BETWEEN 0 AND amount_minor", name="returns_of_it"),
        sa.CheckConstraint("(hold_id IS NULL) = (status IN ('planned', 'lapsed'))", name="held_once_paid_in"),
        sa.CheckConstraint(
            "clawed_minor BETWEEN 0 AND CASE WHEN status = 'owed' THEN amount_minor - returned_minor ELSE 0 END",
            name="claws_back_what_was_released",
        ),
    )

    deal_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deals.id"))
    position: Mapped[int]
    deliverable_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("deliverables.id"), index=True)
    milestone: Mapped[str | None]
    brand_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    creator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    agency_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("channels.id"))
    currency: Mapped[str]
    amount_minor: Mapped[int]
    fee_basis_points: Mapped[int]
    status: Mapped[PaymentStatus] = mapped_column(default=PaymentStatus.PLANNED)
    hold_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("ledger_holds.id"), default=None, unique=True)
    returned_minor: Mapped[int] = mapped_column(default=0)
    clawed_minor: Mapped[int] = mapped_column(default=0)
    moved_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)


class SettledShares(Base):
    """Who got how much of a payment that was released or split: a table of its own, which the brand does not read.

    `agency_id` is the agency by whose mandate it was split, None where none had a part. Written once, with the
    payment's move, and never changed.
    """

    __tablename__ = "payment_shares"
    __table_args__ = (
        sa.CheckConstraint("share_basis_points BETWEEN 0 AND 10000", name="share_range"),
        sa.CheckConstraint("least(maker_minor, agency_minor, fee_minor) >= 0", name="not_negative"),
        sa.CheckConstraint(
            "agency_id IS NOT NULL OR (agency_minor = 0 AND share_basis_points = 0)", name="of_an_agency"
        ),
    )

    payment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("payments.id"), unique=True)
    creator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    agency_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    share_basis_points: Mapped[int]
    maker_minor: Mapped[int]
    agency_minor: Mapped[int]
    fee_minor: Mapped[int]


class Receipt(Base):
    """That money came in for a deal, as a provider told it: by hand, one person records it and another one confirms.

    `reference` is the bank's or the provider's own name of it: it counts once.
    """

    __tablename__ = "receipts"
    __table_args__ = (
        sa.Index(
            "uq_receipts_reference",
            "provider",
            "reference",
            unique=True,
            postgresql_where=sa.text("status <> 'refused'"),
        ),
        sa.CheckConstraint("amount_minor > 0", name="positive"),
        sa.CheckConstraint(
            "status <> 'confirmed' OR recorded_by IS NULL OR decided_by <> recorded_by", name="two_people"
        ),
    )

    deal_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deals.id"), index=True)
    brand_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    provider: Mapped[str]
    reference: Mapped[str]
    currency: Mapped[str]
    amount_minor: Mapped[int]
    received_on: Mapped[date]
    recorded_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"))
    status: Mapped[ReceiptStatus] = mapped_column(default=ReceiptStatus.TOLD)
    decided_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"), default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    reason: Mapped[str | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)


class Payout(Base):
    """Money on its way from a party's payable account to the party: set aside by `hold_id` until it is paid or fails.

    It is a share of a payment, what of a receipt was more than was owed, or what a brand got back by a claw-back.
    `withheld_minor` of it goes to the tax
    office and not to the party. `reference` is the bank's or the provider's name of the transfer.
    """

    __tablename__ = "payouts"
    __table_args__ = (
        sa.Index(
            "uq_payouts_one_alive",
            sa.text("coalesce(payment_id, receipt_id, claw_back_id)"),
            "party_id",
            unique=True,
            postgresql_where=sa.text("status NOT IN ('failed', 'bounced')"),
        ),
        sa.Index(
            "uq_payouts_reference",
            "provider",
            "reference",
            unique=True,
            postgresql_where=sa.text("reference IS NOT NULL"),
        ),
        sa.Index("ix_payouts_status", "status", "id"),
        sa.CheckConstraint("amount_minor > 0", name="positive"),
        sa.CheckConstraint("withheld_minor >= 0 AND withheld_minor < amount_minor", name="withheld_of_it"),
        sa.CheckConstraint("num_nonnulls(payment_id, receipt_id, claw_back_id) = 1", name="of_one_thing"),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> sent_by", name="two_people"),
    )

    party_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    payment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("payments.id"), index=True)
    receipt_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("receipts.id"))
    claw_back_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("claw_backs.id"))
    currency: Mapped[str]
    amount_minor: Mapped[int]
    hold_id: Mapped[UUID] = mapped_column(sa.ForeignKey("ledger_holds.id"), unique=True)
    attempt: Mapped[int] = mapped_column(default=1)
    withheld_minor: Mapped[int] = mapped_column(default=0)
    status: Mapped[PayoutStatus] = mapped_column(default=PayoutStatus.WAITING)
    provider: Mapped[str] = mapped_column(default=MANUAL)
    reference: Mapped[str | None] = mapped_column(default=None)
    sent_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"), default=None)
    sent_at: Mapped[datetime | None] = mapped_column(default=None)
    decided_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"), default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    reason: Mapped[str | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)


class ClawBack(Base):
    """That released money is to be paid back, asked for by one person and confirmed by another one."""

    __tablename__ = "claw_backs"
    __table_args__ = (
        sa.CheckConstraint("amount_minor > 0", name="positive"),
        sa.CheckConstraint("status <> 'confirmed' OR decided_by <> asked_by", name="two_people"),
        sa.Index("uq_claw_backs_one_asked", "payment_id", unique=True, postgresql_where=sa.text("status = 'asked'")),
    )

    payment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("payments.id"), index=True)
    amount_minor: Mapped[int]
    reason: Mapped[str]
    asked_by: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id"))
    status: Mapped[ClawBackStatus] = mapped_column(default=ClawBackStatus.ASKED)
    decided_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"), default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)


class ProviderNotice(Base):
    """What a provider told once, with what it did here: written with its effect, in one transaction."""

    __tablename__ = "provider_notices"
    __table_args__ = (sa.UniqueConstraint("provider", "event_id"),)

    provider: Mapped[str]
    event_id: Mapped[str]
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    effect: Mapped[str]
    subject_id: Mapped[UUID | None]
