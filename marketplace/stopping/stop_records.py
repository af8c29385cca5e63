"""The record of what made a deal stand still: begun, ended, and read by both sides."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.deals import policy
from marketplace.deals.models import Deal, DealParty
from marketplace.stopping.models import DealStop, StopKind, StopOutcome


def held(session: Session, actor: Actor, deal_id: UUID) -> Deal:
    """Lock a deal for a move of a side that may act. Raises NotFound, NotAllowed (no live mandate)."""
    deal = db.get(session, Deal, deal_id, policy.visible(actor))
    policy.require_mandate(session, actor, deal)
    return db.lock(session, Deal, deal_id, policy.visible(actor))


def begin(
    session: Session,
    actor: Actor,
    deal: Deal,
    kind: StopKind,
    reason: str,
    *,
    answer_by: datetime | None = None,
    quote_id: UUID | None = None,
    stands_still: bool = True,
) -> DealStop:
    """Record that a side stops a locked deal: from now on the work stands still, unless only a part of it ends."""
    if stands_still and deal.stopped_at is None:
        deal.stopped_at = now()
    row = DealStop(
        deal_id=deal.id,
        kind=kind,
        reason=reason,
        began_at=now(),
        side=side_of(actor),
        party_id=actor.party_id,
        person_id=actor.person_id,
        answer_by=answer_by,
        quote_id=quote_id,
    )
    session.add(row)
    session.flush()
    return row


def end(session: Session, actor: Actor, row: DealStop, outcome: StopOutcome, answer: str | None = None) -> None:
    """Record how a pause or a request to cancel came to its end."""
    row.outcome, row.ended_at, row.answer = outcome, now(), answer
    row.ended_side, row.ended_by = side_of(actor), actor.person_id
    session.flush()


def side_of(actor: Actor) -> DealParty | None:
    """Return for which side somebody acts; None for the market."""
    return policy.side_of(actor) if actor.role in policy.SIDES else None


def open_one(session: Session, deal_id: UUID, kind: StopKind) -> DealStop | None:
    query = sa.select(DealStop).where(DealStop.deal_id == deal_id, DealStop.kind == kind, DealStop.outcome.is_(None))
    return session.scalars(query).one_or_none()


def end_open(session: Session, actor: Actor, deal_id: UUID, outcome: StopOutcome) -> None:
    """Record that whatever still stops a deal has come to this end."""
    open_ = sa.select(DealStop).where(DealStop.deal_id == deal_id, DealStop.outcome.is_(None))
    for row in session.scalars(open_):
        end(session, actor, row, outcome)


def went_on_at(session: Session, deal_id: UUID, *, stopped_by_other_than: DealParty) -> datetime | None:
    """Return when a deal last went on after somebody else than this side had stopped it: nobody wins time by a stop of
    their own."""
    went_on = (StopOutcome.RESUMED, StopOutcome.REFUSED, StopOutcome.TAKEN_BACK, StopOutcome.UNANSWERED)
    query = sa.select(sa.func.max(DealStop.ended_at)).where(DealStop.deal_id == deal_id, DealStop.outcome.in_(went_on))
    return session.scalar(query.where(DealStop.side.is_distinct_from(stopped_by_other_than)))


def listing(session: Session, actor: Actor, deal_id: UUID) -> Sequence[DealStop]:
    """Return all pauses of a deal and requests to cancel it, the newest first. Raises NotFound."""
    deal = db.get(session, Deal, deal_id, policy.visible(actor))
    query = sa.select(DealStop).where(DealStop.deal_id == deal.id).order_by(DealStop.id.desc())
    return session.scalars(query).all()
