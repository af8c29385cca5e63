"""Who may request and read a video check: the side whose video it is, and the platform. Once it is shared, the brand of
the bid that it was made for may read it too, but change nothing.

A check that one agency requested, or that was made for its bid, is not for another agency of the same creator: it holds
the bid's plan and the brand's names. Nor is it for admins while the bid is sealed. One that was made for a deal is for
the agency alone that the deal names, if it names one."""

import sqlalchemy as sa

from marketplace.bids import policy as bids_policy
from marketplace.bids.models import Bid
from marketplace.checks.models import VideoCheck
from marketplace.core.actor import Actor, Role

REQUESTERS = (Role.CREATOR, Role.AGENCY, Role.ADMIN)
READERS = (*REQUESTERS, Role.BRAND)
SHARERS = (Role.CREATOR, Role.AGENCY)


def own(actor: Actor) -> sa.ColumnElement[bool]:
    """Return the checks of the actor's own side; for the platform all but those for sealed bids."""
    if actor.role == Role.ADMIN:
        unsealed = sa.exists().where(Bid.id == VideoCheck.bid_id, bids_policy.at_close())
        return sa.or_(VideoCheck.bid_id.is_(None), unsealed)
    if actor.sees_all:
        return sa.true()
    if actor.role == Role.AGENCY:
        nobodys = VideoCheck.agency_id.is_(None) & VideoCheck.deliverable_id.is_(None)
        by_mandate = VideoCheck.party_id.in_(sorted(actor.acts_for)) & nobodys
        return sa.or_(VideoCheck.party_id == actor.party_id, VideoCheck.agency_id == actor.party_id, by_mandate)
    return VideoCheck.party_id == actor.party_id


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    """Return the actor's own checks and, for a brand, those that are shared with it."""
    if actor.role == Role.BRAND:
        shared = sa.and_(VideoCheck.shared_at.is_not(None), VideoCheck.brand_id == actor.party_id)
        return sa.or_(own(actor), shared)
    return own(actor)
