"""Reads XLSX row by row: of the visible sheets the one that has the columns, under titles above the names."""

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from marketplace.channels.files.tables import table_head
from marketplace.channels.files.tables.date_grammar import SERIAL_EPOCH
from marketplace.channels.files.tables.header_names import KnownColumns
from marketplace.channels.files.tables.number_grammar import PercentCell
from marketplace.channels.files.tables.table_head import HEAD_LINES, ColumnNames, TableHead
from marketplace.channels.files.tables.table_rows import UNPACKED_MAX, FileRefused, Row, unguard_formula
from marketplace.core.lazy_import import lazy_module

if TYPE_CHECKING:
    import openpyxl
else:
    openpyxl = lazy_module("openpyxl")

_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
EPOCH_1904 = datetime(1904, 1, 1, tzinfo=UTC)
# A format that shows per cents, in the part of a workbook that lists its formats; 9 and 10 are 0% and 0.00% (ECMA-376
# 18.8.30).
_SHOWS_PERCENTS = re.compile(rb"""numFmtId=["'](?:9|10)["']|formatCode=["'][^"'>]*%""")


@dataclass(frozen=True)
class SheetLayout:
    """The sheet that is read, the line of its names, the first day of its serial numbers, and the sheets beside it.

    `page` is the sheet in the open workbook: to open that again would read all of its shared texts anew. `percents`
    tells whether any of its cells may be shown in per cents.
    """

    page: Any
    percents: bool
    title: str
    head: TableHead
    epoch: datetime
    others: tuple[str, ...]


def find_layout(file: IO[bytes], shapes: Mapping[str, KnownColumns]) -> SheetLayout:
    """Return the first visible sheet that has the columns of a shape, or the nearest to it. Raises FileRefused."""
    with _refusing_damage():
        book, percents = _open(file)
        found: list[tuple[int, str, TableHead]] = []
        for place, sheet in enumerate(book.worksheets):
            if sheet.sheet_state != "visible":
                continue
            lines = [_names(line) for line in islice(_cells(sheet, percents=False), HEAD_LINES)]
            head = table_head.find_head(lines, shapes)
            if head is not None:
                found.append((place, sheet.title, head))
        if not found:
            raise FileRefused("没有表头。", "There is no header.")
        place, title, head = max(found, key=lambda each: (each[2].shape is not None, each[2].score, -each[0]))
        table_head.check_columns(head.names)
        epoch = EPOCH_1904 if book.epoch.year == 1904 else SERIAL_EPOCH
        others = tuple(other for at, other, _ in found if at != place)
        return SheetLayout(book.worksheets[place], percents, title, head, epoch, others)


def read_rows(layout: SheetLayout, columns: ColumnNames) -> Iterator[Row]:
    """Yield the rows under the names, numbered as the sheet numbers them. Raises FileRefused."""
    with _refusing_damage():
        for number, line in enumerate(_cells(layout.page, percents=layout.percents), 1):
            if number > layout.head.line + 1 and any(cell is not None for cell in line):
                cells = [_decode_cell(cell) if isinstance(cell, str) else cell for cell in line]
                yield number, columns.row(number, cells)


@contextmanager
def _refusing_damage() -> Iterator[None]:
    try:
        yield
    except FileRefused:
        raise
    except Exception as error:  # a hostile archive fails in many ways, and each means that the file is bad
        raise FileRefused("表格已损坏，无法读取。", f"The spreadsheet is damaged ({type(error).__name__}).") from error


def _open(file: IO[bytes]) -> tuple[Any, bool]:
    """Return the workbook, and whether it has a format that shows per cents."""
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        if sum(part.file_size for part in archive.infolist()) > UNPACKED_MAX:
            raise FileRefused("表格解压后过大。", "The spreadsheet is too large when unpacked.")
        styles = [part for part in archive.namelist() if "styles" in part.lower()]
        percents = any(_SHOWS_PERCENTS.search(archive.read(part)) for part in styles)
    file.seek(0)
    return openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False), percents


def _cells(sheet: Any, *, percents: bool) -> Iterator[Sequence[Any]]:
    # The dimensions stated in the file are ignored: every row would be padded to them, up to 16,384 cells each.
    sheet.reset_dimensions()
    lines: Iterator[Sequence[Any]] = sheet.iter_rows(values_only=not percents)
    # To look at the formats of cells takes longer, and few sheets have any that matters.
    return ([_shown(cell) for cell in line] for line in lines) if percents else lines


def _shown(cell: Any) -> Any:
    value = cell.value
    if isinstance(value, float | int) and not isinstance(value, bool) and "%" in cell.number_format:
        return PercentCell(value)
    return value


def _names(line: Sequence[Any]) -> list[str]:
    return ["" if cell is None else str(cell).strip() for cell in line]


def _decode_cell(cell: str) -> str:
    """Decode `_xHHHH_`, the escape for a character in a sheet (ECMA-376 22.4.2.4), and remove the formula guard."""
    return unguard_formula(_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), cell))
