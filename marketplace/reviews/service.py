"""Read the queue of reviews: in the order of work, one review with its decisions, and how many there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import Actor
from marketplace.core.events import Event
from marketplace.core.http.paging import Page
from marketplace.core.ids import show
from marketplace.reviews import policy
from marketplace.reviews.models import Review, ReviewDecision, ReviewStatus
from marketplace.reviews.risk import CODES
from marketplace.reviews.states import PENDING

SUBJECT_PREFIXES = {"bid": "bid"}
# The events that hold the facts with which a review was put or changed.
FACTS_EVENTS = ("reviews.open", "reviews.ask", "reviews.defer", "reviews.refresh", "reviews.pass", "reviews.reopen")
# By the version decided on, which rises under the row's lock: clocks of several hosts may disagree about ids.
SEEN_VERSION = ReviewDecision.seen["version"].as_integer()


@dataclass(frozen=True)
class ShownReview:
    """A review as it is shown; one review alone comes with its decisions and the facts shown to the reviewers."""

    id: UUID
    subject_kind: str
    subject_id: str
    about_id: UUID
    status: ReviewStatus
    priority: int
    needs_two: bool
    risks: Sequence[Mapping[str, Any]]
    seen_fingerprint: str
    reason: str | None
    override: Mapping[str, Any] | None
    decided_at: datetime | None
    version: int
    created_at: datetime
    decisions: Sequence[ReviewDecision] = ()
    facts: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class ReviewSummary:
    """How many reviews there are by status, and how many undecided ones by the code of a risk."""

    by_status: Mapping[str, int]
    by_risk: Mapping[str, int]


def find(session: Session, actor: Actor, review_id: UUID) -> ShownReview:
    return show_review(session, db.get(session, Review, review_id, policy.visible(actor)))


def show_review(session: Session, review: Review) -> ShownReview:
    """Return a review with its decisions, the oldest first, and the facts that belong to it now."""
    query = sa.select(ReviewDecision).where(ReviewDecision.review_id == review.id).order_by(SEEN_VERSION)
    recorded = facts_event(session, review)
    facts = None if recorded is None else recorded.data.get("facts")
    return replace(_without_decisions(review), decisions=session.scalars(query).all(), facts=facts)


def _without_decisions(review: Review) -> ShownReview:
    return ShownReview(
        id=review.id,
        subject_kind=review.subject_kind,
        subject_id=show(SUBJECT_PREFIXES[review.subject_kind], review.subject_id),
        about_id=review.about_id,
        status=review.status,
        priority=review.priority,
        needs_two=review.needs_two,
        risks=review.risks,
        seen_fingerprint=review.seen_fingerprint,
        reason=review.reason,
        override=_with_public_ids(review.override),
        decided_at=review.decided_at,
        version=review.version,
        created_at=review.created_at,
    )


def _with_public_ids(override: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if override is None:
        return None
    return {**override, "by": [show("per", UUID(person)) for person in override["by"]]}


def facts_event(session: Session, review: Review) -> Event | None:
    """Return the event that recorded the present fingerprint; it keeps the facts that belong to it."""
    query = sa.select(Event).where(
        Event.subject_id == review.id,
        Event.kind.in_(FACTS_EVENTS),
        Event.data["fingerprint"].as_string() == review.seen_fingerprint,
    )
    return session.scalar(query.order_by(Event.id.desc()).limit(1))


def queue(
    session: Session,
    actor: Actor,
    *,
    limit: int,
    starting_after: UUID | None,
    status: str | None = None,
    about_id: UUID | None = None,
    subject_id: UUID | None = None,
    risk: str | None = None,
) -> Page[ShownReview]:
    """Return the queue in the order of work: most urgent first, then the oldest; what does not wait only on request."""
    query = sa.select(Review).where(policy.visible(actor)).order_by(Review.priority, Review.id).limit(limit + 1)
    if status is not None:
        query = query.where(Review.status == ReviewStatus(status))
    elif subject_id is None:
        query = query.where(Review.status.in_(PENDING))
    if about_id is not None:
        query = query.where(Review.about_id == about_id)
    if subject_id is not None:
        query = query.where(Review.subject_id == subject_id)
    if risk is not None:
        query = query.where(Review.risks.contains([{"code": risk}]))
    if starting_after is not None:
        last = db.get(session, Review, starting_after, policy.visible(actor))
        query = query.where(sa.tuple_(Review.priority, Review.id) > sa.tuple_(last.priority, last.id))
    rows = session.scalars(query).all()
    return Page([_without_decisions(row) for row in rows[:limit]], len(rows) > limit)


def summary(session: Session, actor: Actor) -> ReviewSummary:
    """Count the reviews by status, and the undecided ones by risk; every status and risk has its count, also 0."""
    seen = policy.visible(actor)
    by_status = session.execute(sa.select(Review.status, sa.func.count()).where(seen).group_by(Review.status))
    code = sa.func.jsonb_array_elements(Review.risks).op("->>")("code").label("code")
    by_risk = session.execute(
        sa.select(code, sa.func.count()).where(seen, Review.status.in_(PENDING)).group_by(sa.text("code"))
    )
    return ReviewSummary(
        dict.fromkeys(map(str, ReviewStatus), 0) | {str(name): count for name, count in by_status},
        dict.fromkeys(CODES, 0) | {str(name): count for name, count in by_risk},
    )
