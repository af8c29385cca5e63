"""Who may see what a deal owes, and who acts on it: whom the deal names, and its agency while its mandate runs."""

import sqlalchemy as sa

from marketplace.core.actor import Actor, Role
from marketplace.deals import policy as deals_policy
from marketplace.deals.models import Deal, Deliverable

MAKERS = (Role.CREATOR, Role.AGENCY)
READERS = (*deals_policy.SIDES, Role.ADMIN)


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.exists().where(Deal.id == Deliverable.deal_id, deals_policy.visible(actor))
