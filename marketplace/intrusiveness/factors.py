"""The ten factors of intrusiveness, exact for one timeline and bounded for a plan of intervals.

A timeline is first *measured* in natural units (seconds, claims, LU ...), then each measure becomes a factor 0..1. All
of these maps rise, so bounds of measures give bounds of factors. Time is continuous: exposures are steps between their
own edges, with no grid, so an exposure of any length counts for what it lasts. A window longer than the video is cut to
the video.

For a plan, lengths, sizes and most other fields act in one direction only, so the matching ends of their intervals
bound every factor. Start times do not: they move exposures over one another. The three factors that this touches (load,
peak, run) are bounded through the *hull* of an exposure (the time it may cover) and its *core* (the time it covers
wherever in its interval it starts).

Order of the ten everywhere: ``constants.CODES``. Sources: ``constants.FACTORS`` and ``constants.TABLE``.
"""

from math import isnan
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from marketplace.intrusiveness import constants
from marketplace.intrusiveness.step_functions import TimeStep, area, best_mean, steps
from marketplace.intrusiveness.timeline import Exposure, ExposureKind, Timeline

Floats = npt.NDArray[np.float64]
# Which end of a plan's intervals: the one that disturbs least, their midpoints, the one that disturbs most.
End = Literal["low", "mid", "high"]
# The ten measures, factors or points, in the order of constants.CODES.
Numbers = tuple[float, ...]
NOTHING: Numbers = (0.0,) * len(constants.CODES)
# The error that floating-point sums of start and length may carry, in seconds; an exposure no longer than this is none.
_ROUNDING_S = 1e-9


class ExposureSpan(NamedTuple):
    """One exposure at one end of its intervals: it starts anywhere in ``earliest``..``latest`` (s), lasts ``seconds``,
    and is cut at the end of the video.

    ``visual``: how much it strikes the eye, 0..1. ``weight``: how much of a second of it is an ad second, 0..1.
    ``claims``: selling points. ``loose_mentions``: spoken mentions outside the plot. ``hit``: whether it counts as a
    striking appearance. ``exposure_index``: its position among the timeline's exposures.

    Spans sort by their earliest start, because that comes first.
    """

    earliest: float
    latest: float
    seconds: float
    visual: float
    weight: float
    claims: float
    loose_mentions: float
    hit: bool
    exposure_index: int


def clip(value: float) -> float:
    """Return a value cut to 0..1."""
    return 0.0 if value < 0 else min(value, 1.0)


def visual(exposure: Exposure, end: End) -> float:
    """Return how much an exposure strikes the eye, 0..1; 0 for one that is only heard."""
    if exposure.kind is ExposureKind.SPEECH:
        return 0.0
    strength: float = (
        constants.PEAK_CENTRE * getattr(exposure.centre, end)
        + constants.PEAK_SALIENCY * getattr(exposure.saliency, end)
        + constants.PEAK_AREA * min(1.0, getattr(exposure.area_share, end) / constants.AREA_FULL)
        + constants.PEAK_CLARITY * getattr(exposure.clarity, end)
    )
    return strength


def spans(timeline: Timeline, end: End) -> list[ExposureSpan]:
    """Return the exposures at one end of their intervals, without those that last no time at that end."""
    found = []
    length = timeline.duration_s
    # A larger role in the plot disturbs less, so the bounds of mentions outside the plot use its opposite end.
    opposite: End = "mid" if end == "mid" else "high" if end == "low" else "low"
    for index, exposure in enumerate(timeline.exposures):
        start = exposure.start_s
        if end == "mid":
            earliest = latest = start.mid
            seconds = min(exposure.seconds.mid, length - earliest)
        elif end == "low":
            earliest, latest = start.low, start.high
            seconds = min(exposure.seconds.low, length - latest)
        else:
            earliest, latest = start.low, start.high
            seconds = min(exposure.seconds.high, length - earliest)
        if seconds <= _ROUNDING_S:
            continue
        strength = visual(exposure, end)
        spoken = exposure.kind is ExposureKind.SPEECH
        found.append(
            ExposureSpan(
                earliest=earliest,
                latest=latest,
                seconds=seconds,
                visual=strength,
                # Speech and calls to action are an ad for all of their time, whatever is in the picture.
                weight=1.0 if spoken or exposure.cta else strength,
                claims=getattr(exposure.claims, end),
                loose_mentions=getattr(exposure.mentions, end) * (1 - getattr(exposure.plot, opposite)),
                hit=spoken or strength >= constants.REPEAT_VISUAL - _ROUNDING_S,
                exposure_index=index,
            )
        )
    return found


