"""Deals of accepted bids, made through the services."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from marketplace.channels.models import Channel
from marketplace.core import db
from marketplace.deals import service
from marketplace.deals.models import Deal, DealTerms
from marketplace.matching.closing.review_round import ask_for_review
from marketplace.reviews.models import Review, ReviewStatus
from tests.make import bids as make
from tests.make import reviews as make_reviews
from tests.make.bids import Market
from tests.make.people import Somebody


@dataclass(frozen=True)
class Offered:
    """A deal that an acceptance has just made."""

    there: Market
    bid_id: UUID
    deal_id: UUID

    @property
    def brand(self) -> Somebody:
        return self.there.brand

    @property
    def creator(self) -> Somebody:
        return self.there.creator


def offered(by: Somebody | None = None, there: Market | None = None, option: int = 0, **changes: Any) -> Offered:
    """A closed brief's one bid, accepted by the brand; ``by`` an agency, or the creator."""
    there = there or make.market()
    with db.transaction() as session:
        is_told = session.get_one(Channel, there.channel_id).snapshot_id is not None
    if not is_told:
        make.with_audience(there)
    bid = make.place(there, by=by, **changes)
    make.close(there)
    _cleared(there, bid.id)
    make.accept(there, bid.id, option=option)
    return Offered(there, bid.id, deal_of(bid.id))


def _cleared(there: Market, bid_id: UUID) -> None:
    """Where the market finds a risk, as in a price that other tests' prices make unusual, people approve the bid."""
    admins = make_reviews.admins(2)
    with db.transaction(there.brand.actor) as session:
        found = session.scalars(sa.select(Review).where(Review.subject_id == bid_id)).one_or_none()
        if found is None or found.status != ReviewStatus.DEFERRED:
            return
        ask_for_review(session, there.brand.actor, bid_id)
    for admin in admins:
        if (row := make_reviews.of(bid_id)).status in (ReviewStatus.OPEN, ReviewStatus.SECOND):
            make_reviews.decide(admin, row.id, "approve")


def deal_of(bid_id: UUID) -> UUID:
    """The newest deal of a bid."""
    with db.transaction() as session:
        return session.scalars(sa.select(Deal.id).where(Deal.bid_id == bid_id).order_by(Deal.id.desc()).limit(1)).one()


def hash_of(deal_id: UUID) -> str:
    with db.transaction() as session:
        deal = session.get_one(Deal, deal_id)
        return session.get_one(DealTerms, deal.terms_id).content_hash


def countered(deal: Offered, **changes: Any) -> Offered:
    """The deal, with other terms that its creator has proposed."""
    changes = changes or {"keep_live_days": 30}
    with db.transaction(deal.creator.actor) as session:
        present = hash_of(deal.deal_id)
        service.counter(
            session, deal.creator.actor, deal.deal_id, content_hash=present, changes=changes, note="少留几天"
        )
    return deal


def agreed(deal: Offered) -> Offered:
    """The deal, whose present terms its creator has confirmed too."""
    with db.transaction(deal.creator.actor) as session:
        present = hash_of(deal.deal_id)
        service.confirm(session, deal.creator.actor, deal.deal_id, content_hash=present, signed_name="林小满")
    return deal
