"""Reviews in every state, laid into the queue and decided through the service."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from marketplace.core import db
from marketplace.core.ids import new_id
from marketplace.reviews import service
from marketplace.reviews.models import Review
from marketplace.reviews.risk import RiskFacts
from tests.make.people import Somebody, somebody

CALM = RiskFacts(
    currency="CNY",
    amount_minor=8_000_000,
    snapshot_flags=(),
    snapshot_age_days=10,
    margins_missing=0,
    intrusiveness_low=10,
    intrusiveness_high=15,
    tolerance=30,
    percentile=50,
    comparables=12,
    over_ceiling=1,
    first_time=False,
)
SEVERE: dict[str, Any] = {"intrusiveness_high": 70.0}


def facts(**changes: Any) -> RiskFacts:
    """Facts without any risk, but for the changes."""
    return replace(CALM, **changes)


def put(
    bid_id: UUID, fingerprint: str = "a", *, about_id: UUID | None = None, parties: Sequence[UUID] = (), **changes: Any
) -> bool:
    with db.transaction() as session:
        return service.put(
            session,
            subject_kind="bid",
            subject_id=bid_id,
            about_id=about_id or new_id(),
            parties=parties,
            facts=facts(**changes),
            fingerprint=fingerprint,
        )


def review(about_id: UUID | None = None, parties: Sequence[UUID] = (), **changes: Any) -> Review:
    """A new review of a new bid, with fingerprint `a`."""
    time.sleep(0.002)  # ids sort by the millisecond, and the queue by age
    bid_id = new_id()
    put(bid_id, about_id=about_id, parties=parties, **changes)
    return of(bid_id)


def of(bid_id: UUID) -> Review:
    with db.transaction() as session:
        return session.scalars(sa.select(Review).where(Review.subject_id == bid_id)).one()


def admins(count: int) -> list[Somebody]:
    """Different people of the platform, of one party."""
    first = somebody("platform")
    return [first, *(somebody("platform", party_id=first.party_id) for _ in range(count - 1))]


def decide(
    who: Somebody, review_id: UUID, verdict: str, override: dict[str, Any] | None = None, reason: str = "数据已核对"
) -> None:
    with db.transaction(who.actor) as session:
        service.decide(
            session, who.actor, review_id, verdict=verdict, reason=reason, seen_fingerprint=None, override=override
        )


def standing(status: str, first: Somebody, other: Somebody, **changes: Any) -> Review:
    """A review that has come to this state; in `second` the first person has approved."""
    made = review(**({**SEVERE} if status == "second" else {}), **changes)
    if status in ("approved", "second"):
        decide(first, made.id, "approve")
    elif status == "dropped":
        with db.transaction() as session:
            assert service.drop(session, "bid", [made.subject_id]) == 1
    elif status != "open":
        decide(other, made.id, {"held": "hold", "rejected": "reject"}[status])
    return of(made.subject_id)