def measure(timeline: Timeline, end: End) -> Numbers:
    """Return the ten measures [10] in natural units.

    They are: ad seconds, peak and early 0..1, claims, longest run in seconds, brands, mentions outside the plot, LU,
    share of brand time, hits. "low" and "high" bound those of every plan inside the intervals; "mid" is the plan of
    midpoints.
    """
    return measure_spans(timeline, spans(timeline, end), end)


def measure_spans(timeline: Timeline, spans: list[ExposureSpan], end: End) -> Numbers:
    """Return the measures of some of a timeline's exposures (see ``measure``)."""
    if not spans:
        return NOTHING
    length = timeline.duration_s
    window = min(constants.PEAK_WINDOW_S, length)
    earliness = claims = loose_mentions = 0.0
    hits = 0
    exact = True
    for span in spans:
        earliness = max(earliness, early(span, length, end))
        claims += span.claims
        loose_mentions += span.loose_mentions
        hits += span.hit
        exact = exact and span.earliest == span.latest
    if exact:
        load, peak, run = _load(spans), _peak(spans, window, length), _run(spans)
    elif end == "high":
        load, peak, run = _load_most(spans, length), _peak_most(spans, window, length), _run_most(spans, length)
    else:
        load, peak, run = _load_least(spans), _peak_least(spans, window, length), _run_least(spans)
    return (
        load,
        peak,
        earliness,
        claims,
        run,
        getattr(timeline.brands, end),
        loose_mentions,
        getattr(timeline.loudness_lu, end),
        getattr(timeline.occlusion_share, end),
        float(hits),
    )


def early(span: ExposureSpan, length: float, end: End) -> float:
    """Return how early an exposure strikes, 0..1; one shorter than a flash counts in proportion to what it lasts."""
    start = span.earliest if end == "high" else span.latest
    remaining = 1 - start / (constants.EARLY_WINDOW * length)
    return span.weight * remaining * min(1.0, span.seconds / constants.FLASH_S) if remaining > 0 else 0.0


def to_factors(measures: Numbers, duration_s: float) -> Numbers:
    """Return the ten factors [10], 0..1 each, before relief."""
    load, peak, earliness, claims, run, brands, loose_mentions, loudness, occlusion, hits = measures
    return (
        clip(load / duration_s / constants.LOAD_FULL),
        clip(peak),
        clip(earliness),
        clip(claims / constants.INFO_FULL),
        clip((run - constants.RUN_FREE_S) / (constants.RUN_FULL_S - constants.RUN_FREE_S)),
        clip((brands - 1) / (constants.CLUTTER_FULL - 1)),
        clip(loose_mentions / constants.SPOKEN_FULL),
        clip((loudness - constants.LOUD_FREE_LU) / (constants.LOUD_FULL_LU - constants.LOUD_FREE_LU)),
        clip(occlusion / constants.OCCL_FULL),
        clip((hits - 1) / (constants.REPEAT_FULL - 1)),
    )


def relief(fit: float) -> float:
    """Return what remains of a relieved factor for a fit of 0..1, as a share; an unknown fit (NaN) relieves nothing."""
    return 1.0 if isnan(fit) else 1 - constants.RELIEF_MAX * clip(fit)


