"""Decide on a review, or on many with one reason; every decision keeps what was seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, DomainError, FieldError, NotAllowed, NotFound
from marketplace.core.message import Bilingual
from marketplace.core.states import apply_transition
from marketplace.identity.models import Membership
from marketplace.reviews import policy, verdicts
from marketplace.reviews.models import Review, ReviewDecision, ReviewStatus
from marketplace.reviews.service import SEEN_VERSION, ShownReview, facts_event, show_review
from marketplace.reviews.states import REVIEW_TRANSITIONS

MANY = 200


@dataclass(frozen=True)
class WantedDecision:
    """What a person wants to do with a review, having seen it under this fingerprint (None: not said)."""

    verdict: str
    reason: str
    seen_fingerprint: str | None
    override: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class DecidedReview:
    """What a decision among many made of its review."""

    id: UUID
    status: ReviewStatus


def decide(session: Session, actor: Actor, review_id: UUID, wanted: WantedDecision) -> ShownReview:
    """Approve, hold, reject or override. Where two must agree, the first approval waits for somebody else's.

    Raises NotFound, NotAllowed (nobody in person), WrongState, Conflict (it changed since, the actor is a member of
    a side, or the actor is the first of the two).
    """
    if actor.person_id is None:
        raise NotAllowed(Bilingual("决定要由人来作。", "A decision is a person's."))
    review = db.lock(session, Review, review_id, policy.visible(actor))
    _decide(session, actor, actor.person_id, review, wanted)
    return show_review(session, review)


def decide_many(
    session: Session, actor: Actor, *, verdict: str, reason: str, reviews: Sequence[Mapping[str, Any]]
) -> list[DecidedReview]:
    """Approve, hold or reject many reviews for one reason, all or none; where two must agree, each waits for a second
    person as if it were decided alone.

    Raises NotAllowed, and Conflict with an error for each review that cannot be decided so. An approval does not agree
    to an override that waits: whoever agrees to other values has looked at them.
    """
    if actor.person_id is None:
        raise NotAllowed(Bilingual("决定要由人来作。", "A decision is a person's."))
    query = sa.select(Review).where(Review.id.in_([item["id"] for item in reviews]), policy.visible(actor))
    # Always in the same order, so that two people's decisions cannot deadlock on each other's rows.
    rows = session.scalars(query.order_by(Review.id).with_for_update().execution_options(populate_existing=True))
    found = {review.id: review for review in rows}
    errors = []
    for index, item in enumerate(reviews):
        wanted = WantedDecision(verdict, reason, item["seen_fingerprint"])
        try:
            if item["id"] not in found:
                raise db.missing(Review, item["id"])
            if verdict == "approve" and _awaited_override(session, found[item["id"]]) is not None:
                raise Conflict(
                    Bilingual(
                        "有一个人工改值在等别人同意：请单独决定这一项。",
                        "An override waits for somebody to agree to it: decide this one by itself.",
                    )
                )
            _decide(session, actor, actor.person_id, found[item["id"]], wanted)
        except DomainError as error:
            errors.append(FieldError(f"/reviews/{index}", error.detail))
    if errors:
        raise Conflict(
            Bilingual(
                "什么都没有决定。请去掉 `errors` 列出的各项，或单独决定它们。",
                "Nothing was decided. Leave out what `errors` names, or decide those by themselves.",
            ),
            errors=errors,
        )
    return [DecidedReview(item["id"], found[item["id"]].status) for item in reviews]


def reopen(session: Session, actor: Actor, subject_id: UUID, wanted: WantedDecision, subject_kind: str = "bid") -> None:
    """Take back what was decided on a subject, with a reason: it waits for a person again, and an override ends.

    One person is enough, for nothing passes by it. The caller holds the subject's row and has made sure that a decision
    still binds something. Raises NotFound, NotAllowed, WrongState, Conflict.
    """
    if actor.person_id is None:
        raise NotAllowed(Bilingual("决定要由人来作。", "A decision is a person's."))
    query = sa.select(Review.id).where(Review.subject_kind == subject_kind, Review.subject_id == subject_id)
    review_id = session.scalar(query.where(policy.visible(actor)))
    if review_id is None:
        raise NotFound(Bilingual("它没有审核。", "There is no review of this."))
    review = db.lock(session, Review, review_id, policy.visible(actor))
    _refuse(session, actor.person_id, review, wanted)
    withdrawn = verdicts.shown_override(review.override)
    seen = _seen(session, review)
    apply_transition(
        session, review, REVIEW_TRANSITIONS, "reopen", actor, parties=[], verdict=wanted.verdict, seen=seen
    )
    _keep(session, actor.person_id, review, wanted, seen)
    review.reason = review.override = review.decided_at = None
    verdicts.announce(session, "reopen", [review], actor, reason=wanted.reason, withdrawn_override=withdrawn)


def _decide(session: Session, actor: Actor, person_id: UUID, review: Review, wanted: WantedDecision) -> None:
    _refuse(session, person_id, review, wanted)
    name, agreed_to = _transition_for(session, person_id, review, wanted)
    seen = _seen(session, review)
    agreed = None if agreed_to is None else agreed_to.override
    apply_transition(
        session, review, REVIEW_TRANSITIONS, name, actor, parties=[], verdict=wanted.verdict, override=agreed, seen=seen
    )
    _keep(session, person_id, review, wanted, seen)
    _set_verdict(review, name, person_id, wanted, agreed_to if name == "approve" else None)
    if name != "second":
        override = verdicts.shown_override(review.override)
        verdicts.announce(session, name, [review], actor, reason=review.reason, override=override)
    session.flush()


def _seen(session: Session, review: Review) -> dict[str, Any]:
    """Return what there is to look at now, as a decision keeps it."""
    recorded = facts_event(session, review)
    return {
        "fingerprint": review.seen_fingerprint,
        "version": review.version,
        "priority": review.priority,
        "needs_two": review.needs_two,
        "risks": review.risks,
        "facts": None if recorded is None else recorded.data.get("facts"),
    }


def _keep(session: Session, person_id: UUID, review: Review, wanted: WantedDecision, seen: dict[str, Any]) -> None:
    db.insert(
        session,
        ReviewDecision(
            review_id=review.id,
            person_id=person_id,
            verdict=wanted.verdict,
            reason=wanted.reason,
            override=None if wanted.override is None else dict(wanted.override),
            seen=seen,
        ),
    )


def _set_verdict(
    review: Review, name: str, person_id: UUID, wanted: WantedDecision, agreed_to: ReviewDecision | None
) -> None:
    """Write on the review what its sides and whoever computes with it may read."""
    at = now()
    review.decided_at = None if name == "second" else at
    review.reason = wanted.reason if name in ("hold", "reject") else None
    review.override = None
    if agreed_to is not None and agreed_to.override is not None:
        review.reason = agreed_to.reason
        review.override = {
            **agreed_to.override,
            "reason": agreed_to.reason,
            "decided_at": at.isoformat(),
            "by": [str(agreed_to.person_id), str(person_id)],
        }


def _refuse(session: Session, person_id: UUID, review: Review, wanted: WantedDecision) -> None:
    if wanted.seen_fingerprint is not None and wanted.seen_fingerprint != review.seen_fingerprint:
        raise Conflict(
            Bilingual(
                "您查看之后它变了：请重新读取再决定。", "It changed since you looked: read it again before you decide."
            )
        )
    seats = sa.select(Membership.id).where(Membership.person_id == person_id, Membership.party_id.in_(review.party_ids))
    if session.scalar(seats.limit(1)) is not None:
        raise Conflict(
            Bilingual(
                "您属于其中一方：要由别人来决定。", "You are a member of a side of this: somebody else has to decide."
            )
        )


def _transition_for(
    session: Session, person_id: UUID, review: Review, wanted: WantedDecision
) -> tuple[str, ReviewDecision | None]:
    """Return the name of the transition that the verdict makes here, and the earlier decision that it agrees to."""
    if wanted.verdict in ("hold", "reject"):
        return wanted.verdict, None
    if review.status != ReviewStatus.SECOND:
        return ("second" if review.needs_two or wanted.verdict == "override" else "approve"), None
    first = last_decision(session, review.id)
    if first.person_id == person_id:
        raise Conflict(
            Bilingual(
                "您已经批准过了，还要另一个人同意。", "You have approved this already; a second person has to agree."
            )
        )
    if wanted.verdict == "override" and wanted.override != first.override:
        # Other values than the first person gave: now these wait for somebody to agree.
        return "second", None
    return "approve", first


def _awaited_override(session: Session, review: Review) -> dict[str, Any] | None:
    return last_decision(session, review.id).override if review.status == ReviewStatus.SECOND else None


def last_decision(session: Session, review_id: UUID) -> ReviewDecision:
    """Return the last decision: the approval that waits for a second one, or the one that decided."""
    query = sa.select(ReviewDecision).where(ReviewDecision.review_id == review_id)
    return session.scalars(query.order_by(SEEN_VERSION.desc()).limit(1)).one()
