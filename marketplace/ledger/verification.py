"""Works out of the ledger's rows whether everything that must hold of them does."""

from collections.abc import Callable, Iterator, Sequence
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
from marketplace.core.money import MINOR_DIGITS
from marketplace.ledger.holds import hash_of_end, hash_of_hold
from marketplace.ledger.invariants import FAULTS_MAX, CheckedInvariant, Invariant, LedgerFault, checked
from marketplace.ledger.models import HoldEnding, LedgerPosting, LedgerTransfer
from marketplace.ledger.service import Posting, hash_of

_READ_AT_ONCE = 1_000

# What the ledger can tell of itself.
OF_LEDGER = (Invariant.I1, Invariant.I2, Invariant.I3, Invariant.I4, Invariant.I6, Invariant.I7, Invariant.I12)
# The triggers without which the rows prove nothing.
GUARDS = frozenset(
    {
        "ledger_accounts.fixed",
        "ledger_accounts.never_removed",
        "ledger_hold_ends.append_only",
        "ledger_hold_ends.end_holds",
        "ledger_hold_ends.posts_within",
        "ledger_holds.append_only",
        "ledger_holds.keep_holds",
        "ledger_postings.append_only",
        "ledger_postings.keep_balances",
        "ledger_transfers.append_only",
        "ledger_transfers.has_postings",
    }
)
_GUARDS = sa.text(
    "SELECT c.relname || '.' || t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')"
)
_CURRENCIES = sa.text("SELECT DISTINCT currency FROM ledger_accounts ORDER BY currency")
_HOLDS = sa.text(
    "SELECT h.id, h.key, h.account_id, h.amount_minor, h.expires_at, h.content_hash, e.key AS end_key, e.how,"
    " e.content_hash AS end_hash, t.content_hash AS transfer_hash,"
    " (SELECT coalesce(sum(p.amount_minor), 0) FROM ledger_postings p"
    "   WHERE p.transfer_id = t.id AND p.source_id = h.account_id)::bigint AS taken"
    " FROM ledger_holds h LEFT JOIN ledger_hold_ends e ON e.hold_id = h.id"
    " LEFT JOIN ledger_transfers t ON t.id = e.transfer_id ORDER BY h.id"
)
_BALANCES = sa.text(
    "SELECT a.id, a.purpose, a.currency, a.may_be_negative, a.balance_minor, a.held_minor,"
    " coalesce(s.total, 0)::bigint AS total, coalesce(o.held, 0)::bigint AS open_holds"
    " FROM ledger_accounts a LEFT JOIN (SELECT account, sum(amount) AS total FROM ("
    "   SELECT source_id AS account, -amount_minor AS amount FROM ledger_postings"
    "   UNION ALL SELECT target_id, amount_minor FROM ledger_postings) AS sides GROUP BY account) AS s"
    " ON s.account = a.id LEFT JOIN (SELECT h.account_id, sum(h.amount_minor) AS held FROM ledger_holds h"
    "   WHERE NOT EXISTS (SELECT 1 FROM ledger_hold_ends e WHERE e.hold_id = h.id) GROUP BY h.account_id) AS o"
    " ON o.account_id = a.id ORDER BY a.id"
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
    """What was looked at, and what does not hold, at most FAULTS_MAX of it; `invariants` count all."""

    accounts: int
    transfers: int
    holds: int
    totals: list[CurrencyTotal]
    invariants: list[CheckedInvariant]
    faults: list[LedgerFault]


def verify(
    session: Session, more: Callable[[Session], tuple[Sequence[Invariant], list[LedgerFault]]] | None = None
) -> LedgerVerification:
    """Check every account, transfer and hold, in one snapshot of the database if the caller's transaction is one.

    `more` checks what the ledger cannot know: it names its invariants, and tells their faults.
    """
    with db.acting_as(session, SYSTEM):
        rows = session.execute(_BALANCES).all()
        faults = [*_of_balances(rows), *_of_currencies(session), *missing_guards(session, GUARDS)]
        transfers = holds = 0
        for transfer in _transfers(session):
            transfers += 1
            faults += _of_transfer(transfer)
        for hold in session.execute(_HOLDS, execution_options={"yield_per": _READ_AT_ONCE}):
            holds += 1
            faults += _of_hold(hold)
        names, others = more(session) if more is not None else ((), [])
    totals = _totals(rows)
    faults += [*_of_totals(totals), *others]
    invariants = checked(sorted({*OF_LEDGER, *names}, key=list(Invariant).index), faults)
    return LedgerVerification(len(rows), transfers, holds, totals, invariants, faults[:FAULTS_MAX])


def _totals(rows: Sequence[Any]) -> list[CurrencyTotal]:
    by_currency = groupby(sorted(rows, key=attrgetter("currency")), key=attrgetter("currency"))
    return [
        CurrencyTotal(
            currency,
            sum(row.total for row in of_currency if row.total > 0),
            -sum(row.total for row in of_currency if row.total < 0),
        )
        for currency, of_currency in ((currency, list(group)) for currency, group in by_currency)
    ]


def _of_totals(totals: Sequence[CurrencyTotal]) -> Iterator[LedgerFault]:
    for total in totals:
        if total.owed_minor != total.held_minor:
            yield _fault(
                Invariant.I2,
                f"{total.currency} 各账户余额之和不为零：应付 {total.owed_minor}，持有 {total.held_minor}。",
                f"The balances in {total.currency} do not sum to zero: {total.owed_minor} owed,"
                f" {total.held_minor} held.",
            )


def _of_balances(rows: Sequence[Any]) -> Iterator[LedgerFault]:
    for row in rows:
        if row.balance_minor is not None and row.balance_minor != row.total:
            yield _fault(
                Invariant.I3,
                f"账户 {row.id} 的余额为 {row.balance_minor}，其分录之和为 {row.total}。",
                f"The account {row.id} has a balance of {row.balance_minor}, and postings that sum to {row.total}.",
            )
        if row.total < row.open_holds and not row.may_be_negative:
            yield _fault(
                Invariant.I6,
                f"账户 {row.id}（{row.purpose}）的余额 {row.total} 低于其冻结 {row.open_holds}。",
                f"The account {row.id} ({row.purpose}) has {row.total}, less than the {row.open_holds} that it holds.",
            )
        if row.held_minor != row.open_holds:
            yield _fault(
                Invariant.I7,
                f"账户 {row.id} 记有冻结 {row.held_minor}，未结束的冻结之和为 {row.open_holds}。",
                f"The account {row.id} says that {row.held_minor} is held, and its open holds sum to {row.open_holds}.",
            )


def _of_currencies(session: Session) -> Iterator[LedgerFault]:
    for transfer_id in session.scalars(_OF_OTHER_CURRENCY):
        yield _fault(
            Invariant.I1,
            f"转账 {transfer_id} 的一条分录连接了两种货币。",
            f"A posting of the transfer {transfer_id} joins two currencies.",
        )
    for currency in session.scalars(_CURRENCIES):
        if currency not in MINOR_DIGITS:
            yield _fault(
                Invariant.I12,
                f"有账户的货币 {currency} 不是市场的货币。",
                f"An account is in {currency}, which is no currency of the market.",
            )


def missing_guards(session: Session, guards: frozenset[str]) -> Iterator[LedgerFault]:
    """Tell which of these triggers, named `<table>.<trigger>`, are gone or switched off."""
    standing = set(session.scalars(_GUARDS))
    for name in sorted(guards - standing):
        yield _fault(
            Invariant.I4,
            f"数据库的保护 {name} 已停用或删除，要由运行者恢复。",
            f"The database's guard {name} is switched off or gone; its operator has to restore it.",
        )


def _of_hold(hold: Any) -> Iterator[LedgerFault]:
    expected = hash_of_hold(hold.key, hold.account_id, hold.amount_minor, hold.expires_at)
    if expected != hold.content_hash:
        yield _fault(
            Invariant.I4,
            f"冻结 {hold.key} 已不是当时记下的。",
            f"The hold {hold.key} is not the one that was recorded.",
        )
    if hold.how is None:
        return
    ended = hash_of_end(hold.end_key, hold.id, HoldEnding(hold.how), hold.transfer_hash or b"")
    if ended != hold.end_hash:
        yield _fault(
            Invariant.I4,
            f"冻结 {hold.key} 的结束已不是当时记下的。",
            f"The end of the hold {hold.key} is not the one that was recorded.",
        )
    if hold.how == HoldEnding.POSTED and not 0 < hold.taken <= hold.amount_minor:
        yield _fault(
            Invariant.I7,
            f"冻结 {hold.key} 为 {hold.amount_minor}，支用了 {hold.taken}。",
            f"The hold {hold.key} was of {hold.amount_minor}, and {hold.taken} was taken.",
        )


def _fault(invariant: Invariant, zh: str, en: str) -> LedgerFault:
    return LedgerFault(invariant, Bilingual(zh, en))


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


def _of_transfer(transfer: RecordedTransfer) -> Iterator[LedgerFault]:
    if not transfer.postings:
        yield _fault(Invariant.I1, f"转账 {transfer.key} 没有分录。", f"The transfer {transfer.key} has no postings.")
    elif hash_of(transfer.key, transfer.postings, transfer.reverses_id) != transfer.content_hash:
        yield _fault(
            Invariant.I4,
            f"转账 {transfer.key} 的分录已不是当时记下的。",
            f"The postings of the transfer {transfer.key} are not those that were recorded.",
        )
