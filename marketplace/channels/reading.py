"""Rows out of CSV, XLSX and JSON files, one after the other, whatever their length.

The kind is told by the first bytes, not by the name. Formulas are never evaluated; sizes, columns and cells are
bounded.
"""

import codecs
import csv
import io
import itertools
import json
import zipfile
from collections.abc import Iterator
from typing import IO, Any

import ijson
import openpyxl

Row = tuple[int, dict[str, Any]]

CELL_MAX, COLUMNS_MAX, UNPACKED_MAX, DEPTH_MAX = 200_000, 1000, 200 * 1024 * 1024, 12
HEAD_BYTES = 65_536
LISTS = ("channels", "creators", "data", "list", "items")


class FileRefused(ValueError):
    """The file as a whole cannot be read; the sentence says why in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def rows(file: IO[bytes]) -> Iterator[Row]:
    """Yield (row number, column -> value). Raises FileRefused."""
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if not head.strip():
        raise FileRefused("文件是空的。", "The file is empty.")
    if head.startswith(b"PK\x03\x04"):
        return _xlsx(file)
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if text[:1] in (b"[", b"{"):
        return _json(file, text[:1], head)
    if b"\x00" in head:
        raise FileRefused("文件不是 CSV、XLSX 或 JSON。", "The file is no CSV, XLSX or JSON.")
    return _csv(file, head)


def _csv(file: IO[bytes], head: bytes) -> Iterator[Row]:
    encoding = _encoding(head)
    text = io.TextIOWrapper(file, encoding=encoding, errors="strict", newline="")
    csv.field_size_limit(CELL_MAX)
    sample = head.decode(encoding, "ignore").split("\n", 1)[0]
    delimiter = max(",;\t", key=sample.count)
    try:
        lines = csv.reader(text, delimiter=delimiter, strict=True)
        header = _header(next(lines))
        for number, line in enumerate(lines, 2):
            if any(cell.strip() for cell in line):
                yield number, {name: _unguard(cell) or None for name, cell in zip(header, line, strict=False) if name}
    except (csv.Error, UnicodeDecodeError, StopIteration) as error:
        raise FileRefused(f"CSV 读取中断：{error}", f"The CSV cannot be read on: {error}") from error
    finally:
        text.detach()


def _encoding(head: bytes) -> str:
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    for cut in range(4):  # the sample may end inside a letter
        try:
            head[: len(head) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return "utf-8"
    return "gb18030"


def _header(cells: list[Any]) -> list[str]:
    names = [str(cell).strip() for cell in cells]
    if len(names) > COLUMNS_MAX:
        raise FileRefused(f"列数超过 {COLUMNS_MAX}。", f"More than {COLUMNS_MAX} columns.")
    known = [name for name in names if name]
    twice = sorted({name for name in known if known.count(name) > 1})
    if twice:
        raise FileRefused(f"表头重复：{twice[0]}", f"The header names {twice[0]} twice.")
    if not known:
        raise FileRefused("没有表头。", "There is no header.")
    return names


def guard(value: str) -> str:
    """A text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, CSV injection)."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r", "'") else value


def _unguard(cell: str) -> str:
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1] in "=+-@\t\r'" else cell


def _xlsx(file: IO[bytes]) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(part.file_size for part in archive.infolist()) > UNPACKED_MAX:
                raise FileRefused("表格解压后过大。", "The spreadsheet is too large when unpacked.")
        file.seek(0)
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        lines = book.worksheets[0].iter_rows(values_only=True)
        header = _header(["" if cell is None else cell for cell in next(lines)])
        for number, line in enumerate(lines, 2):
            found = {
                name: _unguard(cell) if isinstance(cell, str) else cell
                for name, cell in zip(header, line, strict=False)
                if name
            }
            if any(cell is not None for cell in found.values()):
                yield number, found
    except FileRefused:
        raise
    except Exception as error:  # a hostile archive fails in many ways; each is the file's fault
        raise FileRefused("表格已损坏，无法读取。", f"The spreadsheet is damaged ({type(error).__name__}).") from error


def _json(file: IO[bytes], first: bytes, head: bytes) -> Iterator[Row]:
    try:
        if first == b"{" and _lines(head):
            yield from _json_lines(file)
            return
        prefix = "item" if first == b"[" else f"{_list_name(file)}.item"
        for number, item in enumerate(ijson.items(file, prefix, use_float=True), 1):
            yield number, _object(item, number)
    except FileRefused:
        raise
    except (ijson.JSONError, ValueError, RecursionError) as error:
        raise FileRefused(
            f"JSON 读取中断：{str(error)[:100]}", f"The JSON cannot be read on: {str(error)[:100]}"
        ) from error


def _lines(head: bytes) -> bool:
    """JSON Lines: the first line is an object by itself and another follows."""
    line, _, rest = head.partition(b"\n")
    try:
        return isinstance(json.loads(line), dict) and rest.lstrip()[:1] == b"{"
    except ValueError:
        return False


def _json_lines(file: IO[bytes]) -> Iterator[Row]:
    for number in itertools.count(1):
        line = file.readline(4 * 1024 * 1024)
        if not line:
            return
        if line.strip():
            yield number, _object(json.loads(line), number)


def _list_name(file: IO[bytes]) -> str:
    for prefix, event, _ in ijson.parse(file):
        if event == "start_array" and prefix in LISTS:
            file.seek(0)
            return str(prefix)
        if prefix.count(".") > DEPTH_MAX:
            break
    raise FileRefused("JSON 中没有频道列表。", f"The JSON has no list under any of: {', '.join(LISTS)}.")


def _object(item: Any, number: int) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise FileRefused(f"第 {number} 项不是对象。", f"Item {number} is no object.")
    return item
