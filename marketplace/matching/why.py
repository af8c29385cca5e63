"""Why each option is in or out of a set, and what would have changed that."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from marketplace.matching.exchange import thresholds
from marketplace.matching.market import Limits, Market
from marketplace.matching.problem import Problem, prepare


@dataclass(frozen=True)
class LeftOut:
    """A row of the market that is not in the set: the reason's code, its numbers, and the largest price in minor units
    at which a set with it would have reached more (None: no price would do)."""

    row: int
    reason: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    wins_at: int | None = None


def explain(market: Market, limits: Limits, options: tuple[int, ...]) -> tuple[LeftOut, ...]:
    """Return why each row of the market that is not among the chosen ``options`` is out, in the rows' order."""
    problem = prepare(market, limits)
    place = {row: number for number, row in enumerate(problem.rows.tolist())}
    members = sorted(place[row] for row in options)
    rows = np.array([number for row, number in place.items() if row not in options], dtype=np.int64)
    prices = thresholds(problem, members, rows) if len(rows) else {}
    found = []
    for row in range(len(market)):
        if row in options:
            continue
        if row in problem.held:
            numbers = _numbers(limits, problem.held[row])
            found.append(LeftOut(row, problem.held[row], numbers, _over_budget(market, limits, options, row)))
            continue
        number = place[row]
        reason = _reason(problem, members, number, market, options)
        wins_at = prices.get(number)
        # At its own price nothing reaches more, so a threshold at or above it belongs to another limit.
        if wins_at is not None and wins_at >= problem.prices[number]:
            wins_at = None
        found.append(LeftOut(row, reason, _numbers(limits, reason), wins_at))
    return tuple(found)


def _numbers(limits: Limits, reason: str) -> dict[str, Any]:
    if reason == "over_budget":
        return {"budget": limits.budget}
    limit = {
        "over_intrusiveness": limits.intrusiveness, "over_ad_load": limits.ad_load,
        "contacts": limits.contacts_per_person,
    }.get(reason)  # fmt: skip
    return {} if limit is None else {"limit": limit}


def _over_budget(market: Market, limits: Limits, options: tuple[int, ...], row: int) -> int | None:
    """Return at which price an option that alone exceeds the budget would have been in."""
    if market.barred[row] is not None or market.prices[row] <= limits.budget:
        return None
    cheaper = market.prices.copy()
    cheaper[row] = limits.budget
    problem = prepare(_with_prices(market, cheaper), limits)
    place = {one: number for number, one in enumerate(problem.rows.tolist())}
    if row not in place:
        return None
    members = sorted(place[one] for one in options)
    return thresholds(problem, members, np.array([place[row]])).get(place[row])


def _with_prices(market: Market, prices: Any) -> Market:
    values = {name: getattr(market, name) for name in market.__dataclass_fields__}
    return Market(**{**values, "prices": prices})


def _reason(problem: Problem, members: list[int], number: int, market: Market, options: tuple[int, ...]) -> str:
    """Return the first thing that keeps a row out of this set."""
    row = int(problem.rows[number])
    if any(market.bids[one] == market.bids[row] for one in options):
        return "other_option"
    if int(problem.creators[number]) in problem.creators[members].tolist():
        return "other_bid_of_creator"
    limits = problem.limits
    for name, cap in limits.caps.items():
        group = problem.groups[name][number]
        if group >= 0 and int(np.sum(problem.groups[name][members] == group)) >= cap:
            return f"{name}_full"
    if limits.most is not None and len(members) >= limits.most:
        return "set_full"
    cap = limits.contacts_per_person
    joined = sorted([*members, number])
    fits = problem.spend(joined) <= limits.budget
    if fits and cap is not None and float(np.sum(problem.contacts[joined])) > cap * problem.value(joined):
        return "contacts"
    return "others_bring_more"
