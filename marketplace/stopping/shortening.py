"""Take what is not live out of a deal by its quote: what is due is paid, the rest goes back, and days are free."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, ids, states
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.money import Money
from marketplace.deals import service as deals
from marketplace.deals import signing
from marketplace.deals.models import Deal, DealStatus, DealTerms, Deliverable, DeliverableStatus
from marketplace.deals.states import DELIVERABLE_TRANSITIONS
from marketplace.identity.party_days import day_of
from marketplace.pacing import signed_promises
from marketplace.payments import service as payments
from marketplace.payments.models import PaymentStatus
from marketplace.payments.service import AgencyPart
from marketplace.stopping import standstill, stop_records
from marketplace.stopping.models import StopOutcome
from marketplace.stopping.quotes import Quote


def shorten(session: Session, actor: Actor, deal: Deal, quote: Quote, asked_at: datetime) -> None:
    """Cancel what a quote names, at exactly its costs; the caller has locked the deal. What is live goes on to be
    settled, and the deal with it; without anything live the deal is cancelled.

    An agency's share of what is due goes by its mandate on the day on which the cancellation was asked for.
    """
    agency = payments.agency_part(session, deal.creator_id, deal.agency_id, day_of(deal.timezone, asked_at))
    for line in quote.lines:
        deliverable_id = ids.read("dlv", line["deliverable_id"])
        cancel_one(session, actor, deal, deliverable_id)
        pay_due(session, deal, deliverable_id, int(line["due_minor"]), agency)
    until = quote.content["exclusive_until"]
    _go_on_or_end(session, actor, deal, date.fromisoformat(until) if until else None)


def cancel_one(session: Session, actor: Actor, deal: Deal, deliverable_id: UUID) -> None:
    """Cancel one deliverable of a locked deal, and free its booked days. Raises WrongState."""
    row = db.lock(session, Deliverable, deliverable_id)
    said: dict[str, Any] = {"deal_id": str(deal.id), "position": row.position}
    states.apply_transition(session, row, DELIVERABLE_TRANSITIONS, "cancel", actor, parties=deal.parties, **said)
    with db.acting_as(session, SYSTEM):
        signed_promises.free_video(session, deal.id, row.position)


def pay_due(session: Session, deal: Deal, deliverable_id: UUID, due_minor: int, agency: AgencyPart | None) -> None:
    """End what is held for a deliverable: so much of it is due to the maker's side, in the order of its payments, and
    the rest is returned."""
    for payment in payments.of_deal(session, deal.id):
        if payment.deliverable_id == deliverable_id and payment.status == PaymentStatus.HELD:
            part = min(due_minor, payment.amount_minor)
            due_minor -= part
            # By the system, as every release: the sides have said what is due, and not that money moves.
            payments.stop(session, SYSTEM, payment.id, due=Money(deal.currency, part), agency=agency)


def end_promises(session: Session, actor: Actor, deal: Deal, until: date | None) -> None:
    """Let a deal's exclusivity end on a day, at once without one, and free what is booked for it."""
    content = session.get_one(DealTerms, deal.terms_id).content
    with db.acting_as(session, SYSTEM):
        signed_promises.end_on(session, actor, signing.promising(deal, content), until)


def statuses_of(session: Session, deal: Deal) -> set[DeliverableStatus]:
    session.flush()
    return set(session.scalars(sa.select(Deliverable.status).where(Deliverable.deal_id == deal.id)))


def _go_on_or_end(session: Session, actor: Actor, deal: Deal, until: date | None) -> None:
    left = statuses_of(session, deal)
    if left & standstill.BEFORE_LIVE:
        return
    end_promises(session, actor, deal, until)
    if DeliverableStatus.LIVE in left:
        if deal.status != DealStatus.ACTIVE:
            name = "resume" if deal.status == DealStatus.PAUSED else "cut_short"
            deals.apply(session, actor, deal, name, **deals.event_data(deal))
        if deal.stopped_at is not None:
            standstill.end(session, actor, deal)
    else:
        if deal.status != DealStatus.CANCELLING:
            deals.apply(session, actor, deal, "ask_to_cancel", **deals.event_data(deal))
        deals.apply(session, actor, deal, "cancel", **deals.event_data(deal))
        deal.ended_at, deal.stopped_at = now(), None
    stop_records.end_open(session, actor, deal.id, StopOutcome.CANCELLED)
    session.flush()
