"""Which overlaps and sketches of audiences an actor may see."""

import sqlalchemy as sa

from marketplace.channels import policy as channels_policy
from marketplace.core.actor import Actor, Role
from marketplace.matching.overlap.models import AudienceOverlap, AudienceSketch


def visible(
    actor: Actor, told: type[AudienceOverlap] | type[AudienceSketch] = AudienceOverlap
) -> sa.ColumnElement[bool]:
    """Return which overlaps, or sketches, an actor may see: the side of the channel it was reported for, and admins. An
    agency sees what it reported itself and what its creators reported in person, but nothing of another agency's."""
    if actor.sees_all:
        return sa.true()
    if actor.role == Role.AGENCY:
        in_person = sa.and_(told.creator_id.in_(sorted(actor.acts_for)), told.told_by_id == told.creator_id)
        return sa.or_(told.told_by_id == actor.party_id, in_person)
    return told.creator_id == actor.party_id if actor.role in channels_policy.OWNERS else sa.false()
