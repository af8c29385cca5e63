"""Pause a deal, and let it go on."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict
from marketplace.deals import service as deals
from marketplace.deals.models import Deal, DealParty, DealStatus, Deliverable
from marketplace.stopping import standstill, stop_records, stop_refusals
from marketplace.stopping.models import DealStop, StopKind, StopOutcome

# So long, all pauses of a side together, nobody but that side may end one.
PAUSE_HOLDS = timedelta(days=14)


def pause(session: Session, actor: Actor, deal_id: UUID, *, reason: str) -> Deal:
    """Let the work on a deal stand still, with a reason that both sides read.

    Raises NotFound, NotAllowed, WrongState, Conflict (all that it owes is live or over).
    """
    deal = stop_records.held(session, actor, deal_id)
    deals.apply(session, actor, deal, "pause", **deals.event_data(deal), reason=reason)
    open_ = sa.exists().where(Deliverable.deal_id == deal.id, Deliverable.status.in_(standstill.BEFORE_LIVE))
    if not session.scalar(sa.select(open_)):
        raise Conflict(stop_refusals.NOTHING_WAITS, rule="nothing_waits")
    stop_records.begin(session, actor, deal, StopKind.PAUSE, reason)
    return deal


def resume(session: Session, actor: Actor, deal_id: UUID) -> Deal:
    """Let a paused deal go on. Whoever paused it may at any time; the other side once the pauses of that side have
    taken PAUSE_HOLDS together. Raises NotFound, NotAllowed, WrongState, Conflict (it is too early for this side)."""
    deal = stop_records.held(session, actor, deal_id)
    paused = stop_records.open_one(session, deal.id, StopKind.PAUSE)
    is_others = paused is not None and paused.side not in (None, stop_records.side_of(actor))
    if paused is not None and is_others and deal.status == DealStatus.PAUSED:
        free_at = _free_at(session, deal.id, paused.side)
        if now() < free_at:
            raise Conflict(stop_refusals.paused_by_other(free_at), rule="paused_by_other", free_at=free_at.isoformat())
    deals.apply(session, actor, deal, "resume", **deals.event_data(deal))
    assert paused is not None, "a paused deal has an open pause"
    stop_records.end(session, actor, paused, StopOutcome.RESUMED)
    standstill.end(session, actor, deal)
    return deal


def _free_at(session: Session, deal_id: UUID, side: DealParty | None) -> datetime:
    """Return when the other side may end the pause that a side has made."""
    query = sa.select(DealStop).where(
        DealStop.deal_id == deal_id, DealStop.kind == StopKind.PAUSE, DealStop.side == side
    )
    *earlier, present = session.scalars(query.order_by(DealStop.id)).all()
    taken = sum(((row.ended_at - row.began_at) for row in earlier if row.ended_at is not None), timedelta())
    return present.began_at + max(PAUSE_HOLDS - taken, timedelta())
