"""How many views a channel's next video will get, as a distribution, and how many people of the target that is.

log views ~ log_centre + scale * Student-t(df): the recency-weighted mean of log views with a variance drawn to the
vertical's (see pool.py), finished by split-conformal quantiles of past misses where there are enough of them (Vovk,
Gammerman and Shafer, Algorithmic Learning in a Random World, 2005; by follower tier so that each tier keeps coverage).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import stdtrit

from marketplace.channels.checks import FOLLOWER_TIERS
from marketplace.matching.arrays import Bools, Floats, Ints, as_floats
from marketplace.matching.pool import REFERENCE_FOLLOWERS, Histories, Pool, histories, summarise
from marketplace.matching.targets import Shares

MODEL_VERSION = "reach/1"
LOW, MIDDLE, HIGH, CAREFUL = 0.1, 0.5, 0.9, 0.3
# People per view of one video: a prior until channels upload reached-account counts; plausible from 0.7 to 1.
UNIQUE_PER_VIEW, UNIQUE_PER_VIEW_RANGE = 0.85, (0.7, 1.0)
TIER_RESIDUALS_MIN = 60
CALIBRATION_TAUS = tuple(round(0.05 * step, 2) for step in range(1, 20))
FOLLOWERS_DF = 30.0
SMEAR_MAX = 4.0
_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(32)
GRID_TAUS: Floats = (_NODES + 1) / 2
GRID_WEIGHTS: Floats = _NODE_WEIGHTS / 2

Basis = Literal["history", "followers"]


@dataclass(frozen=True)
class Forecast:
    """One channel's view forecast, to be stored column by column: log_centre (log views), scale (log units), df,
    videos used, mean over median of views, and whether it rests on its videos or only on its followers."""

    log_centre: float
    scale: float
    df: float
    n_used: int
    smear: float
    basis: Basis


@dataclass(frozen=True, eq=False)
class Forecasts:
    """The same for n channels, as arrays [n]; NaN centres where neither videos nor followers are known."""

    log_centre: Floats
    scale: Floats
    df: Floats
    n_used: Floats
    smear: Floats
    from_history: Bools

    def __len__(self) -> int:
        return len(self.log_centre)


@dataclass(frozen=True, eq=False)
class Calibration:
    """Quantiles of standardised misses at CALIBRATION_TAUS by follower tier [4, 19], and the misses behind each [4].

    A tier with fewer than 60 misses holds the pooled quantiles; its count is that of the pool."""

    quantiles: Floats
    counts: Ints


@dataclass(frozen=True, eq=False)
class People:
    """On-target people of one video [n]: the median, and the ends of the 80 % interval."""

    point: Floats
    low: Floats
    high: Floats


def forecast_many(past: Histories, pools: Sequence[Pool], pool_of: Ints | None = None) -> Forecasts:
    """Return the forecasts of n channels; ``pool_of`` [n] picks each one's pool (all take the first without it)."""
    now = summarise(past)
    which = np.zeros(len(now.centre), dtype=np.int64) if pool_of is None else pool_of
    nu0, s0_squared, bias = (_of(pools, which, name) for name in ("nu0", "s0_squared", "bias"))
    seen = now.n_used > 0
    df = nu0 + now.df
    variance = (nu0 * s0_squared + now.df * now.variance) / df
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.sqrt(variance * (1 + 1 / now.n_eff))
        follows = np.log(np.where(past.followers > 0, past.followers, np.nan) / REFERENCE_FOLLOWERS)
    level, slope = _of(pools, which, "log_views_at_reference"), _of(pools, which, "elasticity")
    wide = _of(pools, which, "followers_scale")
    scale = np.where(seen, scale, wide)
    pooled_smear = np.array([np.nan if pool.smear is None else pool.smear for pool in pools])[which]
    own_smear = np.minimum(np.exp(scale**2 / 2), SMEAR_MAX)
    return Forecasts(
        log_centre=np.where(seen, now.centre + bias, level + slope * follows),
        scale=scale,
        df=np.where(seen, df, FOLLOWERS_DF),
        n_used=now.n_used,
        smear=np.where(seen & np.isfinite(pooled_smear), pooled_smear, own_smear),
        from_history=seen,
    )


def _of(pools: Sequence[Pool], which: Ints, name: str) -> Floats:
    return np.array([getattr(pool, name) for pool in pools], dtype=np.float64)[which]


def forecast(
    views_newest_first: Sequence[float], ages_days: Sequence[float], pool: Pool, followers: float | None = None
) -> Forecast:
    """Return one channel's forecast; bit for bit what forecast_many gives it.

    Raises ValueError when no video is at least three days old and followers are not known either.
    """
    many = forecast_many(histories([views_newest_first], [ages_days], [followers]), [pool])
    if not np.isfinite(many.log_centre[0]):
        raise ValueError("A forecast needs a video at least three days old, or the number of followers.")
    return Forecast(
        log_centre=float(many.log_centre[0]),
        scale=float(many.scale[0]),
        df=float(many.df[0]),
        n_used=int(many.n_used[0]),
        smear=float(many.smear[0]),
        basis="history" if many.from_history[0] else "followers",
    )


