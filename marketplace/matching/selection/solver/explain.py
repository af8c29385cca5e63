"""Explains why each option is in or out of a set, and at what price an option would have been in."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from marketplace.matching.audience.arrays import Ints
from marketplace.matching.overlap import coverage
from marketplace.matching.selection.solver.problem import (
    SelectionProblem,
    held_back,
    over_ceiling,
    prepare,
    within_contacts,
)
from marketplace.matching.selection.solver.selection_market import SelectionLimits, SelectionMarket
from marketplace.matching.selection.solver.winning_price import winning_prices


@dataclass(frozen=True)
class LeftOut:
    """A row of the market that is not in the set: the reason's code, its numbers, the largest price in minor units, to
    1 %, at which a set with it would have reached more (None: at no price), and the largest that may be asked for."""

    row: int
    reason: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    wins_at: int | None = None
    most: int = 0


@dataclass(frozen=True)
class MarginalGain:
    """What a chosen row adds: the weighted people that the set would lose without it, and its price with handling in
    minor units per thousand of them (NaN if it adds none)."""

    row: int
    people: float
    price_per_thousand: float


def explain(
    market: SelectionMarket, limits: SelectionLimits, options: tuple[int, ...], part: float = 1.0
) -> tuple[LeftOut, ...]:
    """Return why each row of the market that is not among the chosen ``options`` is out, in the rows' order.

    ``part`` is how many people are told for each one that is counted here; the ceiling is on those that are told.

    ``wins_at`` is the price at which a set with the row would reach more people (see winning_price), below the row's
    own. It is None for a row that another limit keeps out, and where no price does.
    """
    asked = limits if limits.ceiling is None else replace(limits, ceiling=limits.ceiling * min(1.0, part))
    ceilings = _largest_prices(market, asked)
    # Prices are lowered to what the limits for a single bid allow, so that an option that only its price keeps out has
    # a winning price too; that of the others does not depend on what it costs.
    allowed = np.minimum(market.prices, np.maximum(ceilings, limits.smallest))
    allowed[list(options)] = market.prices[list(options)]
    capped = prepare(replace(market, prices=allowed), asked)
    position_of = {row: position for position, row in enumerate(capped.rows.tolist())}
    members = sorted(position_of[row] for row in options)
    most = np.minimum(market.prices - 1, ceilings)[capped.rows]
    prices = winning_prices(capped, members, most) if len(members) < len(capped) else {}
    held = held_back(market, limits)
    chosen = _ChosenSet(capped, market, members, frozenset(options))
    left_out = []
    for row in range(len(market)):
        if row in options:
            continue
        reason, other = (held[row], None) if row in held else _reason(chosen, position_of[row], row)
        wins_at = prices.get(position_of[row]) if row in position_of else None
        numbers = figures(limits, reason)
        if other is not None:
            stands_at = _stands_at(capped, [*members, position_of[row]], other) / min(1.0, part)
            numbers |= {"member": int(capped.rows[other]), "stands_at": stands_at}
        left_out.append(LeftOut(row, reason, numbers, wins_at, int(min(market.prices[row] - 1, ceilings[row]))))
    return tuple(left_out)


def _stands_at(problem: SelectionProblem, members: list[int], member: int) -> float:
    """Return the price in minor units for each 1,000 people whom a set would lose without one of its members."""
    rest = [row for row in members if row != member]
    return 1000 * problem.price([member]) / (problem.people_reached(members) - problem.people_reached(rest))


def _largest_prices(market: SelectionMarket, limits: SelectionLimits) -> Ints:
    """Return the largest price [n] that the limits for a single bid allow each option of the market."""
    most = np.full(len(market), limits.budget - limits.handling, dtype=np.int64)
    if limits.share is not None:
        most = np.minimum(most, math.floor(limits.share * limits.budget))
    if limits.ceiling is not None and len(market):
        units, rates = market.everybody()
        worth = limits.ceiling * coverage.people(rates, units) / 1000
        most = np.minimum(most, np.floor(worth).astype(np.int64))
    return most


def parts(market: SelectionMarket, limits: SelectionLimits, options: tuple[int, ...]) -> tuple[MarginalGain, ...]:
    """Return what each of the chosen ``options`` adds to the others, in the rows' order."""
    problem = prepare(market, limits)
    position_of = {row: position for position, row in enumerate(problem.rows.tolist())}
    members = sorted(position_of[row] for row in options)
    reached = problem.value(members)
    gains = []
    for row in sorted(options):
        lost = reached - problem.value(member for member in members if member != position_of[row])
        cost = int(market.prices[row]) + limits.handling
        gains.append(MarginalGain(row, lost, 1000 * cost / lost if lost > 0 else float("nan")))
    return tuple(gains)


def figures(limits: SelectionLimits, reason: str) -> dict[str, Any]:
    """Return the numbers of a reason's sentence; `budget`, `ceiling` and `smallest` are in minor units. Beside them
    `explain` gives for a member that would be over the ceiling its row and where it would stand (`stands_at`)."""
    if reason == "over_share":
        return {"budget": limits.budget, "share": limits.share}
    name, limit = {
        "over_budget": ("budget", limits.budget),
        "over_added_ceiling": ("ceiling", limits.ceiling),
        "member_over_ceiling": ("ceiling", limits.ceiling),
        "too_small": ("smallest", limits.smallest),
        "over_intrusiveness": ("limit", limits.intrusiveness),
        "over_ad_load": ("limit", limits.ad_load),
        "contacts": ("limit", limits.contacts_per_person),
    }.get(reason, ("", None))
    return {} if limit is None else {name: limit}


@dataclass(frozen=True, eq=False)
class _ChosenSet:
    """The set that the other rows were left out of. `problem` has lowered prices, `market` has not."""

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
    def cost(self) -> int:
        return self.problem.cost(self.members)


def _reason(chosen: _ChosenSet, number: int, row: int) -> tuple[str, int | None]:
    """Return the code of the first reason that keeps a row out of this set, and the member that would be over the
    ceiling with it, if that is the reason. ``number`` is its row in the problem."""
    problem, market, members = chosen.problem, chosen.market, chosen.members
    limits = problem.limits
    if int(market.bids[row]) in chosen.bids:
        return "other_option", None
    if int(problem.creators[number]) in chosen.creators:
        return "other_bid_of_creator", None
    for name, cap in limits.caps.items():
        group = problem.groups[name][number]
        if group >= 0 and int(np.sum(problem.groups[name][members] == group)) >= cap:
            return f"{name}_full", None
    if limits.most is not None and len(members) >= limits.most:
        return "set_full", None
    fits = chosen.cost + int(problem.costs[number]) <= problem.budget
    if fits and not within_contacts(problem, sorted([*members, number])):
        return "contacts", None
    over = over_ceiling(problem, [*members, number]) if fits else []
    if number in over:
        return "over_added_ceiling", None
    return ("member_over_ceiling", over[0]) if over else ("others_bring_more", None)
