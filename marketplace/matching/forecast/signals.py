"""Signals from a channel's last videos beside their recency-weighted mean, for the centre and for the spread.

Every signal is 0 for a usual channel and where nothing is known, so that a channel with one video and no followers is
forecast by the mean alone.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats, sum_columns
from marketplace.matching.audience.portable_math import exp, log

# The most log units that a signal may pull, however wild a video was; days between videos of a usual channel.
PULL_MAX, USUAL_GAP, GAP_MIN, GAP_MAX = 3.0, 2.5, 0.25, 30.0
IDLE_MIN, IDLE_MAX = 14.0, 365.0  # days since the last video; up to two weeks are no pause
# Views of a video still grow: what it lacks falls by a factor of e in so many days from its third day on.
GROWN_DAYS, SETTLED_DAYS = 4.0, 3.0
SLOW_RATIO = 1 / math.sqrt(math.sqrt(2))  # of one video's weight to the next newer one's: half-life four videos
QUICK_RATIO = 0.5  # the same of the recency-weighted mean
CENTRE = ("last", "median_of_3", "median", "slow", "followers", "cadence", "high", "low", "idle", "wild", "unfinished")
SPREAD = ("one", "own", "jump", "level", "cadence", "size", "drift", "middling", "whole", "idle", "wild")
# Signs that coefficients may have, -1 or 1: a pause raises no forecast and narrows none, and a video that is not
# watched to its end lacks views. Where a market's videos say the opposite, chance did it.
CENTRE_SIGNS, SPREAD_SIGNS = {"idle": -1.0, "unfinished": 1.0}, {"idle": 1.0}
_LEVEL_PER, _JUMP_MAX, _JUMP_USUAL, _DRIFT_USUAL = 2.0, 4.0, 0.8, 0.3
# The SDs off the median from which a last video is a hit or a flop; the usual spreads of all videos of a channel.
_ODD, _MIDDLING_USUAL, _WHOLE_USUAL, _SPREAD_MIN = 1.2, 0.4, 0.6, 0.05
_WILD = 1.0  # SD of log views from which a channel counts as wild


@dataclass(frozen=True, eq=False)
class SignalInputs:
    """What signals are made from, for n channels.

    ``logs`` and ``ages`` [n, k]: log views and ages in days of the last videos, newest first (NaN: none); ``count`` [n]
    of them; ``centre`` [n] of log views, its ``variance`` [n] and effective number of videos ``n_eff`` [n]; ``usual``
    [n]: the variance of the channel's pool; ``line`` and ``line_scale`` [n]: the log views that followers predict and
    the SD of that; ``size`` [n]: log of followers over 100,000 (NaN: not known); ``idle`` [n]: days from the last video
    to the one that is forecast (NaN: not known); ``lacking`` [n]: how unfinished that one is when its views are read
    (see unfinished; 0: it is read for good).
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
    idle: Floats
    lacking: Floats


def against(coefficients: Sequence[float], names: Sequence[str], signs: Mapping[str, float]) -> Bools:
    """Return which coefficients have a sign that they may not have."""
    found: Bools = np.array([signs.get(name, 0.0) * value < 0 for name, value in zip(names, coefficients, strict=True)])
    return found


def unfinished(ages: Floats) -> Floats:
    """Return what videos of these ages in days still lack, as a share of what one of three days lacks; NaN as 0."""
    days = np.maximum(np.nan_to_num(ages, nan=np.inf) - SETTLED_DAYS, 0.0)
    lacking: Floats = exp(-np.minimum(days / GROWN_DAYS, 50.0))
    return np.where(np.isfinite(days), lacking, 0.0)


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
    """Return the signals of the centre [n, 11] and of the spread [n, 11], in the order of CENTRE and SPREAD.

    Centre, in log units from the recency-weighted mean: the last video, the median of three, the median of all, the
    slow mean (half-life four videos), the level that followers predict times the mean's share of both errors (the
    empirical-Bayes weight), the posting cadence, by how much the last video is a hit or a flop, the days since it, by
    how much the SD of all videos is over one, and how much less finished the videos are than the one that is forecast.
    Spread: a constant, the channel's own spread over its vertical's, the distance of the last video from the median,
    the level over what followers predict, cadence, size, the distance of the slow mean from the quick one, the median
    absolute deviation and the SD of all videos with equal weights, the days since the last video, and the SD over one.
    """
    seen = inputs.count > 0
    last = inputs.logs[:, 0] if inputs.logs.shape[1] else np.full(len(seen), np.nan)
    middle = median(inputs.logs, inputs.count)
    slow = weighted(inputs.logs, SLOW_RATIO)
    of_three = median(inputs.logs[:, :3], np.minimum(inputs.count, 3))
    error = inputs.variance / np.maximum(inputs.n_eff, 1.0)
    followers_weight = error / (error + inputs.line_scale**2)
    sd = np.sqrt(inputs.variance)
    cadence, idle, deviation = _cadence(inputs), _idle(inputs), _deviation(inputs)
    wild = np.maximum(deviation - _WILD, 0.0)
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
        idle,
        wild,
        weighted(np.where(np.isnan(inputs.logs), np.nan, unfinished(inputs.ages)), QUICK_RATIO) - inputs.lacking,
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
        np.where(several, _log_over(deviation, _WHOLE_USUAL), 0.0),
        idle,
        wild,
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


def _idle(inputs: SignalInputs) -> Floats:
    """Return the log of the days since the last video over two weeks [n]; 0 within these and where not known."""
    days: Floats = np.clip(np.nan_to_num(inputs.idle, nan=IDLE_MIN), IDLE_MIN, IDLE_MAX)
    return log(days / IDLE_MIN)
