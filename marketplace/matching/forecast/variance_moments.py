"""The spread that a vertical's creators share: the empirical-Bayes prior of variances, matched by trigamma moments
(Smyth, Statistical Applications in Genetics and Molecular Biology 3, 2004, section 6.2)."""

from typing import TYPE_CHECKING

import numpy as np

from marketplace.core.lazy_import import lazy_module
from marketplace.matching.audience.arrays import Floats

if TYPE_CHECKING:
    from scipy import special
else:
    special = lazy_module("scipy.special")

# s0^2 (log units squared) and nu0 (degrees of freedom) before any creator is known.
PRIOR = (0.40, 3.0)
NU0_RANGE = (1.0, 100.0)
# Mean and variance of the log of a recency-weighted variance of 2, 3 .. 10 normal values over the true one, from four
# million draws each (+-0.002): the weighted sum is no chi-square, and taken for one it overstates s0^2 by a fifth.
LOG_MEANS = (-1.270, -0.616, -0.442, -0.375, -0.344, -0.331, -0.323, -0.320, -0.318)
LOG_VARIANCES = (4.935, 1.721, 1.088, 0.865, 0.770, 0.726, 0.705, 0.695, 0.689)


def trigamma_inverse(value: float) -> float:
    """Return x with trigamma(x) = value > 0, by Newton on 1/trigamma (Smyth 2004, appendix)."""
    if value > 1e7:
        return float(1 / np.sqrt(value))
    if value < 1e-6:
        return 1 / value
    x = 0.5 + 1 / value
    for _ in range(60):
        tri = float(special.polygamma(1, x))
        step = tri * (1 - tri / value) / float(special.polygamma(2, x))
        x += step
        if -step / x < 1e-10:
            break
    return x


def match_weighted(variances: Floats, videos: Floats) -> tuple[float, float]:
    """Return (s0^2, nu0) of a scaled inverse chi-square prior from recency-weighted variances of 2..10 videos each.

    `variances` [n] are those of pool.summarise, `videos` [n] how many videos each rests on. nu0 is within 1..100: 100
    when the variances differ no more than chance would have it. Fewer than two variances, or none above zero, return
    the prior's own values.
    """
    row = videos.astype(np.int64) - 2
    return _match(variances, np.array(LOG_MEANS)[row], np.array(LOG_VARIANCES)[row])


def _match(sample: Floats, log_means: Floats, log_variances: Floats) -> tuple[float, float]:
    if len(sample) < 2 or not (sample > 0).any():
        return PRIOR
    sample = np.maximum(sample, 1e-5 * float(np.median(sample[sample > 0])))
    logs = np.log(sample) - log_means
    extra = float(np.var(logs, ddof=1) - np.mean(log_variances))
    nu0 = NU0_RANGE[1] if extra <= 0 else float(np.clip(2 * trigamma_inverse(extra), *NU0_RANGE))
    return float(np.exp(np.mean(logs) + special.digamma(nu0 / 2) - np.log(nu0 / 2))), nu0
