"""What of a video's price is paid before it is settled: released when its milestone is reached, or a later one."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.deals.terms.terms_document import MILESTONES
from marketplace.deliverables import extra_rounds
from marketplace.deliverables.owed_work import OwedWork
from marketplace.identity.party_days import day_of
from marketplace.payments import service as payments
from marketplace.payments.models import Payment, PaymentStatus
from marketplace.payments.service import AgencyPart


def reach(session: Session, owed: OwedWork, milestone: str) -> None:
    """Release what is held for a milestone of a deliverable, and for those that come before it, and what rounds of
    changes were bought until then; those that were not paid in lapse. The agency's share goes by its mandate of today,
    or of the agreement where the terms name that."""
    reached = MILESTONES[: MILESTONES.index(milestone) + 1]
    reached += tuple(f"{kind}_round" for kind, at in extra_rounds.ROUND_ENDS.items() if at in reached)
    with db.acting_as(session, SYSTEM):
        extra_rounds.drop_unpaid(session, owed, milestone)
        for payment_id in _held(session, owed.row.id, reached):
            payments.release(session, SYSTEM, payment_id, agency=agency_part(session, owed, now()))


def agency_part(session: Session, owed: OwedWork, at: datetime) -> AgencyPart | None:
    """Return the agency's part of what is paid at a moment, by the mandate of the day that the terms name."""
    deal = owed.deal
    rule = deal.split_rule or owed.content["split"]  # frozen when the deal was paid in
    day = at if rule["day"] == "publication" else deal.agreed_at
    assert day is not None, "what is paid was agreed"
    return payments.agency_part(session, deal.creator_id, deal.agency_id, day_of(deal.timezone, day))


def _held(session: Session, deliverable_id: UUID, reached: tuple[str, ...]) -> list[UUID]:
    query = sa.select(Payment.id).where(
        Payment.deliverable_id == deliverable_id,
        Payment.status == PaymentStatus.HELD,
        Payment.milestone.in_(reached),
    )
    return list(session.scalars(query.order_by(Payment.position)))
