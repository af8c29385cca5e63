"""What happens to a set when one option comes in and up to two members go: the steps of the last improvement, and the
price at which an option that was left out would have been in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats, Ints
from marketplace.matching.overlap import coverage
from marketplace.matching.selection.solver.greedy import SAFE
from marketplace.matching.selection.solver.problem import SAME, SelectionProblem

# Pairs of members are tried up to this many members, then single ones alone.
PAIRS_UP_TO = 40
# Gains computed in one go, in numbers of rates.
BLOCK = 2_000_000


@dataclass(frozen=True, eq=False)
class ExchangeGaps:
    """Ways to make room in a set: D of them, the removed members, summed rates [D, U] and people [D] of what is left,
    what may be spent on an option that comes in [D], and which rows may come in [D, n], their prices aside."""

    removed: tuple[tuple[int, ...], ...]
    sums: Floats
    people: Floats
    room: Ints
    open: Bools


def gaps(problem: SelectionProblem, members: Sequence[int], at_once: int = 2) -> ExchangeGaps:
    """Return the ways to make room by removing none, one or two of the members; what must be in stays."""
    free = [row for row in members if row not in problem.must]
    most = at_once if len(free) <= PAIRS_UP_TO else min(at_once, 1)
    removed = tuple(ways for size in range(most + 1) for ways in combinations(free, size))
    left = [sorted(set(members) - set(ways)) for ways in removed]
    sums = np.stack([problem.sums(rows) for rows in left])
    spend = np.array([problem.spend(rows) for rows in left], dtype=np.int64)
    return ExchangeGaps(
        removed=removed,
        sums=sums,
        people=coverage.people(sums, problem.units),
        room=problem.limits.budget - spend,
        open=np.stack([_open(problem, rows, members) for rows in left]),
    )


def _open(problem: SelectionProblem, left: list[int], members: Sequence[int]) -> Bools:
    """Return which rows [n] may join what is left, their prices and contacts aside."""
    limits = problem.limits
    size = len(left) + 1
    if size < limits.least or (limits.most is not None and size > limits.most):
        return np.zeros(len(problem), dtype=np.bool_)
    found = problem.free_of(left)
    found[list(members)] = False
    for name, cap in limits.caps.items():
        groups = problem.groups[name]
        taken = groups[left]
        counts = np.bincount(taken[taken >= 0], minlength=int(np.max(groups, initial=0)) + 1)
        found &= ~((groups >= 0) & (counts[groups] >= cap))
    return found


def best(problem: SelectionProblem, members: Sequence[int], at_once: int = 2) -> tuple[int, ...] | None:
    """Return the best set that one exchange leads to, or None where none reaches more people."""
    now, ways = problem.value(members), gaps(problem, members, at_once)
    fits = ways.open & (problem.prices <= ways.room[:, None])
    needed = now * (1 + SAME)
    found = needed
    winner: tuple[int, int] | None = None
    for way, row, people in _reaching(problem, ways, fits, needed):
        if people > found and _within(problem, members, ways.removed[way], row, people):
            found, winner = people, (way, row)
    if winner is None:
        return None
    return tuple(sorted({*members, winner[1]} - set(ways.removed[winner[0]])))


def thresholds(problem: SelectionProblem, members: Sequence[int], rows: Ints) -> dict[int, int]:
    """Return, for each of the rows, the largest price in minor units at which an exchange would reach more people.

    Exact to one minor unit: the room that the removal leaves in the budget. Rows that no price would bring in are left
    out: their creator or a limit stands in the way, or the members that they would replace reach more.
    """
    now, ways = problem.value(members), gaps(problem, members)
    needed = now * (1 + SAME)
    wanted = np.zeros(len(problem), dtype=np.bool_)
    wanted[rows] = True
    found: dict[int, int] = {}
    # The most room first: the first removal that pays is the dearest price.
    for way in sorted(range(len(ways.removed)), key=lambda place: (-int(ways.room[place]), place)):
        if ways.room[way] < 0:
            continue
        fits = np.zeros_like(ways.open)
        fits[way] = ways.open[way] & wanted
        for _, row, people in _reaching(problem, ways, fits, needed):
            if people > needed and _within(problem, members, ways.removed[way], row, people):
                found[row] = int(ways.room[way])
                wanted[row] = False
    return found


def _reaching(
    problem: SelectionProblem, ways: ExchangeGaps, fits: Bools, needed: float
) -> list[tuple[int, int, float]]:
    """Return (removal, row, people) wherever the people could be more than needed. Bounds, from concavity and from what
    a row reaches alone, spare most of the exact counting."""
    touched = np.flatnonzero(fits.any(axis=1))
    if not len(touched):
        return []
    slopes = problem.units.weights * coverage.slopes(ways.sums[touched], problem.units.shapes)
    most = np.minimum((slopes @ problem.rates.T) * SAFE, problem.alone * SAFE) + ways.people[touched][:, None]
    place, row = np.nonzero(fits[touched] & (most > needed))
    way = touched[place]
    found = []
    step = max(1, BLOCK // max(1, len(problem.units)))
    for first in range(0, len(row), step):
        here = slice(first, first + step)
        people = coverage.people(ways.sums[way[here]] + problem.rates[row[here]], problem.units)
        found += list(zip(way[here].tolist(), row[here].tolist(), people.tolist(), strict=True))
    return found


def _within(
    problem: SelectionProblem, members: Sequence[int], removed: tuple[int, ...], row: int, people: float
) -> bool:
    cap = problem.limits.contacts_per_person
    if cap is None:
        return True
    return float(np.sum(problem.contacts[sorted({*members, row} - set(removed))])) <= cap * people
