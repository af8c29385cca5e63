"""A market and its limits in the form that the search, the bound and the explanations work on.

Rows are in the order of their bids' tie-breakers, so that ties between choices are broken as in the ranking, by what
nobody could choose, and never by the order in which rows were loaded.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from marketplace.core.message import ToldError
from marketplace.matching.audience.arrays import Bools, Floats, Ints
from marketplace.matching.overlap import coverage
from marketplace.matching.overlap.coverage import PeopleUnits
from marketplace.matching.selection import messages
from marketplace.matching.selection.solver.selection_market import (
    GROUPS,
    ReachedPeople,
    SelectionLimits,
    SelectionMarket,
)

# Relative differences of people up to this are none: sums of the same numbers in another order differ as much.
SAME = 1e-12
# The ceiling on what a bid adds is kept to this share: its people are a difference of two sums.
ROUNDING = 1e-9


# A bound in short numbers is raised by this factor to stay above what it bounds.
SHORT = 1 + 1e-4


class CannotKeep(ToldError):
    """The limits cannot be kept together; `said` states which."""


@dataclass(frozen=True, eq=False)
class SelectionProblem:
    """The options that may be chosen at all, n rows in the order of their tie-breakers.

    ``rows`` [n] are their rows in the market; ``costs`` [n] their prices with the handling of a deal; ``creators`` [n]
    and ``groups`` (for each kind [n], -1 for none) are numbers from 0. ``must`` has the cheapest row of each bid that
    has to be in every set; another option of the bid may take its place. ``budget`` is what the costs of a set may come
    to: that of the limits, and more if what must be in fits it by its prices alone. ``held`` maps each row of the
    market that may not be chosen to the reason's code. ``alone`` [n] are the people that each option reaches by itself.
    ``reached`` are all whom the options reach, where the units count people by what they are worth (None: those are
    all).
    """

    units: PeopleUnits
    rates: Floats
    costs: Ints
    creators: Ints
    bids: Ints
    contacts: Floats
    groups: dict[str, Ints]
    rows: Ints
    must: tuple[int, ...]
    limits: SelectionLimits
    budget: int
    held: dict[int, str]
    alone: Floats
    reached: ReachedPeople | None = None

    def __len__(self) -> int:
        return len(self.costs)

    @cached_property
    def has_to_be(self) -> Bools:
        """Return which rows [n] are options of bids that must be in the set."""
        return np.isin(self.bids, self.bids[list(self.must)])

    @cached_property
    def fixed(self) -> tuple[int, ...]:
        """Return the rows that are in every set: the only options of bids that must be in."""
        return tuple(row for row in self.must if int(np.sum(self.bids == self.bids[row])) == 1)

    @cached_property
    def _short_rates(self) -> NDArray[np.float32]:
        return np.ascontiguousarray(self.rates.T, dtype=np.float32)

    def most_gained(self, sums: Floats) -> NDArray[np.float32]:
        """Return more than any row [n] may add to sets with these sums [S, U], by concavity: [S, n]."""
        slopes = self.units.weights * coverage.slopes(sums, self.units.shapes)
        # A matrix product may sum in any order, and in short numbers, which is good enough for a bound.
        most: NDArray[np.float32] = (slopes.astype(np.float32) @ self._short_rates) * np.float32(SHORT)
        return most

    def value(self, chosen: Iterable[int]) -> float:
        """Return the people that a set reaches, with the same bits in whatever order its rows are given."""
        return float(coverage.people(self.sums(chosen), self.units))

    @cached_property
    def everybody(self) -> ReachedPeople:
        """Return all whom the options reach, by which contacts and the ceiling are counted."""
        return ReachedPeople(self.units, self.rates) if self.reached is None else self.reached

    @cached_property
    def reached_alone(self) -> Floats:
        """Return all the people whom each option reaches by itself [n]."""
        return coverage.people(self.everybody.rates, self.everybody.units) if len(self) else self.alone

    def people_reached(self, chosen: Iterable[int]) -> float:
        """Return all the people whom a set reaches."""
        return float(coverage.people(np.sum(self.everybody.rates[sorted(chosen)], axis=0), self.everybody.units))

    def sums(self, chosen: Iterable[int]) -> Floats:
        sums: Floats = np.sum(self.rates[sorted(chosen)], axis=0)
        return sums

    def free_of(self, chosen: Iterable[int]) -> Bools:
        """Return which rows [n] are of creators that have no chosen row."""
        taken = np.zeros(int(np.max(self.creators, initial=-1)) + 1, dtype=np.bool_)
        taken[self.creators[list(chosen)]] = True
        free: Bools = ~taken[self.creators]
        return free

    def cost(self, chosen: Iterable[int]) -> int:
        """Return what rows cost together with their handling, in minor units."""
        return int(np.sum(self.costs[sorted(chosen)]))

    def price(self, chosen: Iterable[int]) -> int:
        """Return what rows cost without their handling, in minor units."""
        rows = sorted(chosen)
        return self.cost(rows) - self.limits.handling * len(rows)

    def only(self, kept: Ints) -> "SelectionProblem":
        """Return the problem with only these rows, which must ascend and contain those that must be in every set.

        The value of a set has the same bits in both problems.
        """
        return replace(
            self,
            rates=self.rates[kept],
            costs=self.costs[kept],
            creators=self.creators[kept],
            bids=self.bids[kept],
            contacts=self.contacts[kept],
            groups={name: numbers[kept] for name, numbers in self.groups.items()},
            rows=self.rows[kept],
            must=tuple(int(np.searchsorted(kept, row)) for row in self.must),
            alone=self.alone[kept],
            reached=self.reached and ReachedPeople(self.reached.units, self.reached.rates[kept]),
        )


def prepare(market: SelectionMarket, limits: SelectionLimits) -> SelectionProblem:
    """Return the problem of a market within limits. Raises CannotKeep if the bids that must be in the set may not be
    chosen, or not together, or if there are too few creators."""
    problem = unchecked(market, limits)
    _check(problem)
    return problem


def unchecked(market: SelectionMarket, limits: SelectionLimits) -> SelectionProblem:
    """Return the problem, whether or not a set can keep its limits. Raises CannotKeep if a bid that must be in the set
    may not be chosen at all."""
    held = held_back(market, limits)
    order = sorted(range(len(market)), key=lambda row: market.tie_breakers[row])
    rows = np.array([row for row in order if row not in held], dtype=np.int64)
    units, rates = _weighted(market)
    rates = np.ascontiguousarray(rates[rows])
    groups = {name: _numbered(market.groups[name][rows]) for name in GROUPS if name in market.groups}
    costs = market.prices[rows].astype(np.int64) + limits.handling
    must = _must(market, limits, rows, held)
    return SelectionProblem(
        units=units,
        rates=rates,
        costs=costs,
        creators=_numbered(market.creators[rows]),
        bids=market.bids[rows],
        contacts=market.contacts[rows],
        groups=groups,
        rows=rows,
        must=must,
        limits=limits,
        budget=max(limits.budget, int(np.sum(costs[list(must)]))),
        held=held,
        alone=coverage.people(rates, units) if len(rows) else np.zeros(0),
        reached=market.reached and ReachedPeople(market.reached.units, market.reached.rates[rows]),
    )


def _weighted(market: SelectionMarket) -> tuple[PeopleUnits, Floats]:
    """Return the units whose people count, and the options' rates [n, U] in them."""
    has_weight = market.units.weights > 0
    return PeopleUnits(market.units.weights[has_weight], market.units.shapes[has_weight]), market.rates[:, has_weight]


