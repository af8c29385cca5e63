"""Overlapping stretches of time counted once: exactly where starts are known, else as a bound.

A plan's start may be an interval, so a stretch has a *hull* (the time that it may cover) and a *core* (the time that it
covers wherever it begins). Stretches whose hulls are apart never meet and are bounded apart.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from marketplace.intrusiveness import constants
from marketplace.intrusiveness.step_functions import TimeStep, area

# Which end of a plan's intervals: the one that disturbs least, their midpoints, the one that disturbs most.
End = Literal["low", "mid", "high"]
# The error that floating-point sums of start and length may carry, in seconds; what lasts no longer is nothing.
ROUNDING_S = 1e-9


class TimePart(NamedTuple):
    """A value that holds for ``seconds`` from a start anywhere in ``earliest``..``latest`` (s).

    At the low end ``seconds`` is what it lasts at the least, at the high end what it lasts at the most.
    """

    earliest: float
    latest: float
    seconds: float
    value: float


def area_once(parts: Sequence[TimePart], end: End, length: float) -> float:
    """Return the area under the highest value at each moment (value x s), or its bound at this end of the intervals.

    ``length``: of the video, in seconds.
    """
    if _are_exact(parts):
        return area([TimeStep(part.earliest, min(length, part.earliest + part.seconds), part.value) for part in parts])
    if end == "high":
        # No group holds more than its parts' sum, nor more than its hulls filled.
        return sum(min(area(_hulls(group, length)), _sum(group, length)) for group in _clusters(parts, 0.0, length))
    # A group holds at least its cores and at least its largest part.
    return sum(max(area(_cores(group)), _largest(group)) for group in _clusters(parts, 0.0, length))


def largest_run(parts: Sequence[TimePart], end: End, length: float) -> float:
    """Return the largest area (value x s) of a run of parts, or its bound; a gap of RUN_GAP_S does not end a run."""
    gap = constants.RUN_GAP_S
    if _are_exact(parts):
        return max((area(_hulls(group, length)) for group in _clusters(parts, gap, length)), default=0.0)
    if end == "high":
        return max(min(area(_hulls(group, length)), _sum(group, length)) for group in _clusters(parts, gap, length))
    cores = [TimePart(step.start, step.start, step.end - step.start, step.value) for step in _cores(parts)]
    return max([_largest(parts), *(area(_hulls(group, length)) for group in _clusters(cores, gap, length))])


def by_level(parts: Sequence[TimePart]) -> list[tuple[float, list[TimePart]]]:
    """Return the levels of the parts' values from low to high: how far each rises over the one below, and the parts
    that reach it, each with the value 1."""
    levels: list[tuple[float, list[TimePart]]] = []
    below = 0.0
    for height in sorted({part.value for part in parts if part.value > 0}):
        levels.append((height - below, [part._replace(value=1.0) for part in parts if part.value >= height]))
        below = height
    return levels


def _are_exact(parts: Sequence[TimePart]) -> bool:
    return all(part.earliest == part.latest for part in parts)


def _clusters(parts: Sequence[TimePart], gap: float, length: float) -> list[list[TimePart]]:
    """Group parts that some choice of starts may bring within a gap of each other."""
    groups: list[list[TimePart]] = []
    reach = 0.0
    for part in sorted(parts):
        hull_end = min(length, part.latest + part.seconds)
        if groups and part.earliest <= reach + gap + ROUNDING_S:
            groups[-1].append(part)
            reach = max(reach, hull_end)
        else:
            groups.append([part])
            reach = hull_end
    return groups


def _hulls(parts: Sequence[TimePart], length: float) -> list[TimeStep]:
    return [TimeStep(part.earliest, min(length, part.latest + part.seconds), part.value) for part in parts]


def _cores(parts: Sequence[TimePart]) -> list[TimeStep]:
    return [
        TimeStep(part.latest, part.earliest + part.seconds, part.value)
        for part in parts
        if part.latest < part.earliest + part.seconds
    ]


def _sum(parts: Sequence[TimePart], length: float) -> float:
    return sum(part.value * min(part.seconds, length - part.earliest) for part in parts)


def _largest(parts: Sequence[TimePart]) -> float:
    return max(part.value * part.seconds for part in parts)
