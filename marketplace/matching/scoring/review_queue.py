"""Lays the matches of a closed brief before the reviewers, with what is risky about each."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.briefs.models import Brief
from marketplace.core.clock import now
from marketplace.matching.audience import grid
from marketplace.matching.forecast import flags
from marketplace.matching.scoring import numbers
from marketplace.reviews import service as reviews
from marketplace.reviews.risk import RiskFacts

_MATCHES = sa.text(
    f"SELECT m.id AS bid_id, m.revision_id, m.snapshot_id, m.fingerprint, {numbers.TOLD}, b.creator_id,"
    " b.agency_id, b.brand_id,"
    " NOT EXISTS (SELECT 1 FROM bids e WHERE e.creator_id = b.creator_id AND e.status = 'accepted') AS first_time"
    f" FROM matches m JOIN bids b ON b.id = m.id {numbers.TOLD_FROM}"
    " LEFT JOIN reviews r ON r.subject_id = m.id AND r.subject_kind = 'bid'"
    " WHERE m.brief_id = :brief_id AND b.status = 'open' AND r.seen_fingerprint IS DISTINCT FROM m.fingerprint"
    " ORDER BY m.rank"
)


def put_all(session: Session, brief: Brief) -> int:
    """Put every open bid of the brief into the queue; returns how many reviews are new or changed."""
    rows: Sequence[Any] = session.execute(_MATCHES, {"brief_id": brief.id}).mappings().all()
    today = now().date()
    return sum(_put(session, brief, row, today) for row in rows)


def _put(session: Session, brief: Brief, row: Any, today: date) -> bool:
    parties: list[UUID] = [one for one in (row["creator_id"], row["agency_id"], row["brand_id"]) if one is not None]
    return reviews.put(
        session,
        subject_kind="bid",
        subject_id=row["bid_id"],
        about_id=brief.id,
        parties=parties,
        facts=facts(numbers.of_row(row), row, today),
        fingerprint=row["fingerprint"],
    )


def facts(told: dict[str, Any], row: Any, today: date) -> RiskFacts:
    """Return what a match tells of risk."""
    per_thousand, ceiling = told["per_thousand"][0], told["ceiling"]
    taken_on = date.fromisoformat(told["taken_on"]) if told["taken_on"] else None
    # A list of the top regions is a list: what it leaves open follows the prior without a risk.
    missing = [f"{name}_from_prior" for name in grid.LISTS if f"{name}_from_prior" in told["audience_flags"]]
    return RiskFacts(
        currency=told["currency"],
        amount_minor=told["cost"][0],
        snapshot_flags=tuple(flags.snapshot(row["flag_bits"])),
        snapshot_age_days=None if taken_on is None else (today - taken_on).days,
        margins_missing=len(missing),
        intrusiveness_low=told["intrusiveness"][1],
        intrusiveness_high=told["intrusiveness"][2],
        tolerance=float(told["tolerance"]),
        percentile=told["percentile"],
        comparables=int(told["comparables"] or 0),
        over_ceiling=None if per_thousand is None else per_thousand / ceiling,
        first_time=row["first_time"],
        told=f"{row['revision_id']} {row['snapshot_id']}",
    )
