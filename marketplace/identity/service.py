"""People and parties: signing up, who one is, who sits where, and creators whom others enter."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from marketplace.core import db, events
from marketplace.core.actor import EVERYTHING, Actor, Permission, Role
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, NotAllowed, WrongState
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.core.message import Bilingual
from marketplace.identity import mandates, party_days, policy
from marketplace.identity.mandates import MandateTerms
from marketplace.identity.models import (
    TIMEZONE,
    ApiKey,
    ConsoleSession,
    Invite,
    Mandate,
    Membership,
    Party,
    PartyKind,
    PartyStatus,
    Person,
)
from marketplace.identity.sign_in import authentication, second_factors, sessions

PLATFORM_NAME = "Inlay"


@dataclass(frozen=True)
class PartySeat:
    """A person in a party."""

    person: Person
    party: Party
    membership: Membership


@dataclass(frozen=True)
class CurrentUser:
    """The caller, with every seat that this credential may see."""

    person: Person
    seats: Sequence[PartySeat]
    actor: Actor
    second_factor: bool


@dataclass(frozen=True)
class EnteredCreator:
    """A creator whom somebody else entered, with the agency's mandate if an agency did."""

    party: Party
    mandate: Mandate | None


def sign_up(
    session: Session,
    *,
    email: str,
    password: str,
    name: str,
    party_name: str,
    kind: str,
    locale: str = "zh-CN",
    timezone: str = TIMEZONE,
) -> PartySeat:
    """Make a person and their party, in which they have every permission.

    Raises InvalidInput, Conflict (address taken).
    """
    if PartyKind(kind) == PartyKind.PLATFORM:
        raise NotAllowed(
            Bilingual("平台的人员由平台自己的命令建立。", "The platform's people are made by its own command.")
        )
    party_days.require_known(session, timezone, "/timezone")
    with policy.unfiltered(session):
        person = add_person(session, email=email, name=name, password=password, locale=locale, timezone=timezone)
        party = Party(kind=PartyKind(kind), name=party_name, timezone=timezone)
        session.add(party)
        session.flush()
        membership = seat(session, person, party, EVERYTHING)
        events.record(session, "parties.sign-up", party.id, _as(party, person), parties=[party.id], party_kind=kind)
    return PartySeat(person, party, membership)


def make_platform_admin(session: Session, email: str, name: str, password: str) -> PartySeat:
    """Make a person of the platform's own party, and the party if there is none. Only a command calls this.

    Raises InvalidInput, Conflict (address taken).
    """
    db.lock_name(session, "platform")  # two commands at once must not make two parties
    person = add_person(session, email=email, name=name, password=password)
    party = session.scalar(sa.select(Party).where(Party.kind == PartyKind.PLATFORM).order_by(Party.id).limit(1))
    if party is None:
        party = Party(kind=PartyKind.PLATFORM, name=PLATFORM_NAME)
        session.add(party)
        session.flush()
    membership = seat(session, person, party, EVERYTHING)
    events.record(session, "memberships.create", membership.id, _as(party, person), parties=[party.id])
    return PartySeat(person, party, membership)


def add_person(
    session: Session, *, email: str, name: str, password: str, locale: str = "zh-CN", timezone: str = TIMEZONE
) -> Person:
    """Make a person. Raises InvalidInput for a weak password, Conflict for a known address.

    The password is hashed before the address is looked up, so that the time does not show which addresses are known.
    """
    sessions.refuse_weak(password, email)
    hashed = authentication.hash_password(password)
    person = Person(email=email, name=name, locale=locale, timezone=timezone)
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError as error:
        raise Conflict(
            Bilingual(
                "无法用它注册。如果您已有账户，请登录。",
                "This cannot be signed up. If you have an account already, sign in.",
            )
        ) from error
    authentication.keep_password(session, person.id, hashed)
    return person


def seat(session: Session, person: Person, party: Party, permissions: Collection[str]) -> Membership:
    membership = Membership(
        person_id=person.id, party_id=party.id, permissions=sorted(str(permission) for permission in permissions)
    )
    session.add(membership)
    session.flush()
    return membership


def _as(party: Party, person: Person) -> Actor:
    return Actor(role=authentication.ROLES[party.kind], party_id=party.id, person_id=person.id)


def me(session: Session, actor: Actor) -> CurrentUser:
    """Return the person, and their seats: in all their parties for themselves, in the key's party for a key."""
    if actor.person_id is None:
        raise NotAllowed(Bilingual("这个请求不是由具体的人发出的。", "Nobody in person is asking."))
    if actor.key_id is not None:
        return _me(session, actor, actor.person_id)
    with policy.unfiltered(session):
        return _me(session, actor, actor.person_id)


def _me(session: Session, actor: Actor, person_id: UUID) -> CurrentUser:
    person = session.get_one(Person, person_id)
    query = (
        sa.select(Membership, Party)
        .join(Party, Party.id == Membership.party_id)
        .where(Membership.person_id == person_id)
        .order_by(Membership.id)
    )
    if actor.key_id is not None:
        query = query.where(Membership.party_id == actor.party_id)
    seats = [PartySeat(person, party, membership) for membership, party in session.execute(query)]
    return CurrentUser(person, seats, actor, second_factors.has_one(session, person_id))


