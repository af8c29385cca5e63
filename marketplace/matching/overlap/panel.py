"""A simulated panel that counts people one by one: an oracle for the closed forms, which it does not use.

In each unit a number of persons stands for its people. Their activity is drawn from strata of the gamma distribution,
and each creator is a bitmap over them: a person of activity theta sees creator i with the probability
1 - exp(-theta l_i). Reach is then the count of a union of bitmaps, for any set and any target.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from marketplace.core.lazy_import import lazy_module
from marketplace.matching.audience.arrays import Bools, Floats
from marketplace.matching.overlap.coverage import PeopleUnits

if TYPE_CHECKING:
    from scipy import special
else:
    special = lazy_module("scipy.special")

PERSONS, PERSONS_LEAST, PERSONS_MOST = 1_024, 256, 32_768


@dataclass(frozen=True, eq=False)
class PeoplePanel:
    """``seen`` [n, U, P]: which persons of each unit see each creator; ``weights`` [U]: the people of each unit."""

    seen: Bools
    weights: Floats


@dataclass(frozen=True)
class PanelCount:
    """The weighted people that a panel counts, and the standard error of the count."""

    people: float
    error: float


def draw(rates: Floats, units: PeopleUnits, seed: int, persons: int = PERSONS) -> PeoplePanel:
    """Return a panel for creators with rates [n, U]; the same seed gives the same panel."""
    rng = np.random.Generator(np.random.PCG64(seed))
    count = len(units)
    strata = (np.arange(persons) + rng.random((count, persons))) / persons
    activity = special.gammaincinv(units.shapes[:, None], strata) / units.shapes[:, None]
    seen = np.zeros((len(rates), count, persons), dtype=np.bool_)
    for creator, rate in enumerate(rates):
        seen[creator] = rng.random((count, persons)) < -np.expm1(-activity * rate[:, None])
    return PeoplePanel(seen, units.weights)


def count(panel: PeoplePanel, at_least: int = 1) -> PanelCount:
    """Return the people who see at least ``at_least`` of the panel's creators.

    The error is that of simple random draws; the strata only make it smaller.
    """
    share = np.mean(np.sum(panel.seen, axis=0) >= at_least, axis=1) if len(panel.seen) else np.zeros(len(panel.weights))
    persons = max(1, panel.seen.shape[2])
    people = float(np.sum(panel.weights * share))
    return PanelCount(people, float(np.sqrt(np.sum(panel.weights**2 * share * (1 - share) / persons))))
