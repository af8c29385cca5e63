"""Who may see which party, and who may manage it.

Parties have no row-level security, so these conditions alone protect them.
"""

from collections.abc import Collection
from contextlib import AbstractContextManager
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor, Permission
from marketplace.core.clock import now
from marketplace.core.errors import FieldError, InvalidInput, NotAllowed
from marketplace.core.message import Bilingual
from marketplace.identity.models import ApiKey, Invite, Mandate, MandateStatus, Party, PartyStatus

OPEN = (MandateStatus.OFFERED, MandateStatus.ACTIVE)


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    """Match the actor's own party, and those with whom it has a mandate, offered or agreed, that is not over."""
    if actor.sees_all:
        return sa.true()
    if actor.party_id is None:
        return sa.false()
    # A mandate that has not begun shows the two to each other already, so its first day is left out of the comparison.
    creator = aliased(Party)
    not_over = (
        creator.id == Mandate.creator_id,
        Mandate.status.in_(OPEN),
        sa.func.mandate_covers(sa.literal(date.min), Mandate.ends_on, creator.timezone, now()),
    )
    creators = sa.select(Mandate.creator_id).where(Mandate.agency_id == actor.party_id, *not_over)
    agencies = sa.select(Mandate.agency_id).where(Mandate.creator_id == actor.party_id, *not_over)
    return sa.or_(Party.id.in_(actor.parties), Party.id.in_(creators), Party.id.in_(agencies))


def mandates(actor: Actor) -> sa.ColumnElement[bool]:
    """Match the mandates of which the actor is a side. An agency sees none of its creators' mandates with others."""
    if actor.sees_all:
        return sa.true()
    return sa.or_(Mandate.agency_id == actor.party_id, Mandate.creator_id == actor.party_id)


def keys(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.true() if actor.sees_all else ApiKey.party_id == actor.party_id


def invites(actor: Actor) -> sa.ColumnElement[bool]:
    """Match the invitations into the actor's own party, and those it wrote itself (into an unclaimed creator)."""
    if actor.sees_all:
        return sa.true()
    return sa.or_(Invite.party_id == actor.party_id, Invite.invited_by == actor.person_id)


def require_managed(actor: Actor, party: Party) -> None:
    """Admit the party's own people, the platform, and an agency while nobody has claimed its creator.

    The caller has loaded `party` as visible to the actor. Raises NotAllowed.
    """
    own = party.id == actor.party_id
    unclaimed = party.id in actor.acts_for and party.status == PartyStatus.UNCLAIMED
    if not (own or unclaimed or actor.sees_all):
        raise NotAllowed(
            Bilingual(
                "授权让您代表创作者行事，但不能管理创作者的席位或名称。",
                "A mandate lets you act for a creator, not manage their seats or name.",
            )
        )


def require_signed_in(actor: Actor, refusal: Bilingual) -> UUID:
    """Return the person who asks, signed in. Raises NotAllowed with `refusal` for a key: it is a program's, and not
    the person."""
    if actor.key_id is not None or actor.person_id is None:
        raise NotAllowed(refusal)
    return actor.person_id


def require_within(actor: Actor, names: Collection[str], pointer: str) -> list[str]:
    """Return the permissions in order. Raises InvalidInput for one that the actor does not have and cannot give."""
    beyond = sorted(set(names) - {str(permission) for permission in actor.permissions})
    if beyond:
        names_beyond = ", ".join(beyond)
        detail = Bilingual(
            f"自己没有的权限不能给别人：{names_beyond}。", f"You cannot give what you do not have: {names_beyond}."
        )
        raise InvalidInput(detail, errors=[FieldError(pointer, detail)])
    return sorted({str(Permission(name)) for name in names})


def unfiltered(session: Session) -> AbstractContextManager[None]:
    """See past row-level security, where rows must be found before it is known whose they are.

    Only for signing up and in, taking an invitation, resetting a password, and a person's own seats and sessions in all
    their parties: their service functions name the person or the secret in every condition.
    """
    return db.acting_as(session, SYSTEM)
