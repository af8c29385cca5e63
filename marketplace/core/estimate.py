"""A number with its interval; and what keeps stored and answered numbers finite, and the names of objects unique.

JSON has neither NaN nor infinity. One of them in a stored document made PostgreSQL refuse the whole row, and one in an
answer made clients refuse to read it. So both borders refuse them, and a number that may be unknown is made null.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from marketplace.core.message import Bilingual


class Estimate(NamedTuple):
    """A number with the ends of its interval (80 % unless its field says otherwise); each None where not known."""

    point: float | None
    low: float | None
    high: float | None


def finite(values: Iterable[float | None]) -> list[float | None]:
    """Return the values with None instead of NaN and of infinity, which JSON does not have."""
    return [None if value is None or not abs(value) < float("inf") else float(value) for value in values]


class NotFinite(ValueError):
    """A number that has to be finite is infinite, or is NaN where nothing may be unknown."""


def known_or_null(value: Any) -> Any:
    """Return JSON data with null in place of every number that is NaN or infinite."""
    if isinstance(value, Mapping):
        return {name: known_or_null(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [known_or_null(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def strict_json(value: Any, **options: Any) -> str:
    """Return a value as JSON text. Raises NotFinite for NaN and infinity, which JSON does not have."""
    try:
        return json.dumps(value, **{"ensure_ascii": False, **options, "allow_nan": False})
    except ValueError as error:
        raise NotFinite(str(error)) from error


class NameTwice(ValueError):
    """An object has a name twice, which readers understand differently (RFC 8259, 4); `name` is that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the name '{name[:100]}' stands twice in one object")
        self.name = name


def name_twice(pairs: Sequence[tuple[str, Any]]) -> str | None:
    """Return the first name that comes a second time among an object's members."""
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            return name
        seen.add(name)
    return None


def unique_names(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object's members; for `object_pairs_hook` of the json module. Raises NameTwice."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NameTwice(name_twice(pairs) or "")
    return members


# The beginnings of the json module's sentences, and what they say.
_WANTED = {
    "Expecting value": "应当是一个值",
    "Expecting property name": "应当是双引号里的名称",
    "Expecting ',' delimiter": "应当是逗号或结尾",
    "Expecting ':' delimiter": "应当是冒号",
    "Extra data": "后面还有多余的内容",
    "Unterminated string": "开始的文字没有结尾的引号",
    "Invalid control character": "有不能直接写的控制字符",
    "Invalid \\": "反斜杠后面写错了",
    "Illegal trailing comma": "多了一个逗号",
}


def _wanted(message: str) -> str:
    return next((zh for begins, zh in _WANTED.items() if message.startswith(begins)), "读不下去")


def json_fault(error: ValueError) -> Bilingual:
    """Return what is wrong with a text that is no JSON, and where: a part of a sentence, without its full stop."""
    if isinstance(error, json.JSONDecodeError):
        return Bilingual(
            f"第 {error.lineno} 行第 {error.colno} 个字符处，{_wanted(error.msg)}",
            f"line {error.lineno}, character {error.colno}: {error.msg}",
        )
    if isinstance(error, UnicodeDecodeError):
        return Bilingual(f"第 {error.start + 1} 个字节不是 UTF-8", f"byte {error.start + 1} is not UTF-8")
    if isinstance(error, NameTwice):
        return Bilingual(f"同一个对象里“{error.name[:100]}”出现了两次", str(error))
    return Bilingual("有个数太长", "a number is too long")
