"""The forecast model as a market teaches it: pools by vertical, the blend, and the quantiles of misses by tier.

What judges a forecast has not taught it: creators are dealt into five folds, and each one's miss is that of the pools
that the other four teach (cross-conformal: Vovk, Annals of Mathematics and Artificial Intelligence 74, 2015).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats, Ints
from marketplace.matching.forecast import forecast
from marketplace.matching.forecast.forecast import ForecastCalibration, ViewForecasts
from marketplace.matching.forecast.platform_blend import PRIOR_BLEND, PlatformBlend, fit_blend
from marketplace.matching.forecast.pool import VerticalPool, ViewHistories, fit_pool, newest_of

EVERYTHING = "*"
CREATORS_MIN = 20  # a vertical with fewer shares the pool of all
FOLDS = 5


@dataclass(frozen=True, eq=False)
class MarketFit:
    """Pools by vertical ("*" for all), the platform's weight, and the calibration (None: too few misses)."""

    pools: dict[str, VerticalPool]
    blend: PlatformBlend
    calibration: ForecastCalibration | None


def fit_pools(past: ViewHistories, verticals: Sequence[str | None]) -> dict[str, VerticalPool]:
    """Return the pool of all creators and one for each vertical with at least 20 of them, drawn to that of all."""
    whole = fit_pool(past)
    pools = {EVERYTHING: whole}
    for name in sorted({vertical for vertical in verticals if vertical}):
        members = np.array([vertical == name for vertical in verticals], dtype=bool)
        if CREATORS_MIN <= members.sum() < len(members):
            pools[name] = fit_pool(some(past, members), whole)
        elif members.all():
            pools[name] = whole
    return pools


def pool_of(verticals: Sequence[str | None], names: Sequence[str]) -> Ints:
    """Return each creator's place [n] among the names of pools: its vertical's, or that of all."""
    place = {name: number for number, name in enumerate(names)}
    return np.array([place.get(name or EVERYTHING, place[EVERYTHING]) for name in verticals], dtype=np.int64)


def fit_market(
    past: ViewHistories, verticals: Sequence[str | None], platform_before: Floats | None = None
) -> MarketFit:
    """Return the model of n creators' histories; ``platform_before`` [n]: the platform's forecast as it was told before
    the newest settled video came out (NaN: none)."""
    truth, older = newest_of(past)
    tiers = forecast.tier_of(past.followers)
    before = replace(older, platform=platform_before, told_median=None)
    plain = _crossed(past, replace(before, platform=None), verticals, PRIOR_BLEND)
    usable = plain.from_history & np.isfinite(truth)
    learnt, judged = PRIOR_BLEND, plain
    if platform_before is not None and np.isfinite(platform_before).any():
        learnt = fit_blend(plain.log_centre, plain.scale, platform_before, np.where(usable, truth, np.nan))
        judged = _crossed(past, before, verticals, learnt)
    misses = (truth - judged.log_centre) / judged.scale
    by_tier = {int(tier): misses[usable & (tiers == tier)] for tier in np.unique(tiers)}
    return MarketFit(fit_pools(past, verticals), learnt, forecast.calibrate(by_tier))


def _crossed(
    past: ViewHistories, older: ViewHistories, verticals: Sequence[str | None], blend: PlatformBlend
) -> ViewForecasts:
    """Return everybody's forecast from the older videos by the pools that creators of the other folds teach."""
    folds = np.arange(len(verticals)) % FOLDS
    columns: dict[str, Floats] = {}
    for fold in range(FOLDS):
        own, others = folds == fold, folds != fold
        if fold and not own.any():
            continue
        taught = fit_pools(some(past, others), [name for name, other in zip(verticals, others, strict=True) if other])
        names = sorted(taught)
        which = pool_of([name for name, mine in zip(verticals, own, strict=True) if mine], names)
        many = forecast.forecast_many(some(older, own), [taught[name] for name in names], which, blend)
        for name in ("log_centre", "scale", "df", "n_used", "smear", "from_history"):
            columns.setdefault(name, np.zeros(len(folds), dtype=getattr(many, name).dtype))[own] = getattr(many, name)
    return ViewForecasts(**columns)  # type: ignore[arg-type]


def some(past: ViewHistories, members: Bools) -> ViewHistories:
    """Return the histories of some of the creators."""
    found = {name: None if values is None else values[members] for name, values in vars(past).items()}
    return ViewHistories(**found)  # type: ignore[arg-type]
