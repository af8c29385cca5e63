"""Overlapping stretches of time counted once: exactly where starts are known, else as a bound.

A plan's start may be an interval, so a stretch has a *hull* (the time that it may cover) and a *core* (the time that it
covers wherever it begins). Stretches whose hulls are apart never meet and are bounded apart. What an exposure tells
counts once too, however often the same one is listed.

What a whole costs without each one of its parts is worked out for all of them in one pass: a plan may have two hundred.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import accumulate
from math import inf
from typing import Literal, NamedTuple

from marketplace.intrusiveness import constants
from marketplace.intrusiveness.step_functions import TimeStep, TopStretch, area, tops
from marketplace.intrusiveness.timeline import Exposure

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


def areas_without(parts: Sequence[TimePart], length: float) -> list[float]:
    """Return ``area_once`` of exact parts without each one of them, in their order, in a single pass."""
    left_out = [0.0] * len(parts)
    total = 0.0
    for stretch in tops(_hulls(parts, length)):
        if stretch.owner is not None:
            seconds = stretch.end - stretch.start
            total += seconds * stretch.value
            left_out[stretch.owner] += seconds * (stretch.value - stretch.below)
    return [max(0.0, total - lost) for lost in left_out]


def largest_runs_without(parts: Sequence[TimePart], length: float) -> list[float]:
    """Return ``largest_run`` of exact parts without each one of them, in their order, in a single pass.

    Leaving a part out lowers the values where it is highest, and ends the run where nothing else is there for long.
    """
    stretches = tops(_hulls(parts, length))
    areas = list(accumulate(((one.end - one.start) * one.value for one in stretches), initial=0.0))
    owned: list[list[int]] = [[] for _ in parts]
    run_of: list[int] = []
    runs: list[tuple[int, int]] = []
    for index, stretch in enumerate(stretches):
        if not runs or _is_break(stretch.end - stretch.start, stretch):
            runs.append((index, index + 1))
        runs[-1] = (runs[-1][0], index + 1)
        run_of.append(len(runs) - 1)
        if stretch.owner is not None:
            owned[stretch.owner].append(index)
    whole = [areas[last] - areas[first] for first, last in runs]
    best, others = largest_two(whole)
    found = []
    for mine in owned:
        if not mine:  # hidden by what is stronger, and alone nowhere
            found.append(best)
            continue
        run = run_of[mine[0]]
        rest = others if whole[run] == best else best
        found.append(max(rest, *_split(stretches, areas, mine, runs[run])))
    return found


def largest_two(values: Sequence[float]) -> tuple[float, float]:
    """Return the largest of some values, none of them below zero, and the largest without one such; 0 for none."""
    largest, second = 0.0, 0.0
    for value in values:
        if value > largest:
            largest, second = value, largest
        else:
            second = max(second, value)
    return largest, second


def largest_without(values: Sequence[float]) -> list[float]:
    """Return the largest of some values, none of them below zero, without each one of them, in their order."""
    largest, second = largest_two(values)
    return [second if value == largest else largest for value in values]


def _is_break(seconds: float, stretch: TopStretch) -> bool:
    return stretch.owner is None and seconds > constants.RUN_GAP_S + ROUNDING_S


def _split(
    stretches: Sequence[TopStretch], areas: Sequence[float], mine: Sequence[int], run: tuple[int, int]
) -> Iterator[float]:
    """Yield the areas of what is left of a run of stretches without the part that is highest in ``mine``."""
    first, last = run
    saved = list(
        accumulate(
            ((stretches[at].end - stretches[at].start) * (stretches[at].value - stretches[at].below) for at in mine),
            initial=0.0,
        )
    )

    def area_of(begin: int, end: int) -> float:
        lost = saved[bisect_left(mine, end)] - saved[bisect_left(mine, begin)]
        return max(0.0, areas[end] - areas[begin] - lost)

    for begin, end in _emptied(stretches, mine, run):
        if stretches[end - 1].end - stretches[begin].start > constants.RUN_GAP_S + ROUNDING_S:
            yield area_of(first, begin)
            first = end
    yield area_of(first, last)


def _emptied(stretches: Sequence[TopStretch], mine: Sequence[int], run: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last index (not included) of the stretches in a row that hold nothing without the part
    that is highest in ``mine``."""
    begin = end = -1
    for index in mine:
        if not stretches[index].alone:
            continue
        before = index - 1 if index > run[0] and stretches[index - 1].owner is None else index
        after = index + 2 if index + 1 < run[1] and stretches[index + 1].owner is None else index + 1
        if before > end:
            if end > begin:
                yield begin, end
            begin = before
        end = after
    if end > begin:
        yield begin, end


def seconds_by_level(parts: Sequence[TimePart], end: End, length: float) -> list[tuple[float, float]]:
    """Return the levels of the parts' values from high to low: how far each rises over the one below, and in how many
    seconds it is reached, or their bound at this end of the intervals (``area_once`` of the parts that reach it).

    From level to level parts are joined to what is there already, so that no second is counted anew for each of them.
    """
    ordered = sorted((part for part in parts if part.value > 0), key=lambda part: -part.value)
    reached = _LevelSeconds(end, length)
    levels: list[tuple[float, float]] = []
    for part, below in zip(ordered, [*(part.value for part in ordered[1:]), 0.0], strict=False):
        reached.add(part)
        if part.value > below:
            levels.append((part.value - below, reached.seconds))
    return levels


