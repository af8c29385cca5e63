"""Invitations: an open seat for an e-mail address, taken with a token that is shown once.

No mail is sent from here: whoever invites hands the token over.
"""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, events, states
from marketplace.core.actor import Actor, Permission
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, FieldError, InvalidInput, NotAllowed, NotFound, WrongState
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.core.message import Bilingual
from marketplace.identity import policy, service
from marketplace.identity.api_keys import IssuedKey
from marketplace.identity.models import Invite, Membership, Party, PartyStatus, Person
from marketplace.identity.service import PartySeat
from marketplace.identity.sign_in import authentication, sessions
from marketplace.identity.states import PARTY_TRANSITIONS

_PREFIX = "inl_inv_"
DAYS = 7


def create(
    session: Session, actor: Actor, *, email: str, permissions: Collection[str], party_id: UUID | None = None
) -> IssuedKey[Invite]:
    """Open a seat in the actor's own party, or the first seat of a creator whom nobody has claimed.

    Raises NotFound, NotAllowed, InvalidInput (more than the actor may give), Conflict (the person has a seat there).
    """
    target_id = party_id or actor.party_id
    if target_id is None or actor.person_id is None:
        raise NotAllowed(Bilingual("邀请要由主体里的人发出。", "An invitation is written by a person of a party."))
    party = service.find(session, actor, target_id)
    policy.require_managed(actor, party)
    given = policy.require_within(actor, permissions, "/permissions")
    if party.status == PartyStatus.UNCLAIMED and Permission.PARTY not in given:
        detail = Bilingual(
            f"认领创作者的人需要 {Permission.PARTY} 权限。", f"Whoever claims a creator needs {Permission.PARTY}."
        )
        raise InvalidInput(detail, errors=[FieldError("/permissions", detail)])
    seated = sa.select(Membership.id).join(Person, Person.id == Membership.person_id)
    seated = seated.where(Membership.party_id == party.id, sa.func.lower(Person.email) == sa.func.lower(email))
    if session.scalar(seated) is not None:
        raise Conflict(Bilingual("这个人在这里已有席位。", "This person has a seat here already."))
    token = _PREFIX + authentication.new_token()
    row = Invite(
        party_id=party.id,
        email=email,
        permissions=given,
        token_hash=authentication.digest(token),
        expires_at=now() + timedelta(days=DAYS),
        invited_by=actor.person_id,
    )
    session.add(row)
    events.record(session, "invites.create", row.id, actor, parties=[party.id], permissions=given)
    session.flush()
    return IssuedKey(row, token)


def listing(session: Session, actor: Actor, *, limit: int, starting_after: UUID | None) -> Page[Invite]:
    return paging.page(session, sa.select(Invite).where(policy.invites(actor)), Invite, limit, starting_after)


def withdraw(session: Session, actor: Actor, invite_id: UUID) -> None:
    """Take an invitation back. Raises NotFound, WrongState once it was accepted."""
    row = db.lock(session, Invite, invite_id, policy.invites(actor))
    if row.accepted_at is not None:
        raise WrongState(
            Bilingual("邀请已被接受；请改为撤销席位。", "It was accepted. Take the seat away instead."),
            state="accepted",
        )
    session.delete(row)
    events.record(session, "invites.delete", row.id, actor, parties=[row.party_id])


def accept(session: Session, *, token: str, password: str, name: str | None = None) -> PartySeat:
    """Take the seat with the account of the invited address, or with a new one.

    Raises NotFound (unknown, used or late), NotSignedIn (not the account's password), InvalidInput (no name, weak
    password), Conflict (the person has a seat there).
    """
    with policy.unfiltered(session):
        invite, party = _open(session, token)
        person = sessions.person_of(session, invite.email)
        if person is not None:
            sessions.require_password(session, person, password)
            authentication.refuse_suspended_person(person)
        elif name is None:
            raise InvalidInput(
                Bilingual("请写您的称呼。", "Say how you are called."),
                errors=[FieldError("/name", Bilingual("新账户需要名称。", "A new account needs a name."))],
            )
        else:
            person = service.add_person(session, email=invite.email, name=name, password=password)
        if session.scalar(sa.select(Membership.id).filter_by(person_id=person.id, party_id=party.id)) is not None:
            raise Conflict(Bilingual("您在这里已有席位。", "You have a seat here already."))
        membership = service.seat(session, person, party, invite.permissions)
        invite.accepted_at = now()
        known = frozenset(Permission(name) for name in invite.permissions)
        who = Actor(authentication.ROLES[party.kind], party.id, person.id, permissions=known)
        if party.status == PartyStatus.UNCLAIMED:
            _claim(session, who, party, invite)
        events.record(session, "invites.accept", invite.id, who, parties=[party.id], membership_id=str(membership.id))
    return PartySeat(person, party, membership)


def _open(session: Session, token: str) -> tuple[Invite, Party]:
    """Lock the party, then the invitation, in this order: one of two claims wins, and they cannot deadlock."""
    is_open = (
        Invite.token_hash == authentication.digest(token),
        Invite.accepted_at.is_(None),
        Invite.expires_at > now(),
    )
    party = session.scalar(
        sa.select(Party)
        .where(Party.id == sa.select(Invite.party_id).where(*is_open).scalar_subquery())
        .where(Party.status != PartyStatus.SUSPENDED)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    invite = session.scalar(sa.select(Invite).where(*is_open).with_for_update()) if party else None
    if invite is None or party is None:
        raise NotFound(
            Bilingual("这个邀请不存在、已使用或已过期。", "This invitation is unknown, used or past its time.")
        )
    return invite, party


def _claim(session: Session, who: Actor, party: Party, invite: Invite) -> None:
    """Hand the party over to the creator: only its own people invite from now on, so open invitations lapse."""
    states.apply_transition(session, party, PARTY_TRANSITIONS, "claim", who, parties=[party.id])
    session.execute(
        sa.delete(Invite).where(Invite.party_id == party.id, Invite.id != invite.id, Invite.accepted_at.is_(None))
    )
