"""What is held for a deliverable. Its moves are the room of payments' own."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.payments.models import Payment, PaymentStatus


def held_for(session: Session, deliverable_id: UUID) -> Sequence[UUID]:
    """Return the payments that are held for a deliverable, in their order. The session must act as the system."""
    held = (Payment.deliverable_id == deliverable_id, Payment.status == PaymentStatus.HELD)
    return session.scalars(sa.select(Payment.id).where(*held).order_by(Payment.position)).all()
