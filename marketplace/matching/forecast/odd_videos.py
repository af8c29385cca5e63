"""Videos whose views are far off those around them: how far each counts, so that one of them decides no forecast.

A running median and the median absolute deviation find them (Hampel, Journal of the American Statistical Association
69, 1974). A video counts as its neighbours' median and four of the channel's spreads at the most: several videos at a
new level hold each other up, one alone is most likely chance.
"""

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats, sum_columns
from marketplace.matching.forecast.signals import median

# Videos that a video is compared with, itself among them; spreads off them from which it counts no further.
WINDOW, FAR = 5, 4.0
VIDEOS_LEAST = 3  # of two that differ nobody can say which one is odd
MAD_TO_SD = 1.4826  # for a normal distribution
# A newest video so many times over, or under, what is usual before it is told.
TOLD_TIMES = 10.0


def held_in(logs: Floats, usual: Floats, usual_df: Floats) -> Floats:
    """Return log views [n, k], newest first, each within four spreads of the median of the five around it.

    ``usual`` [n] is the variance of log views within a creator of the pool and ``usual_df`` [n] its weight: the
    channel's own, from its median absolute deviation, is shrunk to it.
    """
    count = sum_columns(np.isfinite(logs).astype(np.float64))
    if logs.shape[1] < VIDEOS_LEAST:
        return logs
    own = (MAD_TO_SD * np.nan_to_num(median(np.abs(logs - median(logs, count)[:, None]), count))) ** 2
    known = np.maximum(count - 1, 0.0)
    limit = FAR * np.sqrt((usual_df * usual + known * own) / (usual_df + known))
    width = logs.shape[1]
    held = logs.copy()
    for place in range(width):
        first = min(max(place - WINDOW // 2, 0), max(width - WINDOW, 0))
        around = logs[:, first : first + WINDOW]
        middle = median(around, sum_columns(np.isfinite(around).astype(np.float64)))
        held[:, place] = np.clip(logs[:, place], middle - limit, middle + limit)
    return np.where(count[:, None] >= VIDEOS_LEAST, held, logs)


def is_far_off(times: Floats) -> Bools:
    """Return where a newest video has so many times the usual views, or so few, that it is told [n]."""
    with np.errstate(invalid="ignore"):
        far: Bools = (times >= TOLD_TIMES) | (times <= 1 / TOLD_TIMES)
    return far


def newest_times(logs: Floats) -> Floats:
    """Return the newest video's views over the median of those before it [n]; NaN with fewer than two of these."""
    before = logs[:, 1:]
    count = sum_columns(np.isfinite(before).astype(np.float64))
    with np.errstate(invalid="ignore"):
        times: Floats = np.exp(logs[:, 0] - median(before, count))
    return np.where(count >= VIDEOS_LEAST - 1, times, np.nan)
