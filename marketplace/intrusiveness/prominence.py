"""Prominence, 0..100: how well the brand is noticed, the value side of the same exposures (higher is better).

In the family of Nielsen/Repucom QI and BrandMatrix: seconds (each worth less the more there are) x size (worth ever
less) x clarity x position, less when brands share the video; a spoken mention lifts most (Fossen & Schweidel 2019).
What is seen at once is one sight, at its best: with v an exposure's value, T(h) the seconds in which the best of what
is seen reaches h, fade(x) = F ln(1 + x/F) and S the value scale,

    v = sqrt(min(1, area/10 %)) clarity (1/2 + centre/2)
    worth = integral of fade(T(h)) over h from 0 to 1 + fade(4 s x mentions)
    prominence = 100 (1 - exp(-worth / sqrt(brands) / S))

so that the same exposure listed again adds nothing. Constants and sources: constants.TABLE. Bounds of T(h)
(``overlaps``) bound it for a plan of intervals.
"""

from dataclasses import dataclass
from math import exp, inf, log1p

from marketplace.intrusiveness import constants
from marketplace.intrusiveness.factors import ExposureSpan, spans
from marketplace.intrusiveness.messages import between, counted, times
from marketplace.intrusiveness.overlaps import End, TimePart, seconds_by_level, told_once
from marketplace.intrusiveness.timeline import Exposure, ExposureKind, Timeline


@dataclass(frozen=True)
class Prominence:
    """Range and plan of midpoints, 0..100, with a sentence on what it is made of."""

    low: float
    high: float
    point: float
    zh: str
    en: str
    model_version: str


def prominence(timeline: Timeline) -> Prominence:
    """Return how well the brand would be noticed; every plan inside the intervals is within low..high."""
    low, point, high = 100 * _share(timeline, "low"), 100 * _share(timeline, "mid"), 100 * _share(timeline, "high")
    score = between(low, high)
    ends: tuple[End, End] = ("low", "high")
    seen = between(*(_seen_s(timeline, spans(timeline, end), end) for end in ends))
    mentions = counted(*(_mentions(timeline, spans(timeline, end), end) for end in ends))
    brands = counted(timeline.brands.low, timeline.brands.high)
    return Prominence(
        low,
        high,
        point,
        f"品牌显著度 {score}（满分 100）：画面露出折合满幅 {seen} 秒，提及品牌 {mentions} 次，同片品牌 {brands} 个。",
        f"Prominence {score} of 100: what is seen is worth {seen} s of a full frame, the brand is named "
        f"{times(mentions)}, brands in the video: {brands}.",
        constants.PROMINENCE_VERSION,
    )


def prominence_range(timeline: Timeline) -> tuple[float, float]:
    """Return the low and high prominence alone (see ``prominence``)."""
    return 100 * _share(timeline, "low"), 100 * _share(timeline, "high")


def sure_prominence(timeline: Timeline) -> float:
    """Return the prominence that a plan is sure of where the brand is named once at the most: naming it again makes it
    more prominent and no better noticed (see ``notice``), so that repeating a name keeps no promise to show it."""
    return 100 * _share(timeline, "low", mentions_most=1.0)


def fade(seconds: float) -> float:
    """Return what seconds in a row are worth, in seconds: each counts less than the one before."""
    return constants.FADE_S * log1p(seconds / constants.FADE_S)


def sight_value(exposure: Exposure, end: End) -> float:
    """Return what a second of an exposure is worth, 0..1: of one that is clear, centred and large, all of it."""
    if exposure.kind is ExposureKind.SPEECH:
        return 0.0
    size = min(1.0, getattr(exposure.area_share, end) / constants.VALUE_AREA_FULL) ** constants.SIZE_EXPONENT
    position = 1 - constants.VALUE_CENTRE * (1 - getattr(exposure.centre, end))
    value: float = size * position * getattr(exposure.clarity, end)
    return value


def _seen_s(timeline: Timeline, some: list[ExposureSpan], end: End) -> float:
    """Return what is seen, in seconds of a clear, centred exposure at full size; what overlaps counts once."""
    exposures = timeline.exposures
    sights = [
        TimePart(span.earliest, span.latest, span.seconds, sight_value(exposures[span.exposure_index], end))
        for span in some
    ]
    return sum(rise * fade(seconds) for rise, seconds in seconds_by_level(sights, end, timeline.duration_s))


def _mentions(timeline: Timeline, some: list[ExposureSpan], end: End) -> float:
    return told_once([(timeline.exposures[span.exposure_index], span.mentions) for span in some], end)


def _share(timeline: Timeline, end: End, mentions_most: float = inf) -> float:
    # More brands lower prominence, so the bounds use the opposite end of their number.
    opposite: End = "mid" if end == "mid" else "high" if end == "low" else "low"
    some = spans(timeline, end)
    mentions = min(mentions_most, _mentions(timeline, some, end))
    worth = _seen_s(timeline, some, end) + fade(constants.MENTION_WORTH_S * mentions)
    return 1 - exp(-worth / getattr(timeline.brands, opposite) ** constants.CLUTTER_EXPONENT / constants.VALUE_SCALE_S)
