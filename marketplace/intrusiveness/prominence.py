"""Prominence, 0..100: how well the brand is noticed, the value side of the same exposures (higher is better).

In the family of Nielsen/Repucom QI and BrandMatrix: seconds (each worth less the longer a run lasts) x size (worth
ever less) x clarity x position, less when brands share the video; a spoken mention lifts most (Fossen & Schweidel
2019). With fade(x) = F ln(1 + x/F), S the value scale and sums over exposures i:

    worth = sum fade(seconds_i) sqrt(min(1, area_i/10 %)) clarity_i (1/2 + centre_i/2) + fade(4 s x mentions)
    prominence = 100 (1 - exp(-worth / sqrt(brands) / S))

Constants and sources: constants.TABLE. Nothing here depends on where exposures overlap, so the ends of a plan's
intervals bound it.
"""

from dataclasses import dataclass
from math import exp, log1p

from marketplace.intrusiveness import constants
from marketplace.intrusiveness.factors import End
from marketplace.intrusiveness.messages import between
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
    seconds = between(_seen_s(timeline, "low"), _seen_s(timeline, "high"))
    mentions = between(_mentions(timeline, "low"), _mentions(timeline, "high"))
    brands = between(timeline.brands.low, timeline.brands.high)
    return Prominence(
        low,
        high,
        point,
        f"品牌显著度 {score}（满分 100）：画面露出折合满幅 {seconds} 秒，口播 {mentions} 次，同片品牌 {brands} 个。",
        f"Prominence {score} of 100: what is seen is worth {seconds} s of a full frame, the brand is named "
        f"{mentions} times, brands in the video: {brands}.",
        constants.PROMINENCE_VERSION,
    )


def prominence_range(timeline: Timeline) -> tuple[float, float]:
    """Return the low and high prominence alone (see ``prominence``)."""
    return 100 * _share(timeline, "low"), 100 * _share(timeline, "high")


def fade(seconds: float) -> float:
    """Return what seconds in a row are worth, in seconds: each counts less than the one before."""
    return constants.FADE_S * log1p(seconds / constants.FADE_S)


def _lasting_s(timeline: Timeline, exposure: Exposure, end: End) -> float:
    if end == "mid":
        seconds, start = exposure.seconds.mid, exposure.start_s.mid
    elif end == "low":
        seconds, start = exposure.seconds.low, exposure.start_s.high
    else:
        seconds, start = exposure.seconds.high, exposure.start_s.low
    return max(0.0, min(seconds, timeline.duration_s - start))


def _seen_s(timeline: Timeline, end: End) -> float:
    """Return what is seen, in seconds of a clear, centred exposure at full size."""
    total = 0.0
    for exposure in timeline.exposures:
        if exposure.kind is not ExposureKind.SPEECH:
            size = min(1.0, getattr(exposure.area_share, end) / constants.AREA_FULL) ** constants.SIZE_EXPONENT
            position = 1 - constants.VALUE_CENTRE * (1 - getattr(exposure.centre, end))
            total += fade(_lasting_s(timeline, exposure, end)) * size * position * getattr(exposure.clarity, end)
    return total


def _mentions(timeline: Timeline, end: End) -> float:
    return sum(
        (getattr(exposure.mentions, end) for exposure in timeline.exposures if _lasting_s(timeline, exposure, end) > 0),
        start=0.0,
    )


def _share(timeline: Timeline, end: End) -> float:
    # More brands lower prominence, so the bounds use the opposite end of their number.
    opposite: End = "mid" if end == "mid" else "high" if end == "low" else "low"
    worth = _seen_s(timeline, end) + fade(constants.MENTION_WORTH_S * _mentions(timeline, end))
    return 1 - exp(-worth / getattr(timeline.brands, opposite) ** constants.CLUTTER_EXPONENT / constants.VALUE_SCALE_S)
