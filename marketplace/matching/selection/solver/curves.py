"""What other limits would give: reach as a function of the budget, and of the highest intrusiveness allowed."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from marketplace.matching.selection.solver.problem import CannotKeep, SelectionProblem, added, keeps, prepare
from marketplace.matching.selection.solver.search import Members, search
from marketplace.matching.selection.solver.selection_market import SelectionLimits, SelectionMarket

FACTORS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0)
LEVELS = 12
SEEDS = 8


@dataclass(frozen=True)
class BudgetPoint:
    """What a budget, the current one times a factor, has: the people of its set as the search counts them, minor units
    spent, and the set as rows of the market."""

    factor: float
    budget: int
    people: float
    spend: int
    options: tuple[int, ...]


@dataclass(frozen=True)
class FrontierPoint:
    """The people, as the search counts them, if no bid in the set exceeds this intrusiveness (0..100), and the set as
    rows of the market."""

    intrusiveness: float
    people: float
    options: tuple[int, ...]


def budget_curve(
    market: SelectionMarket,
    limits: SelectionLimits,
    factors: Sequence[float] = FACTORS,
    chosen: Collection[int] = (),
    most_at: Callable[[int], int | None] | None = None,
) -> tuple[BudgetPoint, ...]:
    """Return the reach at each factor of the budget, in rising order; a larger budget never reaches fewer people.

    Each budget's set is looked for from those of its neighbours: from the largest budget down, that of the larger one,
    from which whoever is missed least for the cost has to go; then upwards, that of the smaller one, which is filled
    up. ``chosen`` are the rows of the set chosen with the current budget, which is the point at factor 1; a smaller
    budget for which a better set was found has no point, for that set could have been chosen. ``most_at`` gives the
    largest number of bids at a budget; else it is that of the limits. Budgets that cannot pay for what must be in the
    set are left out.
    """
    at = {factor: _at_budget(limits, int(limits.budget * factor), most_at) for factor in sorted(factors)}
    found: dict[float, _MarketSet] = {}
    larger: _MarketSet | None = None
    given = _given(market, limits, chosen) if chosen else None
    for factor in reversed(at):
        # What a larger budget leaves over for a smaller one is the best of that one too.
        best_set = larger and _within(market, at[factor], larger)
        if factor == 1 and given is not None:
            best_set = given
        elif best_set is None:
            known = [*([larger.rows] if larger else []), *([frozenset(chosen)] if factor >= 1 else [])]
            best_set = _set(market, at[factor], known)
        if best_set is not None:
            found[factor] = larger = best_set
    found = dict(sorted(found.items()))
    if given is not None:
        found = {factor: one for factor, one in found.items() if factor >= 1 or one.people <= given.people}
    for smaller, factor in pairwise(found):
        if found[smaller].rows == found[factor].rows or (factor == 1 and given is not None):
            continue
        better = _set(market, at[factor], [found[smaller].rows, found[factor].rows])
        if better is not None and better.people > found[factor].people:
            found[factor] = better
    points: list[BudgetPoint] = []
    for factor, best_set in found.items():
        # A search from two sets may miss what a third one would have led to.
        best_set = max(best_set, found[points[-1].factor], key=lambda one: one.people) if points else best_set
        found[factor] = best_set
        budget = at[factor].budget
        points.append(BudgetPoint(factor, budget, best_set.people, best_set.spend, tuple(sorted(best_set.rows))))
    return tuple(points)


def _at_budget(limits: SelectionLimits, budget: int, most_at: Callable[[int], int | None] | None) -> SelectionLimits:
    return replace(limits, budget=budget, most=limits.most if most_at is None else most_at(budget))


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
        before, people = best_set.rows, best_set.people
        # Show the highest intrusiveness that the set really has, which may be less than the level allowed.
        highest = max((float(market.intrusiveness[row]) for row in before), default=0.0)
        if before and (not points or people > points[-1].people):
            points.append(FrontierPoint(highest, people, tuple(sorted(before))))
    return tuple(points)


@dataclass(frozen=True)
class _MarketSet:
    """A set as rows of the market, with its people as the search counts them and its price in minor units."""

    rows: frozenset[int]
    people: float
    spend: int


def _given(market: SelectionMarket, limits: SelectionLimits, chosen: Collection[int]) -> _MarketSet:
    """Return a set that keeps the limits, as it was chosen."""
    problem = prepare(market, limits)
    position_of = {row: position for position, row in enumerate(problem.rows.tolist())}
    members = [position_of[row] for row in chosen]
    return _MarketSet(frozenset(chosen), problem.value(members), problem.price(members))


def _set(market: SelectionMarket, limits: SelectionLimits, known: Sequence[frozenset[int]]) -> _MarketSet | None:
    """Return the best set found, or None if no set keeps the limits.

    It is at least as good as the ``known`` sets that keep the limits; those that cost too much are made to fit.
    """
    try:
        problem = prepare(market, limits)
        position_of = {row: position for position, row in enumerate(problem.rows.tolist())}
        starts = [
            _made_to_fit(problem, [position_of[row] for row in rows if row in position_of]) for rows in known if rows
        ]
        members = search(problem, seeds=SEEDS, also=starts)
    except CannotKeep:
        return None
    rows = frozenset(problem.rows[list(members)].tolist())
    return _MarketSet(rows, problem.value(members), problem.price(members))


def _within(market: SelectionMarket, limits: SelectionLimits, known: _MarketSet) -> _MarketSet | None:
    """Return a set if it keeps other limits, else None."""
    try:
        problem = prepare(market, limits)
    except CannotKeep:
        return None
    position_of = {row: position for position, row in enumerate(problem.rows.tolist())}
    if not position_of.keys() >= known.rows or not keeps(problem, [position_of[row] for row in known.rows]):
        return None
    return known


def _made_to_fit(problem: SelectionProblem, rows: Sequence[int]) -> Members:
    """Return what is left of a set when those who are missed least for their cost have gone until the rest fits."""
    members = sorted(rows)
    most = len(members) if problem.limits.most is None else problem.limits.most
    while problem.cost(members) > problem.budget or len(members) > most:
        costs = np.maximum(problem.costs[members], 1)
        missed = np.where(problem.has_to_be[members], np.inf, added(problem, members) / costs)
        place = int(np.argmin(missed))
        if not np.isfinite(missed[place]):
            break
        members.pop(place)
    return tuple(members)
