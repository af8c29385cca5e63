"""Ask to cancel a deal by its quote; the other side agrees, refuses, or says nothing; the request may be taken back."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, jobs
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, WrongState
from marketplace.core.message import Bilingual
from marketplace.deals import policy
from marketplace.deals import service as deals
from marketplace.deals.models import Deal, DealStatus
from marketplace.stopping import quoting, shortening, standstill, stop_records, stop_refusals
from marketplace.stopping.models import CancellationQuote, DealStop, StopKind, StopOutcome
from marketplace.stopping.quotes import CancellationScope, Quote

ANSWER_TIME = timedelta(hours=72)
DUE = "stopping.due"
END = "stopping.end-request"
BATCH = 500


class StaleQuote(Conflict):
    """The deal has moved since this quote was shown: `quote_hash` and `due_minor` are the present one's, and `changes`
    tells what differs."""

    code = "stale-quote"
    title = Bilingual("取消费用已有变化", "What cancelling costs has changed")


def ask(session: Session, actor: Actor, deal_id: UUID, *, quote_hash: str, reason: str) -> Deal:
    """Ask to cancel what a quote names, at what it says. What is late beyond the maker's days is cancelled at once,
    for the brand alone decides on that; for anything else the other side has ANSWER_TIME.

    Raises NotFound, NotAllowed, WrongState, StaleQuote, Conflict (nothing is left to be cancelled).
    """
    deal = stop_records.held(session, actor, deal_id)
    side = policy.side_of(actor)
    shown = quoting.named(session, deal.id, quote_hash)
    is_own = shown is not None and shown.content["side"] == str(side)
    scope = CancellationScope(shown.content["scope"]) if shown is not None and is_own else CancellationScope.ALL
    if deal.status not in quoting.CAN_BE_CANCELLED:
        deals.apply(session, actor, deal, "ask_to_cancel")  # which the table refuses
    present = quoting.present(session, deal, side, scope)
    if present.content_hash != quote_hash:
        raise _stale(session, deal, present, shown if is_own else None)
    if not present.lines:
        raise Conflict(stop_refusals.NOTHING_WAITS, rule="nothing_waits")
    kept = quoting.keep(session, deal, present)
    if scope is CancellationScope.LATE:
        row = stop_records.begin(
            session, actor, deal, StopKind.CANCELLATION, reason, answer_by=now(), quote_id=kept.id, stands_still=False
        )
        stop_records.end(session, actor, row, StopOutcome.CANCELLED)
        shortening.shorten(session, actor, deal, present, row.began_at)
        return deal
    answer_by = now() + ANSWER_TIME
    said = {**deals.event_data(deal), "reason": reason, "cancel_answer_by": answer_by.isoformat()}
    deals.apply(session, actor, deal, "ask_to_cancel", **said)
    stop_records.begin(session, actor, deal, StopKind.CANCELLATION, reason, answer_by=answer_by, quote_id=kept.id)
    return deal


def agree(session: Session, actor: Actor, deal_id: UUID, *, quote_hash: str) -> Deal:
    """Agree to what the other side has asked for, by the hash of its quote: it is done, and costs exactly that.

    Raises NotFound, NotAllowed, WrongState (no request waits, it is one's own, its time is over), StaleQuote.
    """
    deal, row = _waiting(session, actor, deal_id, "cancel", own=False)
    kept = session.get_one(CancellationQuote, row.quote_id)
    if kept.content_hash != quote_hash:
        raise _stale(session, deal, Quote(kept.content), quoting.named(session, deal.id, quote_hash))
    _carry_out(session, actor, deal, row, kept.content)
    return deal


def refuse(session: Session, actor: Actor, deal_id: UUID, *, reason: str) -> Deal:
    """Refuse what the other side has asked for, with a reason that both read: the deal goes on as it was. Raises
    NotFound, NotAllowed, WrongState."""
    deal, row = _waiting(session, actor, deal_id, "go_on", own=False)
    _go_back(session, actor, deal, row, StopOutcome.REFUSED, reason)
    return deal


def take_back(session: Session, actor: Actor, deal_id: UUID) -> Deal:
    """Take one's own request back: the deal goes on as it was. Raises NotFound, NotAllowed, WrongState."""
    deal, row = _waiting(session, actor, deal_id, "go_on", own=True)
    _go_back(session, actor, deal, row, StopOutcome.TAKEN_BACK, None)
    return deal


def ask_for_due(session: Session) -> int:
    """Ask for a job for each request that nobody has answered in time; returns how many."""
    query = sa.select(DealStop.id).where(DealStop.outcome.is_(None), DealStop.answer_by <= now())
    found = session.scalars(query.order_by(DealStop.answer_by).limit(BATCH)).all()
    for id_ in found:
        jobs.enqueue(session, END, subject_id=id_, dedupe_key=f"{END}:{id_}")
    return len(found)


def end_unanswered(session: Session, stop_id: UUID) -> bool:
    """End a request that nobody has answered in time, and return whether it was. Before the first draft of what it
    names silence cancels; afterwards the deal goes on as it was, for silence decides on nobody's work."""
    deal = db.lock(session, Deal, session.get_one(DealStop, stop_id).deal_id)
    row = db.lock(session, DealStop, stop_id)
    if row.outcome is not None or row.answer_by is None or row.answer_by > now():
        return False
    content = session.get_one(CancellationQuote, row.quote_id).content
    if content["silence_cancels"]:
        _carry_out(session, SYSTEM, deal, row, content)
    else:
        _go_back(session, SYSTEM, deal, row, StopOutcome.UNANSWERED, None)
    return True


def _carry_out(session: Session, actor: Actor, deal: Deal, row: DealStop, content: Mapping[str, Any]) -> None:
    stop_records.end(session, actor, row, StopOutcome.CANCELLED)
    shortening.shorten(session, actor, deal, Quote(content), row.began_at)


def _go_back(
    session: Session, actor: Actor, deal: Deal, row: DealStop, outcome: StopOutcome, answer: str | None
) -> None:
    stop_records.end(session, actor, row, outcome, answer)
    is_paused = stop_records.open_one(session, deal.id, StopKind.PAUSE) is not None
    said = {**deals.event_data(deal), "outcome": str(outcome), **({"reason": answer} if answer else {})}
    deals.apply(session, actor, deal, "go_back_to_pause" if is_paused else "go_on", **said)
    if not is_paused:
        standstill.end(session, actor, deal)
    session.flush()


def _waiting(session: Session, actor: Actor, deal_id: UUID, name: str, *, own: bool) -> tuple[Deal, DealStop]:
    """Lock a deal, and return it with the request to cancel it that waits: one's own, or the other side's."""
    deal = stop_records.held(session, actor, deal_id)
    row = stop_records.open_one(session, deal.id, StopKind.CANCELLATION)
    if row is None or deal.status != DealStatus.CANCELLING:
        deals.apply(session, actor, deal, name)  # which the table refuses
        raise WrongState(stop_refusals.NO_REQUEST, state=str(deal.status))
    if (row.side == policy.side_of(actor)) != own:
        raise WrongState(stop_refusals.THEIR_REQUEST if own else stop_refusals.YOUR_REQUEST, state=str(row.side))
    if row.answer_by is not None and now() >= row.answer_by:
        raise WrongState(stop_refusals.request_is_over(row.answer_by), state="unanswered")
    return deal, row


def _stale(session: Session, deal: Deal, present: Quote, shown: CancellationQuote | None) -> StaleQuote:
    before = {} if shown is None else {line["position"]: line for line in shown.content["lines"]}
    after = {line["position"]: line for line in present.lines}
    told = ("stage", "rule", "due_minor", "returned_minor")
    changes = [
        {
            "position": position,
            "before": before.get(position) and {name: before[position][name] for name in told},
            "after": after.get(position) and {name: after[position][name] for name in told},
        }
        for position in sorted({*before, *after})
        if shown is not None and before.get(position) != after.get(position)
    ]
    kept = quoting.keep(session, deal, present)
    return StaleQuote(
        stop_refusals.STALE_QUOTE,
        quote_hash=kept.content_hash,
        due_minor=present.content["due_minor"],
        returned_minor=present.content["returned_minor"],
        changes=changes,
    )
