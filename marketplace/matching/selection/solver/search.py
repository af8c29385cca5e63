"""Chooses the set of bids that reaches most people for a budget, and says how good it is at the least.

Reach is monotone and submodular in the set (see coverage), and the budget is a knapsack. Greedy by gain for price,
or the best single option, is within 0.405 of the best set at worst; two guessed members and greedy within 1 - 1/e, the
best that is possible in polynomial time (Feldman, Nutov and Shoham, Practical budgeted submodular maximization, 2020).
So many starts are filled greedily, the best of them are emptied by one or two members and filled again, and exchanges
of one option for up to two members are tried until none reaches more. How far the result can be from the best at most
is what `bound` shows for the very case.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from marketplace.matching.audience.arrays import Bools
from marketplace.matching.overlap import coverage
from marketplace.matching.selection.solver import bound, exchange
from marketplace.matching.selection.solver import greedy as fill
from marketplace.matching.selection.solver.problem import SAME, CannotKeep, SelectionProblem, keeps, prepare
from marketplace.matching.selection.solver.selection_market import SelectionLimits, SelectionMarket

MODEL_VERSION = "select/2"
SEEDS = 64
PAIRS_OF = 8  # the most promising options, of which pairs are starts too
MEMBERS_FILLED = 480  # starts times members, at most
POLISHED = 4
# Up to so many members, gain alone is tried beside gain for price.
FEW = 8
# A set that is so near to the bound is improved by exchanges alone.
NEAR = 0.999
ROUNDS_MAX = 50

Members = tuple[int, ...]


@dataclass(frozen=True)
class ChosenRow:
    """One chosen row of the market, in the order of gain for price: what it adds to those before it, in weighted
    people, and how many they reach together."""

    row: int
    gain: float
    people: float


@dataclass(frozen=True)
class ChosenSet:
    """The chosen rows of the market, sorted; the weighted people that they reach by the careful forecast; what they
    cost at most; what no set within the limits could exceed, and how that was found ("relaxation" or "exact")."""

    options: tuple[int, ...]
    value: float
    spend: int
    bound: float
    picks: tuple[ChosenRow, ...] = ()
    proof: str = "relaxation"

    @property
    def certificate(self) -> float:
        """The value as a share of the bound: the set reaches at least this share of what the best set reaches."""
        return min(1.0, self.value / self.bound) if self.bound > 0 else 1.0


def choose(
    market: SelectionMarket, limits: SelectionLimits, *, seeds: int = SEEDS, also: Collection[int] = ()
) -> ChosenSet:
    """Return the best set found, with its bound. Raises CannotKeep where no set keeps the limits.

    ``also`` are rows chosen before, to start from as well: while they keep the limits nothing worse is returned, so a
    set changes only for one that reaches more.
    """
    problem = prepare(market, limits)
    place = {row: number for number, row in enumerate(problem.rows.tolist())}
    before = [tuple(sorted(place[row] for row in also))] if also and place.keys() >= set(also) else []
    members, most = searched(problem, seeds=seeds, also=before)
    return selection(problem, members, most)


def selection(problem: SelectionProblem, members: Sequence[int], most: float, proof: str = "relaxation") -> ChosenSet:
    """Return the rows of a problem as a selection; ``most`` is its bound, got by ``proof``."""
    value = problem.value(members)
    options = tuple(sorted(problem.rows[list(members)].tolist()))
    return ChosenSet(options, value, problem.spend(members), max(most, value), picks(problem, members), proof)


def picks(problem: SelectionProblem, members: Sequence[int]) -> tuple[ChosenRow, ...]:
    """Return the members in the order in which greedy by gain for price would take them, what must be in first."""
    left, taken, people = sorted(members), list[int](), 0.0
    found = []
    while left:
        among = [row for row in left if row in problem.must] or left
        sums = problem.sums(taken) + problem.rates[among]
        gains = coverage.people(sums, problem.units) - people
        row = among[int(np.argmax(gains / np.maximum(problem.prices[among], fill.NOTHING)))]
        taken.append(row)
        left.remove(row)
        before, people = people, problem.value(taken)
        found.append(ChosenRow(int(problem.rows[row]), people - before, people))
    return tuple(found)


def greedy(problem: SelectionProblem) -> Members:
    """Return what must be in, filled up by gain for its price or by gain alone, whichever reaches more."""
    found = _ranked(problem, _filled(problem, [problem.must]))
    return found[0] if found else problem.must


def search(problem: SelectionProblem, *, seeds: int = SEEDS, also: Sequence[Members] = ()) -> Members:
    """Return the best set found, as rows of the problem. ``also`` are sets to start from beside its own starts."""
    return searched(problem, seeds=seeds, also=also)[0]


def searched(problem: SelectionProblem, *, seeds: int = SEEDS, also: Sequence[Members] = ()) -> tuple[Members, float]:
    """Return the best set found and what no set exceeds."""
    if not len(problem):
        if problem.limits.least > 0:
            raise CannotKeep(f"The set has to have {problem.limits.least} bids, and none may be chosen.")
        return (), 0.0
    first = _ranked(problem, _filled(problem, [problem.must]) | set(also))
    if not first:
        members = _from_starts(problem, [], seeds)
        return members, bound.upper(problem, members)
    start = _polished(problem, first[0], refill=False)
    tangent = bound.best_tangent(problem, start)
    if problem.value(start) >= NEAR * tangent.most:
        return start, tangent.most
    # No better set has any other row, so the search does not look at them.
    places = bound.hopeful(problem, start, tangent)
    where = {row: number for number, row in enumerate(places.tolist())}
    known = [tuple(where[row] for row in members) for members in (start, *first) if where.keys() >= set(members)]
    found = _from_starts(problem.only(places), known, seeds)
    return tuple(sorted(places[list(found)].tolist())), tangent.most


def _from_starts(problem: SelectionProblem, known: Sequence[Members], seeds: int) -> Members:
    """Return the best of many filled starts and the known sets, improved until no exchange betters it."""
    # Many starts matter where few bids fit; where many do, one more or less moves little.
    size = max((len(members) for members in known), default=1)
    starts = _starts(problem, min(seeds, MEMBERS_FILLED // max(1, size)))
    ranked = _ranked(problem, _filled(problem, starts, few=size <= FEW) | set(known))
    if not ranked:
        raise CannotKeep("No set of bids keeps these limits together: raise the budget or ease a limit.")
    settled: set[Members] = set()
    for members in ranked[:POLISHED]:
        settled.add(_polished(problem, members, refill=True, settled=settled))
    return _ranked(problem, settled)[0]


def _ranked(problem: SelectionProblem, sets: Iterable[Members]) -> list[Members]:
    """Return the sets that keep the limits, the best first; equal ones by their rows."""
    good = [members for members in set(sets) if keeps(problem, members)]
    return sorted(good, key=lambda members: (-problem.value(members), members))


def _starts(problem: SelectionProblem, seeds: int) -> list[Members]:
    """Return sets to fill: what must be in; with each of the most promising options; with pairs of the very best."""
    must, count = problem.must, max(0, seeds)
    cost = np.maximum(problem.prices, fill.NOTHING)
    fits = np.flatnonzero(_joinable(problem))
    by_ratio = fits[np.argsort(-(problem.alone[fits] / cost[fits]), kind="stable")]
    by_reach = fits[np.argsort(-problem.alone[fits], kind="stable")]
    singles: list[int] = list(dict.fromkeys([*by_ratio[: count // 2].tolist(), *by_reach[: count // 4].tolist()]))
    best: list[int] = [*by_ratio[: PAIRS_OF // 2].tolist(), *by_reach[: PAIRS_OF // 2].tolist()]
    pairs = list(combinations(best, 2))
    wanted: list[Members] = [must, *[tuple(sorted((*must, one))) for one in singles]]
    for pair in pairs[: count // 4]:
        both = tuple(sorted({*must, *pair}))
        if (
            len(set(problem.creators[list(both)].tolist())) == len(both)
            and problem.spend(both) <= problem.limits.budget
        ):
            wanted.append(both)
    kept = [start for start in dict.fromkeys(wanted) if _may_grow(problem, start)]
    return kept or [must]


def _joinable(problem: SelectionProblem) -> Bools:
    """Return which rows [n] may stand beside what must be in."""
    return problem.free_of(problem.must) & (problem.prices <= problem.limits.budget - problem.spend(problem.must))


def _may_grow(problem: SelectionProblem, start: Members) -> bool:
    """Return whether a start keeps the limits that more members cannot mend."""
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
    """Return the starts filled by gain for price and, where few bids fit, by gain alone as well."""
    ways = 2 if few else 1
    sets = fill.begin(problem, [*starts] * ways, None if bans is None else [*bans] * ways)
    fill.fill(problem, sets, [True] * len(starts) + [False] * len(starts) * (ways - 1))
    return {tuple(members) for members in sets.members}


def _polished(
    problem: SelectionProblem, members: Members, *, refill: bool, settled: Collection[Members] = frozenset()
) -> Members:
    """Return a set that no exchange betters, nor (with ``refill``) emptying by one or two members and filling again;
    ``settled`` sets are known to be such."""
    for _ in range(ROUNDS_MAX):
        if members in settled:
            return members
        better = exchange.best(problem, members, 1) or exchange.best(problem, members, 2)
        if better is None and refill:
            better = _refilled(problem, members)
        if better is None:
            return members
        members = better
    return members


def _refilled(problem: SelectionProblem, members: Members) -> Members | None:
    free = [row for row in members if row not in problem.must]
    removed: list[Members] = [(row,) for row in free]
    if len(free) <= fill.LOOK * 2:
        removed.extend(combinations(free, 2))
    if not removed:
        return None
    starts = [tuple(sorted(set(members) - set(out))) for out in removed]
    found = _ranked(problem, _filled(problem, starts, removed, few=len(members) <= FEW))
    if not found:
        return None
    best = found[0]
    return best if problem.value(best) > problem.value(members) * (1 + SAME) else None
