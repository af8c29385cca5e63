"""Reads XLSX row by row: of the visible sheets the one that has the columns, under titles above the names."""

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any
from xml.parsers import expat

from marketplace.channels.files.tables import table_head
from marketplace.channels.files.tables.date_grammar import SERIAL_EPOCH
from marketplace.channels.files.tables.header_names import KnownColumns
from marketplace.channels.files.tables.number_grammar import PercentCell
from marketplace.channels.files.tables.table_head import HEAD_LINES, ColumnNames, TableHead
from marketplace.channels.files.tables.table_rows import (
    COLUMNS_MAX,
    MIB,
    OTHER_PART_MAX,
    SHARED_TEXTS_MAX,
    SHEET_ROWS_MAX,
    UNPACKED_MAX,
    FileRefused,
    Row,
    unguard_formula,
)
from marketplace.core.lazy_import import lazy_module

if TYPE_CHECKING:
    from openpyxl.cell import read_only
    from openpyxl.reader import excel
    from openpyxl.worksheet import _reader as sheet_parser
    from openpyxl.xml import constants
else:
    constants = lazy_module("openpyxl.xml.constants")
    excel = lazy_module("openpyxl.reader.excel")
    read_only = lazy_module("openpyxl.cell.read_only")
    sheet_parser = lazy_module("openpyxl.worksheet._reader")

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
            lines = [_names(line) for line in _first_lines(sheet)]
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
        for number, line in _lines(layout.page, percents=layout.percents):
            if number > layout.head.line + 1 and any(cell is not None for cell in line):
                cells = [_decode_cell(cell) if isinstance(cell, str) else cell for cell in line]
                yield number, columns.row(number, cells)


@contextmanager
def _refusing_damage() -> Iterator[None]:
    try:
        yield
    except FileRefused:
        raise
    except MemoryError:
        raise
    except Exception as error:  # a hostile archive fails in many ways, and each means that the file is bad
        if isinstance(error.__cause__, FileRefused):
            raise error.__cause__ from None  # what was refused while the library read a part
        if getattr(error, "code", None) == expat.errors.codes[expat.errors.XML_ERROR_NO_MEMORY]:
            raise MemoryError from error
        raise FileRefused("表格已损坏，无法读取。", f"The spreadsheet is damaged ({type(error).__name__}).") from error


class _BoundedArchive(zipfile.ZipFile):
    """An archive of which no part is read that is larger than a workbook's parts may be."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        if sum(part.file_size for part in self.infolist()) > UNPACKED_MAX:
            raise FileRefused("表格解压后过大。", "The spreadsheet is too large when unpacked.")

    def read(self, name: Any, pwd: bytes | None = None) -> bytes:
        """Return a part that is taken whole: styles, links, lists of parts."""
        self._hold(name, OTHER_PART_MAX)
        return super().read(name, pwd)

    def hold_texts(self, name: str) -> None:
        """Refuse shared texts, all of which are held, that are too long together."""
        self._hold(name, SHARED_TEXTS_MAX)

    def _hold(self, name: Any, bytes_max: int) -> None:
        if self.getinfo(name).file_size > bytes_max:
            raise FileRefused(
                f"表格的 {str(name)[:60]} 超过 {bytes_max // MIB} MiB。请另存为 CSV。",
                f"The workbook's {str(name)[:60]} is over {bytes_max // MIB} MiB. Save the sheet as CSV.",
            )


def _open(file: IO[bytes]) -> tuple[Any, bool]:
    """Return the workbook, and whether it has a format that shows per cents."""
    file.seek(0)
    archive = _BoundedArchive(file)
    styles = [part for part in archive.namelist() if "styles" in part.lower()]
    percents = any(_SHOWS_PERCENTS.search(archive.read(part)) for part in styles)
    file.seek(0)
    reader = excel.ExcelReader(file, read_only=True, data_only=True, keep_links=False)
    reader.archive = archive
    reader.read_manifest()
    texts = reader.package.find(constants.SHARED_STRINGS)  # type: ignore[no-untyped-call]
    if texts is not None and texts.PartName[1:] in archive.namelist():
        archive.hold_texts(texts.PartName[1:])
    reader.read()
    return reader.wb, percents


def _first_lines(sheet: Any) -> list[Sequence[Any]]:
    """Return the lines at the beginning of a sheet, also those that are not written because they are empty."""
    lines: list[Sequence[Any]] = []
    for number, line in _lines(sheet, percents=False):
        lines += [()] * (min(number, HEAD_LINES + 1) - 1 - len(lines))
        if number > HEAD_LINES:
            break
        lines.append(line)
    return lines


def _lines(sheet: Any, *, percents: bool) -> Iterator[tuple[int, Sequence[Any]]]:
    """Yield the rows that a sheet has, with their numbers. Raises FileRefused.

    The parser gives the cells that are written; a sheet's own reader would put an empty one in for each that is not, up
    to the last column, and an empty row for each up to the last row.
    """
    book, before = sheet.parent, 0
    with sheet._get_source() as source:
        parser = sheet_parser.WorkSheetParser(
            source,
            sheet._shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        for number, cells in parser.parse():
            # What is told of how rows and columns are shown is kept by the parser, and not looked at.
            parser.row_dimensions.clear()
            if not before < number <= SHEET_ROWS_MAX:
                raise FileRefused(
                    f"表格的行号 {number} 不合规范（须递增，且不超过 {SHEET_ROWS_MAX}）。",
                    f"Row number {number} cannot be: numbers rise, and the last row of a sheet is {SHEET_ROWS_MAX}.",
                )
            before = number
            yield number, _line(sheet, cells, percents)


def _line(sheet: Any, cells: Sequence[Mapping[str, Any]], percents: bool) -> list[Any]:
    """Return the cells of a row in their places; one beyond any header stands right after it, so that it is seen."""
    line: list[Any] = []
    for cell in cells:
        value = cell["value"]
        if value is None:
            continue
        # To look at the formats of cells takes longer, and few sheets have any that matters.
        if percents and isinstance(value, float | int):
            value = _shown(read_only.ReadOnlyCell(sheet, **cell))
        place = min(cell["column"], COLUMNS_MAX + 1) - 1
        if place >= len(line):
            line += [None] * (place + 1 - len(line))
        line[place] = value
    return line


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