def find(session: Session, actor: Actor, party_id: UUID) -> Party:
    return db.get(session, Party, party_id, policy.visible(actor))


def listing(
    session: Session, actor: Actor, *, limit: int, starting_after: UUID | None, kind: str | None = None
) -> Page[Party]:
    query = sa.select(Party).where(policy.visible(actor))
    if kind is not None:
        query = query.where(Party.kind == PartyKind(kind))
    return paging.page(session, query, Party, limit, starting_after)


def change(session: Session, actor: Actor, party_id: UUID, *, values: Mapping[str, str], version: int) -> Party:
    """Rename a party, or move it to another time zone, in which the days of its mandates then count.

    Raises NotFound, NotAllowed, PreconditionFailed, InvalidInput (a time zone that the database does not know).
    """
    party = db.lock(session, Party, party_id, policy.visible(actor), version=version)
    policy.require_managed(actor, party)
    if "timezone" in values:
        party_days.require_known(session, values["timezone"], "/timezone")
    for name, kind in (("name", "parties.rename"), ("timezone", "parties.move")):
        before = getattr(party, name)
        if values.get(name, before) != before:
            setattr(party, name, values[name])
            party.version += 1
            events.record(session, kind, party.id, actor, parties=[party.id], before=before, after=values[name])
    return party


def members(
    session: Session, actor: Actor, party_id: UUID, *, limit: int, starting_after: UUID | None
) -> Page[PartySeat]:
    """Return a party's people, whom only itself and the platform may see. Raises NotFound, NotAllowed."""
    party = find(session, actor, party_id)
    policy.require_managed(actor, party)
    query = sa.select(Membership).where(Membership.party_id == party.id)
    page = paging.page(session, query, Membership, limit, starting_after)
    ids_ = [membership.person_id for membership in page.data]
    people = {person.id: person for person in session.scalars(sa.select(Person).where(Person.id.in_(ids_)))}
    seats = [PartySeat(people[membership.person_id], party, membership) for membership in page.data]
    return Page(seats, page.has_more)


def remove_member(session: Session, actor: Actor, party_id: UUID, membership_id: UUID) -> None:
    """Remove a seat, with the person's keys, sessions and open invitations of this party.

    Raises NotFound, NotAllowed, WrongState for the last person who may manage the party.
    """
    party = db.lock(session, Party, party_id, policy.visible(actor))
    policy.require_managed(actor, party)
    row = db.get(session, Membership, membership_id, Membership.party_id == party.id)
    others = sa.select(Membership.id).where(
        Membership.party_id == party.id,
        Membership.id != row.id,
        Membership.permissions.contains([str(Permission.PARTY)]),
    )
    if Permission.PARTY in row.permissions and session.scalar(others.limit(1)) is None:
        raise WrongState(
            Bilingual("总要有一个人可以管理这个主体。", "Somebody has to be left who may manage the party."),
            state=str(party.status),
        )
    person_id = row.person_id
    session.execute(
        sa.delete(Invite).where(
            Invite.party_id == party.id, Invite.invited_by == person_id, Invite.accepted_at.is_(None)
        )
    )
    # If the person gets a seat here again, the old keys and sessions must stay dead.
    at = now()
    with policy.unfiltered(session):
        for table in (ApiKey, ConsoleSession):
            session.execute(
                sa.update(table)
                .where(table.party_id == party.id, table.person_id == person_id, table.revoked_at.is_(None))
                .values(revoked_at=at)
            )
    session.delete(row)
    session.flush()
    events.record(session, "memberships.delete", row.id, actor, parties=[party.id], person_id=str(person_id))


def enter_creator(session: Session, actor: Actor, *, name: str, terms: MandateTerms | None = None) -> EnteredCreator:
    """Enter a creator who has not signed up: an unclaimed party, and for an agency a mandate in force.

    The creator's time zone is that of whoever enters it, until the creator claims the party and names another.
    An agency's mandate without `terms` begins today, has no end and no share. The actor's `acts_for` names the new
    creator from its next authentication on. Raises NotAllowed, InvalidInput.
    """
    if actor.role not in (Role.AGENCY, Role.ADMIN, Role.SYSTEM):
        raise NotAllowed(Bilingual("创作者由机构和平台录入。", "Creators are entered by agencies and the platform."))
    own = session.get(Party, actor.party_id) if actor.party_id else None
    zone = own.timezone if own else TIMEZONE
    party = Party(kind=PartyKind.CREATOR, name=name, status=PartyStatus.UNCLAIMED, timezone=zone)
    session.add(party)
    session.flush()
    parties = [party.id, *([actor.party_id] if actor.party_id else [])]
    events.record(session, "parties.enter", party.id, actor, parties=parties, name=name)
    if actor.role != Role.AGENCY:
        return EnteredCreator(party, None)
    terms = terms or MandateTerms(party_days.today_of(party), None, 0)
    return EnteredCreator(party, mandates.enter(session, actor, party, terms))
