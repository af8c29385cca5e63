"""How things come before people: what is calm passes by rule, what is risky waits until it is near to being chosen."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from marketplace.core import events
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, WrongState
from marketplace.core.events import Event, NewEvent
from marketplace.core.ids import new_id
from marketplace.core.message import Bilingual
from marketplace.core.states import apply_transition
from marketplace.core.words.state_names import state_name
from marketplace.reviews import risk, verdicts
from marketplace.reviews.decisions import last_decision
from marketplace.reviews.models import Review, ReviewDecision, ReviewStatus
from marketplace.reviews.risk import RiskAssessment, RiskFacts
from marketplace.reviews.service import SUBJECT_PREFIXES
from marketplace.reviews.states import DECIDABLE, DECIDED, PENDING, REVIEW_TRANSITIONS

_NO_REVIEW = Bilingual("还没有评估，请几秒后再问。", "It has not been assessed yet. Ask again in a few seconds.")
_WAITS = Bilingual("它已经在等人审核。", "It waits for a person already.")


@dataclass(frozen=True)
class ReviewSubject:
    """Something that may need a person. `is_near`: it is chosen or nearly chosen, so that one is asked now."""

    subject_id: UUID
    about_id: UUID
    parties: tuple[UUID, ...]
    facts: RiskFacts
    fingerprint: str
    is_near: bool

    def values(self, assessment: RiskAssessment) -> dict[str, Any]:
        """Return what a review says of the subject."""
        return {
            "party_ids": sorted(set(self.parties)),
            "priority": assessment.priority,
            "needs_two": assessment.needs_two,
            "risks": [fired.as_json() for fired in assessment.risks],
            "seen_fingerprint": self.fingerprint,
        }

    def event_data(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the review's own event says of it, which keeps the facts."""
        shown = {name: values[name] for name in ("priority", "needs_two", "risks")}
        return {**shown, "fingerprint": self.fingerprint, "facts": asdict(self.facts)}


def put(session: Session, subject_kind: str, subjects: Sequence[ReviewSubject]) -> int:
    """Assess subjects, each once, and return for how many something is new.

    Without a risk that asks for a person a subject passes by rule. With one it gets a review: open if it is near to
    being chosen, otherwise deferred. The same fingerprint changes nothing but that. A decided review is reopened only
    if its risks got worse than those that were decided on. Raises ValueError for a kind that the queue cannot show.
    """
    if subject_kind not in SUBJECT_PREFIXES:
        raise ValueError(f"the queue knows no {subject_kind!r}")
    standing = _locked(session, subject_kind, [subject.subject_id for subject in subjects])
    changed = sum(
        _update(session, standing[subject.subject_id], subject)
        for subject in subjects
        if subject.subject_id in standing
    )
    assessed = [(one, risk.assess(one.facts)) for one in subjects if one.subject_id not in standing]
    changed += _pass(session, subject_kind, [one for one, assessment in assessed if not assessment.asks])
    risky = [(one, assessment) for one, assessment in assessed if assessment.asks]
    opened = _open(session, subject_kind, risky)
    # Another transaction put the others a moment ago and has committed: the insert waited for that.
    others = [one for one, _ in risky if one.subject_id not in opened]
    return changed + len(opened) + (put(session, subject_kind, others) if others else 0)


def _locked(session: Session, subject_kind: str, subject_ids: Collection[UUID]) -> dict[UUID, Review]:
    query = sa.select(Review).where(Review.subject_kind == subject_kind, Review.subject_id.in_(subject_ids))
    # Always in the same order, so that two transactions cannot deadlock on each other's rows.
    rows = session.scalars(query.order_by(Review.id).with_for_update().execution_options(populate_existing=True))
    return {review.subject_id: review for review in rows}


def _pass(session: Session, subject_kind: str, subjects: Sequence[ReviewSubject]) -> int:
    """Let subjects pass by rule: an event that both sides may read, and no review. Return how many had none yet."""
    kind = verdicts.kind_of(subject_kind, "pass")
    ids = [subject.subject_id for subject in subjects]
    before = set(session.scalars(sa.select(Event.subject_id).where(Event.kind == kind, Event.subject_id.in_(ids))))
    passing = [
        NewEvent(one.subject_id, one.parties, {"brief_id": str(one.about_id), "fingerprint": one.fingerprint})
        for one in subjects
        if one.subject_id not in before
    ]
    events.record_many(session, kind, SYSTEM, passing)
    return len(passing)


def _open(
    session: Session,
    subject_kind: str,
    risky: Sequence[tuple[ReviewSubject, RiskAssessment]],
    actor: Actor = SYSTEM,
) -> dict[UUID, Review]:
    """Insert the reviews of subjects that have none, and return those inserted by their subject."""
    if not risky:
        return {}
    data, rows = {}, []
    for subject, assessment in risky:
        values = subject.values(assessment)
        data[subject.subject_id] = subject.event_data(values)
        status = ReviewStatus.OPEN if subject.is_near else ReviewStatus.DEFERRED
        one = {"subject_kind": subject_kind, "subject_id": subject.subject_id, "about_id": subject.about_id}
        rows.append({"id": new_id(), "created_at": now(), "status": status, "version": 1, **one, **values})
    query = insert(Review).on_conflict_do_nothing(index_elements=["subject_kind", "subject_id"]).returning(Review)
    opened = {review.subject_id: review for review in session.scalars(query, rows)}
    asked = [review for review in opened.values() if review.status == ReviewStatus.OPEN]
    deferred = [review for review in opened.values() if review.status == ReviewStatus.DEFERRED]

    def with_facts(reviews: Sequence[Review]) -> list[NewEvent]:
        return [NewEvent(review.id, (), data[review.subject_id]) for review in reviews]

    events.record_many(session, "reviews.open", actor, with_facts(asked))
    events.record_many(session, "reviews.defer", SYSTEM, with_facts(deferred))
    verdicts.announce(session, "ask", asked, actor)
    verdicts.announce(session, "defer", deferred)
    return opened


