"""A request's JSON body, read strictly (RFC 8259): one meaning for every reader, bounded work for this one."""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from marketplace.core.errors import DomainError

DEPTH_MAX = 40


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _not_finite(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number in JSON")


def read_json() -> Any:
    """Parse the body strictly: UTF-8, no double names, no NaN, bounded depth. Raises DomainError (400), 415."""
    body = request.get_data(cache=True)
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send the body as Content-Type: application/json.")
    try:
        parsed = json.loads(body.decode("utf-8"), object_pairs_hook=_pairs, parse_constant=_not_finite)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
        raise DomainError(f"The body is not the JSON that is expected: {reason}.") from error
    if not isinstance(parsed, dict):
        raise DomainError("The body must be a JSON object.")
    if _too_deep(parsed):
        raise DomainError(f"The body is not the JSON that is expected: nested deeper than {DEPTH_MAX}.")
    return parsed


def _too_deep(parsed: Any) -> bool:
    level: list[Any] = [parsed]
    for _ in range(DEPTH_MAX):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
