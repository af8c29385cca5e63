"""Tries every set of a market of few options, but for those that cannot be better than the best so far.

Depth first: an option is in or out. A branch ends where its bound is no higher than the best set known (branch and
bound: Land and Doig, Econometrica 28, 1960). The bound takes, of what may still come in, as much as the budget buys in
fractions, each option with what it adds to the set as it is: by concavity it adds no more later (Nemhauser and Wolsey,
Maximizing submodular set functions, 1981).
"""

import math
from collections.abc import Callable, Iterator
from itertools import product

import numpy as np

from marketplace.matching.audience.arrays import Floats, Ints
from marketplace.matching.overlap import coverage
from marketplace.matching.selection.solver.greedy import NOTHING
from marketplace.matching.selection.solver.problem import (
    ROUNDING,
    SAME,
    SelectionProblem,
    keeps,
    over_ceiling,
    under_ceiling,
)

# Markets of up to this many options are tried out, until the people of so many units have been counted: 8 million take
# about a second. HASTY is for one of the many searches behind a curve, QUICK for a choice, PATIENT for a job.
OPTIONS_MOST = 20
HASTY, QUICK, PATIENT = 1_000_000, 4_000_000, 80_000_000
# A walk that takes long tells that it goes on each time when so many have been counted.
TELL_EACH = 4_000_000

Members = tuple[int, ...]


def best(
    problem: SelectionProblem, start: Members | None, counts: int, going_on: Callable[[], None] | None = None
) -> tuple[Members | None, bool]:
    """Return the best set that keeps the limits (None: there is none), and whether all were tried before the people of
    ``counts`` units were counted.

    ``start`` is a set known to keep them, which is returned where none reaches more. ``going_on`` is called now and
    then while the walk takes long.
    """
    tree = _SetTree(problem, start, -1.0 if start is None else problem.value(start), counts, going_on)
    return tree.walked()


class _SetTree:
    """The walk over all sets: the best one so far with its people, and the units that may still be counted."""

    def __init__(
        self,
        problem: SelectionProblem,
        start: Members | None,
        people: float,
        counts: int,
        going_on: Callable[[], None] | None,
    ) -> None:
        self.problem, self.best, self.people, self.left = problem, start, people, counts
        self.going_on, self.untold = going_on, 0

    def walked(self) -> tuple[Members | None, bool]:
        for first in self._roots():
            others = np.flatnonzero(self.problem.free_of(first) & ~self.problem.has_to_be)
            if self._keeps_growing(first):
                self._take(first)
                self._branch(first, others)
        return self.best, self.left > 0

    def _roots(self) -> Iterator[Members]:
        """Yield the sets of what must be in, one option of each bid."""
        bids = self.problem.bids
        for rows in product(*(np.flatnonzero(bids == bids[row]).tolist() for row in self.problem.must)):
            yield tuple(sorted(rows))

    def _branch(self, members: Members, others: Ints) -> None:
        """Look at every set of the members and some of the others."""
        problem = self.problem
        others = others[problem.costs[others] <= problem.budget - problem.cost(members)]
        if self.left > 0 and problem.limits.ceiling is not None:
            others = self._worth_their_price(members, others)
        if self.left <= 0 or not len(others):
            return
        self._count(len(others) + 2)
        # Counted together, because of few options each count costs as much as all of them.
        sums, rates = problem.sums(members), problem.rates[others]
        counted = coverage.people(np.vstack([sums, sums + np.sum(rates, axis=0), sums + rates]), problem.units)
        people, whole, gains = float(counted[0]), float(counted[1]), counted[2:] - counted[0]
        # The densest first.
        order = np.argsort(-(gains / np.maximum(problem.costs[others], NOTHING)), kind="stable")
        others, gains, costs = others[order], gains[order], problem.costs[others[order]].astype(np.float64)
        room, slots = problem.budget - problem.cost(members), self._slots(members)
        if min(people + _most_more(gains, costs, room, slots), whole) <= self.people * (1 + SAME):
            return
        for position, row in enumerate(others.tolist()):
            rest = others[position + 1 :]
            joined = tuple(sorted((*members, row)))
            if self._keeps_growing(joined):
                self._take(joined, people + float(gains[position]))
                self._branch(joined, np.sort(rest[problem.creators[rest] != problem.creators[row]]))
            # Without the row: what is left may be too little.
            more = _most_more(gains[position + 1 :], costs[position + 1 :], room, slots)
            left = min(people + more, whole)
            if self.left <= 0 or left <= self.people * (1 + SAME):
                return

    def _worth_their_price(self, members: Members, others: Ints) -> Ints:
        """Return the others without those that add too little for the ceiling: to a larger set they add even less."""
        problem, (units, rates) = self.problem, self.problem.everybody
        self._count(len(others) + 1)
        sums = np.sum(rates[list(members)], axis=0)
        counted = coverage.people(np.vstack([sums, sums + rates[others]]), units)
        kept: Ints = others[under_ceiling(problem.limits, problem.costs[others], counted[1:] - counted[0])]
        return kept

    def _count(self, rows: int) -> None:
        """Take what is counted for so many sets off what may be counted."""
        units = rows * len(self.problem.units)
        self.left, self.untold = self.left - units, self.untold + units
        if self.going_on is not None and self.untold >= TELL_EACH:
            self.untold = 0
            self.going_on()

    def _slots(self, members: Members) -> int | None:
        """Return how many more may come in; None: any number."""
        most = self.problem.limits.most
        return None if most is None else max(0, most - len(members))

    def _keeps_growing(self, members: Members) -> bool:
        """Return whether a set keeps the limits that no larger set would keep again."""
        problem, limits, rows = self.problem, self.problem.limits, list(members)
        if problem.cost(rows) > problem.budget or (limits.most is not None and len(rows) > limits.most):
            return False
        if len(set(problem.creators[rows].tolist())) < len(rows):
            return False
        for name, cap in limits.caps.items():
            numbers = problem.groups[name][rows]
            if len(rows) and np.max(np.bincount(numbers[numbers >= 0], minlength=1)) > cap:
                return False
        if limits.ceiling is None:
            return True
        self._count(len(rows) + 1)
        return not over_ceiling(problem, rows)

    def _take(self, members: Members, about: float = math.inf) -> None:
        """Keep a set if it is the best so far; ``about`` so many people are counted for it, but for the last digits."""
        self._count(1)
        if about < self.people * (1 - ROUNDING):
            return
        people = self.problem.value(members)
        if people > self.people * (1 + SAME) and keeps(self.problem, members):
            self.best, self.people = members, people


def _most_more(gains: Floats, costs: Floats, room: int, slots: int | None) -> float:
    """Return the most that options may add, the densest of which come first: in this order what there is room for, the
    last in part, and no more of them than there are slots for."""
    before = np.cumsum(costs) - costs
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(costs > 0, np.clip((room - before) / costs, 0.0, 1.0), 1.0)
    most = float(np.sum(gains * parts))
    return most if slots is None else min(most, float(np.sum(np.sort(gains)[::-1][:slots])))
