"""Deals that come to nothing without an answer: by the clock, with their brief, or because a side steps back."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids import service as bids
from marketplace.bids.bid_queries import ShownBid
from marketplace.bids.models import Bid, BidStatus
from marketplace.briefs import bidding
from marketplace.briefs.models import Brief, BriefStatus
from marketplace.core import db, states
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import WrongState
from marketplace.core.events import Event
from marketplace.deals import deal_refusals, policy, service, signing
from marketplace.deals.models import Deal, DealStatus, DealTerms, Deliverable
from marketplace.deals.states import DELIVERABLE_TRANSITIONS
from marketplace.pacing import signed_promises
from marketplace.payments import receipts

LAPSE = "deals.lapse"
CATCH_UP = "deals.catch-up"
BATCH = 100  # deals that one job ends or makes in one transaction


def lapse_overdue(session: Session) -> int:
    """Lapse up to BATCH deals that nobody answered or paid in in time; returns how many. Their bids are open again, and
    what they promised of their channels' days is free."""
    late = sa.or_(
        sa.and_(Deal.status == DealStatus.OFFERED, Deal.answer_by <= now()),
        sa.and_(Deal.status == DealStatus.AGREED, Deal.fund_by <= now()),
    )
    return _lapse_some(session, late)


def lapse_for_brief(session: Session, brief_id: UUID) -> int:
    """Lapse up to BATCH deals of a cancelled brief that both sides have not confirmed; returns how many. Those that
    both have confirmed stand. Does nothing for another brief."""
    cancelled = sa.exists().where(Brief.id == Deal.brief_id, Brief.status == BriefStatus.CANCELLED)
    return _lapse_some(session, Deal.brief_id == brief_id, Deal.status == DealStatus.OFFERED, cancelled)


def _lapse_some(session: Session, *where: sa.ColumnElement[bool]) -> int:
    # In the order of bids, as every job that locks several of them; each deal is looked at again once it is locked.
    due = session.execute(
        sa.select(Deal.id, Deal.bid_id, Deal.brief_id).where(*where).order_by(Deal.bid_id).limit(BATCH)
    ).all()
    lapsed = 0
    for deal_id, bid_id, brief_id in due:
        bidding.hold(session, brief_id)
        bid = db.lock(session, Bid, bid_id)
        found = sa.select(Deal).where(Deal.id == deal_id, *where).with_for_update()
        deal = session.scalar(found.execution_options(populate_existing=True))
        if deal is not None:
            _lapse(session, deal, bid)
            lapsed += 1
    return lapsed


def _lapse(session: Session, deal: Deal, bid: Bid) -> None:
    if deal.status == DealStatus.AGREED:
        terms = session.get_one(DealTerms, deal.terms_id)
        signed_promises.free(session, SYSTEM, signing.promising(deal, terms.content))
        _cancel_deliverables(session, deal)
        receipts.lapse(session, SYSTEM, deal.id)
    service.turn_away(session, SYSTEM, deal, "lapse", None)
    # One that was voided in the meantime is over already.
    if bid.status == BidStatus.ACCEPTED:
        bids.put_back(session, SYSTEM, bid)


def _cancel_deliverables(session: Session, deal: Deal) -> None:
    for row in session.scalars(sa.select(Deliverable).where(Deliverable.deal_id == deal.id).with_for_update()):
        said: dict[str, Any] = {"deal_id": str(deal.id), "position": row.position}
        states.apply_transition(session, row, DELIVERABLE_TRANSITIONS, "cancel", SYSTEM, parties=deal.parties, **said)


def step_back(session: Session, actor: Actor, bid_id: UUID, *, reason: str) -> ShownBid:
    """Step back from an acceptance and from the deal that it made, in one act, with a reason that both sides read.

    The brand's step leaves the bid open, as it was before; the bidder's takes it back. Raises NotFound, NotAllowed, and
    WrongState where both sides have confirmed the deal.
    """
    shown = bids.step_back(session, actor, bid_id, reason=reason)
    with db.acting_as(session, SYSTEM):
        living = sa.select(Deal).where(Deal.bid_id == bid_id, Deal.status != DealStatus.LAPSED).with_for_update()
        deal = session.scalar(living.execution_options(populate_existing=True))
    if deal is not None:
        policy.require_mandate(session, actor, deal)
        if deal.status != DealStatus.OFFERED:
            raise WrongState(deal_refusals.STANDS, state=str(deal.status))
        name = service.away_name(deal, policy.side_of(actor))
        service.turn_away(session, actor, deal, name, reason)
    return shown


def catch_up(session: Session) -> int:
    """Make the deals of up to BATCH accepted bids that have none, from before there were deals; returns how many."""
    none = ~sa.exists().where(Deal.bid_id == Bid.id, Deal.status != DealStatus.LAPSED)
    closed = sa.exists().where(Brief.id == Bid.brief_id, Brief.status == BriefStatus.CLOSED)
    accepted_at_a_price = sa.and_(Bid.status == BidStatus.ACCEPTED, Bid.accepted_cost_minor.is_not(None))
    query = sa.select(Bid).where(accepted_at_a_price, none, closed).order_by(Bid.id).limit(BATCH)
    found: Sequence[Bid] = session.scalars(query.with_for_update(skip_locked=True, of=Bid)).all()
    for bid in found:
        accepting = (Event.subject_id == bid.id, Event.kind == "bids.accept")
        accepted = session.scalars(sa.select(Event).where(*accepting).order_by(Event.id.desc()).limit(1)).first()
        aside = accepted is not None and "over_tolerance" in accepted.data.get("set_aside", ())
        person_id = None if accepted is None else accepted.actor_person_id
        service.offer(session, SYSTEM, bid, tolerance_aside=aside, accepted_by=person_id)
    return len(found)
