"""An upper bound on the people that any set within the limits reaches: the concave relaxation, by Frank-Wolfe steps.

If fractions of options are allowed, x in 0..1, reach is a concave function of the summed rates of x, so at any point x

    best <= reach(x) + max over s of gradient . (s - x),

where s keeps the budget, one option per creator, and the number of bids, each in fractions (Frank and Wolfe, Naval
Research Logistics Quarterly 3, 1956; Jaggi, Revisiting Frank-Wolfe, 2013). Every point gives a valid bound; the steps
only make it smaller. The other limits (the ceiling on what a bid adds among them, and that one of several options of a
bid must be in) are left out: that can only raise the maximum, so the bound holds with them too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from marketplace.matching.audience.arrays import Floats, Ints
from marketplace.matching.overlap import coverage
from marketplace.matching.selection.solver.greedy import NOTHING
from marketplace.matching.selection.solver.problem import SelectionProblem

STEPS = 60
# The steps end when the bound exceeds the best point by no more than this share.
CLOSE = 5e-4
# Each round keeps one of the 16 gaps between the points: three rounds find the place on a line to 1/4096 of it.
LINE_ROUNDS, LINE_POINTS = 3, 17
# Sums in another order differ in their last digits; with this factor the bound still holds.
SAFE = 1 + 1e-9
# Any price gives a valid bound, so it need not be exact: 12 halvings find it to 1/4096 of the largest gain.
_MULTIPLIER_ROUNDS = 12  # of the bisection for the price of one bid's slot

_HullPoint = tuple[float, float, int]  # price, gain, row


@dataclass(frozen=True, eq=False)
class TangentPoint:
    """The point of the steps with the smallest bound: that bound, the sums of rates [U], the people reached there, and
    the slopes [U] of weighted people."""

    most: float
    sums: Floats
    people: float
    slopes: Floats


def upper(problem: SelectionProblem, members: Sequence[int], steps: int = STEPS) -> float:
    """Return an upper bound on the people that any set within the limits reaches. The steps start from ``members``."""
    if not len(problem) or _only_nobody(problem):
        return 0.0
    # A set that exists is never above the bound, not even by rounding.
    return max(best_tangent(problem, members, steps).most, problem.value(members))


def best_tangent(problem: SelectionProblem, members: Sequence[int], steps: int = STEPS) -> TangentPoint:
    """Return the smallest bound of the steps, with the tangent plane that gives it. They start from ``members``."""
    free = _free(problem)
    must = problem.sums(problem.fixed)
    budget = problem.budget - problem.cost(problem.fixed)
    slots = None if problem.limits.most is None else problem.limits.most - len(problem.fixed)
    sums, tightest = problem.sums(members), TangentPoint(np.inf, must, 0.0, must)
    for step in range(steps):
        slopes = problem.units.weights * coverage.slopes(sums, problem.units.shapes)
        gains = np.sum(problem.rates[free] * slopes, axis=1)
        linear_bound, parts = _knapsack(gains, problem.costs[free], problem.creators[free], budget, slots)
        people = float(coverage.people(sums, problem.units))
        # gradient . x covers only the options in x: the sums without the members that must be in.
        bound = (people + linear_bound - float(np.sum(slopes * (sums - must)))) * SAFE
        if bound < tightest.most:
            tightest = TangentPoint(bound, sums, people, slopes)
        if tightest.most <= people * (1 + CLOSE):
            break
        target = must + np.sum(problem.rates[free[parts > 0]] * parts[parts > 0][:, None], axis=0)
        sums = _between(problem, sums, target, step)
    return tightest


def hopeful(problem: SelectionProblem, members: Sequence[int], tangent: TangentPoint | None = None) -> Ints:
    """Return the rows that a set better than ``members`` could contain, ascending.

    With a price for each unit of budget (the Lagrangian of the knapsack), the bound for sets with a given row is the
    general bound less the amount by which the row's gain falls short of its price. If that is below the reach of
    ``members``, no better set contains the row.
    """
    tangent = tangent or best_tangent(problem, members)
    must = problem.sums(problem.fixed)
    budget = problem.budget - problem.cost(problem.fixed)
    # All rows, unlike in `_free`: one that a cheaper row equals can still be part of a better set.
    free = np.flatnonzero(problem.free_of(problem.fixed))
    if not len(free):
        return np.array(sorted({*members, *_must_options(problem)}), dtype=np.int64)
    gains = np.sum(problem.rates[free] * tangent.slopes, axis=1)
    prices = problem.costs[free].astype(np.float64)
    offset = tangent.people - float(np.sum(tangent.slopes * (tangent.sums - must)))
    # The bound is a function of the charge in straight pieces that meet at these densities: one has the least.
    charges = np.unique(gains / np.maximum(prices, NOTHING))
    charge = min(
        charges.tolist(), key=lambda unit: unit * budget + float(np.sum(np.maximum(gains - unit * prices, 0.0)))
    )
    most = (offset + charge * budget + float(np.sum(np.maximum(gains - charge * prices, 0.0)))) * SAFE
    bound_with_row = most + np.minimum(gains - charge * prices, 0.0)
    kept = free[(bound_with_row > problem.value(members)) & (problem.costs[free] <= budget)]
    return np.array(sorted({*kept.tolist(), *members, *_must_options(problem)}), dtype=np.int64)


def _must_options(problem: SelectionProblem) -> list[int]:
    rows: list[int] = np.flatnonzero(problem.has_to_be).tolist()
    return rows


def _only_nobody(problem: SelectionProblem) -> bool:
    """Return whether the limit on contacts leaves no set but the empty one.

    A set reaches no more people than its members reach one by one. So if each single one is seen more often than the
    limit, all sets are.
    """
    cap = problem.limits.contacts_per_person
    return cap is not None and not problem.must and not np.any(problem.contacts <= cap * problem.reached_alone * SAFE)


def _free(problem: SelectionProblem) -> Ints:
    """Return the affordable rows beside those that must be in, without rows that a cheaper one of the same creator
    equals or beats in every unit."""
    allowed = np.flatnonzero(problem.free_of(problem.fixed))
    allowed = allowed[problem.costs[allowed] <= problem.budget - problem.cost(problem.fixed)]
    kept: dict[int, list[int]] = {}
    for row in sorted(allowed.tolist(), key=lambda row: (int(problem.costs[row]), row)):
        others = kept.setdefault(int(problem.creators[row]), [])
        if not any(np.all(problem.rates[other] >= problem.rates[row]) for other in others):
            others.append(row)
    return np.array(sorted(row for rows in kept.values() for row in rows), dtype=np.int64)


def _knapsack(gains: Floats, prices: Ints, creators: Ints, budget: int, slots: int | None) -> tuple[float, Floats]:
    """Return an upper bound on gains . s, with the fractions s of the options that nearly reach it.

    A limit on the number of bids, ``slots``, is replaced by a price for each slot (its Lagrangian). The bound holds at
    any price; a bisection finds one at which it is nearly exact.
    """
    if not len(gains):
        return 0.0, gains
    without_slots = _by_density(gains, prices, creators, budget)
    # Within the number of slots as it is: the limit does not bind, and a price for slots could only be 0.
    if slots is None or float(np.sum(without_slots[1])) <= slots:
        return without_slots
    low, high, parts = 0.0, float(np.max(gains)), without_slots[1]
    least = without_slots[0]
    for _ in range(_MULTIPLIER_ROUNDS):
        charge = (low + high) / 2
        value, taken = _by_density(np.maximum(gains - charge, 0.0), prices, creators, budget)
        if value + charge * slots < least:
            least, parts = value + charge * slots, taken
        if float(np.sum(taken[gains > charge])) > slots:
            low = charge
        else:
            high = charge
    count = float(np.sum(parts))
    return least, parts * min(1.0, slots / count) if count > 0 else parts


def _by_density(gains: Floats, prices: Ints, creators: Ints, budget: int) -> tuple[float, Floats]:
    """Return the value and the fractions of the fractional knapsack with at most one option of each creator (Sinha and
    Zoltners, 1979)."""
    weights = prices.astype(np.float64)
    density = gains / np.maximum(weights, NOTHING)
    parts = np.zeros(len(gains))
    # With one option a creator there are no hulls to walk along, and one sort takes the place of the loop below.
    if len(np.unique(creators)) == len(creators):
        order = np.argsort(-density, kind="stable")
        spent = np.cumsum(weights[order])
        before = spent - weights[order]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(weights[order] > 0, (budget - before) / weights[order], 1.0)
        parts[order] = np.clip(share, 0.0, 1.0) * (gains[order] > 0)
        return float(np.sum(parts * gains)), parts
    remaining, value = float(budget), 0.0
    for _, row_in, row_out, cost, gain in _hulls(gains, weights, creators):
        part = 1.0 if cost <= remaining else max(0.0, remaining / cost)
        parts[row_in] += part
        if row_out >= 0:
            parts[row_out] -= part
        remaining, value = remaining - part * cost, value + part * gain
        if part < 1.0:
            break
    return value, parts


def _hulls(gains: Floats, weights: Floats, creators: Ints) -> list[tuple[float, int, int, float, float]]:
    """Return the steps along each creator's upper hull of (price, gain), the densest first.

    Each is (density, row that comes in, row that it replaces or -1, extra price, extra gain).
    """
    hull_steps = []
    order = np.lexsort((np.arange(len(gains)), weights, creators))
    start = 0
    while start < len(order):
        end = start
        hull: list[tuple[float, float, int]] = [(0.0, 0.0, -1)]
        while end < len(order) and creators[order[end]] == creators[order[start]]:
            row = int(order[end])
            point = (float(weights[row]), float(gains[row]), row)
            end += 1
            # Dearer, and gains no more: never worth its price.
            if point[1] <= hull[-1][1]:
                continue
            while len(hull) > 1 and _below_line(hull[-2], hull[-1], point):
                hull.pop()
            hull.append(point)
        for before, after in pairwise(hull):
            cost, gain = after[0] - before[0], after[1] - before[1]
            hull_steps.append((gain / max(cost, NOTHING), after[2], before[2], cost, gain))
        start = end
    return sorted(hull_steps, key=lambda step: (-step[0], step[1]))


def _below_line(first: _HullPoint, middle: _HullPoint, last: _HullPoint) -> bool:
    """Return whether the middle point is on or below the line between its neighbours."""
    return (middle[1] - first[1]) * (last[0] - first[0]) <= (last[1] - first[1]) * (middle[0] - first[0])


def _between(problem: SelectionProblem, start: Floats, end: Floats, step: int) -> Floats:
    """Return the best point on the line between two sums: where the slope along the line changes its sign."""
    low, high = 0.0, 1.0
    direction = problem.units.weights * (end - start)
    for _ in range(LINE_ROUNDS):
        shares = np.linspace(low, high, LINE_POINTS)
        rises = (
            np.sum(direction * coverage.slopes(start + shares[:, None] * (end - start), problem.units.shapes), axis=1)
            > 0
        )
        last = int(np.sum(np.cumprod(rises))) - 1
        low, high = float(shares[max(last, 0)]), float(shares[min(last + 1, LINE_POINTS - 1)])
    # Always move a little: a start that is already the best point of its line would never leave it.
    share = max((low + high) / 2, 1e-3 / (step + 2))
    point: Floats = start + share * (end - start)
    return point
