"""Many sets filled up greedily side by side: in each step every set takes the option that brings most.

Options are looked at lazily (Minoux, 1978; Leskovec et al., Cost-effective outbreak detection in networks, 2007): an
upper bound of each gain is kept, from concavity sum of weights * slope * rate, and exact gains are only computed where
a bound could still win. What wins is decided by exact gains alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats, Ints
from marketplace.matching.overlap import coverage
from marketplace.matching.selection.solver.problem import SelectionProblem

# Options looked at exactly in one go, for each set.
LOOK = 8
# So few sets are looked at under their former bounds first: gains only fall, and a pass over all options costs more
# than a few looks. After so many looks the pass is made all the same.
FEW, PATIENCE = 4, 3
# A bound is computed in another order of sums than the gain, so it gets this much more.
SAFE = 1 + 1e-9
# What a free option is taken to cost, so that it comes before any other.
NOTHING = 1e-9


@dataclass(eq=False)
class GrowingSets:
    """S sets while they are filled: summed rates [S, U], people [S], spend [S], members, who is taken [S, C], counts of
    each kind of group [S, G], contacts [S], rows that may not come in [S, n], and upper bounds of gains [S, n]."""

    sums: Floats
    people: Floats
    spend: Ints
    members: list[list[int]]
    taken: Bools
    counts: dict[str, Ints]
    contacts: Floats
    banned: Bools
    bounds: Floats

    def __len__(self) -> int:
        return len(self.members)


def begin(
    problem: SelectionProblem, starts: Sequence[Sequence[int]], bans: Sequence[Sequence[int]] | None = None
) -> GrowingSets:
    """Return sets with these members, each with rows that may not come in."""
    n, count = len(problem), len(starts)
    creators = int(np.max(problem.creators, initial=-1)) + 1
    made = GrowingSets(
        sums=np.stack([problem.sums(start) for start in starts]) if count else np.zeros((0, len(problem.units))),
        people=np.zeros(count),
        spend=np.array([problem.spend(start) for start in starts], dtype=np.int64),
        members=[sorted(start) for start in starts],
        taken=np.zeros((count, creators), dtype=np.bool_),
        counts={
            name: np.zeros((count, int(np.max(problem.groups[name], initial=0)) + 1), dtype=np.int64)
            for name in problem.limits.caps
        },
        contacts=np.array([float(np.sum(problem.contacts[sorted(start)])) for start in starts]),
        banned=np.zeros((count, n), dtype=np.bool_),
        bounds=np.broadcast_to(problem.alone * SAFE, (count, n)).copy(),
    )
    made.people = coverage.people(made.sums, problem.units)
    for number, start in enumerate(starts):
        made.taken[number, problem.creators[list(start)]] = True
        for name, counts in made.counts.items():
            groups = problem.groups[name][list(start)]
            np.add.at(counts[number], groups[groups >= 0], 1)
        if bans is not None:
            made.banned[number, list(bans[number])] = True
    return made


def fill(problem: SelectionProblem, sets: GrowingSets, per_price: Sequence[bool]) -> None:
    """Fill every set until nothing fits: by gain for its price where ``per_price`` [S], else by gain alone."""
    cost = np.maximum(problem.prices, NOTHING)
    by_price = np.array(per_price, dtype=np.bool_)
    alive = np.ones(len(sets), dtype=np.bool_)
    while alive.any():
        now = np.flatnonzero(alive)
        fits = _fits(problem, sets, now)
        if len(now) > FEW:
            _tighten(problem, sets, now)
        divisors = np.where(by_price[now][:, None], cost, 1.0)
        scores = sets.bounds[now] / divisors
        scores[~fits] = -1.0
        picks = _best(problem, sets, now, scores, divisors)
        for place, number in enumerate(now.tolist()):
            if picks[place] < 0:
                alive[number] = False
            else:
                _take(problem, sets, number, int(picks[place]))
        sets.people[now] = coverage.people(sets.sums[now], problem.units)


def _tighten(problem: SelectionProblem, sets: GrowingSets, which: Ints) -> None:
    """Bound the gains of some sets anew, at where they are now."""
    slopes = problem.units.weights * coverage.slopes(sets.sums[which], problem.units.shapes)
    # A fast product in whatever order: it only bounds.
    sets.bounds[which] = np.minimum(sets.bounds[which], (slopes @ problem.rates.T) * SAFE)


def _fits(problem: SelectionProblem, sets: GrowingSets, now: Ints) -> Bools:
    """Return which rows may come into which sets [len(now), n], but for contacts."""
    limits = problem.limits
    left = limits.budget - sets.spend[now]
    sizes = np.array([len(sets.members[number]) for number in now.tolist()])
    left = left - _kept_back(problem, sets, now, limits.least - sizes - 1)
    fits: Bools = (problem.prices <= left[:, None]) & ~sets.taken[now][:, problem.creators] & ~sets.banned[now]
    for name, cap in limits.caps.items():
        groups = problem.groups[name]
        full = sets.counts[name][now] >= cap
        fits &= ~np.where(groups >= 0, full[:, groups], False)
    if limits.most is not None:
        fits &= (sizes < limits.most)[:, None]
    return fits


def _kept_back(problem: SelectionProblem, sets: GrowingSets, now: Ints, more: Ints) -> Ints:
    """Return what has to be kept for so many more bids that the set still needs [len(now)]: the cheapest there are."""
    found = np.zeros(len(now), dtype=np.int64)
    for place in np.flatnonzero(more > 0).tolist():
        free = ~sets.taken[now[place]][problem.creators] & ~sets.banned[now[place]]
        cheapest: dict[int, int] = {}
        for creator, price in zip(problem.creators[free].tolist(), problem.prices[free].tolist(), strict=True):
            cheapest[creator] = min(price, cheapest.get(creator, price))
        found[place] = sum(sorted(cheapest.values())[: int(more[place])])
    return found


def _best(problem: SelectionProblem, sets: GrowingSets, now: Ints, scores: Floats, divisors: Floats) -> Ints:
    """Return the row that wins in each set, or -1. A row that was looked at holds its exact score; the search is over
    when the best of those is above every bound. Equal scores go to the first row."""
    count, n = scores.shape
    winner, best = np.full(count, -1, dtype=np.int64), np.zeros(count)
    looked = np.zeros((count, n), dtype=np.bool_)
    looked[scores < 0] = True
    open_: Bools = np.logical_not(looked.all(axis=1))
    width = min(LOOK, n)
    turns = 0
    while open_.any():
        sides = np.flatnonzero(open_)
        turns += 1
        if turns == PATIENCE + 1 and count <= FEW:
            _tighten(problem, sets, now[sides])
            scores[sides] = np.minimum(scores[sides], sets.bounds[now[sides]] / divisors[sides])
        bounds = np.where(looked[sides], -1.0, scores[sides])
        rows = (
            np.argpartition(-bounds, width - 1, axis=1)[:, :width]
            if width < n
            else np.tile(np.arange(n), (len(sides), 1))
        )
        here = np.take_along_axis(bounds, rows, axis=1) >= best[sides][:, None]
        here &= np.take_along_axis(bounds, rows, axis=1) >= 0
        place, column = np.nonzero(here)
        if len(place):
            which, row = sides[place], rows[place, column]
            gains = _gains(problem, sets, now[which], row)
            sets.bounds[now[which], row] = np.maximum(gains, 0.0) * SAFE
            exact = gains / divisors[which, row]
            exact = np.where(_within(problem, sets, now[which], row, gains), exact, -1.0)
            looked[which, row] = True
            for one, candidate, score in zip(which.tolist(), row.tolist(), exact.tolist(), strict=True):
                if score > best[one] or (score == best[one] and score > 0 and candidate < winner[one]):
                    best[one], winner[one] = score, candidate
        rest = np.where(looked[sides], -1.0, scores[sides]).max(axis=1)
        open_[sides] = (rest >= best[sides]) & (rest > 0)
    return winner


def _gains(problem: SelectionProblem, sets: GrowingSets, which: Ints, rows: Ints) -> Floats:
    with_it = coverage.people(sets.sums[which] + problem.rates[rows], problem.units)
    gains: Floats = with_it - sets.people[which]
    return gains


def _within(problem: SelectionProblem, sets: GrowingSets, which: Ints, rows: Ints, gains: Floats) -> Bools:
    cap = problem.limits.contacts_per_person
    if cap is None:
        return np.ones(len(rows), dtype=np.bool_)
    kept: Bools = sets.contacts[which] + problem.contacts[rows] <= cap * (sets.people[which] + gains)
    return kept


def _take(problem: SelectionProblem, sets: GrowingSets, number: int, row: int) -> None:
    members = sorted([*sets.members[number], row])
    sets.members[number] = members
    # Summed anew in the rows' order: a set has one value, whichever way it was reached.
    sets.sums[number] = problem.sums(members)
    sets.spend[number] += problem.prices[row]
    sets.contacts[number] = float(np.sum(problem.contacts[members]))
    sets.taken[number, problem.creators[row]] = True
    for name, counts in sets.counts.items():
        group = problem.groups[name][row]
        if group >= 0:
            counts[number, group] += 1
