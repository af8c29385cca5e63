"""A first pass over a file: how its numbers, shares and days are written, decided once for the whole of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from marketplace.channels.files.tables.date_grammar import SERIAL_EPOCH, DayOrder, TwoDays, order_shown, read_moment
from marketplace.channels.files.tables.number_grammar import (
    Decimal,
    NumberStyle,
    PercentCell,
    TwoReadings,
    decimal_shown,
    is_missing,
    number_parts,
    plain_share,
    read_number,
)
from marketplace.channels.files.tables.reading_report import ReadingReport
from marketplace.channels.files.tables.table_rows import FAULT

# Of a column of shares with this many figures, a unit that fewer than a tenth of them show is more likely a slip.
MANY_SHARES = 10


class CellKind(StrEnum):
    """What the cells of a column hold, as far as their writing is decided for the whole column."""

    COUNT = "count"
    MONEY = "money"
    SHARE = "share"
    MOMENT = "moment"


class ShareUnit(StrEnum):
    """What 1 means in a column of shares: all, or one in a hundred."""

    SHARE = "share"
    PERCENT = "percent"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Conventions:
    """How a file writes its numbers, the unit of each column of shares, the order of day and month in each of days."""

    numbers: NumberStyle = field(default_factory=NumberStyle)
    units: Mapping[str, ShareUnit] = field(default_factory=dict)
    orders: Mapping[str, DayOrder] = field(default_factory=dict)
    epoch: datetime = SERIAL_EPOCH
    # The columns whose names say that their numbers are per cents: "growth (%)".
    percent_columns: frozenset[str] = frozenset()


@dataclass
class _ShareFigures:
    """What the first pass saw of a column of shares."""

    told: int = 0
    over_one: int = 0
    signs: int = 0


@dataclass
class ColumnSurvey:
    """Gathers, row by row, what decides how a file is read.

    `kinds` tells the columns at which it looks, `percent_prefixes` the beginnings of further ones that hold per cents.
    """

    kinds: Mapping[str, CellKind]
    percent_prefixes: tuple[str, ...] = ()
    asked: Decimal | None = None
    asked_unit: ShareUnit | None = None
    percent_columns: frozenset[str] = frozenset()
    epoch: datetime = SERIAL_EPOCH
    _shown: dict[Decimal, int] = field(default_factory=lambda: {Decimal.DOT: 0, Decimal.COMMA: 0})
    _orders: dict[str, set[DayOrder]] = field(default_factory=dict)
    _figures: dict[str, _ShareFigures] = field(default_factory=dict)
    _forms: dict[str, set[str]] = field(default_factory=dict)

    def add(self, values: Mapping[str, Any]) -> None:
        """Look at one row."""
        if FAULT in values:
            return
        for column, kind in self.kinds.items():
            value = values.get(column)
            if value is None or value == "":
                continue
            if kind is CellKind.MOMENT:
                self._add_moment(column, value)
            elif kind is CellKind.SHARE:
                self._add_share(column, value)
            elif isinstance(value, str) and not value.isdecimal():
                self._add_number(value, money=kind is CellKind.MONEY)
        if self.percent_prefixes:
            for column, value in values.items():
                if isinstance(value, str) and not value.isdecimal() and str(column).startswith(self.percent_prefixes):
                    self._add_number(value, fractional=True)

    def _add_number(self, text: str, *, money: bool = False, fractional: bool = False) -> None:
        shown = _shown_by(text, money, fractional)
        if shown is not None:
            self._shown[shown] += 1

    def _add_share(self, column: str, value: Any) -> None:
        figures = self._figures.setdefault(column, _ShareFigures())
        if isinstance(value, PercentCell):
            return  # it is clear by itself, and says nothing of the others
        if isinstance(value, str):
            if (share := plain_share(value)) is not None:
                self._shown[Decimal.DOT] += 1
                figures.told += 1
                figures.over_one += abs(share) > 1
                return
            parts = number_parts(value)
            if parts is None:
                return
            shown = decimal_shown(parts, fractional=True)
            if shown is not None:
                self._shown[shown] += 1
            figures.signs += parts.percent
            figures.told += 1
            # The mark of the file is not known yet, so either counts; "1.234" and "1,234" are both over one.
            figures.over_one += not parts.percent and _over_one(value, shown)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            figures.told += 1
            figures.over_one += abs(value) > 1

    def _add_moment(self, column: str, value: Any) -> None:
        order = order_shown(value) if isinstance(value, str) and len(value) < 40 else None
        if order is not None:
            self._orders.setdefault(column, set()).add(order)
            return
        forms = self._forms.setdefault(column, set())
        try:
            read = read_moment(value, epoch=self.epoch)
        except TwoDays:
            return
        if read is not None and len(forms) < 10:
            forms.add(read.form)

    def conventions(self) -> Conventions:
        """Return what the file as a whole shows."""
        return Conventions(
            self._number_style(),
            {column: self._unit(column, figures) for column, figures in self._figures.items()},
            {column: next(iter(orders)) for column, orders in self._orders.items() if len(orders) == 1},
            self.epoch,
            self.percent_columns,
        )

    def tell(self, report: ReadingReport) -> None:
        """Add to the report how numbers, shares and days are read."""
        style = self._number_style()
        if style.asked or style.found:
            report.decimal = str(style.decimal)
            report.decimal_from = "asked" if style.asked else "mixed" if style.mixed else "found"
        report.units.update({column: str(self._unit(column, figures)) for column, figures in self._figures.items()})
        forms = {column: set(found) for column, found in self._forms.items()}
        for column, orders in self._orders.items():
            forms.setdefault(column, set()).update(str(order) for order in orders)
        report.dates.update({column: sorted(found) for column, found in forms.items() if found})

    def _number_style(self) -> NumberStyle:
        dots, commas = self._shown[Decimal.DOT], self._shown[Decimal.COMMA]
        if self.asked is not None:
            return NumberStyle(self.asked, asked=True)
        decimal = Decimal.COMMA if commas > dots else Decimal.DOT
        return NumberStyle(decimal, found=bool(dots or commas), mixed=bool(dots and commas))

    def _unit(self, column: str, figures: _ShareFigures) -> ShareUnit:
        if self.asked_unit is not None:
            return self.asked_unit
        if column in self.percent_columns or figures.signs:
            return ShareUnit.PERCENT
        if not figures.over_one:
            return ShareUnit.SHARE
        few = figures.told >= MANY_SHARES and figures.over_one * 10 <= figures.told
        return ShareUnit.UNCLEAR if few else ShareUnit.PERCENT


# A channel's cells stand again in the row of each of its videos.
@lru_cache(4096)
def _shown_by(text: str, money: bool, fractional: bool) -> Decimal | None:
    parts = number_parts(text, money)
    return None if parts is None else decimal_shown(parts, fractional)


def _over_one(text: str, shown: Decimal | None) -> bool:
    try:
        number, _ = read_number(text, NumberStyle(shown or Decimal.DOT, asked=True), fractional=True)
    except (ValueError, TwoReadings):
        return False
    return abs(number) > 1


def is_nothing(value: Any) -> bool:
    """Return whether a cell of numbers or days says that nothing is known."""
    return value is None or (isinstance(value, str) and is_missing(value))
