"""API keys: shown once when they are made, revoked at once; two of a name may be live, so that they can be rotated."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, events
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, FieldError, InvalidInput, NotAllowed
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.core.message import Bilingual
from marketplace.identity import policy
from marketplace.identity.models import ApiKey, Party
from marketplace.identity.sign_in import authentication, credentials
from marketplace.identity.sign_in.credentials import CredentialKind

LIVE_MAX = 2  # under one name: the one in use and its successor

Row = TypeVar("Row")


@dataclass(frozen=True)
class IssuedKey(Generic[Row]):
    """A row with its secret, which is shown this once; None in the answer that is kept for a replay."""

    row: Row
    secret: str | None

    def kept(self) -> "IssuedKey[Row]":
        return IssuedKey(self.row, None)


def create(
    session: Session, actor: Actor, *, name: str, scopes: Collection[str], expires_at: datetime | None
) -> IssuedKey[ApiKey]:
    """Make a key for the actor's party, with at most the actor's own permissions.

    Raises InvalidInput (scopes beyond the actor's, a time gone by), Conflict (two live keys of the name).
    """
    if actor.party_id is None or actor.person_id is None:
        raise NotAllowed(Bilingual("密钥属于某个主体里的人。", "A key belongs to a person of a party."))
    given = policy.require_within(actor, scopes, "/scopes")
    at = now()
    if expires_at is not None and expires_at <= at:
        raise InvalidInput(
            Bilingual("密钥总要有一段有效期。", "A key must be good for some time."),
            errors=[FieldError("/expires_at", Bilingual("必须在将来。", "Must lie in the future."))],
        )
    # One after the other for a party: two at once would both count one live key and make a third.
    session.execute(sa.select(Party.id).where(Party.id == actor.party_id).with_for_update(key_share=True))
    live = session.scalar(
        sa.select(sa.func.count())
        .select_from(ApiKey)
        .where(ApiKey.party_id == actor.party_id, ApiKey.name == name, ApiKey.revoked_at.is_(None))
        .where(sa.or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > at))
    )
    if (live or 0) >= LIVE_MAX:
        raise Conflict(
            Bilingual(
                f"这个名称已有 {LIVE_MAX} 个有效密钥。请撤销一个，或换个名称。",
                f"{LIVE_MAX} keys of this name are live. Revoke one, or use another name.",
            )
        )
    public_id, whole_key, secret_hash = authentication.new_key()
    row = ApiKey(
        party_id=actor.party_id,
        person_id=actor.person_id,
        name=name,
        public_id=public_id,
        scopes=given,
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    with policy.unfiltered(session):
        credentials.keep(session, row.id, CredentialKind.API_KEY, [secret_hash])
    events.record(session, "api_keys.create", row.id, actor, parties=[row.party_id], scopes=given)
    session.flush()
    return IssuedKey(row, whole_key)


def revoke(session: Session, actor: Actor, key_id: UUID) -> None:
    """Make a key invalid from the next request on. Revoking it again changes nothing."""
    row = db.lock(session, ApiKey, key_id, policy.keys(actor))
    if row.revoked_at is None:
        row.revoked_at = now()
        events.record(session, "api_keys.revoke", row.id, actor, parties=[row.party_id])


def listing(session: Session, actor: Actor, *, limit: int, starting_after: UUID | None) -> Page[ApiKey]:
    return paging.page(session, sa.select(ApiKey).where(policy.keys(actor)), ApiKey, limit, starting_after)
