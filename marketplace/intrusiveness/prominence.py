"""Prominence, 0..100: how well the brand is noticed, the value side of the same exposures (higher is better).

In the family of Nielsen/Repucom QI and BrandMatrix: seconds (each worth less the longer a run lasts) x size (worth
ever less) x clarity x position, less where brands share the video; a spoken mention lifts most (Fossen & Schweidel
2019). With fade(x) = F ln(1 + x/F), S the value scale and sums over exposures i:

    worth = sum fade(seconds_i) sqrt(min(1, area_i/10 %)) clarity_i (1/2 + centre_i/2) + fade(4 s x mentions)
    prominence = 100 (1 - exp(-worth / sqrt(brands) / S))

Constants and sources: constants.TABLE. Nothing here depends on where exposures overlap, so the ends of a plan's
intervals bound it.
"""

from dataclasses import dataclass
from math import exp, log1p

from marketplace.intrusiveness import constants as c
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
    """Return how well the brand would be noticed; every plan inside the intervals lies in low..high."""
    low, point, high = (_of(timeline, "low"), _of(timeline, "mid"), _of(timeline, "high"))
    seen = (_seen(timeline, "low"), _seen(timeline, "high"))
    named = (_named(timeline, "low"), _named(timeline, "high"))
    brands = between(timeline.brands.low, timeline.brands.high)
    value = [100 * one for one in (low, point, high)]
    told = between(value[0], value[2])
    return Prominence(
        value[0],
        value[2],
        value[1],
        f"品牌显著度 {told}（满分 100）：画面露出折合满幅 {between(*seen)} 秒，口播 {between(*named)} 次，"
        f"同片品牌 {brands} 个。",
        f"Prominence {told} of 100: what is seen is worth {between(*seen)} s of a full frame, the brand is named "
        f"{between(*named)} times, brands in the video: {brands}.",
        c.PROMINENCE_VERSION,
    )


def prominence_range(timeline: Timeline) -> tuple[float, float]:
    """Return the low and high prominence alone (see ``prominence``)."""
    return 100 * _of(timeline, "low"), 100 * _of(timeline, "high")


def fade(seconds: float) -> float:
    """Return seconds of which each counts less than the one before."""
    return c.FADE_S * log1p(seconds / c.FADE_S)


def _lasting(timeline: Timeline, one: Exposure, end: End) -> float:
    if end == "mid":
        return max(0.0, min(one.seconds.mid, timeline.duration_s - one.start_s.mid))
    seconds, start = (one.seconds.low, one.start_s.high) if end == "low" else (one.seconds.high, one.start_s.low)
    return max(0.0, min(seconds, timeline.duration_s - start))


def _seen(timeline: Timeline, end: End) -> float:
    total = 0.0
    for one in timeline.exposures:
        if one.kind is not ExposureKind.SPEECH:
            size = min(1.0, getattr(one.area_share, end) / c.AREA_FULL) ** c.SIZE_EXPONENT
            place = 1 - c.VALUE_CENTRE * (1 - getattr(one.centre, end))
            total += fade(_lasting(timeline, one, end)) * size * place * getattr(one.clarity, end)
    return total


def _named(timeline: Timeline, end: End) -> float:
    return sum(
        (getattr(one.mentions, end) for one in timeline.exposures if _lasting(timeline, one, end) > 0), start=0.0
    )


def _of(timeline: Timeline, end: End) -> float:
    other: End = "mid" if end == "mid" else "high" if end == "low" else "low"
    worth = _seen(timeline, end) + fade(c.MENTION_WORTH_S * _named(timeline, end))
    return 1 - exp(-worth / getattr(timeline.brands, other) ** c.CLUTTER_EXPONENT / c.VALUE_SCALE_S)
