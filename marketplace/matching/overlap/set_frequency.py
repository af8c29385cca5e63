"""The numbers of people who see one, two, three or more of a set of creators (see coverage for the model)."""

from typing import TYPE_CHECKING

import numpy as np

from marketplace.core.lazy_import import lazy_module
from marketplace.matching.audience.arrays import Floats
from marketplace.matching.overlap import coverage
from marketplace.matching.overlap.coverage import PeopleUnits

if TYPE_CHECKING:
    from scipy import special
else:
    special = lazy_module("scipy.special")

_NODES, _MASS = np.polynomial.legendre.leggauss(96)


def at_least_once(rates: Floats, units: PeopleUnits) -> float:
    """Return the weighted people who see one creator or more, from rates [n, U]."""
    return float(coverage.people(np.sum(rates, axis=0), units))


def at_least_twice(rates: Floats, units: PeopleUnits) -> float:
    """Return the weighted people who see two creators or more, in closed form: those whom any reaches, less those whom
    one alone reaches, with P(only i) = P(none of the others) - P(none)."""
    total = np.sum(rates, axis=0)
    alone = np.sum(
        coverage.reached(total, units.shapes) - coverage.reached(np.maximum(total - rates, 0.0), units.shapes), axis=0
    )
    return float(np.sum(units.weights * (coverage.reached(total, units.shapes) - alone)))


def frequency(rates: Floats, units: PeopleUnits, most: int) -> Floats:
    """Return the weighted people [most] who see at least 1, 2 .. most of the creators.

    One and two are closed forms. From three on, the number of creators that a person of activity theta sees is Poisson
    binomial; its distribution is averaged over the quantiles of theta by Gauss-Legendre quadrature with 96 nodes.
    """
    people = np.zeros(most)
    if not len(rates) or not most:
        return people
    people[0] = at_least_once(rates, units)
    if most > 1:
        people[1] = at_least_twice(rates, units)
    for shape in np.unique(units.shapes) if most > 2 else ():
        of_shape = units.shapes == shape
        people[2:] += _by_quadrature(rates[:, of_shape], units.weights[of_shape], float(shape), most)[2:]
    return np.minimum.accumulate(np.maximum(people, 0.0))


def _by_quadrature(rates: Floats, weights: Floats, shape: float, most: int) -> Floats:
    theta, mass = np.asarray(special.gammaincinv(shape, (_NODES + 1) / 2)) / shape, _MASS / 2
    counts = np.zeros((most, *rates.shape[1:], len(theta)))
    counts[0] = 1.0
    for rate in rates:
        seen = -np.expm1(-rate[:, None] * theta)
        fewer = np.concatenate([np.zeros_like(counts[:1]), counts[:-1]])
        counts = counts * (1 - seen) + fewer * seen
    below = np.cumsum(np.sum(counts * mass, axis=-1), axis=0)  # at most 0, 1 .. creators [most, U]
    at_least = np.concatenate([np.ones((1, rates.shape[1])), 1 - below])[1 : most + 1]
    return np.asarray(np.sum(weights * at_least, axis=1))


def summed(shares: Floats, weights: Floats) -> float:
    """Return contacts: people counted as often as they are reached, from shares [n, U] and weights [U]."""
    return float(np.sum(weights * np.sum(shares, axis=0)))


def independent(shares: Floats, weights: Floats) -> float:
    """Return the people reached at least once if audiences were independent within each unit (Sainsbury)."""
    return float(np.sum(weights * (1 - np.prod(1 - shares, axis=0))))
