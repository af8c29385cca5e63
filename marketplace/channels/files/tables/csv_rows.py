"""Reads CSV as a stream, whatever its length: `sep=` lines, titles above the names, and any of four delimiters."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from marketplace.channels.files.tables import table_head
from marketplace.channels.files.tables.encodings import refuse_letters
from marketplace.channels.files.tables.header_names import KnownColumns
from marketplace.channels.files.tables.table_head import HEAD_LINES, ColumnNames, TableHead
from marketplace.channels.files.tables.table_rows import (
    CELL_MAX,
    HEAD_BYTES,
    LINE_MAX,
    MIB,
    FileRefused,
    Row,
    unguard_formula,
)

DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class CsvLayout:
    """How a CSV file is laid out. `skipped` lines, as the reader of CSV counts them, stand above the names."""

    encoding: str
    delimiter: str
    skipped: int
    head: TableHead


def find_layout(file: IO[bytes], encoding: str, shapes: Mapping[str, KnownColumns]) -> CsvLayout:
    """Return the delimiter and the line of the names. Raises FileRefused."""
    sample = _sample(file, encoding)
    first, _, rest = sample.partition("\n")
    told = first.strip().removeprefix("\ufeff").strip('"').casefold()
    delimiters, skipped = DELIMITERS, 0
    if told.startswith("sep=") and len(told) == 5:
        delimiters, skipped, sample = told[4], 1, rest
    layouts = []
    for delimiter in delimiters:
        lines = _lines(sample, delimiter)
        head = table_head.find_head(lines, shapes)
        if head is not None:
            layouts.append(CsvLayout(encoding, delimiter, skipped + head.line, head))
    if not layouts:
        raise FileRefused("没有表头。", "There is no header.")
    best = max(layouts, key=lambda layout: (layout.head.shape is not None, layout.head.score, len(layout.head.names)))
    table_head.check_columns(best.head.names)
    return best


def _sample(file: IO[bytes], encoding: str) -> str:
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
    try:
        return text.read(HEAD_BYTES).replace("\r\n", "\n").replace("\r", "\n")
    finally:
        text.detach()


def _lines(sample: str, delimiter: str) -> list[Sequence[str]]:
    csv.field_size_limit(CELL_MAX)
    lines: list[Sequence[str]] = []
    try:
        for line in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            lines.append([cell.strip() for cell in line])
            if len(lines) == HEAD_LINES:
                break
    except csv.Error:
        pass
    return lines


def read_rows(file: IO[bytes], layout: CsvLayout, columns: ColumnNames) -> Iterator[Row]:
    """Yield the rows under the names, numbered as the file's own reader shows them. Raises FileRefused."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=layout.encoding, errors="strict", newline="")
    csv.field_size_limit(CELL_MAX)
    try:
        pieces = _BoundedLines(text)
        lines = csv.reader(pieces, delimiter=layout.delimiter, strict=True)
        for number, line in enumerate(lines, 1):
            pieces.letters = 0
            if "\x00" in "".join(line):
                raise FileRefused(f"第 {number} 行含空字节（NUL）。", f"Row {number} holds a NUL byte.")
            if number > layout.skipped + 1 and any(cell.strip() for cell in line):
                cells = [(unguard_formula(cell) if cell[:1] == "'" else cell) or None for cell in line]
                yield number, columns.row(number, cells)
    except csv.Error as error:
        raise FileRefused(f"CSV 读取中断：{error}", f"The CSV cannot be read on: {error}") from error
    except UnicodeError as error:
        raise refuse_letters(layout.encoding) from error
    finally:
        text.detach()


class _BoundedLines:
    """The lines of a text for the reader of CSV, which puts together a row of any length: here a row has an end."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.letters = 0  # of the row that is being read

    def __iter__(self) -> Iterator[str]:
        while line := self._text.readline(LINE_MAX + 1):
            self.letters += len(line)
            if self.letters > LINE_MAX:
                raise FileRefused(
                    f"有一行超过 {LINE_MAX // MIB} MiB（可能缺少换行或引号没有闭合）。",
                    f"A row is over {LINE_MAX // MIB} MiB: a line break or a closing quotation mark may be missing.",
                )
            yield line
