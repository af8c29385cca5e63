"""What the creators of a vertical teach about one of them: spread of views, bias, and views from followers.

How far the centre and the scale follow the signals of `matching.signals` is learnt from the videos that came out: each
of a creator's newest two is forecast from those before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from marketplace.matching.audience import regression
from marketplace.matching.audience.arrays import Bools, Floats, Ints, sum_columns
from marketplace.matching.audience.portable_math import exp, log
from marketplace.matching.forecast.signals import CENTRE, SPREAD, SignalInputs, median, signals
from marketplace.matching.forecast.variance_moments import match_weighted

MODEL_VERSION = "pool/2"
HALF_LIFE_VIDEOS = 1.0
VIDEOS_MAX = 10
AGE_MIN_DAYS = 3.0
VIEWS_FLOOR = 1.0
# How many creators' worth the stated prior counts against a market's own, and the market against one of its verticals:
# two hundred made-up creators of one vertical told more of chance than of it.
TRUST_CREATORS, TRUST_OF_ALL = 10.0, 300.0
RESIDUALS_MIN = 30
# Elasticity of views on followers: 0.1-0.5 in the literature and the trade (Tian, Dew and Iyengar, Journal of Marketing
# Research 61, 2024, find 0.10 on average on TikTok); the prior is its middle with its ends at one standard deviation.
ELASTICITY, ELASTICITY_SD = 0.3, 0.2
REFERENCE_FOLLOWERS, REFERENCE_VIEWS = 100_000.0, 3_000.0
# Followers alone miss log views by 1.35 on average (846 creators, one search word, 2025-11): about ten times each way.
FOLLOWERS_FACTOR = 10.0
# Coefficients of signals.CENTRE and signals.SPREAD before a market has taught its own: the middle of what six made-up
# markets teach (benchmarks/quality/histories.py), with how many creators' worth of doubt.
CENTRE_PRIOR = (0.15, 0.2, 0.1, 0.0, 0.3, 0.0, 0.0, 0.1)
SPREAD_PRIOR = (0.05, -0.4, 0.0, 0.0, 0.0, 0.0, 0.0, 0.1, 0.15)
RIDGE, RIDGE_OF_ALL = 20.0, 600.0
ORIGINS, OLDER_MIN, ROWS_MAX = 2, 3, 8_000
SPREAD_RANGE = 0.9
# E|error| over scale for the Student-t of a usual channel.
ABSOLUTE_PER_SCALE = 0.9
# A told median of 30 days misses the next video by 0.815 in the mean where the last nine were told (matching.md 1.3).
MEDIAN_SCALE, MEDIAN_DF = 0.86, 5.0
MEDIAN_VIDEOS = 5
T5_AT_90 = 1.4758840488244815


@dataclass(frozen=True)
class VerticalPool:
    """A vertical's priors.

    ``s0_squared``, ``nu0``: variance of log views inside a creator and its weight in degrees of freedom; ``bias``: what
    the centre misses in the median (log); ``smear``: mean over median of views, None where too little is known;
    ``log_views_at_reference`` and ``elasticity``: log views at 100,000 followers and their slope on log followers;
    ``followers_scale``: SD of log views around that line; ``creators``: how many creators stand behind it;
    ``centre`` and ``spread``: coefficients of the signals; ``median_bias`` and ``median_scale``: what a told median of
    views misses in the middle, and the scale of a Student-t with five degrees of freedom about it.
    """

    s0_squared: float = 0.40
    nu0: float = 3.0
    bias: float = 0.0
    smear: float | None = None
    log_views_at_reference: float = float(np.log(REFERENCE_VIEWS))
    elasticity: float = ELASTICITY
    followers_scale: float = float(np.log(FOLLOWERS_FACTOR)) / 1.2815515655446004
    creators: int = 0
    centre: tuple[float, ...] = CENTRE_PRIOR
    spread: tuple[float, ...] = SPREAD_PRIOR
    median_bias: float = 0.0
    median_scale: float = MEDIAN_SCALE


@dataclass(frozen=True, eq=False)
class ViewHistories:
    """Views of n channels' videos, newest first, as [n, k] with NaN where there is none, and each video's age in days;
    ``followers`` [n], NaN where not known; where told, the median of views over 30 days [n], the platform's own
    forecast of views [n], and whether a video is sponsored [n, k] (1, 0, or NaN where it does not say)."""

    views: Floats
    ages_days: Floats
    followers: Floats
    told_median: Floats | None = None
    platform: Floats | None = None
    sponsored: Floats | None = None


@dataclass(frozen=True, eq=False)
class HistorySummary:
    """Recency-weighted centre and variance of log views [n], the variance's degrees of freedom (Satterthwaite,
    Biometrics Bulletin 2, 1946), effective number of videos in the centre, and how many were used."""

    centre: Floats
    variance: Floats
    df: Floats
    n_eff: Floats
    n_used: Floats


@dataclass(frozen=True, eq=False)
class PoolPriors:
    """The pools of n channels as arrays [n]; ``centre`` [n, 8] and ``spread`` [n, 9]; ``smear`` NaN: not known."""

    s0_squared: Floats
    nu0: Floats
    bias: Floats
    smear: Floats
    log_views_at_reference: Floats
    elasticity: Floats
    followers_scale: Floats
    median_bias: Floats
    median_scale: Floats
    centre: Floats
    spread: Floats


@dataclass(frozen=True, eq=False)
class ViewPrediction:
    """What histories tell of the next video [n]: centre and scale of log views, the scale before its signals, the
    shrunk variance of one video's log views, its degrees of freedom, the log views that followers predict (NaN: not
    known), and the moments behind them."""

    centre: Floats
    scale: Floats
    base: Floats
    variance: Floats
    df: Floats
    line: Floats
    summary: HistorySummary


PRIOR_POOL = VerticalPool()


def priors_of(pools: Sequence[VerticalPool], which: Ints) -> PoolPriors:
    """Return the pools that ``which`` [n] names, as arrays."""
    found = {
        part.name: np.array([_number(getattr(pool, part.name)) for pool in pools])[which] for part in fields(PoolPriors)
    }
    return PoolPriors(**found)


def _number(value: float | tuple[float, ...] | None) -> float | tuple[float, ...]:
    return np.nan if value is None else value


def histories(
    views: Sequence[Sequence[float]],
    ages_days: Sequence[Sequence[float]],
    followers: Sequence[float | None],
    *,
    told_median: Sequence[float | None] | None = None,
    platform: Sequence[float | None] | None = None,
    sponsored: Sequence[Sequence[bool | None]] | None = None,
) -> ViewHistories:
    """Pad lists of views and ages, newest first, to arrays; raises ValueError where their lengths differ."""
    if not len(views) == len(ages_days) == len(followers) or any(
        len(v) != len(a) for v, a in zip(views, ages_days, strict=False)
    ):
        raise ValueError("Each video needs its views and its age.")
    width = max((len(row) for row in views), default=0)
    table, ages, marks = np.full((3, len(views), width), np.nan)
    for number, row in enumerate(views):
        table[number, : len(row)], ages[number, : len(row)] = row, ages_days[number]
    for number, said in enumerate(sponsored or []):
        marks[number, : len(said)] = _column(said)
    return ViewHistories(
        table,
        ages,
        _column(followers),
        None if told_median is None else _column(told_median),
        None if platform is None else _column(platform),
        None if sponsored is None else marks,
    )


def _column(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)


def usable(past: ViewHistories) -> Bools:
    """Return which videos count [n, k]: with views, and at least three days old, for younger ones still grow."""
    found: Bools = (past.ages_days >= AGE_MIN_DAYS) & (past.views >= 0)
    return found


def _packed(past: ViewHistories, skip: int) -> tuple[Floats, Floats]:
    """Return log views and ages of the newest usable videos [n, 10] after ``skip`` of them; NaN where there are fewer.

    A video without views counts as one view."""
    good = usable(past)
    rank = np.cumsum(good, axis=1) - 1 - skip
    good &= (rank >= 0) & (rank < VIDEOS_MAX)
    row, column = np.nonzero(good)
    logs, ages = np.full((2, len(good), VIDEOS_MAX), np.nan)
    logs[row, rank[row, column]] = log(np.maximum(past.views[row, column], VIEWS_FLOOR))
    ages[row, rank[row, column]] = past.ages_days[row, column]
    return logs, ages


def newest_of(past: ViewHistories) -> tuple[Floats, ViewHistories]:
    """Return the log views [n] of each channel's newest usable video (NaN: none), and the histories without it."""
    good = usable(past)
    first = good & (np.cumsum(good, axis=1) == 1)
    return _packed(past, 0)[0][:, 0], replace(past, ages_days=np.where(first, np.nan, past.ages_days))


