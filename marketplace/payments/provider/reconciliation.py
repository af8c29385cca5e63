"""Hold what a provider reports against what the market's own rows say, line by line: every difference, and no other."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import SYSTEM
from marketplace.core.money import Money
from marketplace.payments.models import Payout, PayoutStatus, Receipt, ReceiptStatus
from marketplace.payments.provider.payment_provider import LineKind, ProviderLine, ProviderStatus

# What the market may say of a payout while the provider says this.
_FITS = {
    ProviderStatus.PENDING: {PayoutStatus.SENDING, PayoutStatus.UNKNOWN},
    ProviderStatus.PAID: {PayoutStatus.PAID},
    ProviderStatus.FAILED: {PayoutStatus.FAILED},
    ProviderStatus.RETURNED: {PayoutStatus.BOUNCED},
}


class DifferenceKind(StrEnum):
    MISSING_HERE = "missing_here"  # the provider reports what the market does not know
    MISSING_THERE = "missing_there"  # the market knows what the provider does not report
    AMOUNT = "amount"
    CURRENCY = "currency"
    STATUS = "status"
    TWICE = "twice"  # the provider reports one key more than once


@dataclass(frozen=True)
class OwnLine:
    """What the market says of a payout or a receipt: its key at the provider, how much, and how it stands."""

    kind: LineKind
    key: str
    amount: Money
    status: PayoutStatus | ReceiptStatus


@dataclass(frozen=True, order=True)
class ReportDifference:
    """One difference between a provider's report and the market, by the line that it is of."""

    kind: DifferenceKind
    of: LineKind
    key: str


def reconcile(own: Iterable[OwnLine], reported: Iterable[ProviderLine]) -> list[ReportDifference]:
    """Return every difference, in order. Of a line that is reported twice the first one is compared. Pure."""
    theirs: dict[tuple[LineKind, str], list[ProviderLine]] = defaultdict(list)
    for line in reported:
        theirs[line.kind, line.key].append(line)
    ours = {(one.kind, one.key): one for one in own}
    found = [ReportDifference(DifferenceKind.MISSING_HERE, *name) for name in theirs.keys() - ours.keys()]
    found += [ReportDifference(DifferenceKind.TWICE, *name) for name, lines in theirs.items() if len(lines) > 1]
    for name, one in ours.items():
        if name not in theirs:
            # What is not known to have arrived may never have reached the provider.
            if one.status not in (PayoutStatus.SENDING, PayoutStatus.UNKNOWN):
                found.append(ReportDifference(DifferenceKind.MISSING_THERE, *name))
            continue
        found += [ReportDifference(kind, *name) for kind in _differences(one, theirs[name][0])]
    return sorted(found)


def _differences(line: OwnLine, reported: ProviderLine) -> list[DifferenceKind]:
    kinds = []
    if line.amount.currency != reported.amount.currency:
        kinds.append(DifferenceKind.CURRENCY)
    elif line.amount.amount != reported.amount.amount:
        kinds.append(DifferenceKind.AMOUNT)
    if isinstance(line.status, PayoutStatus):
        fits = line.status in _FITS[reported.status]
    else:
        fits = reported.status == ProviderStatus.PAID
    return kinds if fits else [*kinds, DifferenceKind.STATUS]


def own_lines(session: Session, provider: str) -> list[OwnLine]:
    """Return what the market says of everything that went through a provider."""
    with db.acting_as(session, SYSTEM):
        sent = session.scalars(sa.select(Payout).where(Payout.provider == provider, Payout.sent_at.is_not(None)))
        came = session.scalars(
            sa.select(Receipt).where(Receipt.provider == provider, Receipt.status == ReceiptStatus.CONFIRMED)
        )
        return [
            *(
                OwnLine(
                    LineKind.PAYOUT,
                    str(row.id),
                    Money(row.currency, row.amount_minor - row.withheld_minor),
                    row.status,
                )
                for row in sent
            ),
            *(
                OwnLine(LineKind.RECEIPT, row.reference, Money(row.currency, row.amount_minor), row.status)
                for row in came
            ),
        ]
