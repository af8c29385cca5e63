"""A number with its interval."""

from collections.abc import Iterable
from typing import NamedTuple


class Estimate(NamedTuple):
    """A number with the ends of its interval (80 % unless its field says otherwise); each None where not known."""

    point: float | None
    low: float | None
    high: float | None


def finite(values: Iterable[float | None]) -> list[float | None]:
    """Return the values with None instead of NaN and of infinity, which JSON does not have."""
    return [None if value is None or not abs(value) < float("inf") else float(value) for value in values]
