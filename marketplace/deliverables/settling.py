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
from marketplace.identity.party_days import day_of
from marketplace.matching.pricing import settled_videos
from marketplace.matching.pricing.settled_videos import SettledVideo
from marketplace.payments import service as payments

# What others cost is known when their views are final.
SETTLED_AS_AGREED = (PricingModel.FLAT, PricingModel.BARTER)
ENDED = (DeliverableStatus.DONE, DeliverableStatus.MISSED, DeliverableStatus.CANCELLED)


def finish(session: Session, deliverable_id: UUID) -> bool:
    """End a deliverable whose days live are over: pay it, keep its price, and complete its deal if it was the last.

    Returns whether it ended. A second run finds nothing to do; nor does one while a report that the video was taken
    down waits, or the deal is over or disputed.
    """
    owed = owed_work.lock(session, deliverable_id)
    if owed.row.status != DeliverableStatus.LIVE or owed.deal.status not in UNDER_WAY:
        return False
    published = publishing.live_days(session, deliverable_id)
    is_due = owed.is_over(published.keep_live_until) and publishing.open_report(session, deliverable_id) is None
    if not is_due or owed.content["pricing"]["model"] not in SETTLED_AS_AGREED:
        return False
    owed_work.move(session, SYSTEM, owed, "finish")
    _pay(session, owed, published)
    _teach(session, owed)
    _complete(session, owed)
    return True


def _pay(session: Session, owed: OwedWork, published: LiveDays) -> None:
    """Release what is held for a deliverable; the agency's share goes by its mandate on the day that the terms name."""
    agency = milestones.agency_part(session, owed, published.published_at)
    for payment_id in escrow.held_for(session, owed.row.id):
        payments.release(session, SYSTEM, payment_id, agency=agency)


def _teach(session: Session, owed: OwedWork) -> None:
    """Keep what a video was settled for, without extras, which no other video has."""
    deal, content, line = owed.deal, owed.content, owed.line
    if line["kind"] == "image" or content["pricing"]["model"] != PricingModel.FLAT:
        return
    exclusivity = content["rights"]["exclusivity"]
    video = SettledVideo(
        deliverable_id=owed.row.id,
        bid_id=deal.bid_id,
        channel_id=owed.row.channel_id,
        brand_id=deal.brand_id,
        agency_id=deal.agency_id,
        price=Money(deal.currency, line["price_minor"]),
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
