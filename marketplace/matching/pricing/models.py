"""Tables of prices: what deals closed at, the models fitted to them, and the public index."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base
from marketplace.core.money import Money


class DealSource(StrEnum):
    PLATFORM = "platform_deal"  # a deal that was settled here
    MARKET = "market"  # a bid that was accepted here; stored by the market itself
    PARTY = "party"
    ADMIN = "admin"


class DealSide(StrEnum):
    CREATOR = "creator"
    BRAND = "brand"
    PLATFORM = "platform"


class DealPrice(Base):
    """What one deliverable (one video) closed at, with what was known on the day; visible to its two sides and admins.

    `told_by` is the side, and `told_by_id` the party, that reported it; `agency_id` is the agency whose deal it is, and
    no other agency of the creator sees it. `bid_id` is the bid that was accepted. `deliverable_id`: what of a deal was
    settled for it, once; it counts in the place of the acceptance. `removed_at`: the acceptance was taken back; the row
    stays, since a cell of the index may tell of it. `brand_key` is the brand's id or, of a brand that takes no part
    here, the hash of its name. `confirmed_by` is the side that confirmed the report of `told_by`: the other one, or the
    platform. `cell_id` is the one cell of the index that has published it.
    """

    __tablename__ = "deal_prices"
    __table_args__ = (
        # By party: whether another agency of the creator reported the same is nobody's to find out by trying.
        sa.Index(
            "uq_deal_prices_one_report",
            "channel_id",
            "brand_key",
            "settled_on",
            "deal_minor",
            "currency",
            "told_by_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=sa.text("removed_at IS NULL AND source <> 'market' AND deliverable_id IS NULL"),
        ),
        sa.Index(
            "uq_deal_prices_one_of_a_bid",
            "bid_id",
            unique=True,
            postgresql_where=sa.text("removed_at IS NULL AND source = 'market'"),
        ),
        sa.Index(
            "uq_deal_prices_one_of_a_deliverable",
            "deliverable_id",
            unique=True,
            postgresql_where=sa.text("deliverable_id IS NOT NULL"),
        ),
        sa.CheckConstraint("deal_minor > 0 AND (list_minor IS NULL OR list_minor > 0)", name="prices_above_zero"),
        sa.CheckConstraint("(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="confirmed_at_a_time"),
    )

    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("channels.id"))
    creator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    brand_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    brand_key: Mapped[str]
    deal_minor: Mapped[int]
    list_minor: Mapped[int | None]
    currency: Mapped[str]
    pricing_model: Mapped[str]
    length_tier: Mapped[str | None]
    rights: Mapped[list[str]]
    exclusivity_days: Mapped[int]
    settled_on: Mapped[date]
    source: Mapped[DealSource]
    told_by: Mapped[DealSide]
    evidence: Mapped[str | None]
    expected_views: Mapped[int | None]
    followers: Mapped[int | None]
    suggested_cpm_minor: Mapped[int | None]
    platform: Mapped[str]
    vertical: Mapped[str]
    confirmed_by: Mapped[DealSide | None] = mapped_column(default=None)
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    told_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("parties.id"), default=None)
    agency_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("parties.id"), default=None, index=True)
    bid_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("bids.id"), default=None, index=True)
    deliverable_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("deliverables.id"), default=None)
    removed_at: Mapped[datetime | None] = mapped_column(default=None)
    cell_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("price_index_cells.id"), default=None, index=True)
    version: Mapped[int] = mapped_column(default=1)

    @property
    def deal_price(self) -> Money:
        return Money(self.currency, self.deal_minor)

    @property
    def list_price(self) -> Money | None:
        return None if self.list_minor is None else Money(self.currency, self.list_minor)


class PriceIndexCell(Base):
    """Paid over listed prices of one group of deals, for anyone to read. Written once, never changed.

    `tier` is the follower tier; a dimension that the cell does not have is null. Months are their first days.
    """

    __tablename__ = "price_index_cells"

    first_month: Mapped[date]
    last_month: Mapped[date] = mapped_column(index=True)
    tier: Mapped[int | None]
    vertical: Mapped[str | None]
    platform: Mapped[str | None]
    median: Mapped[float]
    low: Mapped[float]
    high: Mapped[float]
    deals: Mapped[int]


class PriceModelRow(Base):
    """The price models fitted to the market's deals and rate cards, by currency. The newest row counts."""

    __tablename__ = "price_models"

    fingerprint: Mapped[str] = mapped_column(unique=True)
    content: Mapped[dict[str, Any]]
    deals: Mapped[int]
    cards: Mapped[int]
    fitted_at: Mapped[datetime]
