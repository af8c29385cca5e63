"""Plan a deal's payments, and move each: freeze, release, give back, split, lapse. The rooms above say when.

Each move is one UPDATE from the status before, one event, and where money moves one transfer under the key
`payments:<id>:<move>`. All of it is in the caller's transaction, and writes as the system.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, events
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, InvalidInput
from marketplace.core.message import Bilingual
from marketplace.core.money import Money
from marketplace.core.states import move_row
from marketplace.identity.models import Mandate, MandateStatus
from marketplace.ledger import holds
from marketplace.ledger.service import Posting
from marketplace.payments import money_accounts, payouts
from marketplace.payments.models import Payment, PaymentStatus, SettledShares
from marketplace.payments.payment_shares import PaymentShares, shares_of
from marketplace.payments.payouts import PayoutOrigin
from marketplace.payments.states import PAYMENT_TRANSITIONS

IN_ESCROW = (PaymentStatus.HELD, PaymentStatus.FROZEN)


@dataclass(frozen=True)
class PlannedPayment:
    """What a deal's terms say of one payment: of which deliverable, or milestone, and how much."""

    amount_minor: int
    channel_id: UUID
    deliverable_id: UUID | None = None
    milestone: str | None = None


@dataclass(frozen=True)
class DealSides:
    """Between whom a deal's money moves, in which currency, and the platform's share of what the maker's side gets."""

    deal_id: UUID
    brand_id: UUID
    creator_id: UUID
    agency_id: UUID | None
    currency: str
    fee_basis_points: int


@dataclass(frozen=True)
class AgencyPart:
    """The agency that has a part in a payment, by its mandate's share of what the maker's side gets."""

    agency_id: UUID
    share_basis_points: int


def plan(session: Session, actor: Actor, sides: DealSides, *, payments: Sequence[PlannedPayment]) -> list[Payment]:
    """Write the payments of an agreed deal. What costs nothing has none. Raises Conflict if the deal has some."""
    with db.acting_as(session, SYSTEM):
        if session.scalar(sa.select(sa.exists().where(Payment.deal_id == sides.deal_id))):
            raise Conflict(
                Bilingual(
                    "这笔合作已有付款计划，没有改动。", "This deal has its payments already; nothing was changed."
                )
            )
        rows = [
            Payment(
                deal_id=sides.deal_id,
                position=position,
                deliverable_id=one.deliverable_id,
                milestone=one.milestone,
                brand_id=sides.brand_id,
                creator_id=sides.creator_id,
                agency_id=sides.agency_id,
                channel_id=one.channel_id,
                currency=sides.currency,
                amount_minor=one.amount_minor,
                fee_basis_points=sides.fee_basis_points,
            )
            for position, one in enumerate((one for one in payments if one.amount_minor), start=1)
        ]
        session.add_all(rows)
        session.flush()
        for row in rows:
            events.record(
                session,
                "payments.plan",
                row.id,
                actor,
                parties=parties_of(row),
                deal_id=str(row.deal_id),
                amount_minor=row.amount_minor,
                currency=row.currency,
            )
    return rows


def of_deal(session: Session, deal_id: UUID, *, locked: bool = False) -> list[Payment]:
    """Return all payments of a deal in their order; locked, they stay as they are until the transaction ends."""
    query = sa.select(Payment).where(Payment.deal_id == deal_id).order_by(Payment.position)
    if locked:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    with db.acting_as(session, SYSTEM):
        return list(session.scalars(query))


def shares_settled(session: Session, payment_ids: Sequence[UUID]) -> dict[UUID, SettledShares]:
    """Return the shares of those of these payments that have some, and that whoever acts may read."""
    rows = session.scalars(sa.select(SettledShares).where(SettledShares.payment_id.in_(payment_ids)))
    return {row.payment_id: row for row in rows}


def agency_part(session: Session, creator_id: UUID, agency_id: UUID | None, on: date) -> AgencyPart | None:
    """Return what an agency has of what a creator earns on a day, by the mandate that covers the day; None without."""
    query = sa.select(Mandate.share_basis_points).where(
        Mandate.agency_id == agency_id,
        Mandate.creator_id == creator_id,
        Mandate.status.in_((MandateStatus.ACTIVE, MandateStatus.ENDED)),
        Mandate.starts_on <= on,
        sa.or_(Mandate.ends_on.is_(None), Mandate.ends_on >= on),
    )
    with db.acting_as(session, SYSTEM):
        share = session.scalar(query.limit(1))
    return None if share is None or agency_id is None else AgencyPart(agency_id, share)


def release(
    session: Session, actor: Actor, payment_id: UUID, *, due: Money | None = None, agency: AgencyPart | None = None
) -> Payment:
    """Pay a held payment to the maker's side, the agency with its part, and the platform its fee.

    `due` is what a variable price came to, at most the payment, of which the rest is returned; by default all of it.
    Raises WrongState, InvalidInput.
    """
    return _settle(session, actor, payment_id, ("release", "release", "give_back"), due, agency)


