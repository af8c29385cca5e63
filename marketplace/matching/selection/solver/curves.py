"""What other limits would bring: reach over the budget, and reach over the intrusiveness that is put up with."""

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
    """What a budget, a factor times the present one, reaches: weighted people, what is spent, how many bids."""

    factor: float
    budget: int
    people: float
    spend: int
    bids: int


@dataclass(frozen=True)
class FrontierPoint:
    """What is reached when every bid in the set lies at or under this intrusiveness (0..100)."""

    intrusiveness: float
    people: float
    bids: int


def budget_curve(
    market: SelectionMarket, limits: SelectionLimits, factors: Sequence[float] = FACTORS, chosen: Collection[int] = ()
) -> tuple[BudgetPoint, ...]:
    """Return reach at factors of the budget, rising. A larger budget is never left with less than a smaller one's set.

    ``chosen`` are the rows that the present budget was given to; its point is no worse. Budgets that cannot pay what
    must be in the set are left out.
    """
    points: list[BudgetPoint] = []
    before: frozenset[int] = frozenset()
    for factor in sorted(factors):
        budget = int(limits.budget * factor)
        starts = [before, *([frozenset(chosen)] if factor >= 1 else [])]
        found = _set(market, replace(limits, budget=budget), starts)
        if found is None:
            continue
        before, people, spend = found
        points.append(BudgetPoint(factor, budget, people, spend, len(before)))
    return tuple(points)


def frontier(market: SelectionMarket, limits: SelectionLimits, levels: int = LEVELS) -> tuple[FrontierPoint, ...]:
    """Return the sets that reach more only by being more intrusive: levels of the highest intrusiveness in the set."""
    known = market.intrusiveness[~np.isnan(market.intrusiveness)]
    if not len(known):
        return ()
    most = np.inf if limits.intrusiveness is None else limits.intrusiveness
    steps = np.unique(np.minimum(np.quantile(known, np.linspace(0, 1, levels), method="higher"), most))
    points: list[FrontierPoint] = []
    before: frozenset[int] = frozenset()
    for level in steps.tolist():
        found = _set(market, replace(limits, intrusiveness=level), [before])
        if found is None:
            continue
        before, people, _ = found
        # The level is what the set really has, not what it was allowed.
        real = max((float(market.intrusiveness[row]) for row in before), default=0.0)
        if before and (not points or people > points[-1].people):
            points.append(FrontierPoint(real, people, len(before)))
    return tuple(points)


def _set(
    market: SelectionMarket, limits: SelectionLimits, known: Sequence[frozenset[int]]
) -> tuple[frozenset[int], float, int] | None:
    """Return the rows of the market that are chosen, their people and spend; at least as good as the known sets."""
    try:
        problem = prepare(market, limits)
        place = {row: number for number, row in enumerate(problem.rows.tolist())}
        also: list[Members] = [
            tuple(sorted(place[row] for row in rows)) for rows in known if rows and rows <= place.keys()
        ]
        members = search(problem, seeds=SEEDS, also=also)
    except CannotKeep:
        return None
    return frozenset(problem.rows[list(members)].tolist()), problem.value(members), problem.spend(members)
