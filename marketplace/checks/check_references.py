"""What a check takes from what it is for: names and images to look for, and what the video is held against."""

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids import policy as bids_policy
from marketplace.bids.models import Bid, BidRevision
from marketplace.briefs.models import BrandAsset, BriefVersion
from marketplace.core import db
from marketplace.core.actor import Actor, Role
from marketplace.core.errors import FieldError, InvalidInput, NotFound
from marketplace.core.message import Bilingual
from marketplace.deals.models import Deal, DealTerms, Deliverable
from marketplace.deals.terms.terms_document import plan_of
from marketplace.matching.forecast import past_videos
from marketplace.matching.ranking import service as ranking


@dataclass(frozen=True)
class CheckReferences:
    """`terms` is the part of a check's stored terms that what it is for determines; `agency_id` is the agency whose bid
    or deal that is, and `party_id` the creator whose deal it is: both read the check, whoever of them handed it in."""

    names: list[str] = field(default_factory=list)
    asset_ids: list[UUID] = field(default_factory=list)
    terms: dict[str, Any] = field(default_factory=dict)
    bid_id: UUID | None = None
    agency_id: UUID | None = None
    party_id: UUID | None = None


def load(session: Session, actor: Actor, *, bid_id: UUID | None, deliverable_id: UUID | None) -> CheckReferences:
    """Return what a check for a bid, or for what a deal owes, takes from there. Raises NotFound, InvalidInput."""
    if bid_id is not None and deliverable_id is not None:
        detail = Bilingual(
            "请只写其中一个：交付项已说明它的报价。", "Name one of the two: a deliverable says which bid it is of."
        )
        raise InvalidInput(errors=[FieldError("/bid_id", detail)])
    if deliverable_id is not None:
        return _of_deliverable(session, actor, deliverable_id)
    return CheckReferences() if bid_id is None else _of_bid(session, actor, bid_id)


def _of_bid(session: Session, actor: Actor, bid_id: UUID) -> CheckReferences:
    """Return the names and images of a bid's brief, and the plan that the bid promised."""
    condition = bids_policy.visible(actor) if actor.sees_all else bids_policy.own(actor)
    bid = db.get(session, Bid, bid_id, condition)
    plan = session.get_one(BidRevision, bid.revision_id).plan
    # The version that the bid stands by, which its side may have confirmed after the wording was written.
    return _references(session, actor, bid, bid.brief_version_id, plan, bid.agency_id)


def _of_deliverable(session: Session, actor: Actor, deliverable_id: UUID) -> CheckReferences:
    """Return the names and images of a deal's brief, and the plan of what it owes in the terms that both confirmed.

    Not those of the bid: the terms may have changed since. Raises NotFound for whoever does not make the video.
    """
    owed = db.get(session, Deliverable, deliverable_id)  # whom its deal names sees it
    deal = session.get_one(Deal, owed.deal_id)
    makes = {Role.CREATOR: deal.creator_id, Role.AGENCY: deal.agency_id}
    if not actor.sees_all and makes.get(actor.role) != actor.party_id:
        raise db.missing(Deliverable, deliverable_id)
    content = session.get_one(DealTerms, owed.terms_id).content
    bid = db.get(session, Bid, deal.bid_id)
    plan = plan_of(content, owed.position)["plan"]
    found = _references(session, actor, bid, deal.brief_version_id, plan, deal.agency_id)
    return replace(found, party_id=deal.creator_id)


def _references(
    session: Session, actor: Actor, bid: Bid, version_id: UUID, plan: dict[str, Any], agency_id: UUID | None
) -> CheckReferences:
    brief = session.get_one(BriefVersion, version_id).content
    brand = brief["brand"]
    # The images belong to the brand, so a check stores their ids only.
    asset_ids = session.scalars(
        sa.select(BrandAsset.id).where(BrandAsset.brief_id == bid.brief_id).order_by(BrandAsset.id)
    )
    return CheckReferences(
        names=[*brand["names"], *(brand["aliases"] or []), *(brand["spoken_forms"] or [])],
        asset_ids=list(asset_ids.all()),
        terms={
            "plan": plan,
            "fit": _fit(session, actor, bid.id),
            "buying_link": bool(brief["buying_link"]),
            "past": past_videos.past(session, bid.channel_id),
            "markets": list(brief["markets"]),
        },
        bid_id=bid.id,
        agency_id=agency_id,
    )


def _fit(session: Session, actor: Actor, bid_id: UUID) -> float | None:
    try:
        return ranking.match_of_bid(session, actor, bid_id).scored.fit
    except NotFound:  # not scored yet: without a fit, no factor of the score is relieved
        return None
