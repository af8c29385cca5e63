"""What the sides of a deal may know of a review: the verdict and its reason, and none of who decided.

Sides read the reviewer's words only where these bind them: held, rejected, or with other values in place of the
computed ones. Of the risks they read those that asked for a person, for each of these is about the offer itself; notes
stay inside, because some compare an offer with its rivals. Nobody is named.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import events
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.events import NewEvent
from marketplace.reviews.models import Review, ReviewStatus

OVERRIDABLE = ("overall", "intrusiveness", "flags_cleared")


class VerdictStatus(StrEnum):
    PASSED_BY_RULE = "passed_by_rule"
    DEFERRED = "deferred"
    WAITING = "waiting"
    HELD = "held"
    APPROVED = "approved"
    REJECTED = "rejected"


_STATUS: Mapping[str, VerdictStatus] = {
    ReviewStatus.DEFERRED: VerdictStatus.DEFERRED,
    ReviewStatus.OPEN: VerdictStatus.WAITING,
    ReviewStatus.SECOND: VerdictStatus.WAITING,
    ReviewStatus.HELD: VerdictStatus.HELD,
    ReviewStatus.APPROVED: VerdictStatus.APPROVED,
    ReviewStatus.REJECTED: VerdictStatus.REJECTED,
    ReviewStatus.PASSED: VerdictStatus.PASSED_BY_RULE,
}


@dataclass(frozen=True)
class ReviewVerdict:
    """Where a review stands, as both sides may know it. `override`: the values that people have put in place of the
    computed ones, None for a value that stays; `risks`: why a person is needed."""

    status: VerdictStatus
    reason: str | None = None
    override: Mapping[str, Any] | None = None
    decided_at: datetime | None = None
    risks: Sequence[Mapping[str, Any]] = ()

    @property
    def lets_pass(self) -> bool:
        """Whether the review keeps nothing out: a rule let it pass, or people did."""
        return self.status in (VerdictStatus.PASSED_BY_RULE, VerdictStatus.APPROVED)


# A subject that a rule let pass has no review, but the event that says so.
_VERDICTS = sa.text(
    "SELECT s.id, r.status, r.reason, r.override, r.risks, coalesce(r.decided_at, p.passed_at) AS decided_at"
    " FROM unnest(CAST(:subject_ids AS uuid[])) s(id)"
    " LEFT JOIN reviews r ON r.subject_kind = :subject_kind AND r.subject_id = s.id"
    " LEFT JOIN LATERAL (SELECT max(e.created_at) AS passed_at FROM events e WHERE e.subject_id = s.id"
    " AND e.kind = :passed AND (r.id IS NULL OR r.status = 'passed')) p ON true"
    " WHERE r.id IS NOT NULL OR p.passed_at IS NOT NULL"
)


def kind_of(subject_kind: str, step: str) -> str:
    """Return the kind of the event by which both sides learn of a step of a subject's review."""
    return f"{subject_kind}s.{step}_review"


def verdicts(session: Session, subject_ids: Collection[UUID], subject_kind: str = "bid") -> dict[UUID, ReviewVerdict]:
    """Return the verdict on each of these subjects that has one. Nothing is decided before the close or after the end
    of a subject. The caller checks who may see the subjects."""
    if not subject_ids:
        return {}
    values = {
        "subject_ids": list(subject_ids),
        "subject_kind": subject_kind,
        "passed": kind_of(subject_kind, "pass"),
    }
    rows = session.execute(_VERDICTS, values)
    return {row.id: _verdict(row) for row in rows if row.status is None or row.status in _STATUS}


def locked_verdicts(
    session: Session, subject_ids: Collection[UUID], subject_kind: str = "bid"
) -> dict[UUID, ReviewVerdict]:
    """Return the verdicts, which stay as they are until this transaction ends: a decision waits for that."""
    query = sa.select(Review.id).where(Review.subject_kind == subject_kind, Review.subject_id.in_(list(subject_ids)))
    session.execute(query.order_by(Review.id).with_for_update(read=True))
    return verdicts(session, subject_ids, subject_kind)


def _verdict(row: Any) -> ReviewVerdict:
    if row.status is None:
        return ReviewVerdict(VerdictStatus.PASSED_BY_RULE, decided_at=row.decided_at)
    return ReviewVerdict(
        _STATUS[row.status],
        row.reason,
        shown_override(row.override),
        row.decided_at,
        [{name: risk[name] for name in ("code", "zh", "en")} for risk in row.risks if risk["asks"]],
    )


def shown_override(override: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the values of an override without who gave them."""
    return None if override is None else {name: override.get(name) for name in OVERRIDABLE}


def announce(session: Session, step: str, reviews: Sequence[Review], actor: Actor = SYSTEM, **data: Any) -> None:
    """Record for both sides a step of the reviews of one kind of subject, naming nobody."""
    if not reviews:
        return
    heard = [
        NewEvent(review.subject_id, review.party_ids, {"brief_id": str(review.about_id), **data}) for review in reviews
    ]
    events.record_many(session, kind_of(reviews[0].subject_kind, step), Actor(role=actor.role), heard)
