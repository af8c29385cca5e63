"""What no set within the limits can exceed: the concave relaxation, by Frank-Wolfe steps.

With every option taken in part, x in 0..1, reach is a concave function of the rates that x sums up, so at any point x

    best <= reach(x) + max over s of gradient . (s - x),

where s keeps the budget, one option of a creator, and the number of bids, each in part (Frank and Wolfe, Naval Research
Logistics Quarterly 3, 1956; Jaggi, Revisiting Frank-Wolfe, 2013). Every point gives a valid bound; the steps only make
it smaller. Limits that are left out can only raise the maximum, so the bound holds with them too.
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
# Steps end when the bound is within this share of the best point.
CLOSE = 5e-4
LINE_ROUNDS, LINE_POINTS = 3, 17
# Sums differ in their last places with their order; the bound stays one.
SAFE = 1 + 1e-9
_PRICES_OF_A_PLACE = 12


@dataclass(frozen=True, eq=False)
class TangentPoint:
    """The point of the steps with the smallest bound: sums [U], reach there, and the slopes [U] of weighted people."""

    most: float
    sums: Floats
    people: float
    slopes: Floats


def upper(problem: SelectionProblem, members: Sequence[int], steps: int = STEPS) -> float:
    """Return a bound of the people that any set within the limits reaches. ``members`` are where the steps start."""
    if not len(problem):
        return 0.0
    return max(best_tangent(problem, members, steps).most, problem.value(members))


def best_tangent(problem: SelectionProblem, members: Sequence[int], steps: int = STEPS) -> TangentPoint:
    """Return the smallest bound of the steps, with the plane that it was read off."""
    free = _free(problem)
    must = problem.sums(problem.must)
    budget = problem.limits.budget - problem.spend(problem.must)
    places = None if problem.limits.most is None else problem.limits.most - len(problem.must)
    sums, found = problem.sums(members), TangentPoint(np.inf, must, 0.0, must)
    for step in range(steps):
        slopes = problem.units.weights * coverage.slopes(sums, problem.units.shapes)
        gains = np.sum(problem.rates[free] * slopes, axis=1)
        most, parts = _knapsack(gains, problem.prices[free], problem.creators[free], budget, places)
        here = float(coverage.people(sums, problem.units))
        # gradient . x is over the options in x: all of the sums but what must be in.
        bound = (here + most - float(np.sum(slopes * (sums - must)))) * SAFE
        if bound < found.most:
            found = TangentPoint(bound, sums, here, slopes)
        if found.most <= here * (1 + CLOSE):
            break
        target = must + np.sum(problem.rates[free[parts > 0]] * parts[parts > 0][:, None], axis=0)
        sums = _between(problem, sums, target, step)
    return found


def hopeful(problem: SelectionProblem, members: Sequence[int], tangent: TangentPoint | None = None) -> Ints:
    """Return the rows that a set better than the members could contain.

    With a price for each unit of budget (the knapsack's Lagrangian) the bound of a set that is made to contain a row
    is the bound less what that row brings too little for its price: below the members' reach, no better set has it.
    """
    tangent = tangent or best_tangent(problem, members)
    must = problem.sums(problem.must)
    budget = problem.limits.budget - problem.spend(problem.must)
    free = np.flatnonzero(problem.free_of(problem.must))
    if not len(free):
        return np.array(sorted({*members, *problem.must}), dtype=np.int64)
    gains = np.sum(problem.rates[free] * tangent.slopes, axis=1)
    prices = problem.prices[free].astype(np.float64)
    offset = tangent.people - float(np.sum(tangent.slopes * (tangent.sums - must)))
    charges = np.unique(gains / np.maximum(prices, NOTHING))
    charge = min(charges.tolist(), key=lambda one: one * budget + float(np.sum(np.maximum(gains - one * prices, 0.0))))
    most = (offset + charge * budget + float(np.sum(np.maximum(gains - charge * prices, 0.0)))) * SAFE
    with_it = most + np.minimum(gains - charge * prices, 0.0)
    kept = free[(with_it > problem.value(members)) & (problem.prices[free] <= budget)]
    return np.array(sorted({*kept.tolist(), *members, *problem.must}), dtype=np.int64)


def _free(problem: SelectionProblem) -> Ints:
    """Return the rows beside what must be in, but for those that a cheaper one of the same creator is as good as."""
    allowed = np.flatnonzero(problem.free_of(problem.must))
    allowed = allowed[problem.prices[allowed] <= problem.limits.budget - problem.spend(problem.must)]
    kept: dict[int, list[int]] = {}
    for row in sorted(allowed.tolist(), key=lambda row: (int(problem.prices[row]), row)):
        others = kept.setdefault(int(problem.creators[row]), [])
        if not any(np.all(problem.rates[other] >= problem.rates[row]) for other in others):
            others.append(row)
    return np.array(sorted(row for rows in kept.values() for row in rows), dtype=np.int64)


def _knapsack(gains: Floats, prices: Ints, creators: Ints, budget: int, places: int | None) -> tuple[float, Floats]:
    """Return the maximum of gains . s and the s that has it (options in part; a valid bound where it is not exact).

    A limit on the number is taken in by a price for each place (its Lagrangian): whatever that price, the bound holds.
    """
    if not len(gains):
        return 0.0, gains
    found = _by_density(gains, prices, creators, budget)
    if places is None or float(np.sum(found[1])) <= places:
        return found
    low, high, parts = 0.0, float(np.max(gains)), found[1]
    least = found[0]
    for _ in range(_PRICES_OF_A_PLACE):
        charge = (low + high) / 2
        value, taken = _by_density(np.maximum(gains - charge, 0.0), prices, creators, budget)
        if value + charge * places < least:
            least, parts = value + charge * places, taken
        if float(np.sum(taken[gains > charge])) > places:
            low = charge
        else:
            high = charge
    count = float(np.sum(parts))
    return least, parts * min(1.0, places / count) if count > 0 else parts


def _by_density(gains: Floats, prices: Ints, creators: Ints, budget: int) -> tuple[float, Floats]:
    """Return the fractional knapsack with one option's worth of each creator at most (Sinha and Zoltners, 1979)."""
    weights = prices.astype(np.float64)
    density = gains / np.maximum(weights, NOTHING)
    parts = np.zeros(len(gains))
    if len(np.unique(creators)) == len(creators):
        order = np.argsort(-density, kind="stable")
        spent = np.cumsum(weights[order])
        before = spent - weights[order]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(weights[order] > 0, (budget - before) / weights[order], 1.0)
        parts[order] = np.clip(share, 0.0, 1.0) * (gains[order] > 0)
        return float(np.sum(parts * gains)), parts
    moves = _hulls(gains, weights, creators)
    left, value = float(budget), 0.0
    for _, up, down, cost, gain in moves:
        part = 1.0 if cost <= left else max(0.0, left / cost)
        parts[up] += part
        if down >= 0:
            parts[down] -= part
        left, value = left - part * cost, value + part * gain
        if part < 1.0:
            break
    return value, parts


def _hulls(gains: Floats, weights: Floats, creators: Ints) -> list[tuple[float, int, int, float, float]]:
    """Return the moves along each creator's upper hull of (price, gain), the densest first: (density, row that comes,
    row that goes or -1, extra price, extra gain)."""
    moves = []
    order = np.lexsort((np.arange(len(gains)), weights, creators))
    start = 0
    while start < len(order):
        end = start
        hull: list[tuple[float, float, int]] = [(0.0, 0.0, -1)]
        while end < len(order) and creators[order[end]] == creators[order[start]]:
            row = int(order[end])
            point = (float(weights[row]), float(gains[row]), row)
            end += 1
            if point[1] <= hull[-1][1]:
                continue
            while len(hull) > 1 and _steeper(hull[-2], hull[-1], point):
                hull.pop()
            hull.append(point)
        for before, after in pairwise(hull):
            cost, gain = after[0] - before[0], after[1] - before[1]
            moves.append((gain / max(cost, NOTHING), after[2], before[2], cost, gain))
        start = end
    return sorted(moves, key=lambda move: (-move[0], move[1]))


def _steeper(one: tuple[float, float, int], two: tuple[float, float, int], three: tuple[float, float, int]) -> bool:
    """Return whether the middle point lies on or under the line between its neighbours."""
    return (two[1] - one[1]) * (three[0] - one[0]) <= (three[1] - one[1]) * (two[0] - one[0])


def _between(problem: SelectionProblem, start: Floats, end: Floats, step: int) -> Floats:
    """Return the best point on the line between two sums: where the slope along it changes its sign."""
    low, high = 0.0, 1.0
    way = problem.units.weights * (end - start)
    for _ in range(LINE_ROUNDS):
        shares = np.linspace(low, high, LINE_POINTS)
        rises = np.sum(way * coverage.slopes(start + shares[:, None] * (end - start), problem.units.shapes), axis=1) > 0
        last = int(np.sum(np.cumprod(rises))) - 1
        low, high = float(shares[max(last, 0)]), float(shares[min(last + 1, LINE_POINTS - 1)])
    # A start that is best along its own line would never leave it.
    share = max((low + high) / 2, 1e-3 / (step + 2))
    found: Floats = start + share * (end - start)
    return found
