"""How many views a channel's next video will get, as a distribution, and how many people of the target that is.

log views ~ log_centre + scale * Student-t(df): the recency-weighted mean of log views moved by its signals, with a
variance drawn to the vertical's (see pool.py), the platform's own forecast blended in (blend.py), and what a placement
takes away or adds (sponsored.py). Finished by conformal quantiles of past misses where there are enough of them (Vovk,
Gammerman and Shafer, Algorithmic Learning in a Random World, 2005; by follower tier so that each tier keeps coverage).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from marketplace.channels.anomalies import FOLLOWER_TIERS
from marketplace.core.lazy_import import lazy_module
from marketplace.matching.audience.arrays import Bools, Floats, Ints, as_floats
from marketplace.matching.audience.portable_math import exp, log
from marketplace.matching.audience.targets import TargetShares
from marketplace.matching.forecast.platform_blend import PRIOR_BLEND, PlatformBlend, blended, combined
from marketplace.matching.forecast.pool import MEDIAN_DF, VerticalPool, ViewHistories, histories, predict, priors_of

if TYPE_CHECKING:
    from scipy import special
else:
    special = lazy_module("scipy.special")

MODEL_VERSION = "reach/2"
LOW, MIDDLE, HIGH, CAREFUL = 0.1, 0.5, 0.9, 0.3
# People per view of one video: a prior until channels upload reached-account counts; plausible from 0.7 to 1.
UNIQUE_PER_VIEW, UNIQUE_PER_VIEW_RANGE = 0.85, (0.7, 1.0)
RESIDUALS_MIN, TIER_RESIDUALS_MIN = 60, 50
MIDDLE_DOUBT = 200.0  # misses of its own with which a tier's middle counts half against the pool's
CALIBRATION_TAUS = tuple(round(0.05 * step, 2) for step in range(1, 20))
FOLLOWERS_DF = 30.0
SMEAR_MAX = 4.0
_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(32)
GRID_TAUS: Floats = (_NODES + 1) / 2
GRID_WEIGHTS: Floats = _NODE_WEIGHTS / 2

Basis = Literal["history", "median", "followers", "platform"]


@dataclass(frozen=True)
class ViewForecast:
    """One channel's view forecast, to be stored column by column: log_centre (log views), scale (log units), df,
    videos used, mean over median of views, and what it rests on: its videos, a told median of views, its followers, or
    the platform's own forecast alone."""

    log_centre: float
    scale: float
    df: float
    n_used: int
    smear: float
    basis: Basis


@dataclass(frozen=True, eq=False)
class ViewForecasts:
    """The same for n channels, as arrays [n]; NaN centres where nothing is known. ``from_median``: where a told median
    stands in for videos (None: nowhere); ``platform_weight``: what the platform's forecast counts for, 0..1."""

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
    """Quantiles of standardised misses at CALIBRATION_TAUS by follower tier [4, 19], and the misses behind each [4].

    A tier with fewer than 50 misses holds the pooled quantiles; its count is that of the pool."""

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
    """Return the forecasts of n channels; ``pool_of`` [n] picks each one's pool (all take the first without it).

    ``shift`` and ``shift_sd`` [n], log units: what a placement adds to the channel's views and how sure that is, as
    sponsored.placement tells it; the platform's forecast, which is of a placement already, is not moved.
    """
    count = len(past.views)
    priors = priors_of(pools, np.zeros(count, dtype=np.int64) if pool_of is None else pool_of)
    found, _, _ = predict(past, priors)
    seen = found.summary.n_used > 0
    nothing = np.full(count, np.nan)
    told = nothing if past.told_median is None else past.told_median
    typical = log(np.where(told > 0, told, np.nan)) + priors.median_bias
    by_median = ~seen & np.isfinite(typical)
    centre = np.where(seen, found.centre, np.where(by_median, typical, found.line))
    scale = np.where(seen, found.scale, np.where(by_median, priors.median_scale, priors.followers_scale))
    if shift is not None:
        centre = centre + shift
    if shift_sd is not None:
        scale = np.sqrt(scale**2 + shift_sd**2)
    platform = nothing if past.platform is None else past.platform
    with_videos, without = blended(centre, scale, platform, blend), combined(centre, scale, platform)
    centre, scale, weight = (np.where(seen, ours, other) for ours, other in zip(with_videos, without, strict=True))
    own_smear = np.minimum(exp(scale**2 / 2), SMEAR_MAX)
    return ViewForecasts(
        log_centre=centre,
        scale=scale,
        df=np.where(seen, found.df, np.where(by_median, MEDIAN_DF, FOLLOWERS_DF)),
        n_used=found.summary.n_used,
        smear=np.where(seen & np.isfinite(priors.smear), priors.smear, own_smear),
        from_history=seen,
        from_median=by_median,
        platform_weight=weight,
    )


def forecast(
    views_newest_first: Sequence[float], ages_days: Sequence[float], pool: VerticalPool, followers: float | None = None
) -> ViewForecast:
    """Return one channel's forecast; bit for bit what forecast_many gives it.

    Raises ValueError when no video is at least three days old and followers are not known either.
    """
    many = forecast_many(histories([views_newest_first], [ages_days], [followers]), [pool])
    if not np.isfinite(many.log_centre[0]):
        raise ValueError("A forecast needs a video at least three days old, or the number of followers.")
    return ViewForecast(
        log_centre=float(many.log_centre[0]),
        scale=float(many.scale[0]),
        df=float(many.df[0]),
        n_used=int(many.n_used[0]),
        smear=float(many.smear[0]),
        basis=bases(many)[0],
    )


