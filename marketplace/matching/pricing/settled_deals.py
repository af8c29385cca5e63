"""Prices that deals closed at: reported by a side or the platform, confirmed by another, visible to the two sides."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.bids import policy as bids_policy
from marketplace.bids.models import Bid, BidStatus
from marketplace.channels import policy as channels_policy
from marketplace.channels.anomalies import EARLIEST
from marketplace.channels.models import AudienceSnapshot, Channel
from marketplace.core import db, events
from marketplace.core.actor import Actor, Role
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, FieldError, InvalidInput, NotAllowed
from marketplace.core.http import paging
from marketplace.core.message import Bilingual
from marketplace.core.money import Money
from marketplace.identity.models import Party, PartyKind
from marketplace.matching.forecast.features import main_vertical
from marketplace.matching.pricing.cost import CURRENCY_OF_SUGGESTIONS
from marketplace.matching.pricing.models import DealPrice, DealSide, DealSource, PriceIndexCell
from marketplace.operations.agency_reach import under_mandate

_SIDES = {Role.BRAND: DealSide.BRAND, Role.CREATOR: DealSide.CREATOR, Role.AGENCY: DealSide.CREATOR}


@dataclass(frozen=True)
class ReportedDeal:
    """One settled deliverable as a side reports it. Without a list price or expected views, those of the channel's
    snapshot of that day count."""

    deal_price: Money
    settled_on: date
    list_price: Money | None = None
    bid_id: UUID | None = None
    brand_id: UUID | None = None
    brand_name: str | None = None
    pricing_model: str = "flat"
    length_tier: str | None = None
    rights: Sequence[str] = ()
    exclusivity_days: int = 0
    expected_views: int | None = None
    evidence: str | None = None


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    """Return which deal prices an actor may see: the creator, the brand, the agency whose deal it is, and admins.

    Another agency of the creator sees only what the creator told in person of a deal of no agency, since its mandate.
    """
    stands = DealPrice.removed_at.is_(None)
    if actor.sees_all:
        return stands
    if actor.role == Role.BRAND:
        return stands & (DealPrice.brand_id == actor.party_id)
    if actor.role == Role.AGENCY:
        in_person = sa.and_(
            DealPrice.agency_id.is_(None),
            DealPrice.told_by_id == DealPrice.creator_id,
            under_mandate(actor, lambda creator: creator == DealPrice.creator_id, DealPrice.created_at),
        )
        return stands & sa.or_(DealPrice.told_by_id == actor.party_id, DealPrice.agency_id == actor.party_id, in_person)
    return stands & (DealPrice.creator_id == actor.party_id) if actor.role == Role.CREATOR else sa.false()


def record(session: Session, actor: Actor, channel_id: UUID, deal: ReportedDeal) -> DealPrice:
    """Store what a deal of the channel closed at. The same report by the other side confirms it.

    Raises NotFound (a channel they may not see), InvalidInput, and Conflict (this side has reported it already). What
    another agency of the creator reported neither confirms nor refuses it: nobody learns of it by trying.
    """
    allowed = channels_policy.visible(actor) if actor.role == Role.BRAND else channels_policy.own(actor)
    channel = db.get(session, Channel, channel_id, allowed)
    bid = _bid(session, actor, channel_id, deal)
    brand_id, brand_key = _brand(session, actor, deal, bid)
    _validate(deal)
    side = _SIDES.get(actor.role, DealSide.PLATFORM)
    amount = deal.deal_price
    same = session.scalar(
        sa.select(DealPrice)
        .where(
            visible(actor),
            DealPrice.source != DealSource.MARKET,
            DealPrice.channel_id == channel_id,
            DealPrice.brand_key == brand_key,
            DealPrice.settled_on == deal.settled_on,
            DealPrice.deal_minor == amount.amount,
            DealPrice.currency == amount.currency,
        )
        # What the other side waits for comes before what one has told oneself.
        .order_by(DealPrice.confirmed_by.is_not(None), DealPrice.told_by == side, DealPrice.id)
        .limit(1)
    )
    if same is not None:
        return _reported_again(session, actor, same, side)
    row = row_of(session, channel, deal, side)
    row.brand_id, row.brand_key = brand_id, brand_key
    row.told_by_id, row.bid_id = actor.party_id, deal.bid_id
    row.agency_id = _agency_of(session, actor, channel_id, brand_id, bid)
    if side is DealSide.PLATFORM:
        row.source = DealSource.PLATFORM if actor.role == Role.SYSTEM else DealSource.ADMIN
        row.confirmed_by, row.confirmed_at = side, now()
    session.add(row)
    session.flush()
    record_event(session, actor, row, "deal_prices.new")
    return row


def confirm(session: Session, actor: Actor, deal_price_id: UUID) -> DealPrice:
    """Confirm a price that the other side reported, or any price as an admin.

    Raises NotFound, NotAllowed and Conflict.
    """
    row = db.lock(session, DealPrice, deal_price_id, visible(actor))
    side = _SIDES.get(actor.role, DealSide.PLATFORM)
    if row.confirmed_by is not None:
        raise Conflict(Bilingual("这个成交价已经确认。", "This price is confirmed already."))
    if row.told_by == side:
        raise NotAllowed(
            Bilingual(
                "这个成交价是您自己一方报的：要由另一方或平台确认。",
                "Your own side told this price: the other one confirms it, or the platform.",
            )
        )
    return _confirmed(session, actor, row, side)


def listed(session: Session, actor: Actor, *, limit: int, starting_after: UUID | None) -> paging.Page[DealPrice]:
    """Return a page of the deal prices that the actor may see."""
    return paging.page(session, sa.select(DealPrice).where(visible(actor)), DealPrice, limit, starting_after)


def _reported_again(session: Session, actor: Actor, row: DealPrice, side: DealSide) -> DealPrice:
    if row.confirmed_by is not None or row.told_by == side:
        raise Conflict(Bilingual("这个成交价已经报过。", "This price is told already."), rule="uq_deal_prices")
    return _confirmed(session, actor, row, side)


def _confirmed(session: Session, actor: Actor, row: DealPrice, side: DealSide) -> DealPrice:
    row.confirmed_by, row.confirmed_at = side, now()
    row.version += 1
    record_event(session, actor, row, "deal_prices.confirm")
    return row


def record_event(session: Session, actor: Actor, row: DealPrice, kind: str) -> None:
    sides = [row.creator_id, *(party for party in (row.brand_id, row.agency_id) if party)]
    events.record(session, kind, row.id, actor, parties=sides)


def _bid(session: Session, actor: Actor, channel_id: UUID, deal: ReportedDeal) -> Bid | None:
    """Return the accepted bid that a deal is said to come from. Raises InvalidInput for any other."""
    if deal.bid_id is None:
        return None
    bid = session.scalar(sa.select(Bid).where(Bid.id == deal.bid_id, bids_policy.visible(actor)))
    if bid is None or bid.channel_id != channel_id or bid.status != BidStatus.ACCEPTED:
        detail = Bilingual(
            "请写您在这个账号上已被接受的报价，或不写。",
            "Name an accepted bid of yours for this channel, or leave it out.",
        )
        raise InvalidInput(
            Bilingual("没有这笔成交。", "There is no such deal."), errors=[FieldError("/bid_id", detail)]
        )
    if deal.brand_id not in (None, bid.brand_id) or deal.brand_name is not None:
        detail = Bilingual("报价已说明品牌方：请不要再写。", "The bid names the brand: leave it out.")
        raise InvalidInput(detail, errors=[FieldError("/brand_id", detail)])
    return bid


def _agency_of(session: Session, actor: Actor, channel_id: UUID, brand_id: UUID | None, bid: Bid | None) -> UUID | None:
    """Return the agency whose deal it is: that of the bid, else the one that tells it, else that of the newest bid for
    the channel that the brand accepted."""
    if bid is not None:
        return bid.agency_id
    if actor.role == Role.AGENCY:
        return actor.party_id
    query = sa.select(Bid.agency_id).where(
        Bid.channel_id == channel_id, Bid.brand_id == brand_id, Bid.status == BidStatus.ACCEPTED
    )
    return session.scalar(query.order_by(Bid.id.desc()).limit(1))


def _brand(session: Session, actor: Actor, deal: ReportedDeal, bid: Bid | None) -> tuple[UUID | None, str]:
    """Return the brand's id (None: it takes no part here) and its key."""
    if bid is not None:
        return bid.brand_id, f"id:{bid.brand_id}"
    if actor.role == Role.BRAND:
        if deal.brand_id not in (None, actor.party_id) or deal.brand_name is not None:
            raise InvalidInput(
                Bilingual("品牌方只报自己的成交。", "A brand tells of its own deals."),
                errors=[FieldError("/brand_id", Bilingual("请不要写品牌。", "Leave the brand out."))],
            )
        return actor.party_id, f"id:{actor.party_id}"
    if deal.brand_id is not None:
        kind = session.scalar(sa.select(Party.kind).where(Party.id == deal.brand_id))
        if kind != PartyKind.BRAND:
            raise InvalidInput(
                Bilingual("没有这个品牌方。", "There is no such brand."),
                errors=[
                    FieldError(
                        "/brand_id", Bilingual("请写品牌方，或写 `brand_name`。", "Name a brand, or `brand_name`.")
                    )
                ],
            )
        return deal.brand_id, f"id:{deal.brand_id}"
    if deal.brand_name is None:
        return None, ""
    return None, f"name:{hashlib.sha256(deal.brand_name.strip().casefold().encode()).hexdigest()}"


