"""What the creators of a vertical have in common: spread of views, bias, and the line from followers to views.

The coefficients of the signals (signals.py) on centre and scale are fitted to videos that came out (pool_fit.py): each
of a creator's newest two is forecast from those before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats, Ints, sum_columns
from marketplace.matching.audience.portable_math import exp, log
from marketplace.matching.forecast import odd_videos
from marketplace.matching.forecast.signals import SignalInputs, signals, unfinished

MODEL_VERSION = "pool/4"
HALF_LIFE_VIDEOS = 1.0
VIDEOS_MAX = 10
AGE_MIN_DAYS = 3.0
VIEWS_FLOOR = 1.0
# Elasticity of views on followers: 0.1-0.5 in the literature and the trade (Tian, Dew and Iyengar, Journal of Marketing
# Research 61, 2024, find 0.10 on average on TikTok); the prior is its middle with its ends at one standard deviation.
ELASTICITY, ELASTICITY_SD = 0.3, 0.2
REFERENCE_FOLLOWERS, REFERENCE_VIEWS = 100_000.0, 3_000.0
# Followers alone miss log views by 1.35 on average (846 creators, one search word, 2025-11): about ten times each way.
FOLLOWERS_FACTOR = 10.0
# Coefficients of signals.CENTRE and signals.SPREAD before a market has its own: the middle of the fits to six simulated
# markets (benchmarks/quality/histories.py); wild channels tell nothing before a market has taught it, and a video of
# three days lacks a fifth (early.py). A pause costs a tenth for each factor of e over two weeks and widens the spread
# as much: the simulated market with pauses teaches twice that, the others less.
CENTRE_PRIOR = (0.15, 0.2, 0.1, 0.0, 0.3, 0.0, 0.0, 0.1, -0.1, 0.0, 0.2)
SPREAD_PRIOR = (0.05, -0.4, 0.0, 0.0, 0.0, 0.0, 0.0, 0.1, 0.15, 0.1, 0.0)
SPREAD_RANGE = 0.9
# A reported 30-day median misses the next video by 0.815 on average, measured where the last nine videos were known too
# (matching.md 1.3).
MEDIAN_SCALE, MEDIAN_DF = 0.86, 5.0
T5_AT_90 = 1.4758840488244815


@dataclass(frozen=True)
class VerticalPool:
    """A vertical's priors.

    ``s0_squared``, ``nu0``: variance of log views within a creator and its weight in degrees of freedom; ``bias``: the
    median error of the centre (log); ``smear``: the mean of views over their median times exp(scale^2 / 2) (None: too
    little is known);
    ``log_views_at_reference`` and ``elasticity``: log views at 100,000 followers and their slope on log followers;
    ``followers_scale``: SD of log views around that line; ``creators``: the number of creators it was fitted to;
    ``centre`` and ``spread``: coefficients of the signals; ``median_bias`` and ``median_scale``: the median error of a
    reported median of views, and the scale of a Student-t with five degrees of freedom about it.
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
    """Views of n channels' videos, newest first, as [n, k] with NaN for none, and each video's age in days [n, k].

    ``followers`` [n] (NaN: not known); ``told_median`` [n]: the reported median of views over 30 days; ``platform``
    [n]: the platform's own forecast of views; ``sponsored`` [n, k]: 1 or 0, NaN where the video does not say.
    """

    views: Floats
    ages_days: Floats
    followers: Floats
    told_median: Floats | None = None
    platform: Floats | None = None
    sponsored: Floats | None = None
    moment: Floats | None = None


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
    """The pools of n channels as arrays [n]; ``centre`` and ``spread`` are [n, 11], ``smear`` NaN if not known."""

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
    """The next video of n channels by their histories [n].

    ``centre`` and ``scale`` of log views, ``base``: the scale before its signals, ``variance``: the shrunk variance of
    one video's log views, with ``df`` degrees of freedom, ``line``: the log views that followers predict (NaN: not
    known), and ``summary``: the moments behind them.
    """

    centre: Floats
    scale: Floats
    base: Floats
    variance: Floats
    df: Floats
    line: Floats
    summary: HistorySummary


PRIOR_POOL = VerticalPool()


def priors_of(pools: Sequence[VerticalPool], which: Ints) -> PoolPriors:
    """Return the pools at the indices ``which`` [n], as arrays."""
    columns = {
        part.name: np.array([_number(getattr(pool, part.name)) for pool in pools])[which] for part in fields(PoolPriors)
    }
    return PoolPriors(**columns)


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
    """Return lists of views and ages, newest first, padded to arrays. Raises ValueError where their lengths differ."""
    if not len(views) == len(ages_days) == len(followers) or any(
        len(row) != len(row_ages) for row, row_ages in zip(views, ages_days, strict=False)
    ):
        raise ValueError("Each video needs its views and its age.")
    width = max((len(row) for row in views), default=0)
    view_table, ages, marks = np.full((3, len(views), width), np.nan)
    for number, row in enumerate(views):
        view_table[number, : len(row)], ages[number, : len(row)] = row, ages_days[number]
    for number, row_marks in enumerate(sponsored or []):
        marks[number, : len(row_marks)] = _column(row_marks)
    return ViewHistories(
        view_table,
        ages,
        _column(followers),
        None if told_median is None else _column(told_median),
        None if platform is None else _column(platform),
        None if sponsored is None else marks,
    )