def points(factors: Numbers, fit: float) -> Numbers:
    """Return the points [10] of each factor after relief; they sum to the score."""
    remaining = relief(fit)
    return tuple(
        value * most * (remaining if relieved else 1.0)
        for value, most, relieved in zip(factors, constants.POINTS, constants.RELIEVED, strict=True)
    )


def raw_bounds(timeline: Timeline) -> tuple[Floats, Floats]:
    """Return the ten factors before relief at their least and most, [10] each.

    These are what to store of a plan: ``relieved_total`` needs nothing else.
    """
    length = timeline.duration_s
    low, high = (to_factors(measure(timeline, end), length) for end in ("low", "high"))
    return np.array(low), np.array(high)


def raw_point(timeline: Timeline) -> Floats:
    """Return the ten factors [10] before relief of the plan of midpoints, whose score sets the band."""
    return np.array(to_factors(measure(timeline, "mid"), timeline.duration_s))


def relieved_total(raw_low: Floats, raw_high: Floats, fit: Floats) -> tuple[Floats, Floats]:
    """Return the low and high scores [n] of n plans from their raw factors [n, 10] and the fit [n] of each pairing
    (NaN: unknown).

    Columns are added from left to right, so that a row's bits do not depend on how many are scored together.
    """
    remaining = np.where(np.isnan(fit), 1.0, 1 - constants.RELIEF_MAX * np.clip(fit, 0.0, 1.0))
    return _total(raw_low, remaining), _total(raw_high, remaining)


def _total(raw: Floats, remaining: Floats) -> Floats:
    total = np.zeros(raw.shape[0])
    for column, (most, relieved) in enumerate(zip(constants.POINTS, constants.RELIEVED, strict=True)):
        total += raw[:, column] * most * (remaining if relieved else 1.0)
    return total


def _load(spans: list[ExposureSpan]) -> float:
    if len(spans) == 1:
        return spans[0].weight * spans[0].seconds
    return area([TimeStep(span.earliest, span.earliest + span.seconds, span.weight) for span in spans])


def _peak(spans: list[ExposureSpan], window: float, length: float) -> float:
    highest = max(span.visual for span in spans)
    # If the most striking exposure fills the window, nothing can exceed it and no window need be tried.
    if any(span.visual == highest and span.seconds >= window for span in spans):
        return highest
    visible = [span for span in spans if span.visual > 0]
    return best_mean(
        steps([TimeStep(span.earliest, span.earliest + span.seconds, span.visual) for span in visible]), window, length
    )


class ExposureRun(NamedTuple):
    """A stretch of exposures whose gaps are too short to end it: start and end in seconds, and the exposures."""

    start: float
    end: float
    spans: list[ExposureSpan]


def runs(spans: list[ExposureSpan]) -> list[ExposureRun]:
    """Return the runs that exposures with exact starts form, in order of time."""
    found: list[ExposureRun] = []
    for span in sorted(spans):
        end = span.earliest + span.seconds
        if found and span.earliest <= found[-1].end + constants.RUN_GAP_S + _ROUNDING_S:
            last = found[-1]
            found[-1] = ExposureRun(last.start, max(last.end, end), [*last.spans, span])
        else:
            found.append(ExposureRun(span.earliest, end, [span]))
    return found


def _run(spans: list[ExposureSpan]) -> float:
    # The longest of ``runs``, without building lists: scoring calls it for every plan.
    start = longest = 0.0
    end = -float("inf")
    for span in sorted(spans):
        if span.earliest > end + constants.RUN_GAP_S + _ROUNDING_S:
            start, end = span.earliest, span.earliest + span.seconds
        else:
            end = max(end, span.earliest + span.seconds)
        longest = max(longest, end - start)
    return longest


