"""One queue: things are put into it with their risks, people decide, and every decision keeps what was seen."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
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

PREFIX_OF = {"bid": "bid"}
LAID_BEFORE = ("reviews.open", "reviews.refresh", "reviews.reopen")


@dataclass(frozen=True)
class ShownReview:
    """A review with its decisions and the facts that there are to look at."""

    review: Review
    decisions: list[ReviewDecision] = field(default_factory=list)
    facts: dict[str, Any] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.review, name)

    @property
    def version(self) -> int:
        return self.review.version

    @property
    def subject_id(self) -> str:
        return show(PREFIX_OF[self.review.subject_kind], self.review.subject_id)


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
    """Lay a thing before the reviewers, or bring what they see up to date. Returns whether anything changed.

    The same fingerprint changes nothing. A decided review is opened again only where its risks got worse than those
    that were decided on. Raises ValueError for a kind of subject that the queue cannot show.
    """
    if subject_kind not in PREFIX_OF:
        raise ValueError(f"the queue knows no {subject_kind!r}")
    found = _locked(session, subject_kind, subject_id)
    if found is not None and found.seen_fingerprint == fingerprint:
        return False
    assessment = risk.assess(facts)
    values: dict[str, Any] = {
        "party_ids": sorted(set(parties)),
        "priority": assessment.priority,
        "needs_two": assessment.needs_two,
        "risks": [one.show() for one in assessment.risks],
        "seen_fingerprint": fingerprint,
    }
    told = {
        "priority": assessment.priority,
        "needs_two": assessment.needs_two,
        "risks": values["risks"],
        "fingerprint": fingerprint,
        "facts": asdict(facts),
    }
    if found is None:
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
            events.record(session, "reviews.open", opened, SYSTEM, parties=[], **told)
            return True
        # Another transaction put it a moment ago and has committed: the insert waited for that.
        found = _locked(session, subject_kind, subject_id)
        assert found is not None
        if found.seen_fingerprint == fingerprint:
            return False
    _bring_up_to_date(session, found, values, told)
    return True


def drop(session: Session, subject_kind: str, subjects: Iterable[UUID]) -> int:
    """Take out of the queue what waits for a decision on things that are gone; returns how many."""
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


def _bring_up_to_date(session: Session, review: Review, values: dict[str, Any], told: dict[str, Any]) -> None:
    again = False
    if review.status in (ReviewStatus.SECOND, *DECIDED):
        seen = _latest(session, review.id).seen
        # Every import in the market moves every forecast a little: that alone undoes no approval. In `second`, what
        # the sides have told anew since then does: what the first person approved is not there any more.
        told_anew = (seen["facts"] or {}).get("told") != told["facts"]["told"]
        again = risk.got_worse(seen["risks"], values["risks"]) or (review.status == ReviewStatus.SECOND and told_anew)
    for name, value in values.items():
        setattr(review, name, value)
    if again:
        apply_transition(session, review, REVIEW_TRANSITIONS, "reopen", SYSTEM, parties=[], **told)
    else:
        review.version += 1
        events.record(session, "reviews.refresh", review.id, SYSTEM, parties=[], **told)


# By the version decided on, which rises under the row's lock: clocks of several hosts may disagree about ids.
_SEEN_VERSION = ReviewDecision.seen["version"].as_integer()


def _latest(session: Session, review_id: UUID) -> ReviewDecision:
    """Return the last decision: in `second` it is the approval that waits, in a decided state what decided it."""
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
    _is_no_side(session, actor.person_id, review)
    name, agreed = _move_for(session, actor.person_id, review, verdict, override)
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


def _is_no_side(session: Session, person_id: UUID, review: Review) -> None:
    seats = sa.select(Membership.id).where(Membership.person_id == person_id, Membership.party_id.in_(review.party_ids))
    if session.scalar(seats.limit(1)) is not None:
        raise Conflict("You are a member of a side of this: somebody else has to decide.")


def _move_for(
    session: Session, person_id: UUID, review: Review, verdict: str, override: dict[str, Any] | None
) -> tuple[str, dict[str, Any] | None]:
    """Return the move that the verdict makes here, and the override that it stands for."""
    if verdict in ("hold", "reject"):
        return verdict, None
    if review.status != ReviewStatus.SECOND:
        return ("second" if review.needs_two or verdict == "override" else "approve"), override
    first = _latest(session, review.id)
    if first.person_id == person_id:
        raise Conflict("You have approved this already; a second person has to agree.")
    if verdict == "override" and override != first.override:
        # Other values than the first person stood for: now these wait for somebody to agree.
        return "second", override
    return "approve", first.override


def find(session: Session, actor: Actor, review_id: UUID) -> ShownReview:
    return _show(session, db.get(session, Review, review_id, policy.visible(actor)))


def _show(session: Session, review: Review) -> ShownReview:
    query = sa.select(ReviewDecision).where(ReviewDecision.review_id == review.id).order_by(_SEEN_VERSION)
    return ShownReview(review, list(session.scalars(query).all()), _facts(session, review))


def _facts(session: Session, review: Review) -> dict[str, Any] | None:
    """Return the facts with which the present fingerprint was put: they stand in the event that told of it."""
    query = sa.select(Event.data["facts"]).where(
        Event.subject_id == review.id,
        Event.kind.in_(LAID_BEFORE),
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
    """The queue in the order of work: most urgent first, then the oldest. Decided ones only where asked for."""
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
    return Page([ShownReview(row) for row in rows[:limit]], len(rows) > limit)


def summary(session: Session, actor: Actor) -> dict[str, dict[str, int]]:
    """How many reviews there are by status, and undecided ones by risk; what is not there counts 0."""
    seen = policy.visible(actor)
    by_status = session.execute(sa.select(Review.status, sa.func.count()).where(seen).group_by(Review.status))
    code = sa.func.jsonb_array_elements(Review.risks).op("->>")("code").label("code")
    by_risk = session.execute(
        sa.select(code, sa.func.count()).where(seen, Review.status.in_(PENDING)).group_by(sa.text("code"))
    )
    return {
        "by_status": dict.fromkeys(map(str, ReviewStatus), 0) | {str(name): count for name, count in by_status},
        "by_risk": dict.fromkeys(CODES, 0) | {str(name): count for name, count in by_risk},
    }
