"""The second forecast of a video, from its views in the first days: log final views are linear in log early views.

Szabo and Huberman, Communications of the ACM 53, 2010 (arXiv 0811.0405). "Final" is at thirty days. Coefficients are
fitted to settled videos and drawn to a prior; the answer is put together with the first forecast by precision.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from marketplace.matching.audience import regression
from marketplace.matching.audience.arrays import Floats
from marketplace.matching.audience.portable_math import exp, log
from marketplace.matching.forecast.forecast import ViewForecasts

MODEL_VERSION = "early/1"
HOURS = (24.0, 72.0)
FINAL_HOURS = 720.0
# Before settled videos taught better: log views still to come, their slope on log views over 10,000, and the scale of
# what that misses. Short videos get most of their views in the first days: of 24 h and 72 h figures the prior holds
# growth by 1.65 and 1.22 with factors of 1.8 and 1.35 (80 %) either way; assumed, not measured.
GROWTH_PRIOR, SLOPE_PRIOR, SCALE_PRIOR = (0.5, 0.2), (0.0, 0.0), (0.45, 0.23)
DOUBT, VIDEOS_MIN, SCALE_MIN = 20.0, 10, 0.03
REFERENCE_LOG = float(np.log(10_000.0))
EARLY_DF = 6.0
ABSOLUTE_PER_SCALE = 0.92  # E|t| of six degrees of freedom


@dataclass(frozen=True)
class EarlyModel:
    """At 24 h and 72 h: log growth until the end at 10,000 views, its slope on log views, the scale of its misses, and
    the settled videos behind them (0: the prior)."""

    growth: tuple[float, ...] = GROWTH_PRIOR
    slope: tuple[float, ...] = SLOPE_PRIOR
    scale: tuple[float, ...] = SCALE_PRIOR
    videos: tuple[int, ...] = (0, 0)


PRIOR_EARLY = EarlyModel()


def from_content(content: Mapping[str, Any] | None) -> EarlyModel:
    """Return a stored model, or the prior."""
    return PRIOR_EARLY if content is None else EarlyModel(**{name: tuple(part) for name, part in content.items()})


def fit_early(early: Floats, final: Floats) -> EarlyModel:
    """Return the model of n settled videos: views at 24 h and 72 h [n, 2] (NaN: not measured) and at thirty days [n].

    A time with fewer than ten videos keeps the prior; the prior counts for twenty.
    """
    growth, slope, scale, videos = list(GROWTH_PRIOR), list(SLOPE_PRIOR), list(SCALE_PRIOR), [0, 0]
    for place in range(len(HOURS)):
        rows = np.isfinite(early[:, place]) & np.isfinite(final)
        count = int(rows.sum())
        if count < VIDEOS_MIN:
            continue
        begun = log(np.maximum(early[rows, place], 1.0))
        left = log(np.maximum(final[rows], 1.0)) - begun
        table = np.stack([np.ones(count), begun - REFERENCE_LOG], axis=1)
        prior = np.array([GROWTH_PRIOR[place], SLOPE_PRIOR[place]])
        # A slope off its prior by 0.1 is as odd as growth off by one scale: a hundred times the weight.
        ridge = DOUBT / SCALE_PRIOR[place] * np.array([1.0, 100 * SCALE_PRIOR[place] ** 2])
        found = regression.absolute(table, left, np.ones(count), prior, ridge)
        missed = float(np.mean(np.abs(left - regression.times(table, found)))) / ABSOLUTE_PER_SCALE
        growth[place], slope[place], videos[place] = float(found[0]), float(found[1]), count
        mixed = (count * missed + DOUBT * SCALE_PRIOR[place]) / (count + DOUBT)
        scale[place] = round(max(mixed, SCALE_MIN), 9)
    return EarlyModel(tuple(growth), tuple(slope), tuple(scale), tuple(videos))


def from_early(views: Floats, hours: Floats, model: EarlyModel = PRIOR_EARLY) -> tuple[Floats, Floats]:
    """Return centre and scale [n] of log final views from views [n] counted ``hours`` [n] after publication.

    Between 24 h, 72 h and thirty days growth and scale run straight in the log of hours, to nothing at the end; before
    24 h they go on as steeply. Raises ValueError for hours that are not above zero.
    """
    if np.any(~(hours > 0)):
        raise ValueError("Hours after publication are above zero.")
    begun = log(np.maximum(views, 1.0))
    at = [*(float(log(np.array([hour]))[0]) for hour in HOURS), float(log(np.array([FINAL_HOURS]))[0])]
    now = np.minimum(log(hours), at[-1])
    growth, slope, scale = (_between(now, at, part) for part in (model.growth, model.slope, model.scale))
    left = np.maximum(growth + slope * (begun - REFERENCE_LOG), 0.0)
    return begun + left, np.maximum(scale, SCALE_MIN)


def _between(now: Floats, at: list[float], values: tuple[float, ...]) -> Floats:
    first, second, end = at
    early = values[0] + (values[1] - values[0]) * (now - first) / (second - first)
    late = values[1] * (end - now) / (end - second)
    found: Floats = np.where(now <= second, early, late)
    return found


def after_publication(
    first: ViewForecasts, views: Floats, hours: Floats, model: EarlyModel = PRIOR_EARLY
) -> ViewForecasts:
    """Return the forecasts of published videos: the first ones and their early views [n] put together by precision.

    A video without early views (NaN) keeps its first forecast; one without a first forecast takes the early one. The
    middle never lies under the views that are there already.
    """
    counted = np.isfinite(views) & np.isfinite(hours)
    centre, scale = from_early(np.where(counted, views, 1.0), np.where(counted, hours, HOURS[0]), model)
    known = np.isfinite(first.log_centre)
    before, wide = np.where(known, first.log_centre, 0.0), np.where(known, first.scale, 1.0)
    # The first forecast is a Student-t: the farther the early views lie from it, the wider it counts (one step of the
    # scale mixture: Lange, Little and Taylor, Journal of the American Statistical Association 84, 1989).
    apart = (centre - before) ** 2 / (wide**2 + scale**2)
    wide = wide * np.sqrt((first.df + apart) / (first.df + 1))
    weight = np.where(known, 1 / (1 + (scale / wide) ** 2), 1.0)
    mixed = weight * centre + (1 - weight) * before
    mixed = np.maximum(mixed, log(np.maximum(np.where(counted, views, 1.0), 1.0)))
    narrow = scale * np.sqrt(weight)
    return ViewForecasts(
        log_centre=np.where(counted, mixed, first.log_centre),
        scale=np.where(counted, narrow, first.scale),
        df=np.where(counted, EARLY_DF, first.df),
        n_used=first.n_used,
        smear=np.where(counted, exp(narrow**2 / 2), first.smear),
        from_history=first.from_history & ~counted,
        from_median=None if first.from_median is None else first.from_median & ~counted,
        platform_weight=None if first.platform_weight is None else np.where(counted, 0.0, first.platform_weight),
    )
