"""What became of a published video whose price follows views or sales: figures that were told, and answers to them.

What was told and answered is never changed: the history stays, with who told it and by what.
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.core.db import Base
from marketplace.core.message import Bilingual
from marketplace.deals.models import DealParty


class ResultMeasure(StrEnum):
    """What a variable price follows."""

    VIEWS = "views"
    ORDERS = "orders"  # their number, or their sales


class FigureSource(StrEnum):
    PLATFORM_EXPORT = "platform_export"  # a file in the platform's own form, as it was imported
    MAKER = "maker"
    BRAND = "brand"
    ADMIN = "admin"


class FigureAnswerKind(StrEnum):
    CONFIRM = "confirm"
    CONTEST = "contest"
    DECIDE = "decide"  # by the platform


class DeliverableResult(Base):
    """What a published video's variable price comes to: open until its figures are final, and then what is due.

    `final_on` is the day, of the deal's time zone, whose figures count. `look_at` is when the clock looks again (None:
    when somebody acts). The figures and `due_minor` (extras included) are there with `final_at`.
    """

    __tablename__ = "deliverable_results"
    __table_args__ = (
        sa.UniqueConstraint("deliverable_id"),
        sa.CheckConstraint("(final_at IS NULL) = (due_minor IS NULL)", name="due_once_final"),
        sa.CheckConstraint("least(views, actions, sales_minor, due_minor) >= 0", name="figures_not_negative"),
        sa.Index("ix_deliverable_results_open", "look_at", postgresql_where=sa.text("final_at IS NULL")),
    )

    deliverable_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deliverables.id"))
    measure: Mapped[ResultMeasure]
    final_on: Mapped[date]
    look_at: Mapped[datetime | None]
    final_at: Mapped[datetime | None] = mapped_column(default=None)
    views: Mapped[int | None] = mapped_column(default=None)
    actions: Mapped[int | None] = mapped_column(default=None)
    sales_minor: Mapped[int | None] = mapped_column(default=None)
    due_minor: Mapped[int | None] = mapped_column(default=None)


class ToldFigure(Base):
    """One telling of views, or of a file of orders, with who told it and by what. Never changed.

    `number` counts the tellings of a deliverable from 1. Views are those of the end of `counted_on`; of a file of
    orders it is the day on which it was handed in. `odd` is why it does not follow from the channel's own growth.
    `evidence_sha256` is a file's.
    """

    __tablename__ = "told_figures"
    __table_args__ = (
        sa.UniqueConstraint("deliverable_id", "number"),
        sa.CheckConstraint("views >= 0", name="views_not_negative"),
        sa.CheckConstraint("(measure = 'views') = (views IS NOT NULL)", name="views_of_views"),
    )

    deliverable_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deliverables.id"))
    number: Mapped[int]
    measure: Mapped[ResultMeasure]
    source: Mapped[FigureSource]
    counted_on: Mapped[date]
    views: Mapped[int | None]
    evidence: Mapped[str]
    evidence_sha256: Mapped[str | None]
    odd: Mapped[Bilingual | None]
    party_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"))
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"))


class FigureAnswer(Base):
    """What a side, or the platform, said to a told figure. Never changed.

    `views` are those that a contest claims or a decision takes; `counts` is whether a decision lets a file of orders
    count. `side` is None for the platform.
    """

    __tablename__ = "figure_answers"
    __table_args__ = (
        sa.UniqueConstraint("figure_id", "side"),
        sa.CheckConstraint("(kind = 'decide') = (side IS NULL)", name="the_platform_decides"),
        sa.CheckConstraint("views >= 0", name="views_not_negative"),
        sa.Index(
            "uq_figure_answers_one_decision", "figure_id", unique=True, postgresql_where=sa.text("kind = 'decide'")
        ),
    )

    figure_id: Mapped[UUID] = mapped_column(sa.ForeignKey("told_figures.id"))
    kind: Mapped[FigureAnswerKind]
    side: Mapped[DealParty | None]
    party_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"))
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("people.id"))
    views: Mapped[int | None] = mapped_column(default=None)
    counts: Mapped[bool | None] = mapped_column(default=None)
    reason: Mapped[str | None] = mapped_column(default=None)


class ToldOrder(Base):
    """An order of a shop, or a return of one, as a file told it. Never changed.

    `order_id` is the shop's own name of this row; `returned_order_id` that of the order of which goods came back, and
    `amount_minor` is then what was paid back.
    """

    __tablename__ = "told_orders"
    __table_args__ = (
        sa.UniqueConstraint("figure_id", "order_id"),
        sa.CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
        sa.Index("ix_told_orders_deliverable_id_order_id", "deliverable_id", "order_id"),
    )

    figure_id: Mapped[UUID] = mapped_column(sa.ForeignKey("told_figures.id"))
    deliverable_id: Mapped[UUID] = mapped_column(sa.ForeignKey("deliverables.id"))
    order_id: Mapped[str]
    ordered_at: Mapped[datetime]
    amount_minor: Mapped[int]
    returned_order_id: Mapped[str | None]
