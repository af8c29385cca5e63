"""Exchanges: one option comes into a set and up to two members leave it. They improve a set in the last steps, and give
the price at which an option that was left out would have been chosen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats, Ints
from marketplace.matching.overlap import coverage
from marketplace.matching.selection.solver.greedy import SAFE
from marketplace.matching.selection.solver.problem import SAME, SelectionProblem

# Pairs of members are removed in sets of up to this many; in larger sets only single members are.
PAIRS_UP_TO = 40
# The most rates in one batch of exact counts.
BLOCK = 2_000_000


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
    """Return the ways to make room by removing up to ``at_once`` members, at most two; those that must be in stay."""
    free = [row for row in members if row not in problem.must]
    most = at_once if len(free) <= PAIRS_UP_TO else min(at_once, 1)
    # Size 0, removing nobody, is a way too: an option may still fit beside the set.
    removed = tuple(rows for size in range(most + 1) for rows in combinations(free, size))
    remaining = [sorted(set(members) - set(rows)) for rows in removed]
    sums = np.stack([problem.sums(rows) for rows in remaining])
    spend = np.array([problem.spend(rows) for rows in remaining], dtype=np.int64)
    return ExchangeGaps(
        removed=removed,
        sums=sums,
        people=coverage.people(sums, problem.units),
        room=problem.limits.budget - spend,
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
    for name, cap in limits.caps.items():
        groups = problem.groups[name]
        taken = groups[remaining]
        counts = np.bincount(taken[taken >= 0], minlength=int(np.max(groups, initial=0)) + 1)
        allowed &= ~((groups >= 0) & (counts[groups] >= cap))
    return allowed


def best(problem: SelectionProblem, members: Sequence[int], at_once: int = 2) -> tuple[int, ...] | None:
    """Return the best set that one exchange leads to, or None if no exchange reaches more people."""
    current, ways = problem.value(members), gaps(problem, members, at_once)
    fits = ways.open & (problem.prices <= ways.room[:, None])
    # More than rounding: a gain in the last digit could lead back and forth between two sets for ever.
    needed = current * (1 + SAME)
    most_people = needed
    best_exchange: tuple[int, int] | None = None
    for way, row, people in _reaching(problem, ways, fits, needed):
        if people > most_people and _within(problem, members, ways.removed[way], row, people):
            most_people, best_exchange = people, (way, row)
    if best_exchange is None:
        return None
    return tuple(sorted({*members, best_exchange[1]} - set(ways.removed[best_exchange[0]])))


def thresholds(problem: SelectionProblem, members: Sequence[int], rows: Ints) -> dict[int, int]:
    """Return, for each of the rows, the largest price in minor units at which an exchange would reach more people.

    The price is exact to one minor unit: the room that the removal leaves in the budget. Rows without such a price are
    left out: their creator or a limit excludes them, or the members that they would replace reach more.
    """
    current, ways = problem.value(members), gaps(problem, members)
    needed = current * (1 + SAME)
    pending = np.zeros(len(problem), dtype=np.bool_)
    pending[rows] = True
    prices: dict[int, int] = {}
    # In order of falling room, so that the first removal that pays off gives the largest price.
    for way in sorted(range(len(ways.removed)), key=lambda way: (-int(ways.room[way]), way)):
        if ways.room[way] < 0:
            continue
        fits = np.zeros_like(ways.open)
        fits[way] = ways.open[way] & pending
        for _, row, people in _reaching(problem, ways, fits, needed):
            if people > needed and _within(problem, members, ways.removed[way], row, people):
                prices[row] = int(ways.room[way])
                pending[row] = False
    return prices


def _reaching(
    problem: SelectionProblem, ways: ExchangeGaps, fits: Bools, needed: float
) -> list[tuple[int, int, float]]:
    """Return (removal, row, people) for each exchange that may reach more people than needed.

    Upper bounds, from concavity and from what a row reaches alone, avoid most of the exact counting.
    """
    touched = np.flatnonzero(fits.any(axis=1))
    if not len(touched):
        return []
    slopes = problem.units.weights * coverage.slopes(ways.sums[touched], problem.units.shapes)
    most = np.minimum((slopes @ problem.rates.T) * SAFE, problem.alone * SAFE) + ways.people[touched][:, None]
    position, row = np.nonzero(fits[touched] & (most > needed))
    way = touched[position]
    exchanges = []
    step = max(1, BLOCK // max(1, len(problem.units)))
    for first in range(0, len(row), step):
        batch = slice(first, first + step)
        people = coverage.people(ways.sums[way[batch]] + problem.rates[row[batch]], problem.units)
        exchanges += list(zip(way[batch].tolist(), row[batch].tolist(), people.tolist(), strict=True))
    return exchanges


def _within(
    problem: SelectionProblem, members: Sequence[int], removed: tuple[int, ...], row: int, people: float
) -> bool:
    cap = problem.limits.contacts_per_person
    if cap is None:
        return True
    return float(np.sum(problem.contacts[sorted({*members, row} - set(removed))])) <= cap * people
