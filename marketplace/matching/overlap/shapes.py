"""How strongly audiences overlap, fitted to pairs of creators whose common audience was measured.

The reaches r_i, r_j and r_ij of a pair give the gamma shape k of coverage: the smaller k, the more the two audiences
overlap. One shape is fitted to the pairs within each niche and one to pairs of different niches, so that the modelled
overlaps add up to the measured ones. For a set of creators, the overlaps of its pairs are then measured or predicted,
and the set takes the one shape that gives their sum: matched to all pairs of real incidence tables it misses the
union by 2 to 4 per cent, predicted from thirty pairs of a niche by 6 to 8 (see docs/formulas/reach-of-a-set.md).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from marketplace.matching.audience.arrays import Floats, as_floats
from marketplace.matching.overlap import coverage

MODEL_VERSION = "shapes/1"
# From data on who watched which films and heard which artists, until overlaps of creators are measured.
PRIOR_WITHIN, PRIOR_ACROSS = 0.5, 1.2
# The number of measured pairs that the prior counts as, on the logarithm of the shape.
PRIOR_PAIRS = 3.0
_LEAST, _MOST = coverage.SHAPE_LEAST, 1e4
_HALVINGS = 32


@dataclass(frozen=True, eq=False)
class ReachPairs:
    """n measured pairs: the shares of people that each of the two reaches, and that both reach [n]."""

    one: Floats
    other: Floats
    both: Floats

    def __len__(self) -> int:
        return len(self.both)


@dataclass(frozen=True)
class NicheShapes:
    """The shape within each niche and the one across niches, with the number of pairs behind each."""

    within: Mapping[str, float] = field(default_factory=dict)
    across: float = PRIOR_ACROSS
    pairs: Mapping[str, int] = field(default_factory=dict)

    def of(self, one: Collection[str], other: Collection[str]) -> float:
        """Return the shape of two creators with these niches: the harmonic mean of those they share (the mean of their
        overlaps), else the one across niches."""
        shared = sorted(set(one) & set(other))
        if not shared:
            return self.across
        return len(shared) / sum(1 / self.within.get(niche, PRIOR_WITHIN) for niche in shared)


def common(one: Floats, other: Floats, shapes: Floats | float) -> Floats:
    """Return the share of people whom both of two creators reach, from their own shares and the shape."""
    k = np.broadcast_to(as_floats(shapes), np.shape(one))
    first, second = coverage.rates(as_floats(one), k), coverage.rates(as_floats(other), k)
    both: Floats = coverage.reached(first, k) + coverage.reached(second, k) - coverage.reached(first + second, k)
    return both


def fit(pairs: ReachPairs, prior: float) -> float:
    """Return the shape with which the modelled overlaps add up to the measured ones, shrunk to the prior.

    Overlaps below independence give the largest shape there is, which is independence.
    """
    if not len(pairs):
        return prior
    shape = solve(lambda k: float(np.sum(common(pairs.one, pairs.other, k))), float(np.sum(pairs.both)))
    return drawn(shape, prior, len(pairs))


def drawn(shape: float, prior: float, pairs: int) -> float:
    """Return a shape fitted to ``pairs`` pairs, shrunk to its prior on the log scale."""
    weight = pairs / (pairs + PRIOR_PAIRS)
    return float(np.exp(weight * np.log(shape) + (1 - weight) * np.log(prior)))


def matched(shares: Floats, pairs_sum: float) -> float:
    """Return the one shape with which the overlaps of all pairs of creators, by their shares [n], sum to
    ``pairs_sum``."""
    first, second = np.triu_indices(len(shares), 1)
    if not len(first):
        return PRIOR_ACROSS
    return solve(lambda k: float(np.sum(common(shares[first], shares[second], k))), pairs_sum)


def predicted(shares: Floats, niches: Sequence[Collection[str]], shapes: NicheShapes) -> float:
    """Return the sum of the overlaps of all pairs in a set, by the fitted shapes."""
    first, second = np.triu_indices(len(shares), 1)
    pair_shapes = np.array(
        [shapes.of(niches[i], niches[j]) for i, j in zip(first.tolist(), second.tolist(), strict=True)]
    )
    return float(np.sum(common(shares[first], shares[second], pair_shapes))) if len(first) else 0.0


def union(shares: Floats, shape: float) -> float:
    """Return the share of people whom at least one creator reaches, with one shape for the set."""
    k = np.full(len(shares), shape)
    return (
        float(coverage.reached(np.sum(coverage.rates(as_floats(shares), k), keepdims=True), k[:1])[0])
        if len(k)
        else 0.0
    )


def solve(overlap: Callable[[float], float], wanted: float, halvings: int = _HALVINGS) -> float:
    """Return the shape at which ``overlap``, a falling function of it, has the wanted value, or the nearer end of the
    range."""
    low, high = np.log(_LEAST), np.log(_MOST)
    for _ in range(halvings):
        middle = (low + high) / 2
        low, high = (middle, high) if overlap(float(np.exp(middle))) > wanted else (low, middle)
    return float(np.exp((low + high) / 2))
