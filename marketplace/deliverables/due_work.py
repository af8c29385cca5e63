"""What the clock finds due: drafts that silence approves, videos whose days live are over, results that
may be final, days that have passed."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import events, jobs
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.deals.models import UNDER_WAY, Deal, DealStatus, Deliverable, DeliverableStatus
from marketplace.deals.states import DELIVERABLE_TRANSITIONS
from marketplace.deliverables import owed_work
from marketplace.deliverables.models import Draft, DraftStatus, Publication, TakedownReport, TakedownStatus
from marketplace.deliverables.results.models import DeliverableResult

DUE = "deliverables.due"
SILENCE = "deliverables.approve-by-silence"
FINISH = "deliverables.finish"
LATE = "deliverables.mark-late"
RESULT = "deliverables.look-at-result"
# So many of a kind are asked for at once; the rest when the clock comes again.
BATCH = 500
# The day that the calendar shows at a deal now.
_TODAY = sa.cast(sa.func.timezone(Deal.timezone, sa.bindparam("moment", type_=sa.DateTime(timezone=True))), sa.Date)
_IS_OPEN = DeliverableResult.final_at.is_(None)
_BEFORE_LIVE = DELIVERABLE_TRANSITIONS["cancel"].sources


def ask_for_due(session: Session) -> dict[str, int]:
    """Ask for a job for each thing that is due, so that one that fails holds up no other; returns how many by kind."""
    return {
        SILENCE: _ask(session, SILENCE, _silent(session)),
        FINISH: _ask(session, FINISH, _kept_live(session)),
        LATE: _ask(session, LATE, _late(session)),
        RESULT: _ask(session, RESULT, _results(session)),
    }


def _ask(session: Session, kind: str, ids: Sequence[UUID]) -> int:
    for id_ in ids:
        jobs.enqueue(session, kind, subject_id=id_, dedupe_key=f"{kind}:{id_}")
    return len(ids)


def _silent(session: Session) -> Sequence[UUID]:
    query = (
        sa.select(Draft.id)
        .join(Deliverable, Deliverable.id == Draft.deliverable_id)
        .join(Deal, Deal.id == Deliverable.deal_id)
        .where(Draft.status == DraftStatus.SENT, Draft.silence_approves, Draft.answer_by <= now())
        .where(Deal.status == DealStatus.ACTIVE)
    )
    return session.scalars(query.order_by(Draft.answer_by).limit(BATCH)).all()


def _kept_live(session: Session) -> Sequence[UUID]:
    open_report = sa.exists().where(
        TakedownReport.deliverable_id == Deliverable.id, TakedownReport.status == TakedownStatus.TOLD
    )
    query = (
        sa.select(Deliverable.id)
        .join(Publication, Publication.deliverable_id == Deliverable.id)
        .join(Deal, Deal.id == Deliverable.deal_id)
        .where(Deliverable.status == DeliverableStatus.LIVE, ~open_report)
        .where(Deal.status.in_(UNDER_WAY))
        .where(~sa.exists().where(DeliverableResult.deliverable_id == Deliverable.id, _IS_OPEN))
    )
    # On several channels, when the days of the last one are over.
    last = sa.func.max(Publication.keep_live_until)
    query = query.group_by(Deliverable.id, Deal.id).having(last < _TODAY).order_by(last, Deliverable.id)
    return session.scalars(query.limit(BATCH), {"moment": now()}).all()


def _results(session: Session) -> Sequence[UUID]:
    query = (
        sa.select(Deliverable.id)
        .join(DeliverableResult, DeliverableResult.deliverable_id == Deliverable.id)
        .join(Deal, Deal.id == Deliverable.deal_id)
        .where(Deliverable.status == DeliverableStatus.LIVE, Deal.status.in_(UNDER_WAY))
        .where(_IS_OPEN, DeliverableResult.look_at <= now())
    )
    return session.scalars(query.order_by(DeliverableResult.look_at).limit(BATCH)).all()


def _late(session: Session) -> Sequence[UUID]:
    query = (
        sa.select(Deliverable.id)
        .join(Deal, Deal.id == Deliverable.deal_id)
        .where(Deliverable.status.in_(_BEFORE_LIVE), Deliverable.late_since.is_(None), Deliverable.due_on < _TODAY)
        .where(Deal.status == DealStatus.ACTIVE)
    )
    return session.scalars(query.order_by(Deliverable.due_on).limit(BATCH), {"moment": now()}).all()


def mark_late(session: Session, deliverable_id: UUID) -> bool:
    """Mark what was not live on the day that it was due, and tell both sides; returns whether it was. Once."""
    owed = owed_work.lock(session, deliverable_id)
    row, deal = owed.row, owed.deal
    waits = row.status in _BEFORE_LIVE and row.late_since is None and deal.status == DealStatus.ACTIVE
    if not waits or not owed.is_over(row.due_on):
        return False
    row.late_since = now()
    row.version += 1
    said = {"deal_id": str(deal.id), "position": row.position, "due_on": row.due_on.isoformat()}
    events.record(session, "deliverables.late", row.id, SYSTEM, parties=deal.parties, **said)
    session.flush()
    return True
