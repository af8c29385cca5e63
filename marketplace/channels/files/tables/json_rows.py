"""Reads JSON as a stream: a list of objects, an object that has one in it, or objects one after another, a line each or
over several."""

import codecs
import io
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from marketplace.channels.files.tables import table_head
from marketplace.channels.files.tables.nested_values import TwiceNamed, named_twice, nested_deeper, told_twice
from marketplace.channels.files.tables.table_rows import (
    DEPTH_MAX,
    FAULT,
    HEAD_BYTES,
    ITEM_MAX,
    FileRefused,
    Recognises,
    Row,
)
from marketplace.channels.records import RowError
from marketplace.core.estimate import name_twice

LISTS = ("channels", "creators", "authors", "data", "list", "items", "rows", "records", "results")
# An object under one of these names holds the figures of its item: its members are columns like the item's own.
FIGURES = ("attribute_datas",)
# Answers of platforms wrap their lists in objects: {"code": 0, "data": {"list": [...]}}.
WRAPPED_MAX = 4
_SPACE = re.compile(r"[ \t\r\n]*")


class _ItemDecoder(json.JSONDecoder):
    """A decoder that marks objects with a name twice, and knows whether there was any: to look for them through each
    item takes as long as to decode it."""

    def __init__(self) -> None:
        self.twice = False
        super().__init__(object_pairs_hook=self._members)

    def _members(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) == len(pairs):
            return members
        self.twice = True
        refused = TwiceNamed(members)
        refused.name = name_twice(pairs) or ""
        return refused


def read_items(file: IO[bytes], encoding: str, recognises: Recognises) -> Iterator[Row]:
    """Yield the objects of a JSON file, numbered from 1. Raises FileRefused.

    `recognises` tells whether an object has the columns of a shape; a list of such objects is taken under any name.
    """
    try:
        first = _JsonStream(file, encoding).peek()
        if first == "{" and _lines(file, encoding, recognises):
            yield from _json_lines(file, encoding)
            return
        stream = _JsonStream(file, encoding)
        items = _items(stream) if first == "[" else _found_items(stream, recognises)
        for number, item in enumerate(items, 1):
            yield number, _object(item, number, stream.items)
    except FileRefused:
        raise
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        reason = " ".join(str(error).split())[:100]
        raise FileRefused(f"JSON 读取中断：{reason}", f"The JSON cannot be read on: {reason}") from error


@dataclass
class _JsonStream:
    """The text of a JSON file from its beginning: never more than one item and the block after it.

    Python's own decoder raises on deep nesting and giant numbers, where streaming parsers in C were seen to crash the
    process.
    """

    file: IO[bytes]
    encoding: str
    text: str = ""
    position: int = 0
    decoder: codecs.IncrementalDecoder = field(init=False)
    items: _ItemDecoder = field(default_factory=_ItemDecoder)

    def __post_init__(self) -> None:
        self.rewind()

    def rewind(self) -> None:
        """Go back to the beginning."""
        self.file.seek(0)
        self.text, self.position = "", 0
        self.decoder = codecs.getincrementaldecoder(self.encoding)()

    def size(self) -> int:
        """Return the size of the file in bytes."""
        place = self.file.tell()
        size = self.file.seek(0, io.SEEK_END)
        self.file.seek(place)
        return size

    def more(self) -> bool:
        """Read another block, as long as the text held, so that a long item is rescanned only a few times."""
        self.text = self.text[self.position :]
        self.position = 0
        if len(self.text) > ITEM_MAX:
            raise FileRefused("JSON 单项超过 4 MiB。", "An item of the JSON is over 4 MiB.")
        piece = self.file.read(min(max(HEAD_BYTES, len(self.text)), ITEM_MAX + HEAD_BYTES - len(self.text)))
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
                value, end = self.items.raw_decode(self.text, self.position)
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
        stream.take("]")
        return
    while True:
        yield stream.value()
        if stream.take(",]") == "]":
            return


def _found_items(stream: _JsonStream, recognises: Recognises) -> Iterator[Any]:
    """Yield the items that a file of objects is about: its objects, the list of channels within the first one, or else
    the one channel within that. Raises FileRefused if there is none."""
    whole = _first_object(stream)
    if whole is not None and recognises(flat(whole)):
        return _one_after_another(stream)
    found = _find_list(stream, recognises, WRAPPED_MAX)
    if found is None and whole is not None:
        item = _inner_item(whole, recognises, WRAPPED_MAX)
        # A wrapper has a code and a message beside its list; what tells more is a channel that lacks a column.
        told = sum(not isinstance(value, dict | list) for value in whole.values())
        if item is not None or told > 2:
            others = (_inner_item(other, recognises, WRAPPED_MAX) or other for other in _one_after_another(stream))
            return itertools.chain([item or whole], others)
    if found is None:
        raise FileRefused(
            "JSON 中没有频道列表。", f"The JSON has no list of channels under any of: {', '.join(LISTS)}."
        )
    return found


