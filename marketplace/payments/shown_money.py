"""Payments, receipts and payouts as they are read: money as money, and shares only by those who have one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import Actor
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.core.money import Money
from marketplace.payments import policy
from marketplace.payments.models import (
    Payment,
    PaymentStatus,
    Payout,
    PayoutStatus,
    Receipt,
    ReceiptStatus,
    SettledShares,
)
from marketplace.payments.receipts import ConfirmedReceipt


@dataclass(frozen=True)
class ShownShares:
    """Who got how much of what was due."""

    maker_minor: int
    agency_minor: int
    fee_minor: int
    agency_id: UUID | None
    agency_share_basis_points: int


@dataclass(frozen=True)
class ShownPayment:
    """A payment; without shares for those who have none of them, such as the brand."""

    id: UUID
    deal_id: UUID
    position: int
    deliverable_id: UUID | None
    milestone: str | None
    amount: Money
    status: PaymentStatus
    fee_basis_points: int
    returned_minor: int
    clawed_minor: int
    shares: ShownShares | None
    moved_at: datetime | None
    created_at: datetime
    version: int


@dataclass(frozen=True)
class ShownReceipt:
    """What came in for a deal."""

    id: UUID
    deal_id: UUID
    brand_id: UUID
    provider: str
    reference: str
    amount: Money
    received_on: date
    status: ReceiptStatus
    decided_at: datetime | None
    reason: str | None
    created_at: datetime
    version: int


@dataclass(frozen=True)
class ShownConfirmation:
    """A confirmed receipt, and what it did for its deal."""

    receipt: ShownReceipt
    funded: bool
    remainder_minor: int


@dataclass(frozen=True)
class ShownPayout:
    """Money on its way to a party."""

    id: UUID
    party_id: UUID
    payment_id: UUID | None
    receipt_id: UUID | None
    claw_back_id: UUID | None
    amount: Money
    withheld_minor: int
    status: PayoutStatus
    attempt: int
    provider: str
    reference: str | None
    reason: str | None
    sent_at: datetime | None
    decided_at: datetime | None
    created_at: datetime
    version: int


def payments(
    session: Session,
    actor: Actor,
    *,
    limit: int,
    starting_after: UUID | None,
    status: str | None = None,
    deal_id: UUID | None = None,
) -> Page[ShownPayment]:
    """Return the payments that the actor may see, the newest first."""
    query = sa.select(Payment).where(policy.payments(actor))
    query = paging.only(query, {Payment.status: status, Payment.deal_id: deal_id})
    page = paging.page(session, query, Payment, limit, starting_after)
    shares = _shares(session, actor, [row.id for row in page.data])
    return Page([_payment(row, shares.get(row.id)) for row in page.data], page.has_more)


def find_payment(session: Session, actor: Actor, payment_id: UUID) -> ShownPayment:
    row = db.get(session, Payment, payment_id, policy.payments(actor))
    return _payment(row, _shares(session, actor, [row.id]).get(row.id))


def _shares(session: Session, actor: Actor, payment_ids: Sequence[UUID]) -> dict[UUID, ShownShares]:
    found = sa.select(SettledShares).where(SettledShares.payment_id.in_(payment_ids), policy.shares(actor))
    return {
        row.payment_id: ShownShares(
            row.maker_minor, row.agency_minor, row.fee_minor, row.agency_id, row.share_basis_points
        )
        for row in session.scalars(found)
    }


def _payment(row: Payment, shares: ShownShares | None) -> ShownPayment:
    return ShownPayment(
        id=row.id,
        deal_id=row.deal_id,
        position=row.position,
        deliverable_id=row.deliverable_id,
        milestone=row.milestone,
        amount=Money(row.currency, row.amount_minor),
        status=row.status,
        fee_basis_points=row.fee_basis_points,
        returned_minor=row.returned_minor,
        clawed_minor=row.clawed_minor,
        shares=shares,
        moved_at=row.moved_at,
        created_at=row.created_at,
        version=row.version,
    )


def receipt(row: Receipt) -> ShownReceipt:
    return ShownReceipt(
        id=row.id,
        deal_id=row.deal_id,
        brand_id=row.brand_id,
        provider=row.provider,
        reference=row.reference,
        amount=Money(row.currency, row.amount_minor),
        received_on=row.received_on,
        status=row.status,
        decided_at=row.decided_at,
        reason=row.reason,
        created_at=row.created_at,
        version=row.version,
    )


def confirmation(done: ConfirmedReceipt) -> ShownConfirmation:
    return ShownConfirmation(receipt(done.receipt), done.funded, done.remainder_minor)


def payout(row: Payout) -> ShownPayout:
    return ShownPayout(
        id=row.id,
        party_id=row.party_id,
        payment_id=row.payment_id,
        receipt_id=row.receipt_id,
        claw_back_id=row.claw_back_id,
        amount=Money(row.currency, row.amount_minor),
        withheld_minor=row.withheld_minor,
        status=row.status,
        attempt=row.attempt,
        provider=row.provider,
        reference=row.reference,
        reason=row.reason,
        sent_at=row.sent_at,
        decided_at=row.decided_at,
        created_at=row.created_at,
        version=row.version,
    )