def bases(forecasts: ViewForecasts) -> list[Basis]:
    """Return what each of n forecasts rests on; one without a centre counts as from followers."""
    count = len(forecasts)
    by_median = np.zeros(count, dtype=bool) if forecasts.from_median is None else forecasts.from_median
    weight = np.zeros(count) if forecasts.platform_weight is None else forecasts.platform_weight
    return [
        "history" if history else "median" if middle else "platform" if alone else "followers"
        for history, middle, alone in zip(forecasts.from_history, by_median, weight >= 1, strict=True)
    ]


def stack(forecasts: Sequence[ViewForecast]) -> ViewForecasts:
    """Return stored forecasts as arrays."""
    return ViewForecasts(
        log_centre=np.array([one.log_centre for one in forecasts]),
        scale=np.array([one.scale for one in forecasts]),
        df=np.array([one.df for one in forecasts]),
        n_used=np.array([float(one.n_used) for one in forecasts]),
        smear=np.array([one.smear for one in forecasts]),
        from_history=np.array([one.basis == "history" for one in forecasts], dtype=bool),
        from_median=np.array([one.basis == "median" for one in forecasts], dtype=bool),
        platform_weight=np.array([float(one.basis == "platform") for one in forecasts]),
    )


def tier_of(followers: Floats) -> Ints:
    """Return the follower tier [n]: 0 under 30,000, 1 under 100,000, 2 under 500,000, 3 from there; NaN is 0."""
    return np.searchsorted(np.array(FOLLOWER_TIERS), np.nan_to_num(followers), side="right").astype(np.int64)


def calibrate(residuals_by_tier: Mapping[int, Floats]) -> ForecastCalibration | None:
    """Return the table of settled misses, or None while there are fewer than 60 in all tiers together.

    Quantile tau is the value at place (n + 1) tau of n misses in order, between two of them in proportion. A tier with
    50 or more has its own ends at 10 and 90 %, which keeps its coverage, and a middle drawn to the pool's; in between
    and beyond it has the pool's shape, which many more misses tell.
    """
    by_tier = [as_floats(residuals_by_tier.get(tier, np.array([]))) for tier in range(len(FOLLOWER_TIERS) + 1)]
    pooled = np.concatenate(by_tier)
    if len(pooled) < RESIDUALS_MIN:
        return None
    whole = _conformal(np.sort(pooled))
    rows = [_shaped(np.sort(own), whole) if len(own) >= TIER_RESIDUALS_MIN else whole for own in by_tier]
    counts = [len(own) if len(own) >= TIER_RESIDUALS_MIN else len(pooled) for own in by_tier]
    return ForecastCalibration(np.stack(rows), np.array(counts, dtype=np.int64))


def _conformal(ordered: Floats) -> Floats:
    places = (len(ordered) + 1) * np.array(CALIBRATION_TAUS) - 1
    found: Floats = np.interp(places, np.arange(len(ordered)), ordered)
    return found


def _shaped(ordered: Floats, whole: Floats) -> Floats:
    own = _conformal(ordered)
    low, middle, high = (CALIBRATION_TAUS.index(tau) for tau in (LOW, MIDDLE, HIGH))
    trust = len(ordered) / (len(ordered) + MIDDLE_DOUBT)
    centre = trust * own[middle] + (1 - trust) * whole[middle]
    centre = float(np.clip(centre, own[low], own[high]))
    below, above = whole[middle] - whole[low], whole[high] - whole[middle]
    if below <= 0 or above <= 0:
        return own
    shape = np.minimum(whole - whole[middle], 0) * ((centre - own[low]) / below)
    shape += np.maximum(whole - whole[middle], 0) * ((own[high] - centre) / above)
    found: Floats = centre + shape
    return found


def quantiles(
    forecasts: ViewForecasts,
    taus: Sequence[float] | Floats,
    calibration: ForecastCalibration | None = None,
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
    z = special.stdtrit(distinct[:, None], tau[None, :])[place]
    if calibration is not None and tiers is not None:
        own = _calibrated(forecasts.df, tau, calibration, distinct, place, tiers)
        z = np.where(forecasts.from_history[:, None], own, z)
    return np.exp(forecasts.log_centre[:, None] + forecasts.scale[:, None] * z)


def _calibrated(
    df: Floats, tau: Floats, table: ForecastCalibration, distinct: Floats, place: Ints, tiers: Ints
) -> Floats:
    first, last = CALIBRATION_TAUS[0], CALIBRATION_TAUS[-1]
    inside = np.stack([np.interp(tau, CALIBRATION_TAUS, row) for row in table.quantiles])[tiers]
    inner = np.clip(tau, first, last)
    beyond = special.stdtrit(distinct[:, None], tau[None, :]) - special.stdtrit(distinct[:, None], inner[None, :])
    return inside + np.where((tau < first) | (tau > last), beyond, 0.0)[place]


def expected_views(forecasts: ViewForecasts) -> Floats:
    """Return the mean of the next video's views [n]: the median times the smearing factor."""
    return np.exp(forecasts.log_centre) * forecasts.smear


def on_target_people(views: Floats, share: Floats, h: float = UNIQUE_PER_VIEW) -> Floats:
    """Return people of the target behind the views: share * views * h.

    ``h`` is people per view of one video.
    """
    return share * views * h


def people(views_low: Floats, views_middle: Floats, views_high: Floats, shares: TargetShares) -> OnTargetPeople:
    """Return on-target people of one video: the median, and views at tau .1 / .9 with the low / high share."""
    return OnTargetPeople(
        point=on_target_people(views_middle, shares.point),
        low=on_target_people(views_low, shares.low),
        high=on_target_people(views_high, shares.high),
    )
