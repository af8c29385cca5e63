"""Moves money between accounts, each move once. Everything here runs as the system, in its caller's transaction.

The ledger knows accounts, transfers and postings, and no word of the market: what a move is for is its caller's
affair, which names it by a key. The same key moves once, however often it is asked for.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import rfc8785
import sqlalchemy as sa
from psycopg import errors
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import SYSTEM
from marketplace.core.clock import now
from marketplace.core.errors import Conflict
from marketplace.core.ids import new_id
from marketplace.core.message import Bilingual
from marketplace.core.money import AMOUNT_MAX, MINOR_DIGITS
from marketplace.ledger.models import (
    MAY_BE_NEGATIVE,
    SUMMED,
    AccountPurpose,
    LedgerAccount,
    LedgerPosting,
    LedgerTransfer,
)

POSTINGS_MAX = 100

# One statement, so that the database looks at the balances once, after the last posting. It waits for a transfer of the
# same key that has not ended yet; where there is one it posts nothing. The accounts' currency is a part of their keys:
# a posting between two currencies, or with an unknown account, is refused.
_TRANSFER = sa.text(
    "WITH made AS (INSERT INTO ledger_transfers (id, created_at, key, content_hash, reverses_id)"
    " VALUES (:id, :at, :key, :content_hash, :reverses_id) ON CONFLICT DO NOTHING RETURNING id),"
    " posted AS (INSERT INTO ledger_postings"
    " (id, created_at, transfer_id, position, source_id, target_id, currency, amount_minor)"
    " SELECT p.id, :at, made.id, p.position - 1, p.source, p.target,"
    " (SELECT currency FROM ledger_accounts a WHERE a.id = p.source), p.amount"
    " FROM made, unnest(CAST(:ids AS uuid[]), CAST(:sources AS uuid[]), CAST(:targets AS uuid[]),"
    " CAST(:amounts AS bigint[])) WITH ORDINALITY AS p (id, source, target, amount, position) RETURNING 1)"
    " SELECT count(*) FROM posted"
)


class Overdrawn(Conflict):
    """An account has less than what was to leave it."""

    code = "overdrawn"
    title = Bilingual("账户余额不足", "An account has too little")


class KeyUsed(Conflict):
    """The key of a transfer stands for another one."""

    code = "transfer-key-used"
    title = Bilingual("这笔转账的键已用于另一笔", "The key of this transfer stands for another one")


@dataclass(frozen=True)
class Posting:
    """An amount in the smallest unit of the accounts' currency, above zero, from one account to another."""

    source_id: UUID
    target_id: UUID
    amount_minor: int


def account(
    session: Session, purpose: AccountPurpose, currency: str, party_id: UUID | None = None, reference: str = ""
) -> LedgerAccount:
    """Return the account of this purpose, and open it if there is none. Raises ValueError for an unknown currency."""
    if currency not in MINOR_DIGITS:
        raise ValueError(f"{currency} is no currency of the market")
    named = {"purpose": purpose, "currency": currency, "party_id": party_id, "reference": reference}
    opened = {
        "id": new_id(),
        "created_at": now(),
        **named,
        "may_be_negative": purpose in MAY_BE_NEGATIVE,
        "balance_minor": None if purpose in SUMMED else 0,
    }
    with db.acting_as(session, SYSTEM):
        session.execute(insert(LedgerAccount).values(opened).on_conflict_do_nothing())
        found = sa.select(LedgerAccount).where(
            LedgerAccount.purpose == purpose,
            LedgerAccount.currency == currency,
            LedgerAccount.party_id.is_not_distinct_from(party_id),
            LedgerAccount.reference == reference,
        )
        return session.scalars(found).one()


def transfer(session: Session, key: str, postings: Sequence[Posting]) -> UUID:
    """Move money, once for each key, and return the transfer; a second call with the same postings returns the first.

    A refusal ends the transaction, as every error of the database does: whoever goes on sets a savepoint before.
    Raises KeyUsed for the same key with other postings, Overdrawn where an account has too little (nothing is moved),
    and ValueError for what no caller may ask: no postings, amounts that are not whole and above zero, two currencies in
    one posting.
    """
    return write_transfer(session, new_id(), key, postings, None)


def reverse(session: Session, key: str, transfer_id: UUID) -> UUID:
    """Take a transfer back by its opposite, once. Raises KeyUsed if another key has reversed it, and Overdrawn."""
    with db.acting_as(session, SYSTEM):
        rows = session.scalars(
            sa.select(LedgerPosting).where(LedgerPosting.transfer_id == transfer_id).order_by(LedgerPosting.position)
        ).all()
    back = [Posting(row.target_id, row.source_id, row.amount_minor) for row in reversed(rows)]
    return write_transfer(session, new_id(), key, back, transfer_id)