def summarise(past: ViewHistories, skip: int = 0) -> HistorySummary:
    """Return recency-weighted moments of log views, weight halving with each older video, of the newest ten videos.

    ``skip`` leaves out that many of the newest usable videos (for testing a forecast on them).
    """
    return _summary(_packed(past, skip)[0])


def _summary(logs: Floats) -> HistorySummary:
    n_used = sum_columns(np.isfinite(logs).astype(np.float64))
    weights = np.where(np.isfinite(logs), 2.0 ** (-np.arange(VIDEOS_MAX) / HALF_LIFE_VIDEOS)[None, :], 0.0)
    total = sum_columns(weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = weights / total[:, None]
        values = np.nan_to_num(logs)
        centre = sum_columns(weights * values)
        squares, cubes = sum_columns(weights**2), sum_columns(weights**3)
        spread = sum_columns(weights * (values - centre[:, None]) ** 2) / (1 - squares)
        df = (1 - squares) ** 2 / (squares - 2 * cubes + squares**2)
    several = n_used > 1
    return HistorySummary(
        centre=centre,
        variance=np.where(several, spread, 0.0),
        df=np.where(several, df, 0.0),
        n_eff=np.where(n_used > 0, 1 / np.where(n_used > 0, squares, 1.0), 0.0),
        n_used=n_used,
    )


def predict(past: ViewHistories, priors: PoolPriors, skip: int = 0) -> tuple[ViewPrediction, Floats, Floats]:
    """Return what the videos after ``skip`` tell of the one before them, and the signals of centre and spread.

    The centre is the recency-weighted mean moved by its signals and the vertical's bias; the scale that of a next value
    from the shrunk variance, widened or narrowed by its signals within a factor of exp(0.9).
    """
    logs, ages = _packed(past, skip)
    now = _summary(logs)
    seen = now.n_used > 0
    df = priors.nu0 + now.df
    variance = (priors.nu0 * priors.s0_squared + now.df * now.variance) / df
    with np.errstate(divide="ignore", invalid="ignore"):
        size = log(np.where(past.followers > 0, past.followers, np.nan) / REFERENCE_FOLLOWERS)
        base = np.sqrt(variance * (1 + 1 / now.n_eff))
    line = priors.log_views_at_reference + priors.elasticity * size
    known = SignalInputs(
        logs=logs,
        ages=ages,
        count=now.n_used,
        centre=now.centre,
        variance=variance,
        n_eff=now.n_eff,
        usual=priors.s0_squared,
        line=line,
        line_scale=priors.followers_scale,
        size=size,
    )
    of_centre, of_spread = signals(known)
    wider = np.clip(sum_columns(of_spread * priors.spread), -SPREAD_RANGE, SPREAD_RANGE)
    found = ViewPrediction(
        centre=np.where(seen, now.centre + sum_columns(of_centre * priors.centre) + priors.bias, np.nan),
        scale=base * exp(wider),
        base=base,
        variance=variance,
        df=df,
        line=line,
        summary=now,
    )
    return found, of_centre, of_spread


def fit_pool(past: ViewHistories, base: VerticalPool = PRIOR_POOL) -> VerticalPool:
    """Return a market's pool; with few creators it stays near the stated prior (as if that were ten creators).

    A vertical's pool has the market's as its ``base`` and stays near it (as if that were three hundred).
    """
    now = summarise(past)
    several = now.n_used >= 2
    creators = int(several.sum())
    trust = creators / (creators + (TRUST_CREATORS if base is PRIOR_POOL else TRUST_OF_ALL))
    s0_squared, nu0 = match_weighted(now.variance[several], now.n_used[several])
    level, elasticity, scale = _followers_line(past.followers, now, base, trust)
    first = replace(
        base,
        s0_squared=base.s0_squared * (s0_squared / base.s0_squared) ** trust,
        nu0=base.nu0 * (nu0 / base.nu0) ** trust,
        log_views_at_reference=level,
        elasticity=elasticity,
        followers_scale=scale,
        creators=creators,
    )
    return _misses(past, _learn(past, first, base), base, trust)


def _learn(past: ViewHistories, pool: VerticalPool, base: VerticalPool) -> VerticalPool:
    """Return the pool with coefficients from forecasting each of the newest two usable videos from the older ones.

    Of more than 8,000 videos every second, third .. is taken: a dozen coefficients need no more."""
    parts = []
    for skip in range(ORIGINS):
        found, of_centre, of_spread = predict(past, _priors(pool, past), skip + 1)
        moves = _packed(past, skip)[0][:, 0] - found.summary.centre
        tested = (found.summary.n_used >= OLDER_MIN) & np.isfinite(moves)
        parts.append((of_centre[tested], of_spread[tested], moves[tested], found.base[tested]))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    table, of_spread, moves, scale = (column[:: len(columns[-1]) // ROWS_MAX + 1] for column in columns)
    if len(moves) < RESIDUALS_MIN:
        return pool
    strength = RIDGE if base is PRIOR_POOL else RIDGE_OF_ALL
    # What all of them miss is the bias, told apart below.
    with_one = np.concatenate([table, np.ones((len(moves), 1))], axis=1)
    prior, ridge = np.array([*base.centre, 0.0]), np.array([*[strength] * len(CENTRE), 0.0])
    found_centre = regression.absolute(with_one, moves, 1 / np.sqrt(scale), prior, ridge)
    misses = moves - regression.times(with_one, found_centre)
    usual = ABSOLUTE_PER_SCALE * scale
    found_spread = regression.log_spread(
        of_spread, misses, usual, np.array(base.spread), np.full(len(SPREAD), strength)
    )
    return replace(pool, centre=tuple(found_centre[:-1].tolist()), spread=tuple(found_spread.tolist()))


def _priors(pool: VerticalPool, past: ViewHistories) -> PoolPriors:
    return priors_of([pool], np.zeros(len(past.views), dtype=np.int64))


def _misses(past: ViewHistories, pool: VerticalPool, base: VerticalPool, trust: float) -> VerticalPool:
    """Return the pool with what forecasts of each creator's newest usable video from the older ones miss: bias,
    smearing factor, and bias and scale of the median of the older ones.

    The smearing factor (Duan, Journal of the American Statistical Association 78, 1983) is the mean of exp(residual)
    after cutting the residuals at their 2 % and 98 % quantiles, so that one viral video does not set it.
    """
    plain = replace(pool, bias=0.0)
    before, _, _ = predict(past, _priors(plain, past), 1)
    older, newest = _packed(past, 1)[0], _packed(past, 0)[0][:, 0]
    count = before.summary.n_used
    misses = (newest - before.centre)[count >= 2]
    of_median = (newest - median(older, count))[count >= MEDIAN_VIDEOS]
    if not len(misses):
        return pool
    bias = base.bias + trust * (float(np.median(misses)) - base.bias)
    found = replace(pool, bias=bias)
    if len(misses) >= RESIDUALS_MIN:
        low, high = np.quantile(misses, [0.02, 0.98])
        smear = max(1.0, float(np.mean(np.exp(np.clip(misses, low, high) - bias))))
        found = replace(found, smear=smear if base.smear is None else base.smear * (smear / base.smear) ** trust)
    if len(of_median) >= RESIDUALS_MIN:
        low, high = np.quantile(of_median, [0.1, 0.9])
        scale = max(float(high - low) / 2 / T5_AT_90, 0.1)
        found = replace(
            found,
            median_bias=base.median_bias + trust * (float(np.median(of_median)) - base.median_bias),
            median_scale=base.median_scale * (scale / base.median_scale) ** trust,
        )
    return found


def _followers_line(
    followers: Floats, now: HistorySummary, base: VerticalPool, trust: float
) -> tuple[float, float, float]:
    """Return log views at the reference, elasticity and spread: least squares, the slope drawn to its prior; of a
    vertical, each drawn to the market's."""
    known = (followers > 0) & (now.n_used > 0)
    if known.sum() < RESIDUALS_MIN:
        return base.log_views_at_reference, base.elasticity, base.followers_scale
    x = np.log(followers[known] / REFERENCE_FOLLOWERS)
    y = now.centre[known]
    dx, dy = x - x.mean(), y - y.mean()
    free = float((dx * dy).sum() / max((dx * dx).sum(), 1e-12))
    noise = float(np.var(dy - free * dx, ddof=1)) + 1e-9
    precision, prior_precision = float((dx * dx).sum()) / noise, 1 / ELASTICITY_SD**2
    slope = (precision * free + prior_precision * ELASTICITY) / (precision + prior_precision)
    level = float(y.mean() - slope * x.mean())
    single_video = float(np.median(now.variance[known]))
    scale = float(np.sqrt(np.var(y - level - slope * x, ddof=1) + single_video))
    if base is PRIOR_POOL:
        return level, slope, scale
    old = (base.log_views_at_reference, base.elasticity, base.followers_scale)
    level, slope, scale = (
        before + trust * (own - before) for before, own in zip(old, (level, slope, scale), strict=True)
    )
    return level, slope, scale
