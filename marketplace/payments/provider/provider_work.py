"""What a market with a payment provider does by the clock: collect for deals, send what waits, ask what is not known.

Nothing of it is in a transaction with a call. After a few unclear answers it stops: the provider is away, and each
further call would only leave one more payout of which nobody knows the end.
"""

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels.models import Channel, ClaimStatus
from marketplace.core import db
from marketplace.core.clock import now
from marketplace.core.errors import DomainError
from marketplace.identity.models import Party, PartyKind, PartyStatus
from marketplace.payments.models import Payment, Payout, PayoutStatus
from marketplace.payments.provider import provider_pay_ins, provider_payouts
from marketplace.payments.provider.payment_provider import PaymentProvider
from marketplace.payments.provider.provider_pay_ins import Fund
from marketplace.payments.provider.provider_payouts import UNDECIDED

AT_ONCE = 200  # of each kind that one job takes
UNCLEAR_MAX = 3
# A call that was cut off has ended by then on this side, and the provider has had time to do what it was told.
ASK_AFTER = timedelta(seconds=60)


@dataclass(frozen=True)
class ProviderWork:
    """How much was done; `more` waits for another job, `is_away` tells that the provider's answers were unclear."""

    collected: int
    sent: int
    asked: int
    more: bool
    is_away: bool


class _Away(Exception):
    """The provider answers nothing that makes sense."""


class _Calls:
    """Counts unclear answers in a row."""

    def __init__(self, beat: Callable[[], None]) -> None:
        self._beat, self._unclear = beat, 0

    def make(self, call: Callable[[UUID], bool], ids: Iterable[UUID]) -> int:
        """Make a call for each of these, and return how many were clear. Raises _Away."""
        clear = 0
        for one in ids:
            self._beat()
            try:
                is_clear = call(one)
            except DomainError:
                # Somebody else has it, or it may not be paid: the next job finds it as it is then.
                continue
            self._unclear = 0 if is_clear else self._unclear + 1
            clear += is_clear
            if self._unclear == UNCLEAR_MAX:
                raise _Away
        return clear


def work(provider: PaymentProvider, fund: Fund, beat: Callable[[], None] = lambda: None) -> ProviderWork:
    """Do what is due, at most AT_ONCE of each kind. `beat` is called before each call; what it raises ends the work."""
    collected = sent = asked = 0
    more = is_away = False
    calls = _Calls(beat)
    try:
        with db.transaction() as session:
            provider_pay_ins.prepare(session, provider.name, AT_ONCE)
        with db.transaction() as session:
            requests = provider_pay_ins.due(session, provider.name, AT_ONCE)
        collected = calls.make(partial(_look, provider, fund), requests)
        with db.transaction() as session:
            waiting = sendable(session, AT_ONCE)
        sent = calls.make(partial(provider_payouts.send, provider), waiting)
        with db.transaction() as session:
            undecided = _undecided(session, provider.name)
        asked = calls.make(partial(provider_payouts.find_out, provider), undecided)
        more = AT_ONCE in (len(requests), len(waiting))
    except _Away:
        is_away = True
    return ProviderWork(collected, sent, asked, more, is_away)


def sendable(session: Session, limit: int) -> list[UUID]:
    """Return payouts that wait and whose party may be paid, the oldest first; `payouts.require_payable` decides."""
    proven = sa.exists().where(
        Payment.id == Payout.payment_id,
        Channel.id == Payment.channel_id,
        Channel.claim_status == ClaimStatus.PROVEN,
        Channel.creator_id == Payout.party_id,
    )
    by_channel = sa.and_(Party.kind == PartyKind.CREATOR, Payout.payment_id.is_not(None))
    query = (
        sa.select(Payout.id)
        .join(Party, Party.id == Payout.party_id)
        .where(
            Payout.status == PayoutStatus.WAITING,
            Party.status != PartyStatus.SUSPENDED,
            sa.case((by_channel, proven), else_=Party.verified_at.is_not(None)),
        )
    )
    return list(session.scalars(query.order_by(Payout.id).limit(limit)))


def settle_undecided(provider: PaymentProvider, fund: Fund, beat: Callable[[], None] = lambda: None) -> None:
    """Ask about every payout whose end is not known, however young, and about pay-ins of which something was told."""
    with db.transaction() as session:
        requests = provider_pay_ins.due(session, provider.name, AT_ONCE)
        undecided = _undecided(session, provider.name, timedelta(0))
    calls = _Calls(beat)
    with contextlib.suppress(_Away):
        calls.make(partial(_look, provider, fund), requests)
        calls.make(partial(provider_payouts.find_out, provider), undecided)


def _undecided(session: Session, provider: str, age: timedelta = ASK_AFTER) -> list[UUID]:
    query = sa.select(Payout.id).where(
        Payout.provider == provider, Payout.status.in_(UNDECIDED), Payout.sent_at <= now() - age
    )
    return list(session.scalars(query.order_by(Payout.sent_at, Payout.id).limit(AT_ONCE)))


def _look(provider: PaymentProvider, fund: Fund, request_id: UUID) -> bool:
    return provider_pay_ins.look(provider, request_id, fund)
