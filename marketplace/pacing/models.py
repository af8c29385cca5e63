"""The days on which a channel is promised to one brand alone, and those that deals have booked."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base

CATEGORY, BRAND = "category:", "brand:"
ONE_HOLDER = "ex_exclusivity_windows_one_holder"


class ExclusivityWindow(Base):
    """A promise of a channel to a brand: to keep free of a whole category or of one competitor, from a day to a day.

    `competitor_key` is `category:<code>` or `brand:<name>` as `exclusivity.brand_key` folds it. `holder` is the name of
    the brand that it was promised to; `holder_id` its party, if it has an account here. Only the channel's side and the
    admins see it, and for whom an agency (`agency_id`) promised it only that agency. It is never changed, only removed.
    """

    __tablename__ = "exclusivity_windows"
    __table_args__ = (
        sa.CheckConstraint(
            "NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during)", name="has_both_ends"
        ),
        ExcludeConstraint(
            ("channel_id", "="), ("competitor_key", "="), ("during", "&&"), using="gist", name=ONE_HOLDER
        ),
    )

    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("channels.id"))
    creator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    competitor_key: Mapped[str]
    during: Mapped[Range[date]] = mapped_column(postgresql.DATERANGE)
    holder: Mapped[str]
    holder_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("parties.id"), default=None)
    note: Mapped[str | None] = mapped_column(default=None)
    agency_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("parties.id"), default=None)
    deal_id: Mapped[UUID | None] = mapped_column(default=None, index=True)  # whose signing made it

    @property
    def starts_on(self) -> date:
        assert self.during.lower is not None
        return self.during.lower

    @property
    def ends_on(self) -> date:
        assert self.during.upper is not None
        # A range that Python code made may include its end; one that PostgreSQL returns never does.
        return self.during.upper - timedelta(days=0 if self.during.bounds[1] == "]" else 1)

    @property
    def category(self) -> str | None:
        return self.competitor_key.removeprefix(CATEGORY) if self.competitor_key.startswith(CATEGORY) else None

    @property
    def brand(self) -> str | None:
        return self.competitor_key.removeprefix(BRAND) if self.competitor_key.startswith(BRAND) else None


class PacingBooking(Base):
    """A video that a channel owes by a signed deal, between two days, both included, with its plan.

    Written and removed by the system. It takes the place of what the deal's bid had promised: see `bid_id`.
    """

    __tablename__ = "pacing_bookings"
    __table_args__ = (
        sa.UniqueConstraint("deal_id", "position"),
        sa.CheckConstraint("first_on <= last_on", name="days_in_order"),
    )

    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("channels.id"), index=True)
    creator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"))
    bid_id: Mapped[UUID] = mapped_column(index=True)
    deal_id: Mapped[UUID]
    position: Mapped[int]
    first_on: Mapped[date]
    last_on: Mapped[date]
    plan: Mapped[dict[str, Any]]
    episode_id: Mapped[UUID | None] = mapped_column(default=None)  # several deals may show one video
    agency_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("parties.id"), default=None)