def stop(session: Session, actor: Actor, payment_id: UUID, *, due: Money, agency: AgencyPart | None = None) -> Payment:
    """End a held payment by a cancellation that costs `due`: all is returned, or a part is split off for the maker.

    Raises WrongState, InvalidInput.
    """
    return _settle(session, actor, payment_id, ("split", "release", "give_back"), due, agency)


def decide(
    session: Session, actor: Actor, payment_id: UUID, *, due: Money, agency: AgencyPart | None = None
) -> Payment:
    """End a disputed payment by an admin's decision in amounts, which two people have taken. Raises WrongState."""
    moves = ("decide_to_split", "decide_to_release", "decide_to_give_back")
    return _settle(session, actor, payment_id, moves, due, agency)


def freeze(session: Session, actor: Actor, payment_id: UUID) -> Payment:
    """Keep a held payment where it is, because it is disputed. Raises WrongState."""
    return _move(session, actor, payment_id, "freeze")


def unfreeze(session: Session, actor: Actor, payment_id: UUID) -> Payment:
    """Let a disputed payment go on as it was. Raises WrongState."""
    return _move(session, actor, payment_id, "unfreeze")


def parties_of(payment: Payment) -> list[UUID]:
    """Return who reads a payment's events: whom its deal names. They tell no shares, which the brand does not read."""
    return [payment.brand_id, payment.creator_id, *([payment.agency_id] if payment.agency_id else [])]


def _move(session: Session, actor: Actor, payment_id: UUID, name: str) -> Payment:
    with db.acting_as(session, SYSTEM):
        return move_row(
            session,
            Payment,
            payment_id,
            PAYMENT_TRANSITIONS,
            name,
            actor,
            parties=parties_of,
            values={"moved_at": now()},
        )


def _settle(
    session: Session,
    actor: Actor,
    payment_id: UUID,
    moves: tuple[str, str, str],
    due: Money | None,
    agency: AgencyPart | None,
) -> Payment:
    """End what is in escrow. `moves` are those for a part that is due, for all of it, and for nothing."""
    with db.acting_as(session, SYSTEM):
        payment = db.get(session, Payment, payment_id)
        whole = Money(payment.currency, payment.amount_minor)
        due = whole if due is None else due
        _require_within(due, whole)
        part, everything, nothing = moves
        name = everything if due == whole else nothing if due.amount == 0 else part
        shares = shares_of(
            payment.amount_minor,
            due_minor=due.amount,
            fee_basis_points=payment.fee_basis_points,
            agency_share_basis_points=agency.share_basis_points if agency else 0,
        )
        payment = move_row(
            session,
            Payment,
            payment_id,
            PAYMENT_TRANSITIONS,
            name,
            actor,
            parties=parties_of,
            values={"moved_at": now(), "returned_minor": shares.returned_minor},
            due_minor=due.amount,
            returned_minor=shares.returned_minor,
            currency=payment.currency,
        )
        if due.amount:
            session.add(
                SettledShares(
                    payment_id=payment.id,
                    creator_id=payment.creator_id,
                    agency_id=agency.agency_id if agency else None,
                    share_basis_points=agency.share_basis_points if agency else 0,
                    maker_minor=shares.maker_minor,
                    agency_minor=shares.agency_minor,
                    fee_minor=shares.fee_minor,
                )
            )
            session.flush()
        _pay(session, actor, payment, name, shares, agency.agency_id if agency else None)
    return payment


def _pay(
    session: Session, actor: Actor, payment: Payment, move: str, shares: PaymentShares, agency_id: UUID | None
) -> None:
    """Move what a hold has set aside to whom it is due, and put each share on its way to them."""
    due = {
        party_id: amount
        for party_id, amount in (
            (payment.creator_id, shares.maker_minor),
            (agency_id, shares.agency_minor),
            (payment.brand_id, shares.returned_minor),
        )
        if party_id is not None and amount
    }
    money_accounts.lock_debts(session, payment.currency, due)
    source = money_accounts.escrow(session, payment)
    postings = [
        Posting(source, money_accounts.payable(session, payment.currency, party_id), amount)
        for party_id, amount in due.items()
    ]
    if shares.fee_minor:
        postings.append(Posting(source, money_accounts.fee(session, payment.currency), shares.fee_minor))
    assert payment.hold_id is not None, "what is in escrow is held"
    holds.post(session, money_accounts.key_of("payments", payment.id, move), payment.hold_id, postings)
    for party_id, amount in due.items():
        origin = PayoutOrigin(payment_id=payment.id)
        payouts.owe(session, actor, party_id, Money(payment.currency, amount), origin)


def _require_within(due: Money, whole: Money) -> None:
    if due.currency != whole.currency:
        raise InvalidInput(
            Bilingual(
                f"这笔付款的货币是 {whole.currency}，不是 {due.currency}；什么都没有改动。",
                f"This payment is in {whole.currency}, not in {due.currency}; nothing was changed.",
            )
        )
    if not 0 <= due.amount <= whole.amount:
        raise InvalidInput(
            Bilingual(
                f"应付金额须在 0 与托管的 {whole.show()} 之间；什么都没有改动。",
                f"What is due lies between 0 and the {whole.show()} that are held; nothing was changed.",
            )
        )
