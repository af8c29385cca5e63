"""Rows out of CSV, XLSX and JSON files, one after the other, whatever their length.

The kind is told by the first bytes, not by the name. Formulas are never evaluated; sizes, columns, cells, depth and
the bytes of one JSON item are bounded, so what is held in memory is one row.
"""

import codecs
import csv
import io
import itertools
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from marketplace.core.lazy_import import lazy_module

if TYPE_CHECKING:
    import openpyxl
else:
    openpyxl = lazy_module("openpyxl")


Row = tuple[int, dict[str, Any]]

COLUMNS_MAX, UNPACKED_MAX, DEPTH_MAX, ITEM_MAX = 1000, 200 * 1024 * 1024, 12, 4 * 1024 * 1024
# A CSV cell may hold a list of videos as JSON text, so it may be longer than anything a person would type.
CELL_MAX = 200_000
HEAD_BYTES = 65_536
LISTS = ("channels", "creators", "data", "list", "items")
# Under this key stand the cells of a row beyond its header; no column can be called so.
SURPLUS = "\x00surplus"
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


class FileRefused(ValueError):
    """The file as a whole cannot be read; the sentence says why in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def rows(file: IO[bytes]) -> Iterator[Row]:
    """Yield (row number, column -> value) of a seekable file. Raises FileRefused."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file.seek(0)
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if not text:
        raise FileRefused("文件是空的。", "The file is empty.")
    if head.startswith(b"PK\x03\x04"):
        return _xlsx(file)
    if b"\x00" in head:
        raise FileRefused("文件不是 CSV、XLSX 或 JSON。", "The file is no CSV, XLSX or JSON.")
    if text[:1] in (b"[", b"{"):
        return _json(file, text[:1], len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0)
    return _csv(file, head)


def _csv(file: IO[bytes], head: bytes) -> Iterator[Row]:
    encoding = _encoding(file)
    text = io.TextIOWrapper(file, encoding=encoding, errors="strict", newline="")
    csv.field_size_limit(CELL_MAX)
    sample = head.decode(encoding, "ignore").split("\n", 1)[0]
    delimiter = max(",;\t", key=sample.count)
    try:
        lines = csv.reader(text, delimiter=delimiter, strict=True)
        header = _header(next(lines, []))
        for number, line in enumerate(lines, 2):
            if any("\x00" in cell for cell in line):
                raise FileRefused(f"第 {number} 行含空字节（NUL）。", f"Row {number} holds a NUL byte.")
            if any(cell.strip() for cell in line):
                yield number, _named(header, [_unguard(cell) or None for cell in line])
    except csv.Error as error:
        raise FileRefused(f"CSV 读取中断：{error}", f"The CSV cannot be read on: {error}") from error
    except UnicodeDecodeError as error:
        raise FileRefused(
            "文字编码既不是 UTF-8 也不是 GB18030。", "The letters are neither UTF-8 nor GB18030."
        ) from error
    finally:
        text.detach()


def _named(header: Sequence[str], cells: Sequence[Any]) -> dict[str, Any]:
    found = {name: cell for name, cell in zip(header, cells, strict=False) if name}
    surplus = [cell for cell in cells[len(header) :] if cell not in (None, "")]
    if surplus:
        found[SURPLUS] = surplus[:3]
    return found


