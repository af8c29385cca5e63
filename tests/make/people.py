"""Parties, people and keys."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from marketplace.core import db
from marketplace.core.actor import EVERYTHING, Actor
from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.identity import credentials
from marketplace.identity.models import ApiKey, Mandate, MandateStatus, Membership, Party, PartyKind, Person


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
    public_id, shown, secret_hash = credentials.new_key("live")
    with db.transaction() as session:
        if party_id is None:
            party = Party(kind=PartyKind(kind), name=name or f"{kind} {new_id().hex[-6:]}")
            session.add(party)
            session.flush()
            party_id = party.id
        person = Person(email=f"{new_id().hex}@example.org", name=f"Somebody {kind}", password_hash="-")
        session.add(person)
        session.flush()
        session.add(Membership(person_id=person.id, party_id=party_id, permissions=sorted(EVERYTHING)))
        key = ApiKey(
            party_id=party_id, person_id=person.id, name="test", public_id=public_id, secret_hash=secret_hash,
            scopes=sorted(scopes),
        )  # fmt: skip
        session.add(key)
        session.flush()
        actor = credentials.authenticate(session, f"Bearer {shown}")
        return Somebody(party_id, person.id, key.id, {"Authorization": f"Bearer {shown}"}, actor)


def mandate(agency: Somebody, creator_id: UUID, *, from_days: int = -30, to_days: int | None = None) -> UUID:
    """A live mandate by default; days are counted from today."""
    today = now().date()
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
        return credentials.authenticate(session, who.headers["Authorization"])
