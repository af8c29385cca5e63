"""Why each option is in or out of a set, and what would have changed that."""

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
    at which a set with it would have reached more (None: no price would do)."""

    row: int
    reason: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    wins_at: int | None = None


@dataclass(frozen=True)
class MarginalGain:
    """What a chosen row adds: the weighted people that the set would lose without it, and its price in minor units for
    each thousand of them (NaN where it adds none)."""

    row: int
    people: float
    price_per_thousand: float


def explain(market: SelectionMarket, limits: SelectionLimits, options: tuple[int, ...]) -> tuple[LeftOut, ...]:
    """Return why each row of the market that is not among the chosen ``options`` is out, in the rows' order.

    ``wins_at`` is the largest whole price at which the set with the row in it, or with the row in the place of one or
    two of its members, keeps every limit and reaches more people. It is exact: one minor unit more and no such exchange
    keeps the budget. A row that another limit holds back has none, nor one that would have to be paid for being in.
    """
    # An option dearer than the whole budget has its threshold too, if only its price holds it back.
    asked = prepare(replace(market, prices=np.minimum(market.prices, limits.budget)), limits)
    place = {row: number for number, row in enumerate(asked.rows.tolist())}
    members = sorted(place[row] for row in options)
    others = np.array([number for row, number in place.items() if row not in options], dtype=np.int64)
    prices = thresholds(asked, members, others) if len(others) else {}
    chosen = _ChosenSet(asked, market, members, frozenset(options))
    found = []
    for row in range(len(market)):
        if row in options:
            continue
        reason = asked.held.get(row) or _reason(chosen, place[row], row)
        wins_at = prices.get(place[row]) if row in place else None
        # At its own price nothing reaches more, so a threshold at or above it belongs to another limit.
        if wins_at is not None and wins_at >= market.prices[row]:
            wins_at = None
        found.append(LeftOut(row, reason, _numbers(limits, reason), wins_at))
    return tuple(found)


def parts(market: SelectionMarket, limits: SelectionLimits, options: tuple[int, ...]) -> tuple[MarginalGain, ...]:
    """Return what each of the chosen ``options`` adds to the others."""
    problem = prepare(market, limits)
    place = {row: number for number, row in enumerate(problem.rows.tolist())}
    members = sorted(place[row] for row in options)
    reached = problem.value(members)
    found = []
    for row in sorted(options):
        lost = reached - problem.value(one for one in members if one != place[row])
        found.append(MarginalGain(row, lost, 1000 * int(market.prices[row]) / lost if lost > 0 else float("nan")))
    return tuple(found)


def _numbers(limits: SelectionLimits, reason: str) -> dict[str, Any]:
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
    """The set that the others were left out of."""

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
    """Return the first thing that keeps a row out of this set."""
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
