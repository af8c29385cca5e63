"""What the creators of a vertical teach about one of them: spread of views, bias, and views from followers.

The pooled spread is the empirical-Bayes prior of log variances, matched by trigamma moments (Smyth, Statistical
Applications in Genetics and Molecular Biology 3, 2004, section 6.2).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, polygamma

from marketplace.matching.arrays import Floats, as_floats, sum_columns

MODEL_VERSION = "pool/1"
HALF_LIFE_VIDEOS = 1.0
VIDEOS_MAX = 10
AGE_MIN_DAYS = 3.0
VIEWS_FLOOR = 1.0
NU0_RANGE = (1.0, 100.0)
TRUST_CREATORS = 10.0
RESIDUALS_MIN = 30
# Mean and variance of the log of a recency-weighted variance of 2, 3 .. 10 normal values over the true one, from four
# million draws each (+-0.002): the weighted sum is no chi-square, and taken for one it overstates s0^2 by a fifth.
LOG_MEANS = (-1.270, -0.616, -0.442, -0.375, -0.344, -0.331, -0.323, -0.320, -0.318)
LOG_VARIANCES = (4.935, 1.721, 1.088, 0.865, 0.770, 0.726, 0.705, 0.695, 0.689)
# Elasticity of views on followers: 0.1-0.5 in the literature and the trade (Tian, Dew and Iyengar, Journal of Marketing
# Research 61, 2024, find 0.10 on average on TikTok); the prior is its middle with its ends at one standard deviation.
ELASTICITY, ELASTICITY_SD = 0.3, 0.2
REFERENCE_FOLLOWERS, REFERENCE_VIEWS = 100_000.0, 3_000.0
# Followers alone miss log views by 1.35 on average (846 creators, one search word, 2025-11): about ten times each way.
FOLLOWERS_FACTOR = 10.0


@dataclass(frozen=True)
class Pool:
    """A vertical's priors.

    ``s0_squared``, ``nu0``: variance of log views inside a creator and its weight in degrees of freedom; ``bias``: what
    the centre misses in the median (log); ``smear``: mean over median of views, None where too little is known;
    ``log_views_at_reference`` and ``elasticity``: log views at 100,000 followers and their slope on log followers;
    ``followers_scale``: SD of log views around that line; ``creators``: how many creators stand behind it.
    """

    s0_squared: float = 0.40
    nu0: float = 3.0
    bias: float = 0.0
    smear: float | None = None
    log_views_at_reference: float = float(np.log(REFERENCE_VIEWS))
    elasticity: float = ELASTICITY
    followers_scale: float = float(np.log(FOLLOWERS_FACTOR)) / 1.2815515655446004
    creators: int = 0


@dataclass(frozen=True, eq=False)
class Histories:
    """Views of n channels' videos, newest first, as [n, k] with NaN where there is none, and each video's age in days;
    ``followers`` [n], NaN where not known."""

    views: Floats
    ages_days: Floats
    followers: Floats


@dataclass(frozen=True, eq=False)
class Summary:
    """Recency-weighted centre and variance of log views [n], the variance's degrees of freedom (Satterthwaite,
    Biometrics Bulletin 2, 1946), effective number of videos in the centre, and how many were used."""

    centre: Floats
    variance: Floats
    df: Floats
    n_eff: Floats
    n_used: Floats


PRIOR_POOL = Pool()


def histories(
    views: Sequence[Sequence[float]], ages_days: Sequence[Sequence[float]], followers: Sequence[float | None]
) -> Histories:
    """Pad lists of views and ages, newest first, to arrays; raises ValueError where their lengths differ."""
    if not len(views) == len(ages_days) == len(followers) or any(
        len(v) != len(a) for v, a in zip(views, ages_days, strict=False)
    ):
        raise ValueError("Each video needs its views and its age.")
    width = max((len(row) for row in views), default=0)
    table, ages = np.full((len(views), width), np.nan), np.full((len(views), width), np.nan)
    for number, row in enumerate(views):
        table[number, : len(row)], ages[number, : len(row)] = row, ages_days[number]
    return Histories(table, ages, np.array([np.nan if f is None else float(f) for f in followers]))


def summarise(past: Histories, skip: int = 0) -> Summary:
    """Return recency-weighted moments of log views, weight halving with each older video, of the newest ten videos.

    Videos younger than three days are left out, for their views still grow. A video without views counts as one view.
    ``skip`` leaves out that many of the newest usable videos (for testing a forecast on them).
    """
    usable = (past.ages_days >= AGE_MIN_DAYS) & (past.views >= 0)
    rank = np.cumsum(usable, axis=1) - 1 - skip
    usable &= (rank >= 0) & (rank < VIDEOS_MAX)
    logs = np.log(np.maximum(np.where(usable, past.views, VIEWS_FLOOR), VIEWS_FLOOR))
    weights = np.where(usable, 2.0 ** (-np.maximum(rank, 0) / HALF_LIFE_VIDEOS), 0.0)
    total = sum_columns(weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = weights / total[:, None]
        centre = sum_columns(weights * logs)
        squares, cubes = sum_columns(weights**2), sum_columns(weights**3)
        spread = sum_columns(weights * (logs - centre[:, None]) ** 2) / (1 - squares)
        df = (1 - squares) ** 2 / (squares - 2 * cubes + squares**2)
    n_used = sum_columns(usable.astype(np.float64))
    several = n_used > 1
    return Summary(
        centre=centre,
        variance=np.where(several, spread, 0.0),
        df=np.where(several, df, 0.0),
        n_eff=np.where(n_used > 0, 1 / np.where(n_used > 0, squares, 1.0), 0.0),
        n_used=n_used,
    )


def trigamma_inverse(value: float) -> float:
    """Return x with trigamma(x) = value > 0, by Newton on 1/trigamma (Smyth 2004, appendix)."""
    if value > 1e7:
        return float(1 / np.sqrt(value))
    if value < 1e-6:
        return 1 / value
    x = 0.5 + 1 / value
    for _ in range(60):
        tri = float(polygamma(1, x))
        step = tri * (1 - tri / value) / float(polygamma(2, x))
        x += step
        if -step / x < 1e-10:
            break
    return x


def match_variances(variances: Floats, dfs: Floats) -> tuple[float, float]:
    """Return (s0^2, nu0) of a scaled inverse chi-square prior from sample variances with their degrees of freedom.

    nu0 lies within 1..100: 100 when the variances differ no more than chance would have it. Needs two variances or
    more that are not all zero, else the prior's own values come back.
    """
    half = as_floats(dfs) / 2
    return _match(as_floats(variances), digamma(half) - np.log(half), polygamma(1, half))


def _match(sample: Floats, log_means: Floats, log_variances: Floats) -> tuple[float, float]:
    if len(sample) < 2 or not (sample > 0).any():
        return PRIOR_POOL.s0_squared, PRIOR_POOL.nu0
    sample = np.maximum(sample, 1e-5 * float(np.median(sample[sample > 0])))
    logs = np.log(sample) - log_means
    extra = float(np.var(logs, ddof=1) - np.mean(log_variances))
    nu0 = NU0_RANGE[1] if extra <= 0 else float(np.clip(2 * trigamma_inverse(extra), *NU0_RANGE))
    return float(np.exp(np.mean(logs) + digamma(nu0 / 2) - np.log(nu0 / 2))), nu0


def fit_pool(past: Histories) -> Pool:
    """Return a vertical's pool; with few creators it stays near the stated prior (as if that were ten creators)."""
    now = summarise(past)
    several = now.n_used >= 2
    creators = int(several.sum())
    trust = creators / (creators + TRUST_CREATORS)
    row = now.n_used[several].astype(np.int64) - 2
    s0_squared, nu0 = _match(now.variance[several], np.array(LOG_MEANS)[row], np.array(LOG_VARIANCES)[row])
    s0_squared = PRIOR_POOL.s0_squared * (s0_squared / PRIOR_POOL.s0_squared) ** trust
    nu0 = PRIOR_POOL.nu0 * (nu0 / PRIOR_POOL.nu0) ** trust
    bias, smear = _misses(past, trust)
    level, elasticity, scale = _followers_line(past.followers, now)
    return Pool(s0_squared, nu0, bias, smear, level, elasticity, scale, creators)


