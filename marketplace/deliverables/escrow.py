"""What is held for a deliverable. Its moves are the room of payments' own."""

from collections.abc import Mapping
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.payments.models import ROUND_MILESTONES, Payment, PaymentStatus


def held_for(session: Session, deliverable_id: UUID) -> Mapping[UUID, int]:
    """Return the payments that are held for a deliverable, in their order, with their amounts in the smallest unit.

    The session must act as the system.
    """
    held = (Payment.deliverable_id == deliverable_id, Payment.status == PaymentStatus.HELD)
    query = sa.select(Payment.id, Payment.amount_minor).where(*held).order_by(Payment.position)
    return {row.id: row.amount_minor for row in session.execute(query)}


def released_for(session: Session, deliverable_id: UUID) -> int:
    """Return what was released of a deliverable's price before, as for a milestone; rounds that were bought are beside
    it. The session must act as the system."""
    released = (PaymentStatus.RELEASED, PaymentStatus.SPLIT, PaymentStatus.OWED)
    query = sa.select(sa.func.coalesce(sa.func.sum(Payment.amount_minor - Payment.returned_minor), 0)).where(
        Payment.deliverable_id == deliverable_id,
        Payment.status.in_(released),
        sa.func.coalesce(Payment.milestone, "").not_in(ROUND_MILESTONES),
    )
    return int(session.scalar(query) or 0)
