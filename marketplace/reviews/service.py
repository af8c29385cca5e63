"""One queue: things are put into it with their risks, people decide, and every decision keeps what was seen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from marketplace.core import db, events
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, NotAllowed
from marketplace.core.events import Event
from marketplace.core.http.paging import Page
from marketplace.core.ids import new_id, show
from marketplace.core.states import apply_transition
from marketplace.identity.models import Membership
from marketplace.reviews import policy, risk
from marketplace.reviews.models import Review, ReviewDecision, ReviewStatus
from marketplace.reviews.risk import CODES, RiskFacts
from marketplace.reviews.states import DECIDED, PENDING, REVIEW_TRANSITIONS

SUBJECT_PREFIXES = {"bid": "bid"}
# The events that hold the facts with which a review was put or changed.
FACTS_EVENTS = ("reviews.open", "reviews.refresh", "reviews.reopen")


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
    version: int
    created_at: datetime
    decisions: Sequence[ReviewDecision] = ()
    facts: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class ReviewSummary:
    """How many reviews there are by status, and how many undecided ones by the code of a risk."""

    by_status: Mapping[str, int]
    by_risk: Mapping[str, int]


def put(
    session: Session,
    *,
    subject_kind: str,
    subject_id: UUID,
    about_id: UUID,
    parties: Iterable[UUID],
    facts: RiskFacts,
    fingerprint: str,
) -> bool:
    """Put a subject into the queue, or update what the reviewers see of it. Return whether anything changed.

    The same fingerprint changes nothing. A decided review is reopened only if its risks got worse than those that
    were decided on. Raises ValueError for a kind of subject that the queue cannot show.
    """
    if subject_kind not in SUBJECT_PREFIXES:
        raise ValueError(f"the queue knows no {subject_kind!r}")
    review = _locked(session, subject_kind, subject_id)
    if review is not None and review.seen_fingerprint == fingerprint:
        return False
    assessment = risk.assess(facts)
    values: dict[str, Any] = {
        "party_ids": sorted(set(parties)),
        "priority": assessment.priority,
        "needs_two": assessment.needs_two,
        "risks": [fired.as_json() for fired in assessment.risks],
        "seen_fingerprint": fingerprint,
    }
    event_data = {
        "priority": assessment.priority,
        "needs_two": assessment.needs_two,
        "risks": values["risks"],
        "fingerprint": fingerprint,
        "facts": asdict(facts),
    }
    if review is None:
        query = insert(Review).values(
            id=new_id(),
            created_at=now(),
            subject_kind=subject_kind,
            subject_id=subject_id,
            about_id=about_id,
            status=ReviewStatus.OPEN,
            version=1,
            **values,
        )
        opened = session.scalar(
            query.on_conflict_do_nothing(index_elements=["subject_kind", "subject_id"]).returning(Review.id)
        )
        if opened is not None:
            events.record(session, "reviews.open", opened, SYSTEM, parties=[], **event_data)
            return True
        # Another transaction put it a moment ago and has committed: the insert waited for that.
        review = _locked(session, subject_kind, subject_id)
        assert review is not None
        if review.seen_fingerprint == fingerprint:
            return False
    _update(session, review, values, event_data)
    return True


def drop(session: Session, subject_kind: str, subjects: Iterable[UUID]) -> int:
    """Take out of the queue the undecided reviews of subjects that are gone. Return how many."""
    waiting = session.scalars(
        sa.select(Review)
        .where(Review.subject_kind == subject_kind, Review.subject_id.in_(list(subjects)), Review.status.in_(PENDING))
        .order_by(Review.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for review in waiting:
        apply_transition(session, review, REVIEW_TRANSITIONS, "drop", SYSTEM, parties=[])
    return len(waiting)


def _locked(session: Session, subject_kind: str, subject_id: UUID) -> Review | None:
    query = sa.select(Review).where(Review.subject_kind == subject_kind, Review.subject_id == subject_id)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def _update(session: Session, review: Review, values: dict[str, Any], event_data: dict[str, Any]) -> None:
    reopened = False
    if review.status in (ReviewStatus.SECOND, *DECIDED):
        seen = _latest(session, review.id).seen
        # Every import in the market moves every forecast a little: that alone undoes no approval. In `second`, anything
        # new that the sides themselves state does: what the first person approved no longer exists.
        sides_changed = (seen["facts"] or {}).get("told") != event_data["facts"]["told"]
        reopened = risk.got_worse(seen["risks"], values["risks"]) or (
            review.status == ReviewStatus.SECOND and sides_changed
        )
    for name, value in values.items():
        setattr(review, name, value)
    if reopened:
        apply_transition(session, review, REVIEW_TRANSITIONS, "reopen", SYSTEM, parties=[], **event_data)
    else:
        review.version += 1
        events.record(session, "reviews.refresh", review.id, SYSTEM, parties=[], **event_data)


# By the version decided on, which rises under the row's lock: clocks of several hosts may disagree about ids.
_SEEN_VERSION = ReviewDecision.seen["version"].as_integer()


def _latest(session: Session, review_id: UUID) -> ReviewDecision:
    """Return the last decision: the approval that waits for a second one, or the one that decided."""
    query = sa.select(ReviewDecision).where(ReviewDecision.review_id == review_id)
    return session.scalars(query.order_by(_SEEN_VERSION.desc()).limit(1)).one()


def decide(
    session: Session,
    actor: Actor,
    review_id: UUID,
    *,
    verdict: str,
    reason: str,
    seen_fingerprint: str | None,
    override: dict[str, Any] | None = None,
) -> ShownReview:
    """Approve, hold, reject or override. Where two must agree, the first approval waits for somebody else's.

    Raises NotFound, NotAllowed (nobody in person), WrongState, Conflict (it changed since, the actor is a member of
    a side, or the actor is the first of the two).
    """
    if actor.person_id is None:
        raise NotAllowed("A decision is a person's.")
    review = db.lock(session, Review, review_id, policy.visible(actor))
    if seen_fingerprint is not None and seen_fingerprint != review.seen_fingerprint:
        raise Conflict("It changed since you looked: read it again before you decide.")
    _refuse_a_side(session, actor.person_id, review)
    name, agreed = _transition_for(session, actor.person_id, review, verdict, override)
    seen = {
        "fingerprint": review.seen_fingerprint,
        "version": review.version,
        "priority": review.priority,
        "needs_two": review.needs_two,
        "risks": review.risks,
        "facts": _facts(session, review),
    }
    decision = ReviewDecision(
        review_id=review.id, person_id=actor.person_id, verdict=verdict, reason=reason, override=override, seen=seen
    )
    apply_transition(
        session, review, REVIEW_TRANSITIONS, name, actor, parties=[], verdict=verdict, override=agreed, seen=seen
    )
    session.add(decision)
    session.flush()
    return _show(session, review)


def _refuse_a_side(session: Session, person_id: UUID, review: Review) -> None:
    seats = sa.select(Membership.id).where(Membership.person_id == person_id, Membership.party_id.in_(review.party_ids))
    if session.scalar(seats.limit(1)) is not None:
        raise Conflict("You are a member of a side of this: somebody else has to decide.")


def _transition_for(
    session: Session, person_id: UUID, review: Review, verdict: str, override: dict[str, Any] | None
) -> tuple[str, dict[str, Any] | None]:
    """Return the name of the transition that the verdict makes here, and the override that it agrees to."""
    if verdict in ("hold", "reject"):
        return verdict, None
    if review.status != ReviewStatus.SECOND:
        return ("second" if review.needs_two or verdict == "override" else "approve"), override
    first = _latest(session, review.id)
    if first.person_id == person_id:
        raise Conflict("You have approved this already; a second person has to agree.")
    if verdict == "override" and override != first.override:
        # Other values than the first person gave: now these wait for somebody to agree.
        return "second", override
    return "approve", first.override


def find(session: Session, actor: Actor, review_id: UUID) -> ShownReview:
    return _show(session, db.get(session, Review, review_id, policy.visible(actor)))


def _show(session: Session, review: Review) -> ShownReview:
    query = sa.select(ReviewDecision).where(ReviewDecision.review_id == review.id).order_by(_SEEN_VERSION)
    return replace(_without_decisions(review), decisions=session.scalars(query).all(), facts=_facts(session, review))


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
        version=review.version,
        created_at=review.created_at,
    )


def _facts(session: Session, review: Review) -> dict[str, Any] | None:
    """Return the facts that belong to the present fingerprint. They are kept in the event that recorded it."""
    query = sa.select(Event.data["facts"]).where(
        Event.subject_id == review.id,
        Event.kind.in_(FACTS_EVENTS),
        Event.data["fingerprint"].as_string() == review.seen_fingerprint,
    )
    facts: dict[str, Any] | None = session.scalar(query.order_by(Event.id.desc()).limit(1))
    return facts


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
    """Return the queue in the order of work: most urgent first, then the oldest; decided ones only on request."""
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
