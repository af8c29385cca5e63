"""Exchanges: one option comes into a set and up to two members leave it. They improve a set in the last steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats, Ints
from marketplace.matching.overlap import coverage
from marketplace.matching.selection.solver.greedy import SAFE
from marketplace.matching.selection.solver.problem import SAME, SelectionProblem, keeps, under_ceiling

# Pairs of members are removed in sets of up to this many; in larger sets only single members are.
PAIRS_UP_TO = 20
# The most rates in one batch of exact counts.
BLOCK = 2_000_000
# The best exchanges whose limits are checked, where limits of the whole set keep some out.
TRIES = 100


@dataclass(frozen=True, eq=False)
class ExchangeGaps:
    """D ways to make room in a set: the removed members, the summed rates [D, U] and people [D] of the rest, what may
    be spent on an option that comes in [D], and which rows may come in [D, n] if they are affordable."""

    removed: tuple[tuple[int, ...], ...]
    sums: Floats
    people: Floats
    room: Ints
    open: Bools


def gaps(problem: SelectionProblem, members: Sequence[int], at_once: int = 2) -> ExchangeGaps:
    """Return the ways to make room by removing up to ``at_once`` members, at most two. Of a bid that must be in, only
    another option may take the place of the one that goes."""
    free = [row for row in members if row not in problem.fixed]
    most = at_once if len(free) <= PAIRS_UP_TO else min(at_once, 1)
    # Size 0, removing nobody, is a way too: an option may still fit beside the set.
    removed = tuple(
        rows
        for size in range(most + 1)
        for rows in combinations(free, size)
        if int(np.sum(problem.has_to_be[list(rows)])) <= 1
    )
    remaining = [sorted(set(members) - set(rows)) for rows in removed]
    sums = np.stack([problem.sums(rows) for rows in remaining])
    spend = np.array([problem.cost(rows) for rows in remaining], dtype=np.int64)
    return ExchangeGaps(
        removed=removed,
        sums=sums,
        people=coverage.people(sums, problem.units),
        room=problem.budget - spend,
        open=np.stack([_open(problem, rows, members) for rows in remaining]),
    )


def _open(problem: SelectionProblem, remaining: list[int], members: Sequence[int]) -> Bools:
    """Return which rows [n] may join the remaining members, apart from their prices and contacts."""
    limits = problem.limits
    size = len(remaining) + 1
    if size < limits.least or (limits.most is not None and size > limits.most):
        return np.zeros(len(problem), dtype=np.bool_)
    allowed = problem.free_of(remaining)
    # A removed member that came back would be no exchange.
    allowed[list(members)] = False
    missing = [row for row in members if problem.has_to_be[row] and row not in remaining]
    if missing:
        allowed &= problem.bids == problem.bids[missing[0]]
    for name, cap in limits.caps.items():
        groups = problem.groups[name]
        taken = groups[remaining]
        counts = np.bincount(taken[taken >= 0], minlength=int(np.max(groups, initial=0)) + 1)
        allowed &= ~((groups >= 0) & (counts[groups] >= cap))
    return allowed


def best(problem: SelectionProblem, members: Sequence[int], at_once: int = 2) -> tuple[int, ...] | None:
    """Return the best set that one exchange leads to, or None if no exchange reaches more people.

    Where none does, a cheaper set that reaches as many is better too.
    """
    current, ways = problem.value(members), gaps(problem, members, at_once)
    fits = ways.open & (problem.costs <= ways.room[:, None])
    exchanges = _reaching(problem, ways, fits, current * (1 - SAME))
    # More than rounding: a gain in the last digit could lead back and forth between two sets for ever.
    more = [one for one in exchanges if one[2] > current * (1 + SAME)]
    for way, row, _ in sorted(more, key=lambda one: (-one[2], one[0], one[1]))[:TRIES]:
        exchanged = _exchanged(members, ways.removed[way], row)
        if keeps(problem, exchanged):
            return exchanged
    as_many = [
        _exchanged(members, ways.removed[way], row) for way, row, people in exchanges if people <= current * (1 + SAME)
    ]
    cost = problem.cost(members)
    cheaper = [one for one in as_many if problem.cost(one) < cost and keeps(problem, one)]
    return min(cheaper, key=lambda one: (problem.cost(one), one), default=None)


def without_idle(problem: SelectionProblem, members: Sequence[int]) -> tuple[int, ...]:
    """Return a set without the members whom nobody would miss: they cost, and the others reach as many people."""
    kept, current = tuple(sorted(members)), problem.value(members)
    for row in sorted(members, key=lambda row: (-int(problem.costs[row]), row)):
        fewer = tuple(one for one in kept if one != row)
        if problem.value(fewer) >= current * (1 - SAME) and keeps(problem, fewer):
            kept = fewer
    return kept


def _exchanged(members: Sequence[int], removed: Sequence[int], row: int) -> tuple[int, ...]:
    return tuple(sorted({*members, row} - set(removed)))


def _reaching(
    problem: SelectionProblem, ways: ExchangeGaps, fits: Bools, needed: float
) -> list[tuple[int, int, float]]:
    """Return (removal, row, people) for each exchange that reaches more people than needed and keeps the ceiling.

    Upper bounds, from concavity and from what a row reaches alone, avoid most of the exact counting.
    """
    touched = np.flatnonzero(fits.any(axis=1))
    if not len(touched):
        return []
    most = np.minimum(problem.most_gained(ways.sums[touched]), problem.alone * SAFE) + ways.people[touched][:, None]
    position, row = np.nonzero(fits[touched] & (most > needed))
    way = touched[position]
    exchanges = []
    step = max(1, BLOCK // max(1, len(problem.units)))
    for first in range(0, len(row), step):
        batch = slice(first, first + step)
        people = coverage.people(ways.sums[way[batch]] + problem.rates[row[batch]], problem.units)
        enough = people > needed
        if problem.reached is None:
            gains = people - ways.people[way[batch]]
            enough &= under_ceiling(problem.limits, problem.costs[row[batch]], gains) | problem.has_to_be[row[batch]]
        lists = (column[enough].tolist() for column in (way[batch], row[batch], people))
        exchanges += list(zip(*lists, strict=True))
    return exchanges
