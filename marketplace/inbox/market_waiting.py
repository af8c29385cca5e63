"""Open duties of the market: bids to choose and to confirm, reviews to decide, prices that the other side told."""

import sqlalchemy as sa

from marketplace.bids import policy as bids_policy
from marketplace.bids.models import Bid, BidStatus
from marketplace.briefs.models import Brief, BriefStatus, BriefVersion
from marketplace.channels.models import Channel
from marketplace.core.clock import now
from marketplace.core.words.duties import DutySide
from marketplace.inbox.duty_table import WAITS, states_of
from marketplace.inbox.open_duty import Asker, Query, columns
from marketplace.matching.pricing import settled_deals
from marketplace.matching.pricing.models import DealPrice, DealSide, DealSource
from marketplace.reviews.models import Review, ReviewDecision, ReviewStatus
from marketplace.reviews.service import SEEN_VERSION


def briefs(asker: Asker) -> Query | None:
    """Closed briefs of which bids are open to be chosen: one duty a brief, however many bids there are."""
    if DutySide.BRAND not in asker.sides:
        return None
    is_open = sa.exists().where(Bid.brief_id == Brief.id, Bid.status == BidStatus.OPEN)
    return (
        sa.select(
            *columns(
                subject_id=Brief.id,
                state=Brief.status,
                side=str(DutySide.BRAND),
                by=Brief.bids_lapse_at,
                since=sa.func.coalesce(Brief.closed_at, Brief.created_at),
                about=BriefVersion.title,
            )
        )
        .join(BriefVersion, BriefVersion.id == Brief.version_id)
        .where(Brief.brand_id == asker.actor.party_id, Brief.status.in_(states_of("briefs", DutySide.BRAND)))
        .where(sa.or_(Brief.bids_lapse_at.is_(None), Brief.bids_lapse_at > now()), is_open)
    )


def bids(asker: Asker) -> Query | None:
    """Bids whose brief has changed since their side stood by it."""
    if DutySide.MAKER not in asker.sides:
        return None
    is_taking = Brief.status == BriefStatus.PUBLISHED
    by = sa.case((is_taking, Brief.bids_close_at), else_=Brief.bids_lapse_at)
    return (
        sa.select(
            *columns(
                subject_id=Bid.id,
                state=Bid.status,
                side=str(DutySide.MAKER),
                by=by,
                since=sa.func.coalesce(Brief.changed_at, BriefVersion.created_at),
                about=sa.func.concat_ws(" · ", BriefVersion.title, Channel.name),
            )
        )
        .join(Brief, Brief.id == Bid.brief_id)
        .join(BriefVersion, BriefVersion.id == Brief.version_id)
        .join(Channel, Channel.id == Bid.channel_id)
        .where(bids_policy.acting(asker.actor), Bid.status.in_(states_of("bids", DutySide.MAKER)))
        .where(Bid.brief_version_id != Brief.version_id)
        .where(Brief.status.in_([BriefStatus.PUBLISHED, BriefStatus.CLOSED]))
        .where(sa.or_(is_taking, Brief.bids_lapse_at.is_(None), Brief.bids_lapse_at > now()))
    )


def reviews(asker: Asker) -> Query | None:
    """Reviews that wait for a person. A second person is neither the first one nor of a side."""
    sides = asker.sides & {DutySide.ADMIN, DutySide.SECOND_ADMIN}
    if not sides:
        return None
    first = sa.select(ReviewDecision.person_id).where(ReviewDecision.review_id == Review.id)
    last = first.order_by(SEEN_VERSION.desc()).limit(1).scalar_subquery()
    is_second = Review.status == ReviewStatus.SECOND
    seats = sa.literal(list(asker.seats), Review.party_ids.type)
    return (
        sa.select(
            *columns(
                subject_id=Review.id,
                state=Review.status,
                side=sa.case((is_second, str(DutySide.SECOND_ADMIN)), else_=str(DutySide.ADMIN)),
                by=Brief.bids_lapse_at,
                since=Review.created_at,
                about=BriefVersion.title,
            )
        )
        .outerjoin(Brief, Brief.id == Review.about_id)
        .outerjoin(BriefVersion, BriefVersion.id == Brief.version_id)
        .where(Review.status.in_(states_of("reviews", *sides)))
        .where(~Review.party_ids.bool_op("&&")(seats), sa.or_(~is_second, asker.is_another(last)))
    )


def prices(asker: Asker) -> Query | None:
    """Prices of deals that the other side told and this one has not confirmed."""
    own = {DutySide.BRAND: DealSide.BRAND, DutySide.MAKER: DealSide.CREATOR}
    side = next((side for side in own if side in asker.sides), None)
    if side is None:
        return None
    return (
        sa.select(
            *columns(
                subject_id=DealPrice.id,
                state=WAITS,
                side=str(side),
                by=sa.null(),
                since=DealPrice.created_at,
                about=Channel.name,
            )
        )
        .outerjoin(Channel, Channel.id == DealPrice.channel_id)
        .where(settled_deals.visible(asker.actor), DealPrice.confirmed_by.is_(None))
        .where(DealPrice.told_by != own[side], DealPrice.source != DealSource.MARKET)
    )
