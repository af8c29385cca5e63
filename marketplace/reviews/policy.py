"""Only the platform sees reviews; the sides of a deal see what follows from them."""

import sqlalchemy as sa

from marketplace.core.actor import Actor


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.true() if actor.sees_all else sa.false()