class _TimeGroup(NamedTuple):
    """Parts that may meet: from where to where (s), the seconds of their cores, of the longest and of all of them."""

    start: float
    end: float
    core: float
    longest: float
    total: float


class _LevelSeconds:
    """The seconds in which some part is there, or their bound at an end of the intervals, kept as parts are added."""

    def __init__(self, end: End, length: float) -> None:
        self._end, self._length = end, length
        # Both by time, and apart from each other.
        self._groups: list[_TimeGroup] = []
        self._cores: list[tuple[float, float]] = []
        self.seconds = 0.0

    def add(self, part: TimePart) -> None:
        start, end = part.earliest, min(self._length, part.latest + part.seconds)
        first = bisect_left(self._groups, start - ROUNDING_S, key=lambda group: group.end)
        after = bisect_right(self._groups, end + ROUNDING_S, lo=first, key=lambda group: group.start)
        met = self._groups[first:after]
        group = _TimeGroup(
            min([start, *(one.start for one in met)]),
            max([end, *(one.end for one in met)]),
            self._covered(part.latest, part.earliest + part.seconds) + sum(one.core for one in met),
            max([part.seconds, *(one.longest for one in met)]),
            min(part.seconds, self._length - part.earliest) + sum(one.total for one in met),
        )
        self._groups[first:after] = [group]
        self.seconds += self._bound(group) - sum(map(self._bound, met))

    def _bound(self, group: _TimeGroup) -> float:
        """See ``area_once``: hulls that meet leave no hole, and where starts are exact both bounds are the seconds."""
        if self._end == "low":
            return max(group.core, group.longest)
        return min(group.end - group.start, group.total)

    def _covered(self, start: float, end: float) -> float:
        """Add a core, if there is one, and return how many seconds no other has covered."""
        if start >= end:
            return 0.0
        first = bisect_left(self._cores, start, key=lambda core: core[1])
        after = bisect_right(self._cores, end, lo=first, key=lambda core: core[0])
        met = self._cores[first:after]
        whole = (min([start, *(one[0] for one in met)]), max([end, *(one[1] for one in met)]))
        self._cores[first:after] = [whole]
        return whole[1] - whole[0] - sum(one[1] - one[0] for one in met)


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


def told_once(told: Iterable[tuple[Exposure, float]], end: End) -> float:
    """Return the sum of what exposures tell (selling points, mentions), where the same exposure listed again adds
    nothing: of those of one kind with the same start and length, the most counts.

    At the low end this holds for all that could be the same, at the high end only for what surely is.
    """
    counted = [(exposure, amount) for exposure, amount in told if amount > 0]
    if end == "low":
        return _least_told(counted)
    groups: dict[Hashable, float] = {}
    for index, (exposure, amount) in enumerate(counted):
        same = _same_for_sure(exposure, index, end)
        groups[same] = max(amount, groups.pop(same, 0.0))
    return sum(groups.values())


def _same_for_sure(exposure: Exposure, index: int, end: End) -> Hashable:
    """Return what exposures have in common that are the same at their midpoints, or wherever they begin."""
    start, seconds = exposure.start_s, exposure.seconds
    if end == "mid":
        return exposure.kind, start.mid, seconds.mid
    is_exact = start.low == start.high and seconds.low == seconds.high
    return (exposure.kind, start.low, seconds.low) if is_exact else index


class _ToldGroup(NamedTuple):
    """Exposures that could be the same: where the last of them begins, its place among all, and the most told."""

    start_low: float
    place: int
    exposure: Exposure
    amount: float


def _least_told(counted: Iterable[tuple[Exposure, float]]) -> float:
    """Return the sum of what exposures tell if all that could be the same are."""
    groups: list[_ToldGroup] = []  # by their start; of no two are places alike
    longest = 0.0
    for place, (exposure, amount) in enumerate(counted):
        start = exposure.start_s
        longest = max(longest, start.high - start.low)
        # Only those whose starts come this near can be the same, so that the rest are not looked at.
        first = bisect_left(groups, (start.low - longest - ROUNDING_S,))
        after = bisect_right(groups, (start.high, inf))
        same = [at for at in range(first, after) if _may_be_same(exposure, groups[at].exposure)]
        for at in reversed(same):
            amount = max(amount, groups.pop(at).amount)
        insort(groups, _ToldGroup(start.low, place, exposure, amount))
    return sum(group.amount for group in sorted(groups, key=lambda group: group.place))


def _may_be_same(one: Exposure, other: Exposure) -> bool:
    a, b, c, d = one.start_s, other.start_s, one.seconds, other.seconds
    return a.low <= b.high and b.low <= a.high and c.low <= d.high and d.low <= c.high and one.kind is other.kind


def told_without(told: Sequence[tuple[Exposure, float]]) -> list[float]:
    """Return ``told_once`` at the midpoints without each one of some exposures, in their order."""
    groups: dict[Hashable, list[float]] = {}
    keys = [_same_for_sure(exposure, 0, "mid") for exposure, _ in told]
    for key, (_, amount) in zip(keys, told, strict=True):
        groups.setdefault(key, []).append(amount)
    most = {key: largest_two(amounts) for key, amounts in groups.items()}
    total = sum(largest for largest, _ in most.values())
    return [
        max(0.0, total - most[key][0] + most[key][1]) if amount == most[key][0] else total
        for key, (_, amount) in zip(keys, told, strict=True)
    ]
