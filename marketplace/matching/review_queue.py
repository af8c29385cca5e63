"""Lays the matches of a closed brief before the reviewers, with what is risky about each."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.briefs.models import Brief
from marketplace.core.clock import now
from marketplace.reviews import service as reviews
from marketplace.reviews.risk import RiskFacts

_MATCHES = sa.text(
    "SELECT m.bid_id, m.fingerprint, m.parts, m.flags, b.creator_id, b.agency_id, b.brand_id,"
    " NOT EXISTS (SELECT 1 FROM bids e WHERE e.creator_id = b.creator_id AND e.status = 'accepted') AS first_time"
    " FROM matches m JOIN bids b ON b.id = m.bid_id"
    " LEFT JOIN reviews r ON r.subject_id = m.bid_id AND r.subject_kind = 'bid'"
    " WHERE m.brief_id = :brief_id AND b.status = 'open' AND r.seen_fingerprint IS DISTINCT FROM m.fingerprint"
    " ORDER BY m.rank"
)


def put_all(session: Session, brief: Brief) -> int:
    """Put every open bid of the brief into the queue; returns how many reviews are new or changed."""
    rows: Sequence[Any] = session.execute(_MATCHES, {"brief_id": brief.id}).all()
    today = now().date()
    return sum(_put(session, brief, row, today) for row in rows)


def _put(session: Session, brief: Brief, row: Any, today: date) -> bool:
    parties: list[UUID] = [one for one in (row.creator_id, row.agency_id, row.brand_id) if one is not None]
    return reviews.put(
        session,
        subject_kind="bid",
        subject_id=row.bid_id,
        about_id=brief.id,
        parties=parties,
        facts=facts(row.parts, row.flags, row.first_time, today),
        fingerprint=row.fingerprint,
    )


def facts(parts: dict[str, Any], flags: Sequence[str], first_time: bool, today: date) -> RiskFacts:
    """Return what a match tells of risk."""
    per_thousand, ceiling = parts["per_thousand"][0], parts["ceiling"]
    taken_on = date.fromisoformat(parts["taken_on"]) if parts["taken_on"] else None
    missing = [flag for flag in parts["audience_flags"] if flag.endswith("_from_prior")]
    return RiskFacts(
        currency=parts["currency"],
        amount_minor=parts["cost"][0],
        snapshot_flags=tuple(flag.removeprefix("snapshot:") for flag in flags if flag.startswith("snapshot:")),
        snapshot_age_days=None if taken_on is None else (today - taken_on).days,
        margins_missing=len(missing),
        intrusiveness_low=parts["intrusiveness"][1],
        intrusiveness_high=parts["intrusiveness"][2],
        tolerance=float(parts["tolerance"]),
        percentile=parts["percentile"],
        comparables=int(parts["comparables"] or 0),
        over_ceiling=None if per_thousand is None else per_thousand / ceiling,
        first_time=first_time,
    )
