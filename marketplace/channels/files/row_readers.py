"""Read rows from CSV, XLSX and JSON files as a stream, whatever their length.

The kind is recognised by the first bytes, not by the name. Formulas are never evaluated. Sizes, columns, cells, depth
and the bytes of one JSON item are bounded, so one row is held in memory.
"""

import codecs
import csv
import io
import itertools
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from marketplace.channels.records import RowError
from marketplace.core.estimate import name_twice
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
# The key of what is wrong with a row as a whole, a RowError; no column of a file has such a name.
FAULT = "\x00fault"
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_SPACE = re.compile(r"[ \t\r\n]*")


class _TwiceNamed(dict[str, Any]):
    """An object that has a name twice: its row is refused, and the rows after it are read on."""

    name: str


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    refused = _TwiceNamed(members)
    refused.name = name_twice(pairs) or ""
    return refused


_DECODER = json.JSONDecoder(object_pairs_hook=_members)


class FileRefused(ValueError):
    """The file as a whole cannot be read; `zh` and `en` say why."""

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
                yield number, _named(number, header, [_unguard(cell) or None for cell in line])
    except csv.Error as error:
        raise FileRefused(f"CSV 读取中断：{error}", f"The CSV cannot be read on: {error}") from error
    except UnicodeDecodeError as error:
        raise FileRefused(
            "文字编码既不是 UTF-8 也不是 GB18030。", "The letters are neither UTF-8 nor GB18030."
        ) from error
    finally:
        text.detach()


def _named(number: int, header: Sequence[str], cells: Sequence[Any]) -> dict[str, Any]:
    row = {name: cell for name, cell in zip(header, cells, strict=False) if name}
    surplus = [cell for cell in cells[len(header) :] if cell not in (None, "")]
    if surplus:
        row[FAULT] = RowError(number, "", str(surplus[:3]), "单元格比表头多。", "More cells than the header has names.")
    return row


def _encoding(file: IO[bytes]) -> str:
    """Return utf-8-sig, utf-8 or gb18030, decided by the first block of the file that is not pure ASCII.

    Chinese versions of Excel write GBK, a part of GB18030, whose bytes are practically never valid UTF-8.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    encoding = "utf-8-sig" if file.read(3) == codecs.BOM_UTF8 else ""
    file.seek(0)
    try:
        while not encoding and (piece := file.read(HEAD_BYTES)):
            decoder.decode(piece)
            if not piece.isascii():
                encoding = "utf-8"
    except UnicodeDecodeError:
        encoding = "gb18030"
    file.seek(0)
    return encoding or "utf-8"


def _header(cells: list[Any]) -> list[str]:
    names = [str(cell).strip() for cell in cells]
    if len(names) > COLUMNS_MAX:
        raise FileRefused(f"列数超过 {COLUMNS_MAX}。", f"More than {COLUMNS_MAX} columns.")
    known = [name for name in names if name]
    duplicates = sorted({name for name in known if known.count(name) > 1})
    if duplicates:
        raise FileRefused(f"表头重复：{duplicates[0]}", f"The header names {duplicates[0]} twice.")
    if not known:
        raise FileRefused("没有表头。", "There is no header.")
    return names


def guard_formula(value: str) -> str:
    """Return a text with an apostrophe in front if a spreadsheet would run it as a formula (OWASP, CSV injection)."""
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
        # The dimensions stated in the file are ignored: every row would be padded to them, up to 16,384 cells each.
        sheet.reset_dimensions()
        lines = sheet.iter_rows(values_only=True)
        header = _header(["" if cell is None else cell for cell in next(lines, ())])
        for number, line in enumerate(lines, 2):
            if any(cell is not None for cell in line):
                cells = [_decode_cell(cell) if isinstance(cell, str) else cell for cell in line]
                yield number, _named(number, header, cells)
    except FileRefused:
        raise
    except Exception as error:  # a hostile archive fails in many ways, and each means that the file is bad
        raise FileRefused("表格已损坏，无法读取。", f"The spreadsheet is damaged ({type(error).__name__}).") from error


def _decode_cell(cell: str) -> str:
    """Decode `_xHHHH_`, the escape for a character in a sheet (ECMA-376 22.4.2.4), and remove the formula guard."""
    return _unguard(_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), cell))


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
        reason = " ".join(str(error).split())[:100]
        raise FileRefused(f"JSON 读取中断：{reason}", f"The JSON cannot be read on: {reason}") from error


@dataclass
class _JsonStream:
    """The text of a JSON file from the current position on: never more than one item and the block after it.

    Python's own decoder raises on deep nesting and giant numbers, where streaming parsers in C were seen to crash the
    process.
    """

    file: IO[bytes]
    text: str = ""
    position: int = 0
    decoder: codecs.IncrementalDecoder = field(default_factory=codecs.getincrementaldecoder("utf-8"))

    def more(self) -> bool:
        """Read another block, as long as the text held, so that a long item is rescanned only a few times."""
        self.text = self.text[self.position :]
        self.position = 0
        if len(self.text) > ITEM_MAX:
            raise FileRefused("JSON 单项超过 4 MiB。", "An item of the JSON is over 4 MiB.")
        piece = self.file.read(max(HEAD_BYTES, len(self.text)))
        self.text += self.decoder.decode(piece, final=not piece)
        return bool(piece)

    def peek(self) -> str:
        """Return the next character that is not white space, or "" at the end."""
        while True:
            space = _SPACE.match(self.text, self.position)
            self.position = space.end() if space else self.position
            if self.position < len(self.text) or not self.more():
                return self.text[self.position : self.position + 1]

    def take(self, expected: str) -> str:
        """Step over the next character, which must be one of those expected. Raises ValueError."""
        character = self.peek()
        if not character or character not in expected:
            raise ValueError(f"{character or 'the end'} where {' or '.join(expected)} should stand")
        self.position += 1
        return character

    def value(self) -> Any:
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self.text, self.position)
            except json.JSONDecodeError as error:
                # An item cut off by the block fails near the end of the text, or as an unterminated string.
                cut_off = error.pos > len(self.text) - 16 or error.msg.startswith("Unterminated")
                if not cut_off or not self.more():
                    raise
                continue
            if end == len(self.text) and self.more():  # a number may continue in the next block
                continue
            self.position = end
            return value


def _items(stream: _JsonStream) -> Iterator[Any]:
    stream.take("[")
    if stream.peek() == "]":
        return
    while True:
        yield stream.value()
        if stream.take(",]") == "]":
            return


def _find_list(stream: _JsonStream) -> None:
    """Step over an object's members to its list of channels. Raises FileRefused if there is none."""
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
    """Return whether the file is JSON Lines: its first line is an object that does not hold the list of channels."""
    line = file.readline(ITEM_MAX)
    try:
        first = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and not any(isinstance(first.get(name), list) for name in LISTS)


