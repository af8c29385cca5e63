"""A drawing that is written from the top down, and an axis across it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from marketplace.core.money import MINOR_DIGITS
from marketplace.drawing.svg import INK, ORANGE, SOFT, SvgDrawing, log_ticks, width_of, wrap

MARGIN, BAND = 16.0, 34.0
SMALL, PLAIN, LARGE = 11.0, 13.0, 15.0
WIDTH, NARROWEST, WIDEST = 900, 320, 1600


def say(language: str, zh: str, en: str) -> str:
    return zh if language == "zh" else en


class DrawingSheet:
    """A drawing that is written from the top down; ``y`` is the top of what comes next."""

    def __init__(self, title: str, width: int, language: str) -> None:
        if not NARROWEST <= width <= WIDEST:
            raise ValueError(f"A picture is {NARROWEST} to {WIDEST} wide, not {width}.")
        self.drawing, self.language, self.y = SvgDrawing(float(width), title), language, 12.0
        self.room = width - 2 * MARGIN
        self._description: list[str] = []
        self.words(title, LARGE, bold=True, described=False)

    def words(
        self,
        text: str,
        size: float,
        *,
        ink: str = INK,
        bold: bool = False,
        indent: float = 0,
        gap: float = 6,
        described: bool = True,
    ) -> None:
        """Write text in as many lines as it needs; screen readers read out the `described` texts."""
        for line in wrap(text, self.room - indent, size):
            self.drawing.text(MARGIN + indent, self.y + size, line, size=size, ink=ink, bold=bold)
            self.y += size * 1.4
        self.y += gap
        if described and text:
            self._description.append(text)

    def show(self, sources: str) -> str:
        """Return the SVG, with what the drawing is made of in small print at its end."""
        self.y += 4
        self.words(sources, SMALL, ink=SOFT)
        return self.drawing.show(math.ceil(self.y + 6), " ".join(self._description))


@dataclass(frozen=True)
class ValueAxis:
    """Values from ``low`` to ``high`` between ``left`` and ``right``; labels show a mark over ``unit``."""

    low: float
    high: float
    left: float
    right: float
    marks: Sequence[float]
    unit: float
    log: bool

    def x(self, value: float) -> float:
        """Return the position of a value across the sheet."""
        position, low, high = value, self.low, self.high
        if self.log:
            position, low, high = math.log10(value), math.log10(low), math.log10(high)
        return self.left + (self.right - self.left) * (position - low) / (high - low)


def wanted_ticks(sheet: DrawingSheet) -> int:
    """Return how many ticks the sheet has room for: one in 90 units, so that labels do not touch."""
    return max(3, int(sheet.room / 90))


def log_axis(values: Sequence[float], sheet: DrawingSheet, currency: str) -> ValueAxis:
    """Return a log axis for amounts in minor units, labelled in major ones."""
    unit = 10.0 ** MINOR_DIGITS[currency]
    # A margin on both sides, so that equal prices still have an axis to be in the middle of.
    low, high = min(values) / 1.25, max(values) * 1.25
    marks = [unit * mark for mark in log_ticks(low / unit, high / unit, wanted_ticks(sheet))]
    return ValueAxis(low, high, MARGIN + 8, sheet.drawing.width - MARGIN - 8, marks, unit, log=True)


def band(sheet: DrawingSheet, axis: ValueAxis, own: float | None) -> None:
    """Draw the grid of one row of the axis, and a dashed line at the reader's own value."""
    top, bottom = sheet.y, sheet.y + BAND
    for mark in axis.marks:
        sheet.drawing.line(axis.x(mark), top, axis.x(mark), bottom)
    if own is not None:
        sheet.drawing.line(axis.x(own), top, axis.x(own), bottom, ink=ORANGE, width=2, dash="4 3")


def scale(sheet: DrawingSheet, axis: ValueAxis, label: Callable[[float], str]) -> None:
    """Write the labels under the last band, leaving out those that would touch the one before."""
    drawing, end = sheet.drawing, 0.0
    drawing.line(axis.left, sheet.y, axis.right, sheet.y, ink=SOFT)
    for mark in axis.marks:
        text = label(mark / axis.unit)
        room = width_of(text, SMALL)
        start = min(max(axis.x(mark) - room / 2, 4.0), drawing.width - room - 4)
        if start > end:
            drawing.line(axis.x(mark), sheet.y, axis.x(mark), sheet.y + 4, ink=SOFT)
            drawing.text(start + room / 2, sheet.y + 17, text, size=SMALL, anchor="middle", ink=SOFT)
            end = start + room + 8
    sheet.y += 30
