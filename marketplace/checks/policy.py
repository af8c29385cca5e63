"""Who may request and read a video check: the side whose video it is, and the platform. Once it is shared, the brand of
the bid that it was made for may read it too, but change nothing."""

import sqlalchemy as sa

from marketplace.checks.models import VideoCheck
from marketplace.core.actor import Actor, Role

REQUESTERS = (Role.CREATOR, Role.AGENCY, Role.ADMIN)
READERS = (*REQUESTERS, Role.BRAND)
SHARERS = (Role.CREATOR, Role.AGENCY)


def own(actor: Actor) -> sa.ColumnElement[bool]:
    """Return the checks of the actor's own side; all of them for the platform."""
    return sa.true() if actor.sees_all else VideoCheck.party_id.in_(sorted(actor.parties))


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    """Return the actor's own checks and, for a brand, those that are shared with it."""
    if actor.role == Role.BRAND:
        shared = sa.and_(VideoCheck.shared_at.is_not(None), VideoCheck.brand_id == actor.party_id)
        return sa.or_(own(actor), shared)
    return own(actor)
