"""A number with its interval."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A number with the ends of its 80 % interval; None where it is not known."""

    point: float | None
    low: float | None
    high: float | None


def finite(values: Iterable[float | None]) -> list[float | None]:
    """Return the values with None instead of NaN and of infinity, which JSON does not have."""
    return [None if value is None or not abs(value) < float("inf") else float(value) for value in values]
