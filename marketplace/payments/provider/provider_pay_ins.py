"""Have a provider collect what agreed deals cost: ask it once under the request's key, tell the brand where to pay, and
take what came in. How much that was, the provider is asked: what a notice says of it is not believed."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, WrongState
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.core.money import Money
from marketplace.core.states import move_row
from marketplace.ledger import service as ledger
from marketplace.payments import money_accounts, policy
from marketplace.payments.models import Payment, PaymentStatus, Receipt
from marketplace.payments.provider.models import PayInRequest, PayInStatus
from marketplace.payments.provider.payment_provider import PaymentProvider, ProviderPayIn, ProviderStatus, UnclearAnswer
from marketplace.payments.receipts import ConfirmedReceipt, NewReceipt
from marketplace.payments.service import of_deal
from marketplace.payments.states import PAY_IN_TRANSITIONS

# Asked about even if no notice comes: notices get lost.
LOOK_AGAIN = timedelta(hours=1)
ALIVE = (PayInStatus.WAITING, PayInStatus.OPEN)
# Takes what came in for a deal, which may make it active: the room of deals does it.
Fund = Callable[[Session, UUID, NewReceipt], ConfirmedReceipt]


def prepare(session: Session, provider: str, limit: int) -> None:
    """Ask for what planned payments still cost, once for each deal, and end the requests of deals that need nothing."""
    with db.acting_as(session, SYSTEM):
        planned = sa.exists().where(Payment.deal_id == PayInRequest.deal_id, Payment.status == PaymentStatus.PLANNED)
        over = sa.select(PayInRequest.id).where(PayInRequest.status.in_(ALIVE), ~planned).limit(limit)
        for request_id in session.scalars(over.with_for_update(skip_locked=True)).all():
            _move(session, request_id, "end", {})
        alive = sa.exists().where(PayInRequest.deal_id == Payment.deal_id, PayInRequest.status.in_(ALIVE))
        wanted = sa.select(Payment.deal_id).where(Payment.status == PaymentStatus.PLANNED, ~alive).distinct()
        for deal_id in session.scalars(wanted.order_by(Payment.deal_id).limit(limit)).all():
            _request(session, provider, deal_id)


def _request(session: Session, provider: str, deal_id: UUID) -> None:
    payments = of_deal(session, deal_id, locked=True)
    planned = [one for one in payments if one.status == PaymentStatus.PLANNED]
    known = sa.select(PayInRequest.id).where(PayInRequest.deal_id == deal_id, PayInRequest.status.in_(ALIVE))
    if not planned or session.scalar(known) is not None:
        return
    escrow = money_accounts.escrow(session, planned[0])
    rest = sum(one.amount_minor for one in planned) - ledger.available(session, escrow)
    if rest > 0:
        session.add(
            PayInRequest(
                deal_id=deal_id,
                brand_id=planned[0].brand_id,
                provider=provider,
                currency=planned[0].currency,
                amount_minor=rest,
                look_at=now(),
            )
        )
        session.flush()


def due(session: Session, provider: str, limit: int) -> list[UUID]:
    """Return the requests that the provider is to be asked for, or about."""
    query = sa.select(PayInRequest.id).where(
        PayInRequest.provider == provider, PayInRequest.status.in_(ALIVE), PayInRequest.look_at <= now()
    )
    return list(session.scalars(query.order_by(PayInRequest.look_at, PayInRequest.id).limit(limit)))


def look(provider: PaymentProvider, request_id: UUID, fund: Fund) -> bool:
    """Ask the provider to collect, or whether it has, and take what came in; False where its answer is unclear.

    The first call is by the request's key too: a second one asks for nothing more.
    """
    with db.transaction() as session:
        row = session.get_one(PayInRequest, request_id)
        money, is_new = Money(row.currency, row.amount_minor), row.status == PayInStatus.WAITING
    try:
        found = None if is_new else provider.ask_pay_in(str(request_id))
        found = found or provider.collect(str(request_id), money)
    except UnclearAnswer:
        return False
    with db.transaction() as session:
        _apply(session, request_id, found, fund)
    return True


def look_soon(session: Session, request_id: UUID, provider: str) -> bool:
    """Have the provider asked about a request of which it has told something; False if there is none that waits."""
    query = sa.update(PayInRequest).where(
        PayInRequest.id == request_id, PayInRequest.provider == provider, PayInRequest.status.in_(ALIVE)
    )
    with db.acting_as(session, SYSTEM):
        return session.scalar(query.values(look_at=now()).returning(PayInRequest.id)) is not None


def listing(
    session: Session, actor: Actor, *, limit: int, starting_after: UUID | None, deal_id: UUID | None = None
) -> Page[PayInRequest]:
    """Return what a provider collects from the actor's party, the newest first; all of it for the platform."""
    query = paging.only(sa.select(PayInRequest).where(policy.pay_ins(actor)), {PayInRequest.deal_id: deal_id})
    return paging.page(session, query, PayInRequest, limit, starting_after)


def _apply(session: Session, request_id: UUID, found: ProviderPayIn, fund: Fund) -> None:
    # The deal first, as everybody locks it who moves its money: `fund` does.
    row = session.get_one(PayInRequest, request_id)
    if found.received is not None and found.received.currency == row.currency:
        _take(session, row, found, found.received, fund)
        return
    if found.status == ProviderStatus.PENDING and row.status == PayInStatus.WAITING:
        values = {"reference": found.reference, "pay_url": found.pay_url, "look_at": now() + LOOK_AGAIN}
        _move(session, request_id, "open", values)
    elif found.status == ProviderStatus.FAILED:
        _move(session, request_id, "end", {"reference": found.reference})
    else:
        session.execute(sa.update(PayInRequest).where(PayInRequest.id == request_id).values(look_at=now() + LOOK_AGAIN))


def _take(session: Session, row: PayInRequest, found: ProviderPayIn, received: Money, fund: Fund) -> None:
    known = sa.select(Receipt.id).filter_by(provider=row.provider, reference=found.reference)
    if session.scalar(known) is None:
        try:
            fund(session, row.deal_id, NewReceipt(received, found.reference, now().date(), row.provider))
        except Conflict as error:
            # Another job took the same money a moment ago: this one has nothing to do.
            raise WrongState(error.detail) from error
    _move(session, row.id, "pay", {"reference": found.reference, "pay_url": found.pay_url})


def _move(session: Session, request_id: UUID, name: str, values: dict[str, object]) -> PayInRequest:
    return move_row(
        session,
        PayInRequest,
        request_id,
        PAY_IN_TRANSITIONS,
        name,
        SYSTEM,
        parties=lambda row: [row.brand_id],
        values=values,
    )
