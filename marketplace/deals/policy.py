"""Who may see a deal, and who may act for its sides."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids.models import Bid
from marketplace.core.actor import Actor, Role
from marketplace.core.clock import now
from marketplace.core.errors import NotAllowed
from marketplace.deals import deal_refusals
from marketplace.deals.models import Deal, DealParty, DealStatus
from marketplace.identity.models import Mandate, MandateStatus

SIDES = (Role.BRAND, Role.CREATOR, Role.AGENCY)


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    """Return the deals that an actor may see: its parties', the creator's agency among them that the deal names, and
    all for admins. Another agency of the creator sees none of it, whenever its mandate began."""
    if actor.sees_all:
        return sa.true()
    column = {Role.BRAND: Deal.brand_id, Role.CREATOR: Deal.creator_id, Role.AGENCY: Deal.agency_id}.get(actor.role)
    return sa.false() if column is None else column == actor.party_id


def side_of(actor: Actor) -> DealParty:
    return DealParty.BRAND if actor.role == Role.BRAND else DealParty.MAKER


def acting(actor: Actor) -> sa.ColumnElement[bool]:
    """Match the deals on which an actor may act now: an agency on those that name it while its mandate covers today, a
    day of the deal's time zone."""
    if actor.role != Role.AGENCY:
        return visible(actor)
    covers = sa.exists().where(
        Mandate.agency_id == actor.party_id,
        Mandate.creator_id == Deal.creator_id,
        Mandate.status == MandateStatus.ACTIVE,
        sa.func.mandate_covers(Mandate.starts_on, Mandate.ends_on, Deal.timezone, now()),
    )
    return sa.and_(visible(actor), covers)


def require_mandate(session: Session, actor: Actor, deal: Deal) -> None:
    """Raise NotAllowed for an agency that the deal does not name, or whose mandate does not cover today."""
    if actor.role != Role.AGENCY:
        return
    if session.scalar(sa.select(Deal.id).where(Deal.id == deal.id, acting(actor))) is None:
        raise NotAllowed(deal_refusals.NO_MANDATE)


def bound() -> sa.ColumnElement[bool]:
    """Match bids with a deal that has not lapsed: calling the brief off does not end them by itself."""
    return sa.exists().where(Deal.bid_id == Bid.id, Deal.status != DealStatus.LAPSED)
