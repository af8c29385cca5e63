"""Read the result of a video: its figures with who told them, whom it waits for, and what silence does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.core.message import Bilingual
from marketplace.deliverables import owed_work
from marketplace.deliverables.results import answering, figure_history, result_state
from marketplace.deliverables.results.figure_history import AnsweredFigure, FigureStatus, ResultOutlook, ResultWaits
from marketplace.deliverables.results.models import (
    FigureAnswer,
    FigureSource,
    ResultMeasure,
    ToldFigure,
    ToldOrder,
)
from marketplace.deliverables.results.result_price import DuePrice, FinalFigures
from marketplace.deliverables.results.result_state import ResultHistory

_NOTHING_TOLD = Bilingual(
    "到期仍没有人报数：只付确定的部分，其余退回品牌方。",
    "If nobody has told figures by then, only what is sure is due, and the rest goes back to the brand.",
)
_STANDS = Bilingual("到期不答复：这个数字有效。", "Unanswered by then, the figure stands.")
_TO_PLATFORM = Bilingual(
    "到期不答复：由平台裁定，不会视为同意。", "Unanswered by then, the platform decides; silence does not agree."
)
_PLATFORM = Bilingual(
    "等平台裁定，在此之前不动用款项。", "The platform decides; until then no money moves, whoever is silent."
)
_WAITS = Bilingual("等约定的日子过去。", "It waits for the agreed days to pass.")
_FINAL = Bilingual("已最终确定。", "It is final.")


@dataclass(frozen=True)
class ShownFigure:
    """A told figure with its answers, and how far it is."""

    told: AnsweredFigure
    status: FigureStatus
    of_orders: FinalFigures | None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.told.row, name)

    @property
    def answer_by(self) -> datetime:
        return self.told.answer_by

    @property
    def answers(self) -> Sequence[FigureAnswer]:
        return self.told.answers

    @property
    def orders(self) -> int | None:
        return None if self.of_orders is None else self.of_orders.actions

    @property
    def sales_minor(self) -> int | None:
        return None if self.of_orders is None else self.of_orders.sales_minor


@dataclass(frozen=True)
class ShownResult:
    """A result: whether it is final, its figures so far, what is due by them, and whom it waits for."""

    history: ResultHistory
    end: ResultOutlook
    due: DuePrice
    figures: Sequence[ShownFigure]

    @property
    def deliverable_id(self) -> UUID:
        return self.history.owed.row.id

    @property
    def measure(self) -> ResultMeasure:
        return self.history.row.measure

    @property
    def currency(self) -> str:
        return self.history.owed.deal.currency

    @property
    def final_on(self) -> date:
        return self.history.days.final_on

    @property
    def last_told_on(self) -> date:
        return self.history.days.last_told_on

    @property
    def contest_days(self) -> int:
        return self.history.days.contest_days

    @property
    def final_at(self) -> datetime | None:
        return self.history.row.final_at

    @property
    def waits_for(self) -> ResultWaits | None:
        return None if self.final_at else self.end.waits_for

    @property
    def until(self) -> datetime | None:
        return None if self.final_at else self.end.until

    @property
    def silence(self) -> Bilingual:
        """Return what happens if nobody does anything."""
        if self.final_at is not None:
            return _FINAL
        if self.waits_for == ResultWaits.PLATFORM:
            return _PLATFORM
        waiting = [one for one in self.history.told if one.status(now()) == FigureStatus.WAITING]
        if self.waits_for in (ResultWaits.BRAND, ResultWaits.MAKER, ResultWaits.SIDES) and waiting:
            return _STANDS if all(by_silence(one.row) for one in waiting) else _TO_PLATFORM
        return _WAITS if self.history.told else _NOTHING_TOLD


def by_silence(figure: ToldFigure) -> bool:
    """Return whether a figure stands if nobody answers it."""
    return figure.source in (FigureSource.PLATFORM_EXPORT, FigureSource.ADMIN) and figure.odd is None


def result(session: Session, actor: Actor, deliverable_id: UUID) -> ShownResult:
    """Return the result of a published video. Raises NotFound, WrongState (its price follows nothing, or it is not
    published)."""
    found = result_state.history(session, owed_work.find(session, actor, deliverable_id))
    row, end = found.row, found.outlook
    if row.final_at is not None:
        end = ResultOutlook(True, FinalFigures(row.views, row.actions, row.sales_minor))
    return ShownResult(found, end, found.due(end), [_figure(found, one) for one in found.told])


def figure(session: Session, actor: Actor, figure_id: UUID) -> ShownFigure:
    """Return a told figure. Raises NotFound."""
    row = answering.find(session, actor, figure_id)
    found = result_state.history(session, owed_work.find(session, actor, row.deliverable_id))
    return next(_figure(found, one) for one in found.told if one.row.id == figure_id)


def orders(
    session: Session, actor: Actor, figure_id: UUID, *, limit: int, starting_after: UUID | None
) -> Page[ToldOrder]:
    """Return the orders of a file, the last ones first. Raises NotFound."""
    row = answering.find(session, actor, figure_id)
    query = sa.select(ToldOrder).where(ToldOrder.figure_id == row.id)
    return paging.page(session, query, ToldOrder, limit, starting_after)


def _figure(found: ResultHistory, told: AnsweredFigure) -> ShownFigure:
    by_orders = told.row.measure == ResultMeasure.ORDERS
    of_orders = figure_history.orders_of(found.orders, told.row.id) if by_orders else None
    return ShownFigure(told, told.status(now()), of_orders)
