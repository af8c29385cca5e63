"""Insertions: one option comes into a set, and as many members leave it as its cost asks for.

Exchanges let at most two members go. Where one large bid is worth more than three small ones, no path of exchanges
leads to it: each step on the way reaches less.
"""

from collections.abc import Sequence

import numpy as np

from marketplace.matching.audience.arrays import Floats, Ints
from marketplace.matching.selection.solver.greedy import NOTHING
from marketplace.matching.selection.solver.problem import SelectionProblem, added

# The most hopeful options that are tried.
TRIED = 12
# The cost that has to leave is divided into so many steps.
STEPS = 256


def starts(problem: SelectionProblem, members: Sequence[int]) -> list[tuple[int, ...]]:
    """Return sets to fill: for each option that may be worth what has to leave, the set with it and without those who
    left. Members that must be in stay."""
    made = [_made_room(problem, members, row) for row in _hopeful(problem, members)]
    return [rows for rows in made if rows is not None]


def _hopeful(problem: SelectionProblem, members: Sequence[int]) -> list[int]:
    """Return the options by the most that putting one in can change, the best first: by concavity it gains at most its
    slope, and each minor unit that it needs loses at least the least that a member adds for one."""
    most = np.minimum(problem.most_gained(problem.sums(members)[None])[0], problem.alone)
    per_cost = added(problem, members) / np.maximum(problem.costs[list(members)], NOTHING)
    needed = np.maximum(problem.costs - (problem.budget - problem.cost(members)), 0)
    hope = most - float(np.min(per_cost, initial=np.inf)) * needed if len(members) else most
    hope[list(members)] = -np.inf
    return [int(row) for row in np.argsort(-hope, kind="stable")[:TRIED] if hope[row] > 0]


def _made_room(problem: SelectionProblem, members: Sequence[int], row: int) -> tuple[int, ...] | None:
    """Return the members with the row and without those who lose least by leaving, so that it fits; None if it cannot.
    Another option of the same creator leaves first."""
    rest = [one for one in members if problem.creators[one] != problem.creators[row]]
    left = set(members) - set(rest)
    if any(problem.has_to_be[one] and problem.bids[one] != problem.bids[row] for one in left):
        return None
    lost = added(problem, [*rest, row])
    free = [place for place, one in enumerate(rest) if not problem.has_to_be[one]]
    leaving = _least_lost(lost[free], problem.costs[rest][free], problem.cost([*rest, row]) - problem.budget)
    if leaving is None:
        return None
    gone = {free[place] for place in leaving}
    most = problem.limits.most
    if most is not None and len(rest) - len(gone) >= most:
        gone.add(
            min((place for place in free if place not in gone), key=lambda place: (lost[place], place), default=-1)
        )
    return tuple(sorted([*(one for place, one in enumerate(rest) if place not in gone), row]))


def _least_lost(losses: Floats, costs: Ints, needed: int) -> list[int] | None:
    """Return which of m members leave so that their costs come to what is needed and their losses to the least; None if
    all of them do not cost as much.

    The losses are added as if they did not depend on each other. Dynamic programming over the cost in steps, rounded
    down, so that whatever is returned frees enough.
    """
    if needed <= 0:
        return []
    step = max(1, needed // STEPS)
    target = -(-needed // step)
    steps, places = np.minimum(costs // step, target), np.arange(target + 1)
    least = np.full(target + 1, np.inf)
    least[0] = 0.0
    leaves = np.zeros((len(losses), target + 1), dtype=np.bool_)
    for member in range(len(losses)):
        with_it = least[np.maximum(places - steps[member], 0)] + losses[member]
        leaves[member] = with_it < least
        least = np.where(leaves[member], with_it, least)
    if not np.isfinite(least[target]):
        return None
    found, place = [], target
    for member in reversed(range(len(losses))):
        if leaves[member, place]:
            found.append(member)
            place = max(place - int(steps[member]), 0)
    return found
