"""Who sees what was measured in a video, and who may ask for it: the side whose video it is, and the platform."""

import sqlalchemy as sa

from marketplace.checks.models import VideoCheck
from marketplace.core.actor import Actor, Role

ASKERS = (Role.CREATOR, Role.AGENCY, Role.ADMIN)


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.true() if actor.sees_all else VideoCheck.party_id.in_(sorted(actor.parties))
