"""Pay out by a provider: the intent is committed first, the call is in no transaction, and its outcome in another one.

Of a call that was cut off nobody knows whether it happened. Such a payout is `unknown`: the provider is asked by its
key, and it is sent again only if the provider never heard of it, under the same key.
"""

from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import SYSTEM
from marketplace.core.money import Money
from marketplace.payments import payouts
from marketplace.payments.models import Payout, PayoutStatus
from marketplace.payments.payouts import send_by
from marketplace.payments.provider.payment_provider import (
    PaymentProvider,
    ProviderLine,
    ProviderStatus,
    UnclearAnswer,
)

UNDECIDED = (PayoutStatus.SENDING, PayoutStatus.UNKNOWN)


class NoticeEffect(StrEnum):
    """What an event of a provider did here."""

    APPLIED = "applied"
    ASKED = "asked"  # the provider is asked what it is
    IGNORED = "ignored"  # what it says was known
    ODD = "odd"  # it does not fit what the market knows: nothing was changed, and the reconciliation tells it


def send(provider: PaymentProvider, payout_id: UUID) -> bool:
    """Send a waiting payout by a provider; False if its answer is unclear. Raises Conflict for an unproven party,
    WrongState."""
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
            apply(session, payout_id, line.status, line.amount)
    return line is not None


def find_out(provider: PaymentProvider, payout_id: UUID) -> bool:
    """Ask a provider about a payout whose end is not known, and write down what it says; if it never heard of it, send
    it under the same key. Another unclear answer leaves it as it is: False."""
    try:
        line = provider.ask(str(payout_id))
        if line is None:
            with db.transaction() as session:
                money = _money(session.get_one(Payout, payout_id))
            line = provider.send(str(payout_id), money)
    except UnclearAnswer:
        return False
    with db.transaction() as session:
        apply(session, payout_id, line.status, line.amount)
    return True


def apply(
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
