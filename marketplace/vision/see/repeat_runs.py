"""Where two films show the same in step with each other, told from two films that were shot in the same place.

In one place and before one camera the pictures of all episodes are alike, whichever moments are compared. A film that
is shown again is alike at the moments that belong together, and less alike at others: in a run of moments
``other = speed * this + offset`` nearly all pictures are alike, and nearer than the run's other pairs are.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.int64]
Times = NDArray[np.float64]

# Films are shown again faster or slower, the usual steps of players and the 4 % between 24 and 25 pictures a second.
SPEEDS = (1.0, 0.96, 1.04, 0.9, 1.1, 0.8, 1.25, 0.75, 1.33, 0.67, 1.5, 0.5, 2.0)
OFFSET_STEP_S, OFFSETS_TRIED = 0.25, 6
# A picture belongs to a stored one if the line leads no further past it: half of the quarter of a second in which
# pictures are looked at, and what a speed between two of SPEEDS drifts in a few seconds.
REACH_S = 0.3
RUNS_MOST = 12
RUN_LEAST = 3
# An alike picture is worth 1, and up to so much more the nearer it is, which tells the moments that belong together
# where many are alike. A picture that is not alike costs so much that a run ends where every third one is not.
NEARER_WORTH, MISS_COST = 0.5, 7 / 3
# Pairs of a run that are so far out of step are its other pairs.
APART_S = 1.5
IN_STEP_SHARE = 0.6
# A film whose pictures differ in no more bits is one picture; it is a repeat where its pictures are the same.
STILL_BITS = 12


@dataclass(frozen=True)
class AlikePair:
    """Two pictures that are the same, by their indices, and how many bits their hashes differ in."""

    this: int
    other: int
    bits: int


def in_step(times: Times, other_times: Times, bits: Bits, near: int) -> list[AlikePair]:
    """Return the pairs of pictures at which two films are in step, in this one's order.

    ``times`` [n] and ``other_times`` [m] rise (s); ``bits`` [n, m]: in how many bits their pictures differ; up to
    ``near`` they are alike.
    """
    left = np.ones(len(times), bool)
    found: list[AlikePair] = []
    for _ in range(RUNS_MOST):
        run = _longest(times, other_times, np.where(left[:, None], bits, near + 1), near)
        if len(run) < RUN_LEAST:
            break
        first, last = min(pair.this for pair in run), max(pair.this for pair in run)
        left[first : last + 1] = False
        if _nearer_in_step(times, other_times, bits, run):
            found += run
    return sorted(found, key=lambda pair: (pair.this, pair.other))


def same_still(bits: Bits, among: Bits, near: int) -> bool:
    """Return whether a film that is one still picture shows the same as another one; ``among`` [n, n]: its own
    distances."""
    return bool(among.size and among.max() <= STILL_BITS and bits.size and np.median(bits.min(axis=1)) <= near)


def _longest(times: Times, other_times: Times, bits: Bits, near: int) -> list[AlikePair]:
    """Return the best run of all lines that the alike pairs suggest."""
    this, other = np.nonzero(bits <= near)
    best: tuple[float, list[AlikePair]] = (0.0, [])
    if not len(this):
        return best[1]
    for speed in SPEEDS:
        steps = np.round((other_times[other] - speed * times[this]) / OFFSET_STEP_S).astype(int)
        offsets, which = np.unique(steps, return_inverse=True)
        votes = np.bincount(which, weights=_worth(bits[this, other], near))
        for place in np.argsort(-votes, kind="stable")[:OFFSETS_TRIED]:
            worth, run = _run_along(times * speed + offsets[place] * OFFSET_STEP_S, other_times, bits, near)
            # A line that is as good at another speed is the one of the first speed, for they begin with none.
            if worth > best[0] + 1e-9:
                best = worth, run
    return best[1]


def _worth(bits: Bits | int, near: int) -> NDArray[np.float64]:
    return np.asarray(1 + NEARER_WORTH * (1 - np.asarray(bits) / near), np.float64)


def _run_along(shifted: Times, other_times: Times, bits: Bits, near: int) -> tuple[float, list[AlikePair]]:
    """Return the best run along a line, and its worth: alike pictures less those in between that are not.

    ``shifted`` [n]: where each picture of this film would be in the other one.
    """
    low = np.searchsorted(shifted, other_times - REACH_S)
    high = np.searchsorted(shifted, other_times + REACH_S, side="right")
    best = worth = 0.0
    start, stretch = 0, (0, 0)
    pairs: list[AlikePair | None] = []
    for other in range(len(other_times)):
        pair = None
        if high[other] > low[other]:
            this = int(low[other]) + int(bits[low[other] : high[other], other].argmin())
            if bits[this, other] <= near:
                pair = AlikePair(this, other, int(bits[this, other]))
            worth += -MISS_COST if pair is None else float(_worth(pair.bits, near))
        pairs.append(pair)
        if worth <= 0:
            worth, start = 0.0, other + 1
        elif worth > best:
            best, stretch = worth, (start, other + 1)
    return best, [pair for pair in pairs[slice(*stretch)] if pair is not None]


def _nearer_in_step(times: Times, other_times: Times, bits: Bits, run: list[AlikePair]) -> bool:
    """Return whether the pictures of a run are nearer in step than out of step."""
    this = np.asarray([pair.this for pair in run])
    other = np.asarray([pair.other for pair in run])
    apart = np.abs(other_times[other][None, :] - other_times[other][:, None]) > APART_S
    if not apart.any():
        return False
    others = bits[np.ix_(this, other)][apart]
    return bool(np.median([pair.bits for pair in run]) <= IN_STEP_SHARE * np.median(others))
