"""Joins sights in single pictures into stretches of time."""

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
    """Return the stretches that sights (by picture) make, if every picture was searched.

    Sights at most JOIN_GAP_S apart belong to one stretch. An edge is midway between the last picture without and the
    first with the sight, or at the cut between them. The last picture stays to the end, as players hold it.
    """
    result: list[TimeRun[T]] = []
    pictures = sorted(sights)
    run: list[int] = []
    for picture in pictures:
        if run and times[picture] - times[run[-1]] > JOIN_GAP_S:
            result.append(_run(run, sights, times, duration_s, cuts))
            run = []
        run.append(picture)
    return [*result, _run(run, sights, times, duration_s, cuts)] if run else result


def _run(
    run: Sequence[int], sights: Mapping[int, T], times: Sequence[float], duration_s: float, cuts: Sequence[float]
) -> TimeRun[T]:
    first, last = run[0], run[-1]
    start = times[0] if first == 0 else edge(times[first - 1], times[first], cuts)
    end = duration_s if last + 1 == len(times) else edge(times[last], times[last + 1], cuts)
    return TimeRun(start, max(end, start), tuple((picture, sights[picture]) for picture in run))


def edge(before: float, after: float, cuts: Sequence[float]) -> float:
    """Return the moment of a change between two moments: the cut between them, else midway."""
    index = bisect_right(cuts, before)
    return cuts[index] if index < len(cuts) and cuts[index] <= after else (before + after) / 2
