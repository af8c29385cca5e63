"""Briefs: what brands want placed, for whom, within what limits. A published brief changes by new versions only."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base
from marketplace.core.money import Money
from marketplace.operations import seals


class BriefStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Brief(Base):
    """A brief across its versions. `version_id` is the current one.

    Once published, bidding ends at a secret moment (see CloseDraw), to whose seed `close_commitment` binds the market.
    From the close on `closes_at`, `close_seed` and `close_version_id` say what had been drawn. `changed_at` is when it
    last changed after its publication in something that matters to a bid (see briefs.change_rules). Bids that are still
    open lapse at `bids_lapse_at`.
    """

    __tablename__ = "briefs"

    brand_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    bids_close_at: Mapped[datetime]
    status: Mapped[BriefStatus] = mapped_column(default=BriefStatus.DRAFT, index=True)
    version_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("brief_versions.id", use_alter=True, name="fk_briefs_version_id"), default=None
    )
    version_number: Mapped[int] = mapped_column(default=1)
    published_at: Mapped[datetime | None] = mapped_column(default=None)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    cancelled_at: Mapped[datetime | None] = mapped_column(default=None)
    changed_at: Mapped[datetime | None] = mapped_column(default=None)
    bids_lapse_at: Mapped[datetime | None] = mapped_column(default=None)
    closes_at: Mapped[datetime | None] = mapped_column(default=None)
    close_seed: Mapped[str | None] = mapped_column(default=None)
    close_version_id: Mapped[UUID | None] = mapped_column(default=None)
    close_commitment: Mapped[str | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)

    @hybrid_property
    def was_closed(self) -> bool:
        """Whether its bidding was closed, also if it was called off later: then its bids are sealed no more."""
        return self.closed_at is not None and (self.cancelled_at is None or self.closed_at < self.cancelled_at)

    @was_closed.inplace.expression
    @classmethod
    def _was_closed(cls) -> sa.ColumnElement[bool]:
        return seals.was_closed(cls)


class CloseDraw(Base):
    """When the bidding on a published brief ends, drawn from a seed for one version (see briefs.closing_time).

    `id` is the brief's. Only the system reads it, and the brief has it from the close on. Briefs from before there were
    windows have no seed.
    """

    __tablename__ = "close_draws"
    __table_args__ = (sa.ForeignKeyConstraint(["id"], ["briefs.id"]),)

    seed: Mapped[str | None]
    version_id: Mapped[UUID | None]
    closes_at: Mapped[datetime]


class BriefVersion(Base):
    """One version of a brief. `content` is the whole document; the other columns are for search and scoring."""

    __tablename__ = "brief_versions"
    __table_args__ = (
        sa.UniqueConstraint("brief_id", "number"),
        sa.CheckConstraint("budget_minor > 0", name="budget_positive"),
    )

    brief_id: Mapped[UUID] = mapped_column(sa.ForeignKey("briefs.id"))
    number: Mapped[int]
    title: Mapped[str]
    category: Mapped[str] = mapped_column(index=True)
    currency: Mapped[str]
    budget_minor: Mapped[int]
    ceiling_minor: Mapped[int | None]
    tolerance: Mapped[int]
    bids_close_at: Mapped[datetime]
    content: Mapped[dict[str, Any]]

    @property
    def budget(self) -> Money:
        return Money(self.currency, self.budget_minor)


class BrandAsset(Base):
    """A reference image of a brief, for the later check of the video."""

    __tablename__ = "brand_assets"
    __table_args__ = (sa.UniqueConstraint("brief_id", "sha256"),)

    brief_id: Mapped[UUID] = mapped_column(sa.ForeignKey("briefs.id"), index=True)
    name: Mapped[str]
    media_type: Mapped[str]
    sha256: Mapped[str]
    data: Mapped[bytes]
