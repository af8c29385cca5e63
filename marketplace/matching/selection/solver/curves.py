"""What other limits would give: reach as a function of the budget, and of the highest intrusiveness allowed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from marketplace.matching.selection.solver.problem import CannotKeep, prepare
from marketplace.matching.selection.solver.search import Members, search
from marketplace.matching.selection.solver.selection_market import SelectionLimits, SelectionMarket

FACTORS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)
LEVELS = 12
SEEDS = 8


@dataclass(frozen=True)
class BudgetPoint:
    """What a budget, the current one times a factor, reaches: weighted people, minor units spent, number of bids."""

    factor: float
    budget: int
    people: float
    spend: int
    bids: int


@dataclass(frozen=True)
class FrontierPoint:
    """The weighted people reached if no bid in the set exceeds this intrusiveness (0..100), and the number of bids."""

    intrusiveness: float
    people: float
    bids: int


def budget_curve(
    market: SelectionMarket, limits: SelectionLimits, factors: Sequence[float] = FACTORS, chosen: Collection[int] = ()
) -> tuple[BudgetPoint, ...]:
    """Return the reach at each factor of the budget, in rising order; a larger budget never reaches fewer people.

    ``chosen`` are the rows of the set chosen with the current budget; the point at factor 1 is no worse than that set.
    Budgets that cannot pay for what must be in the set are left out.
    """
    points: list[BudgetPoint] = []
    before: frozenset[int] = frozenset()
    for factor in sorted(factors):
        budget = int(limits.budget * factor)
        starts = [before, *([frozenset(chosen)] if factor >= 1 else [])]
        best_set = _set(market, replace(limits, budget=budget), starts)
        if best_set is None:
            continue
        before, people, spend = best_set
        points.append(BudgetPoint(factor, budget, people, spend, len(before)))
    return tuple(points)


def frontier(market: SelectionMarket, limits: SelectionLimits, levels: int = LEVELS) -> tuple[FrontierPoint, ...]:
    """Return the frontier of reach against the highest intrusiveness in the set: each point reaches more people than
    the less intrusive ones. At most ``levels`` points, at quantiles of the bids' intrusiveness."""
    known = market.intrusiveness[~np.isnan(market.intrusiveness)]
    if not len(known):
        return ()
    most = np.inf if limits.intrusiveness is None else limits.intrusiveness
    steps = np.unique(np.minimum(np.quantile(known, np.linspace(0, 1, levels), method="higher"), most))
    points: list[FrontierPoint] = []
    before: frozenset[int] = frozenset()
    for level in steps.tolist():
        best_set = _set(market, replace(limits, intrusiveness=level), [before])
        if best_set is None:
            continue
        before, people, _ = best_set
        # Show the highest intrusiveness that the set really has, which may be less than the level allowed.
        highest = max((float(market.intrusiveness[row]) for row in before), default=0.0)
        if before and (not points or people > points[-1].people):
            points.append(FrontierPoint(highest, people, len(before)))
    return tuple(points)


def _set(
    market: SelectionMarket, limits: SelectionLimits, known: Sequence[frozenset[int]]
) -> tuple[frozenset[int], float, int] | None:
    """Return the rows of the market in the best set found, its people and its spend; None if no set keeps the limits.

    It is at least as good as the ``known`` sets that keep the limits.
    """
    try:
        problem = prepare(market, limits)
        position_of = {row: position for position, row in enumerate(problem.rows.tolist())}
        starts: list[Members] = [
            tuple(sorted(position_of[row] for row in rows)) for rows in known if rows and rows <= position_of.keys()
        ]
        members = search(problem, seeds=SEEDS, also=starts)
    except CannotKeep:
        return None
    return frozenset(problem.rows[list(members)].tolist()), problem.value(members), problem.price(members)
