"""How many people a set of audiences reaches: by cells, with the lift at which its pairs share what they should.

What each pair shares is predicted by its lift, or was measured. One lift for the whole set, with which the people of
all pairs add up to the same, then gives the union: matched to all pairs of a real table of who saw what it misses the
union by 3 per cent, predicted from thirty pairs of a niche by 6 (docs/formulas/reach-of-a-set.md).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from marketplace.matching.audience.arrays import Floats, Ints
from marketplace.matching.overlap import duplication, lift_law, overlap_fit
from marketplace.matching.overlap.duplication import MarketDuplication
from marketplace.matching.overlap.units import NICHES, CellAudiences

MODEL_VERSION = "union/1"
# Of larger sets so many pairs, evenly spaced, stand for all.
PAIRS_MOST = 2_000
# A lift is found when pairs share what is wanted to one part in a thousand million.
_CLOSE, _STEPS_MOST, _NOTHING = 1e-9, 60, 1e-300


@dataclass(frozen=True, eq=False)
class SetUnion:
    """n audiences of a set: the ``shares`` [n, C] of the people of cells that they reach, the cells' ``weights`` [C],
    and the ``lift`` of the set."""

    shares: Floats
    weights: Floats
    lift: float

    def of(self, shares: Floats) -> Floats:
        """Return the weighted people [...] whom at least one of some audiences reaches, from shares [n, ..., C]."""
        people: Floats = np.sum(self.weights * lift_law.union(shares, self.lift), axis=-1)
        return people

    @property
    def people(self) -> float:
        """Return the weighted people whom the set reaches."""
        return float(self.of(self.shares))

    def alone(self) -> Floats:
        """Return the weighted people whom each reaches [n]."""
        people: Floats = np.sum(self.weights * self.shares, axis=1)
        return people

    def added(self) -> Floats:
        """Return the weighted people whom each adds to those before it [n]."""
        before = [float(self.of(self.shares[:count])) for count in range(len(self.shares) + 1)]
        return np.maximum(np.diff(before), 0.0)

    def lost(self) -> Floats:
        """Return the weighted people whom the set would lose without each [n]."""
        without = [float(self.of(np.delete(self.shares, row, axis=0))) for row in range(len(self.shares))]
        return np.maximum(self.people - np.array(without), 0.0)


@dataclass(frozen=True, eq=False)
class SetPairs:
    """The pairs of a set: both members as rows [P], their lifts [P], and of how many the lift was measured."""

    first: Ints
    second: Ints
    lifts: Floats
    measured: int

    def __len__(self) -> int:
        return len(self.lifts)


def pairs_of(
    audiences: CellAudiences,
    markets: MarketDuplication,
    measured: Mapping[tuple[int, int], float],
    names: Sequence[str] = NICHES,
) -> SetPairs:
    """Return the pairs of a set, or those that stand for all of a large one.

    ``measured`` has the lifts of pairs of its rows, the smaller one first; the others are predicted.
    """
    first, second = np.triu_indices(len(audiences), 1)
    step = max(1, -(-len(first) // PAIRS_MOST))
    first, second = first[::step], second[::step]
    models = [markets.of(name) for name in audiences.cells.market_names]
    lifts = duplication.lifts(overlap_fit.kinship(audiences.only(first), audiences.only(second)), models, names)
    count = 0
    for place, rows in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        if rows in measured:
            lifts[place], count = measured[rows], count + 1
    return SetPairs(first, second, lifts, count)


def matched(audiences: CellAudiences, pairs: SetPairs, factor: float = 1.0) -> SetUnion:
    """Return a set with the one lift at which its pairs together share as many people as with the lifts of their own,
    times a factor."""
    shares, weights = audiences.shares, audiences.cells.weights
    one, other = shares[pairs.first], shares[pairs.second]

    def shared(lifts: Floats | float) -> float:
        return float(np.sum(weights * lift_law.common(one, other, lifts)))

    if not len(pairs):
        return SetUnion(shares, weights, duplication.ACROSS)
    wanted = factor * shared(pairs.lifts[:, None])
    if wanted <= 0:
        return SetUnion(shares, weights, lift_law.LIFT_LEAST)
    near = factor * max(float(np.mean(pairs.lifts)), lift_law.LOG_FROM)
    return SetUnion(shares, weights, _lift_of(shared, wanted, near))


def _lift_of(shared: Callable[[float], float], wanted: float, near: float) -> float:
    """Return the lift at which a set's pairs share what is wanted, or the nearer end of the range.

    By secants on the logarithms of both, where small audiences make a straight line with slope one; where a secant
    leads out of what is left of the range, by bisection.
    """
    low, high = float(np.log(lift_law.LOG_FROM)), float(np.log(lift_law.LIFT_MOST))
    here, slope, before = min(max(float(np.log(near)), low), high), 1.0, (0.0, 0.0)
    for step in range(_STEPS_MOST):
        gap = float(np.log(max(shared(float(np.exp(here))), _NOTHING))) - float(np.log(wanted))
        low, high = (here, high) if gap < 0 else (low, here)
        if abs(gap) <= _CLOSE or high - low <= _CLOSE:
            break
        if step and here != before[0]:
            slope = (gap - before[1]) / (here - before[0])
        before = here, gap
        here = here - gap / slope if slope > 0 else low
        if not low < here < high:
            here = (low + high) / 2
    return float(np.exp(here))
