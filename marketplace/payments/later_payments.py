"""Payments that both sides agree on after their deal was paid in, as for one more round: planned, or dropped unpaid."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, events
from marketplace.core.actor import SYSTEM, Actor
from marketplace.payments import receipts
from marketplace.payments.models import Payment, PaymentStatus
from marketplace.payments.service import PlannedPayment, of_deal, parties_of


def plan(session: Session, actor: Actor, deal_id: UUID, planned: PlannedPayment) -> Payment:
    """Plan one more payment of a deal that has some. It is held as soon as it is paid in.

    The caller has locked the deal.
    """
    with db.acting_as(session, SYSTEM):
        first, *others = of_deal(session, deal_id)
        row = Payment(
            deal_id=deal_id,
            position=max(one.position for one in (first, *others)) + 1,
            deliverable_id=planned.deliverable_id,
            milestone=planned.milestone,
            brand_id=first.brand_id,
            creator_id=first.creator_id,
            agency_id=first.agency_id,
            channel_id=planned.channel_id,
            currency=first.currency,
            amount_minor=planned.amount_minor,
            fee_basis_points=first.fee_basis_points,
        )
        session.add(row)
        session.flush()
        told = {"deal_id": str(deal_id), "amount_minor": row.amount_minor, "currency": row.currency}
        events.record(session, "payments.plan", row.id, actor, parties=parties_of(row), **told)
    return row


def drop(session: Session, actor: Actor, payment_id: UUID) -> bool:
    """Let a payment lapse that was not paid in, and return what came in for it; False where it is held already.

    The caller has locked the deal.
    """
    with db.acting_as(session, SYSTEM):
        found = sa.select(Payment).where(Payment.id == payment_id).with_for_update(key_share=True)
        row = session.scalars(found, execution_options={"populate_existing": True}).one()
        if row.status != PaymentStatus.PLANNED:
            return False
        receipts.lapse_one(session, actor, row)
    return True
