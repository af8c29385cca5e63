"""Decide a dispute in amounts: one person of the platform proposes, and another one confirms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, states
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, FieldError, InvalidInput
from marketplace.core.money import Money
from marketplace.deals import service as deals
from marketplace.deals.models import Deal, DealParty, Deliverable, DeliverableStatus
from marketplace.deals.states import DELIVERABLE_TRANSITIONS
from marketplace.deliverables import publishing
from marketplace.identity.party_days import day_of
from marketplace.payments import policy as money_policy
from marketplace.payments import service as payments
from marketplace.payments.models import Payment, PaymentStatus
from marketplace.stopping import quoting, shortening, standstill
from marketplace.stopping.disputes import dispute_refusals, service
from marketplace.stopping.disputes.models import Dispute, DisputeEvidence, DisputeOutcome
from marketplace.stopping.disputes.states import DISPUTE_TRANSITIONS
from marketplace.stopping.quotes import CancellationScope

_MOVES = {
    DisputeOutcome.GO_ON: "decide_to_go_on",
    DisputeOutcome.CANCEL: "decide_to_cancel",
    DisputeOutcome.COMPLETE: "decide_to_complete",
}


@dataclass(frozen=True)
class DecidedAmount:
    """What of a deliverable is due to the maker's side; the rest of what is held for it is returned."""

    deliverable_id: UUID
    due_minor: int


def propose(
    session: Session,
    actor: Actor,
    dispute_id: UUID,
    *,
    outcome: DisputeOutcome,
    amounts: Sequence[DecidedAmount],
    reason: str,
) -> Dispute:
    """Propose what becomes of a deal, with an amount for each deliverable that ends by it; another person confirms.

    To cancel or complete, everything that is not over needs its amount; to go on, what was taken down does. Raises
    NotFound, Conflict (a side has not been heard yet, or one's own party is concerned), WrongState, InvalidInput.
    """
    row, deal, person_id = _held(session, actor, dispute_id)
    _require(row, "propose", actor)
    heard = set(session.scalars(sa.select(DisputeEvidence.side).where(DisputeEvidence.dispute_id == row.id)))
    if heard != set(DealParty) and now() < row.answer_by:
        raise Conflict(dispute_refusals.not_heard(row.answer_by), rule="not_heard")
    _validate(session, deal, outcome, amounts)
    row.outcome, row.decision = outcome, reason
    row.amounts = {str(one.deliverable_id): one.due_minor for one in amounts}
    row.proposed_by, row.proposed_at = person_id, now()
    states.apply_transition(session, row, DISPUTE_TRANSITIONS, "propose", actor, parties=[], deal_id=str(deal.id))
    session.flush()
    return row


def drop_proposal(session: Session, actor: Actor, dispute_id: UUID) -> Dispute:
    """Drop what is proposed: the sides may show more, and somebody proposes anew. Raises NotFound, Conflict,
    WrongState."""
    row, deal, _ = _held(session, actor, dispute_id)
    _require(row, "drop_proposal", actor)
    row.outcome = row.decision = row.amounts = row.proposed_by = row.proposed_at = None
    states.apply_transition(session, row, DISPUTE_TRANSITIONS, "drop_proposal", actor, parties=[], deal_id=str(deal.id))
    session.flush()
    return row


def confirm(session: Session, actor: Actor, dispute_id: UUID, *, version: int) -> Dispute:
    """Confirm, as another person, what is proposed in the version that was read: it is done in one transaction, and
    both sides read it. Raises NotFound, Conflict, WrongState."""
    row, deal, person_id = _held(session, actor, dispute_id)
    said: dict[str, Any] = {"deal_id": str(deal.id), "outcome": str(row.outcome), "reason": row.decision}
    _require(row, "decide", actor)
    if row.version != version:
        raise Conflict(dispute_refusals.NEWER_VERSION, rule="newer_version", number=row.version)
    money_policy.require_another(person_id, row.proposed_by)
    row.decided_by, row.decided_at = person_id, now()
    states.apply_transition(session, row, DISPUTE_TRANSITIONS, "decide", actor, parties=deal.parties, **said)
    assert row.amounts is not None, "what is proposed has amounts"
    _carry_out(session, actor, deal, row, row.amounts)
    return row


def _held(session: Session, actor: Actor, dispute_id: UUID) -> tuple[Dispute, Deal, UUID]:
    """Lock a dispute's deal, and then itself, for a person of the platform who sits in no party of it."""
    person_id = money_policy.require_person(actor)
    deal = db.lock(session, Deal, db.get(session, Dispute, dispute_id, service.visible(actor)).deal_id)
    row = db.lock(session, Dispute, dispute_id)
    with db.acting_as(session, SYSTEM):
        money_policy.require_no_side(session, person_id, deal.parties)
    return row, deal, person_id


def _require(row: Dispute, name: str, actor: Actor) -> None:
    """Raise what the table of states alone would raise, before anything else is looked at."""
    rule = DISPUTE_TRANSITIONS[name]
    states.require_role(rule, name, actor)
    if row.status not in rule.sources:
        raise states.wrong_state(rule, name, row.status)


