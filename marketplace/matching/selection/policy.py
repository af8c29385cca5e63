"""Who sees a selection: the brief's brand and the admins. A bidder learns only how its own bid fared."""

import sqlalchemy as sa

from marketplace.core.actor import Actor, Role
from marketplace.matching.selection.models import Selection


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    if actor.sees_all:
        return sa.true()
    return Selection.brand_id == actor.party_id if actor.role == Role.BRAND else sa.false()
