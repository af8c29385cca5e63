"""Creators' offers on briefs. A bid is never edited: it gets a new revision, and the last one counts."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, column_property, mapped_column

from marketplace.channels.models import Channel, ClaimStatus
from marketplace.core.db import Base

# The wordings that a bid may have on a brief that does not change.
REVISIONS_MAX = 3


class BidStatus(StrEnum):
    OPEN = "open"
    WITHDRAWN = "withdrawn"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    VOID = "void"  # its brief was cancelled
    LAPSED = "lapsed"  # nobody decided on it in time


class Bid(Base):
    """An offer for one channel on one brief. `agency_id` is the agency that placed it for the creator.

    An accepted bid has the option that was accepted (0 is the bid's own price) and the most that it costs.
    Its side stands by the version `brief_version_id` of the brief: the one that its wording answered, or a later one
    that changed nothing that matters or was confirmed. It may have `revisions_max` wordings. `answers_in_part` says
    that it offers fewer videos than that version asks for. `unsealed_at` is when its brief closed, written by the
    database: policies read it.
    """

    __tablename__ = "bids"
    __table_args__ = (
        sa.Index(
            "uq_bids_one_open", "brief_id", "channel_id", unique=True, postgresql_where=sa.text("status = 'open'")
        ),
        sa.Index("ix_bids_brief_status", "brief_id", "status"),
    )

    brief_id: Mapped[UUID] = mapped_column(sa.ForeignKey("briefs.id"))
    brand_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("channels.id"), index=True)
    creator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    brief_version_id: Mapped[UUID] = mapped_column(sa.ForeignKey("brief_versions.id"))
    agency_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("parties.id"), default=None, index=True)
    status: Mapped[BidStatus] = mapped_column(default=BidStatus.OPEN)
    revision_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("bid_revisions.id", use_alter=True, name="fk_bids_revision_id"), default=None
    )
    revision_number: Mapped[int] = mapped_column(default=1)
    revisions_max: Mapped[int] = mapped_column(default=REVISIONS_MAX)
    answers_in_part: Mapped[bool] = mapped_column(default=False)
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)
    unsealed_at: Mapped[datetime | None] = mapped_column(default=None)
    accepted_option: Mapped[int | None] = mapped_column(default=None)
    accepted_cost_minor: Mapped[int | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)
    # Read with the bid, as they are at that moment: what the channel is called, and whether it is known to be its
    # creator's.
    channel_name: Mapped[str] = column_property(
        sa.select(Channel.name).where(Channel.id == channel_id).correlate_except(Channel).scalar_subquery()
    )
    channel_proven: Mapped[bool] = column_property(
        sa.select(Channel.claim_status == ClaimStatus.PROVEN)
        .where(Channel.id == channel_id)
        .correlate_except(Channel)
        .scalar_subquery()
    )


class BidCost(Base):
    """What making a revision costs its creator. The policies show it to the creator's side alone."""

    __tablename__ = "bid_costs"
    __table_args__ = (sa.UniqueConstraint("bid_id", "number"),)

    bid_id: Mapped[UUID] = mapped_column(sa.ForeignKey("bids.id"))
    number: Mapped[int]
    production_cost_minor: Mapped[int]


class BidRevision(Base):
    """One revision of an offer, bound to the version of the brief that it answers.

    `price` is the pricing document, `terms` what it costs as numbers (PriceTerms), `option_costs` the most that each of
    its options can cost in minor units (infinite: unbounded).
    `commitment` = SHA-256 of the canonical offer and `salt`. It is shown at once and the salt after the close, so that
    anyone can check that nothing was changed in between.
    `raw_low` and `raw_high` are the nine intrusiveness factors of the plan at no fit and then at full fit, by the
    formula of `plan_version`; scoring measures plans of an earlier version anew.
    `noticed` is the share of viewers who notice the brand: middle, low, high (None: stored before there was one), by
    the model `noticed_version`; scoring works those of an earlier version out anew.
    """

    __tablename__ = "bid_revisions"
    __table_args__ = (sa.UniqueConstraint("bid_id", "number"),)

    bid_id: Mapped[UUID] = mapped_column(sa.ForeignKey("bids.id"))
    number: Mapped[int] = mapped_column()
    brief_version_id: Mapped[UUID] = mapped_column(sa.ForeignKey("brief_versions.id"))
    pricing_model: Mapped[str]
    currency: Mapped[str]
    price: Mapped[dict[str, Any]]
    terms: Mapped[list[float]] = mapped_column(ARRAY(sa.Double))
    option_costs: Mapped[list[float]] = mapped_column(ARRAY(sa.Double))
    options: Mapped[list[dict[str, Any]]]
    deliverables: Mapped[list[dict[str, Any]]]
    plan: Mapped[dict[str, Any]]
    forecast_claim: Mapped[dict[str, Any] | None]
    message: Mapped[str | None]
    salt: Mapped[str]
    commitment: Mapped[str]
    raw_low: Mapped[list[float]] = mapped_column(ARRAY(sa.Double))
    raw_high: Mapped[list[float]] = mapped_column(ARRAY(sa.Double))
    prominence_low: Mapped[float]
    prominence_high: Mapped[float]
    plan_version: Mapped[str]
    noticed: Mapped[list[float] | None] = mapped_column(ARRAY(sa.Double), default=None)
    noticed_version: Mapped[str | None] = mapped_column(default=None)
    # Read with the revision: None for whoever may not see it.
    production_cost_minor: Mapped[int | None] = column_property(
        sa.select(BidCost.production_cost_minor)
        .where(BidCost.bid_id == bid_id, BidCost.number == number)
        .correlate_except(BidCost)
        .scalar_subquery()
    )
