"""Values that hold over stretches of time: the highest at each moment, its area, its best mean over a window."""

from bisect import bisect_right
from itertools import pairwise
from typing import NamedTuple


class TimeStep(NamedTuple):
    """A stretch of time over which a value holds."""

    start: float
    end: float
    value: float


def steps(parts: list[TimeStep]) -> list[TimeStep]:
    """Return the highest value at each moment, without holes from the first start to the last end."""
    # A stretch shorter than floating-point numbers can tell apart has no width, and would fill up to the next edge.
    todo = sorted(one for one in parts if one.end > one.start)
    edges = sorted({edge for one in todo for edge in (one.start, one.end)})
    found = []
    active: list[TimeStep] = []
    taken = 0
    for start, end in pairwise(edges):
        active = [one for one in active if one.end > start]
        while taken < len(todo) and todo[taken].start <= start:
            active.append(todo[taken])
            taken += 1
        found.append(TimeStep(start, end, max([one.value for one in active], default=0.0)))
    return found


def area(parts: list[TimeStep]) -> float:
    """Return the area under the highest value at each moment. Parts that touch nothing, or only one other, need no
    sweep: they are most of what plans hold."""
    total = 0.0
    todo = sorted(parts)
    at = 0
    while at < len(todo):
        first, end, value = todo[at]
        stop = at + 1
        while stop < len(todo) and todo[stop].start < end:
            end = max(end, todo[stop].end)
            stop += 1
        if stop - at == 1:
            total += (end - first) * value
        elif stop - at == 2:
            one, two = todo[at], todo[at + 1]
            total += (one.end - one.start) * value + (two.end - two.start) * two.value
            total -= (min(one.end, two.end) - two.start) * min(value, two.value)
        else:
            total += sum((step.end - step.start) * step.value for step in steps(todo[at:stop]))
        at = stop
    return total


def best_mean(found: list[TimeStep], window: float, length: float) -> float:
    """Return the best mean over a window inside the video; the best one begins or ends at an edge of a step."""
    if not found:
        return 0.0
    edges = [found[0].start, *(one.end for one in found)]
    sums = [0.0]
    for one in found:
        sums.append(sums[-1] + (one.end - one.start) * one.value)

    def up_to(moment: float) -> float:
        at = bisect_right(edges, moment) - 1
        if at < 0:
            return 0.0
        if at >= len(found):
            return sums[-1]
        return sums[at] + (moment - edges[at]) * found[at].value

    starts = {min(max(edge - back, 0.0), length - window) for edge in edges for back in (0.0, window)}
    return max(up_to(start + window) - up_to(start) for start in starts) / window