def _validate(deal: ReportedDeal) -> None:
    errors = []
    if not EARLIEST <= deal.settled_on <= now().date():
        errors.append(
            FieldError(
                "/settled_on", Bilingual(f"必须在 {EARLIEST} 到今天之间。", f"Must lie between {EARLIEST} and today.")
            )
        )
    if deal.list_price is not None and deal.list_price.currency != deal.deal_price.currency:
        errors.append(
            FieldError(
                "/list_price/currency",
                Bilingual(
                    f"必须用成交的货币 {deal.deal_price.currency}。",
                    f"Must be the deal's currency, {deal.deal_price.currency}.",
                ),
            )
        )
    if ("exclusivity" in deal.rights) != (deal.exclusivity_days > 0):
        errors.append(
            FieldError(
                "/exclusivity_days",
                Bilingual(
                    "排他天数要和 `exclusivity` 权利一起写。",
                    "Days of exclusivity and the right `exclusivity` go together.",
                ),
            )
        )
    if errors:
        raise InvalidInput(
            Bilingual("这个成交价需要改正；什么都没有改动。", "The price has to be mended; nothing was changed."),
            errors=errors,
        )


def row_of(session: Session, channel: Channel, deal: ReportedDeal, side: DealSide) -> DealPrice:
    """Return the row of a report, with what was known of the channel on the day."""
    query = sa.select(AudienceSnapshot).where(AudienceSnapshot.channel_id == channel.id)
    snapshot = session.scalar(
        query.where(AudienceSnapshot.taken_on <= deal.settled_on)
        .order_by(AudienceSnapshot.taken_on.desc(), AudienceSnapshot.id.desc())
        .limit(1)
    )
    facts: dict[str, Any] = {} if snapshot is None else snapshot.facts
    views = deal.expected_views or facts.get("expected_views") or (snapshot and snapshot.median_views)
    return DealPrice(
        channel_id=channel.id,
        creator_id=channel.creator_id,
        brand_id=None,
        brand_key="",
        deal_minor=deal.deal_price.amount,
        currency=deal.deal_price.currency,
        list_minor=_list_minor(deal, [] if snapshot is None else snapshot.rate_card),
        pricing_model=deal.pricing_model,
        length_tier=deal.length_tier,
        rights=sorted(set(deal.rights)),
        exclusivity_days=deal.exclusivity_days,
        settled_on=deal.settled_on,
        source=DealSource.PARTY,
        told_by=side,
        evidence=deal.evidence,
        expected_views=int(views) if views else None,
        followers=None if snapshot is None else snapshot.followers,
        suggested_cpm_minor=_suggested(deal, snapshot),
        platform=channel.platform,
        vertical=main_vertical(channel.verticals) or "",
    )


