"""The nine factors of intrusiveness, exact for one timeline and bounded for a plan of intervals.

An exposure takes a share of the viewer's attention while it lasts, 0..1:

    attention = strength x relief
    strength  = 1 for speech, else size x place x (.3 + .7 saliency) x (.5 + .5 clarity)
    relief    = 1 - .20 fit - .25 plot - .50 fit plot

What overlaps counts once, at its strongest. A timeline is first *measured*, then each measure becomes a factor 0..1;
all of these maps rise, so bounds of measures give bounds of factors. Lengths, sizes and most other fields of a plan act
in one direction only, so the matching ends of their intervals bound every factor; for start times see ``overlaps``.

Fit is a fact of a pairing, not of a plan: factors are worked out and stored for a fit of 0 and for a fit of 1, and
those of a fit between are the mean of the two, weighted by it. Sources: ``constants.FACTORS``, ``constants.TABLE``.
"""

from collections.abc import Sequence
from math import exp, isnan
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from marketplace.intrusiveness import constants
from marketplace.intrusiveness.disclosure.plan_lines import discloses_only
from marketplace.intrusiveness.merged_sights import BLINK_S
from marketplace.intrusiveness.overlaps import (
    ROUNDING_S,
    End,
    TimePart,
    area_once,
    areas_without,
    largest_run,
    largest_runs_without,
    largest_without,
    told_once,
    told_without,
)
from marketplace.intrusiveness.step_functions import TimeStep, worth_lasting
from marketplace.intrusiveness.timeline import Exposure, ExposureKind, Timeline, TimelineSource

Floats = npt.NDArray[np.float64]
# Nine measures, factors or points in the order of constants.CODES; raw factors are eighteen: at no fit, at full fit.
Numbers = tuple[float, ...]
NOTHING: Numbers = (0.0,) * len(constants.CODES)
RAW_WIDTH = 2 * len(constants.CODES)
ENDS: tuple[End, ...] = ("low", "mid", "high")
_OPPOSITE: dict[End, End] = {"low": "high", "mid": "mid", "high": "low"}


class ExposureSpan(NamedTuple):
    """One exposure at one end of its intervals: it starts anywhere in ``earliest``..``latest`` (s), lasts ``seconds``,
    and is cut at the end of the video.

    ``strength``: how much of the viewer's attention it takes before relief, 0..1. ``plot``: its role in the plot, 0..1.
    ``claims``: selling points, a call to act counting as one. ``mentions``: times the brand is named. ``kind`` is the
    exposure's, ``exposure_index`` its position among the timeline's exposures.

    Spans sort by their earliest start, because that comes first.
    """

    earliest: float
    latest: float
    seconds: float
    strength: float
    plot: float
    claims: float
    mentions: float
    kind: ExposureKind
    exposure_index: int


def share_seconds(some: Sequence[ExposureSpan], gap: float = 0.0) -> list[list[ExposureSpan]]:
    """Group spans with exact starts that share seconds, by time; those up to ``gap`` s apart belong together too."""
    groups: list[list[ExposureSpan]] = []
    reach = 0.0
    for span in sorted(some):
        if groups and span.earliest < reach + gap - ROUNDING_S:
            groups[-1].append(span)
            reach = max(reach, span.earliest + span.seconds)
        else:
            groups.append([span])
            reach = span.earliest + span.seconds
    return groups


def clip(value: float) -> float:
    """Return a value cut to 0..1."""
    return 0.0 if value < 0 else min(value, 1.0)


def strength(exposure: Exposure, end: End) -> float:
    """Return how much of the viewer's attention an exposure takes while it lasts, before relief, 0..1."""
    if exposure.kind is ExposureKind.SPEECH:
        return 1.0
    saliency, clarity = getattr(exposure.saliency, end), getattr(exposure.clarity, end)
    value: float = (
        _size(getattr(exposure.area_share, end))
        * _place(getattr(exposure.centre, end))
        * (constants.CALM + (1 - constants.CALM) * saliency)
        * (constants.BLURRED + (1 - constants.BLURRED) * clarity)
    )
    return value


def _size(area_share: float) -> float:
    slope = clip((area_share - constants.SMALL_UNTIL) / (constants.LARGE_FROM - constants.SMALL_UNTIL))
    share: float = min(1.0, area_share / constants.AREA_FULL) ** constants.AREA_EXPONENT
    return share * (constants.SMALL + (1 - constants.SMALL) * slope)