def balance(session: Session, account_id: UUID) -> int:
    """Return what an account holds, in the smallest unit of its currency."""
    with db.acting_as(session, SYSTEM):
        stored = session.scalar(sa.select(LedgerAccount.balance_minor).where(LedgerAccount.id == account_id))
        return summed(session, account_id) if stored is None else stored


def available(session: Session, account_id: UUID) -> int:
    """Return what of a stored balance no hold has set aside."""
    with db.acting_as(session, SYSTEM):
        row = session.execute(
            sa.select(LedgerAccount.balance_minor, LedgerAccount.held_minor).where(LedgerAccount.id == account_id)
        ).one()
    return int(row.balance_minor) - int(row.held_minor)


def summed(session: Session, account_id: UUID) -> int:
    """Return the sum of an account's postings."""
    total = sa.func.coalesce(sa.func.sum(LedgerPosting.amount_minor), 0)
    came, went = (
        session.scalar(sa.select(total).where(side == account_id))
        for side in (LedgerPosting.target_id, LedgerPosting.source_id)
    )
    return int(came or 0) - int(went or 0)


def hash_of(key: str, postings: Sequence[Posting], reverses_id: UUID | None) -> bytes:
    """Return the SHA-256 of a transfer in canonical JSON (RFC 8785): its key, its postings, what it reverses."""
    rows = [[str(one.source_id), str(one.target_id), str(one.amount_minor)] for one in postings]
    return digest(key, rows, str(reverses_id or ""))


def digest(*told: Any) -> bytes:
    """Return the SHA-256 of these texts, and lists of texts, in canonical JSON (RFC 8785)."""
    return hashlib.sha256(rfc8785.dumps(list(told))).digest()


def require_amount(amount: int) -> None:
    """Raises ValueError for what is no amount to move: not whole, not above zero, or too much."""
    if type(amount) is not int or not 0 < amount <= AMOUNT_MAX:
        raise ValueError(f"{amount} is no amount to post")


def overdrawn() -> Overdrawn:
    return Overdrawn(
        Bilingual(
            "账户可用余额不足，没有转出或冻结任何款项。",
            "An account has less at its disposal than what was to leave it or be held; nothing was moved.",
        )
    )


def write_transfer(
    session: Session, transfer_id: UUID, key: str, postings: Sequence[Posting], reverses_id: UUID | None
) -> UUID:
    """Write a transfer under this id, or return the one that its key has moved before; see `transfer`."""
    require_postings(key, postings)
    content_hash = hash_of(key, postings, reverses_id)
    made: dict[str, Any] = {
        "id": transfer_id,
        "at": now(),
        "key": key,
        "content_hash": content_hash,
        "reverses_id": reverses_id,
        "ids": [new_id() for _ in postings],
        "sources": [one.source_id for one in postings],
        "targets": [one.target_id for one in postings],
        "amounts": [one.amount_minor for one in postings],
    }
    with db.acting_as(session, SYSTEM):
        try:
            posted = db.run(session, _TRANSFER, made).scalar_one()
        except sa.exc.IntegrityError as error:
            if isinstance(error.orig, errors.CheckViolation):
                raise overdrawn() from error
            raise ValueError("a posting joins two accounts of one currency") from error
        return transfer_id if posted else _stored(session, key, content_hash, reverses_id)


def _stored(session: Session, key: str, content_hash: bytes, reverses_id: UUID | None) -> UUID:
    """Return the transfer of this key, or the one that has reversed the same transfer. Raises KeyUsed if it is another
    than the one with this content."""
    stored = session.scalars(sa.select(LedgerTransfer).where(LedgerTransfer.key == key)).one_or_none()
    if stored is None:
        stored = session.scalars(sa.select(LedgerTransfer).where(LedgerTransfer.reverses_id == reverses_id)).one()
    if stored.content_hash != content_hash:
        raise key_used(stored.key)
    return stored.id


def key_used(key: str) -> KeyUsed:
    return KeyUsed(
        Bilingual(
            f"键 {key} 已转过另一笔款项，没有再转。",
            f"The key {key} has moved something else; nothing was moved.",
        )
    )


def require_postings(key: str, postings: Sequence[Posting]) -> None:
    """Raises ValueError for what no caller may ask of a transfer."""
    if not key or not 1 <= len(postings) <= POSTINGS_MAX:
        raise ValueError(f"a transfer has a key and 1 to {POSTINGS_MAX} postings")
    for one in postings:
        require_amount(one.amount_minor)
        if one.source_id == one.target_id:
            raise ValueError("a posting goes from one account to another")
