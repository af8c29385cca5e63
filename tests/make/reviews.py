"""Reviews in every state, laid into the queue and decided through the service."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from marketplace.core import db
from marketplace.core.ids import new_id
from marketplace.reviews import decisions, review_entry
from marketplace.reviews.decisions import WantedDecision
from marketplace.reviews.models import Review
from marketplace.reviews.review_entry import ReviewSubject
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
# One person has to look, two people have to look.
RISKY: dict[str, Any] = {"below_market": True}
SEVERE: dict[str, Any] = {"intrusiveness_high": 70.0, "below_market": False}


def facts(**changes: Any) -> RiskFacts:
    """Facts without any risk, but for the changes."""
    return replace(CALM, **changes)


def subject(
    bid_id: UUID,
    fingerprint: str = "a",
    *,
    about_id: UUID | None = None,
    parties: Sequence[UUID] = (),
    is_near: bool = True,
    **changes: Any,
) -> ReviewSubject:
    """A subject that one person has to look at, unless the changes say that it is not `below_market`."""
    return ReviewSubject(
        subject_id=bid_id,
        about_id=about_id or new_id(),
        parties=tuple(parties),
        facts=facts(**{**RISKY, **changes}),
        fingerprint=fingerprint,
        is_near=is_near,
    )


def put(bid_id: UUID, fingerprint: str = "a", **changes: Any) -> bool:
    with db.transaction() as session:
        return review_entry.put(session, "bid", [subject(bid_id, fingerprint, **changes)]) == 1


def review(about_id: UUID | None = None, **changes: Any) -> Review:
    """A new review of a new bid, with fingerprint `a`."""
    time.sleep(0.002)  # ids sort by the millisecond, and the queue by age
    bid_id = new_id()
    put(bid_id, about_id=about_id, **changes)
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
        decisions.decide(session, who.actor, review_id, WantedDecision(verdict, reason, None, override))


def standing(status: str, first: Somebody, other: Somebody, **changes: Any) -> Review:
    """A review that has come to this state; in `second` the first person has approved."""
    made = review(**{**(SEVERE if status == "second" else {}), "is_near": status != "deferred", **changes})
    if status in ("approved", "second"):
        decide(first, made.id, "approve")
    elif status == "dropped":
        with db.transaction() as session:
            assert review_entry.drop(session, [made.subject_id]) == 1
    elif status == "passed":
        put(made.subject_id, "passed", about_id=made.about_id, parties=made.party_ids, below_market=False)
    elif status not in ("open", "deferred"):
        decide(other, made.id, {"held": "hold", "rejected": "reject"}[status])
    return of(made.subject_id)
