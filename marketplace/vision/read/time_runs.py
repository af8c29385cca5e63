"""From sights in single pictures to stretches of time."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

JOIN_GAP_S = 0.8
T = TypeVar("T")


@dataclass(frozen=True)
class TimeRun(Generic[T]):
    """A stretch of time with its sights: (picture, what was seen there), ascending."""

    start_s: float
    end_s: float
    sights: tuple[tuple[int, T], ...]

    @property
    def seconds(self) -> float:
        return self.end_s - self.start_s


def runs(sights: Mapping[int, T], times: Sequence[float], duration_s: float, cuts: Sequence[float]) -> list[TimeRun[T]]:
    """Return the stretches that sights (by picture) make, all pictures having been looked at.

    Sights at most JOIN_GAP_S apart are one stretch. An edge lies midway between the last picture without and the first
    with, or on the cut between them.
    """
    found: list[TimeRun[T]] = []
    seen = sorted(sights)
    part: list[int] = []
    for at in seen:
        if part and times[at] - times[part[-1]] > JOIN_GAP_S:
            found.append(_run(part, sights, times, duration_s, cuts))
            part = []
        part.append(at)
    return [*found, _run(part, sights, times, duration_s, cuts)] if part else found


def _run(
    part: Sequence[int], sights: Mapping[int, T], times: Sequence[float], duration_s: float, cuts: Sequence[float]
) -> TimeRun[T]:
    first, last = part[0], part[-1]
    start = 0.0 if first == 0 else edge(times[first - 1], times[first], cuts)
    end = duration_s if last + 1 == len(times) else edge(times[last], times[last + 1], cuts)
    return TimeRun(start, max(end, start), tuple((at, sights[at]) for at in part))


def edge(one: float, other: float, cuts: Sequence[float]) -> float:
    """Return where something changed between two moments: at the cut between them, else midway."""
    at = bisect_right(cuts, one)
    return cuts[at] if at < len(cuts) and cuts[at] <= other else (one + other) / 2
