"""Read a request's JSON body strictly (RFC 8259).

Names given twice, NaN and deep nesting mean different things to different readers, or cost without bound: they are
refused, not interpreted.
"""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from flask import request

from marketplace.core.errors import DomainError, WrongMediaType
from marketplace.core.estimate import json_fault, unique_names
from marketplace.core.message import Bilingual

DEPTH_MAX = 40


class _NoNumber(ValueError):
    """NaN or Infinity, which JSON does not have."""


def _not_finite(word: str) -> NoReturn:
    raise _NoNumber(word)


def read_json() -> Any:
    """Return the body's object: UTF-8, no name twice, no NaN, bounded depth. A byte order mark is passed over.

    No body at all is an empty object. Raises DomainError (400), WrongMediaType (415).
    """
    body = request.get_data(cache=True)
    if not body and not request.mimetype:
        return {}  # what is required is then missed by name, which says more than a refusal of the media type
    if request.mimetype != "application/json":
        raise WrongMediaType(
            Bilingual(
                "请以 Content-Type: application/json 发送内容。", "Send the body as Content-Type: application/json."
            )
        )
    try:
        parsed = json.loads(body.decode("utf-8-sig"), object_pairs_hook=unique_names, parse_constant=_not_finite)
    except (ValueError, RecursionError) as error:
        raise _refused(_reason(error)) from error
    if not isinstance(parsed, dict):
        raise DomainError(Bilingual("内容应当是一个 JSON 对象：{...}。", "The body must be a JSON object: {...}."))
    if _too_deep(parsed):
        raise _refused(_TOO_DEEP)
    return parsed


_TOO_DEEP = Bilingual(f"嵌套超过 {DEPTH_MAX} 层", f"nested deeper than {DEPTH_MAX}")


def _refused(reason: Bilingual) -> DomainError:
    return DomainError(
        Bilingual(f"内容不是合格的 JSON：{reason.zh}。", f"The body is not the JSON that is expected: {reason.en}.")
    )


def _reason(error: ValueError | RecursionError) -> Bilingual:
    if isinstance(error, RecursionError):
        return _TOO_DEEP
    if isinstance(error, _NoNumber):
        return Bilingual(f"{error} 不是 JSON 的数", f"{error} is not a number in JSON")
    return json_fault(error)


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
