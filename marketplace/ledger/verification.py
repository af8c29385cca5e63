"""Works out of the ledger's rows whether everything that must hold of them does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import SYSTEM
from marketplace.core.message import Bilingual
from marketplace.ledger.models import LedgerPosting, LedgerTransfer
from marketplace.ledger.service import Posting, hash_of

FAULTS_MAX = 100
_READ_AT_ONCE = 1_000

_BALANCES = sa.text(
    "SELECT a.id, a.purpose, a.currency, a.may_be_negative, a.balance_minor, coalesce(s.total, 0)::bigint AS total"
    " FROM ledger_accounts a LEFT JOIN (SELECT account, sum(amount) AS total FROM ("
    "   SELECT source_id AS account, -amount_minor AS amount FROM ledger_postings"
    "   UNION ALL SELECT target_id, amount_minor FROM ledger_postings) AS sides GROUP BY account) AS s"
    " ON s.account = a.id ORDER BY a.id"
)
_OF_OTHER_CURRENCY = sa.text(
    "SELECT p.transfer_id FROM ledger_postings p JOIN ledger_accounts s ON s.id = p.source_id"
    " JOIN ledger_accounts t ON t.id = p.target_id"
    " WHERE p.currency <> s.currency OR p.currency <> t.currency ORDER BY p.transfer_id"
)


@dataclass(frozen=True)
class CurrencyTotal:
    """What the market owes in a currency, and what it holds for it; smallest units. They are equal."""

    currency: str
    owed_minor: int
    held_minor: int


@dataclass(frozen=True)
class LedgerVerification:
    """What was looked at, and what does not hold, at most FAULTS_MAX of it."""

    accounts: int
    transfers: int
    totals: list[CurrencyTotal]
    faults: list[Bilingual]


def verify(session: Session) -> LedgerVerification:
    """Check every account and transfer, in one snapshot of the database if the caller's transaction is one."""
    with db.acting_as(session, SYSTEM):
        rows = session.execute(_BALANCES).all()
        faults = [*_of_balances(rows), *_of_currencies(session)]
        transfers = 0
        for transfer in _transfers(session):
            transfers += 1
            faults += _of_transfer(transfer)
    totals = [
        CurrencyTotal(
            currency,
            sum(row.total for row in of_currency if row.total > 0),
            -sum(row.total for row in of_currency if row.total < 0),
        )
        for currency, of_currency in (
            (currency, list(group))
            for currency, group in groupby(sorted(rows, key=attrgetter("currency")), key=attrgetter("currency"))
        )
    ]
    faults += [
        Bilingual(
            f"{total.currency} 各账户余额之和不为零：应付 {total.owed_minor}，持有 {total.held_minor}。",
            f"The balances in {total.currency} do not sum to zero: {total.owed_minor} owed, {total.held_minor} held.",
        )
        for total in totals
        if total.owed_minor != total.held_minor
    ]
    return LedgerVerification(len(rows), transfers, totals, faults[:FAULTS_MAX])


def _of_balances(rows: Sequence[Any]) -> Iterator[Bilingual]:
    for row in rows:
        if row.balance_minor is not None and row.balance_minor != row.total:
            yield Bilingual(
                f"账户 {row.id} 的余额为 {row.balance_minor}，其分录之和为 {row.total}。",
                f"The account {row.id} has a balance of {row.balance_minor}, and postings that sum to {row.total}.",
            )
        if row.total < 0 and not row.may_be_negative:
            yield Bilingual(
                f"账户 {row.id}（{row.purpose}）的余额为负：{row.total}。",
                f"The account {row.id} ({row.purpose}) is below zero: {row.total}.",
            )


def _of_currencies(session: Session) -> Iterator[Bilingual]:
    for transfer_id in session.scalars(_OF_OTHER_CURRENCY):
        yield Bilingual(
            f"转账 {transfer_id} 的一条分录连接了两种货币。",
            f"A posting of the transfer {transfer_id} joins two currencies.",
        )


@dataclass(frozen=True)
class RecordedTransfer:
    """A transfer as it stands in the database, with its postings in order."""

    key: str
    content_hash: bytes
    reverses_id: UUID | None
    postings: list[Posting]


def _transfers(session: Session) -> Iterator[RecordedTransfer]:
    """Yield every transfer, a page at a time: memory does not grow with the ledger."""
    columns = sa.select(
        LedgerTransfer.id, LedgerTransfer.key, LedgerTransfer.content_hash, LedgerTransfer.reverses_id
    ).order_by(LedgerTransfer.id)
    page: Sequence[Any] = session.execute(columns.limit(_READ_AT_ONCE)).all()
    while page:
        postings: dict[UUID, list[Posting]] = {row.id: [] for row in page}
        query = (
            sa.select(
                LedgerPosting.transfer_id, LedgerPosting.source_id, LedgerPosting.target_id, LedgerPosting.amount_minor
            )
            .where(LedgerPosting.transfer_id.in_(postings))
            .order_by(LedgerPosting.transfer_id, LedgerPosting.position)
        )
        for posting in session.execute(query):
            posted = Posting(posting.source_id, posting.target_id, posting.amount_minor)
            postings[posting.transfer_id].append(posted)
        for row in page:
            yield RecordedTransfer(row.key, row.content_hash, row.reverses_id, postings[row.id])
        page = session.execute(columns.where(LedgerTransfer.id > page[-1].id).limit(_READ_AT_ONCE)).all()


def _of_transfer(transfer: RecordedTransfer) -> Iterator[Bilingual]:
    if not transfer.postings:
        yield Bilingual(f"转账 {transfer.key} 没有分录。", f"The transfer {transfer.key} has no postings.")
    elif hash_of(transfer.key, transfer.postings, transfer.reverses_id) != transfer.content_hash:
        yield Bilingual(
            f"转账 {transfer.key} 的分录已不是当时记下的。",
            f"The postings of the transfer {transfer.key} are not those that were recorded.",
        )