def _validate(session: Session, deal: Deal, outcome: DisputeOutcome, amounts: Sequence[DecidedAmount]) -> None:
    open_ = {row.id: row for row in service.undecided(session, deal)}
    held = _in_escrow(session, deal)
    errors, named = [], set()
    for index, one in enumerate(amounts):
        if one.deliverable_id not in open_:
            errors.append(FieldError(f"/amounts/{index}/deliverable_id", dispute_refusals.NOT_OF_THE_DEAL))
            continue
        if one.deliverable_id in named:
            errors.append(FieldError(f"/amounts/{index}/deliverable_id", dispute_refusals.EACH_ONCE))
        named.add(one.deliverable_id)
        whole = sum(payment.amount_minor for payment in held.get(one.deliverable_id, ()))
        if one.due_minor > whole:
            text = dispute_refusals.beyond_escrow(Money(deal.currency, whole))
            errors.append(FieldError(f"/amounts/{index}/due_minor", text))
    goes_on = outcome is DisputeOutcome.GO_ON
    needed = [row for row in open_.values() if not goes_on or row.status == DeliverableStatus.MISSED]
    missing = [str(row.position) for row in needed if row.id not in named]
    if missing:
        errors.append(FieldError("/amounts", dispute_refusals.amounts_missing(", ".join(missing))))
    if goes_on and not set(open_) - named:
        errors.append(FieldError("/outcome", dispute_refusals.NOTHING_GOES_ON))
    if errors:
        raise InvalidInput(errors=errors)


def _carry_out(session: Session, actor: Actor, deal: Deal, row: Dispute, amounts: Mapping[str, Any]) -> None:
    for one in service.undecided(session, deal):
        if str(one.id) in amounts:
            agency_day = _split_day(session, deal, one, row)
            _end_one(session, actor, deal, one)
            _pay(session, actor, deal, one.id, int(amounts[str(one.id)]), agency_day)
    for payments_of in _in_escrow(session, deal).values():
        for payment in payments_of:
            if payment.status == PaymentStatus.FROZEN:
                payments.unfreeze(session, SYSTEM, payment.id)
    assert row.outcome is not None
    if row.outcome is DisputeOutcome.GO_ON:
        deals.apply(session, actor, deal, _MOVES[row.outcome], **deals.event_data(deal))
        standstill.end(session, SYSTEM, deal)
    else:
        until = quoting.present(session, deal, DealParty.BRAND, CancellationScope.ALL).content["exclusive_until"]
        shortening.end_promises(session, SYSTEM, deal, date.fromisoformat(until) if until else None)
        deal.ended_at, deal.stopped_at = now(), None
        deals.apply(session, actor, deal, _MOVES[row.outcome], **deals.event_data(deal))
    session.flush()


def _end_one(session: Session, actor: Actor, deal: Deal, row: Deliverable) -> None:
    """End a deliverable by the decision: what is not live is cancelled, what is live is done, what was taken down stays
    missed."""
    if row.status in standstill.BEFORE_LIVE:
        shortening.cancel_one(session, actor, deal, row.id)
    elif row.status == DeliverableStatus.LIVE:
        locked = db.lock(session, Deliverable, row.id)
        said: dict[str, Any] = {"deal_id": str(deal.id), "position": row.position}
        states.apply_transition(
            session, locked, DELIVERABLE_TRANSITIONS, "decide_to_end", actor, parties=deal.parties, **said
        )


def _split_day(session: Session, deal: Deal, row: Deliverable, dispute: Dispute) -> date:
    """Return the day by whose mandate an agency has its share: as the terms say for what went live, and of what did not
    the day on which the dispute was opened."""
    rule = (deal.split_rule or {}).get("day", "publication")
    if row.status in standstill.BEFORE_LIVE:
        at = dispute.created_at
    elif rule == "publication":
        at = publishing.live_days(session, row.id).published_at
    else:
        assert deal.agreed_at is not None, "what is live was agreed"
        at = deal.agreed_at
    return day_of(deal.timezone, at)


def _pay(session: Session, actor: Actor, deal: Deal, deliverable_id: UUID, due_minor: int, day: date) -> None:
    agency = payments.agency_part(session, deal.creator_id, deal.agency_id, day)
    for payment in _in_escrow(session, deal).get(deliverable_id, ()):
        if payment.status == PaymentStatus.HELD:  # not disputed, and ended by the decision all the same
            payments.freeze(session, SYSTEM, payment.id)
        part = min(due_minor, payment.amount_minor)
        due_minor -= part
        payments.decide(session, actor, payment.id, due=Money(deal.currency, part), agency=agency)


def _in_escrow(session: Session, deal: Deal) -> dict[UUID | None, list[Payment]]:
    found: dict[UUID | None, list[Payment]] = {}
    for payment in payments.of_deal(session, deal.id):
        if payment.status in payments.IN_ESCROW:
            found.setdefault(payment.deliverable_id, []).append(payment)
    return found
