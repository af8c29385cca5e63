"""Who sees what was measured in a video, and who may ask for it: the side whose video it is, and the platform; and once
it was shared, the brand of the bid that it was made for, which reads the result and changes nothing."""

import sqlalchemy as sa

from marketplace.checks.models import VideoCheck
from marketplace.core.actor import Actor, Role

ASKERS = (Role.CREATOR, Role.AGENCY, Role.ADMIN)
READERS = (*ASKERS, Role.BRAND)
SHARERS = (Role.CREATOR, Role.AGENCY)


def own(actor: Actor) -> sa.ColumnElement[bool]:
    """The side whose video it is, and the platform."""
    return sa.true() if actor.sees_all else VideoCheck.party_id.in_(sorted(actor.parties))


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    """One's own, and for a brand what was shared with it."""
    if actor.role == Role.BRAND:
        shared = sa.and_(VideoCheck.shared_at.is_not(None), VideoCheck.brand_id == actor.party_id)
        return sa.or_(own(actor), shared)
    return own(actor)
