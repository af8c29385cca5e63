"""What a history of told figures comes to: which of them stand, whom the rest wait for, and what is final. Pure.

The rule of who is believed, and of silence (`CONTEST_DAYS` after a figure was told, 7 by default):

=====================  =========================  ==========================================  ====================
who told it            moves money by itself      nobody answers in time                      it is contested
=====================  =========================  ==========================================  ====================
a platform's export    no                         it stands                                   the platform decides
the platform           no                         it stands                                   the platform decides
one side alone         no, only what is sure is   the platform decides; silence never agrees  the platform decides
an odd one             no                         the platform decides                        the platform decides
what both have said    yes, once final            -                                           -
nothing was told       -                          what is sure is due, the rest goes back     -
=====================  =========================  ==========================================  ====================

Views: the last told of the day on which they are final, or of a later one that may still be told, counts; without such
a one, after `TELL_DAYS` more, the last before it. Orders: every file that stands counts, after `TELL_DAYS` more, in
which goods still come back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from marketplace.deals.models import DealParty
from marketplace.deliverables.results.models import (
    FigureAnswer,
    FigureAnswerKind,
    FigureSource,
    ResultMeasure,
    ToldFigure,
    ToldOrder,
)
from marketplace.deliverables.results.result_price import FinalFigures

TELL_DAYS = 30
_OWN_WORD = {FigureSource.MAKER: DealParty.MAKER, FigureSource.BRAND: DealParty.BRAND}
_BOTH = frozenset(DealParty)


class FigureStatus(StrEnum):
    WAITING = "waiting"
    CONTESTED = "contested"
    UNANSWERED = "unanswered"  # one side's word, or an odd figure, that nobody confirmed: the platform decides
    STANDS = "stands"
    DECIDED = "decided"
    REFUSED = "refused"  # by the platform's decision


class ResultWaits(StrEnum):
    """Who makes the next move for a result."""

    BRAND = "brand"
    MAKER = "maker"
    SIDES = "sides"
    PLATFORM = "platform"


WITH_PLATFORM = (FigureStatus.CONTESTED, FigureStatus.UNANSWERED)
STANDING = (FigureStatus.STANDS, FigureStatus.DECIDED)


@dataclass(frozen=True)
class ResultDays:
    """When figures are told, contested and final: days of `timezone`."""

    published_on: date
    final_on: date
    contest_days: int
    timezone: str

    @property
    def last_told_on(self) -> date:
        return self.final_on + timedelta(days=TELL_DAYS)

    @property
    def last_counted_on(self) -> date:
        """Return the last day whose views may be told: an export is not always made on the day itself."""
        return self.final_on + timedelta(days=self.contest_days)

    def end_of(self, day: date) -> datetime:
        """Return the midnight that ends a day."""
        return datetime.combine(day + timedelta(days=1), datetime.min.time(), ZoneInfo(self.timezone))


@dataclass(frozen=True)
class AnsweredFigure:
    """A told figure with what was said to it."""

    row: ToldFigure
    answers: Sequence[FigureAnswer]
    contest_days: int

    @property
    def answer_by(self) -> datetime:
        return self.row.created_at + timedelta(days=self.contest_days)

    @property
    def decision(self) -> FigureAnswer | None:
        return next((one for one in self.answers if one.kind == FigureAnswerKind.DECIDE), None)

    @property
    def asked(self) -> frozenset[DealParty]:
        """Return the sides that may still answer it."""
        return self.answerers - {one.side for one in self.answers if one.side is not None}

    @property
    def answerers(self) -> frozenset[DealParty]:
        """Return the sides that answer it: the ones that did not tell it."""
        own = _OWN_WORD.get(self.row.source)
        if self.row.source == FigureSource.PLATFORM_EXPORT:  # imported by the maker's side, whose channel it is
            own = DealParty.MAKER
        return _BOTH - {own} if own else _BOTH

    @property
    def views(self) -> int | None:
        decided = self.decision
        return self.row.views if decided is None else decided.views

    def status(self, at: datetime) -> FigureStatus:
        decided = self.decision
        if decided is not None:
            return FigureStatus.REFUSED if decided.counts is False else FigureStatus.DECIDED
        if any(one.kind == FigureAnswerKind.CONTEST for one in self.answers):
            return FigureStatus.CONTESTED
        if not self.asked:
            return FigureStatus.STANDS
        if at < self.answer_by:
            return FigureStatus.WAITING
        by_silence = self.row.source not in _OWN_WORD and self.row.odd is None
        return FigureStatus.STANDS if by_silence else FigureStatus.UNANSWERED


@dataclass(frozen=True)
class ResultOutlook:
    """How far a result is: final with its figures, or for whom it waits and until when (None: until they act).

    `figures` are, before the end, what stands by now.
    """

    is_final: bool
    figures: FinalFigures
    waits_for: ResultWaits | None = None
    until: datetime | None = None


def outlook(
    measure: ResultMeasure,
    told: Sequence[AnsweredFigure],
    orders: Sequence[ToldOrder],
    days: ResultDays,
    *,
    at: datetime,
) -> ResultOutlook:
    """Return what a history comes to at a moment."""
    if measure == ResultMeasure.VIEWS:
        return _of_views(told, days, at)
    return _of_orders(told, orders, days, at)


def _of_views(told: Sequence[AnsweredFigure], days: ResultDays, at: datetime) -> ResultOutlook:
    last = counting(told)
    standing = counting([one for one in told if one.status(at) in STANDING])
    so_far = FinalFigures(views=standing.views if standing else None)
    if at < days.end_of(days.final_on) and not _is_of_the_day(last, days):
        return ResultOutlook(False, so_far, until=days.end_of(days.final_on))
    if not _is_of_the_day(last, days) and at < days.end_of(days.last_told_on):
        return ResultOutlook(False, so_far, ResultWaits.MAKER, days.end_of(days.last_told_on))
    return _waiting(last, so_far, at) or ResultOutlook(True, FinalFigures(views=last.views if last else None))


def _of_orders(
    told: Sequence[AnsweredFigure], orders: Sequence[ToldOrder], days: ResultDays, at: datetime
) -> ResultOutlook:
    standing = {one.row.id for one in told if one.status(at) in STANDING}
    so_far = sum_of([order for order in orders if order.figure_id in standing])
    waiting = [found for one in told if (found := _waiting(one, so_far, at)) is not None]
    by_platform = [one for one in waiting if one.until is None]
    end = days.end_of(days.last_told_on)
    if at < end:
        first = by_platform or sorted(waiting, key=lambda one: one.until or at)
        waits_for = first[0].waits_for if first else None
        return ResultOutlook(False, so_far, waits_for, min([end, *(one.until for one in waiting if one.until)]))
    if waiting:
        return (by_platform or sorted(waiting, key=lambda one: one.until or at))[0]
    return ResultOutlook(True, so_far)


def counting(told: Sequence[AnsweredFigure]) -> AnsweredFigure | None:
    """Return the figure of views that counts: of the last day, and of several of one day the one told last."""
    return max(told, key=lambda one: (one.row.counted_on, one.row.number), default=None)


def sum_of(orders: Sequence[ToldOrder]) -> FinalFigures:
    """Return how many orders are left and what they sold. An order counts once, whichever files tell it; what came back
    is taken off, at most what was paid, and an order that came back whole is none."""
    sold: dict[str, int] = {}
    returned: dict[str, dict[str, int]] = {}
    for order in orders:
        if order.returned_order_id is None:
            sold.setdefault(order.order_id, order.amount_minor)
        else:
            returned.setdefault(order.returned_order_id, {}).setdefault(order.order_id, order.amount_minor)
    back: Mapping[str, int] = {order_id: sum(parts.values()) for order_id, parts in returned.items()}
    left = {order_id: max(0, amount - back.get(order_id, 0)) for order_id, amount in sold.items()}
    actions = sum(1 for order_id, amount in left.items() if amount or order_id not in back)
    return FinalFigures(actions=actions, sales_minor=sum(left.values()))


def orders_of(orders: Sequence[ToldOrder], figure_id: UUID) -> FinalFigures:
    """Return what one file told: its orders, and what they sold less what it says came back (below zero: more did)."""
    own = [order for order in orders if order.figure_id == figure_id]
    sales = sum(-one.amount_minor if one.returned_order_id else one.amount_minor for one in own)
    return FinalFigures(actions=sum(1 for one in own if one.returned_order_id is None), sales_minor=sales)


def _is_of_the_day(told: AnsweredFigure | None, days: ResultDays) -> bool:
    return told is not None and told.row.counted_on >= days.final_on


def _waiting(told: AnsweredFigure | None, so_far: FinalFigures, at: datetime) -> ResultOutlook | None:
    """Return for whom a figure waits; None for one that does not."""
    if told is None:
        return None
    status = told.status(at)
    if status in WITH_PLATFORM:
        return ResultOutlook(False, so_far, ResultWaits.PLATFORM)
    if status != FigureStatus.WAITING:
        return None
    waits_for = ResultWaits.SIDES if len(told.asked) > 1 else ResultWaits(str(next(iter(told.asked))))
    return ResultOutlook(False, so_far, waits_for, told.answer_by)