def _place(centre: float) -> float:
    edge = constants.PLACE_CORNER + (constants.PLACE_EDGE - constants.PLACE_CORNER) * min(
        1.0, centre / constants.EDGE_UNTIL
    )
    return edge + (1 - constants.PLACE_EDGE) * clip(
        (centre - constants.EDGE_UNTIL) / (constants.MIDDLE_FROM - constants.EDGE_UNTIL)
    )


def relief(fit: float, plot: float) -> float:
    """Return what remains of an exposure's attention for a fit and a role in the plot of 0..1 each, as a share."""
    return 1 - constants.RELIEF_FIT * fit - constants.RELIEF_PLOT * plot - constants.RELIEF_BOTH * fit * plot


def spans(timeline: Timeline, end: End) -> list[ExposureSpan]:
    """Return the exposures at one end of their intervals, without those that last no time at that end, and in a plan
    without those that only say who pays."""
    found = []
    length, planned = timeline.duration_s, timeline.source is TimelineSource.PLAN
    for index, exposure in enumerate(timeline.exposures):
        start = exposure.start_s
        earliest, latest = (start.mid, start.mid) if end == "mid" else (start.low, start.high)
        seconds = min(getattr(exposure.seconds, end), length - (latest if end == "low" else earliest))
        if seconds <= ROUNDING_S or (planned and discloses_only(exposure)):
            continue
        found.append(
            ExposureSpan(
                earliest=earliest,
                latest=latest,
                seconds=seconds,
                strength=strength(exposure, end),
                # A larger role in the plot disturbs less, so the ends use its opposite end.
                plot=getattr(exposure.plot, _OPPOSITE[end]),
                claims=getattr(exposure.claims, end) + exposure.cta,
                mentions=getattr(exposure.mentions, end),
                kind=exposure.kind,
                exposure_index=index,
            )
        )
    return found


def measure(timeline: Timeline, end: End, fit: float) -> Numbers:
    """Return the nine measures [9] of a timeline for a fit of 0..1: attention in seconds, breaking in and out of place
    0..1, selling points, attention of the longest run in seconds, mentions, other brands, LU, share of brand time.

    "low" and "high" bound those of every plan inside the intervals; "mid" is the plan of midpoints.
    """
    return measure_spans(timeline, spans(timeline, end), end, fit)


def measure_spans(timeline: Timeline, some: Sequence[ExposureSpan], end: End, fit: float) -> Numbers:
    """Return the measures of some of a timeline's exposures (see ``measure``)."""
    if not some:
        return NOTHING
    length, weighed = timeline.duration_s, _weighed(timeline, some, fit)
    return (
        area_once([_impression(part, end, length) for part in weighed.parts], end, length),
        max(_breaks(some, weighed.parts, length, end)),
        _noticed_out_of_place(max(part.value for part in weighed.misplaced), area_once(weighed.misplaced, end, length)),
        told_once(weighed.claims, end),
        largest_run(weighed.parts, end, length),
        told_once(weighed.mentions, end),
        *_of_video(timeline, end, fit),
    )


def measures_without(timeline: Timeline, some: Sequence[ExposureSpan], fit: float) -> list[Numbers]:
    """Return the measures of spans at the midpoints without each one of them, in their order (see ``measure``).

    Each is worked out from what all of them share, so that twice as many take about twice as long.
    """
    if len(some) < 2:
        return [NOTHING] * len(some)
    length, weighed = timeline.duration_s, _weighed(timeline, some, fit)
    of_spans = zip(
        areas_without([_impression(part, "mid", length) for part in weighed.parts], length),
        _breaks_without(some, weighed.parts, length),
        largest_without([part.value for part in weighed.misplaced]),
        areas_without(weighed.misplaced, length),
        told_without(weighed.claims),
        largest_runs_without(weighed.parts, length),
        told_without(weighed.mentions),
        strict=True,
    )
    return [
        (area, breaks, _noticed_out_of_place(worst, misplaced), *rest, *_of_video(timeline, "mid", fit))
        for area, breaks, worst, misplaced, *rest in of_spans
    ]


class _WeighedSpans(NamedTuple):
    """Spans by what of them is measured: their attention and how far they are out of place over time, and what they
    tell, eased by relief."""

    parts: list[TimePart]
    misplaced: list[TimePart]
    claims: list[tuple[Exposure, float]]
    mentions: list[tuple[Exposure, float]]