def _clusters(spans: list[ExposureSpan], gap: float, length: float) -> list[tuple[float, list[ExposureSpan]]]:
    """Group exposures that some choice of starts may bring within a gap of each other.

    Return the width (s) and the members of each group.
    """
    groups: list[tuple[float, list[ExposureSpan]]] = []
    start = end = 0.0
    for span in sorted(spans):
        hull_end = min(length, span.latest + span.seconds)
        if not groups or span.earliest > end + gap + _ROUNDING_S:
            start, end = span.earliest, hull_end
            groups.append((end - start, [span]))
        else:
            end = max(end, hull_end)
            groups[-1][1].append(span)
            groups[-1] = (end - start, groups[-1][1])
    return groups


def _load_most(spans: list[ExposureSpan], length: float) -> float:
    """Bound the ad seconds from above: no group holds more than its exposures' sum, nor more than its hulls filled."""
    total = 0.0
    for _, group in _clusters(spans, 0.0, length):
        most = sum(span.weight * span.seconds for span in group)
        if len(group) > 1:
            most = min(most, area(_hulls(group, "weight", length)))
        total += most
    return total


def _load_least(spans: list[ExposureSpan]) -> float:
    """Bound the ad seconds from below: a group holds at least its cores, its largest exposure, and its sum less what
    pairs may share (Bonferroni)."""
    total = 0.0
    for _, group in _clusters(spans, 0.0, float("inf")):
        parts = [span.weight * span.seconds for span in group]
        if len(group) == 1:
            total += parts[0]
            continue
        shared = 0.0
        for index, span in enumerate(group):
            for other in group[index + 1 :]:
                overlap = min(span.latest + span.seconds, other.latest + other.seconds) - max(
                    span.earliest, other.earliest
                )
                if overlap > 0:
                    shared += min(span.weight, other.weight) * min(overlap, span.seconds, other.seconds)
        total += max(area(_cores(group, "weight")), max(parts), sum(parts) - shared)
    return total


def _hulls(spans: list[ExposureSpan], value: Literal["weight", "visual"], length: float) -> list[TimeStep]:
    return [TimeStep(span.earliest, min(length, span.latest + span.seconds), getattr(span, value)) for span in spans]


def _cores(spans: list[ExposureSpan], value: Literal["weight", "visual"]) -> list[TimeStep]:
    return [
        TimeStep(span.latest, span.earliest + span.seconds, getattr(span, value))
        for span in spans
        if span.latest < span.earliest + span.seconds
    ]


def _peak_most(spans: list[ExposureSpan], window: float, length: float) -> float:
    highest = 0.0
    for _, group in _clusters([span for span in spans if span.visual > 0], window, length):
        most = max(span.visual for span in group)
        if not any(span.visual == most and span.seconds >= window for span in group):
            most = sum(span.visual * min(window, span.seconds) for span in group) / window
            if len(group) > 1:
                most = min(most, best_mean(steps(_hulls(group, "visual", length)), window, length))
        highest = max(highest, most)
    return highest


def _peak_least(spans: list[ExposureSpan], window: float, length: float) -> float:
    highest = max(span.visual for span in spans)
    alone = max(span.visual * min(window, span.seconds) for span in spans) / window
    if alone >= highest:
        return highest
    return max(alone, best_mean(steps(_cores(spans, "visual")), window, length))


def _run_most(spans: list[ExposureSpan], length: float) -> float:
    return max(
        min(width, sum(span.seconds for span in group) + constants.RUN_GAP_S * (len(group) - 1))
        for width, group in _clusters(spans, constants.RUN_GAP_S, length)
    )


def _run_least(spans: list[ExposureSpan]) -> float:
    """Bound the longest run from below: exposures that no choice of starts can part form a run from the latest start to
    the earliest end among them."""
    longest = max(span.seconds for span in spans)
    start = reach = -float("inf")
    for span in sorted(spans, key=lambda span: span.latest):
        earliest_end = span.earliest + span.seconds
        if span.latest > earliest_end + constants.RUN_GAP_S:
            continue
        if span.latest > reach + constants.RUN_GAP_S:
            start, reach = span.latest, earliest_end
        reach = max(reach, earliest_end)
        longest = max(longest, reach - start)
    return longest
