"""What came in for deals: recorded by one person and confirmed by another one, or told by a provider.

The money goes to the deal's escrow. When all that the deal costs is there, every payment is held. Less waits, and the
answer tells the remainder; what is more, or comes too late, stays the brand's and is returned to it.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, events
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, FieldError, InvalidInput, NotFound
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.core.message import Bilingual
from marketplace.core.money import Money
from marketplace.core.states import move_row
from marketplace.ledger import holds
from marketplace.ledger import service as ledger
from marketplace.ledger.service import Posting
from marketplace.payments import money_accounts, payouts, policy
from marketplace.payments.models import MANUAL, Payment, PaymentStatus, Receipt, ReceiptStatus
from marketplace.payments.payouts import PayoutOrigin
from marketplace.payments.service import of_deal, parties_of
from marketplace.payments.states import PAYMENT_TRANSITIONS, RECEIPT_TRANSITIONS


@dataclass(frozen=True)
class NewReceipt:
    """What came in: how much, under which name of the bank's or the provider's, on which day."""

    amount: Money
    reference: str
    received_on: date
    provider: str = MANUAL


@dataclass(frozen=True)
class ConfirmedReceipt:
    """A receipt with what it did for its deal: `funded` if the whole is held since, and else what is still to come."""

    receipt: Receipt
    funded: bool
    remainder_minor: int


def record(session: Session, actor: Actor, deal_id: UUID, given: NewReceipt) -> Receipt:
    """Record that money came in for a deal; it is in the ledger when another person has confirmed it.

    Raises InvalidInput for another currency than the deal's, Conflict for a reference that was recorded before, and
    NotFound for a deal that has nothing to pay.
    """
    person_id = policy.require_person(actor)
    with db.acting_as(session, SYSTEM):
        payments = _payments(session, deal_id)
        policy.require_no_side(session, person_id, _sides(payments))
        row = _write(session, payments[0], given, person_id)
        _tell(session, actor, "record", row)
    return row


def confirm(session: Session, actor: Actor, receipt_id: UUID) -> ConfirmedReceipt:
    """Confirm, as another person than whoever recorded it, that money came in: it moves to the deal's escrow, and with
    the whole there all payments are held. Raises Conflict, WrongState."""
    person_id = policy.require_person(actor)
    with db.acting_as(session, SYSTEM):
        row = db.lock(session, Receipt, receipt_id)
        policy.require_another(person_id, row.recorded_by)
        policy.require_no_side(session, person_id, _sides(_payments(session, row.deal_id)))
        return _confirm(session, actor, row.id, person_id)


def take(session: Session, deal_id: UUID, given: NewReceipt) -> ConfirmedReceipt:
    """Take what a provider tells came in, which needs no person: the reference counts once. Raises as `record`."""
    with db.acting_as(session, SYSTEM):
        row = _write(session, _payments(session, deal_id)[0], given, None)
        return _confirm(session, SYSTEM, row.id, None)


def refuse(session: Session, actor: Actor, receipt_id: UUID, *, reason: str) -> Receipt:
    """Strike a receipt that is wrong; nothing has moved by it, so one person is enough. Raises WrongState."""
    person_id = policy.require_person(actor)
    values = {"decided_by": person_id, "decided_at": now(), "reason": reason}
    with db.acting_as(session, SYSTEM):
        db.lock(session, Receipt, receipt_id)
        return _move(session, actor, receipt_id, "refuse", values)


def find(session: Session, actor: Actor, receipt_id: UUID) -> Receipt:
    return db.get(session, Receipt, receipt_id, policy.receipts(actor))


def listing(
    session: Session,
    actor: Actor,
    *,
    limit: int,
    starting_after: UUID | None,
    status: str | None = None,
    deal_id: UUID | None = None,
) -> Page[Receipt]:
    """Return what came in from the actor's party, the newest first; all of it for the platform."""
    query = sa.select(Receipt).where(policy.receipts(actor))
    query = paging.only(query, {Receipt.status: status, Receipt.deal_id: deal_id})
    return paging.page(session, query, Receipt, limit, starting_after)


def lapse(session: Session, actor: Actor, deal_id: UUID) -> None:
    """Let the payments of a deal lapse that was not paid in: what came in for it is returned to the brand.

    A second run finds nothing to do.
    """
    with db.acting_as(session, SYSTEM):
        payments = of_deal(session, deal_id, locked=True)
        planned = [one for one in payments if one.status == PaymentStatus.PLANNED]
        for payment in planned:
            _move_payment(session, actor, payment, "lapse", {})
        if not planned:
            return
        confirmed = sa.select(Receipt).filter_by(deal_id=deal_id, status=ReceiptStatus.CONFIRMED).order_by(Receipt.id)
        money_accounts.lock_debts(session, planned[0].currency, [planned[0].brand_id])
        for receipt in session.scalars(confirmed):
            source = money_accounts.escrow(session, planned[0])
            _return(session, actor, receipt, receipt.amount_minor, source, "lapse")


