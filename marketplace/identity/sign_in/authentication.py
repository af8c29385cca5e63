"""Passwords, API keys and console sessions: make them, check them, and turn them into an Actor.

An API key is `inl_<12 letters>.<secret><checksum>`. What stands before the dot is looked up; of the secret, 32 random
bytes, only the SHA-256 is kept, apart from the key's row (nobody can guess it, so no slow hash is needed); by the
CRC-32 at the end secret scanners know a real key, and a mistyped one is refused, without a query. There is one kind
of key; those that were issued as `inl_live_` and `inl_test_` go on, because the two never differed in what they may
do.
"""

import hashlib
import hmac
import secrets
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import argon2
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import EVERYTHING, NOBODY, Actor, Role
from marketplace.core.clock import now
from marketplace.core.errors import FieldError, InvalidInput, NotAllowed, NotSignedIn, Unavailable
from marketplace.core.ids import ALPHABET
from marketplace.core.message import Bilingual
from marketplace.identity.models import Person, PersonStatus
from marketplace.identity.sign_in import credentials
from marketplace.identity.sign_in.credentials import CredentialKind

# 19 MiB, 2 passes, 1 lane: OWASP's password storage cheat sheet, second row. At most two at once, because many
# sign-ins at a time would otherwise take the machine's memory.
_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_SLOTS = threading.BoundedSemaphore(2)
# Those at it and those who wait. Whoever comes next is refused: a sign-in that waits holds a thread that others need.
_QUEUE = threading.BoundedSemaphore(4)
NOBODYS_ID = UUID(int=0)
# Of no password at all, for none hashes to zeros: as slow to check as a real one, and made at no start of a process.
_NOBODYS_HASH = f"$argon2id$v=19$m={_HASHER.memory_cost},t={_HASHER.time_cost},p=1${'A' * 22}${'A' * 43}"

ROLES = {"brand": Role.BRAND, "creator": Role.CREATOR, "agency": Role.AGENCY, "platform": Role.ADMIN}
KEY_PREFIX = "inl_"
SESSION_PREFIX = "inl_ses_"
IDLE_HOURS = 2


@contextmanager
def _slot() -> Iterator[None]:
    if not _QUEUE.acquire(blocking=False):
        raise Unavailable(
            Bilingual(
                "此刻登录的人太多，请几秒后再试。",
                "Many people are signing in at this moment. Try again in a few seconds.",
            ),
            retry_after_s=3,
        )
    try:
        with _SLOTS:
            yield
    finally:
        _QUEUE.release()


def hash_password(password: str) -> str:
    """Return the hash to keep. Raises Unavailable where too many passwords are being hashed already."""
    with _slot():
        return _HASHER.hash(password)


def check_password(password_hash: str | None, password: str) -> bool:
    """Return whether the password is right.

    It takes as long for a person who does not exist or has no password, so the time does not show who has an account.
    Raises Unavailable where too many passwords are being checked already.
    """
    usable = password_hash if password_hash and password_hash.startswith("$argon2") else None
    with _slot():
        try:
            return _HASHER.verify(usable or _NOBODYS_HASH, password) and usable is not None
        except argon2.exceptions.VerificationError:
            return False


def keep_password(session: Session, person_id: UUID, hashed: str) -> None:
    """Let the person sign in with the password of this hash, and with no other. As the system."""
    credentials.keep(session, person_id, CredentialKind.PASSWORD, [hashed])


def is_password(session: Session, person_id: UUID | None, password: str) -> bool:
    """Return whether it is the password of the person (None: of nobody). As the system; raises what `check_password`
    does."""
    kept = credentials.read(session, person_id or NOBODYS_ID, CredentialKind.PASSWORD)
    return check_password(kept, password)


