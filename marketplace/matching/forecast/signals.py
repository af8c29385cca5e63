"""Signals from a channel's last videos beside their recency-weighted mean, for the centre and for the spread.

Every signal is 0 for a usual channel and where nothing is known, so that a channel with one video and no followers is
forecast by the mean alone.
"""

import math
from dataclasses import dataclass

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats, sum_columns
from marketplace.matching.audience.portable_math import log

# The most log units that a signal may pull, however wild a video was; days between videos of a usual channel.
PULL_MAX, USUAL_GAP, GAP_MIN, GAP_MAX = 3.0, 2.5, 0.25, 30.0
SLOW_RATIO = 1 / math.sqrt(math.sqrt(2))  # of one video's weight to the next newer one's: half-life four videos
CENTRE = ("last", "median_of_3", "median", "slow", "followers", "cadence", "high", "low")
SPREAD = ("one", "own", "jump", "level", "cadence", "size", "drift", "middling", "whole")
_LEVEL_PER, _JUMP_MAX, _JUMP_USUAL, _DRIFT_USUAL = 2.0, 4.0, 0.8, 0.3
# The SDs off the median from which a last video is a hit or a flop; the usual spreads of all videos of a channel.
_ODD, _MIDDLING_USUAL, _WHOLE_USUAL, _SPREAD_MIN = 1.2, 0.4, 0.6, 0.05


@dataclass(frozen=True, eq=False)
class SignalInputs:
    """What signals are made from, for n channels.

    ``logs`` and ``ages`` [n, k]: log views and ages in days of the last videos, newest first (NaN: none); ``count`` [n]
    of them; ``centre`` [n] of log views, its ``variance`` [n] and effective number of videos ``n_eff`` [n]; ``usual``
    [n]: the variance of the channel's pool; ``line`` and ``line_scale`` [n]: the log views that followers predict and
    the SD of that; ``size`` [n]: log of followers over 100,000 (NaN: not known).
    """

    logs: Floats
    ages: Floats
    count: Floats
    centre: Floats
    variance: Floats
    n_eff: Floats
    usual: Floats
    line: Floats
    line_scale: Floats
    size: Floats


def median(table: Floats, count: Floats) -> Floats:
    """Return the median [n] of each row's ``count`` values; NaN for a row without any. Sorting puts NaN values last."""
    if not table.shape[1]:
        return np.full(len(table), np.nan)
    ordered, rows = np.sort(table, axis=1), np.arange(len(table))
    upper = np.clip(count // 2, 0, table.shape[1] - 1).astype(np.int64)
    lower = np.clip((count - 1) // 2, 0, table.shape[1] - 1).astype(np.int64)
    return np.where(count > 0, (ordered[rows, lower] + ordered[rows, upper]) / 2, np.nan)


def weighted(table: Floats, ratio: float) -> Floats:
    """Return each row's weighted mean [n]: the weight falls by ``ratio`` from each video to the next older one, and NaN
    values have none."""
    decay = np.cumprod(np.full(table.shape[1], ratio))
    weights = np.where(np.isnan(table), 0.0, decay[None, :])
    with np.errstate(invalid="ignore", divide="ignore"):
        return sum_columns(weights * np.nan_to_num(table)) / sum_columns(weights)


def signals(inputs: SignalInputs) -> tuple[Floats, Floats]:
    """Return the signals of the centre [n, 8] and of the spread [n, 9], in the order of CENTRE and SPREAD.

    Centre, in log units from the recency-weighted mean: the last video, the median of three, the median of all, the
    slow mean (half-life four videos), the level that followers predict times the mean's share of both errors (the
    empirical-Bayes weight), the posting cadence, and by how much the last video is a hit or a flop.
    Spread: a constant, the channel's own spread over its vertical's, the distance of the last video from the median,
    the level over what followers predict, cadence, size, the distance of the slow mean from the quick one, and the
    median absolute deviation and the SD of all videos with equal weights.
    """
    seen = inputs.count > 0
    last = inputs.logs[:, 0] if inputs.logs.shape[1] else np.full(len(seen), np.nan)
    middle = median(inputs.logs, inputs.count)
    slow = weighted(inputs.logs, SLOW_RATIO)
    of_three = median(inputs.logs[:, :3], np.minimum(inputs.count, 3))
    error = inputs.variance / np.maximum(inputs.n_eff, 1.0)
    followers_weight = error / (error + inputs.line_scale**2)
    sd = np.sqrt(inputs.variance)
    cadence = _cadence(inputs)
    level = _cut(inputs.centre - inputs.line, PULL_MAX) / _LEVEL_PER
    centre = [
        _cut(last - inputs.centre, PULL_MAX),
        _cut(of_three - inputs.centre, PULL_MAX),
        _cut(middle - inputs.centre, PULL_MAX),
        _cut(slow - inputs.centre, PULL_MAX),
        followers_weight * _cut(inputs.line - inputs.centre, PULL_MAX),
        cadence,
        sd * np.clip((last - middle) / sd - _ODD, 0.0, PULL_MAX),
        sd * np.clip((last - middle) / sd + _ODD, -PULL_MAX, 0.0),
    ]
    several = inputs.count > 1
    spread = [
        np.ones(len(seen)),
        log(inputs.variance / inputs.usual) / 2,
        np.minimum(np.abs(last - middle) / sd, _JUMP_MAX) - _JUMP_USUAL,
        level,
        cadence,
        _cut(inputs.size, 2 * _LEVEL_PER) / _LEVEL_PER,
        np.minimum(np.abs(slow - inputs.centre) / sd, _JUMP_MAX) - _DRIFT_USUAL,
        np.where(several, _log_over(median(np.abs(inputs.logs - middle[:, None]), inputs.count), _MIDDLING_USUAL), 0.0),
        np.where(several, _log_over(_deviation(inputs), _WHOLE_USUAL), 0.0),
    ]
    return _whole(centre, seen), _whole(spread, seen)


def _log_over(spread: Floats, usual: float) -> Floats:
    return log(np.maximum(np.nan_to_num(spread), _SPREAD_MIN) / usual)


def _deviation(inputs: SignalInputs) -> Floats:
    """Return the SD of each row's log views [n], with equal weights."""
    present, count = np.isfinite(inputs.logs), np.maximum(inputs.count, 1.0)
    mean = sum_columns(np.where(present, inputs.logs, 0.0)) / count
    deviation: Floats = np.sqrt(sum_columns(np.where(present, inputs.logs - mean[:, None], 0.0) ** 2) / count)
    return deviation


def _whole(columns: list[Floats], seen: Bools) -> Floats:
    table = np.stack(columns, axis=1)
    filled: Floats = np.where(seen[:, None] & np.isfinite(table), table, 0.0)
    return filled


def _cut(values: Floats, most: float) -> Floats:
    return np.clip(values, -most, most)


def _cadence(inputs: SignalInputs) -> Floats:
    """Return the log of the mean days between videos over the usual [n]; 0 with fewer than two videos."""
    rows = np.arange(len(inputs.count))
    if not inputs.ages.shape[1]:
        return np.zeros(len(rows))
    oldest = np.maximum(inputs.count - 1, 0).astype(np.int64)
    gaps = (inputs.ages[rows, oldest] - inputs.ages[:, 0]) / np.maximum(oldest, 1)
    several = (inputs.count > 1) & np.isfinite(gaps)
    return np.where(several, log(np.clip(np.where(several, gaps, 1.0), GAP_MIN, GAP_MAX) / USUAL_GAP), 0.0)
