"""Parties, people and keys."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import EVERYTHING, Actor
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.identity import party_days
from marketplace.identity.models import (
    TIMEZONE,
    ApiKey,
    ConsoleSession,
    Credential,
    Mandate,
    MandateStatus,
    Membership,
    Party,
    PartyKind,
    Person,
)
from marketplace.identity.sign_in import authentication, credentials
from marketplace.identity.sign_in.credentials import CredentialKind

PASSWORD = "tea at four in the garden"


@dataclass(frozen=True)
class Somebody:
    """A person of a party, with a key: `headers` signs a request, `actor` calls a service."""

    party_id: UUID
    person_id: UUID
    key_id: UUID
    headers: dict[str, str]
    actor: Actor

    def once(self, **more: str) -> dict[str, str]:
        """Headers of a POST: signed, with a fresh Idempotency-Key."""
        return {**self.headers, "Idempotency-Key": str(new_id()), **more}


def somebody(
    kind: str, name: str | None = None, scopes: frozenset[str] = EVERYTHING, party_id: UUID | None = None
) -> Somebody:
    """A new party of the kind (or a new person in `party_id`) with one person who may do everything."""
    public_id, shown, secret_hash = authentication.new_key()
    with db.transaction() as session:
        if party_id is None:
            party = Party(kind=PartyKind(kind), name=name or f"{kind} {new_id().hex[-6:]}")
            session.add(party)
            session.flush()
            party_id = party.id
        person = Person(email=f"{new_id().hex}@example.org", name=f"Somebody {kind}")
        session.add(person)
        session.flush()
        session.add(Membership(person_id=person.id, party_id=party_id, permissions=sorted(EVERYTHING)))
        key = ApiKey(
            party_id=party_id,
            person_id=person.id,
            name="test",
            public_id=public_id,
            scopes=sorted(scopes),
        )
        session.add(key)
        session.flush()
        credentials.keep(session, key.id, CredentialKind.API_KEY, [secret_hash])
        actor = authentication.authenticate(session, f"Bearer {shown}")
        return Somebody(party_id, person.id, key.id, {"Authorization": f"Bearer {shown}"}, actor)


def home_day() -> date:
    """The day that the calendar shows to a party with the usual time zone: mandates begin and end by it."""
    return party_days.day_of(TIMEZONE, now())


def mandate(agency: Somebody, creator_id: UUID, *, from_days: int = -30, to_days: int | None = None) -> UUID:
    """A live mandate by default; days are counted from the creator's today."""
    today = home_day()
    with db.transaction() as session:
        row = Mandate(
            agency_id=agency.party_id,
            creator_id=creator_id,
            starts_on=today + timedelta(days=from_days),
            ends_on=None if to_days is None else today + timedelta(days=to_days),
            share_basis_points=3000,
            status=MandateStatus.ACTIVE,
        )
        session.add(row)
        session.flush()
        return row.id


def again(who: Somebody) -> Actor:
    """The actor as it would be found now, with today's mandates."""
    with db.transaction() as session:
        return authentication.authenticate(session, who.headers["Authorization"])


@cache
def _hash() -> str:
    return authentication.hash_password(PASSWORD)


def with_password(who: Somebody) -> str:
    """Let the person sign in with PASSWORD, and return their e-mail address. Hashes once for all the tests."""
    with db.transaction() as session:
        person = session.get_one(Person, who.person_id)
        authentication.keep_password(session, person.id, _hash())
        return person.email


def kept(session: Session, owner_id: UUID, kind: CredentialKind) -> list[str]:
    """What is kept of somebody's credentials, as only the owner of the tables may read it."""
    session.expire_all()
    return list(session.scalars(sa.select(Credential.secret).filter_by(owner_id=owner_id, kind=str(kind))))


def seat(who: Somebody, party_id: UUID, permissions: Collection[str] = EVERYTHING) -> UUID:
    """Another seat for the person."""
    with db.transaction() as session:
        row = Membership(person_id=who.person_id, party_id=party_id, permissions=sorted(permissions))
        session.add(row)
        session.flush()
        return row.id


def membership_of(who: Somebody) -> UUID:
    with db.transaction() as session:
        query = sa.select(Membership.id).filter_by(person_id=who.person_id, party_id=who.party_id)
        return session.scalars(query).one()


# Ids sort by the millisecond: a session that begins after another one gets a later one.
PAUSE_S = 0.002


def console(who: Somebody, *, hours: int = 12, party_id: UUID | None = None) -> dict[str, str]:
    """Headers of a console session of the person, begun now, for their party or another one."""
    time.sleep(PAUSE_S)
    token = f"{authentication.SESSION_PREFIX}{new_id().hex[-12:]}.{authentication.new_token()}"
    with db.transaction() as session:
        row = ConsoleSession(
            person_id=who.person_id,
            party_id=party_id or who.party_id,
            token_hash=authentication.digest(token),
            expires_at=now() + timedelta(hours=hours),
            last_seen_at=now(),
        )
        session.add(row)
    return {"Authorization": f"Bearer {token}"}
