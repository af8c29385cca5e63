"""Who may see a bid, and who may change it. Until their brief is closed bids are sealed, even for admins."""

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from marketplace.bids.models import Bid
from marketplace.briefs.models import Brief
from marketplace.core.actor import Actor, Role
from marketplace.operations.seals import stood_at_close

BIDDERS = (Role.CREATOR, Role.AGENCY)
_BRIEF = aliased(Brief)


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    """Return the bids that an actor may see.

    The bidder's side sees its own, the brand those on its briefs that were closed, even if they were called off later,
    and admins those on all such briefs, but neither one that was withdrawn before the close: that, and a brief that is
    called off while it takes bids, unseals nothing.
    """
    if actor.role == Role.SYSTEM:
        return sa.true()
    if actor.role == Role.ADMIN:
        return at_close()
    if actor.role == Role.BRAND:
        return sa.and_(Bid.brand_id == actor.party_id, at_close())
    return own(actor)


def at_close() -> sa.ColumnElement[bool]:
    """Return the bids that were on the table when their brief was closed, even if it was called off later."""
    return _brief(_BRIEF.was_closed, stood_at_close(Bid, _BRIEF))


def own(actor: Actor) -> sa.ColumnElement[bool]:
    """Return the bids of an actor's own side.

    A creator sees all bids for its channels; an agency those that it placed and those that its creators placed
    themselves, but never another agency's bids for the same creator.
    """
    if actor.role == Role.CREATOR:
        return Bid.creator_id == actor.party_id
    if actor.role == Role.AGENCY:
        in_person = sa.and_(Bid.agency_id.is_(None), Bid.creator_id.in_(sorted(actor.acts_for)))
        return sa.or_(Bid.agency_id == actor.party_id, in_person)
    return sa.false()


def acting(actor: Actor) -> sa.ColumnElement[bool]:
    """Return the bids that the bidder's side may change: an agency needs a live mandate of the creator."""
    if actor.role == Role.AGENCY:
        return sa.and_(own(actor), Bid.creator_id.in_(sorted(actor.acts_for)))
    return own(actor)


def _brief(*where: sa.ColumnExpressionArgument[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(_BRIEF.id == Bid.brief_id, *where)
