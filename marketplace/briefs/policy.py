"""Who may see a brief, and who may change it."""

import sqlalchemy as sa

from marketplace.briefs.models import Brief
from marketplace.core.actor import Actor, Role

BIDDERS = (Role.CREATOR, Role.AGENCY)


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    """Return a brand's own briefs; for bidders all ever published, so that a bid never loses its brief."""
    if actor.sees_all:
        return sa.true()
    if actor.role in BIDDERS:
        return Brief.published_at.is_not(None)
    return own(actor)


def own(actor: Actor) -> sa.ColumnElement[bool]:
    if actor.sees_all:
        return sa.true()
    return Brief.brand_id == actor.party_id if actor.role == Role.BRAND else sa.false()
