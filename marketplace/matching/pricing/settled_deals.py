"""Prices that deals closed at: reported by a side or the platform, confirmed by another, visible to the two sides."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.channels import policy as channels_policy
from marketplace.channels.anomalies import EARLIEST
from marketplace.channels.models import AudienceSnapshot, Channel
from marketplace.core import db, events
from marketplace.core.actor import Actor, Role
from marketplace.core.clock import now
from marketplace.core.errors import Conflict, FieldError, InvalidInput, NotAllowed
from marketplace.core.http import paging
from marketplace.core.money import Money
from marketplace.identity.models import Party, PartyKind
from marketplace.matching.forecast.features import main_vertical
from marketplace.matching.pricing.cost import CURRENCY_OF_SUGGESTIONS
from marketplace.matching.pricing.models import DealPrice, DealSide, DealSource, PriceIndexCell

_SIDES = {Role.BRAND: DealSide.BRAND, Role.CREATOR: DealSide.CREATOR, Role.AGENCY: DealSide.CREATOR}


@dataclass(frozen=True)
class ReportedDeal:
    """One settled deliverable as a side reports it. Without a list price or expected views, those of the channel's
    snapshot of that day count."""

    deal_price: Money
    settled_on: date
    list_price: Money | None = None
    brand_id: UUID | None = None
    brand_name: str | None = None
    pricing_model: str = "flat"
    length_tier: str | None = None
    rights: Sequence[str] = ()
    exclusivity_days: int = 0
    expected_views: int | None = None
    evidence: str | None = None


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    """Return which deal prices an actor may see: the creator's side, the brand, and admins."""
    if actor.sees_all:
        return sa.true()
    if actor.role == Role.BRAND:
        return DealPrice.brand_id == actor.party_id
    return DealPrice.creator_id.in_(sorted(actor.parties)) if actor.role in _SIDES else sa.false()


def record(session: Session, actor: Actor, channel_id: UUID, deal: ReportedDeal) -> DealPrice:
    """Store what a deal of the channel closed at. The same report by the other side confirms it.

    Raises NotFound (a channel they may not see), InvalidInput, and Conflict (this side has reported it already).
    """
    allowed = channels_policy.visible(actor) if actor.role == Role.BRAND else channels_policy.own(actor)
    channel = db.get(session, Channel, channel_id, allowed)
    brand_id, brand_key = _brand(session, actor, deal)
    _validate(deal)
    side = _SIDES.get(actor.role, DealSide.PLATFORM)
    amount = deal.deal_price
    same = session.scalar(
        sa.select(DealPrice).where(
            visible(actor),
            DealPrice.channel_id == channel_id,
            DealPrice.brand_key == brand_key,
            DealPrice.settled_on == deal.settled_on,
            DealPrice.deal_minor == amount.amount,
            DealPrice.currency == amount.currency,
        )
    )
    if same is not None:
        return _reported_again(session, actor, same, side)
    row = _row(session, channel, deal, side)
    row.brand_id, row.brand_key = brand_id, brand_key
    if side is DealSide.PLATFORM:
        row.source = DealSource.PLATFORM if actor.role == Role.SYSTEM else DealSource.ADMIN
        row.confirmed_by, row.confirmed_at = side, now()
    session.add(row)
    session.flush()
    _record_event(session, actor, row, "deal_prices.new")
    return row


def confirm(session: Session, actor: Actor, deal_price_id: UUID) -> DealPrice:
    """Confirm a price that the other side reported, or any price as an admin.

    Raises NotFound, NotAllowed and Conflict.
    """
    row = db.lock(session, DealPrice, deal_price_id, visible(actor))
    side = _SIDES.get(actor.role, DealSide.PLATFORM)
    if row.confirmed_by is not None:
        raise Conflict("This price is confirmed already.")
    if row.told_by == side:
        raise NotAllowed("Your own side told this price: the other one confirms it, or the platform.")
    return _confirmed(session, actor, row, side)


def listed(session: Session, actor: Actor, *, limit: int, starting_after: UUID | None) -> paging.Page[DealPrice]:
    """Return a page of the deal prices that the actor may see."""
    return paging.page(session, sa.select(DealPrice).where(visible(actor)), DealPrice, limit, starting_after)


def _reported_again(session: Session, actor: Actor, row: DealPrice, side: DealSide) -> DealPrice:
    if row.confirmed_by is not None or row.told_by == side:
        raise Conflict("This price is told already.", rule="uq_deal_prices")
    return _confirmed(session, actor, row, side)


def _confirmed(session: Session, actor: Actor, row: DealPrice, side: DealSide) -> DealPrice:
    row.confirmed_by, row.confirmed_at = side, now()
    row.version += 1
    _record_event(session, actor, row, "deal_prices.confirm")
    return row


def _record_event(session: Session, actor: Actor, row: DealPrice, kind: str) -> None:
    sides = [row.creator_id] + ([row.brand_id] if row.brand_id else [])
    events.record(session, kind, row.id, actor, parties=sides)


def _brand(session: Session, actor: Actor, deal: ReportedDeal) -> tuple[UUID | None, str]:
    """Return the brand's id (None: it takes no part here) and its key."""
    if actor.role == Role.BRAND:
        if deal.brand_id not in (None, actor.party_id) or deal.brand_name is not None:
            raise InvalidInput(
                "A brand tells of its own deals.", errors=[FieldError("/brand_id", "Leave the brand out.")]
            )
        return actor.party_id, f"id:{actor.party_id}"
    if deal.brand_id is not None:
        kind = session.scalar(sa.select(Party.kind).where(Party.id == deal.brand_id))
        if kind != PartyKind.BRAND:
            raise InvalidInput(
                "There is no such brand.", errors=[FieldError("/brand_id", "Name a brand, or `brand_name`.")]
            )
        return deal.brand_id, f"id:{deal.brand_id}"
    if deal.brand_name is None:
        return None, ""
    return None, f"name:{hashlib.sha256(deal.brand_name.strip().casefold().encode()).hexdigest()}"


def _validate(deal: ReportedDeal) -> None:
    errors = []
    if not EARLIEST <= deal.settled_on <= now().date():
        errors.append(FieldError("/settled_on", f"Must lie between {EARLIEST} and today."))
    if deal.list_price is not None and deal.list_price.currency != deal.deal_price.currency:
        errors.append(FieldError("/list_price/currency", f"Must be the deal's currency, {deal.deal_price.currency}."))
    if ("exclusivity" in deal.rights) != (deal.exclusivity_days > 0):
        errors.append(FieldError("/exclusivity_days", "Days of exclusivity and the right `exclusivity` go together."))
    if errors:
        raise InvalidInput("The price has to be mended; nothing was changed.", errors=errors)


def _row(session: Session, channel: Channel, deal: ReportedDeal, side: DealSide) -> DealPrice:
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
