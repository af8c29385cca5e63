"""Values that hold over stretches of time: the highest at each moment, and its area."""

from bisect import bisect_left, insort
from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import pairwise
from typing import NamedTuple


class TimeStep(NamedTuple):
    """A stretch of time (s) over which a value holds."""

    start: float
    end: float
    value: float


class TopStretch(NamedTuple):
    """A stretch of time (s) with the part that is highest in it, as its index (None: no part is there), the highest
    value and the one that would hold without that part; ``alone``: no other part is there."""

    start: float
    end: float
    owner: int | None
    value: float
    below: float
    alone: bool


def steps(parts: list[TimeStep]) -> list[TimeStep]:
    """Return the highest value at each moment, without holes from the first start to the last end."""
    # A stretch shorter than floating-point numbers can tell apart has no width, and would fill up to the next edge.
    ordered = sorted(part for part in parts if part.end > part.start)
    edges = sorted({edge for part in ordered for edge in (part.start, part.end)})
    highest = []
    # The highest first; what has ended is taken out only once it would be the highest.
    active: list[tuple[float, float]] = []
    begun = 0
    for start, end in pairwise(edges):
        while begun < len(ordered) and ordered[begun].start <= start:
            heappush(active, (-ordered[begun].value, ordered[begun].end))
            begun += 1
        while active and active[0][1] <= start:
            heappop(active)
        highest.append(TimeStep(start, end, -active[0][0] if active else 0.0))
    return highest


def tops(parts: Sequence[TimeStep]) -> list[TopStretch]:
    """Return which part is highest at each moment, without holes from the first start to the last end."""
    # Ends come before starts at the same moment; a part without width never begins.
    moments = sorted(
        moment
        for index, part in enumerate(parts)
        if part.end > part.start
        for moment in ((part.start, True, index), (part.end, False, index))
    )
    found = []
    active: list[tuple[float, int]] = []
    for (start, begins, index), (end, _, _) in pairwise(moments):
        one = (parts[index].value, index)
        if begins:
            insort(active, one)
        else:
            del active[bisect_left(active, one)]
        if end > start:
            value, owner = active[-1] if active else (0.0, None)
            below = active[-2][0] if len(active) > 1 else 0.0
            found.append(TopStretch(start, end, owner, value, below, len(active) == 1))
    return found


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
