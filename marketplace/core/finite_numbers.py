"""Numbers that are stored or answered are finite: what is not known is null, and what has no end is a fault.

JSON has neither NaN nor infinity. One of them in a stored document made PostgreSQL refuse the whole row, and one in an
answer made clients refuse to read it, so both borders refuse them, and where a number may be unknown it is made null.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt


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


def refuse_infinite(name: str, values: npt.ArrayLike) -> None:
    """Raise NotFinite if some value of a column of numbers is infinite. NaN stands for what is not known."""
    numbers = np.asarray(values, dtype=np.float64)
    if np.isinf(numbers).any():
        raise NotFinite(f"The column {name} holds a number without an end.")
