"""The ten factors of intrusiveness, exact for one timeline and bounded for a plan of intervals.

A timeline is first *measured* in natural units (seconds, claims, LU ...), then each measure becomes a factor 0..1; all
maps rise, so bounds of measures give bounds of factors. Time is continuous: exposures are steps between their own
edges, with no grid, so an exposure of any length counts for what it lasts. A window longer than the video is cut to
the video.

For a plan, lengths, sizes and the like act one way, so their matching ends bound every factor. Start times do not:
they move exposures over one another. Those three factors (load, peak, run) are bounded through the *hull* (where an
exposure may lie) and the *core* (where it must lie).

Order of the ten everywhere: ``constants.CODES``. Sources: ``constants.FACTORS`` and ``constants.TABLE``.
"""

from math import isnan
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from marketplace.intrusiveness import constants as c
from marketplace.intrusiveness.step_functions import TimeStep, area, best_mean, steps
from marketplace.intrusiveness.timeline import Exposure, ExposureKind, Timeline

Floats = npt.NDArray[np.float64]
End = Literal["low", "mid", "high"]
Numbers = tuple[float, ...]
NOTHING: Numbers = (0.0,) * len(c.CODES)
# What floating-point sums of start and length may be off by, seconds; what lasts no longer is not there.
_ROUNDING_S = 1e-9


class ExposureSpan(NamedTuple):
    """One exposure at one end of its intervals: begins anywhere in first..last, lasts ``seconds``, cut at the end.

    ``visual``: how much it strikes the eye, 0..1. ``weight``: how much of a second of it is an ad second, 0..1.
    ``place``: its number among the timeline's exposures.
    """

    first: float
    last: float
    seconds: float
    visual: float
    weight: float
    claims: float
    loose: float
    hit: bool
    place: int


def clip(value: float) -> float:
    return 0.0 if value < 0 else min(value, 1.0)


def visual(one: Exposure, end: End) -> float:
    """Return how much an exposure strikes the eye, 0..1; nothing where it is only heard."""
    if one.kind is ExposureKind.SPEECH:
        return 0.0
    seen: float = (
        c.PEAK_CENTRE * getattr(one.centre, end)
        + c.PEAK_SALIENCY * getattr(one.saliency, end)
        + c.PEAK_AREA * min(1.0, getattr(one.area_share, end) / c.AREA_FULL)
        + c.PEAK_CLARITY * getattr(one.clarity, end)
    )
    return seen


def spans(timeline: Timeline, end: End) -> list[ExposureSpan]:
    """Return the exposures at one end of their intervals; those that last no time at that end are left out."""
    found = []
    length = timeline.duration_s
    other: End = "mid" if end == "mid" else "high" if end == "low" else "low"
    for index, one in enumerate(timeline.exposures):
        start = one.start_s
        if end == "mid":
            first = last = start.mid
            seconds = min(one.seconds.mid, length - first)
        else:
            first, last = start.low, start.high
            seconds = min(one.seconds.low, length - last) if end == "low" else min(one.seconds.high, length - first)
        if seconds <= _ROUNDING_S:
            continue
        seen = visual(one, end)
        spoken = one.kind is ExposureKind.SPEECH
        found.append(
            ExposureSpan(
                first,
                last,
                seconds,
                seen,
                1.0 if spoken or one.cta else seen,
                getattr(one.claims, end),
                getattr(one.mentions, end) * (1 - getattr(one.plot, other)),
                spoken or seen >= c.REPEAT_VISUAL - _ROUNDING_S,
                index,
            )
        )
    return found


def measure(timeline: Timeline, end: End) -> Numbers:
    """Return the ten measures in natural units: ad seconds, peak and early 0..1, claims, longest run in seconds,
    brands, mentions outside the plot, LU, share of brand time, hits. "low" and "high" bound those of every plan inside
    the intervals; "mid" is the plan of midpoints."""
    return measure_spans(timeline, spans(timeline, end), end)


def measure_spans(timeline: Timeline, found: list[ExposureSpan], end: End) -> Numbers:
    """Return the measures of some of a timeline's exposures (see ``measure``)."""
    if not found:
        return NOTHING
    length = timeline.duration_s
    window = min(c.PEAK_WINDOW_S, length)
    first = claims = loose = 0.0
    hits = 0
    sure = True
    for one in found:
        first = max(first, early(one, length, end))
        claims += one.claims
        loose += one.loose
        hits += one.hit
        sure = sure and one.first == one.last
    if sure:
        load, peak, run = _load(found), _peak(found, window, length), _run(found)
    elif end == "high":
        load, peak, run = _load_most(found, length), _peak_most(found, window, length), _run_most(found, length)
    else:
        load, peak, run = _load_least(found), _peak_least(found, window, length), _run_least(found)
    return (
        load,
        peak,
        first,
        claims,
        run,
        getattr(timeline.brands, end),
        loose,
        getattr(timeline.loudness_lu, end),
        getattr(timeline.occlusion_share, end),
        float(hits),
    )


