"""Who sees a bid, and who may change it. Bids are sealed until their brief is closed, from admins too."""

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from marketplace.bids.models import Bid, BidStatus
from marketplace.briefs.models import Brief, BriefStatus
from marketplace.core.actor import Actor, Role

BIDDERS = (Role.CREATOR, Role.AGENCY)
_BRIEF = aliased(Brief)


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    """The bidder's side always; the brand once the brief is closed, but for what was withdrawn before; admins once it
    takes no bids any more."""
    if actor.role == Role.SYSTEM:
        return sa.true()
    if actor.role == Role.ADMIN:
        return _brief(_BRIEF.status.in_([BriefStatus.CLOSED, BriefStatus.CANCELLED]))
    if actor.role == Role.BRAND:
        stood = sa.or_(Bid.status != BidStatus.WITHDRAWN, Bid.withdrawn_at >= _BRIEF.closed_at)
        return sa.and_(Bid.brand_id == actor.party_id, _brief(_BRIEF.status == BriefStatus.CLOSED, stood))
    return own(actor)


def own(actor: Actor) -> sa.ColumnElement[bool]:
    """A creator's, whoever placed them; an agency's, what it placed, and what creators it acts for placed in person.

    An agency never sees another agency's bids for the same creator.
    """
    if actor.role == Role.CREATOR:
        return Bid.creator_id == actor.party_id
    if actor.role == Role.AGENCY:
        in_person = sa.and_(Bid.agency_id.is_(None), Bid.creator_id.in_(sorted(actor.acts_for)))
        return sa.or_(Bid.agency_id == actor.party_id, in_person)
    return sa.false()


def acting(actor: Actor) -> sa.ColumnElement[bool]:
    """What an actor may change of the bidder's side: an agency needs a mandate that lives today."""
    if actor.role == Role.AGENCY:
        return sa.and_(own(actor), Bid.creator_id.in_(sorted(actor.acts_for)))
    return own(actor)


def _brief(*where: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(_BRIEF.id == Bid.brief_id, *where)
