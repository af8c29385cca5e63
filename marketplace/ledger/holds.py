"""Sets money of an account aside, so that nothing else spends it: placed once, and posted, voided or expired once.

A hold moves nothing. Posting it moves what it held, or a part, by a transfer under the same key; what is left is free
again. Everything here runs as the system, in its caller's transaction.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

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
from marketplace.ledger.models import HoldEnding, LedgerHold, LedgerHoldEnd
from marketplace.ledger.service import (
    Posting,
    digest,
    hash_of,
    key_used,
    overdrawn,
    require_amount,
    require_postings,
    write_transfer,
)

EXPIRED_AT_ONCE = 500

_LOCK = sa.text("SELECT ledger_lock_accounts(CAST(:ids AS uuid[]))")
_DUE = sa.text(
    "SELECT h.id FROM ledger_holds h WHERE h.expires_at <= :at"
    " AND NOT EXISTS (SELECT 1 FROM ledger_hold_ends e WHERE e.hold_id = h.id) ORDER BY h.id LIMIT :many"
)
_ENDING_NAMES = {
    HoldEnding.POSTED: Bilingual("已支用", "posted"),
    HoldEnding.VOIDED: Bilingual("已解除", "voided"),
    HoldEnding.EXPIRED: Bilingual("已到期", "expired"),
}


class HoldEnded(Conflict):
    """A hold that is over already: it was posted, voided, or has expired."""

    code = "hold-ended"
    title = Bilingual("这笔冻结已经结束", "This hold has ended")


def place(
    session: Session, key: str, account_id: UUID, amount_minor: int, *, expires_at: datetime | None = None
) -> UUID:
    """Set an amount aside, once for each key, and return the hold; a second call for the same returns the first.

    Raises KeyUsed for the same key with another amount, account or time, Overdrawn where less is at the account's
    disposal, and ValueError for what no caller may ask.
    """
    require_amount(amount_minor)
    content_hash = hash_of_hold(key, account_id, amount_minor, expires_at)
    made = {
        "id": new_id(),
        "created_at": now(),
        "key": key,
        "account_id": account_id,
        "amount_minor": amount_minor,
        "expires_at": expires_at,
        "content_hash": content_hash,
    }
    statement = insert(LedgerHold).values(made).on_conflict_do_nothing().returning(LedgerHold.id)
    with db.acting_as(session, SYSTEM):
        try:
            placed: UUID | None = db.run(session, statement).scalar_one_or_none()
        except sa.exc.IntegrityError as error:
            if isinstance(error.orig, errors.CheckViolation):
                raise overdrawn() from error
            raise ValueError("a hold is on an account that is there") from error
        if placed is not None:
            return placed
        stored = session.scalars(sa.select(LedgerHold).where(LedgerHold.key == key)).one()
    if stored.content_hash != content_hash:
        raise key_used(key)
    return stored.id


def post(session: Session, key: str, hold_id: UUID, postings: Sequence[Posting]) -> UUID:
    """End a hold by a transfer of what it held, and return the transfer; a second call for the same returns the first.

    What the postings leave of it is free again. Raises Overdrawn for more than it holds, HoldEnded, KeyUsed.
    """
    require_postings(key, postings)
    with db.acting_as(session, SYSTEM):
        hold = session.get_one(LedgerHold, hold_id)
        taken = sum(one.amount_minor for one in postings if one.source_id == hold.account_id)
        if not taken:
            raise ValueError("a hold is posted by what leaves its account")
        if taken > hold.amount_minor:
            raise overdrawn()
        accounts = {hold.account_id, *(one.source_id for one in postings), *(one.target_id for one in postings)}
        _lock(session, *accounts)
        transfer_id = new_id()
        ended = _end(session, key, hold, HoldEnding.POSTED, hash_of(key, postings, None), transfer_id)
        if ended.transfer_id != transfer_id:
            assert ended.transfer_id is not None, "posted by a transfer"
            return ended.transfer_id
        if write_transfer(session, transfer_id, key, postings, None) != transfer_id:
            raise key_used(key)
        return transfer_id


def void(session: Session, key: str, hold_id: UUID) -> None:
    """Let go of what a hold has set aside; a second call under the key does nothing. Raises HoldEnded, KeyUsed."""
    with db.acting_as(session, SYSTEM):
        hold = session.get_one(LedgerHold, hold_id)
        _lock(session, hold.account_id)
        _end(session, key, hold, HoldEnding.VOIDED)


def expire(session: Session, key: str, hold_id: UUID) -> None:
    """End a hold whose time is over. Raises HoldEnded, KeyUsed, and ValueError before its time."""
    with db.acting_as(session, SYSTEM):
        hold = session.get_one(LedgerHold, hold_id)
        if hold.expires_at is None or hold.expires_at > now():
            raise ValueError("a hold expires when its time is over")
        _lock(session, hold.account_id)
        _end(session, key, hold, HoldEnding.EXPIRED)


def expire_due(session: Session) -> int:
    """Expire the holds whose time is over, and return how many: the clock's part. A second run finds nothing."""
    with db.acting_as(session, SYSTEM):
        due = session.scalars(_DUE, {"at": now(), "many": EXPIRED_AT_ONCE}).all()
        for hold_id in due:
            expire(session, f"{hold_id}:expire", hold_id)
    return len(due)