def _misses(past: Histories, trust: float) -> tuple[float, float | None]:
    """Return bias and smearing factor from forecasting each creator's newest usable video from the older ones.

    The smearing factor (Duan, Journal of the American Statistical Association 78, 1983) is the mean of exp(residual)
    after cutting the residuals at their 2 % and 98 % quantiles, so that one viral video does not set it.
    """
    before = summarise(past, skip=1)
    tested = before.n_used >= 2
    if not tested.any():
        return PRIOR_POOL.bias, None
    usable = (past.ages_days >= AGE_MIN_DAYS) & (past.views >= 0)
    first = np.argmax(usable[tested], axis=1)
    newest = np.log(np.maximum(past.views[tested][np.arange(len(first)), first], VIEWS_FLOOR))
    misses = newest - before.centre[tested]
    bias = trust * float(np.median(misses))
    if len(misses) < RESIDUALS_MIN:
        return bias, None
    low, high = np.quantile(misses, [0.02, 0.98])
    return bias, max(1.0, float(np.mean(np.exp(np.clip(misses, low, high) - bias))))


def _followers_line(followers: Floats, now: Summary) -> tuple[float, float, float]:
    """Return log views at the reference, elasticity and spread: least squares, the slope drawn to its prior."""
    known = (followers > 0) & (now.n_used > 0)
    if known.sum() < RESIDUALS_MIN:
        return PRIOR_POOL.log_views_at_reference, PRIOR_POOL.elasticity, PRIOR_POOL.followers_scale
    x = np.log(followers[known] / REFERENCE_FOLLOWERS)
    y = now.centre[known]
    dx, dy = x - x.mean(), y - y.mean()
    free = float((dx * dy).sum() / max((dx * dx).sum(), 1e-12))
    noise = float(np.var(dy - free * dx, ddof=1)) + 1e-9
    precision, prior_precision = float((dx * dx).sum()) / noise, 1 / ELASTICITY_SD**2
    slope = (precision * free + prior_precision * ELASTICITY) / (precision + prior_precision)
    level = float(y.mean() - slope * x.mean())
    single_video = float(np.median(now.variance[known]))
    return level, slope, float(np.sqrt(np.var(y - level - slope * x, ddof=1) + single_video))
