"""Lays a table out within the width of the terminal: no line breaks, no id is cut, Chinese characters count twice."""

import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from marketplace.core.lazy_import import lazy_module

if TYPE_CHECKING:
    import rich.cells as rich_cells
else:
    rich_cells = lazy_module("rich.cells")

GAP = 2
WIDTH, HEIGHT = 80, 24


class ShownColumn(NamedTuple):
    """A column as text. `least`: how many places its text needs at least if it may be cut, 0 if it may not."""

    heading: str
    cells: Sequence[str]
    least: int = 0
    numbers: bool = False


def terminal_width() -> int:
    """Return the places in a line: of the terminal, or COLUMNS; 80 where the output is no terminal."""
    return shutil.get_terminal_size((WIDTH, 24)).columns


def screen_height() -> int:
    """Return how many lines the terminal shows at once, or LINES; 24 where the output is no terminal."""
    return shutil.get_terminal_size((WIDTH, HEIGHT)).lines


def places(text: str) -> int:
    """Return how many lines of the terminal a line of text takes."""
    return max(1, -(-rich_cells.cell_len(text) // max(1, terminal_width())))


def lines(columns: Sequence[ShownColumn], width: int | None = None) -> list[str]:
    """Return the heading and a line for each row, each at most as wide as the terminal; the first column is always
    there, and of the others, from the left, as many as fit."""
    widths = _widths(columns, width or terminal_width())
    shown = [(column, size) for column, size in zip(columns, widths, strict=True) if size]
    rows = zip(*(column.cells for column, _ in shown), strict=True)
    texts = [[column.heading for column, _ in shown], *rows]
    return [
        (" " * GAP)
        .join(_fitted(text, size, column.numbers) for text, (column, size) in zip(row, shown, strict=True))
        .rstrip()
        for row in texts
    ]


def _widths(columns: Sequence[ShownColumn], width: int) -> list[int]:
    """Return each column's width, 0 for one that has no room."""
    wanted = [max(map(rich_cells.cell_len, (column.heading, *column.cells))) for column in columns]
    least = [
        min(want, max(column.least, rich_cells.cell_len(column.heading))) if column.least else want
        for want, column in zip(wanted, columns, strict=True)
    ]
    taken, room = [0] * len(columns), width
    for at, size in enumerate(least):
        needed = size + (GAP if at else 0)
        if at and needed > room:
            break
        taken[at], room = size, room - needed
    for at, size in enumerate(taken):
        more = min(max(room, 0), wanted[at] - size) if size else 0
        taken[at], room = size + more, room - more
    return taken


def _fitted(text: str, size: int, right: bool) -> str:
    """Return the text in exactly so many places, cut with an ellipsis if it is longer."""
    text = " ".join(text.split())
    if rich_cells.cell_len(text) > size:
        # Half a Chinese character is a space.
        text = str(rich_cells.set_cell_size(text, size - 1)).rstrip() + "…"
    padding = " " * (size - rich_cells.cell_len(text))
    return padding + text if right else text + padding