def _lock(session: Session, *account_ids: UUID) -> None:
    """Lock accounts before the end of a hold is written, whichever way it ends: the other order would dead-lock."""
    db.run(session, _LOCK, {"ids": sorted(account_ids)})


def hash_of_hold(key: str, account_id: UUID, amount_minor: int, expires_at: datetime | None) -> bytes:
    """Return the SHA-256 that is recorded with a hold."""
    return digest(key, str(account_id), str(amount_minor), _moment(expires_at))


def hash_of_end(key: str, hold_id: UUID, how: HoldEnding, transfer_hash: bytes) -> bytes:
    """Return the SHA-256 that is recorded with the end of a hold, `transfer_hash` empty where nothing was posted."""
    return digest(key, str(hold_id), str(how), transfer_hash.hex())


def _moment(at: datetime | None) -> str:
    return "" if at is None else str(int(at.timestamp() * 1_000_000))


def _end(
    session: Session,
    key: str,
    hold: LedgerHold,
    how: HoldEnding,
    transfer_hash: bytes = b"",
    transfer_id: UUID | None = None,
) -> LedgerHoldEnd:
    """End a hold, or return its end if the same has ended it before. The caller acts as the system."""
    content_hash = hash_of_end(key, hold.id, how, transfer_hash)
    found = sa.select(LedgerHoldEnd).where(LedgerHoldEnd.hold_id == hold.id)
    stored = session.scalars(found).one_or_none()
    if stored is None:
        ended_at = now()
        if how != HoldEnding.EXPIRED and hold.expires_at is not None and hold.expires_at <= ended_at:
            raise _ended(HoldEnding.EXPIRED)
        made = {
            "id": new_id(),
            "created_at": ended_at,
            "key": key,
            "hold_id": hold.id,
            "how": how,
            "transfer_id": transfer_id,
            "content_hash": content_hash,
        }
        db.run(session, insert(LedgerHoldEnd).values(made).on_conflict_do_nothing())
        stored = session.scalars(found).one_or_none()
    if stored is None:
        raise key_used(key)
    if stored.content_hash != content_hash:
        raise _ended(stored.how)
    return stored


def _ended(how: HoldEnding) -> HoldEnded:
    name = _ENDING_NAMES[how]
    return HoldEnded(
        Bilingual(
            f"这笔冻结{name.zh}，没有再动用；请重新读取它。",
            f"This hold was {name.en} already; nothing was moved. Read it again.",
        )
    )