def _encoding(file: IO[bytes]) -> str:
    """Return utf-8-sig, utf-8 or gb18030 by the first stretch of the file with anything beyond ASCII in it."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    found = "utf-8-sig" if file.read(3) == codecs.BOM_UTF8 else ""
    file.seek(0)
    try:
        while not found and (piece := file.read(HEAD_BYTES)):
            decoder.decode(piece)
            if not piece.isascii():
                found = "utf-8"
    except UnicodeDecodeError:
        found = "gb18030"
    file.seek(0)
    return found or "utf-8"


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


def guard_formula(value: str) -> str:
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
        sheet = book.worksheets[0]
        # The file's own word for its size is not believed: rows would be padded to it, up to 16,384 cells each.
        sheet.reset_dimensions()
        lines = sheet.iter_rows(values_only=True)
        header = _header(["" if cell is None else cell for cell in next(lines, ())])
        for number, line in enumerate(lines, 2):
            if any(cell is not None for cell in line):
                yield number, _named(header, [_spelled(cell) if isinstance(cell, str) else cell for cell in line])
    except FileRefused:
        raise
    except Exception as error:  # a hostile archive fails in many ways; each is the file's fault
        raise FileRefused("表格已损坏，无法读取。", f"The spreadsheet is damaged ({type(error).__name__}).") from error


def _spelled(cell: str) -> str:
    """Undo `_xHHHH_`, which stands for a letter in a sheet (ECMA-376 22.4.2.4), and the guard."""
    return _unguard(_ESCAPE.sub(lambda found: chr(int(found[1], 16)), cell))


def _json(file: IO[bytes], first: bytes, start: int) -> Iterator[Row]:
    try:
        file.seek(start)
        if first == b"{" and _lines(file):
            file.seek(start)
            yield from _json_lines(file)
            return
        file.seek(start)
        stream = _JsonStream(file)
        if first == b"{":
            _find_list(stream)
        for number, item in enumerate(_items(stream), 1):
            yield number, _object(item, number)
    except FileRefused:
        raise
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        told = " ".join(str(error).split())[:100]
        raise FileRefused(f"JSON 读取中断：{told}", f"The JSON cannot be read on: {told}") from error


@dataclass
class _JsonStream:
    """The text of a JSON file around the place that was reached; never more than one item and a stretch after it.

    The standard decoder raises at depth and on giant numbers, where parsers in C were seen to crash the process.
    """

    file: IO[bytes]
    text: str = ""
    at: int = 0
    letters: codecs.IncrementalDecoder = field(default_factory=codecs.getincrementaldecoder("utf-8"))

    def more(self) -> bool:
        """Read on; each time as much as is held, so that a long item is not scanned again and again."""
        self.text = self.text[self.at :]
        self.at = 0
        if len(self.text) > ITEM_MAX:
            raise FileRefused("JSON 单项超过 4 MiB。", "An item of the JSON is over 4 MiB.")
        piece = self.file.read(max(HEAD_BYTES, len(self.text)))
        self.text += self.letters.decode(piece, final=not piece)
        return bool(piece)

    def peek(self) -> str:
        """Return the next letter that is no white space, "" at the end."""
        while True:
            found = _SPACE.match(self.text, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.text) or not self.more():
                return self.text[self.at : self.at + 1]

    def take(self, wanted: str) -> str:
        """Step over the next letter, which is one of those wanted."""
        letter = self.peek()
        if not letter or letter not in wanted:
            raise ValueError(f"{letter or 'the end'} where {' or '.join(wanted)} should stand")
        self.at += 1
        return letter

    def value(self) -> Any:
        self.peek()
        while True:
            try:
                found, end = _DECODER.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                # What is cut off shows at the end of the text, or as a string that does not end.
                cut = error.pos > len(self.text) - 16 or error.msg.startswith("Unterminated")
                if not cut or not self.more():
                    raise
                continue
            if end == len(self.text) and self.more():  # a number may go on
                continue
            self.at = end
            return found


def _items(stream: _JsonStream) -> Iterator[Any]:
    stream.take("[")
    if stream.peek() == "]":
        return
    while True:
        yield stream.value()
        if stream.take(",]") == "]":
            return


def _find_list(stream: _JsonStream) -> None:
    """Step over an object's members to the list of channels."""
    stream.take("{")
    while stream.peek() != "}":
        name = stream.value()
        stream.take(":")
        if name in LISTS and stream.peek() == "[":
            return
        stream.value()
        if stream.take(",}") == "}":
            break
    raise FileRefused("JSON 中没有频道列表。", f"The JSON has no list under any of: {', '.join(LISTS)}.")


def _lines(file: IO[bytes]) -> bool:
    """JSON Lines: the first line is an object by itself, and not one that holds the list of channels."""
    line = file.readline(ITEM_MAX)
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and not any(isinstance(found.get(name), list) for name in LISTS)


def _json_lines(file: IO[bytes]) -> Iterator[Row]:
    for number in itertools.count(1):
        line = file.readline(ITEM_MAX)
        if not line:
            return
        if line.strip():
            yield number, _object(json.loads(line), number)


def nested_deeper(value: Any, limit: int) -> bool:
    """Whether lists and objects stand in each other deeper than the limit."""
    level = [value]
    for _ in range(limit + 1):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _too_deep() -> FileRefused:
    return FileRefused(f"JSON 嵌套超过 {DEPTH_MAX} 层。", f"The JSON is nested over {DEPTH_MAX} deep.")


def _object(item: Any, number: int) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise FileRefused(f"第 {number} 项不是对象。", f"Item {number} is no object.")
    if nested_deeper(item, DEPTH_MAX):
        raise _too_deep()
    return item
