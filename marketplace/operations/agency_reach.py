"""How far an agency's mandate lets it look into what happened to its creators.

A mandate lets an agency act for a creator. What another agency does for the same creator is that agency's own business:
its bids, prices, terms and checks. So an agency reads what names it, and of its creators what nobody but the creator
did, from the time of its own mandate on.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.events import Event

# This room may not import identity, which is above it, so its table is declared here.
_MANDATES = sa.table(
    "mandates",
    sa.column("id", sa.Uuid),
    sa.column("agency_id", sa.Uuid),
    sa.column("creator_id", sa.Uuid),
    sa.column("starts_on", sa.Date),
    sa.column("ends_on", sa.Date),
    sa.column("status"),
    sa.column("created_at", sa.DateTime(timezone=True)),
)
_IN_FORCE = ("mandates.accept", "mandates.enter")


def under_mandate(
    actor: Actor,
    is_creator: Callable[[sa.ColumnElement[Any]], sa.ColumnElement[bool]],
    moment: sa.SQLColumnExpression[Any],
) -> sa.ColumnElement[bool]:
    """Match what concerns a creator whose mandate the agency holds today, from the time of that mandate on.

    `is_creator` compares the creator's column of mandates with what is looked for, `moment` is when it happened. A
    mandate counts from its first day, but not before both sides had agreed to it: a first day may lie in the past.
    """
    agreement = aliased(Event)
    agreed_at = (
        sa.select(sa.func.max(agreement.created_at))
        .where(agreement.subject_id == _MANDATES.c.id, agreement.kind.in_(_IN_FORCE))
        .scalar_subquery()
    )
    # Days of a mandate are the creator's, who gives it.
    zone = (
        sa.select(sa.column("timezone"))
        .select_from(sa.table("parties", sa.column("id"), sa.column("timezone")))
        .where(sa.column("id") == _MANDATES.c.creator_id)
        .scalar_subquery()
    )
    first_moment = sa.func.timezone(zone, sa.cast(_MANDATES.c.starts_on, sa.DateTime()))
    return sa.exists().where(
        _MANDATES.c.agency_id == actor.party_id,
        _MANDATES.c.creator_id.in_(sorted(actor.acts_for)),
        is_creator(_MANDATES.c.creator_id),
        _MANDATES.c.status == "active",
        sa.func.mandate_covers(_MANDATES.c.starts_on, _MANDATES.c.ends_on, zone, now()),
        moment >= first_moment,
        moment >= sa.func.coalesce(agreed_at, _MANDATES.c.created_at),
    )


def names_other_agency(actor: Actor, parties: sa.SQLColumnExpression[Any]) -> sa.ColumnElement[bool]:
    """Match rows of which one of the parties, an array, is another agency."""
    return sa.func.names_other_agency(parties, actor.party_id, type_=sa.Boolean)