def _json_lines(file: IO[bytes]) -> Iterator[Row]:
    for number in itertools.count(1):
        line = file.readline(ITEM_MAX)
        if not line:
            return
        if line.strip():
            yield number, _object(json.loads(line, object_pairs_hook=_members), number)


def nested_deeper(value: Any, limit: int) -> bool:
    """Return whether lists and objects are nested deeper than `limit`."""
    level = [value]
    for _ in range(limit + 1):
        level = [inner for outer in level for inner in _containers(outer)]
        if not level:
            return False
    return True


def _containers(outer: Any) -> list[Any]:
    """Return the lists and objects right inside a list or an object."""
    inner = outer.values() if isinstance(outer, dict) else outer
    return [value for value in inner if isinstance(value, dict | list)]


def told_twice(name: str) -> tuple[str, str]:
    """Return why an object is refused that has a name twice, in Chinese and English."""
    return f"“{name}”出现两次。", f"'{name}' is there twice."


def _named_twice(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the column that has or holds a name twice, and that name."""
    if isinstance(row, _TwiceNamed):
        return row.name, row.name
    for column, value in row.items():
        level = _containers([value])
        while level:
            refused = next((inner for inner in level if isinstance(inner, _TwiceNamed)), None)
            if refused is not None:
                return column, refused.name
            level = [inner for outer in level for inner in _containers(outer)]
    return None


def _too_deep() -> FileRefused:
    return FileRefused(f"JSON 嵌套超过 {DEPTH_MAX} 层。", f"The JSON is nested over {DEPTH_MAX} deep.")


def _object(item: Any, number: int) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise FileRefused(f"第 {number} 项不是对象。", f"Item {number} is no object.")
    if nested_deeper(item, DEPTH_MAX):
        raise _too_deep()
    if refused := _named_twice(item):
        column, name = refused
        return {**item, FAULT: RowError(number, column, name, *told_twice(name))}
    return item
