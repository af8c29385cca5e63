"""Events of interests: people who have any of some interests, and the combinations of several such sets.

A person may have many interests, so their shares do not sum to 1. Each set of interests that a target names is held by
a person or not, and the 2 ** m combinations of m sets are states that divide everybody.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from marketplace.channels.facts.audience_vocabulary import INTERESTS
from marketplace.matching.audience.arrays import Floats, as_floats

_USUAL = as_floats([interest.share for interest in INTERESTS.values()])


@dataclass(frozen=True)
class InterestEvent:
    """People in certain states of some sets of interests.

    ``terms`` are (c, interests): the sum of c times the share of people without any of the interests is the event's,
    where each interest is independent of the others. Without terms the event is everybody.
    """

    states: tuple[int, ...] = (0,)
    sets: tuple[frozenset[int], ...] = ()
    terms: tuple[tuple[int, tuple[int, ...]], ...] = ()

    @property
    def is_everybody(self) -> bool:
        return len(self.states) == 1 << len(self.sets)

    @property
    def is_nobody(self) -> bool:
        """Whether nobody can be in these states: one set holds another, so whoever is in the smaller is in both."""
        return not self.terms and not self.is_everybody

    def point(self, shares: Floats) -> Floats:
        """Return the event's share of n audiences from the shares of people with each interest [n, I], with the usual
        one for NaN."""
        known = np.where(np.isnan(shares), _USUAL, shares)
        if self.is_everybody:
            return np.ones(len(known))
        total = np.zeros(len(known))
        for factor, interests in self.terms:
            without = np.ones(len(known))
            for interest in interests:
                without *= 1 - known[:, interest]
            total += factor * without
        return np.clip(total, 0.0, 1.0)

    def usual(self) -> float:
        """Return the event's share where nothing is known of an audience."""
        return float(self.point(np.full((1, len(_USUAL)), np.nan))[0])

    def bounds(self, shares: Floats) -> tuple[Floats, Floats]:
        """Return the least and the most that the event's share can be for n audiences, whatever their interests have to
        do with each other."""
        low, high = np.nan_to_num(shares, nan=0.0), np.nan_to_num(shares, nan=1.0)
        holds = [_any_of(low, high, wanted) for wanted in self.sets]
        for number, (least, most) in enumerate(holds):
            with_set = tuple(state for state in range(1 << len(self.sets)) if state >> number & 1)
            if self.states == with_set:
                return least, most
        others = [state for state in range(1 << len(self.sets)) if state not in self.states]
        inside, outside = self._state_bounds(self.states, holds), self._state_bounds(others, holds)
        return (
            np.clip(np.maximum(inside[0], 1 - outside[1]), 0.0, 1.0),
            np.clip(np.minimum(inside[1], 1 - outside[0]), 0.0, 1.0),
        )

    def _state_bounds(
        self, states: tuple[int, ...] | list[int], holds: list[tuple[Floats, Floats]]
    ) -> tuple[Floats, Floats]:
        low, high = np.zeros(len(holds[0][0])), np.zeros(len(holds[0][0]))
        for state in states:
            least, most = np.ones(len(low)), np.ones(len(low))
            for number, (held_least, held_most) in enumerate(holds):
                held = state >> number & 1
                least = least + (held_least if held else 1 - held_most) - 1
                most = np.minimum(most, held_most if held else 1 - held_least)
            low += np.maximum(0.0, least)
            high += most
        return low, high


def _any_of(low: Floats, high: Floats, wanted: frozenset[int]) -> tuple[Floats, Floats]:
    """Return the bounds of the share with any of the interests: the largest of them, and their sum."""
    least, most = np.zeros(len(low)), np.zeros(len(low))
    for interest in sorted(wanted):
        least = np.maximum(least, low[:, interest])
        most = most + high[:, interest]
    return least, np.minimum(most, 1.0)


def states_with(wanted: frozenset[int], sets: tuple[frozenset[int], ...]) -> list[int]:
    """Return the states of people who have any of the wanted interests; an empty set is wanted of everybody."""
    states = range(1 << len(sets))
    return list(states) if not wanted else [state for state in states if state >> sets.index(wanted) & 1]


def event(states: tuple[int, ...], sets: tuple[frozenset[int], ...]) -> InterestEvent:
    """Return the event of these states, with the terms of its share by inclusion and exclusion."""
    if len(states) == 1 << len(sets):
        return InterestEvent()
    terms: dict[tuple[int, ...], int] = {}
    for state in states:
        held = [number for number in range(len(sets)) if state >> number & 1]
        missing = [number for number in range(len(sets)) if not state >> number & 1]
        for size in range(len(held) + 1):
            for more in combinations(held, size):
                interests = tuple(sorted(frozenset[int]().union(*(sets[number] for number in (*missing, *more)))))
                terms[interests] = terms.get(interests, 0) + (-1) ** size
    return InterestEvent(states, sets, tuple((factor, interests) for interests, factor in terms.items() if factor))
