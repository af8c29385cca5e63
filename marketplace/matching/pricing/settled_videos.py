"""Prices of videos that were settled here: each is one, of itself, and counts in the place of what was accepted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels.models import Channel
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.money import Money
from marketplace.matching.pricing import settled_deals
from marketplace.matching.pricing.models import DealPrice, DealSide, DealSource
from marketplace.matching.pricing.settled_deals import ReportedDeal


@dataclass(frozen=True)
class SettledVideo:
    """A video that a deal owed, as it was settled: for how much, on which day, and what the price bought."""

    deliverable_id: UUID
    bid_id: UUID
    channel_id: UUID
    brand_id: UUID
    agency_id: UUID | None
    price: Money
    settled_on: date
    pricing_model: str
    length_tier: str | None
    rights: Sequence[str]
    exclusivity_days: int


def store(session: Session, video: SettledVideo) -> DealPrice | None:
    """Store what a video was settled for, and return it; None for a second time, and for what cost nothing.

    The session must act as the system.
    """
    known = sa.select(DealPrice.id).where(DealPrice.deliverable_id == video.deliverable_id)
    if video.price.amount < 1 or session.scalar(known) is not None:
        return None
    deal = ReportedDeal(
        deal_price=video.price,
        settled_on=video.settled_on,
        bid_id=video.bid_id,
        pricing_model=video.pricing_model,
        length_tier=video.length_tier,
        rights=video.rights,
        exclusivity_days=video.exclusivity_days,
    )
    row = settled_deals.row_of(session, session.get_one(Channel, video.channel_id), deal, DealSide.PLATFORM)
    row.source, row.deliverable_id, row.bid_id = DealSource.PLATFORM, video.deliverable_id, video.bid_id
    row.brand_id, row.brand_key, row.agency_id = video.brand_id, f"id:{video.brand_id}", video.agency_id
    row.confirmed_by, row.confirmed_at = DealSide.PLATFORM, now()
    session.add(row)
    session.flush()
    settled_deals.record_event(session, SYSTEM, row, "deal_prices.new")
    return row