def _first_object(stream: _JsonStream) -> dict[str, Any] | None:
    """Return the object that the file begins with, and step back; None where it is too long for one channel."""
    try:
        found = stream.value() if stream.size() <= ITEM_MAX else None
    except (ValueError, RecursionError):
        found = None  # what is wrong with it is told when its items are read
    stream.rewind()
    return found if isinstance(found, dict) else None


def _one_after_another(stream: _JsonStream) -> Iterator[Any]:
    while stream.peek():
        yield stream.value()


def _inner_item(whole: Any, recognises: Recognises, deep: int) -> dict[str, Any] | None:
    """Return the one channel in the objects around it: {"code": 0, "data": {"handle_name": ...}}."""
    if not isinstance(whole, dict):
        return None
    inner = [value for value in whole.values() if isinstance(value, dict)]
    for item in inner:
        if recognises(flat(item)):
            return item
    found = (_inner_item(item, recognises, deep - 1) for item in inner) if deep else iter(())
    return next((item for item in found if item), None)


def _find_list(stream: _JsonStream, recognises: Recognises, deep: int) -> Iterator[Any] | None:
    """Step over an object's members, and those of objects in it, to its list of channels."""
    empty: Iterator[Any] | None = None
    stream.take("{")
    while stream.peek() != "}":
        name = stream.value()
        stream.take(":")
        opening = stream.peek()
        if opening == "[":
            items = _items(stream)
            first = next(items, None)
            if isinstance(first, dict) and (name in LISTS or recognises(flat(first))):
                return itertools.chain([first], items)
            if first is None and name in LISTS:
                empty = items
            for _ in items:
                pass
        elif opening == "{" and deep:
            found = _find_list(stream, recognises, deep - 1)
            if found is not None:
                return found
        else:
            stream.value()
        if stream.take(",}") == "}":
            return empty
    stream.take("}")
    return empty


def _lines(file: IO[bytes], encoding: str, recognises: Recognises) -> bool:
    """Return whether the file is JSON Lines: its first line is an object that does not hold the list of channels."""
    if encoding.startswith(("utf-16", "utf-32")):
        line = next(_text_lines(file, encoding), "")
    else:
        file.seek(0)
        line = file.readline(ITEM_MAX).decode(encoding, "replace")
    try:
        first = json.loads(line)
    except (ValueError, RecursionError):
        return False
    if not isinstance(first, dict):
        return False
    wraps = _holds_list(first, WRAPPED_MAX) or _inner_item(first, recognises, WRAPPED_MAX) is not None
    return recognises(flat(first)) or not wraps


def _holds_list(item: dict[str, Any], deep: int) -> bool:
    return any(
        (isinstance(value, list) and (name in LISTS or (value and isinstance(value[0], dict))))
        or (deep and isinstance(value, dict) and _holds_list(value, deep - 1))
        for name, value in item.items()
    )


def _text_lines(file: IO[bytes], encoding: str) -> Iterator[str]:
    """Yield the lines of a file, none of them longer than an item may be."""
    file.seek(0)
    decoder, held = codecs.getincrementaldecoder(encoding)(), ""
    while True:
        piece = file.read(HEAD_BYTES)
        held += decoder.decode(piece, final=not piece)
        *lines, held = held.split("\n")
        yield from lines
        if len(held) > ITEM_MAX:
            raise FileRefused("JSON 单项超过 4 MiB。", "An item of the JSON is over 4 MiB.")
        if not piece:
            if held:
                yield held
            return


def _json_lines(file: IO[bytes], encoding: str) -> Iterator[Row]:
    decoder = _ItemDecoder()
    for number, line in enumerate(_text_lines(file, encoding), 1):
        if line.strip():
            yield number, _object(decoder.decode(line), number, decoder)


def flat(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item with the members of its figures beside its own, which count where both have a name."""
    figures = [item[name] for name in FIGURES if isinstance(item.get(name), dict)]
    if not figures:
        return item
    own = {name: value for name, value in item.items() if name not in FIGURES}
    return {name: value for part in (*figures, own) for name, value in part.items()}


def _too_deep() -> FileRefused:
    return FileRefused(f"JSON 嵌套超过 {DEPTH_MAX} 层。", f"The JSON is nested over {DEPTH_MAX} deep.")


def _object(item: Any, number: int, decoder: _ItemDecoder) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise FileRefused(f"第 {number} 项不是对象。", f"Item {number} is no object.")
    if nested_deeper(item, DEPTH_MAX):
        raise _too_deep()
    table_head.check_columns(item)
    if decoder.twice and (refused := named_twice(item)):
        column, name = refused
        return {**flat(item), FAULT: RowError(number, column, name, *told_twice(name))}
    return flat(item)
