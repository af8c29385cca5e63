"""Idempotency-Key: the answer of a success is kept with its effect, so that a retry never repeats it.

After the IETF draft draft-ietf-httpapi-idempotency-key-header: missing 400, other body 422, running 409.
A refusal stores nothing: a retry of it is tried afresh.
"""

import hashlib
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from marketplace.core import db
from marketplace.core.db import Base
from marketplace.core.errors import Conflict, DomainError, InvalidInput
from marketplace.core.message import Bilingual

KEY_MAX = 255


class KeyMissing(DomainError):
    code = "idempotency-key-required"
    title = Bilingual("请发送 Idempotency-Key", "Send an Idempotency-Key")


class KeyReused(InvalidInput):
    code = "idempotency-key-reused"
    title = Bilingual("这个 Idempotency-Key 已用于别的请求", "This Idempotency-Key was used for something else")


class StillRunning(Conflict):
    code = "idempotency-running"
    title = Bilingual("使用这个键的第一个请求还在处理", "The first request with this key is still running")


class IdempotencyKey(Base):
    """A key that a party used, the hash of its request, and the answer."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (sa.UniqueConstraint("party_id", "key"), sa.Index("ix_idempotency_keys_created_at", "created_at"))

    party_id: Mapped[UUID]
    key: Mapped[str]
    request_hash: Mapped[str]
    status: Mapped[int]
    body: Mapped[str]
    etag: Mapped[str | None] = mapped_column(default=None)


# One round trip for the lock and the look-up; the row of the left side is there even where no key is stored. The lock
# is tried and not waited for: a client that sends twice at once gets a 409 instead of holding a connection.
_FIND = sa.text(
    f"SELECT {db.TRY_LOCK} AS locked, stored.request_hash, stored.status, stored.body, stored.etag"
    " FROM (SELECT 1) one_row LEFT JOIN idempotency_keys stored"
    " ON stored.party_id = CAST(:party AS uuid) AND stored.key = :key"
)


def request_hash(method: str, path: str, body: bytes) -> str:
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).hexdigest()


def find(session: Session, party_id: UUID, key: str, hashed: str) -> tuple[int, str, str | None] | None:
    """Take the key for this transaction, and return the stored (status, body, etag) of an earlier success.

    Raises KeyMissing, KeyReused, StillRunning.
    """
    if not key or len(key) > KEY_MAX or not key.isprintable() or not key.isascii():
        raise KeyMissing(
            Bilingual(
                f"每个 POST 都要带 Idempotency-Key 头：1 到 {KEY_MAX} 个可打印的 ASCII 字符，UUID 即可。",
                f"Every POST carries an Idempotency-Key header of 1 to {KEY_MAX} printable ASCII letters; a UUID is"
                " fine.",
            )
        )
    lock_name = db.name_of_lock("idempotency", f"{party_id}{key}")
    row: Any = db.send(session, _FIND, {"lock_name": lock_name, "party": str(party_id), "key": key}).fetchone()
    if row.request_hash is not None:
        if row.request_hash != hashed:
            raise KeyReused(
                Bilingual(
                    "同一个键对应了不同的路径或内容；新的请求请用新的键。",
                    "The same key came with another path or body. Use a new key for a new request.",
                )
            )
        return row.status, row.body, row.etag
    if not row.locked:
        raise StillRunning(
            Bilingual(
                "请稍后再问：会得到第一个请求的答复。",
                "Ask again in a moment: the answer of the first request will be given.",
            ),
            headers={"Retry-After": "1"},
        )
    return None


def keep(session: Session, party_id: UUID, key: str, hashed: str, status: int, body: str, etag: str | None) -> None:
    db.write(
        session, IdempotencyKey, party_id=party_id, key=key, request_hash=hashed, status=status, body=body, etag=etag
    )