def early(one: ExposureSpan, length: float, end: End) -> float:
    """Return how early an exposure strikes, 0..1; less than a flash counts in proportion to what it lasts."""
    start = one.first if end == "high" else one.last
    left = 1 - start / (c.EARLY_WINDOW * length)
    return one.weight * left * min(1.0, one.seconds / c.FLASH_S) if left > 0 else 0.0


def to_factors(measures: Numbers, duration_s: float) -> Numbers:
    """Return the ten factors, 0..1 each, before relief."""
    load, peak, first, claims, run, brands, loose, loud, occl, hits = measures
    return (
        clip(load / duration_s / c.LOAD_FULL),
        clip(peak),
        clip(first),
        clip(claims / c.INFO_FULL),
        clip((run - c.RUN_FREE_S) / (c.RUN_FULL_S - c.RUN_FREE_S)),
        clip((brands - 1) / (c.CLUTTER_FULL - 1)),
        clip(loose / c.SPOKEN_FULL),
        clip((loud - c.LOUD_FREE_LU) / (c.LOUD_FULL_LU - c.LOUD_FREE_LU)),
        clip(occl / c.OCCL_FULL),
        clip((hits - 1) / (c.REPEAT_FULL - 1)),
    )


def relief(fit: float) -> float:
    """Return what is left of a relieved factor for a fit of 0..1; an unknown fit (NaN) relieves nothing."""
    return 1.0 if isnan(fit) else 1 - c.RELIEF_MAX * clip(fit)


def points(factors: Numbers, fit: float) -> Numbers:
    """Return the points of each factor after relief; they sum to the score."""
    left = relief(fit)
    return tuple(
        value * most * (left if eased else 1.0)
        for value, most, eased in zip(factors, c.POINTS, c.RELIEVED, strict=True)
    )


def raw_bounds(timeline: Timeline) -> tuple[Floats, Floats]:
    """Return the ten factors before relief at their least and most, [10] each: what to store of a plan, for
    ``relieved_total`` needs nothing else."""
    length = timeline.duration_s
    low, high = (to_factors(measure(timeline, end), length) for end in ("low", "high"))
    return np.array(low), np.array(high)


def raw_point(timeline: Timeline) -> Floats:
    """Return the ten factors [10] before relief of the plan of midpoints, whose score has the band."""
    return np.array(to_factors(measure(timeline, "mid"), timeline.duration_s))


def relieved_total(raw_low: Floats, raw_high: Floats, fit: Floats) -> tuple[Floats, Floats]:
    """Return the low and high scores [n] of n plans from their raw factors [n, 10] and the fit [n] of each pairing
    (NaN: not known).

    Columns are added from left to right, so that a row's bits do not depend on how many are scored together.
    """
    left = np.where(np.isnan(fit), 1.0, 1 - c.RELIEF_MAX * np.clip(fit, 0.0, 1.0))
    return _total(raw_low, left), _total(raw_high, left)


def _total(raw: Floats, left: Floats) -> Floats:
    total = np.zeros(raw.shape[0])
    for column, (most, eased) in enumerate(zip(c.POINTS, c.RELIEVED, strict=True)):
        total += raw[:, column] * most * (left if eased else 1.0)
    return total


def _load(found: list[ExposureSpan]) -> float:
    if len(found) == 1:
        return found[0].weight * found[0].seconds
    return area([TimeStep(one.first, one.first + one.seconds, one.weight) for one in found])


def _peak(found: list[ExposureSpan], window: float, length: float) -> float:
    best = max(one.visual for one in found)
    # Where the most striking exposure fills the window, nothing can exceed it and no window need be tried.
    if any(one.visual == best and one.seconds >= window for one in found):
        return best
    return best_mean(
        steps([TimeStep(one.first, one.first + one.seconds, one.visual) for one in found if one.visual > 0]),
        window,
        length,
    )


