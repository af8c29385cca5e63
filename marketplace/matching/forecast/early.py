"""The second forecast of a video, from its views in the first days: log final views are linear in log early views.

Szabo and Huberman, Communications of the ACM 53, 2010 (arXiv 0811.0405). "Final" is at thirty days. Coefficients are
fitted to settled videos and shrunk to a prior; the result is combined with the first forecast by precision.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from marketplace.matching.audience import regression
from marketplace.matching.audience.arrays import Floats
from marketplace.matching.audience.portable_math import exp, log
from marketplace.matching.forecast.view_forecast import ViewForecasts

MODEL_VERSION = "early/1"
HOURS = (24.0, 72.0)
FINAL_HOURS = 720.0
# Before any settled video: log growth still to come, its slope on log views over 10,000, and the scale of the errors.
# Short videos get most of their views in the first days: the prior takes views at 24 h and 72 h to grow by factors of
# 1.65 and 1.22, with 80 % ends a factor of 1.8 and 1.35 either way. Assumed, not measured.
GROWTH_PRIOR, SLOPE_PRIOR, SCALE_PRIOR = (0.5, 0.2), (0.0, 0.0), (0.45, 0.23)
DOUBT, VIDEOS_MIN, SCALE_MIN = 20.0, 10, 0.03
REFERENCE_LOG = float(np.log(10_000.0))
EARLY_DF = 6.0
ABSOLUTE_PER_SCALE = 0.92  # E|t| of six degrees of freedom


@dataclass(frozen=True)
class EarlyModel:
    """At 24 h and 72 h: log growth from then to thirty days at 10,000 views, its slope on log views, the scale of its
    errors, and the number of settled videos behind them (0: the prior)."""

    growth: tuple[float, ...] = GROWTH_PRIOR
    slope: tuple[float, ...] = SLOPE_PRIOR
    scale: tuple[float, ...] = SCALE_PRIOR
    videos: tuple[int, ...] = (0, 0)


PRIOR_EARLY = EarlyModel()


def from_content(content: Mapping[str, Any] | None) -> EarlyModel:
    """Return a stored model, or the prior."""
    return PRIOR_EARLY if content is None else EarlyModel(**{name: tuple(part) for name, part in content.items()})


def fit_early(early: Floats, final: Floats) -> EarlyModel:
    """Return the model fitted to n settled videos: views at 24 h and 72 h [n, 2] (NaN: not measured) and at thirty
    days [n].

    The prior counts as twenty videos; an hour with fewer than ten videos keeps it unchanged.
    """
    growth, slope, scale, videos = list(GROWTH_PRIOR), list(SLOPE_PRIOR), list(SCALE_PRIOR), [0, 0]
    for index in range(len(HOURS)):
        rows = np.isfinite(early[:, index]) & np.isfinite(final)
        count = int(rows.sum())
        if count < VIDEOS_MIN:
            continue
        log_early = log(np.maximum(early[rows, index], 1.0))
        growth_left = log(np.maximum(final[rows], 1.0)) - log_early
        table = np.stack([np.ones(count), log_early - REFERENCE_LOG], axis=1)
        prior = np.array([GROWTH_PRIOR[index], SLOPE_PRIOR[index]])
        # A slope off its prior by 0.1 is as odd as growth off by one scale, so it weighs a hundred times as much.
        ridge = DOUBT / SCALE_PRIOR[index] * np.array([1.0, 100 * SCALE_PRIOR[index] ** 2])
        coefficients = regression.absolute(table, growth_left, np.ones(count), prior, ridge)
        mean_error = float(np.mean(np.abs(growth_left - regression.times(table, coefficients)))) / ABSOLUTE_PER_SCALE
        growth[index], slope[index], videos[index] = float(coefficients[0]), float(coefficients[1]), count
        mixed = (count * mean_error + DOUBT * SCALE_PRIOR[index]) / (count + DOUBT)
        scale[index] = round(max(mixed, SCALE_MIN), 9)
    return EarlyModel(tuple(growth), tuple(slope), tuple(scale), tuple(videos))


def from_early(views: Floats, hours: Floats, model: EarlyModel = PRIOR_EARLY) -> tuple[Floats, Floats]:
    """Return centre and scale [n] of log final views from views [n] counted ``hours`` [n] after publication.

    Growth and scale are linear in the log of hours from 24 h to 72 h and from there to zero at thirty days; before 24 h
    the first line continues. Raises ValueError for hours that are not above zero.
    """
    if np.any(~(hours > 0)):
        raise ValueError("Hours after publication are above zero.")
    log_early = log(np.maximum(views, 1.0))
    log_hours = [*(float(log(np.array([hour]))[0]) for hour in HOURS), float(log(np.array([FINAL_HOURS]))[0])]
    now = np.minimum(log(hours), log_hours[-1])
    growth, slope, scale = (_between(now, log_hours, part) for part in (model.growth, model.slope, model.scale))
    growth_left = np.maximum(growth + slope * (log_early - REFERENCE_LOG), 0.0)
    return log_early + growth_left, np.maximum(scale, SCALE_MIN)


def _between(now: Floats, log_hours: list[float], values: tuple[float, ...]) -> Floats:
    first, second, end = log_hours
    early = values[0] + (values[1] - values[0]) * (now - first) / (second - first)
    late = values[1] * (end - now) / (end - second)
    value: Floats = np.where(now <= second, early, late)
    return value


def after_publication(
    first: ViewForecasts, views: Floats, hours: Floats, model: EarlyModel = PRIOR_EARLY
) -> ViewForecasts:
    """Return the forecasts of published videos: the first ones combined with early views [n] by precision.

    A video without early views (NaN) keeps its first forecast; one without a first forecast takes the early one. The
    median is never below the views that the video has already.
    """
    counted = np.isfinite(views) & np.isfinite(hours)
    centre, scale = from_early(np.where(counted, views, 1.0), np.where(counted, hours, HOURS[0]), model)
    known = np.isfinite(first.log_centre)
    first_centre, first_scale = np.where(known, first.log_centre, 0.0), np.where(known, first.scale, 1.0)
    # The first forecast is a Student-t: the farther the early views are from it, the wider it is taken to be (one step
    # of the scale mixture: Lange, Little and Taylor, Journal of the American Statistical Association 84, 1989).
    apart = (centre - first_centre) ** 2 / (first_scale**2 + scale**2)
    first_scale = first_scale * np.sqrt((first.df + apart) / (first.df + 1))
    weight = np.where(known, 1 / (1 + (scale / first_scale) ** 2), 1.0)
    combined = weight * centre + (1 - weight) * first_centre
    combined = np.maximum(combined, log(np.maximum(np.where(counted, views, 1.0), 1.0)))
    combined_scale = scale * np.sqrt(weight)
    return ViewForecasts(
        log_centre=np.where(counted, combined, first.log_centre),
        scale=np.where(counted, combined_scale, first.scale),
        df=np.where(counted, EARLY_DF, first.df),
        n_used=first.n_used,
        smear=np.where(counted, exp(combined_scale**2 / 2), first.smear),
        from_history=first.from_history & ~counted,
        from_median=None if first.from_median is None else first.from_median & ~counted,
        platform_weight=None if first.platform_weight is None else np.where(counted, 0.0, first.platform_weight),
    )