def _column(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)


def usable(past: ViewHistories) -> Bools:
    """Return which videos count [n, k]: those with views and at least three days old; younger ones still grow."""
    good: Bools = (past.ages_days >= AGE_MIN_DAYS) & (past.views >= 0)
    return good


def packed(past: ViewHistories, skip: int) -> tuple[Floats, Floats]:
    """Return log views and ages of the newest usable videos [n, 10] after the first ``skip``, padded with NaN.

    Fewer views than one count as one, so that the log is finite.
    """
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
    logs, ages = packed(past, 0)
    older = replace(past, ages_days=np.where(first, np.nan, past.ages_days), moment=ages[:, 0])
    return logs[:, 0], older


def summarise(past: ViewHistories, skip: int = 0) -> HistorySummary:
    """Return recency-weighted moments of log views, weight halving with each older video, of the newest ten videos.

    ``skip`` leaves out that many of the newest usable videos (for testing a forecast on them).
    """
    return _summary(packed(past, skip)[0])


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
    """Return the forecast of the video before the newest ``skip`` from those after, and both tables of signals.

    The centre is the recency-weighted mean moved by its signals and the vertical's bias. The scale is that of a next
    value under the shrunk variance, widened or narrowed by its signals within a factor of exp(0.9). Both tables of
    signals are [n, 11].
    """
    told, ages = packed(past, skip)
    logs = odd_videos.held_in(told, priors.s0_squared, priors.nu0)
    idle, lacking = _idle(past, ages, skip)
    summary = _summary(logs)
    seen = summary.n_used > 0
    # How much is known of a channel's own spread, 0..1. Few videos that happen to agree do not narrow a forecast.
    known = np.clip((summary.n_used - 1) / (VIDEOS_MAX - 1), 0.0, 1.0)
    own_df = summary.df * np.where(summary.variance < priors.s0_squared, known, 1.0)
    df = priors.nu0 + own_df
    variance = (priors.nu0 * priors.s0_squared + own_df * summary.variance) / df
    with np.errstate(divide="ignore", invalid="ignore"):
        size = log(np.where(past.followers > 0, past.followers, np.nan) / REFERENCE_FOLLOWERS)
        base = np.sqrt(variance * (1 + 1 / summary.n_eff))
    line = priors.log_views_at_reference + priors.elasticity * size
    inputs = SignalInputs(
        logs=logs,
        ages=ages,
        count=summary.n_used,
        centre=summary.centre,
        variance=variance,
        n_eff=summary.n_eff,
        usual=priors.s0_squared,
        line=line,
        line_scale=priors.followers_scale,
        size=size,
        idle=idle,
        lacking=lacking,
    )
    centre_signals, spread_signals = signals(inputs)
    log_factor = np.clip(sum_columns(spread_signals * priors.spread), -SPREAD_RANGE, SPREAD_RANGE)
    log_factor = np.where(log_factor < 0, known * log_factor, log_factor)
    prediction = ViewPrediction(
        centre=np.where(seen, summary.centre + sum_columns(centre_signals * priors.centre) + priors.bias, np.nan),
        scale=base * exp(log_factor),
        base=base,
        variance=variance,
        df=df,
        line=line,
        summary=summary,
    )
    return prediction, centre_signals, spread_signals


def days_idle(past: ViewHistories) -> Floats:
    """Return the days [n] since each channel's last video, however young; NaN without one."""
    last = np.min(np.nan_to_num(past.ages_days, nan=np.inf), axis=1, initial=np.inf)
    return np.where(np.isfinite(last), np.maximum(last, 0.0), np.nan)


def _idle(past: ViewHistories, ages: Floats, skip: int) -> tuple[Floats, Floats]:
    """Return the days [n] from a channel's last video to the one that is forecast, and how unfinished that one is when
    its views are read [n]. ``ages`` [n, 10] are those of the videos that it is forecast from."""
    if skip:
        moment = packed(past, skip - 1)[1][:, 0]
        return ages[:, 0] - moment, unfinished(moment)
    moment = np.zeros(len(ages)) if past.moment is None else np.nan_to_num(past.moment)
    # Videos under three days old tell no views yet, but that the channel is at work.
    earlier = np.where(past.ages_days >= moment[:, None], past.ages_days, np.inf)
    last = np.min(earlier, axis=1, initial=np.inf)
    read_for_good = np.zeros(len(ages)) if past.moment is None else unfinished(past.moment)
    return np.where(np.isfinite(last), last - moment, np.nan), read_for_good
