"""From what both sides have confirmed to money in escrow: a deal's payments are planned by its terms, and with all of
them paid in the deal is active. What comes in for a deal that has lapsed goes back."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.states import apply_transition
from marketplace.deals.models import Deal, DealStatus, DealTerms, Deliverable
from marketplace.deals.states import DEAL_TRANSITIONS
from marketplace.deals.terms.terms_document import paid_parts
from marketplace.payments import receipts, service
from marketplace.payments.models import Receipt
from marketplace.payments.receipts import ConfirmedReceipt, NewReceipt
from marketplace.payments.service import DealSides, PlannedPayment


def begin(session: Session, actor: Actor, deal: Deal) -> None:
    """Plan the payments of a deal that both sides have just confirmed. With nothing to pay, as for goods alone, it is
    active at once. The caller has locked the deal."""
    plan_payments(session, actor, deal)
    with db.acting_as(session, SYSTEM):
        if not service.of_deal(session, deal.id):
            _activate(session, SYSTEM, deal)


def plan_payments(session: Session, actor: Actor, deal: Deal) -> None:
    """Plan a payment for each deliverable of a deal that both sides have confirmed, at its own price with what extras
    of it cost, and one for each of its milestones, once. The caller has locked the deal. Does nothing before both have
    confirmed."""
    with db.acting_as(session, SYSTEM):
        if service.of_deal(session, deal.id) or deal.terms_id is None:
            return
        query = sa.select(Deliverable).where(Deliverable.deal_id == deal.id).order_by(Deliverable.position)
        content = session.get_one(DealTerms, deal.terms_id).content
        planned = [
            PlannedPayment(part.amount_minor, row.channel_id, row.id, part.milestone)
            for row in session.scalars(query)
            for part in paid_parts(content, row.position)
        ]
        if not planned:
            return
        sides = DealSides(
            deal.id,
            deal.brand_id,
            deal.creator_id,
            deal.agency_id,
            deal.currency,
            int(content["fee_basis_points"]),
        )
        service.plan(session, actor, sides, payments=planned)


def record_receipt(session: Session, actor: Actor, deal_id: UUID, given: NewReceipt) -> Receipt:
    """Record that money came in for a deal; another person confirms it. Raises what `receipts.record` raises."""
    with db.acting_as(session, SYSTEM):
        _payable_deal(session, deal_id)
        return receipts.record(session, actor, deal_id, given)


def confirm_receipt(session: Session, actor: Actor, receipt_id: UUID) -> ConfirmedReceipt:
    """Confirm, as another person than whoever recorded it, that money came in. With the whole there the deal is active,
    and its split rule stands. Raises what `receipts.confirm` raises."""
    with db.acting_as(session, SYSTEM):
        deal = _payable_deal(session, db.get(session, Receipt, receipt_id).deal_id)
        done = receipts.confirm(session, actor, receipt_id)
        if done.funded and deal.status == DealStatus.AGREED:  # later, it paid for one more round
            _activate(session, actor, deal)
        return done


def take_receipt(session: Session, deal_id: UUID, given: NewReceipt) -> ConfirmedReceipt:
    """Take what a provider says came in for a deal, which needs no person. With the whole there the deal is active.
    Raises what `receipts.take` raises."""
    with db.acting_as(session, SYSTEM):
        deal = _payable_deal(session, deal_id)
        done = receipts.take(session, deal_id, given)
        if done.funded and deal.status == DealStatus.AGREED:  # later, it paid for one more round
            _activate(session, SYSTEM, deal)
        return done


def _activate(session: Session, actor: Actor, deal: Deal) -> None:
    content = session.get_one(DealTerms, deal.terms_id).content
    deal.split_rule = dict(content["split"])
    apply_transition(session, deal, DEAL_TRANSITIONS, "fund", actor, parties=deal.parties)
    session.flush()


def _payable_deal(session: Session, deal_id: UUID) -> Deal:
    """Lock a deal, with its payments planned if both sides have confirmed it, and lapsed if the deal is."""
    deal = db.lock(session, Deal, deal_id)
    plan_payments(session, SYSTEM, deal)
    if deal.status == DealStatus.LAPSED:
        receipts.lapse(session, SYSTEM, deal.id)
    return deal
