"""The number of people who see at least one of several creators, as a concave function of one sum per unit.

A unit is the people of one cell (age, gender, region) and one niche. Each has an activity factor theta ~ Gamma(shape k,
mean 1), and creator i reaches them at the rate theta * l_i; so the share of the unit's people

    reached(L) = 1 - (1 + L / k)^(-k),  L = sum of l_i,   and alone  l_i = k ((1 - r_i)^(-1/k) - 1).

This is the negative binomial of mixed Poisson exposure (Greenwood and Yule, Journal of the Royal Statistical Society
83, 1920). As k grows without bound it becomes independence (Sainsbury); k = 1 is Goerg's one-point curve (Google,
2014); and for small reaches two creators share Delta = 1 + 1 / k times as many people as under independence. It is
concave in L, so the union is monotone and submodular in the set of creators.
"""

from dataclasses import dataclass

import numpy as np

from marketplace.matching.audience import portable_math
from marketplace.matching.audience.arrays import Floats, as_floats

MODEL_VERSION = "coverage/2"
# The largest share of a unit that a creator may reach: at 1 the rate would be infinite.
REACHED_MOST = 0.999
# The smallest shape: below it a rate exceeds what a 64-bit float can hold (0.999 takes 1000^(1/k)), and a unit is as
# good as split into those who see everything and those who see nothing.
SHAPE_LEAST = 0.05


@dataclass(frozen=True, eq=False)
class PeopleUnits:
    """The groups of people that reach is counted in: ``weights`` [U], people times their worth to the brief (0..1), and
    ``shapes`` [U], the k of each unit, which is SHAPE_LEAST at the least."""

    weights: Floats
    shapes: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "shapes", _bounded(self.shapes))

    def __len__(self) -> int:
        return len(self.weights)


def rates(shares: Floats, shapes: Floats) -> Floats:
    """Return the exposure rates l [..., U] that reach these shares of each unit's people, 0..1."""
    unreached = 1 - np.clip(as_floats(shares), 0.0, REACHED_MOST)
    bounded = _bounded(shapes)
    rate: Floats = bounded * (portable_math.power(unreached, -1 / bounded) - 1)
    return rate


def reached(sums: Floats, shapes: Floats) -> Floats:
    """Return the share of each unit's people [..., U] who see at least one creator, from the sums of their rates."""
    bounded = _bounded(shapes)
    return 1 - portable_math.power(1 + as_floats(sums) / bounded, -bounded)


def slopes(sums: Floats, shapes: Floats) -> Floats:
    """Return the derivative of `reached` at the sums: (1 + L / k)^(-k - 1)."""
    bounded = _bounded(shapes)
    return portable_math.power(1 + as_floats(sums) / bounded, -bounded - 1)


def _bounded(shapes: Floats) -> Floats:
    # Shapes of 0.05 and more stay as they are, to the bit. NaN marks units that are looked for (see overlap_fit).
    bounded: Floats = np.maximum(as_floats(shapes), SHAPE_LEAST)
    return bounded


def people(sums: Floats, units: PeopleUnits) -> Floats:
    """Return the weighted people reached at least once [...], from the sums of rates [..., U]."""
    reached_people: Floats = np.sum(units.weights * reached(sums, units.shapes), axis=-1)
    return reached_people
