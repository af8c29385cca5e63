"""Looks at what a call left behind."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from marketplace.core import db, ids
from marketplace.core.events import Event
from marketplace.reviews.models import Review, ReviewDecision

API = "/api/v1/reviews"


def path(review_id: UUID, *more: str) -> str:
    return "/".join([API, ids.show("rvw", review_id), *more])


def events(review_id: UUID) -> list[Event]:
    with db.transaction() as session:
        return list(session.scalars(sa.select(Event).where(Event.subject_id == review_id).order_by(Event.created_at)))


def kinds(review_id: UUID) -> list[str]:
    return [event.kind for event in events(review_id)]


def decisions(review_id: UUID) -> list[ReviewDecision]:
    query = sa.select(ReviewDecision).where(ReviewDecision.review_id == review_id).order_by(ReviewDecision.created_at)
    with db.transaction() as session:
        return list(session.scalars(query))


def heard(subject_id: UUID) -> list[tuple[str, list[UUID], dict[str, Any]]]:
    """The steps of a bid's review as its sides hear of them: kind, who may read it, and what it says."""
    return [(event.kind, list(event.party_ids), event.data) for event in events(subject_id)]


def everything(review_id: UUID) -> Any:
    """All that is stored of a review, to tell whether a refusal changed anything."""
    with db.transaction() as session:
        review = session.get_one(Review, review_id)
        columns = {column.key: getattr(review, column.key) for column in sa.inspect(Review).columns}
    return columns, [decision.id for decision in decisions(review_id)], kinds(review_id)