def require_present_password(session: Session, person_id: UUID, password: str, pointer: str) -> None:
    """Raise InvalidInput for whoever is signed in and does not know the password. Raises what `check_password` does."""
    if not is_password(session, person_id, password):
        raise InvalidInput(
            Bilingual("什么都没有改动。", "Nothing was changed."),
            errors=[FieldError(pointer, Bilingual("这不是您现在的密码。", "This is not your present password."))],
        )


def live(at: datetime) -> dict[str, datetime]:
    """Return the parameters of LIVE."""
    return {"now": at, "idle_since": at - timedelta(hours=IDLE_HOURS)}


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def new_token() -> str:
    return secrets.token_urlsafe(32)


def new_key() -> tuple[str, str, str]:
    """Return the public id, the whole key to show once, and the hash to keep."""
    public_id = KEY_PREFIX + "".join(secrets.choice(ALPHABET) for _ in range(12))
    secret = secrets.token_urlsafe(32)
    return public_id, f"{public_id}.{secret}{_checksum(secret)}", digest(secret)


def _checksum(secret: str) -> str:
    return f"{zlib.crc32(secret.encode()):08x}"


# A suspended creator acts neither in person nor through an agency.
_ACTS_FOR = (
    "CASE WHEN p.kind = 'agency' THEN ARRAY(SELECT d.creator_id FROM mandates d"
    " JOIN parties c ON c.id = d.creator_id AND c.status <> 'suspended'"
    " WHERE d.agency_id = p.id AND d.status = 'active'"
    " AND mandate_covers(d.starts_on, d.ends_on, c.timezone, :now)) END AS acts_for"
)
# A session goes on until it is ended, its time is over, or nobody has used it for IDLE_HOURS. For the values of `live`.
LIVE = "{s}.revoked_at IS NULL AND {s}.expires_at > :now AND {s}.last_seen_at > :idle_since"
_WHY = "(SELECT r.reason FROM suspension_reasons r WHERE r.subject_id = {}.id)"
# Whoever sits in a suspended party reads on; a suspended person is let in nowhere.
_STANDING = (
    f"CASE WHEN p.status = 'suspended' THEN coalesce({_WHY.format('p')}, '') END AS suspended,"
    f" CASE WHEN w.status = 'suspended' THEN coalesce({_WHY.format('w')}, '') END AS shut_out"
)
_KEY = sa.text(
    "SELECT k.id, k.party_id, k.person_id, k.scopes, k.last_used_at, p.kind, m.permissions,"
    f" {credentials.KEY_FITS} AS fits, {_ACTS_FOR}, {_STANDING}"
    " FROM api_keys k JOIN parties p ON p.id = k.party_id JOIN people w ON w.id = k.person_id"
    " JOIN memberships m ON m.party_id = k.party_id AND m.person_id = k.person_id"
    " WHERE k.public_id = :public_id AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > :now)"
)
_SESSION = sa.text(
    "SELECT s.id, s.party_id, s.person_id, s.last_seen_at, p.kind, m.permissions,"
    # A key is a program's: whoever made it had to show the factor.
    " p.kind = 'platform' AND NOT EXISTS (SELECT 1 FROM second_factors f WHERE f.person_id = s.person_id"
    " AND f.confirmed_at IS NOT NULL) AS lacks_factor,"
    f" {_ACTS_FOR}, {_STANDING}"
    " FROM console_sessions s JOIN parties p ON p.id = s.party_id JOIN people w ON w.id = s.person_id"
    " JOIN memberships m ON m.party_id = s.party_id AND m.person_id = s.person_id"
    f" WHERE s.token_hash = :token_hash AND {LIVE.format(s='s')}"
)
# The row stays locked until the request ends. Another request with the same key skips the update instead of waiting.
_KEY_USED = sa.text(
    "UPDATE api_keys SET last_used_at = :now WHERE id = (SELECT id FROM api_keys WHERE id = :id FOR UPDATE SKIP LOCKED)"
)
_SESSION_SEEN = sa.text(
    "UPDATE console_sessions SET last_seen_at = :now"
    " WHERE id = (SELECT id FROM console_sessions WHERE id = :id FOR UPDATE SKIP LOCKED)"
)


