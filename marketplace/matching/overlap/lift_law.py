"""How many people several audiences reach together, from one number: their lift.

The people of a cell differ in activity. A person's activity factor is theta ~ Gamma(shape k, mean 1) (see coverage),
and two small audiences then share Delta = 1 + 1/k times as many people as by chance: their *lift*. For audiences with
shares r_i of a cell's people

    union = 1 - (1 + L)^(-k),   L = sum of ((1 - r_i)^(-1/k) - 1),   k = 1 / (Delta - 1)        where Delta > 1,
    union = min(1, sum - Delta (sum - independent)),   independent = 1 - product of (1 - r_i)   where Delta <= 1.

At Delta = 1 both are independence (Sainsbury); as Delta grows the union falls towards the largest of the audiences,
and at Delta = 0 it is their sum. With one lift the union is monotone and submodular in the set, never below its largest
member nor above its sum, and never more than the people of the cell. Logarithms keep it finite for any lift.
"""

from collections.abc import Callable

import numpy as np

from marketplace.matching.audience.arrays import Floats, as_floats

MODEL_VERSION = "lift/1"
# Beyond these lifts nothing changes: two audiences are as good as apart, or one within the other.
LIFT_LEAST, LIFT_MOST = 0.0, 1e9
# A share of one would have an infinite rate; with this one its people are counted to the last digit all the same.
_SHARE_MOST = 1 - 1e-12
# Bisections go from here on the logarithm, to one part in a hundred million.
LOG_FROM, HALVINGS = 1e-3, 31


def union(shares: Floats, lifts: Floats | float) -> Floats:
    """Return the share of each cell's people whom at least one audience reaches [..., C], from the audiences' shares
    [n, ..., C] in 0..1 and the lift of each cell, any shape that broadcasts to [..., C]."""
    own = np.clip(as_floats(shares), 0.0, _SHARE_MOST)
    if not len(own):
        return np.zeros(own.shape[1:])
    lift = np.broadcast_to(np.clip(as_floats(lifts), LIFT_LEAST, LIFT_MOST), own.shape[1:])
    unseen = -np.log1p(-own)
    # Independence itself is computed as a lift of one part in 1e9 more, which changes no digit that is shown.
    per_shape = np.maximum(lift - 1, 1e-9)
    exponents = unseen * per_shape
    largest = np.max(exponents, axis=0)
    # log(1 + L): directly where all exponents are small, relative to the largest elsewhere.
    small = np.log1p(np.sum(np.expm1(np.minimum(exponents, 1.0)), axis=0))
    inside = np.exp(-largest) * (1 - len(own)) + np.sum(np.exp(exponents - largest), axis=0)
    log_sum = np.where(largest <= 1, small, largest + np.log(np.maximum(inside, 1.0)))
    together = -np.expm1(-log_sum / per_shape)
    if np.any(lift < 1):
        summed = np.sum(own, axis=0)
        together = np.where(lift < 1, np.minimum(1.0, summed - lift * (summed - together)), together)
    reached: Floats = np.clip(together, np.max(own, axis=0), np.minimum(1.0, np.sum(own, axis=0)))
    return reached


def common(one: Floats, other: Floats, lifts: Floats | float) -> Floats:
    """Return the share of each cell's people whom both of two audiences reach [..., C]."""
    both: Floats = np.maximum(0.0, one + other - union(np.stack([one, other]), lifts))
    return both


def solve(overlap: Callable[[float], float], wanted: float) -> float:
    """Return the lift at which ``overlap``, a rising function of it, has the wanted value, or the nearer end of the
    range. By bisection of the logarithm."""
    if overlap(LIFT_LEAST) >= wanted:
        return LIFT_LEAST
    low, high = np.log(LOG_FROM), np.log(LIFT_MOST)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if overlap(float(np.exp(middle))) < wanted else (low, middle)
    return float(np.exp((low + high) / 2))