def held_back(market: SelectionMarket, limits: SelectionLimits) -> dict[int, str]:
    """Return why rows may not be chosen, whatever else is chosen. Only gates keep out a bid that must be in."""
    adds_least = np.zeros(len(market), dtype=np.bool_)
    if limits.ceiling is not None and len(market):
        units, rates = market.everybody()
        adds_least = ~under_ceiling(limits, market.prices + limits.handling, coverage.people(rates, units))
    held: dict[int, str] = {}
    for row, (bid, gate) in enumerate(zip(market.bids.tolist(), market.barred, strict=True)):
        reason = gate or ("never" if bid in limits.never else None) or _single(market, limits, row)
        if reason is None and adds_least[row]:
            reason = "over_added_ceiling"
        if reason is not None and not (gate is None and bid in limits.must):
            held[row] = reason
    return held


def _single(market: SelectionMarket, limits: SelectionLimits, row: int) -> str | None:
    price = int(market.prices[row])
    if price + limits.handling > limits.budget:
        return "over_budget"
    if limits.share is not None and price > limits.share * limits.budget:
        return "over_share"
    if price < limits.smallest:
        return "too_small"
    for name, most, value in (
        ("intrusiveness", limits.intrusiveness, market.intrusiveness[row]),
        ("ad_load", limits.ad_load, market.ad_load[row]),
    ):
        if most is not None and np.isnan(value):
            return f"unknown_{name}"
        if most is not None and value > most:
            return f"over_{name}"
    return None


def under_ceiling(limits: SelectionLimits, costs: Ints, people: Floats) -> Bools:
    """Return which of some bids [m] cost no more for the people whom they add than the ceiling allows. ``costs`` have
    the handling in them, which the ceiling does not count: it is on what is paid for people."""
    if limits.ceiling is None:
        return np.ones(len(costs), dtype=np.bool_)
    kept: Bools = 1000.0 * (costs - limits.handling) <= limits.ceiling * people * (1 + ROUNDING)
    return kept


def _numbered(labels: Ints) -> Ints:
    """Return consecutive numbers from 0 in the order of the labels, -1 for negative ones (no group)."""
    distinct, index = np.unique(labels, return_inverse=True)
    return np.where(labels < 0, -1, index - int(np.sum(distinct < 0))).astype(np.int64)