_NO_KEY = Bilingual(
    "Authorization 头里的不是密钥：应写作 'Bearer inl_...'，一个字符也不少。",
    "What Authorization holds is no key: write 'Bearer inl_...' with every letter of it.",
)


def authenticate(session: Session, header: str) -> Actor:
    """Return the Actor of an Authorization header; NOBODY without one. Raises NotSignedIn for a bad one."""
    if not header:
        return NOBODY
    scheme, _, credential = header.partition(" ")
    if scheme.lower() != "bearer" or not credential.isascii() or not 20 <= len(credential) <= 200:
        raise NotSignedIn(_NO_KEY)
    if credential.startswith(SESSION_PREFIX):
        return _by_session(session, credential)
    return _by_key(session, credential)


def _by_key(session: Session, credential: str) -> Actor:
    public_id, _, rest = credential.partition(".")
    secret, checksum = rest[:-8], rest[-8:]
    if not secret or not hmac.compare_digest(_checksum(secret), checksum):
        raise NotSignedIn(
            Bilingual("这个密钥不完整：缺了字符或输错了。", "This is no complete key: letters are missing or mistyped.")
        )
    at = now()
    row = db.send(session, _KEY, {"public_id": public_id, "secret_hash": digest(secret), "now": at}).fetchone()
    if row is None or not row.fits:
        raise NotSignedIn(
            Bilingual("这个密钥不存在、已撤销或已过期。", "This key is unknown, revoked or past its time.")
        )
    if row.last_used_at is None or row.last_used_at < at - timedelta(minutes=5):
        db.run(session, _KEY_USED, {"now": at, "id": row.id})
    return _actor(row, set(row.permissions) & set(row.scopes), row.id)


def _by_session(session: Session, credential: str) -> Actor:
    at = now()
    row = db.send(session, _SESSION, {"token_hash": digest(credential), **live(at)}).fetchone()
    if row is None:
        raise NotSignedIn(Bilingual("这次登录已结束，请重新登录。", "This session is over. Sign in again."))
    if row.last_seen_at < at - timedelta(minutes=1):
        db.run(session, _SESSION_SEEN, {"now": at, "id": row.id})
    return _actor(row, set(row.permissions), None, lacks_factor=row.lacks_factor)


def refuse_suspended_person(person: Person) -> None:
    """Raise NotAllowed, with the reason that the admin gave, for somebody who is suspended."""
    if person.status == PersonStatus.SUSPENDED:
        _refuse_shut_out(person.suspension_reason or "")


def _refuse_shut_out(reason: str | None) -> None:
    if reason is not None:
        said = _said(reason)
        raise NotAllowed(
            Bilingual(
                f"您已被暂停，不能登录，也不能使用密钥。{said.zh}",
                f"You are suspended and can neither sign in nor use a key. {said.en}",
            )
        )


def _said(reason: str) -> Bilingual:
    """Return the sentence that tells a suspended party or person why."""
    if not reason:
        return Bilingual("平台没有注明原因，请询问平台。", "The platform has noted no reason; ask it.")
    return Bilingual(f"平台给出的原因：{reason}", f"The platform's reason: {reason}")


def _actor(row: Any, permissions: set[str], key_id: UUID | None, *, lacks_factor: bool = False) -> Actor:
    _refuse_shut_out(row.shut_out)
    # A stored permission that the program no longer knows gives nothing.
    known = frozenset(permission for permission in EVERYTHING if permission in permissions)
    return Actor(
        role=ROLES[row.kind],
        party_id=row.party_id,
        person_id=row.person_id,
        key_id=key_id,
        permissions=known,
        acts_for=frozenset(row.acts_for or ()),
        suspended=None if row.suspended is None else _said(row.suspended),
        lacks_factor=lacks_factor,
    )
