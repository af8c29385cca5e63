"""Who may see a series: its maker's side, and the brands whose terms name it."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from marketplace.core.actor import Actor, Role
from marketplace.deals import policy as deals_policy
from marketplace.deals.models import Deal, DealStatus
from marketplace.deals.series.models import Series

MAKERS = (Role.CREATOR, Role.AGENCY)
READERS = (*deals_policy.SIDES, Role.ADMIN)


def own(actor: Actor) -> sa.ColumnElement[bool]:
    """Match the series of a creator, and those of the creators that an agency holds a mandate of today."""
    if actor.role not in MAKERS:
        return sa.false()
    return Series.creator_id == sa.any_(sa.literal(sorted(actor.parties), ARRAY(sa.Uuid)))


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    """Match one's own series, and those that a deal of one's own names; all for admins."""
    if actor.sees_all:
        return sa.true()
    named = (Deal.series_id == Series.id, Deal.status != DealStatus.LAPSED, deals_policy.visible(actor))
    return sa.or_(own(actor), sa.exists().where(*named))
