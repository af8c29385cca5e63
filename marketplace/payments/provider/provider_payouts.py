"""Pay out by a provider: the intent is committed first, the call is in no transaction, and its outcome in another one.

Of a call that was cut off nobody knows whether it happened. Such a payout is `unknown`: the provider is asked by its
key, and it is sent again only if the provider never heard of it, under the same key.
"""

from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.core.money import Money
from marketplace.payments import payouts
from marketplace.payments.models import Payout, PayoutStatus, ProviderNotice
from marketplace.payments.payouts import send_by
from marketplace.payments.provider.payment_provider import (
    PaymentProvider,
    ProviderEvent,
    ProviderLine,
    ProviderStatus,
    UnclearAnswer,
)

UNDECIDED = (PayoutStatus.SENDING, PayoutStatus.UNKNOWN)
# What a provider's own events say of a payout.
KINDS = {
    "payout.paid": ProviderStatus.PAID,
    "payout.failed": ProviderStatus.FAILED,
    "payout.returned": ProviderStatus.RETURNED,
}


class NoticeEffect(StrEnum):
    """What an event of a provider did here."""

    APPLIED = "applied"
    IGNORED = "ignored"  # what it says was known
    ODD = "odd"  # it does not fit what the market knows: nothing was changed, and the reconciliation tells it


def send(provider: PaymentProvider, payout_id: UUID) -> None:
    """Send a waiting payout by a provider. Raises Conflict for an unproven party, WrongState."""
    with db.transaction() as session:
        money = _money(send_by(session, payout_id, provider.name))
    try:
        line: ProviderLine | None = provider.send(str(payout_id), money)
    except UnclearAnswer:
        line = None
    with db.transaction() as session:
        if line is None:
            _lose_sight(session, payout_id)
        else:
            _apply(session, payout_id, line.status, line.amount)


def find_out(provider: PaymentProvider, payout_id: UUID) -> None:
    """Ask a provider about a payout whose end is not known, and write down what it says; if it never heard of it, send
    it under the same key. Another unclear answer leaves it as it is."""
    try:
        line = provider.ask(str(payout_id))
        if line is None:
            with db.transaction() as session:
                money = _money(session.get_one(Payout, payout_id))
            line = provider.send(str(payout_id), money)
    except UnclearAnswer:
        return
    with db.transaction() as session:
        _apply(session, payout_id, line.status, line.amount)


def take_events(provider: PaymentProvider) -> list[NoticeEffect]:
    """Take what a provider has told, each event once, with its effect in one transaction."""
    return [taken for event in provider.events() if (taken := _take(provider.name, event)) is not None]


def _take(provider: str, event: ProviderEvent) -> NoticeEffect | None:
    with db.transaction() as session:
        kept = insert(ProviderNotice).values(
            id=new_id(),
            created_at=now(),
            provider=provider,
            event_id=event.event_id,
            kind=event.kind,
            payload=event.payload,
            effect=NoticeEffect.ODD,
            subject_id=None,
        )
        notice_id = session.scalar(kept.on_conflict_do_nothing().returning(ProviderNotice.id))
        if notice_id is None:
            return None
        status, payout_id = KINDS.get(event.kind), _uuid(event.key)
        effect = NoticeEffect.ODD
        if status is not None and payout_id is not None:
            effect = _apply(session, payout_id, status, event.amount, provider)
        told = sa.update(ProviderNotice).where(ProviderNotice.id == notice_id)
        subject_id = payout_id if effect == NoticeEffect.APPLIED else None
        session.execute(told.values(effect=effect, subject_id=subject_id))
    return effect


def _apply(
    session: Session, payout_id: UUID, status: ProviderStatus, amount: Money, provider: str | None = None
) -> NoticeEffect:
    """Write down what a provider says of a payout, where it fits what is known of it."""
    found = sa.select(Payout).where(Payout.id == payout_id).with_for_update()
    row = session.scalar(found.execution_options(populate_existing=True))
    if row is None or (provider is not None and row.provider != provider) or _money(row) != amount:
        return NoticeEffect.ODD
    if status == ProviderStatus.PAID:
        if row.status in UNDECIDED:
            payouts.pay(session, SYSTEM, payout_id)
            return NoticeEffect.APPLIED
        return NoticeEffect.IGNORED if row.status in (PayoutStatus.PAID, PayoutStatus.BOUNCED) else NoticeEffect.ODD
    if status == ProviderStatus.FAILED:
        if row.status in UNDECIDED:
            payouts.end_unpaid(session, SYSTEM, payout_id, reason="failed at the provider")
            return NoticeEffect.APPLIED
        return NoticeEffect.IGNORED if row.status == PayoutStatus.FAILED else NoticeEffect.ODD
    if status == ProviderStatus.RETURNED:
        if row.status in UNDECIDED:  # what it says of the payment before comes late
            payouts.pay(session, SYSTEM, payout_id)
        if row.status == PayoutStatus.PAID:
            payouts.bounce(session, SYSTEM, payout_id, reason="sent back to the provider")
            return NoticeEffect.APPLIED
        return NoticeEffect.IGNORED if row.status == PayoutStatus.BOUNCED else NoticeEffect.ODD
    return NoticeEffect.IGNORED


def _lose_sight(session: Session, payout_id: UUID) -> None:
    """An event may have told the end while the call was cut off."""
    row = session.get_one(Payout, payout_id)
    if row.status == PayoutStatus.SENDING:
        payouts.lose_sight(session, SYSTEM, payout_id)


def _money(row: Payout) -> Money:
    return Money(row.currency, row.amount_minor - row.withheld_minor)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
