"""Time in which a deal stands still, paused, being cancelled or disputed, is nobody's: what was left of it goes on."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.deals import signing
from marketplace.deals.models import Deal, DealTerms, Deliverable
from marketplace.deals.states import DELIVERABLE_TRANSITIONS
from marketplace.deliverables.models import Draft, DraftStatus
from marketplace.identity.party_days import day_of
from marketplace.pacing import signed_promises

BEFORE_LIVE = DELIVERABLE_TRANSITIONS["cancel"].sources


def end(session: Session, actor: Actor, deal: Deal) -> int:
    """Let the work on a locked deal go on, and return by how many days its last days of publishing have moved.

    A draft that waits for its answer waits as much longer as the deal stood still, to the second. What is not live is
    due as many days later as the calendar of the deal's zone went on, and the channel's booked days and its exclusivity
    end as much later. First days stay: nobody loses by being allowed to publish. What is live stays live meanwhile, so
    its days go on.
    """
    assert deal.stopped_at is not None, "a deal that stands still has done so since a time"
    stood, began = now() - deal.stopped_at, deal.stopped_at
    days = (day_of(deal.timezone, now()) - day_of(deal.timezone, began)).days
    deal.stopped_at = None
    with db.acting_as(session, SYSTEM):
        owed = sa.select(Deliverable.id).where(Deliverable.deal_id == deal.id)
        waiting = sa.select(Draft).where(Draft.deliverable_id.in_(owed), Draft.status == DraftStatus.SENT)
        for draft in session.scalars(waiting.with_for_update()):
            draft.answer_by += stood
        if days:
            _move_days(session, actor, deal, timedelta(days=days))
    return days


def _move_days(session: Session, actor: Actor, deal: Deal, by: timedelta) -> None:
    rows = session.scalars(sa.select(Deliverable).where(Deliverable.deal_id == deal.id).with_for_update()).all()
    moved = [row for row in rows if row.status in BEFORE_LIVE]
    for row in moved:
        row.due_on += by
        row.version += 1
    content = session.get_one(DealTerms, deal.terms_id).content
    # What was promised stays promised: a channel's room and another brand's later window do not undo it.
    signed_promises.postpone(session, deal.id, by)
    exclusivity = content["rights"]["exclusivity"]
    if exclusivity is not None and moved:
        last = max(row.due_on for row in rows) + timedelta(days=exclusivity["days"])
        first = day_of(deal.timezone, now())
        # Days that the channel has promised elsewhere meanwhile are not this deal's any more.
        signed_promises.promise_category(
            session, actor, signing.promising(deal, content), exclusivity["category"], first, last
        )
    session.flush()
