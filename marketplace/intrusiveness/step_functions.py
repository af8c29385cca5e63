"""Values that hold over stretches of time: the highest at each moment, and its area."""

from itertools import pairwise
from typing import NamedTuple


class TimeStep(NamedTuple):
    """A stretch of time (s) over which a value holds."""

    start: float
    end: float
    value: float


def steps(parts: list[TimeStep]) -> list[TimeStep]:
    """Return the highest value at each moment, without holes from the first start to the last end."""
    # A stretch shorter than floating-point numbers can tell apart has no width, and would fill up to the next edge.
    ordered = sorted(part for part in parts if part.end > part.start)
    edges = sorted({edge for part in ordered for edge in (part.start, part.end)})
    highest = []
    active: list[TimeStep] = []
    begun = 0
    for start, end in pairwise(edges):
        active = [part for part in active if part.end > start]
        while begun < len(ordered) and ordered[begun].start <= start:
            active.append(ordered[begun])
            begun += 1
        highest.append(TimeStep(start, end, max([part.value for part in active], default=0.0)))
    return highest


def area(parts: list[TimeStep]) -> float:
    """Return the area under the highest value at each moment."""
    total = 0.0
    ordered = sorted(parts)
    first = 0
    while first < len(ordered):
        start, end, value = ordered[first]
        stop = first + 1
        while stop < len(ordered) and ordered[stop].start < end:
            end = max(end, ordered[stop].end)
            stop += 1
        # Most parts of plans overlap nothing or only one other: those need no sweep.
        if stop - first == 1:
            total += (end - start) * value
        elif stop - first == 2:
            part, other = ordered[first], ordered[first + 1]
            total += (part.end - part.start) * value + (other.end - other.start) * other.value
            total -= (min(part.end, other.end) - other.start) * min(value, other.value)
        else:
            total += sum((step.end - step.start) * step.value for step in steps(ordered[first:stop]))
        first = stop
    return total
