"""Opens a file of any kind as a table of one shape."""

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import IO, Any

from marketplace.channels.files.tables import csv_rows, json_rows, sheet_rows, table_head
from marketplace.channels.files.tables.date_grammar import SERIAL_EPOCH
from marketplace.channels.files.tables.encodings import find_encoding, refuse_letters
from marketplace.channels.files.tables.header_names import KnownColumns, says_percent
from marketplace.channels.files.tables.reading_report import ReadingReport
from marketplace.channels.files.tables.table_head import ColumnNames, refuse_shape
from marketplace.channels.files.tables.table_rows import FAULT, HEAD_BYTES, FileRefused, Row, RowSource


@dataclass(frozen=True)
class OpenTable:
    """A file as rows under the names of a shape's columns. `rows` begins anew each time that it is called."""

    shape: str
    rows: RowSource
    report: ReadingReport
    percent_columns: frozenset[str]
    epoch: datetime = SERIAL_EPOCH


def open_table(
    file: IO[bytes], shapes: Mapping[str, KnownColumns], *, shape: str | None = None, encoding: str | None = None
) -> OpenTable:
    """Open a seekable file. With `shape` its columns are those of that one. Raises FileRefused."""
    known = shapes if shape is None else {shape: shapes[shape]}
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if not head.removeprefix(codecs.BOM_UTF8).strip():
        raise FileRefused("文件是空的。", "The file is empty.")
    if head.startswith(b"PK\x03\x04"):
        return _open_sheet(file, known, shape)
    found = find_encoding(file, encoding)
    text = _head_text(head, found).lstrip("\ufeff \t\r\n")
    if not text:
        raise FileRefused("文件是空的。", "The file is empty.")
    if text[0] in "[{":
        return _open_json(file, found, known, shape)
    return _open_csv(file, found, known, shape)


def _head_text(head: bytes, encoding: str) -> str:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeError as error:
        raise refuse_letters(encoding) from error


def _columns(
    names: tuple[str, ...], found: str | None, shapes: Mapping[str, KnownColumns], asked: str | None
) -> tuple[str, ColumnNames]:
    if found is None:
        raise refuse_shape(names, shapes, asked)
    return found, ColumnNames(names, shapes[found])


def _open_csv(file: IO[bytes], encoding: str, shapes: Mapping[str, KnownColumns], asked: str | None) -> OpenTable:
    layout = csv_rows.find_layout(file, encoding, shapes)
    shape, columns = _columns(layout.head.names, layout.head.shape, shapes, asked)
    report = ReadingReport(
        "csv", shape, encoding=_shown(encoding), delimiter=layout.delimiter, header_row=layout.skipped + 1
    )
    _tell_columns(report, columns)
    return OpenTable(shape, lambda: csv_rows.read_rows(file, layout, columns), report, frozenset(columns.percent))


def _open_sheet(file: IO[bytes], shapes: Mapping[str, KnownColumns], asked: str | None) -> OpenTable:
    layout = sheet_rows.find_layout(file, shapes)
    shape, columns = _columns(layout.head.names, layout.head.shape, shapes, asked)
    report = ReadingReport("xlsx", shape, sheet=layout.title, header_row=layout.head.line + 1)
    report.sheets_left_out += layout.others
    _tell_columns(report, columns)
    return OpenTable(
        shape,
        lambda: sheet_rows.read_rows(layout, columns),
        report,
        frozenset(columns.percent),
        layout.epoch,
    )


def _tell_columns(report: ReadingReport, columns: ColumnNames) -> None:
    report.columns_renamed.update(columns.renamed)
    report.leave_out_columns(columns.unread)


def _open_json(file: IO[bytes], encoding: str, shapes: Mapping[str, KnownColumns], asked: str | None) -> OpenTable:
    def recognises(item: Mapping[str, Any]) -> bool:
        return table_head.recognised([str(name) for name in item], shapes) is not None

    first = next(json_rows.read_items(file, encoding, recognises), None)
    if first is None:
        raise FileRefused("文件里没有数据行。", "The file has no rows.")
    names = tuple(str(name) for name in first[1] if name != FAULT)
    shape = table_head.recognised(names, shapes)
    if shape is None:
        raise refuse_shape(names, shapes, asked)
    known = shapes[shape]
    report = ReadingReport("json", shape, encoding=_shown(encoding))
    own_name = lru_cache(4096)(known.known)

    def rows() -> Iterator[Row]:
        for number, item in json_rows.read_items(file, encoding, recognises):
            yield number, _renamed(item, own_name, report)

    percent = {known.known(name) or name for name in names if says_percent(name)}
    return OpenTable(shape, rows, report, frozenset(percent))


def _renamed(item: dict[str, Any], own_name: Any, report: ReadingReport) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, value in item.items():
        if name == FAULT:
            row[name] = value
            continue
        own = own_name(name)
        if own is None:
            report.leave_out_columns([name])
        elif own != name:
            if own in item:
                # The exact name counts, and the other spelling is told as left out.
                report.leave_out_columns([name])
                own = None
            elif len(report.columns_renamed) < 50:
                report.columns_renamed[name] = own
        row[own or name] = value
    return row


def _shown(encoding: str) -> str:
    return {"utf-8-sig": "utf-8", "cp950": "big5", "cp932": "shift_jis", "cp949": "euc_kr"}.get(encoding, encoding)
