"""The API of the review queue."""

from typing import Any
from uuid import UUID

from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.fields import IdField, one_of
from marketplace.core.http.paging import Page, page_of, page_query
from marketplace.core.http.request_handling import actor, session
from marketplace.reviews import decisions, service
from marketplace.reviews.decisions import DecidedReview, WantedDecision
from marketplace.reviews.models import ReviewStatus
from marketplace.reviews.risk import CODES
from marketplace.reviews.schemas import (
    DecisionIn,
    DecisionsIn,
    DecisionsOut,
    OverrideIn,
    ReviewOut,
    ReviewSummaryOut,
    ReviewWithDecisionsOut,
)
from marketplace.reviews.service import ReviewSummary, ShownReview

blueprint = GuardedBlueprint("reviews", __name__, tag="people", description="Human decisions: one queue")

_READS: dict[str, Any] = {"allow": (Role.ADMIN,), "needs": Permission.READ}
_DECIDES: dict[str, Any] = {"allow": (Role.ADMIN,), "needs": Permission.REVIEWS, "answers": ReviewWithDecisionsOut}
_FILTERS = {
    "status": one_of(ReviewStatus, load_default=None),
    "about_id": IdField("brf", load_default=None),
    "subject_id": IdField("bid", load_default=None),
    "risk": one_of(CODES, load_default=None),
}


@blueprint.get("/reviews", **_READS, query=page_query("rvw", **_FILTERS), answers=page_of(ReviewOut))
def list_reviews(query: dict[str, Any]) -> Page[ShownReview]:
    """What waits for a person, the most urgent first; deferred and decided ones by `status` or `subject_id`."""
    return service.queue(session(), actor(), **query)


@blueprint.get("/reviews/summary", **_READS, answers=ReviewSummaryOut)
def get_review_summary() -> ReviewSummary:
    """How many there are by status, and how many undecided ones by risk."""
    return service.summary(session(), actor())


@blueprint.get("/reviews/<id('rvw'):review_id>", **_READS, answers=ReviewWithDecisionsOut)
def get_review(review_id: UUID) -> ShownReview:
    """One review: what there is to look at, and what was decided."""
    return service.find(session(), actor(), review_id)


@blueprint.post("/reviews/<id('rvw'):review_id>/approve", **_DECIDES, takes=DecisionIn)
def approve_review(body: dict[str, Any], review_id: UUID) -> ShownReview:
    """Let it pass; where two must agree, the second approval decides."""
    return decisions.decide(session(), actor(), review_id, WantedDecision("approve", **body))


@blueprint.post("/reviews/<id('rvw'):review_id>/hold", **_DECIDES, takes=DecisionIn)
def hold_review(body: dict[str, Any], review_id: UUID) -> ShownReview:
    """Leave it for later, with a reason."""
    return decisions.decide(session(), actor(), review_id, WantedDecision("hold", **body))


@blueprint.post("/reviews/<id('rvw'):review_id>/reject", **_DECIDES, takes=DecisionIn)
def reject_review(body: dict[str, Any], review_id: UUID) -> ShownReview:
    """Refuse it, with a reason."""
    return decisions.decide(session(), actor(), review_id, WantedDecision("reject", **body))


@blueprint.post("/reviews/<id('rvw'):review_id>/override", **_DECIDES, takes=OverrideIn)
def override_review(body: dict[str, Any], review_id: UUID) -> ShownReview:
    """Decide against the scores; two different people must agree."""
    values = {name: body.pop(name) for name in ("overall", "intrusiveness", "flags_cleared")}
    return decisions.decide(session(), actor(), review_id, WantedDecision("override", **body, override=values))


@blueprint.post(
    "/reviews/decisions",
    allow=(Role.ADMIN,),
    needs=Permission.REVIEWS,
    takes=DecisionsIn,
    answers=DecisionsOut,
)
def decide_reviews(body: dict[str, Any]) -> dict[str, list[DecidedReview]]:
    """Approve, hold or reject up to 200 reviews for one reason: all of them, or none and why.

    Where two must agree, each still waits for a second person.
    """
    return {"data": decisions.decide_many(session(), actor(), **body)}
