"""How many times as many people as by chance two audiences of one market share: their lift, and its priors.

A pair's lift is the mean of the lifts of what both show, weighted by the part of their content that both have, and of
the lift across niches for the rest (see lift_law for what a lift does). Channels of different languages share a tenth
of that.

The priors are from creators: the unique chatters of 1,883 channels on a live-video platform over five weeks of spring
2021, in 49 communities found from the same data (MIT-licensed research data, summarised in docs/formulas/
reach-of-a-set.md). Within a community the share of the smaller audience that the other has too is what a community of
1.25 million people gives: a lift of 16 where the platform has 20 million people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats, Ints, as_floats
from marketplace.matching.overlap import markets

MODEL_VERSION = "duplication/1"
# The people of the platform that the priors were measured on (assumed: lifts are relative to it), and of a community.
PLATFORM_PEOPLE, COMMUNITY_PEOPLE = 20e6, 1.25e6
WITHIN = PLATFORM_PEOPLE / COMMUNITY_PEOPLE
# Of creators of one language who show different things. The table's .4 to .8 between communities has other languages
# in it, of which next to nobody is shared; without them about one is left.
ACROSS = 1.0
# A judgement: of what channels of one language share, how much those of two languages do.
OTHER_LANGUAGE = 0.1
# Sets of ten of one community differ: 10 and 90 per cent of them share .42 and 2.4 times as much as the middle one.
SET_DOUBT = 2.4
# The least doubt of a fit, however many pairs it has: its own error from 30 pairs is about a fifth.
LEAST_DOUBT = 1.2


@dataclass(frozen=True)
class DuplicationModel:
    """The lifts of a market: of channels that show the same (``within``, or ``by_niche`` where it is known), and of
    those that do not (``across``).

    ``pairs``: the number of measured pairs behind each niche, with those across niches under an empty name (empty: the
    prior). ``doubt``: what overlaps are to be multiplied or divided by for the ends of an 80 % range.
    """

    within: float
    across: float
    by_niche: Mapping[str, float] = field(default_factory=dict)
    pairs: Mapping[str, int] = field(default_factory=dict)
    doubt: float = SET_DOUBT

    @property
    def measured(self) -> int:
        """Return the number of measured pairs."""
        return sum(self.pairs.values())

    def of_niches(self, names: Sequence[str]) -> Floats:
        """Return the lift within each niche [G]."""
        return as_floats([self.by_niche.get(name, self.within) for name in names])


def prior(people: float) -> DuplicationModel:
    """Return the lifts of a market of so many people that no pair was measured in.

    Up to the platform of the table a community has 1.25 million people. How that goes on in larger markets is not
    known: communities may stay as large, or grow with the market. The prior lies between the two (the geometric mean),
    and its doubt reaches to both.
    """
    scale = max(1.0, people / PLATFORM_PEOPLE) ** 0.5
    within = WITHIN * scale if people >= PLATFORM_PEOPLE else max(ACROSS, people / COMMUNITY_PEOPLE)
    return DuplicationModel(within, ACROSS, doubt=float(np.exp(np.hypot(np.log(SET_DOUBT), np.log(scale)))))


@dataclass(frozen=True)
class MarketDuplication:
    """The lifts of all markets: those ``fitted`` to measured pairs, and priors by the ``people`` of the others."""

    fitted: Mapping[str, DuplicationModel] = field(default_factory=dict)
    people: Mapping[str, float] = field(default_factory=lambda: markets.PEOPLE)

    def of(self, market: str) -> DuplicationModel:
        return self.fitted[market] if market in self.fitted else prior(self.people[market])

    @property
    def measured(self) -> int:
        """Return the number of measured pairs in all markets."""
        return sum(model.measured for model in self.fitted.values())

    def doubt_in(self, names: Sequence[str], weights: Floats) -> float:
        """Return the doubt of what is in several markets, weighted [M] (the mean of logarithms)."""
        logs = as_floats([np.log(self.of(name).doubt) for name in names])
        return float(np.exp(np.sum(logs * weights) / np.sum(weights))) if np.sum(weights) > 0 else 1.0


PRIOR = MarketDuplication()


def of_former(model: Mapping[str, Any], niches: int) -> MarketDuplication:
    """Return the lifts of a fit that an older release stored as one gamma shape, shapes by niche and the share of
    reach that keeps to its own of so many niches, for all markets alike."""
    narrow, apart = 1 + model["own_niche"] ** 2 * (niches - 1), 1 - model["own_niche"] ** 2
    lift = 1 + 1 / model["shape"]
    by_niche = {name: (1 + 1 / shape) * narrow for name, shape in model["by_niche"].items()}
    found = DuplicationModel(lift * narrow, lift * apart, by_niche, model["pairs"])
    elsewhere = replace(found, pairs={})
    return MarketDuplication({**dict.fromkeys(markets.MARKETS, elsewhere), markets.MAINLAND: found})


@dataclass(frozen=True, eq=False)
class PairKinship:
    """What makes the members of P pairs alike: the content that both have by niche, ``shared`` [P, G] with a sum of at
    most 1; whether their languages may be the same [P]; and the market in which both have people, as a number [P]."""

    shared: Floats
    same_language: Bools
    market: Ints


def lifts(kinship: PairKinship, models: Sequence[DuplicationModel], names: Sequence[str]) -> Floats:
    """Return the lift of each pair [P], by the models of the markets in the order of their numbers."""
    found = np.ones(len(kinship.market))
    for number in np.unique(kinship.market).tolist():
        here, model = kinship.market == number, models[number]
        shared = kinship.shared[here]
        found[here] = np.sum(shared * model.of_niches(names), axis=1) + (1 - np.sum(shared, axis=1)) * model.across
    return np.where(kinship.same_language, found, OTHER_LANGUAGE * found)
