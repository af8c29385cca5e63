"""One queue: things are put into it with their risks, people decide, and every decision keeps what was seen."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, events
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.errors import Conflict, NotAllowed
from marketplace.core.ids import show
from marketplace.core.paging import Page
from marketplace.core.states import move
from marketplace.identity.models import Membership
from marketplace.reviews import policy, risk
from marketplace.reviews.models import Review, ReviewDecision, ReviewStatus
from marketplace.reviews.risk import RiskFacts
from marketplace.reviews.states import DECIDED, MOVES

PREFIX_OF = {"bid": "bid"}


@dataclass(frozen=True)
class Shown:
    """A review with its decisions."""

    review: Review
    decisions: list[ReviewDecision]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.review, name)

    @property
    def version(self) -> int:
        return self.review.version

    @property
    def subject_id(self) -> str:
        return subject(self.review)


def subject(review: Review) -> str:
    return show(PREFIX_OF[review.subject_kind], review.subject_id)


def put(
    session: Session, *, subject_kind: str, subject_id: UUID, about_id: UUID, parties: Iterable[UUID], facts: RiskFacts,
    fingerprint: str,
) -> bool:  # fmt: skip
    """Lay a thing before the reviewers, or bring what they see up to date. Returns whether anything changed.

    The same fingerprint changes nothing. A decided review is opened again only where its risks got worse.
    """
    found = session.scalar(
        sa.select(Review).where(Review.subject_kind == subject_kind, Review.subject_id == subject_id).with_for_update()
    )
    if found is not None and found.seen_fingerprint == fingerprint:
        return False
    assessment = risk.assess(facts)
    risks = [one.show() for one in assessment.risks]
    if found is None:
        review = Review(
            subject_kind=subject_kind, subject_id=subject_id, about_id=about_id, party_ids=sorted(set(parties)),
            priority=assessment.priority, needs_two=assessment.needs_two, risks=risks, seen_fingerprint=fingerprint,
        )  # fmt: skip
        session.add(review)
        session.flush()
        events.record(session, "reviews.open", review.id, SYSTEM, parties=[], priority=assessment.priority)
        return True
    worse = assessment.priority < found.priority
    found.priority, found.needs_two, found.risks = assessment.priority, assessment.needs_two, risks
    found.seen_fingerprint = fingerprint
    if found.status == ReviewStatus.SECOND or (found.status in DECIDED and worse):
        # What the first person approved is not what there is now.
        move(session, found, MOVES, "reopen", SYSTEM, parties=[], facts=_plain(facts))
    else:
        found.version += 1
        events.record(session, "reviews.refresh", found.id, SYSTEM, parties=[], priority=found.priority)
    return True


def _plain(facts: RiskFacts) -> dict[str, Any]:
    return asdict(facts)


def decide(
    session: Session, actor: Actor, review_id: UUID, *, verdict: str, reason: str, seen_fingerprint: str | None,
    override: dict[str, Any] | None = None,
) -> Shown:  # fmt: skip
    """Approve, hold, reject or override. Where two must agree, the first approval waits for somebody else's."""
    if actor.person_id is None:
        raise NotAllowed("A decision is a person's.")
    review = db.lock(session, Review, review_id, policy.visible(actor))
    if seen_fingerprint is not None and seen_fingerprint != review.seen_fingerprint:
        raise Conflict("It changed since you looked: read it again before you decide.")
    own = session.scalar(
        sa.select(sa.literal(1)).where(
            Membership.person_id == actor.person_id, Membership.party_id.in_(review.party_ids)
        )
    )
    if own:
        raise Conflict("You are a member of a side of this: somebody else has to decide.")
    name = {"approve": "approve", "override": "approve", "hold": "hold", "reject": "reject"}[verdict]
    two = review.needs_two or verdict == "override"
    if name == "approve" and two and review.status != ReviewStatus.SECOND:
        name = "second"
    elif name == "approve" and review.status == ReviewStatus.SECOND:
        _somebody_else(session, actor, review)
    session.add(
        ReviewDecision(
            review_id=review.id,
            person_id=actor.person_id,
            verdict=verdict,
            reason=reason,
            override=override,
            seen={"fingerprint": review.seen_fingerprint, "priority": review.priority, "risks": review.risks},
        )
    )
    seen = {"fingerprint": review.seen_fingerprint, "risks": [one["code"] for one in review.risks]}
    move(session, review, MOVES, name, actor, parties=[], verdict=verdict, seen=seen)
    return _show(session, review)


def _somebody_else(session: Session, actor: Actor, review: Review) -> None:
    first = session.scalar(
        sa.select(ReviewDecision.person_id)
        .where(ReviewDecision.review_id == review.id, ReviewDecision.verdict.in_(["approve", "override"]))
        .order_by(ReviewDecision.id.desc())
        .limit(1)
    )
    if first == actor.person_id:
        raise Conflict("You have approved this already; a second person has to agree.")


def find(session: Session, actor: Actor, review_id: UUID) -> Shown:
    return _show(session, db.get(session, Review, review_id, policy.visible(actor)))


def _show(session: Session, review: Review) -> Shown:
    query = sa.select(ReviewDecision).where(ReviewDecision.review_id == review.id).order_by(ReviewDecision.id)
    return Shown(review, list(session.scalars(query).all()))


def queue(
    session: Session, actor: Actor, *, limit: int, starting_after: UUID | None, status: str | None = None,
    about_id: UUID | None = None, risk: str | None = None,
) -> Page[Shown]:  # fmt: skip
    """The queue in the order of work: most urgent first, then the oldest."""
    query = sa.select(Review).where(policy.visible(actor)).order_by(Review.priority, Review.id).limit(limit + 1)
    if status is not None:
        query = query.where(Review.status == ReviewStatus(status))
    else:
        query = query.where(Review.status.not_in(DECIDED))
    if about_id is not None:
        query = query.where(Review.about_id == about_id)
    if risk is not None:
        query = query.where(Review.risks.contains([{"code": risk}]))
    if starting_after is not None:
        last = db.get(session, Review, starting_after, policy.visible(actor))
        query = query.where(sa.tuple_(Review.priority, Review.id) > sa.tuple_(last.priority, last.id))
    rows = session.scalars(query).all()
    return Page([Shown(row, []) for row in rows[:limit]], len(rows) > limit)


def summary(session: Session, actor: Actor) -> dict[str, dict[str, int]]:
    """How many reviews there are by status, and undecided ones by risk."""
    by_status = session.execute(
        sa.select(Review.status, sa.func.count()).where(policy.visible(actor)).group_by(Review.status)
    )
    code = sa.func.jsonb_array_elements(Review.risks).op("->>")("code")
    by_risk = session.execute(
        sa.select(code, sa.func.count()).where(policy.visible(actor), Review.status.not_in(DECIDED)).group_by(code)
    )
    return {"by_status": {str(name): count for name, count in by_status}, "by_risk": dict(by_risk.tuples().all())}
