"""How many views a channel's next video will get, as a distribution, and how many people of the target that is.

log views ~ log_centre + scale * Student-t(df): the recency-weighted mean of log views moved by its signals, with a
variance shrunk to the vertical's (pool.py), blended with the platform's own forecast (platform_blend.py), and shifted
by the effect of a placement (sponsored.py). Where enough past errors are known, their conformal quantiles replace those
of the Student-t (Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005), by follower tier, so that
each tier keeps its coverage.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from marketplace.channels.anomalies import FOLLOWER_TIERS
from marketplace.core.lazy_import import lazy_module
from marketplace.matching.audience.arrays import Bools, Floats, Ints, as_floats
from marketplace.matching.audience.portable_math import exp, log
from marketplace.matching.audience.targets import TargetShares
from marketplace.matching.forecast.platform_blend import PRIOR_BLEND, PlatformBlend, blended, combined
from marketplace.matching.forecast.pool import (
    MEDIAN_DF,
    REFERENCE_FOLLOWERS,
    PoolPriors,
    VerticalPool,
    ViewHistories,
    histories,
    predict,
    priors_of,
)

if TYPE_CHECKING:
    from scipy import special
else:
    special = lazy_module("scipy.special")

MODEL_VERSION = "reach/6"
LOW, MIDDLE, HIGH, CAREFUL = 0.1, 0.5, 0.9, 0.3
# People per view of one video: a prior until channels upload reached-account counts; 0.7 to 1 is plausible.
UNIQUE_PER_VIEW, UNIQUE_PER_VIEW_RANGE = 0.85, (0.7, 1.0)
# Where the 80 % interval is wider than the first ratio, too little is known, and from the second on only the low end
# counts. Channels with videos are within a factor of 9 in the middle and of 20 nine times in ten; a forecast from
# followers alone spans 100. Judged.
LITTLE_KNOWN = (20.0, 60.0)
RESIDUALS_MIN, TIER_RESIDUALS_MIN = 60, 50
TIER_ERRORS_LEAST = 9  # with fewer of its own a tier has the pool's ends alone
# Calibration rests on channels with nine videos or so. The Student-t of one with two is wider by so much at 90 %.
FEW_WIDER, CALIBRATED_WITH = 0.08, 9
TINY = 1e-9  # views, in place of none at all where a log is taken
MIDDLE_DOUBT = 200.0  # the number of a tier's own errors at which its median counts as much as the pool's
CALIBRATION_TAUS = tuple(round(0.05 * step, 2) for step in range(1, 20))
FOLLOWERS_DF = 30.0
SMEAR_MAX = 6.0
# Figures that a check found odd count at most at this quantile of the channel's peers, until a person has cleared them.
PEERS_UPPER = 0.8
_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(32)
GRID_TAUS: Floats = (_NODES + 1) / 2
GRID_WEIGHTS: Floats = _NODE_WEIGHTS / 2

Basis = Literal["history", "median", "followers", "platform"]


@dataclass(frozen=True)
class ViewForecast:
    """One channel's view forecast, as its columns are stored.

    log_centre is in log views, scale in log units; `smear` is the mean of views over their median. `basis` says what
    the forecast rests on: the channel's videos, a reported median of views, its followers, or the platform's own
    forecast alone.
    """

    log_centre: float
    scale: float
    df: float
    n_used: int
    smear: float
    basis: Basis


@dataclass(frozen=True, eq=False)
class ViewForecasts:
    """View forecasts of n channels as arrays [n], with NaN centres where nothing is known.

    ``from_median`` marks where a reported median of views stands in for videos (None: nowhere); ``platform_weight`` is
    the weight of the platform's forecast, 0..1 (None: 0 everywhere).
    """

    log_centre: Floats
    scale: Floats
    df: Floats
    n_used: Floats
    smear: Floats
    from_history: Bools
    from_median: Bools | None = None
    platform_weight: Floats | None = None

    def __len__(self) -> int:
        return len(self.log_centre)


@dataclass(frozen=True, eq=False)
class ForecastCalibration:
    """Quantiles of standardised errors at CALIBRATION_TAUS by follower tier [4, 19], and the errors behind each [4].

    A tier with fewer than 9 errors has the quantiles and the count of all tiers together.
    """

    quantiles: Floats
    counts: Ints


@dataclass(frozen=True, eq=False)
class OnTargetPeople:
    """On-target people of one video [n]: the median, and the ends of the 80 % interval."""

    point: Floats
    low: Floats
    high: Floats


def forecast_many(
    past: ViewHistories,
    pools: Sequence[VerticalPool],
    pool_of: Ints | None = None,
    blend: PlatformBlend = PRIOR_BLEND,
    shift: Floats | None = None,
    shift_sd: Floats | None = None,
) -> ViewForecasts:
    """Return the forecasts of n channels.

    ``pool_of`` [n] is the index of each channel's pool (None: all take the first). ``shift`` and ``shift_sd`` [n], in
    log units, are what a placement adds to a channel's views and the SD of that (see sponsored.placement). They do not
    move the platform's forecast, which is of a placement already.
    """
    count = len(past.views)
    priors = priors_of(pools, np.zeros(count, dtype=np.int64) if pool_of is None else pool_of)
    prediction, _, _ = predict(past, priors)
    seen = prediction.summary.n_used > 0
    nan = np.full(count, np.nan)
    told_median = nan if past.told_median is None else past.told_median
    typical = log(np.where(told_median > 0, told_median, np.nan)) + priors.median_bias
    by_median = ~seen & np.isfinite(typical)
    centre = np.where(seen, prediction.centre, np.where(by_median, typical, prediction.line))
    scale = np.where(seen, prediction.scale, np.where(by_median, priors.median_scale, priors.followers_scale))
    if shift is not None:
        centre = centre + shift
    if shift_sd is not None:
        scale = np.sqrt(scale**2 + shift_sd**2)
    platform = nan if past.platform is None else past.platform
    with_videos, without = blended(centre, scale, platform, blend), combined(centre, scale, platform)
    centre, scale, weight = (np.where(seen, ours, other) for ours, other in zip(with_videos, without, strict=True))
    with_scale = exp(np.minimum(scale**2 / 2, np.log(SMEAR_MAX)))
    factor = np.where(seen & np.isfinite(priors.smear), priors.smear, 1.0)
    return ViewForecasts(
        log_centre=centre,
        scale=scale,
        df=np.where(seen, prediction.df, np.where(by_median, MEDIAN_DF, FOLLOWERS_DF)),
        n_used=prediction.summary.n_used,
        smear=np.clip(with_scale * factor, 1.0, SMEAR_MAX),
        from_history=seen,
        from_median=by_median,
        platform_weight=weight,
    )


def forecast(
    views_newest_first: Sequence[float], ages_days: Sequence[float], pool: VerticalPool, followers: float | None = None
) -> ViewForecast:
    """Return one channel's forecast, bit for bit as forecast_many gives it.

    Raises ValueError without a video at least three days old and without followers.
    """
    forecasts = forecast_many(histories([views_newest_first], [ages_days], [followers]), [pool])
    if not np.isfinite(forecasts.log_centre[0]):
        raise ValueError("A forecast needs a video at least three days old, or the number of followers.")
    return ViewForecast(
        log_centre=float(forecasts.log_centre[0]),
        scale=float(forecasts.scale[0]),
        df=float(forecasts.df[0]),
        n_used=int(forecasts.n_used[0]),
        smear=float(forecasts.smear[0]),
        basis=bases(forecasts)[0],
    )


def bases(forecasts: ViewForecasts) -> list[Basis]:
    """Return what each of n forecasts rests on; a forecast without a centre counts as one from followers."""
    count = len(forecasts)
    by_median = np.zeros(count, dtype=bool) if forecasts.from_median is None else forecasts.from_median
    weight = np.zeros(count) if forecasts.platform_weight is None else forecasts.platform_weight
    return [
        "history" if history else "median" if middle else "platform" if alone else "followers"
        for history, middle, alone in zip(forecasts.from_history, by_median, weight >= 1, strict=True)
    ]


def stack(forecasts: Sequence[ViewForecast]) -> ViewForecasts:
    """Return n stored forecasts as arrays."""
    return ViewForecasts(
        log_centre=np.array([each.log_centre for each in forecasts]),
        scale=np.array([each.scale for each in forecasts]),
        df=np.array([each.df for each in forecasts]),
        n_used=np.array([float(each.n_used) for each in forecasts]),
        smear=np.array([each.smear for each in forecasts]),
        from_history=np.array([each.basis == "history" for each in forecasts], dtype=bool),
        from_median=np.array([each.basis == "median" for each in forecasts], dtype=bool),
        platform_weight=np.array([float(each.basis == "platform") for each in forecasts]),
    )


def tier_of(followers: Floats) -> Ints:
    """Return the follower tier [n]: 0 under 30,000, 1 under 100,000, 2 under 500,000, 3 from there; NaN is 0."""
    return np.searchsorted(np.array(FOLLOWER_TIERS), np.nan_to_num(followers), side="right").astype(np.int64)


def calibrate(errors_by_tier: Mapping[int, Floats]) -> ForecastCalibration | None:
    """Return the quantiles of standardised errors, (log views - log_centre) / scale, or None under 60 errors in all.

    Quantile tau is the value at rank (n + 1) tau of n errors in order, interpolated linearly. A tier with 50 or more
    keeps its own 10 % and 90 % quantiles, so that its intervals keep their coverage, and one with n fewer goes n / 50
    of the way from the pool's to its own; its median is shrunk to the pool's. Elsewhere it takes the shape of the pool,
    which rests on many more errors.
    """
    by_tier = [as_floats(errors_by_tier.get(tier, np.array([]))) for tier in range(len(FOLLOWER_TIERS) + 1)]
    all_errors = np.concatenate(by_tier)
    if len(all_errors) < RESIDUALS_MIN:
        return None
    pooled = _conformal(np.sort(all_errors))
    rows = [_shaped(np.sort(errors), pooled) if len(errors) >= TIER_ERRORS_LEAST else pooled for errors in by_tier]
    counts = [len(errors) if len(errors) >= TIER_ERRORS_LEAST else len(all_errors) for errors in by_tier]
    return ForecastCalibration(np.stack(rows), np.array(counts, dtype=np.int64))


def _conformal(ordered: Floats) -> Floats:
    ranks = (len(ordered) + 1) * np.array(CALIBRATION_TAUS) - 1
    values: Floats = np.interp(ranks, np.arange(len(ordered)), ordered)
    return values


def _shaped(ordered: Floats, pooled: Floats) -> Floats:
    keeps = min(1.0, len(ordered) / TIER_RESIDUALS_MIN)
    own = keeps * _conformal(ordered) + (1 - keeps) * pooled
    low, middle, high = (CALIBRATION_TAUS.index(tau) for tau in (LOW, MIDDLE, HIGH))
    trust = len(ordered) / (len(ordered) + MIDDLE_DOUBT)
    centre = trust * own[middle] + (1 - trust) * pooled[middle]
    centre = float(np.clip(centre, own[low], own[high]))
    below, above = pooled[middle] - pooled[low], pooled[high] - pooled[middle]
    if below <= 0 or above <= 0:
        return own
    shape = np.minimum(pooled - pooled[middle], 0) * ((centre - own[low]) / below)
    shape += np.maximum(pooled - pooled[middle], 0) * ((own[high] - centre) / above)
    shaped: Floats = centre + shape
    return shaped


def quantiles(
    forecasts: ViewForecasts,
    taus: Sequence[float] | Floats,
    calibration: ForecastCalibration | None = None,
    tiers: Ints | None = None,
) -> Floats:
    """Return views [n, len(taus)] at the quantiles, rising with tau.

    With a calibration and each channel's tier, forecasts from history use its quantiles; outside 5-95 % the shape of
    the Student-t continues them. Raises ValueError unless every tau is strictly between 0 and 1.
    """
    tau = as_floats(taus)
    if np.any((tau <= 0) | (tau >= 1)):
        raise ValueError("A quantile lies strictly between 0 and 1.")
    distinct, index = np.unique(forecasts.df, return_inverse=True)
    z = special.stdtrit(distinct[:, None], tau[None, :])[index]
    if calibration is not None and tiers is not None:
        own = _calibrated(forecasts.df, tau, calibration, distinct, index, tiers)
        known = np.clip((forecasts.n_used - 1) / (CALIBRATED_WITH - 1), 0.0, 1.0)
        own *= 1 + FEW_WIDER * (1 - known[:, None])
        z = np.where(forecasts.from_history[:, None], own, z)
    return np.exp(forecasts.log_centre[:, None] + forecasts.scale[:, None] * z)


def _calibrated(
    df: Floats, tau: Floats, table: ForecastCalibration, distinct: Floats, index: Ints, tiers: Ints
) -> Floats:
    first, last = CALIBRATION_TAUS[0], CALIBRATION_TAUS[-1]
    inside = np.stack([np.interp(tau, CALIBRATION_TAUS, row) for row in table.quantiles])[tiers]
    inner = np.clip(tau, first, last)
    beyond = special.stdtrit(distinct[:, None], tau[None, :]) - special.stdtrit(distinct[:, None], inner[None, :])
    return inside + np.where((tau < first) | (tau > last), beyond, 0.0)[index]


def peers_upper(followers: Floats, priors: PoolPriors) -> Floats:
    """Return the views [n] that four in five channels with these followers do not exceed, by the pools of n channels.

    Nobody counts as one follower: no channel escapes its peers by having none. NaN where followers are not known.
    """
    known = followers >= 0
    size = log(np.where(known, np.maximum(followers, 1.0), 1.0) / REFERENCE_FOLLOWERS)
    line = priors.log_views_at_reference + priors.elasticity * size
    upper = exp(line + priors.followers_scale * float(special.stdtrit(FOLLOWERS_DF, PEERS_UPPER)))
    return np.where(known, upper, np.nan)


def held_to_peers(
    forecasts: ViewForecasts, flagged: Bools, peers: Floats, cleared: Bools | None = None
) -> tuple[ViewForecasts, Bools]:
    """Return the forecasts with those from flagged figures moved down so that the median is at most ``peers``, and
    which of them were moved [n].

    ``peers`` [n] are views as `peers_upper` gives them, or less where growth explains less (NaN: not known).
    ``cleared`` [n] marks the figures that a person has looked at and let stand (None: none).
    """
    known = np.isfinite(peers) & (peers > 0)
    limit = log(np.where(known, peers, 1.0))
    doubted = flagged if cleared is None else flagged & ~cleared
    with np.errstate(invalid="ignore"):
        moved: Bools = doubted & known & (forecasts.log_centre > limit)
    return replace(forecasts, log_centre=np.where(moved, limit, forecasts.log_centre)), moved


def careful_of(low: Floats, usual: Floats, high: Floats) -> Floats:
    """Return the careful views [n] from those at tau .1, .3 and .9: ``usual``, and the nearer to ``low`` the less is
    known (LITTLE_KNOWN)."""
    way = unknown_way(low, high)
    known = way > 0
    moved = exp(
        log(np.where(known, usual, 1.0))
        + way * log(np.where(known, np.maximum(low, TINY), 1.0) / np.where(known, usual, 1.0))
    )
    careful: Floats = np.where(known, moved, usual)
    return careful


def unknown_way(low: Floats, high: Floats) -> Floats:
    """Return how far from the usual careful quantile to the low end views count [n], 0..1, by their 80 % interval."""
    with np.errstate(divide="ignore", invalid="ignore"):
        width = np.where(high > low, high / low, 1.0)
    first, last = LITTLE_KNOWN
    wide = width > first
    # An interval that begins at 0 is as wide as any.
    way: Floats = np.clip(log(np.where(wide, np.minimum(width, last), first) / first) / np.log(last / first), 0.0, 1.0)
    return way


def careful_views(
    forecasts: ViewForecasts, calibration: ForecastCalibration | None = None, tiers: Ints | None = None
) -> Floats:
    """Return the views of one video that count where bids are compared [n], before any discount for their source."""
    return careful_of(*quantiles(forecasts, (LOW, CAREFUL, HIGH), calibration, tiers).T)


def expected_views(forecasts: ViewForecasts) -> Floats:
    """Return the expected views [n] of the next video: the median times the smearing factor."""
    return np.exp(forecasts.log_centre) * forecasts.smear


def on_target_people(views: Floats, share: Floats, h: float = UNIQUE_PER_VIEW) -> Floats:
    """Return the on-target people behind the views: share * views * h.

    ``h`` is the people per view of one video.
    """
    return share * views * h


def people(views_low: Floats, views_middle: Floats, views_high: Floats, shares: TargetShares) -> OnTargetPeople:
    """Return the on-target people of one video: the median, and views at tau .1 and .9 with the low and high share."""
    return OnTargetPeople(
        point=on_target_people(views_middle, shares.point),
        low=on_target_people(views_low, shares.low),
        high=on_target_people(views_high, shares.high),
    )