def runs(found: list[ExposureSpan]) -> list[tuple[float, float, list[ExposureSpan]]]:
    """Return start, end and members of each stretch of exact exposures whose gaps do not end it, in order of time."""
    out: list[tuple[float, float, list[ExposureSpan]]] = []
    for one in sorted(found):
        end = one.first + one.seconds
        if out and one.first <= out[-1][1] + c.RUN_GAP_S + _ROUNDING_S:
            out[-1] = (out[-1][0], max(out[-1][1], end), [*out[-1][2], one])
        else:
            out.append((one.first, end, [one]))
    return out


def _run(found: list[ExposureSpan]) -> float:
    start = longest = 0.0
    end = -float("inf")
    for one in sorted(found):
        if one.first > end + c.RUN_GAP_S + _ROUNDING_S:
            start, end = one.first, one.first + one.seconds
        else:
            end = max(end, one.first + one.seconds)
        longest = max(longest, end - start)
    return longest


def _clusters(found: list[ExposureSpan], gap: float, length: float) -> list[tuple[float, list[ExposureSpan]]]:
    """Group exposures that some choice of starts may bring within a gap of each other, with the width of each group."""
    out: list[tuple[float, list[ExposureSpan]]] = []
    start = end = 0.0
    for one in sorted(found):
        stop = min(length, one.last + one.seconds)
        if not out or one.first > end + gap + _ROUNDING_S:
            start, end = one.first, stop
            out.append((end - start, [one]))
        else:
            end = max(end, stop)
            out[-1][1].append(one)
            out[-1] = (end - start, out[-1][1])
    return out


def _load_most(found: list[ExposureSpan], length: float) -> float:
    """No group holds more than its exposures' sum, nor more than its hulls all filled."""
    total = 0.0
    for _, group in _clusters(found, 0.0, length):
        filled = sum(one.weight * one.seconds for one in group)
        if len(group) > 1:
            hulls = [TimeStep(one.first, min(length, one.last + one.seconds), one.weight) for one in group]
            filled = min(filled, area(hulls))
        total += filled
    return total


def _load_least(found: list[ExposureSpan]) -> float:
    """A group holds at least its cores, its largest exposure, and its sum less what pairs may share (Bonferroni)."""
    total = 0.0
    for _, group in _clusters(found, 0.0, float("inf")):
        parts = [one.weight * one.seconds for one in group]
        if len(group) == 1:
            total += parts[0]
            continue
        shared = 0.0
        for at, one in enumerate(group):
            for two in group[at + 1 :]:
                both = min(one.last + one.seconds, two.last + two.seconds) - max(one.first, two.first)
                if both > 0:
                    shared += min(one.weight, two.weight) * min(both, one.seconds, two.seconds)
        total += max(area(_cores(group, "weight")), max(parts), sum(parts) - shared)
    return total


def _cores(found: list[ExposureSpan], value: Literal["weight", "visual"]) -> list[TimeStep]:
    return [
        TimeStep(one.last, one.first + one.seconds, getattr(one, value))
        for one in found
        if one.last < one.first + one.seconds
    ]


def _peak_most(found: list[ExposureSpan], window: float, length: float) -> float:
    best = 0.0
    for _, group in _clusters([one for one in found if one.visual > 0], window, length):
        most = max(one.visual for one in group)
        if not any(one.visual == most and one.seconds >= window for one in group):
            most = sum(one.visual * min(window, one.seconds) for one in group) / window
            if len(group) > 1:
                hulls = [TimeStep(one.first, min(length, one.last + one.seconds), one.visual) for one in group]
                most = min(most, best_mean(steps(hulls), window, length))
        best = max(best, most)
    return best


def _peak_least(found: list[ExposureSpan], window: float, length: float) -> float:
    most = max(one.visual for one in found)
    alone = max(one.visual * min(window, one.seconds) for one in found) / window
    if alone >= most:
        return most
    return max(alone, best_mean(steps(_cores(found, "visual")), window, length))


def _run_most(found: list[ExposureSpan], length: float) -> float:
    return max(
        min(width, sum(one.seconds for one in group) + c.RUN_GAP_S * (len(group) - 1))
        for width, group in _clusters(found, c.RUN_GAP_S, length)
    )


def _run_least(found: list[ExposureSpan]) -> float:
    """Exposures that no choice of starts can part form a run from the latest begin to the earliest end among them."""
    longest = max(one.seconds for one in found)
    begin = reach = -float("inf")
    for one in sorted(found, key=lambda one: one.last):
        ends = one.first + one.seconds
        if one.last > ends + c.RUN_GAP_S:
            continue
        if one.last > reach + c.RUN_GAP_S:
            begin, reach = one.last, ends
        reach = max(reach, ends)
        longest = max(longest, reach - begin)
    return longest
