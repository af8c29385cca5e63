"""Fits the forecast model to a market: pools by vertical, the platform's weight, and quantiles of errors by tier.

No creator judges a forecast that it taught: creators are dealt into five folds, and the error of each is that of the
pools fitted to the other four (cross-conformal: Vovk, Annals of Mathematics and Artificial Intelligence 74, 2015).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats, Ints
from marketplace.matching.forecast import view_forecast
from marketplace.matching.forecast.platform_blend import PRIOR_BLEND, PlatformBlend, fit_blend
from marketplace.matching.forecast.pool import VerticalPool, ViewHistories, newest_of
from marketplace.matching.forecast.pool_fit import fit_pool
from marketplace.matching.forecast.view_forecast import ForecastCalibration, ViewForecasts

EVERYTHING = "*"
CREATORS_MIN = 20  # a vertical with fewer shares the pool of all
FOLDS = 5


@dataclass(frozen=True, eq=False)
class MarketFit:
    """Pools by vertical ("*" for all), the platform's weight, and the calibration (None: too few errors)."""

    pools: dict[str, VerticalPool]
    blend: PlatformBlend
    calibration: ForecastCalibration | None


def fit_pools(past: ViewHistories, verticals: Sequence[str | None]) -> dict[str, VerticalPool]:
    """Return the pool of all creators, and one for each vertical with at least 20 of them, shrunk to that of all."""
    all_creators = fit_pool(past)
    pools = {EVERYTHING: all_creators}
    for name in sorted({vertical for vertical in verticals if vertical}):
        members = np.array([vertical == name for vertical in verticals], dtype=bool)
        if CREATORS_MIN <= members.sum() < len(members):
            pools[name] = fit_pool(some(past, members), all_creators)
        elif members.all():
            pools[name] = all_creators
    return pools


def pool_of(verticals: Sequence[str | None], names: Sequence[str]) -> Ints:
    """Return the index [n] of each creator's pool in `names`: that of its vertical, or that of all."""
    index_of = {name: index for index, name in enumerate(names)}
    return np.array([index_of.get(name or EVERYTHING, index_of[EVERYTHING]) for name in verticals], dtype=np.int64)


def fit_market(
    past: ViewHistories, verticals: Sequence[str | None], platform_before: Floats | None = None
) -> MarketFit:
    """Return the model fitted to n creators' histories.

    ``platform_before`` [n] are the platform's forecasts of views from before the newest settled video came out (NaN:
    none): a later one may have seen that video.
    """
    truth, older = newest_of(past)
    tiers = view_forecast.tier_of(past.followers)
    before = replace(older, platform=platform_before, told_median=None)
    plain = _crossed(past, replace(before, platform=None), verticals, PRIOR_BLEND)
    settled = plain.from_history & np.isfinite(truth)
    blend, crossed = PRIOR_BLEND, plain
    if platform_before is not None and np.isfinite(platform_before).any():
        blend = fit_blend(plain.log_centre, plain.scale, platform_before, np.where(settled, truth, np.nan))
        crossed = _crossed(past, before, verticals, blend)
    errors = (truth - crossed.log_centre) / crossed.scale
    by_tier = {int(tier): errors[settled & (tiers == tier)] for tier in np.unique(tiers)}
    return MarketFit(fit_pools(past, verticals), blend, view_forecast.calibrate(by_tier))


def _crossed(
    past: ViewHistories, older: ViewHistories, verticals: Sequence[str | None], blend: PlatformBlend
) -> ViewForecasts:
    """Return the forecasts of n creators from their older videos, each by pools fitted to the other folds."""
    folds = np.arange(len(verticals)) % FOLDS
    columns: dict[str, Floats] = {}
    for fold in range(FOLDS):
        held_out, taught_by = folds == fold, folds != fold
        if fold and not held_out.any():
            continue
        pools = fit_pools(
            some(past, taught_by), [name for name, member in zip(verticals, taught_by, strict=True) if member]
        )
        names = sorted(pools)
        pool_index = pool_of([name for name, member in zip(verticals, held_out, strict=True) if member], names)
        forecasts = view_forecast.forecast_many(
            some(older, held_out), [pools[name] for name in names], pool_index, blend
        )
        for name in ("log_centre", "scale", "df", "n_used", "smear", "from_history"):
            values = getattr(forecasts, name)
            columns.setdefault(name, np.zeros(len(folds), dtype=values.dtype))[held_out] = values
    return ViewForecasts(**columns)  # type: ignore[arg-type]


def some(past: ViewHistories, members: Bools) -> ViewHistories:
    """Return the histories of some of the creators."""
    columns = {name: None if values is None else values[members] for name, values in vars(past).items()}
    return ViewHistories(**columns)  # type: ignore[arg-type]
