"""Explains why each option is in or out of a set, and at what price an option would have been in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from marketplace.matching.selection.solver.exchange import thresholds
from marketplace.matching.selection.solver.problem import SelectionProblem, prepare, within_contacts
from marketplace.matching.selection.solver.selection_market import SelectionLimits, SelectionMarket


@dataclass(frozen=True)
class LeftOut:
    """A row of the market that is not in the set: the reason's code, its numbers, and the largest price in minor units
    at which a set with it would have reached more (None: at no price)."""

    row: int
    reason: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    wins_at: int | None = None


@dataclass(frozen=True)
class MarginalGain:
    """What a chosen row adds: the weighted people that the set would lose without it, and its price in minor units per
    thousand of them (NaN if it adds none)."""

    row: int
    people: float
    price_per_thousand: float


def explain(market: SelectionMarket, limits: SelectionLimits, options: tuple[int, ...]) -> tuple[LeftOut, ...]:
    """Return why each row of the market that is not among the chosen ``options`` is out, in the rows' order.

    ``wins_at`` is the largest whole price at which the set with the row added, or with the row replacing one or two of
    its members, keeps every limit and reaches more people. It is exact: at one minor unit more, no such exchange keeps
    the budget. It is None for a row that another limit keeps out, and for one that would win only at a negative price.
    """
    # Prices are capped at the budget, so that an option dearer than all of it has a threshold too if only its price
    # keeps it out.
    capped = prepare(replace(market, prices=np.minimum(market.prices, limits.budget)), limits)
    position_of = {row: position for position, row in enumerate(capped.rows.tolist())}
    members = sorted(position_of[row] for row in options)
    others = np.array([position for row, position in position_of.items() if row not in options], dtype=np.int64)
    prices = thresholds(capped, members, others) if len(others) else {}
    chosen = _ChosenSet(capped, market, members, frozenset(options))
    left_out = []
    for row in range(len(market)):
        if row in options:
            continue
        reason = capped.held.get(row) or _reason(chosen, position_of[row], row)
        wins_at = prices.get(position_of[row]) if row in position_of else None
        # The set is already the best at current prices, so a threshold at or above the price is due to another limit.
        if wins_at is not None and wins_at >= market.prices[row]:
            wins_at = None
        left_out.append(LeftOut(row, reason, figures(limits, reason), wins_at))
    return tuple(left_out)


def parts(market: SelectionMarket, limits: SelectionLimits, options: tuple[int, ...]) -> tuple[MarginalGain, ...]:
    """Return what each of the chosen ``options`` adds to the others, in the rows' order."""
    problem = prepare(market, limits)
    position_of = {row: position for position, row in enumerate(problem.rows.tolist())}
    members = sorted(position_of[row] for row in options)
    reached = problem.value(members)
    gains = []
    for row in sorted(options):
        lost = reached - problem.value(member for member in members if member != position_of[row])
        gains.append(MarginalGain(row, lost, 1000 * int(market.prices[row]) / lost if lost > 0 else float("nan")))
    return tuple(gains)


def figures(limits: SelectionLimits, reason: str) -> dict[str, Any]:
    """Return the numbers of a reason's sentence; a budget is in minor units."""
    if reason == "over_budget":
        return {"budget": limits.budget}
    limit = {
        "over_intrusiveness": limits.intrusiveness,
        "over_ad_load": limits.ad_load,
        "contacts": limits.contacts_per_person,
    }.get(reason)
    return {} if limit is None else {"limit": limit}


@dataclass(frozen=True, eq=False)
class _ChosenSet:
    """The set that the other rows were left out of. `problem` has its prices capped at the budget, `market` has not."""

    problem: SelectionProblem
    market: SelectionMarket
    members: list[int]
    options: frozenset[int]

    @cached_property
    def bids(self) -> frozenset[int]:
        return frozenset(self.market.bids[sorted(self.options)].tolist())

    @cached_property
    def creators(self) -> frozenset[int]:
        return frozenset(self.problem.creators[self.members].tolist())

    @cached_property
    def spend(self) -> int:
        return self.problem.spend(self.members)


def _reason(chosen: _ChosenSet, number: int, row: int) -> str:
    """Return the code of the first reason that keeps a row out of this set. ``number`` is its row in the problem."""
    problem, market, members = chosen.problem, chosen.market, chosen.members
    limits = problem.limits
    if int(market.bids[row]) in chosen.bids:
        return "other_option"
    if int(problem.creators[number]) in chosen.creators:
        return "other_bid_of_creator"
    if market.prices[row] > limits.budget:
        return "over_budget"
    for name, cap in limits.caps.items():
        group = problem.groups[name][number]
        if group >= 0 and int(np.sum(problem.groups[name][members] == group)) >= cap:
            return f"{name}_full"
    if limits.most is not None and len(members) >= limits.most:
        return "set_full"
    fits = chosen.spend + int(market.prices[row]) <= limits.budget
    if fits and not within_contacts(problem, sorted([*members, number])):
        return "contacts"
    return "others_bring_more"
