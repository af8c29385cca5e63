"""What a channel's last videos tell beside their recency-weighted mean: signals for the centre and for the spread.

Every signal is 0 where nothing is known and for a channel like most, so that a channel with one video and no followers
is forecast by the mean alone.
"""

import math
from dataclasses import dataclass

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats, sum_columns
from marketplace.matching.audience.portable_math import log

# Log units that a signal may pull at most, however wild a video was; days between videos of a usual channel.
PULL_MAX, USUAL_GAP, GAP_MIN, GAP_MAX = 3.0, 2.5, 0.25, 30.0
SLOW_RATIO = 1 / math.sqrt(math.sqrt(2))  # of one video's weight to the next newer one's: half-life four videos
CENTRE = ("last", "median_of_3", "median", "slow", "followers", "cadence", "high", "low")
SPREAD = ("one", "own", "jump", "level", "cadence", "size", "drift", "middling", "whole")
_LEVEL_PER, _JUMP_MAX, _JUMP_USUAL, _DRIFT_USUAL = 2.0, 4.0, 0.8, 0.3
# From how many SDs off the median a last video is a hit or a flop; what the spreads of all videos usually are.
_ODD, _MIDDLING_USUAL, _WHOLE_USUAL, _SPREAD_MIN = 1.2, 0.4, 0.6, 0.05


@dataclass(frozen=True, eq=False)
class SignalInputs:
    """What signals are made from: log views and ages of the last videos, newest first [n, k] (NaN: none), how many
    [n], their centre [n], its variance and effective number [n], the channel's pooled variance [n], log views that its
    followers predict and how far those miss (SD) [n], and log followers over 100,000 [n] (NaN: not known)."""

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
    """Return the medians [n] of each row's first values; NaN where a row has none. NaN values stand last."""
    if not table.shape[1]:
        return np.full(len(table), np.nan)
    ordered, rows = np.sort(table, axis=1), np.arange(len(table))
    upper = np.clip(count // 2, 0, table.shape[1] - 1).astype(np.int64)
    lower = np.clip((count - 1) // 2, 0, table.shape[1] - 1).astype(np.int64)
    return np.where(count > 0, (ordered[rows, lower] + ordered[rows, upper]) / 2, np.nan)


def weighted(table: Floats, ratio: float) -> Floats:
    """Return each row's mean [n], each older video weighing ``ratio`` of the newer; NaN values count for nothing."""
    falling = np.cumprod(np.full(table.shape[1], ratio))
    weights = np.where(np.isnan(table), 0.0, falling[None, :])
    with np.errstate(invalid="ignore", divide="ignore"):
        return sum_columns(weights * np.nan_to_num(table)) / sum_columns(weights)


def signals(known: SignalInputs) -> tuple[Floats, Floats]:
    """Return the signals of the centre [n, 8] and of the spread [n, 9], in the order of CENTRE and SPREAD.

    Centre, in log units from the recency-weighted mean: the last video, the median of three, the median of all, the
    slow mean (half-life four videos), the level that followers predict times the share that the mean's own error has of
    both errors (the empirical-Bayes weight), the posting cadence, and by how much the last video is a hit or a flop.
    Spread: one, the channel's own spread over its vertical's, how far the last video lies from the median, level over
    followers, cadence, size, how far the slow mean lies from the quick one, and the median absolute deviation and the
    SD of all videos alike.
    """
    seen = known.count > 0
    last = known.logs[:, 0] if known.logs.shape[1] else np.full(len(seen), np.nan)
    middle = median(known.logs, known.count)
    slow = weighted(known.logs, SLOW_RATIO)
    of_three = median(known.logs[:, :3], np.minimum(known.count, 3))
    own = known.variance / np.maximum(known.n_eff, 1.0)
    doubt = own / (own + known.line_scale**2)
    sd = np.sqrt(known.variance)
    cadence = _cadence(known)
    level = _cut(known.centre - known.line, PULL_MAX) / _LEVEL_PER
    centre = [
        _cut(last - known.centre, PULL_MAX),
        _cut(of_three - known.centre, PULL_MAX),
        _cut(middle - known.centre, PULL_MAX),
        _cut(slow - known.centre, PULL_MAX),
        doubt * _cut(known.line - known.centre, PULL_MAX),
        cadence,
        sd * np.clip((last - middle) / sd - _ODD, 0.0, PULL_MAX),
        sd * np.clip((last - middle) / sd + _ODD, -PULL_MAX, 0.0),
    ]
    several = known.count > 1
    spread = [
        np.ones(len(seen)),
        log(known.variance / known.usual) / 2,
        np.minimum(np.abs(last - middle) / sd, _JUMP_MAX) - _JUMP_USUAL,
        level,
        cadence,
        _cut(known.size, 2 * _LEVEL_PER) / _LEVEL_PER,
        np.minimum(np.abs(slow - known.centre) / sd, _JUMP_MAX) - _DRIFT_USUAL,
        np.where(several, _log_over(median(np.abs(known.logs - middle[:, None]), known.count), _MIDDLING_USUAL), 0.0),
        np.where(several, _log_over(_deviation(known), _WHOLE_USUAL), 0.0),
    ]
    return _whole(centre, seen), _whole(spread, seen)


def _log_over(spread: Floats, usual: float) -> Floats:
    return log(np.maximum(np.nan_to_num(spread), _SPREAD_MIN) / usual)


def _deviation(known: SignalInputs) -> Floats:
    """Return the SD of each row's log views [n], every video weighing the same."""
    told, count = np.isfinite(known.logs), np.maximum(known.count, 1.0)
    mean = sum_columns(np.where(told, known.logs, 0.0)) / count
    found: Floats = np.sqrt(sum_columns(np.where(told, known.logs - mean[:, None], 0.0) ** 2) / count)
    return found


def _whole(columns: list[Floats], seen: Bools) -> Floats:
    table = np.stack(columns, axis=1)
    found: Floats = np.where(seen[:, None] & np.isfinite(table), table, 0.0)
    return found


def _cut(values: Floats, most: float) -> Floats:
    return np.clip(values, -most, most)


def _cadence(known: SignalInputs) -> Floats:
    """Return the log of the mean days between videos over the usual; 0 for fewer than two videos."""
    rows = np.arange(len(known.count))
    if not known.ages.shape[1]:
        return np.zeros(len(rows))
    oldest = np.maximum(known.count - 1, 0).astype(np.int64)
    gaps = (known.ages[rows, oldest] - known.ages[:, 0]) / np.maximum(oldest, 1)
    several = (known.count > 1) & np.isfinite(gaps)
    return np.where(several, log(np.clip(np.where(several, gaps, 1.0), GAP_MIN, GAP_MAX) / USUAL_GAP), 0.0)
