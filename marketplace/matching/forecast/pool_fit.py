"""Fits pools to a market's histories: spread, bias, the line from followers to views, and coefficients of the signals.

Every number is shrunk to a stated prior, a vertical's to the market's, so that few creators teach little.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from marketplace.matching.audience import regression
from marketplace.matching.audience.arrays import Bools, Floats
from marketplace.matching.forecast.pool import (
    ELASTICITY,
    ELASTICITY_SD,
    PRIOR_POOL,
    REFERENCE_FOLLOWERS,
    T5_AT_90,
    HistorySummary,
    PoolPriors,
    VerticalPool,
    ViewHistories,
    packed,
    predict,
    priors_of,
    summarise,
)
from marketplace.matching.forecast.signals import CENTRE, CENTRE_SIGNS, SPREAD, SPREAD_SIGNS, against, median
from marketplace.matching.forecast.variance_moments import match_weighted

# The number of creators that the stated prior counts as against a market's own, and the market against one of its
# verticals: a fit to two hundred simulated creators of one vertical followed chance more than the vertical.
TRUST_CREATORS, TRUST_OF_ALL = 10.0, 300.0
RESIDUALS_MIN = 30
# RIDGE is the weight of the prior coefficients of signals, RIDGE_OF_ALL that of the market's against a vertical's.
RIDGE, RIDGE_OF_ALL = 20.0, 600.0
ORIGINS, OLDER_MIN, ROWS_MAX = 2, 3, 8_000
# E|error| over scale for the Student-t of a usual channel.
ABSOLUTE_PER_SCALE = 0.9
MEDIAN_VIDEOS = 5
# The least SD of log views, a tenth: a market whose told figures are all alike has not taught that nothing varies.
SCALE_MIN = 0.1
VIRAL, SMEAR_LEAST = 20.0, 0.25


def fit_pool(past: ViewHistories, base: VerticalPool = PRIOR_POOL) -> VerticalPool:
    """Return the pool fitted to a market's histories, shrunk to the stated prior, which counts as ten creators.

    A vertical's pool takes the market's as its ``base``, which counts as three hundred creators.
    """
    summary = summarise(past)
    several = summary.n_used >= 2
    creators = int(several.sum())
    trust = creators / (creators + (TRUST_CREATORS if base is PRIOR_POOL else TRUST_OF_ALL))
    s0_squared, nu0 = match_weighted(summary.variance[several], summary.n_used[several])
    s0_squared = max(s0_squared, SCALE_MIN**2)
    level, elasticity, scale = _followers_line(past.followers, summary, base, trust)
    pool = replace(
        base,
        s0_squared=base.s0_squared * (s0_squared / base.s0_squared) ** trust,
        nu0=base.nu0 * (nu0 / base.nu0) ** trust,
        log_views_at_reference=level,
        elasticity=elasticity,
        followers_scale=scale,
        creators=creators,
    )
    return _errors(past, _learn(past, pool, base), base, trust)


def _learn(past: ViewHistories, pool: VerticalPool, base: VerticalPool) -> VerticalPool:
    """Return the pool with coefficients fitted by forecasting each of the newest two usable videos from the older ones.

    Of more than 8,000 videos every second, third .. is used: a dozen coefficients need no more.
    """
    parts = []
    for skip in range(ORIGINS):
        prediction, centre_signals, spread_signals = predict(past, _priors(pool, past), skip + 1)
        changes = packed(past, skip)[0][:, 0] - prediction.summary.centre
        tested = (prediction.summary.n_used >= OLDER_MIN) & np.isfinite(changes)
        parts.append((centre_signals[tested], spread_signals[tested], changes[tested], prediction.base[tested]))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    table, spread_signals, changes, scale = (column[:: len(columns[-1]) // ROWS_MAX + 1] for column in columns)
    if len(changes) < RESIDUALS_MIN:
        return pool
    weight = RIDGE if base is PRIOR_POOL else RIDGE_OF_ALL
    # The constant takes up the error that all have in common: that is the bias, which _errors fits.
    with_constant = np.concatenate([table, np.ones((len(changes), 1))], axis=1)
    prior, ridge = np.array([*base.centre, 0.0]), np.array([*[weight] * len(CENTRE), 0.0])

    def fit_centre(off: Bools) -> Floats:
        left_out = np.append(off, np.False_)
        columns, before = np.where(left_out, 0.0, with_constant), np.where(left_out, 0.0, prior)
        return regression.absolute(columns, changes, 1 / np.sqrt(scale), before, ridge)

    centre = _signed(fit_centre, CENTRE, CENTRE_SIGNS)
    errors = changes - regression.times(with_constant, centre)
    usual = ABSOLUTE_PER_SCALE * scale

    def fit_spread(off: Bools) -> Floats:
        columns, before = np.where(off, 0.0, spread_signals), np.where(off, 0.0, base.spread)
        return regression.log_spread(columns, errors, usual, before, np.full(len(SPREAD), weight))

    spread = _signed(fit_spread, SPREAD, SPREAD_SIGNS)
    return replace(pool, centre=tuple(centre[:-1].tolist()), spread=tuple(spread.tolist()))


def _signed(fit: Callable[[Bools], Floats], names: Sequence[str], signs: Mapping[str, float]) -> Floats:
    """Return fitted coefficients, with nothing for those whose sign is against what they may have.

    ``fit`` takes which of the ``names`` are left out; further coefficients may follow theirs.
    """
    off = np.zeros(len(names), dtype=np.bool_)
    while True:
        found = fit(off)
        wrong = against(found[: len(names)].tolist(), names, signs) & ~off
        if not wrong.any():
            found[: len(names)][off] = 0.0
            return found
        off |= wrong


def _priors(pool: VerticalPool, past: ViewHistories) -> PoolPriors:
    return priors_of([pool], np.zeros(len(past.views), dtype=np.int64))


def _errors(past: ViewHistories, pool: VerticalPool, base: VerticalPool, trust: float) -> VerticalPool:
    """Return the pool with the errors of forecasting each creator's newest usable video from the older ones: bias,
    smearing factor, and bias and scale of the median of the older ones.

    The smearing factor (Duan, Journal of the American Statistical Association 78, 1983) is that by which the expected
    views exceed the median times exp(scale^2 / 2); see _smear.
    """
    unbiased = replace(pool, bias=0.0)
    before, _, _ = predict(past, _priors(unbiased, past), 1)
    older, newest = packed(past, 1)[0], packed(past, 0)[0][:, 0]
    count = before.summary.n_used
    errors = (newest - before.centre)[count >= 2]
    median_errors = (newest - median(older, count))[count >= MEDIAN_VIDEOS]
    if not len(errors):
        return pool
    bias = base.bias + trust * (float(np.median(errors)) - base.bias)
    fitted = replace(pool, bias=bias)
    if len(errors) >= RESIDUALS_MIN:
        smear = _smear(errors - bias, before.scale[count >= 2])
        fitted = replace(fitted, smear=smear if base.smear is None else base.smear * (smear / base.smear) ** trust)
    if len(median_errors) >= RESIDUALS_MIN:
        low, high = np.quantile(median_errors, [0.1, 0.9])
        scale = max(float(high - low) / 2 / T5_AT_90, SCALE_MIN)
        fitted = replace(
            fitted,
            median_bias=base.median_bias + trust * (float(np.median(median_errors)) - base.median_bias),
            median_scale=base.median_scale * (scale / base.median_scale) ** trust,
        )
    return fitted


def _smear(errors: Floats, scales: Floats) -> float:
    """Return the factor c with which views over c exp(scale^2 / 2) times their median are 1 on average, from residuals
    and scales [n].

    No video counts for more than twenty times what is expected, so that a viral one does not set it.
    """
    with np.errstate(over="ignore"):
        ratios = np.exp(errors - scales**2 / 2)
    low, high = SMEAR_LEAST, VIRAL * max(1.0, float(np.max(ratios)))
    for _ in range(60):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if float(np.mean(np.minimum(ratios / middle, VIRAL))) > 1 else (low, middle)
    return high


def _followers_line(
    followers: Floats, summary: HistorySummary, base: VerticalPool, trust: float
) -> tuple[float, float, float]:
    """Return log views at the reference, elasticity and spread by least squares, with the slope shrunk to its prior;
    those of a vertical are each shrunk to the market's."""
    known = (followers > 0) & (summary.n_used > 0)
    if known.sum() < RESIDUALS_MIN:
        return base.log_views_at_reference, base.elasticity, base.followers_scale
    x = np.log(followers[known] / REFERENCE_FOLLOWERS)
    y = summary.centre[known]
    dx, dy = x - x.mean(), y - y.mean()
    unshrunk = float((dx * dy).sum() / max((dx * dx).sum(), 1e-12))
    noise = float(np.var(dy - unshrunk * dx, ddof=1)) + 1e-9
    precision, prior_precision = float((dx * dx).sum()) / noise, 1 / ELASTICITY_SD**2
    slope = (precision * unshrunk + prior_precision * ELASTICITY) / (precision + prior_precision)
    level = float(y.mean() - slope * x.mean())
    single_video = float(np.median(summary.variance[known]))
    scale = max(float(np.sqrt(np.var(y - level - slope * x, ddof=1) + single_video)), SCALE_MIN)
    if base is PRIOR_POOL:
        return level, slope, scale
    market = (base.log_views_at_reference, base.elasticity, base.followers_scale)
    level, slope, scale = (
        prior + trust * (fitted - prior) for prior, fitted in zip(market, (level, slope, scale), strict=True)
    )
    return level, slope, scale
