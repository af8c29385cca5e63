"""What a payment provider can do for the market. `manual` is two people and a bank; others are asked over HTTP.

Everything is under a key of the market's own, so that what was cut off can be asked about and never happens twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from marketplace.core.money import Money


class ProviderStatus(StrEnum):
    """What a provider says of something that it was asked to do, or that came in."""

    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    RETURNED = "returned"  # paid, and sent back since


class LineKind(StrEnum):
    PAYOUT = "payout"
    RECEIPT = "receipt"


@dataclass(frozen=True)
class ProviderLine:
    """One line of a provider's report: what it did under a key, or what came in under a reference of its own."""

    kind: LineKind
    key: str
    amount: Money
    status: ProviderStatus
    reference: str


@dataclass(frozen=True)
class ProviderEvent:
    """Something that a provider tells by itself; it may come twice, late, or after what happened later."""

    event_id: str
    kind: str
    key: str
    amount: Money
    payload: dict[str, Any]


@dataclass(frozen=True)
class ProviderPayIn:
    """What a provider collects under a key, where the brand pays, and what has come in so far."""

    key: str
    status: ProviderStatus
    reference: str
    pay_url: str
    received: Money | None


class UnclearAnswer(Exception):
    """A call was cut off: the provider has done it, or it has not. Ask by the key before anything else."""


class PaymentProvider(Protocol):
    """What the market asks of any provider."""

    @property
    def name(self) -> str: ...

    def send(self, key: str, amount: Money) -> ProviderLine:
        """Pay out under a key; the same key pays once. Raises UnclearAnswer."""

    def ask(self, key: str) -> ProviderLine | None:
        """Return what became of a payout; None if the provider never heard of the key. Raises UnclearAnswer."""

    def collect(self, key: str, amount: Money) -> ProviderPayIn:
        """Collect an amount from a brand under a key; the same key collects once. Raises UnclearAnswer."""

    def ask_pay_in(self, key: str) -> ProviderPayIn | None:
        """Return what became of a pay-in; None if the provider never heard of the key. Raises UnclearAnswer."""

    def report(self) -> Iterator[ProviderLine]:
        """Yield every payout and everything that came in. Raises UnclearAnswer."""

    def events(self) -> Iterator[ProviderEvent]:
        """Yield what the provider has told, in the order in which it came. Raises UnclearAnswer."""
