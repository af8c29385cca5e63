"""Chooses the set of bids that reaches the most people for a budget, with a guarantee of how good it is.

Reach is monotone and submodular in the set (see coverage), and the budget is a knapsack. The better of greedy by gain
per price and the best single option reaches at least 0.405 of the best set; greedy from two guessed members reaches
1 - 1/e, the best possible in polynomial time (Feldman, Nutov and Shoham, Practical budgeted submodular maximization,
2020). So the search fills many starts greedily, removes one or two members from the best of them and fills these again,
exchanges one option for up to two members, and puts one in the place of as many as it costs, until nothing of these
reaches more. `bound` gives the largest possible distance from the best set for each case.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, product

import numpy as np

from marketplace.matching.audience.arrays import Bools
from marketplace.matching.overlap import coverage
from marketplace.matching.selection.solver import bound, enumeration, exchange, insertion
from marketplace.matching.selection.solver import greedy as fill
from marketplace.matching.selection.solver.problem import SAME, CannotKeep, SelectionProblem, keeps, prepare
from marketplace.matching.selection.solver.selection_market import SelectionLimits, SelectionMarket

MODEL_VERSION = "select/4"
SEEDS = 256
PAIRS_OF = 8  # the number of most promising options whose pairs are starts too
# Starts times members, at most: in small sets, and in those of more than FEW.
FILLED_FEW, FILLED_MANY = 2_000, 480
# Only the best filled starts are improved, fewer in large sets: each refill fills as many sets as it has members, or
# pairs of them.
POLISHED_FEW, POLISHED_MANY = 2, 1
# For sets of up to this many members, gain alone is tried beside gain per price.
FEW = 8
# A set that reaches this share of the bound is only improved by exchanges.
NEAR = 0.999
_NO_SET = (
    "没有一组报价能同时符合这些限制：请提高预算或放宽某个限制。",
    "No set of bids keeps these limits together: raise the budget or ease a limit.",
)
# The ways to combine the options of bids that must be in that the search starts from; exchanges lead to the others.
MUST_STARTS = 16
# Every round reaches more or costs less, so the rounds end by themselves; this only bounds the time that they take.
ROUNDS_MAX = 50

Members = tuple[int, ...]


@dataclass(frozen=True)
class ChosenRow:
    """One chosen row of the market, in the order of gain per price: what it adds to those before it, in weighted
    people, and how many they reach together."""

    row: int
    gain: float
    people: float


@dataclass(frozen=True)
class ChosenSet:
    """The chosen rows of the market, sorted; the weighted people that they reach by the careful forecast; the most that
    they cost in minor units, without handling; the bound on any set within the limits, and how it was found
    ("relaxation" or "exact")."""

    options: tuple[int, ...]
    value: float
    spend: int
    bound: float
    picks: tuple[ChosenRow, ...] = ()
    proof: str = "relaxation"

    @property
    def certificate(self) -> float:
        """The value divided by the bound: the set reaches at least this share of what the best set reaches."""
        return min(1.0, self.value / self.bound) if self.bound > 0 else 1.0


def choose(
    market: SelectionMarket, limits: SelectionLimits, *, seeds: int = SEEDS, also: Collection[int] = ()
) -> ChosenSet:
    """Return the best set found, with its bound. Raises CannotKeep if no set keeps the limits.

    ``also`` are the rows of an earlier set, as another start: while it keeps the limits, the result is no worse, so a
    set is only replaced by one that reaches more.
    """
    problem = prepare(market, limits)
    position_of = {row: position for position, row in enumerate(problem.rows.tolist())}
    before = [tuple(sorted(position_of[row] for row in also))] if also and position_of.keys() >= set(also) else []
    members, most = searched(problem, seeds=seeds, also=before)
    return selection(problem, members, most)


def selection(problem: SelectionProblem, members: Sequence[int], most: float, proof: str = "relaxation") -> ChosenSet:
    """Return rows of a problem as a chosen set; ``most`` is its bound, found by ``proof``."""
    value = problem.value(members)
    options = tuple(sorted(problem.rows[list(members)].tolist()))
    return ChosenSet(options, value, problem.price(members), max(most, value), picks(problem, members), proof)


def picks(problem: SelectionProblem, members: Sequence[int]) -> tuple[ChosenRow, ...]:
    """Return the members in the order in which greedy by gain per price takes them, those that must be in first."""
    remaining, taken, people = sorted(members), list[int](), 0.0
    chosen_rows = []
    while remaining:
        candidates = [row for row in remaining if problem.has_to_be[row]] or remaining
        sums = problem.sums(taken) + problem.rates[candidates]
        gains = coverage.people(sums, problem.units) - people
        row = candidates[int(np.argmax(gains / np.maximum(problem.costs[candidates], fill.NOTHING)))]
        taken.append(row)
        remaining.remove(row)
        before, people = people, problem.value(taken)
        chosen_rows.append(ChosenRow(int(problem.rows[row]), people - before, people))
    return tuple(chosen_rows)


def greedy(problem: SelectionProblem) -> Members:
    """Return the rows that must be in, filled up by gain per price or by gain alone, whichever reaches more."""
    ranked = _ranked(problem, _filled(problem, _must_have(problem)))
    return ranked[0] if ranked else problem.must


def search(problem: SelectionProblem, *, seeds: int = SEEDS, also: Sequence[Members] = ()) -> Members:
    """Return the best set found, as rows of the problem. ``also`` are sets to start from as well. Raises CannotKeep."""
    return searched(problem, seeds=seeds, also=also)[0]


def searched(problem: SelectionProblem, *, seeds: int = SEEDS, also: Sequence[Members] = ()) -> tuple[Members, float]:
    """Return the best set found, as rows of the problem, and its bound. Raises CannotKeep."""
    if not len(problem):
        if problem.limits.least > 0:
            raise CannotKeep(
                f"组合至少要有 {problem.limits.least} 个报价，而一个也不能选。",
                f"The set has to have {problem.limits.least} bids, and none may be chosen.",
            )
        return (), 0.0
    # A known set is also filled up: it may be of a smaller budget.
    known = [members for members in also if problem.cost(members) <= problem.budget and _may_grow(problem, members)]
    first = _ranked(problem, _filled(problem, [*_must_have(problem), *known]) | set(also))
    if len(problem) <= enumeration.OPTIONS_MOST:
        counts = enumeration.QUICK if seeds >= SEEDS else enumeration.HASTY
        members, complete = enumeration.best(problem, first[0] if first else None, counts)
        if complete and members is not None:
            members = _polished(problem, members, refill=False)
            return members, problem.value(members)
        if complete:
            raise CannotKeep(*_NO_SET)
        first = [*([] if members is None else [members]), *first]
    if not first:
        members = _from_starts(problem, [], seeds)
        return members, bound.upper(problem, members)
    start = _polished(problem, first[0], refill=False)
    tangent = bound.best_tangent(problem, start)
    if problem.value(start) >= NEAR * tangent.most:
        return start, tangent.most
    # No better set has any other row, so the search does not look at them.
    hopeful = bound.hopeful(problem, start, tangent)
    position_of = {row: position for position, row in enumerate(hopeful.tolist())}
    inside = [
        tuple(position_of[row] for row in members) for members in (start, *first) if position_of.keys() >= set(members)
    ]
    best = _from_starts(problem.only(hopeful), inside, seeds)
    return tuple(sorted(hopeful[list(best)].tolist())), tangent.most


def _from_starts(problem: SelectionProblem, known: Sequence[Members], seeds: int) -> Members:
    """Return the best of many filled starts and the known sets, improved until no exchange reaches more."""
    # Many starts matter if few bids fit; in a large set one bid more or less changes little.
    size = max((len(members) for members in known), default=1)
    starts = _starts(problem, min(seeds, (FILLED_FEW if size <= FEW else FILLED_MANY) // max(1, size)))
    ranked = _ranked(problem, _filled(problem, starts, few=size <= FEW) | set(known))
    if not ranked:
        raise CannotKeep(*_NO_SET)
    settled: set[Members] = set()
    for members in ranked[: POLISHED_FEW if size <= FEW else POLISHED_MANY]:
        settled.add(_polished(problem, members, refill=True, settled=settled))
    return _ranked(problem, settled)[0]


def _ranked(problem: SelectionProblem, sets: Iterable[Members]) -> list[Members]:
    """Return the sets that keep the limits, the best first; of equal ones the cheaper, and then by their rows."""
    good = [members for members in set(sets) if keeps(problem, members)]
    return sorted(good, key=lambda members: (-problem.value(members), problem.cost(members), members))


def _must_have(problem: SelectionProblem) -> list[Members]:
    """Return the sets of what must be in, one option of each bid, the cheaper options first."""
    of_bid = [
        sorted(
            np.flatnonzero(problem.bids == problem.bids[row]).tolist(), key=lambda one: (int(problem.costs[one]), one)
        )
        for row in problem.must
    ]
    combinations_of = (tuple(sorted(rows)) for rows in islice(product(*of_bid), MUST_STARTS))
    return [rows for rows in combinations_of if problem.cost(rows) <= problem.budget]


def _starts(problem: SelectionProblem, seeds: int) -> list[Members]:
    """Return sets to fill: the rows that must be in, alone, with each of the most promising options, and with pairs of
    the best of those."""
    must, count = problem.must, max(0, seeds)
    others = [members for members in _must_have(problem) if members != must]
    cost = np.maximum(problem.costs, fill.NOTHING)
    fits = np.flatnonzero(_joinable(problem))
    by_ratio = fits[np.argsort(-(problem.alone[fits] / cost[fits]), kind="stable")]
    by_reach = fits[np.argsort(-problem.alone[fits], kind="stable")]
    singles: list[int] = list(dict.fromkeys([*by_ratio[: count // 2].tolist(), *by_reach[: count // 4].tolist()]))
    best: list[int] = [*by_ratio[: PAIRS_OF // 2].tolist(), *by_reach[: PAIRS_OF // 2].tolist()]
    pairs = list(combinations(best, 2))
    starts: list[Members] = [must, *others, *[tuple(sorted((*must, row))) for row in singles]]
    for pair in pairs[: count // 4]:
        both = tuple(sorted({*must, *pair}))
        if len(set(problem.creators[list(both)].tolist())) == len(both) and problem.cost(both) <= problem.budget:
            starts.append(both)
    kept = [start for start in dict.fromkeys(starts) if _may_grow(problem, start)]
    return kept or [must]


def _joinable(problem: SelectionProblem) -> Bools:
    """Return which rows [n] may join those that must be in."""
    return problem.free_of(problem.must) & (problem.costs <= problem.budget - problem.cost(problem.must))


def _may_grow(problem: SelectionProblem, start: Members) -> bool:
    """Return whether a start keeps the limits that adding members cannot repair: the number of bids and the caps."""
    limits = problem.limits
    if limits.most is not None and len(start) > limits.most:
        return False
    for name, cap in limits.caps.items():
        numbers = problem.groups[name][list(start)]
        if len(start) and np.max(np.bincount(numbers[numbers >= 0], minlength=1)) > cap:
            return False
    return True


def _filled(
    problem: SelectionProblem, starts: Sequence[Members], bans: Sequence[Members] | None = None, *, few: bool = True
) -> set[Members]:
    """Return the starts filled by gain per price and, if ``few`` bids fit, by gain alone as well. ``bans`` are the rows
    that may not come into each of them."""
    ways = 2 if few else 1
    sets = fill.begin(problem, [*starts] * ways, None if bans is None else [*bans] * ways)
    fill.fill(problem, sets, [True] * len(starts) + [False] * len(starts) * (ways - 1))
    return {tuple(members) for members in sets.members}


def _polished(
    problem: SelectionProblem, members: Members, *, refill: bool, settled: Collection[Members] = frozenset()
) -> Members:
    """Return a set that no exchange improves, nor (with ``refill``) removing members, or putting one in, and filling.

    ``settled`` sets are known to be such.
    """
    for _ in range(ROUNDS_MAX):
        if members in settled:
            return members
        # Single members first: pairs are many times as many, and worth their time only where no single one helps.
        members = exchange.without_idle(problem, members)
        better = exchange.best(problem, members, 1) or exchange.best(problem, members, 2)
        if better is None and refill:
            better = _inserted(problem, members) or _refilled(problem, members)
        if better is None:
            return members
        members = better
    return members


def _refilled(problem: SelectionProblem, members: Members) -> Members | None:
    free = [row for row in members if not problem.has_to_be[row]]
    removed: list[Members] = [(row,) for row in free]
    if len(free) <= fill.LOOK * 2:
        removed.extend(combinations(free, 2))
    if not removed:
        return None
    starts = [tuple(sorted(set(members) - set(rows))) for rows in removed]
    # The removed members are barred, or greedy would take them straight back.
    return _better(problem, members, _filled(problem, starts, removed, few=len(members) <= FEW))


def _inserted(problem: SelectionProblem, members: Members) -> Members | None:
    starts = [start for start in insertion.starts(problem, members) if _may_grow(problem, start)]
    return _better(problem, members, _filled(problem, starts, few=False)) if starts else None


def _better(problem: SelectionProblem, members: Members, sets: Iterable[Members]) -> Members | None:
    """Return the best of some sets if it reaches more people than the members."""
    ranked = _ranked(problem, sets)
    if not ranked:
        return None
    best = ranked[0]
    return best if problem.value(best) > problem.value(members) * (1 + SAME) else None