def _must(market: SelectionMarket, limits: SelectionLimits, rows: Ints, held: dict[int, str]) -> tuple[int, ...]:
    """Return the row of the cheapest option of each bid that must be in the set. Raises CannotKeep."""
    must = []
    for bid in sorted(limits.must):
        positions = [position for position, row in enumerate(rows.tolist()) if market.bids[row] == bid]
        if not positions:
            reasons = sorted({held[row] for row in range(len(market)) if market.bids[row] == bid and row in held})
            texts = [messages.plainly(reason) for reason in reasons] or [("它没有价格。", "It has no price.")]
            raise CannotKeep(
                f"有个必选的报价不能选：{''.join(zh for zh, _ in texts)}",
                f"A bid that must be in the set may not be chosen. {' '.join(en for _, en in texts)}",
            )
        must.append(min(positions, key=lambda position: (int(market.prices[rows[position]]), position)))
    return tuple(sorted(must))


def _check(problem: SelectionProblem) -> None:
    limits, must = problem.limits, list(problem.must)
    # By their prices: the handling of what must be in takes from the rest of the set, but does not forbid it.
    if problem.price(must) > limits.budget:
        raise CannotKeep(
            "已接受的和必选的报价加起来超过了预算。",
            "The bids that are accepted already or must be in the set cost more than the budget together.",
        )
    if len(set(problem.creators[must].tolist())) < len(must):
        raise CannotKeep(
            "有两个必选的报价出自同一位创作者，或用同一账号。",
            "Two of the bids that must be in the set are of one creator, or on one account.",
        )
    if limits.most is not None and len(must) > limits.most:
        raise CannotKeep("必选的报价多于组合允许的数量。", "More bids must be in the set than it may have.")
    for name, cap in limits.caps.items():
        numbers = problem.groups[name][must]
        if len(must) and np.max(np.bincount(numbers[numbers >= 0], minlength=1)) > cap:
            raise CannotKeep(
                f"同一个 {name} 的必选报价超过了上限 {cap}。",
                f"More bids of one {name} must be in the set than the limit of {cap} allows.",
            )
    if len(np.unique(problem.creators)) < limits.least:
        creators = len(np.unique(problem.creators))
        raise CannotKeep(
            f"组合至少要有 {limits.least} 个报价，而只有 {creators} 位创作者的报价可选。",
            f"The set has to have {limits.least} bids, and only {creators} creators' bids may be chosen.",
        )


def keeps(problem: SelectionProblem, chosen: Iterable[int]) -> bool:
    """Return whether a set of rows keeps every limit."""
    return next(broken(problem, chosen), None) is None


def broken(problem: SelectionProblem, chosen: Iterable[int]) -> Iterator[str]:
    """Yield a code for each limit that a set of rows does not keep: "budget", "one_creator", "least", "most", "must",
    "contacts", "ceiling", or the kind of group that has too many."""
    members, limits = sorted(chosen), problem.limits
    if problem.cost(members) > problem.budget or problem.price(members) > limits.budget:
        yield "budget"
    if len(set(problem.creators[members].tolist())) < len(members):
        yield "one_creator"
    if len(members) < limits.least:
        yield "least"
    if limits.most is not None and len(members) > limits.most:
        yield "most"
    if not set(problem.bids[list(problem.must)].tolist()) <= set(problem.bids[members].tolist()):
        yield "must"
    for name, cap in limits.caps.items():
        numbers = problem.groups[name][members]
        if len(numbers) and np.max(np.bincount(numbers[numbers >= 0], minlength=1)) > cap:
            yield name
    if not within_contacts(problem, members):
        yield "contacts"
    if over_ceiling(problem, members):
        yield "ceiling"


def within_contacts(problem: SelectionProblem, members: list[int]) -> bool:
    cap = problem.limits.contacts_per_person
    if cap is None or not members:
        return True
    return float(np.sum(problem.contacts[members])) <= cap * problem.people_reached(members)


def added(problem: SelectionProblem, members: Sequence[int]) -> Floats:
    """Return the value [m] that a set would lose without each of its members, in their order."""
    return _lost(ReachedPeople(problem.units, problem.rates), members)


def _lost(people: ReachedPeople, members: Sequence[int]) -> Floats:
    rates = people.rates[list(members)]
    sums = np.sum(people.rates[sorted(members)], axis=0)
    counted = coverage.people(np.vstack([sums, np.maximum(sums - rates, 0.0)]), people.units)
    lost: Floats = counted[0] - counted[1:]
    return lost


def over_ceiling(problem: SelectionProblem, members: Sequence[int], spared: Collection[int] | None = None) -> list[int]:
    """Return the members that cost more for what they add than the ceiling allows. Those ``spared`` are not asked
    (None: those that must be in).

    A set without them may still have some: what is left adds more. What is over stays over in any larger set.
    """
    if problem.limits.ceiling is None or not len(members):
        return []
    asked = np.array(sorted(members), dtype=np.int64)
    kept = under_ceiling(problem.limits, problem.costs[asked], _lost(problem.everybody, asked.tolist()))
    kept |= problem.has_to_be[asked] if spared is None else np.isin(asked, list(spared))
    return [int(row) for row in asked[~kept]]