def _suggested(deal: ReportedDeal, snapshot: AudienceSnapshot | None) -> int | None:
    """Return what the platform suggested per 1,000 views, if it did so in the deal's currency."""
    if snapshot is None:
        return None
    currency = snapshot.rate_card[0].get("currency") if snapshot.rate_card else CURRENCY_OF_SUGGESTIONS
    return snapshot.facts.get("suggested_cpm_minor") if currency == deal.deal_price.currency else None


def _list_minor(deal: ReportedDeal, rate_card: Sequence[dict[str, Any]]) -> int | None:
    if deal.list_price is not None:
        return deal.list_price.amount or None
    tier_and_currency = (deal.length_tier, deal.deal_price.currency)
    lines = (line for line in rate_card if (line.get("length_tier"), line.get("currency")) == tier_and_currency)
    return next((line["amount_minor"] for line in lines if line.get("amount_minor")), None)


def index(
    session: Session, *, limit: int, starting_after: UUID | None, vertical: str | None
) -> paging.Page[PriceIndexCell]:
    """Return a page of the public index, the newest cells first."""
    query = sa.select(PriceIndexCell)
    if vertical is not None:
        query = query.where(PriceIndexCell.vertical == vertical)
    return paging.page(session, query, PriceIndexCell, limit, starting_after)
