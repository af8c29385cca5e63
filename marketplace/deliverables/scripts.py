"""Scripts of what a deal owes: sent by the maker, approved by the brand, or sent back with reasons."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict
from marketplace.deals.models import Deliverable
from marketplace.deliverables import milestones, owed_work, policy, work_refusals
from marketplace.deliverables.models import Script, ScriptStatus
from marketplace.deliverables.owed_work import OwedWork


def send(session: Session, actor: Actor, deliverable_id: UUID, *, body: str) -> Script:
    """Send a script, or its next version after it came back. Raises NotFound, NotAllowed, WrongState."""
    owed = owed_work.hold(session, actor, deliverable_id)
    owed_work.require(owed, "send_script", actor)
    before = owed_work.newest(session, Script, deliverable_id)
    assert actor.party_id is not None
    row = Script(
        deliverable_id=deliverable_id,
        number=1 if before is None else before.number + 1,
        body=body,
        party_id=actor.party_id,
        person_id=actor.person_id,
    )
    session.add(row)
    owed_work.move(session, actor, owed, "send_script", number=row.number)
    return row


def approve(session: Session, actor: Actor, script_id: UUID) -> Script:
    """Approve the newest script. Raises NotFound, NotAllowed, WrongState, Conflict (a newer one is there)."""
    row, owed = _held(session, actor, script_id, "approve_script")
    _decide(row, actor, ScriptStatus.APPROVED)
    owed_work.move(session, actor, owed, "approve_script", number=row.number)
    milestones.reach(session, owed, "script_approved")
    return row


def send_back(session: Session, actor: Actor, script_id: UUID, *, reasons: str) -> Script:
    """Send the newest script back with reasons, which uses one of the agreed rounds. Raises as `approve` does, and
    RoundsUsed with the price of one more."""
    row, owed = _held(session, actor, script_id, "return_script")
    owed_work.use_round(session, owed, "script")
    _decide(row, actor, ScriptStatus.RETURNED)
    row.reasons = reasons
    owed_work.move(session, actor, owed, "return_script", number=row.number, round=owed.row.script_rounds_used)
    return row


def listing(session: Session, actor: Actor, deliverable_id: UUID) -> Sequence[Script]:
    """Return all versions of a script, the first one first. Raises NotFound."""
    owed = owed_work.find(session, actor, deliverable_id)
    query = sa.select(Script).where(Script.deliverable_id == owed.row.id).order_by(Script.number)
    return session.scalars(query).all()


def _held(session: Session, actor: Actor, script_id: UUID, name: str) -> tuple[Script, OwedWork]:
    seen = sa.exists().where(Deliverable.id == Script.deliverable_id, policy.visible(actor))
    row = db.get(session, Script, script_id, seen)
    owed = owed_work.hold(session, actor, row.deliverable_id)
    row = db.lock(session, Script, script_id)
    owed_work.require(owed, name, actor)
    if row.status != ScriptStatus.SENT:
        raise Conflict(work_refusals.NOT_NEWEST)
    return row, owed


def _decide(row: Script, actor: Actor, status: ScriptStatus) -> None:
    row.status, row.decided_at, row.decided_by = status, now(), actor.person_id
