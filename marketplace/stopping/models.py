"""What makes a deal stand still or end early: pauses, and requests to cancel with the quote that they go by."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base
from marketplace.deals.models import DealParty


class StopKind(StrEnum):
    PAUSE = "pause"
    CANCELLATION = "cancellation"


class StopOutcome(StrEnum):
    """How a pause or a request to cancel came to its end."""

    RESUMED = "resumed"
    CANCELLED = "cancelled"  # what was not published is not owed any more
    REFUSED = "refused"
    TAKEN_BACK = "taken_back"
    UNANSWERED = "unanswered"  # nobody answered, and silence does not cancel
    DISPUTED = "disputed"


class CancellationQuote(Base):
    """What cancelling would cost, as it was shown (`stopping.quotes`). Each content is kept once, and never changed."""

    __tablename__ = "cancellation_quotes"
    __table_args__ = (sa.UniqueConstraint("deal_id", "content_hash"),)

    deal_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deals.id"))
    content: Mapped[dict[str, Any]]
    content_hash: Mapped[str]


class DealStop(Base):
    """A pause of a deal, or a request to cancel it, with the reason that both sides read.

    `side` is whose it is; None for the market's own. `quote_id` and `answer_by`: what a request to cancel goes by, and
    until when the other side answers it. A deal has one of a kind open at a time; `outcome`, `ended_at` and
    `ended_side` say how it ended, and `answer` what the other side said.
    """

    __tablename__ = "deal_stops"
    __table_args__ = (
        sa.Index("uq_deal_stops_one_open", "deal_id", "kind", unique=True, postgresql_where=sa.text("outcome IS NULL")),
        sa.CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name="ended_at_a_time"),
        sa.CheckConstraint("(kind = 'cancellation') = (answer_by IS NOT NULL)", name="answered_if_a_cancellation"),
    )

    deal_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deals.id"), index=True)
    kind: Mapped[StopKind]
    reason: Mapped[str]
    began_at: Mapped[datetime]
    side: Mapped[DealParty | None] = mapped_column(default=None)
    party_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("parties.id"), default=None)
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"), default=None)
    answer_by: Mapped[datetime | None] = mapped_column(default=None)
    quote_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("cancellation_quotes.id"), default=None)
    outcome: Mapped[StopOutcome | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_side: Mapped[DealParty | None] = mapped_column(default=None)
    ended_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"), default=None)
    answer: Mapped[str | None] = mapped_column(default=None)