def _update(session: Session, review: Review, subject: ReviewSubject) -> bool:
    """Bring a locked review up to date, and return whether anything changed."""
    changed = review.seen_fingerprint != subject.fingerprint
    if changed:
        # Whoever asked for a person is not answered by new figures.
        was_asked_for = any(fired["code"] == risk.ASKED_FOR for fired in review.risks)
        subject = replace(subject, facts=replace(subject.facts, asked_for=was_asked_for))
        assessment = risk.assess(subject.facts)
        values = subject.values(assessment)
        data = subject.event_data(values)
        step = _step(session, review, assessment, values, data)
        for name, value in values.items():
            setattr(review, name, value)
        if step is None:
            review.version += 1
            events.record(session, "reviews.refresh", review.id, SYSTEM, parties=[], **data)
        else:
            _apply(session, review, step, data)
    if subject.is_near and review.status == ReviewStatus.DEFERRED:
        _apply(session, review, "ask", {})
        changed = True
    return changed


def _step(
    session: Session, review: Review, assessment: RiskAssessment, values: Mapping[str, Any], data: Mapping[str, Any]
) -> str | None:
    """Return the transition that a review makes on new facts, or None if it stays where it is."""
    if review.status in (ReviewStatus.SECOND, *DECIDED):
        seen = last_decision(session, review.id).seen
        # Every import in the market moves every forecast a little: that alone undoes no approval. In `second`, anything
        # new that the sides themselves state does: what the first person approved no longer exists.
        sides_changed = (seen["facts"] or {}).get("told") != data["facts"]["told"]
        reopened = risk.got_worse(seen["risks"], values["risks"]) or (
            review.status == ReviewStatus.SECOND and sides_changed
        )
        return "reopen" if reopened else None
    if assessment.asks:
        return "defer" if review.status == ReviewStatus.PASSED else None
    if review.status == ReviewStatus.DEFERRED:
        return "pass"
    # Once a person has decided anything about it, a person ends it.
    untouched = review.status == ReviewStatus.OPEN and not session.scalar(
        sa.select(sa.exists().where(ReviewDecision.review_id == review.id))
    )
    return "pass" if untouched else None


def _apply(session: Session, review: Review, step: str, data: Mapping[str, Any], actor: Actor = SYSTEM) -> None:
    """Apply a transition that nobody's verdict makes, and let both sides know."""
    withdrawn = verdicts.shown_override(review.override)
    review.reason = review.override = review.decided_at = None
    apply_transition(session, review, REVIEW_TRANSITIONS, step, actor, parties=[], **data)
    more: dict[str, Any] = {"withdrawn_override": withdrawn} if step == "reopen" else {}
    verdicts.announce(session, step, [review], actor, **more)


def ask(session: Session, subject_ids: Collection[UUID], subject_kind: str = "bid") -> int:
    """Ask a person about those of these subjects whose reviews were deferred. Return how many."""
    deferred = [
        review
        for review in _locked(session, subject_kind, subject_ids).values()
        if review.status == ReviewStatus.DEFERRED
    ]
    for review in deferred:
        _apply(session, review, "ask", {})
    return len(deferred)


def ask_for(session: Session, actor: Actor, subject: ReviewSubject, subject_kind: str = "bid") -> None:
    """Let a side, or the platform, have a person look at what was deferred or passed by rule.

    Raises Conflict (not assessed yet) and WrongState (a person looks at it already, or has decided).
    """
    subject = replace(subject, facts=replace(subject.facts, asked_for=True), is_near=True)
    assessment = risk.assess(subject.facts)
    review = _locked(session, subject_kind, [subject.subject_id]).get(subject.subject_id)
    if review is None:
        if not verdicts.verdicts(session, [subject.subject_id], subject_kind):
            raise Conflict(_NO_REVIEW)
        if not _open(session, subject_kind, [(subject, assessment)], actor):
            # Somebody else asked a moment ago.
            raise WrongState(_WAITS, state=ReviewStatus.OPEN)
    elif review.status in (ReviewStatus.DEFERRED, ReviewStatus.PASSED):
        values = subject.values(assessment)
        for name, value in values.items():
            setattr(review, name, value)
        _apply(session, review, "ask", subject.event_data(values), actor)
    elif review.status in PENDING:
        raise WrongState(_WAITS, state=review.status)
    else:
        named = state_name(review.status)
        raise WrongState(Bilingual(f"它的状态已经是“{named.zh}”。", f"It is {named.en} already."), state=review.status)


def drop(session: Session, subject_ids: Iterable[UUID], subject_kind: str = "bid") -> int:
    """Take out of the queue the undecided reviews of subjects that are gone. Return how many."""
    waiting = [
        review for review in _locked(session, subject_kind, list(subject_ids)).values() if review.status in DECIDABLE
    ]
    for review in waiting:
        apply_transition(session, review, REVIEW_TRANSITIONS, "drop", SYSTEM, parties=[])
    return len(waiting)
