"""Chooses the set of bids that reaches most people for a budget, and says how good it is at the least.

Reach is monotone and submodular in the set (see coverage), and the budget is a knapsack. Greedy by gain for price,
or the best single option, is within 0.405 of the best set at worst; two guessed members and greedy within 1 - 1/e, the
best that is possible in polynomial time (Feldman, Nutov and Shoham, Practical budgeted submodular maximization, 2020).
So many starts are filled greedily, the best of them are emptied by one or two members and filled again, and exchanges
of one option for up to two members are tried until none reaches more. How far the result can be from the best at most
is what `bound` shows for the very case.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from marketplace.matching import bound, exchange, fill
from marketplace.matching.arrays import Bools
from marketplace.matching.market import Limits, Market
from marketplace.matching.problem import SAME, CannotKeep, Problem, keeps, prepare

MODEL_VERSION = "select/1"
SEEDS = 64
PAIRS_OF = 8  # the most promising options, of which pairs are starts too
MEMBERS_FILLED = 640  # starts times members, at most
POLISHED = 4
# A set that is so near to the bound is improved by exchanges alone.
NEAR = 0.999
ROUNDS_MAX = 50

Members = tuple[int, ...]


@dataclass(frozen=True)
class Selection:
    """The chosen rows of the market, sorted; the weighted people that they reach by the careful forecast; what they
    cost at most; what no set within the limits could exceed, and value over it."""

    options: tuple[int, ...]
    value: float
    spend: int
    bound: float

    @property
    def certificate(self) -> float:
        return min(1.0, self.value / self.bound) if self.bound > 0 else 1.0


def choose(market: Market, limits: Limits, *, seeds: int = SEEDS) -> Selection:
    """Return the best set found, with its bound. Raises CannotKeep where no set keeps the limits."""
    problem = prepare(market, limits)
    members = search(problem, seeds=seeds)
    return selection(problem, members, bound.upper(problem, members))


def selection(problem: Problem, members: Sequence[int], most: float) -> Selection:
    value = problem.value(members)
    options = tuple(sorted(problem.rows[list(members)].tolist()))
    return Selection(options, value, problem.spend(members), max(most, value))


def search(problem: Problem, *, seeds: int = SEEDS, also: Sequence[Members] = ()) -> Members:
    """Return the best set found, as rows of the problem. ``also`` are sets to start from beside its own starts."""
    if not len(problem):
        if problem.limits.least > 0:
            raise CannotKeep(f"The set has to have {problem.limits.least} bids, and none may be chosen.")
        return ()
    found = _filled(problem, [problem.must]) | set(also)
    first = _ranked(problem, found)
    if first and problem.value(first[0]) >= NEAR * bound.upper(problem, first[0]):
        return _polished(problem, first[0], refill=False)
    # Many starts matter where few bids fit; where many do, one more or less moves little.
    few = min(seeds, MEMBERS_FILLED // max(1, max(len(members) for members in found)))
    ranked = _ranked(problem, found | _filled(problem, _starts(problem, few)))
    if not ranked:
        raise CannotKeep("No set of bids keeps these limits together: raise the budget or ease a limit.")
    polished = [_polished(problem, members, refill=True) for members in ranked[:POLISHED]]
    return _ranked(problem, polished)[0]


def _ranked(problem: Problem, sets: Iterable[Members]) -> list[Members]:
    """Return the sets that keep the limits, the best first; equal ones by their rows."""
    good = [members for members in set(sets) if keeps(problem, members)]
    return sorted(good, key=lambda members: (-problem.value(members), members))


def _starts(problem: Problem, seeds: int) -> list[Members]:
    """Return sets to fill: what must be in; with each of the most promising options; with pairs of the very best."""
    must, count = problem.must, max(0, seeds)
    cost = np.maximum(problem.prices, 1)
    fits = np.flatnonzero(_joinable(problem))
    by_ratio = fits[np.argsort(-(problem.alone[fits] / cost[fits]), kind="stable")]
    by_reach = fits[np.argsort(-problem.alone[fits], kind="stable")]
    singles = list(dict.fromkeys([*by_ratio[: count // 2].tolist(), *by_reach[: count // 4].tolist()]))
    pairs = combinations([*by_ratio[: PAIRS_OF // 2].tolist(), *by_reach[: PAIRS_OF // 2].tolist()], 2)
    wanted = [must, *[tuple(sorted((*must, one))) for one in singles]]
    for pair in list(pairs)[: count // 4]:
        both = tuple(sorted({*must, *pair}))
        if (
            len(set(problem.creators[list(both)].tolist())) == len(both)
            and problem.spend(both) <= problem.limits.budget
        ):
            wanted.append(both)
    kept = [start for start in dict.fromkeys(wanted) if _may_grow(problem, start)]
    return kept or [must]


def _joinable(problem: Problem) -> Bools:
    """Return which rows [n] may stand beside what must be in."""
    return problem.free_of(problem.must) & (problem.prices <= problem.limits.budget - problem.spend(problem.must))


def _may_grow(problem: Problem, start: Members) -> bool:
    """Return whether a start keeps the limits that more members cannot mend."""
    limits = problem.limits
    if limits.most is not None and len(start) > limits.most:
        return False
    for name, cap in limits.caps.items():
        numbers = problem.groups[name][list(start)]
        if len(start) and np.max(np.bincount(numbers[numbers >= 0], minlength=1)) > cap:
            return False
    return True


def _filled(problem: Problem, starts: Sequence[Members], bans: Sequence[Members] | None = None) -> set[Members]:
    """Return the starts filled by gain for price, and by gain alone."""
    twice = [*starts, *starts]
    sets = fill.begin(problem, twice, None if bans is None else [*bans, *bans])
    fill.fill(problem, sets, [True] * len(starts) + [False] * len(starts))
    return {tuple(members) for members in sets.members}


def _polished(problem: Problem, members: Members, *, refill: bool) -> Members:
    """Return a set that no exchange betters, nor (with ``refill``) emptying by one or two members and filling again."""
    for _ in range(ROUNDS_MAX):
        better = exchange.best(problem, members, 1) or exchange.best(problem, members, 2)
        if better is None and refill:
            better = _refilled(problem, members)
        if better is None:
            return members
        members = tuple(better)
    return members


def _refilled(problem: Problem, members: Members) -> Members | None:
    free = [row for row in members if row not in problem.must]
    removed = [(row,) for row in free]
    if len(free) <= fill.LOOK * 2:
        removed += list(combinations(free, 2))
    if not removed:
        return None
    starts = [tuple(sorted(set(members) - set(out))) for out in removed]
    found = _ranked(problem, _filled(problem, starts, removed))
    if not found:
        return None
    best = found[0]
    return best if problem.value(best) > problem.value(members) * (1 + SAME) else None
