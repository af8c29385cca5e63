"""Prices that the market's own deals close at: an accepted bid is one, and is none any more once it is stepped back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids.models import Bid, BidRevision, BidStatus
from marketplace.bids.pricing_models import PricingModel
from marketplace.briefs.models import BriefVersion
from marketplace.channels.models import Channel
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.money import Money
from marketplace.matching.pricing import settled_deals
from marketplace.matching.pricing.models import DealPrice, DealSide, DealSource
from marketplace.matching.pricing.settled_deals import ReportedDeal

FOLLOW_ACCEPTANCE = "matching.follow-acceptance"
# The option that was accepted; the bid's own price where none was named. And when it was accepted last.
_ACCEPTED = sa.text(
    "SELECT coalesce(b.accepted_option, 0) AS option,"
    " (SELECT max(e.created_at) FROM events e WHERE e.subject_id = b.id AND e.kind = 'bids.accept') AS at"
    " FROM bids b WHERE b.id = :bid_id"
)


def follow_acceptance(session: Session, bid_id: UUID) -> bool:
    """Store what an accepted bid closed at, or take it back if the bid is not accepted; return whether that changed.

    Only a flat price is a price yet: a variable one is known once it is settled. May run any number of times.
    """
    bid = session.get(Bid, bid_id, with_for_update=True, populate_existing=True)
    if bid is None:
        return False
    stored = session.scalar(
        sa.select(DealPrice).where(
            DealPrice.bid_id == bid_id, DealPrice.source == DealSource.MARKET, DealPrice.removed_at.is_(None)
        )
    )
    closed = _closed_at(session, bid) if bid.status == BidStatus.ACCEPTED else None
    if stored is not None and closed is not None and _same(stored, closed):
        return False
    if stored is not None:
        stored.removed_at = now()
        stored.version += 1
        session.flush()
        settled_deals.record_event(session, SYSTEM, stored, "deal_prices.remove")
    if closed is not None:
        session.add(closed)
        session.flush()
        settled_deals.record_event(session, SYSTEM, closed, "deal_prices.new")
    return stored is not None or closed is not None


def _same(stored: DealPrice, closed: DealPrice) -> bool:
    return (stored.deal_minor, stored.length_tier) == (closed.deal_minor, closed.length_tier)


def _closed_at(session: Session, bid: Bid) -> DealPrice | None:
    """Return the price of one video of an accepted bid; None if its price is not flat, or nothing."""
    revision = session.get_one(BidRevision, bid.revision_id)
    accepted = session.execute(_ACCEPTED, {"bid_id": bid.id}).one()
    at: datetime = accepted.at or now()
    videos = revision.terms[-1]
    price = round(revision.option_costs[accepted.option] / videos) if videos else 0
    if revision.pricing_model != PricingModel.FLAT or price < 1:
        return None
    bought = sorted(name for name, amount in (revision.price.get("rights") or {}).items() if amount)
    days = _exclusivity_days(session, revision) if "exclusivity" in bought else 0
    deal = ReportedDeal(
        deal_price=Money(revision.currency, price),
        settled_on=at.date(),
        bid_id=bid.id,
        pricing_model=revision.pricing_model,
        length_tier=_length(revision, accepted.option),
        # A right whose extent nobody stated teaches nothing of what it is worth.
        rights=[name for name in bought if name != "exclusivity" or days],
        exclusivity_days=days,
    )
    row = settled_deals.row_of(session, session.get_one(Channel, bid.channel_id), deal, DealSide.PLATFORM)
    row.source, row.bid_id, row.agency_id = DealSource.MARKET, bid.id, bid.agency_id
    row.brand_id, row.brand_key = bid.brand_id, f"id:{bid.brand_id}"
    row.confirmed_by, row.confirmed_at = DealSide.PLATFORM, at
    return row


def _length(revision: BidRevision, option: int) -> str | None:
    if option < len(revision.options):
        return str(revision.options[option]["length_tier"])
    tiers = (line.get("length_tier") for line in revision.deliverables if line["kind"] != "image")
    return next((tier for tier in tiers if tier), None)


def _exclusivity_days(session: Session, revision: BidRevision) -> int:
    content: Mapping[str, Any] = session.get_one(BriefVersion, revision.brief_version_id).content
    return int(((content.get("rights") or {}).get("exclusivity") or {}).get("days") or 0)
