"""How many people see at least one of several creators, as one concave function of a sum for each unit.

A unit is a group of people of one cell (age, gender, region) and one niche. A person of it has an activity factor
theta ~ Gamma(shape k, mean 1), and creator i reaches him at the rate theta * l_i; so of the unit's people

    reached(L) = 1 - (1 + L / k)^(-k),  L = sum of l_i,   and alone  l_i = k ((1 - r_i)^(-1/k) - 1).

This is the negative binomial of mixed Poisson exposure (Greenwood and Yule, Journal of the Royal Statistical Society
83, 1920). Without bound k is independence (Sainsbury), k = 1 is Goerg's one-point curve (Google, 2014), and for small
reaches two creators share Delta = 1 + 1 / k times what independence would have. It is concave in L, so the union of a
set is monotone and submodular in the set.
"""

from dataclasses import dataclass

import numpy as np

from marketplace.matching.audience import portable_math
from marketplace.matching.audience.arrays import Floats, as_floats

MODEL_VERSION = "coverage/1"
# Nobody reaches everyone of a unit; the rate stays finite.
REACHED_MOST = 0.999


@dataclass(frozen=True, eq=False)
class PeopleUnits:
    """The groups of people that reach is counted in: ``weights`` [U], people times what each is worth to the brief
    (0..1), and ``shapes`` [U], the k of each."""

    weights: Floats
    shapes: Floats

    def __len__(self) -> int:
        return len(self.weights)


def rates(shares: Floats, shapes: Floats) -> Floats:
    """Return exposure rates l [..., U] of the shares of each unit's people that are reached, 0..1."""
    left = 1 - np.minimum(as_floats(shares), REACHED_MOST)
    found: Floats = shapes * (portable_math.power(left, -1 / as_floats(shapes)) - 1)
    return found


def reached(sums: Floats, shapes: Floats) -> Floats:
    """Return the share of each unit's people [..., U] that see at least one creator, from the sum of their rates."""
    return 1 - portable_math.power(1 + as_floats(sums) / shapes, -as_floats(shapes))


def slopes(sums: Floats, shapes: Floats) -> Floats:
    """Return the derivative of `reached` at the sums: (1 + L / k)^(-k - 1)."""
    return portable_math.power(1 + as_floats(sums) / shapes, -as_floats(shapes) - 1)


def people(sums: Floats, units: PeopleUnits) -> Floats:
    """Return the weighted people reached at least once [...], from the sums of rates [..., U]."""
    found: Floats = np.sum(units.weights * reached(sums, units.shapes), axis=-1)
    return found
