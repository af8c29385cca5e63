"""How strongly audiences overlap, learnt from pairs of creators whose common audience was measured.

A pair's reach r_i, r_j and both together r_ij give the gamma shape k of coverage: the smaller k, the more two audiences
overlap. One shape is fitted to the pairs within each niche and one to pairs of different niches, so that the modelled
overlaps add up to the measured ones. For a set of creators, the overlaps of its pairs are then known or predicted, and
the one shape that gives their sum is taken for the set: matched to all pairs of real incidence tables it misses the
union by 2 to 4 per cent, predicted from thirty pairs of a niche by 6 to 8 (see docs/formulas/reach-of-a-set.md).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from marketplace.matching.audience.arrays import Floats, as_floats
from marketplace.matching.overlap import coverage

MODEL_VERSION = "shapes/1"
# From who watched what films and heard what artists; shapes of creators are to be fitted where overlaps are measured.
PRIOR_WITHIN, PRIOR_ACROSS = 0.5, 1.2
# The prior counts as so many measured pairs, on the logarithm of the shape.
PRIOR_PAIRS = 3.0
_LEAST, _MOST = 1e-2, 1e4
_HALVINGS = 32


@dataclass(frozen=True, eq=False)
class ReachPairs:
    """n measured pairs: the share of people that each of the two reaches, and that both reach [n]."""

    one: Floats
    other: Floats
    both: Floats

    def __len__(self) -> int:
        return len(self.both)


@dataclass(frozen=True)
class NicheShapes:
    """The shape within each niche, and the one across niches, with how many pairs are behind each."""

    within: Mapping[str, float] = field(default_factory=dict)
    across: float = PRIOR_ACROSS
    pairs: Mapping[str, int] = field(default_factory=dict)

    def of(self, one: Collection[str], other: Collection[str]) -> float:
        """Return the shape of two creators with these niches: the mean overlap of those they share, else across."""
        shared = sorted(set(one) & set(other))
        if not shared:
            return self.across
        return len(shared) / sum(1 / self.within.get(niche, PRIOR_WITHIN) for niche in shared)


def common(one: Floats, other: Floats, shapes: Floats | float) -> Floats:
    """Return the share of people that both of two creators reach, from their own shares and the shape."""
    k = np.broadcast_to(as_floats(shapes), np.shape(one))
    first, second = coverage.rates(as_floats(one), k), coverage.rates(as_floats(other), k)
    found: Floats = coverage.reached(first, k) + coverage.reached(second, k) - coverage.reached(first + second, k)
    return found


def fit(pairs: ReachPairs, prior: float) -> float:
    """Return the shape with which the modelled overlaps add up to the measured ones, drawn to the prior by few pairs.

    Overlaps below independence give the largest shape there is, which is independence.
    """
    if not len(pairs):
        return prior
    found = solve(lambda k: float(np.sum(common(pairs.one, pairs.other, k))), float(np.sum(pairs.both)))
    return drawn(found, prior, len(pairs))


def drawn(found: float, prior: float, pairs: int) -> float:
    """Return a shape learnt from so many pairs, drawn to its prior on the log scale."""
    weight = pairs / (pairs + PRIOR_PAIRS)
    return float(np.exp(weight * np.log(found) + (1 - weight) * np.log(prior)))


def matched(shares: Floats, pairs_sum: float) -> float:
    """Return the one shape for creators with these shares [n] whose pairs' overlaps add up to ``pairs_sum``."""
    first, second = np.triu_indices(len(shares), 1)
    if not len(first):
        return PRIOR_ACROSS
    return solve(lambda k: float(np.sum(common(shares[first], shares[second], k))), pairs_sum)


def predicted(shares: Floats, niches: Sequence[Collection[str]], shapes: NicheShapes) -> float:
    """Return the sum of all pairs' overlaps in a set, as the fitted shapes have it."""
    first, second = np.triu_indices(len(shares), 1)
    each = np.array([shapes.of(niches[i], niches[j]) for i, j in zip(first.tolist(), second.tolist(), strict=True)])
    return float(np.sum(common(shares[first], shares[second], each))) if len(first) else 0.0


def union(shares: Floats, shape: float) -> float:
    """Return the share of people that at least one creator reaches, by one shape for the set."""
    k = np.full(len(shares), shape)
    return (
        float(coverage.reached(np.sum(coverage.rates(as_floats(shares), k), keepdims=True), k[:1])[0])
        if len(k)
        else 0.0
    )


def solve(overlap: Callable[[float], float], wanted: float, halvings: int = _HALVINGS) -> float:
    """Return the shape whose overlap, which falls with it, is the wanted one; the nearer end where there is none."""
    low, high = np.log(_LEAST), np.log(_MOST)
    for _ in range(halvings):
        middle = (low + high) / 2
        low, high = (middle, high) if overlap(float(np.exp(middle))) > wanted else (low, middle)
    return float(np.exp((low + high) / 2))
