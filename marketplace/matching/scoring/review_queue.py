"""Puts the matches of a closed brief into the review queue, with the risks of each."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.briefs.models import Brief
from marketplace.core.clock import now
from marketplace.matching.audience import grid
from marketplace.matching.scoring import scored_bid
from marketplace.matching.scoring.scored_bid import ScoredBid
from marketplace.reviews import service as reviews
from marketplace.reviews.risk import RiskFacts

_MATCHES = sa.text(
    f"SELECT m.id AS bid_id, m.revision_id, m.snapshot_id, m.fingerprint, {scored_bid.COLUMNS}, b.creator_id,"
    " b.agency_id, b.brand_id,"
    " NOT EXISTS (SELECT 1 FROM bids e WHERE e.creator_id = b.creator_id AND e.status = 'accepted') AS first_time"
    f" FROM matches m JOIN bids b ON b.id = m.id {scored_bid.JOINS}"
    " LEFT JOIN reviews r ON r.subject_id = m.id AND r.subject_kind = 'bid'"
    " WHERE m.brief_id = :brief_id AND b.status = 'open' AND r.seen_fingerprint IS DISTINCT FROM m.fingerprint"
    " ORDER BY m.rank"
)


def queue_reviews(session: Session, brief: Brief) -> int:
    """Put every open bid of the brief into the queue, and return how many reviews are new or changed."""
    rows: Sequence[Any] = session.execute(_MATCHES, {"brief_id": brief.id}).mappings().all()
    today = now().date()
    return sum(_put(session, brief, row, today) for row in rows)


def _put(session: Session, brief: Brief, row: Any, today: date) -> bool:
    candidates = (row["creator_id"], row["agency_id"], row["brand_id"])
    parties: list[UUID] = [party for party in candidates if party is not None]
    return reviews.put(
        session,
        subject_kind="bid",
        subject_id=row["bid_id"],
        about_id=brief.id,
        parties=parties,
        facts=risk_facts(scored_bid.from_row(row), row, today),
        fingerprint=row["fingerprint"],
    )


def risk_facts(bid: ScoredBid, row: Any, today: date) -> RiskFacts:
    """Return the facts of a match that the risk of its bid is rated by."""
    per_thousand, (_, low, high) = bid.per_thousand.point, bid.intrusiveness
    # Every bid has a plan, and every plan is scored when the bid is placed.
    assert low is not None
    assert high is not None
    # Only an absent list is a risk. A list of the top regions counts as a list, although the prior fills its rest.
    missing = [f"{name}_from_prior" for name in grid.LISTS if f"{name}_from_prior" in bid.audience_flags]
    return RiskFacts(
        currency=bid.currency,
        amount_minor=bid.cost.point,
        snapshot_flags=bid.snapshot_flags,
        snapshot_age_days=None if bid.taken_on is None else (today - bid.taken_on).days,
        margins_missing=len(missing),
        intrusiveness_low=low,
        intrusiveness_high=high,
        tolerance=bid.tolerance,
        percentile=bid.percentile,
        comparables=bid.comparables,
        over_ceiling=None if per_thousand is None else per_thousand / bid.ceiling_minor,
        first_time=row["first_time"],
        told=f"{row['revision_id']} {row['snapshot_id']}",
    )
