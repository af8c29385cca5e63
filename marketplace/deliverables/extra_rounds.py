"""One more round of changes than the terms include: asked for at the quoted price, confirmed by the maker, and there
once its payment is held. Nobody works on it before."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, events, states
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict
from marketplace.core.money import Money
from marketplace.deals.models import Deliverable, DeliverableStatus
from marketplace.deliverables import owed_work, policy, work_refusals
from marketplace.deliverables.models import ExtraRound, ExtraRoundStatus, RoundKind
from marketplace.deliverables.owed_work import OwedWork
from marketplace.deliverables.states import EXTRA_ROUND_TRANSITIONS
from marketplace.payments import later_payments
from marketplace.payments.models import Payment, PaymentStatus
from marketplace.payments.service import PlannedPayment

ANSWER_WITHIN, PAY_WITHIN = timedelta(hours=72), timedelta(days=7)
BATCH = 100
# With which milestone a round's own payment is released, and while what there is something to change.
ROUND_ENDS = {RoundKind.SCRIPT: "script_approved", RoundKind.DRAFT: "draft_approved"}
_WHILE = {
    RoundKind.SCRIPT: (DeliverableStatus.PLANNED, DeliverableStatus.SCRIPT_SENT),
    RoundKind.DRAFT: (DeliverableStatus.DRAFT_SENT, DeliverableStatus.CHANGES_ASKED),
}


def ask(session: Session, actor: Actor, deliverable_id: UUID, *, kind: RoundKind, price: Money) -> ExtraRound:
    """Ask, as the brand, for one more round at the price that the terms quote.

    Raises NotFound, WrongState (nothing is there to be changed), Conflict (another price, or a round is left).
    """
    owed = owed_work.hold(session, actor, deliverable_id)
    quoted = Money(owed.deal.currency, owed.content["rounds"]["one_more_minor"])
    if price != quoted:
        refusal = work_refusals.other_round_price(quoted)
        raise Conflict(refusal, rule="other_price", price_minor=quoted.amount, currency=quoted.currency)
    if owed.row.status not in _WHILE[kind]:
        owed_work.require_status(owed, _WHILE[kind][-1])
    if owed_work.rounds_left(session, owed, kind) or _is_open(session, deliverable_id, kind):
        raise Conflict(work_refusals.ROUND_IS_THERE, rule="round_left")
    row = ExtraRound(
        deliverable_id=deliverable_id,
        kind=kind,
        currency=quoted.currency,
        price_minor=quoted.amount,
        asked_by=actor.person_id,
        answer_by=now() + ANSWER_WITHIN,
    )
    session.add(row)
    session.flush()
    _tell(session, actor, owed, row, "ask_for_round")
    return row


def confirm(session: Session, actor: Actor, round_id: UUID) -> ExtraRound:
    """Confirm, as the maker, one more round: its payment is planned. Raises NotFound, NotAllowed, WrongState."""
    row, owed = _held(session, actor, round_id, "confirm")
    _confirm(session, actor, owed, row)
    return row


def refuse(session: Session, actor: Actor, round_id: UUID) -> ExtraRound:
    """Refuse, as the maker, one more round; nothing has moved. Raises NotFound, NotAllowed, WrongState."""
    row, owed = _held(session, actor, round_id, "refuse")
    row.status = ExtraRoundStatus.REFUSED
    row.version += 1
    session.flush()
    _tell(session, actor, owed, row, "refuse_round")
    return row


def listing(session: Session, actor: Actor, deliverable_id: UUID) -> Sequence[ExtraRound]:
    """Return the further rounds of a deliverable, the first one first. Raises NotFound."""
    owed = owed_work.find(session, actor, deliverable_id)
    query = sa.select(ExtraRound).where(ExtraRound.deliverable_id == owed.row.id).order_by(ExtraRound.id)
    return session.scalars(query).all()


def lapse_overdue(session: Session) -> int:
    """Lapse up to BATCH rounds that nobody answered or paid in in time, and return how many; what came in for one goes
    back. A second run finds nothing."""
    with db.acting_as(session, SYSTEM):
        open_ = (ExtraRoundStatus.ASKED, ExtraRoundStatus.CONFIRMED)
        waits = sa.exists().where(Payment.id == ExtraRound.payment_id, Payment.status == PaymentStatus.PLANNED)
        overdue = sa.select(ExtraRound.id).where(
            ExtraRound.status.in_(open_),
            ExtraRound.answer_by <= now(),
            sa.or_(ExtraRound.status == ExtraRoundStatus.ASKED, waits),
        )
        due = session.scalars(overdue.order_by(ExtraRound.id).limit(BATCH)).all()
        return sum(_lapse(session, round_id) for round_id in due)


def drop_unpaid(session: Session, owed: OwedWork, milestone: str) -> None:
    """Lapse what of further rounds is not paid in when nothing is left that they could change. The caller acts as the
    system."""
    kinds = [kind for kind, at in ROUND_ENDS.items() if at == milestone or milestone != "script_approved"]
    open_ = (ExtraRoundStatus.ASKED, ExtraRoundStatus.CONFIRMED)
    query = sa.select(ExtraRound.id).where(
        ExtraRound.deliverable_id == owed.row.id, ExtraRound.status.in_(open_), ExtraRound.kind.in_(kinds)
    )
    for round_id in session.scalars(query).all():
        _lapse(session, round_id)


def _lapse(session: Session, round_id: UUID) -> bool:
    owed = owed_work.lock(session, session.get_one(ExtraRound, round_id).deliverable_id)
    row = db.lock(session, ExtraRound, round_id)
    if row.status not in EXTRA_ROUND_TRANSITIONS["lapse"].sources:
        return False
    if row.status == ExtraRoundStatus.CONFIRMED and (
        row.payment_id is None or not later_payments.drop(session, SYSTEM, row.payment_id)
    ):
        return False  # it was paid in
    row.status = ExtraRoundStatus.LAPSED
    row.version += 1
    session.flush()
    _tell(session, SYSTEM, owed, row, "lapse_round")
    return True


def _is_open(session: Session, deliverable_id: UUID, kind: RoundKind) -> bool:
    """Say whether a round is asked for, or confirmed and not paid in."""
    with db.acting_as(session, SYSTEM):
        unpaid = sa.exists().where(Payment.id == ExtraRound.payment_id, Payment.status == PaymentStatus.PLANNED)
        found = sa.exists().where(
            ExtraRound.deliverable_id == deliverable_id,
            ExtraRound.kind == kind,
            sa.or_(
                ExtraRound.status == ExtraRoundStatus.ASKED,
                sa.and_(ExtraRound.status == ExtraRoundStatus.CONFIRMED, unpaid),
            ),
        )
        return bool(session.scalar(sa.select(found)))


def _held(session: Session, actor: Actor, round_id: UUID, name: str) -> tuple[ExtraRound, OwedWork]:
    seen = sa.exists().where(Deliverable.id == ExtraRound.deliverable_id, policy.visible(actor))
    row = db.get(session, ExtraRound, round_id, seen)
    owed = owed_work.hold(session, actor, row.deliverable_id)
    row = db.lock(session, ExtraRound, round_id)
    rule = EXTRA_ROUND_TRANSITIONS[name]
    states.require_role(rule, name, actor)
    if row.status not in rule.sources:
        raise states.wrong_state(rule, name, row.status)
    return row, owed


def _confirm(session: Session, actor: Actor, owed: OwedWork, row: ExtraRound) -> None:
    if row.answer_by <= now():
        raise Conflict(work_refusals.ROUND_TOO_LATE, rule="too_late")
    row.status, row.answer_by = ExtraRoundStatus.CONFIRMED, now() + PAY_WITHIN
    row.version += 1
    if row.price_minor:
        planned = PlannedPayment(row.price_minor, owed.row.channel_id, owed.row.id, f"{row.kind}_round")
        row.payment_id = later_payments.plan(session, actor, owed.deal.id, planned).id
    session.flush()
    _tell(session, actor, owed, row, "confirm_round")


def _tell(session: Session, actor: Actor, owed: OwedWork, row: ExtraRound, name: str) -> None:
    said = {"deal_id": str(owed.deal.id), "position": owed.row.position, "round": str(row.kind)}
    told = {**said, "price_minor": row.price_minor, "currency": row.currency}
    events.record(session, f"deliverables.{name}", owed.row.id, actor, parties=owed.deal.parties, **told)
