"""The price at which a bid that was left out would have been chosen: its own, by bisection.

At a price, members leave the set until the bid fits, and what remains of the budget is filled again; the bid wins if
that reaches more people than the set. What wins at a price wins at a lower one, so the largest price is found by
halving, to 1 % or one minor unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats, Ints
from marketplace.matching.overlap import coverage
from marketplace.matching.selection.solver import greedy
from marketplace.matching.selection.solver.problem import SAME, SelectionProblem, keeps

# The part of a price within which the winning one is known.
PRECISION_PARTS = 100
# Bids that are looked at side by side, and the rows with the largest gains per cost that refill their sets.
RIVALS_AT_ONCE, REFILLS = 64, 128
# In markets of up to this many options the set is also filled anew around a bid.
STARTS_ANEW = 100


@dataclass(frozen=True, eq=False)
class _Leaving:
    """For m rivals of a set's M members: who has to leave whatever the price [m, M], the order in which others make
    room (positions, those who would be missed least for their cost first) [m, M], what leaves the set's people when a
    single member goes [m, M], and which rivals could join at all [m]."""

    forced: Bools
    order: Ints
    losses: Floats
    possible: Bools


def winning_prices(problem: SelectionProblem, members: Sequence[int], most: Ints) -> dict[int, int]:
    """Return the largest price in minor units at which a set with the row would reach more people than the members, for
    each row that is no member and has one; ``most`` [n] is the largest that is asked for each.

    What such a row costs in the problem does not matter.
    """
    chosen = tuple(sorted(members))
    floor = max(problem.limits.smallest, 0)
    rows = np.array([row for row in range(len(problem)) if row not in chosen and most[row] >= floor], dtype=np.int64)
    prices: dict[int, int] = {}
    for start in range(0, len(rows), RIVALS_AT_ONCE):
        rivals = rows[start : start + RIVALS_AT_ONCE]
        prices |= _bisected(_Refilled.of(problem, chosen, rivals), rivals, floor, most[rivals])
    return prices


def _bisected(asked: "_Refilled", rivals: Ints, floor: int, most: Ints) -> dict[int, int]:
    low, high = np.full(len(rivals), floor, dtype=np.int64), most.astype(np.int64)
    active = np.flatnonzero(asked.wins(rivals, low))
    prices = dict.fromkeys(rivals[active].tolist(), floor)
    at_most = asked.wins(rivals[active], high[active])
    low[active[at_most]] = high[active[at_most]]
    while True:
        active = active[high[active] - low[active] > np.maximum(1, low[active] // PRECISION_PARTS)]
        if not len(active):
            break
        middle = (low[active] + high[active]) // 2
        wins = asked.wins(rivals[active], middle)
        low[active[wins]], high[active[~wins]] = middle[wins], middle[~wins]
    return {row: int(low[place]) for place, row in enumerate(rivals.tolist()) if row in prices}


def _at_price(problem: SelectionProblem, row: int, price: int) -> SelectionProblem:
    costs = problem.costs.copy()
    costs[row] = price + problem.limits.handling
    return replace(problem, costs=costs)


@dataclass(frozen=True, eq=False)
class _Refilled:
    """Asks by making room in the set and filling it again. Rivals are told by their rows in the whole problem; `places`
    maps these to the rows of the smaller `problem`, which has the members, the rivals and what may refill."""

    problem: SelectionProblem
    members: tuple[int, ...]
    places: dict[int, int]
    number_of: dict[int, int]
    leaving: _Leaving
    people: float

    @classmethod
    def of(cls, problem: SelectionProblem, members: tuple[int, ...], rivals: Ints) -> "_Refilled":
        slopes = problem.units.weights * coverage.slopes(problem.sums(members), problem.units.shapes)
        density = np.sum(problem.rates * slopes, axis=1) / np.maximum(problem.costs, greedy.NOTHING)
        refills = np.argsort(-density, kind="stable")[:REFILLS]
        must = np.flatnonzero(problem.has_to_be)
        kept = np.array(sorted({*members, *rivals.tolist(), *refills.tolist(), *must.tolist()}), dtype=np.int64)
        smaller = problem.only(kept)
        places = {row: place for place, row in enumerate(kept.tolist())}
        inside = tuple(places[row] for row in members)
        leaving = _leaving(smaller, inside, np.array([places[row] for row in rivals.tolist()], dtype=np.int64))
        number_of = {row: number for number, row in enumerate(rivals.tolist())}
        return cls(smaller, inside, places, number_of, leaving, problem.value(members))

    def wins(self, rivals: Ints, prices: Ints) -> Bools:
        starts: list[tuple[int, ...]] = []
        owner: list[int] = []
        for place, (row, price) in enumerate(zip(rivals.tolist(), prices.tolist(), strict=True)):
            ways = self._ways(self.number_of[row], price)
            starts += [tuple(sorted((*way, self.places[row]))) for way in ways]
            owner += [place] * len(ways)
        answers = np.zeros(len(rivals), dtype=np.bool_)
        if not starts:
            return answers
        guests = np.array([self.places[int(rivals[place])] for place in owner], dtype=np.int64)
        own_costs = prices[owner] + self.problem.limits.handling
        sets = greedy.begin(self.problem, starts)
        sets.guest[:] = guests
        sets.spend += own_costs - self.problem.costs[guests]
        greedy.fill(self.problem, sets, [True] * len(starts))
        for number in np.flatnonzero(sets.people > self.people * (1 + SAME)).tolist():
            place = owner[number]
            priced = _at_price(self.problem, int(guests[number]), int(prices[place]))
            answers[place] = answers[place] or keeps(priced, sets.members[number])
        return answers

    def _ways(self, number: int, price: int) -> list[tuple[int, ...]]:
        """Return the sets of members that leave room for a rival at a price: those left when the least missed have
        gone, when only one has, and in a small market when all have."""
        leaving, problem = self.leaving, self.problem
        if not leaving.possible[number]:
            return []
        costs = problem.costs[list(self.members)]
        forced = leaving.forced[number]
        over = int(np.sum(costs[~forced])) + price + problem.limits.handling - problem.budget
        full = problem.limits.most is not None and len(self.members) - int(np.sum(forced)) >= problem.limits.most
        if over <= 0 and not full:
            return [self._without(forced)]
        order = leaving.order[number]
        order = order[~forced[order]]
        freed = np.cumsum(costs[order])
        ways = []
        if len(order) and freed[-1] >= over:
            gone = forced.copy()
            gone[order[: int(np.searchsorted(freed, over)) + 1]] = True
            ways.append(self._without(gone))
        single = order[costs[order] >= over]
        if len(single):
            gone = forced.copy()
            gone[single[np.argmin(leaving.losses[number][single])]] = True
            ways.append(self._without(gone))
        if len(problem) <= STARTS_ANEW:
            free = ~problem.has_to_be[list(self.members)] | forced
            ways += [self._without(free)] if int(np.sum(costs[free])) >= over else []
        return list(dict.fromkeys(ways))

    def _without(self, gone: Bools) -> tuple[int, ...]:
        return tuple(row for row, leaves in zip(self.members, gone.tolist(), strict=True) if not leaves)


def _leaving(problem: SelectionProblem, members: tuple[int, ...], rivals: Ints) -> _Leaving:
    inside = list(members)
    costs, whole = problem.costs[inside], problem.sums(inside)
    must = problem.has_to_be[inside]
    same_bid = problem.bids[rivals][:, None] == problem.bids[inside]
    forced = problem.creators[rivals][:, None] == problem.creators[inside]
    # Of a bid that must be in, only another option may take the place.
    possible = ~np.any(forced & must & ~same_bid, axis=1) & ~(problem.has_to_be[rivals] & ~np.any(same_bid, axis=1))
    losses = np.zeros(forced.shape)
    for number, rival in enumerate(rivals.tolist()):
        with_rival = whole + problem.rates[rival]
        losses[number] = coverage.people(with_rival, problem.units) - coverage.people(
            np.maximum(with_rival - problem.rates[inside], 0.0), problem.units
        )
    missed = losses / np.maximum(costs, greedy.NOTHING)
    for name, cap in problem.limits.caps.items():
        groups = problem.groups[name]
        for number, rival in enumerate(rivals.tolist()):
            same = (groups[inside] == groups[rival]) & (groups[rival] >= 0)
            if int(np.sum(same & ~forced[number])) >= cap:
                free = np.flatnonzero(same & ~must & ~forced[number])
                if not len(free):
                    possible[number] = False
                    continue
                forced[number, free[np.argmin(missed[number][free])]] = True
    # Those that must be in stay: they come last in no order, but in none.
    order = np.argsort(np.where(must, np.inf, missed), axis=1, kind="stable")[:, : int(np.sum(~must))]
    return _Leaving(forced, order, losses, possible)
