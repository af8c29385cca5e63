"""Read a request's JSON body strictly (RFC 8259).

Names given twice, NaN and deep nesting mean different things to different readers, or cost without bound: they are
refused, not interpreted.
"""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from marketplace.core.errors import DomainError
from marketplace.core.estimate import unique_names

DEPTH_MAX = 40


def _not_finite(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number in JSON")


def read_json() -> Any:
    """Return the body's object: UTF-8, no name twice, no NaN, bounded depth. No body at all is an empty object.

    Raises DomainError (400), UnsupportedMediaType (415).
    """
    body = request.get_data(cache=True)
    if not body and not request.mimetype:
        return {}  # what is required is then missed by name, which says more than a refusal of the media type
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send the body as Content-Type: application/json.")
    try:
        parsed = json.loads(body.decode("utf-8"), object_pairs_hook=unique_names, parse_constant=_not_finite)
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
