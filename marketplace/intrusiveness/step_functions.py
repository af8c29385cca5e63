"""Values that hold over stretches of time: the highest at each moment, its area, and how long values last."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Sequence
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


def worth_lasting(
    parts: Sequence[TimeStep], seconds: Sequence[float], gap: float, worth: Callable[[float, float], float]
) -> list[float]:
    """Return for each part the most that a value of its own or less is worth, ``worth(value, s)``, for the stretch of
    time in which values as high hold around it. A gap that is no longer than ``gap`` does not end a stretch.

    ``seconds`` of the parts and the gaps between them are the most that a stretch lasts. What has no width has its own
    ``seconds`` alone. ``worth`` rises with both of its arguments.
    """
    most = [worth(part.value, own) for part, own in zip(parts, seconds, strict=True)]
    # From the highest value down, each part joins what it touches: first and last moment, seconds, parts.
    starts: list[float] = []
    stretches: list[tuple[float, float, list[int]]] = []
    for index in sorted((i for i, one in enumerate(parts) if one.end > one.start), key=lambda i: -parts[i].value):
        start, end, value = parts[index]
        lasts, joined = seconds[index], [index]
        last = bisect_right(starts, end + gap)
        first = last
        while first and stretches[first - 1][0] >= start - gap:
            first -= 1
        for (other_end, other_s, members), other_start in zip(stretches[first:last], starts[first:last], strict=True):
            start, end = min(start, other_start), max(end, other_end)
            lasts, joined = lasts + other_s + gap, joined + members
        starts[first:last], stretches[first:last] = [start], [(end, lasts, joined)]
        now = worth(value, min(lasts, end - start))
        for member in joined:
            most[member] = max(most[member], now)
    return most
