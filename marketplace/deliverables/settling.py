"""The end of a deliverable: its days live are over, its money is released, and its price teaches what such videos cost.

Everything here is done by the system, in one transaction with the move that it follows from.
"""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids.pricing_models import PricingModel
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.money import Money
from marketplace.deals import service as deals
from marketplace.deals.models import UNDER_WAY, Deliverable, DeliverableStatus
from marketplace.deliverables import escrow, milestones, owed_work, publishing
from marketplace.deliverables.owed_work import OwedWork
from marketplace.deliverables.publishing import LiveDays
from marketplace.deliverables.results.models import DeliverableResult
from marketplace.deliverables.results.result_price import DuePrice, FinalFigures, due_price, measure_of
from marketplace.identity.party_days import day_of
from marketplace.matching.pricing import settled_videos
from marketplace.matching.pricing.settled_videos import SettledVideo
from marketplace.payments import service as payments

ENDED = (DeliverableStatus.DONE, DeliverableStatus.MISSED, DeliverableStatus.CANCELLED)


def finish(session: Session, deliverable_id: UUID) -> bool:
    """End a deliverable whose days live are over: pay it, keep its price, and complete its deal if it was the last.

    Returns whether it ended. A second run finds nothing to do; nor does one while a report that the video was taken
    down waits, the result of a variable price is open, or the deal is over or disputed.
    """
    owed = owed_work.lock(session, deliverable_id)
    if owed.row.status != DeliverableStatus.LIVE or owed.deal.status not in UNDER_WAY:
        return False
    published = publishing.live_days(session, deliverable_id)
    is_due = owed.is_over(published.keep_live_until) and publishing.open_report(session, deliverable_id) is None
    due = _due(session, owed) if is_due else None
    if due is None:
        return False
    owed_work.move(session, SYSTEM, owed, "finish")
    _pay(session, owed, published, due.due_minor)
    _teach(session, owed, due)
    _complete(session, owed)
    return True


def _due(session: Session, owed: OwedWork) -> DuePrice | None:
    """Return what a video has come to; None while the result of a variable price is open."""
    figures = FinalFigures()
    if measure_of(owed.content) is not None:
        result = session.scalars(sa.select(DeliverableResult).filter_by(deliverable_id=owed.row.id)).one()
        if result.final_at is None:
            return None
        figures = FinalFigures(result.views, result.actions, result.sales_minor)
    return due_price(owed.content, owed.row.position, figures)


def _pay(session: Session, owed: OwedWork, published: LiveDays, due_minor: int) -> None:
    """Release what is due of what is held for a deliverable, and return the rest; the agency's share goes by its
    mandate on the day that the terms name. Of several payments the first ones are due first."""
    agency = milestones.agency_part(session, owed, published.published_at)
    left = max(0, due_minor - escrow.released_for(session, owed.row.id))
    for payment_id, amount_minor in escrow.held_for(session, owed.row.id).items():
        due = Money(owed.deal.currency, min(left, amount_minor))
        payments.release(session, SYSTEM, payment_id, due=due, agency=agency)
        left -= due.amount


def _teach(session: Session, owed: OwedWork, due: DuePrice) -> None:
    """Keep what a video was settled for, without extras, which no other video has. Goods are no price."""
    deal, content, line = owed.deal, owed.content, owed.line
    if line["kind"] == "image" or content["pricing"]["model"] == PricingModel.BARTER:
        return
    exclusivity = content["rights"]["exclusivity"]
    video = SettledVideo(
        deliverable_id=owed.row.id,
        bid_id=deal.bid_id,
        channel_id=owed.row.channel_id,
        brand_id=deal.brand_id,
        agency_id=deal.agency_id,
        price=Money(deal.currency, due.due_minor - due.extras_minor),
        settled_on=day_of(deal.timezone, now()),
        pricing_model=content["pricing"]["model"],
        length_tier=line["length_tier"],
        rights=[name for name, right in content["rights"].items() if right is not None],
        exclusivity_days=0 if exclusivity is None else exclusivity["days"],
    )
    settled_videos.store(session, video)


def _complete(session: Session, owed: OwedWork) -> None:
    """Complete a deal of which nothing is owed any more."""
    open_ = sa.exists().where(Deliverable.deal_id == owed.deal.id, Deliverable.status.not_in(ENDED))
    if not session.scalar(sa.select(open_)):
        owed.deal.ended_at = now()
        deals.apply(session, SYSTEM, owed.deal, "complete", **deals.event_data(owed.deal))
        session.flush()
