"""What a provider is asked to collect for deals, and how its reports differ from the market. Only the system writes."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base


class PayInStatus(StrEnum):
    WAITING = "waiting"  # the provider is to be asked
    OPEN = "open"  # the brand can pay at `pay_url`
    PAID = "paid"  # something came in; what is still to come is asked for anew
    ENDED = "ended"  # the deal needs nothing any more


class PayInRequest(Base):
    """That a provider collects from a brand what its deal still costs. The row's id is the key at the provider.

    `look_at` is when the provider is asked next whether it was paid.
    """

    __tablename__ = "pay_in_requests"
    __table_args__ = (
        sa.CheckConstraint("amount_minor > 0", name="positive"),
        sa.CheckConstraint("status <> 'open' OR reference IS NOT NULL", name="open_at_the_provider"),
        sa.Index(
            "uq_pay_in_requests_one_alive",
            "deal_id",
            unique=True,
            postgresql_where=sa.text("status IN ('waiting', 'open')"),
        ),
        sa.Index("ix_pay_in_requests_status", "status", "look_at"),
    )

    deal_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deals.id"), index=True)
    brand_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    provider: Mapped[str]
    currency: Mapped[str]
    amount_minor: Mapped[int]
    look_at: Mapped[datetime]
    status: Mapped[PayInStatus] = mapped_column(default=PayInStatus.WAITING)
    reference: Mapped[str | None] = mapped_column(default=None)
    pay_url: Mapped[str | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)


class ProviderReconciliation(Base):
    """One comparison of a provider's report with the market's rows; unfinished until its job has made it.

    `differences` are those that were found, each with its kind, of what, and the key. `asked_by` is None for the clock.
    """

    __tablename__ = "reconciliations"

    provider: Mapped[str]
    asked_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"))
    lines: Mapped[int] = mapped_column(default=0)
    differences: Mapped[list[dict[str, Any]]] = mapped_column(default_factory=list)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