def _weighed(timeline: Timeline, some: Sequence[ExposureSpan], fit: float) -> _WeighedSpans:
    eased = [(span, timeline.exposures[span.exposure_index], relief(fit, span.plot)) for span in some]
    return _WeighedSpans(
        [_part(span, span.strength * left) for span, _, left in eased],
        [_part(span, out_of_place(span, fit)) for span in some],
        [(exposure, span.claims * left) for span, exposure, left in eased],
        [(exposure, span.mentions * left) for span, exposure, left in eased],
    )


def _of_video(timeline: Timeline, end: End, fit: float) -> Numbers:
    others = (getattr(timeline.brands, end) - 1) * (1 - constants.RELIEF_FIT * fit)
    return others, getattr(timeline.loudness_lu, end), getattr(timeline.occlusion_share, end)


def _part(span: ExposureSpan, value: float) -> TimePart:
    return TimePart(span.earliest, span.latest, span.seconds, value)


def _impression(part: TimePart, end: End, length: float) -> TimePart:
    """Return a part that takes at least an impression's time, as far as the video lasts."""
    room = length - (part.latest if end == "low" else part.earliest)
    return part._replace(seconds=min(max(part.seconds, constants.LEAST_SECONDS), room))


def _breaks(some: Sequence[ExposureSpan], parts: Sequence[TimePart], length: float, end: End) -> list[float]:
    """Return how much each exposure breaks in (see ``breaking_in``), where those that a blink keeps apart are one
    stretch: a sight that is told in many short pieces breaks in like the whole."""
    if all(part.seconds >= constants.FLASH_S for part in parts):
        worths = [_worth(part.value, part.seconds) for part in parts]
    else:
        # What surely is there at the low end, what may be there at the high one: both are the parts where starts are
        # exact.
        first, last = ("latest", "earliest") if end == "low" else ("earliest", "latest")
        times = [
            TimeStep(getattr(part, first), min(length, getattr(part, last) + part.seconds), part.value)
            for part in parts
        ]
        worths = worth_lasting(times, [part.seconds for part in parts], BLINK_S, _worth)
    return [_depth_of(span, length, end) * worth for span, worth in zip(some, worths, strict=True)]


def _breaks_without(some: Sequence[ExposureSpan], parts: Sequence[TimePart], length: float) -> list[float]:
    """Return the most that exposures break in without each one of them, at the midpoints."""
    if all(part.seconds >= constants.FLASH_S for part in parts):
        return largest_without(_breaks(some, parts, length, "mid"))
    others = [[index for index in range(len(some)) if index != one] for one in range(len(some))]
    return [max(_breaks([some[i] for i in rest], [parts[i] for i in rest], length, "mid")) for rest in others]


def _worth(attention: float, seconds: float) -> float:
    value: float = attention**constants.INTERRUPT_EXPONENT * min(1.0, seconds / constants.FLASH_S)
    return value


def breaking_in(span: ExposureSpan, attention: float, length: float, end: End) -> float:
    """Return how much an exposure breaks in by itself, 0..1: by its attention, by how deep in the video it begins, and
    one shorter than a flash in proportion to what it lasts."""
    return _depth_of(span, length, end) * _worth(attention, span.seconds)


def _depth_of(span: ExposureSpan, length: float, end: End) -> float:
    if end == "low":
        return min(depth(span.earliest, length), depth(span.latest, length))
    # The depth rises, stays and falls: its most within an interval is at the end of the rise, or at an end.
    rise = min(max(constants.OPENING_UNTIL * length, span.earliest), span.latest)
    return max(depth(span.earliest, length), depth(rise, length))


def depth(start_s: float, length: float) -> float:
    """Return how deep in the video a moment lies, 0..1: half at the opening, all in its heart, little at the end."""
    opening, heart = constants.OPENING_UNTIL * length, constants.HEART_UNTIL * length
    if start_s < opening:
        return constants.OPENING_DEPTH + (1 - constants.OPENING_DEPTH) * start_s / opening
    return 1 - (1 - constants.END_DEPTH) * clip((start_s - heart) / (constants.END_FROM * length - heart))


def out_of_place(span: ExposureSpan, fit: float) -> float:
    """Return how far an exposure is out of place while it lasts, 0..1; small things are hardly less so."""
    belongs = (1 - span.plot) * (1 - constants.MISPLACED_FIT * fit)
    value: float = span.strength**constants.MISPLACED_EXPONENT * belongs
    return value


def _noticed_out_of_place(worst: float, area: float) -> float:
    """Return how far exposures are out of place, 0..1: the worst of them, and how long that is noticed, from the area
    under how far they are (s)."""
    noticed = 1 - exp(-area / constants.MISPLACED_PACE_S)
    value: float = worst**constants.MISPLACED_WORST * noticed
    return value