def stack(forecasts: Sequence[Forecast]) -> Forecasts:
    """Return stored forecasts as arrays."""
    return Forecasts(
        log_centre=np.array([one.log_centre for one in forecasts]),
        scale=np.array([one.scale for one in forecasts]),
        df=np.array([one.df for one in forecasts]),
        n_used=np.array([float(one.n_used) for one in forecasts]),
        smear=np.array([one.smear for one in forecasts]),
        from_history=np.array([one.basis == "history" for one in forecasts]),
    )


def tier_of(followers: Floats) -> Ints:
    """Return the follower tier [n]: 0 under 30,000, 1 under 100,000, 2 under 500,000, 3 from there; NaN is 0."""
    return np.searchsorted(np.array(FOLLOWER_TIERS), np.nan_to_num(followers), side="right").astype(np.int64)


def standardised_residuals(views: Floats, forecasts: Forecasts) -> Floats:
    """Return (log views - log_centre) / scale [n] of videos that came out after their forecast."""
    logs: Floats = np.log(np.maximum(views, 1.0))
    return (logs - forecasts.log_centre) / forecasts.scale


def calibrate(residuals_by_tier: Mapping[int, Floats]) -> Calibration | None:
    """Return the table of settled misses, or None while there are fewer than 60 in all tiers together.

    Quantile tau is the ceil((n + 1) tau)-th smallest above the middle and the floor below it, so that the interval
    keeps its coverage in a finite sample.
    """
    by_tier = [as_floats(residuals_by_tier.get(tier, np.array([]))) for tier in range(len(FOLLOWER_TIERS) + 1)]
    pooled = np.concatenate(by_tier)
    if len(pooled) < TIER_RESIDUALS_MIN:
        return None
    chosen = [own if len(own) >= TIER_RESIDUALS_MIN else pooled for own in by_tier]
    rows = np.stack([_conformal(np.sort(misses)) for misses in chosen])
    return Calibration(rows, np.array([len(misses) for misses in chosen], dtype=np.int64))


def _conformal(ordered: Floats) -> Floats:
    ranks = (len(ordered) + 1) * np.array(CALIBRATION_TAUS)
    place = np.where(np.array(CALIBRATION_TAUS) < MIDDLE, np.floor(ranks + 1e-9), np.ceil(ranks - 1e-9))
    return ordered[np.clip(place, 1, len(ordered)).astype(np.int64) - 1]


def quantiles(
    forecasts: Forecasts,
    taus: Sequence[float] | Floats,
    calibration: Calibration | None = None,
    tiers: Ints | None = None,
) -> Floats:
    """Return views [n, len(taus)] at the quantiles, rising with tau; taus lie strictly between 0 and 1.

    With a calibration and each channel's tier, forecasts from history use its quantiles; outside its 5-95 % the
    Student-t's shape continues it.
    """
    tau = as_floats(taus)
    if np.any((tau <= 0) | (tau >= 1)):
        raise ValueError("A quantile lies strictly between 0 and 1.")
    distinct, place = np.unique(forecasts.df, return_inverse=True)
    z = stdtrit(distinct[:, None], tau[None, :])[place]
    if calibration is not None and tiers is not None:
        own = _calibrated(forecasts.df, tau, calibration, distinct, place, tiers)
        z = np.where(forecasts.from_history[:, None], own, z)
    return np.exp(forecasts.log_centre[:, None] + forecasts.scale[:, None] * z)


def _calibrated(df: Floats, tau: Floats, table: Calibration, distinct: Floats, place: Ints, tiers: Ints) -> Floats:
    first, last = CALIBRATION_TAUS[0], CALIBRATION_TAUS[-1]
    inside = np.stack([np.interp(tau, CALIBRATION_TAUS, row) for row in table.quantiles])[tiers]
    inner = np.clip(tau, first, last)
    beyond = stdtrit(distinct[:, None], tau[None, :]) - stdtrit(distinct[:, None], inner[None, :])
    return inside + np.where((tau < first) | (tau > last), beyond, 0.0)[place]


def expected_views(forecasts: Forecasts) -> Floats:
    """Return the mean of the next video's views [n]: the median times the smearing factor."""
    return np.exp(forecasts.log_centre) * forecasts.smear


def on_target_people(views: Floats, share: Floats, invalid: Floats | float, h: float = UNIQUE_PER_VIEW) -> Floats:
    """Return people of the target behind the views: share * views * (1 - invalid) * h.

    ``invalid`` is the share of views that are not people's; ``h`` people per view of one video.
    """
    return share * views * (1 - as_floats(invalid)) * h


def people(
    views_low: Floats, views_middle: Floats, views_high: Floats, shares: Shares, invalid: Floats | float
) -> People:
    """Return on-target people of one video: the median, and views at tau .1 / .9 with the low / high share."""
    return People(
        point=on_target_people(views_middle, shares.point, invalid),
        low=on_target_people(views_low, shares.low, invalid),
        high=on_target_people(views_high, shares.high, invalid),
    )