def lapse_one(session: Session, actor: Actor, payment: Payment) -> None:
    """Let one planned payment of a deal lapse, and return what came in for it. The caller acts as the system."""
    _move_payment(session, actor, payment, "lapse", {})
    if any(one.status == PaymentStatus.PLANNED for one in of_deal(session, payment.deal_id)):
        return  # what is there may be for the others
    money_accounts.lock_debts(session, payment.currency, [payment.brand_id])
    escrow = money_accounts.escrow(session, payment)
    rest = ledger.available(session, escrow)
    if rest:
        came = sa.select(Receipt).filter_by(deal_id=payment.deal_id, status=ReceiptStatus.CONFIRMED)
        newest = session.scalars(came.order_by(Receipt.decided_at.desc(), Receipt.id.desc()).limit(1)).one()
        _return(session, actor, newest, rest, escrow, "lapse")


def _payments(session: Session, deal_id: UUID) -> list[Payment]:
    payments = of_deal(session, deal_id)
    if not payments:
        raise NotFound(
            Bilingual(
                "这笔合作还没有要付的款：双方确认条款之后才能登记到账。",
                "This deal has nothing to pay yet: money is recorded once both sides have confirmed its terms.",
            )
        )
    return payments


def _sides(payments: list[Payment]) -> set[UUID]:
    return {party_id for one in payments for party_id in parties_of(one)}


def _write(session: Session, payment: Payment, given: NewReceipt, person_id: UUID | None) -> Receipt:
    if given.amount.currency != payment.currency:
        detail = Bilingual(
            f"这笔合作的货币是 {payment.currency}：把 {given.amount.currency} 的款项退回付款方，什么都没有登记。",
            f"The deal is in {payment.currency}: send the {given.amount.currency} back to whoever paid; nothing was"
            " recorded.",
        )
        raise InvalidInput(detail, errors=[FieldError("/amount/currency", detail)])
    db.lock_name(session, "receipts", f"{given.provider}:{given.reference}")
    known = sa.select(Receipt.id).where(
        Receipt.provider == given.provider,
        Receipt.reference == given.reference,
        Receipt.status != ReceiptStatus.REFUSED,
    )
    if session.scalar(known) is not None:
        raise Conflict(
            Bilingual(
                f"流水号 {given.reference} 已登记过，没有再登记。",
                f"The reference {given.reference} was recorded before; nothing was recorded again.",
            )
        )
    row = Receipt(
        deal_id=payment.deal_id,
        brand_id=payment.brand_id,
        provider=given.provider,
        reference=given.reference,
        currency=given.amount.currency,
        amount_minor=given.amount.amount,
        received_on=given.received_on,
        recorded_by=person_id,
    )
    session.add(row)
    session.flush()
    return row


def _confirm(session: Session, actor: Actor, receipt_id: UUID, person_id: UUID | None) -> ConfirmedReceipt:
    row = _move(session, actor, receipt_id, "confirm", {"decided_by": person_id, "decided_at": now()})
    payments = of_deal(session, row.deal_id, locked=True)
    planned = [one for one in payments if one.status == PaymentStatus.PLANNED]
    money_accounts.lock_debts(session, row.currency, [row.brand_id])
    source = money_accounts.clearing(session, row.currency)
    if not planned:
        _return(session, actor, row, row.amount_minor, source, "confirm")
        return ConfirmedReceipt(row, funded=False, remainder_minor=0)
    escrow = money_accounts.escrow(session, planned[0])
    key = money_accounts.key_of("receipts", row.id, "confirm")
    ledger.transfer(session, key, [Posting(source, escrow, row.amount_minor)])
    there, cost = ledger.available(session, escrow), sum(one.amount_minor for one in planned)
    if there < cost:
        return ConfirmedReceipt(row, funded=False, remainder_minor=cost - there)
    for payment in planned:
        hold_id = holds.place(
            session, money_accounts.key_of("payments", payment.id, "fund"), escrow, payment.amount_minor
        )
        _move_payment(session, actor, payment, "fund", {"hold_id": hold_id})
    if there > cost:
        _return(session, actor, row, there - cost, escrow, "rest")
    return ConfirmedReceipt(row, funded=True, remainder_minor=0)


def _return(session: Session, actor: Actor, receipt: Receipt, amount_minor: int, source: UUID, move: str) -> None:
    """Let money of a receipt be the brand's again, and put it on its way back."""
    target = money_accounts.payable(session, receipt.currency, receipt.brand_id)
    key = money_accounts.key_of("receipts", receipt.id, move)
    ledger.transfer(session, key, [Posting(source, target, amount_minor)])
    origin = PayoutOrigin(receipt_id=receipt.id)
    payouts.owe(session, actor, receipt.brand_id, Money(receipt.currency, amount_minor), origin)


def _move_payment(session: Session, actor: Actor, payment: Payment, name: str, values: dict[str, object]) -> None:
    move_row(
        session,
        Payment,
        payment.id,
        PAYMENT_TRANSITIONS,
        name,
        actor,
        parties=parties_of,
        values={"moved_at": now(), **values},
    )


def _move(session: Session, actor: Actor, receipt_id: UUID, name: str, values: dict[str, object]) -> Receipt:
    return move_row(
        session,
        Receipt,
        receipt_id,
        RECEIPT_TRANSITIONS,
        name,
        actor,
        parties=lambda row: [row.brand_id],
        values=values,
    )


def _tell(session: Session, actor: Actor, name: str, row: Receipt) -> None:
    told = {"amount_minor": row.amount_minor, "currency": row.currency, "deal_id": str(row.deal_id)}
    events.record(session, f"receipts.{name}", row.id, actor, parties=[row.brand_id], **told)