def to_factors(measures: Numbers, duration_s: float) -> Numbers:
    """Return the nine factors [9], 0..1 each."""
    attention, breaks, misplaced, claims, run, mentions, others, loudness, occlusion = measures
    share = clip(attention / duration_s)
    return (
        (1 + constants.TIME_HALF) * share / (share + constants.TIME_HALF),
        clip(breaks),
        clip(misplaced),
        1 - exp(-claims / constants.SELLING_PACE),
        1 - exp(-max(0.0, run - constants.RUN_FREE_S) / constants.RUN_PACE_S),
        1 - exp(-mentions / constants.NAMED_PACE),
        clip(others / (constants.CLUTTER_FULL - 1)),
        clip((loudness - constants.LOUD_FREE_LU) / (constants.LOUD_FULL_LU - constants.LOUD_FREE_LU)),
        clip(occlusion / constants.OCCL_FULL),
    )


def raw_of_spans(timeline: Timeline, some: Sequence[ExposureSpan], end: End) -> Numbers:
    """Return the raw factors [18] of some of a timeline's exposures: those of no fit, then those of full fit."""
    length = timeline.duration_s
    none, full = (to_factors(measure_spans(timeline, some, end, fit), length) for fit in (0.0, 1.0))
    return (*none, *full)


def raw_without(timeline: Timeline, some: Sequence[ExposureSpan]) -> list[Numbers]:
    """Return the raw factors [18] at the midpoints without each one of some exposures, in their order."""
    none, full = (
        [to_factors(measures, timeline.duration_s) for measures in measures_without(timeline, some, fit)]
        for fit in (0.0, 1.0)
    )
    return [(*eased, *relieved) for eased, relieved in zip(none, full, strict=True)]


def raw(timeline: Timeline, end: End) -> Numbers:
    """Return the raw factors [18] of a timeline at one end of its intervals."""
    return raw_of_spans(timeline, spans(timeline, end), end)


def at_fit(both: Numbers, fit: float) -> Numbers:
    """Return the mean of numbers for no fit and for full fit [2 x n], weighted by the fit (NaN: unknown, as none)."""
    share = 0.0 if isnan(fit) else clip(fit)
    half = len(both) // 2
    return tuple((1 - share) * none + share * full for none, full in zip(both[:half], both[half:], strict=True))


def points(both: Numbers, fit: float) -> Numbers:
    """Return the points [9] of each factor from the raw factors [18]; they sum to the score."""
    return tuple(value * most for value, most in zip(at_fit(both, fit), constants.POINTS, strict=True))


def raw_bounds(timeline: Timeline) -> tuple[Floats, Floats]:
    """Return the raw factors at their least and most, [18] each.

    These are what to store of a plan: ``fitted_total`` needs nothing else.
    """
    return np.array(raw(timeline, "low")), np.array(raw(timeline, "high"))


def fitted_points(both: Floats, fit: Floats) -> Floats:
    """Return the points of each factor [n, 9] of n plans from their raw factors [n, 18] and the fit [n] of each pairing
    (NaN: unknown)."""
    share = np.clip(np.nan_to_num(fit), 0.0, 1.0)[:, None]
    none, full = np.split(both, 2, axis=1)
    told: Floats = ((1 - share) * none + share * full) * np.array(constants.POINTS)
    return told


def fitted_total(raw_low: Floats, raw_high: Floats, fit: Floats) -> tuple[Floats, Floats]:
    """Return the low and high scores [n] of n plans from their raw factors [n, 18] and the fit [n] of each pairing.

    Columns are added from left to right, so that a row's bits do not depend on how many are scored together.
    """
    return _total(fitted_points(raw_low, fit)), _total(fitted_points(raw_high, fit))


def _total(told: Floats) -> Floats:
    total = np.zeros(told.shape[0])
    for column in range(told.shape[1]):
        total += told[:, column]
    return total


def seconds_in_all(timeline: Timeline, end: End) -> float:
    """Return in how many seconds the brand is seen or heard; what overlaps counts once."""
    parts = [_part(span, 1.0) for span in spans(timeline, end)]
    return area_once(parts, end, timeline.duration_s) if parts else 0.0


def ad_seconds(timeline: Timeline, end: End) -> float:
    """Return the ad-equivalent seconds of a timeline: the attention that it takes where nothing relieves it."""
    return measure(timeline, end, 0.0)[0]
