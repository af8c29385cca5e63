"""Fills many sets greedily side by side: in each step every set takes the option with the largest gain.

Options are evaluated lazily (Minoux, 1978; Leskovec et al., Cost-effective outbreak detection in networks, 2007): an
upper bound of each gain is kept (by concavity, the sum of weights * slope * rate), and exact gains are only computed
where a bound could still win. Only exact gains decide which option wins.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats, Ints
from marketplace.matching.overlap import coverage
from marketplace.matching.selection.solver.problem import SelectionProblem, under_ceiling

# Options evaluated exactly in one round, for each set.
LOOK = 8
# Up to FEW sets are first evaluated with their old bounds: these stay valid because gains only fall, and new bounds for
# all options cost more than a few rounds. After PATIENCE rounds the bounds are computed anew all the same.
FEW, PATIENCE = 4, 3
# A set that has refused so many options, because its members would then add too little, is full.
REFUSALS = 12
# A bound sums in another order than the exact gain, so it is raised by this factor to stay above it.
SAFE = 1 + 1e-9
# The price that a free option is divided by, so that it comes before any other.
NOTHING = 1e-9


@dataclass(eq=False)
class GrowingSets:
    """S sets while they are filled: summed rates [S, U], people [S], spend with handling [S], members, creators that
    have a member [S, C], counts of each kind of group [S, G], contacts [S], rows that may not come in [S, n], and upper
    bounds of gains [S, n]. ``guest`` [S]: a member whose price is still looked for, so that the ceiling on what a bid
    adds is not asked of it (-1: none). ``reached`` [S, U]: summed rates of all whom the sets reach, kept only where
    contacts or what a bid adds are limited."""

    sums: Floats
    people: Floats
    spend: Ints
    members: list[list[int]]
    taken: Bools
    counts: dict[str, Ints]
    contacts: Floats
    banned: Bools
    bounds: Floats
    guest: Ints
    reached: Floats

    def __len__(self) -> int:
        return len(self.members)


def begin(
    problem: SelectionProblem, starts: Sequence[Sequence[int]], bans: Sequence[Sequence[int]] | None = None
) -> GrowingSets:
    """Return sets that start with these members. ``bans`` are the rows that may not come into each of them."""
    n, count = len(problem), len(starts)
    creators = int(np.max(problem.creators, initial=-1)) + 1
    sets = GrowingSets(
        sums=np.stack([problem.sums(start) for start in starts]) if count else np.zeros((0, len(problem.units))),
        people=np.zeros(count),
        spend=np.array([problem.cost(start) for start in starts], dtype=np.int64),
        members=[sorted(start) for start in starts],
        taken=np.zeros((count, creators), dtype=np.bool_),
        counts={
            name: np.zeros((count, int(np.max(problem.groups[name], initial=0)) + 1), dtype=np.int64)
            for name in problem.limits.caps
        },
        contacts=np.array([float(np.sum(problem.contacts[sorted(start)])) for start in starts]),
        banned=np.zeros((count, n), dtype=np.bool_),
        # Gains only fall as a set grows, so what an option reaches alone bounds its gain in any set.
        bounds=np.broadcast_to(problem.alone * SAFE, (count, n)).copy(),
        guest=np.full(count, -1, dtype=np.int64),
        reached=np.zeros((count, 0)),
    )
    sets.people = coverage.people(sets.sums, problem.units)
    if (problem.limits.contacts_per_person is not None or problem.limits.ceiling is not None) and count:
        rates = problem.everybody.rates
        sets.reached = np.stack([np.sum(rates[sorted(start)], axis=0) for start in starts])
    for number, start in enumerate(starts):
        sets.taken[number, problem.creators[list(start)]] = True
        for name, counts in sets.counts.items():
            groups = problem.groups[name][list(start)]
            np.add.at(counts[number], groups[groups >= 0], 1)
        if bans is not None:
            sets.banned[number, list(bans[number])] = True
    return sets


def fill(problem: SelectionProblem, sets: GrowingSets, per_price: Sequence[bool]) -> None:
    """Fill every set in place until nothing fits: by gain per price where ``per_price`` [S] is true, else by gain."""
    cost = np.maximum(problem.costs, NOTHING)
    by_price = np.array(per_price, dtype=np.bool_)
    alive = np.ones(len(sets), dtype=np.bool_)
    refused, grown = np.zeros(len(sets), dtype=np.int64), np.ones(len(sets), dtype=np.bool_)
    while alive.any():
        active = np.flatnonzero(alive)
        fits = _fits(problem, sets, active)
        if len(active) > FEW:
            # A set that has refused an option is as it was, and so are its bounds.
            _tighten(problem, sets, active[grown[active]])
        divisors = np.where(by_price[active][:, None], cost, 1.0)
        scores = sets.bounds[active] / divisors
        # Below every gain: a row that does not fit is never looked at.
        scores[~fits] = -1.0
        picks = _best(problem, sets, active, scores, divisors)
        welcome = _leave_enough(problem, sets, active, picks)
        grown[active] = welcome
        for number, pick, fitting in zip(active.tolist(), picks.tolist(), welcome.tolist(), strict=True):
            if fitting:
                _take(problem, sets, number, pick)
                continue
            # Nor may it come into any larger set: there the members would add even less.
            sets.banned[number, pick] |= pick >= 0
            refused[number] += 1
            alive[number] = pick >= 0 and refused[number] < REFUSALS
        larger = active[welcome]
        sets.people[larger] = coverage.people(sets.sums[larger], problem.units)


def _tighten(problem: SelectionProblem, sets: GrowingSets, which: Ints) -> None:
    """Lower the bounds of some sets' gains to those at their present sums."""
    sets.bounds[which] = np.minimum(sets.bounds[which], problem.most_gained(sets.sums[which]))


def _fits(problem: SelectionProblem, sets: GrowingSets, now: Ints) -> Bools:
    """Return which rows may come into which sets [len(now), n], apart from the limit on contacts."""
    limits = problem.limits
    available = problem.budget - sets.spend[now]
    sizes = np.array([len(sets.members[number]) for number in now.tolist()])
    # Without the reserve, greedy could spend what the least number of bids still costs, and no set would keep it.
    available = available - _reserved(problem, sets, now, limits.least - sizes - 1)
    fits: Bools = (problem.costs <= available[:, None]) & ~sets.taken[now][:, problem.creators] & ~sets.banned[now]
    for name, cap in limits.caps.items():
        groups = problem.groups[name]
        full = sets.counts[name][now] >= cap
        fits &= ~np.where(groups >= 0, full[:, groups], False)
    if limits.most is not None:
        fits &= (sizes < limits.most)[:, None]
    if limits.ceiling is not None:
        bounds = sets.bounds[now] if problem.reached is None else problem.reached_alone * SAFE
        fits &= under_ceiling(limits, problem.costs, bounds)
    return fits


def _reserved(problem: SelectionProblem, sets: GrowingSets, now: Ints, more: Ints) -> Ints:
    """Return the budget to reserve in each set [len(now)] for the ``more`` bids that it still needs at least: the price
    of the cheapest ones."""
    reserved = np.zeros(len(now), dtype=np.int64)
    for position in np.flatnonzero(more > 0).tolist():
        free = ~sets.taken[now[position]][problem.creators] & ~sets.banned[now[position]]
        # By creator, because a set holds one bid of each: two cheap options of one creator pay for one place only.
        cheapest: dict[int, int] = {}
        for creator, price in zip(problem.creators[free].tolist(), problem.costs[free].tolist(), strict=True):
            cheapest[creator] = min(price, cheapest.get(creator, price))
        reserved[position] = sum(sorted(cheapest.values())[: int(more[position])])
    return reserved


def _best(problem: SelectionProblem, sets: GrowingSets, now: Ints, scores: Floats, divisors: Floats) -> Ints:
    """Return the row that wins in each set, or -1. A set's search ends when its best exact score is above the bounds of
    all rows that were not evaluated. Among equal scores the first row wins."""
    count, n = scores.shape
    winner, best = np.full(count, -1, dtype=np.int64), np.zeros(count)
    evaluated = np.zeros((count, n), dtype=np.bool_)
    evaluated[scores < 0] = True
    unsettled: Bools = np.logical_not(evaluated.all(axis=1))
    width = min(LOOK, n)
    rounds = 0
    while unsettled.any():
        open_sets = np.flatnonzero(unsettled)
        rounds += 1
        if rounds == PATIENCE + 1 and count <= FEW:
            _tighten(problem, sets, now[open_sets])
            scores[open_sets] = np.minimum(scores[open_sets], sets.bounds[now[open_sets]] / divisors[open_sets])
        bounds = np.where(evaluated[open_sets], -1.0, scores[open_sets])
        rows = (
            np.argpartition(-bounds, width - 1, axis=1)[:, :width]
            if width < n
            else np.tile(np.arange(n), (len(open_sets), 1))
        )
        # An equal bound is evaluated too: its exact score may tie, and then the first row has to win on every machine.
        may_win = np.take_along_axis(bounds, rows, axis=1) >= best[open_sets][:, None]
        may_win &= np.take_along_axis(bounds, rows, axis=1) >= 0
        position, column = np.nonzero(may_win)
        if len(position):
            which, row = open_sets[position], rows[position, column]
            gains = _gains(problem, sets, now[which], row)
            # An exact gain is the tightest bound for the steps that follow, so it is kept.
            sets.bounds[now[which], row] = np.maximum(gains, 0.0) * SAFE
            exact = gains / divisors[which, row]
            exact = np.where(_within(problem, sets, now[which], row, gains), exact, -1.0)
            evaluated[which, row] = True
            for set_index, candidate, score in zip(which.tolist(), row.tolist(), exact.tolist(), strict=True):
                if score > best[set_index] or (
                    score == best[set_index] and score > 0 and candidate < winner[set_index]
                ):
                    best[set_index], winner[set_index] = score, candidate
        rest = np.where(evaluated[open_sets], -1.0, scores[open_sets]).max(axis=1)
        unsettled[open_sets] = (rest >= best[open_sets]) & (rest > 0)
    return winner


def _gains(problem: SelectionProblem, sets: GrowingSets, which: Ints, rows: Ints) -> Floats:
    with_row = coverage.people(sets.sums[which] + problem.rates[rows], problem.units)
    gains: Floats = with_row - sets.people[which]
    return gains


def _within(problem: SelectionProblem, sets: GrowingSets, which: Ints, rows: Ints, gains: Floats) -> Bools:
    # Checked here and not in `_fits`: the people whom a row adds have to be counted for it.
    cap = problem.limits.contacts_per_person
    if cap is None and (problem.limits.ceiling is None or problem.reached is None):
        return under_ceiling(problem.limits, problem.costs[rows], gains)
    units, rates = problem.everybody
    reached = coverage.people(sets.reached[which] + rates[rows], units)
    kept = under_ceiling(problem.limits, problem.costs[rows], reached - coverage.people(sets.reached[which], units))
    if cap is not None:
        kept &= sets.contacts[which] + problem.contacts[rows] <= cap * reached
    return kept


def _leave_enough(problem: SelectionProblem, sets: GrowingSets, which: Ints, picks: Ints) -> Bools:
    """Return for some sets [m] whether each member still adds what the ceiling asks of it when the pick [m] has joined;
    false where there is no pick (-1)."""
    welcome: Bools = picks >= 0
    if problem.limits.ceiling is None or not welcome.any():
        return welcome
    numbers, joining = which[welcome], picks[welcome]
    members = [[*sets.members[number], row] for number, row in zip(numbers.tolist(), joining.tolist(), strict=True)]
    # All members of all sets in one table, since each single count costs more to call than to make.
    sizes = np.array([len(rows) for rows in members])
    owner, rows = np.repeat(np.arange(len(members)), sizes), np.concatenate(members)
    units, rates = problem.everybody
    sums = sets.reached[numbers] + rates[joining]
    without = np.maximum(sums[owner] - rates[rows], 0.0)
    lost = coverage.people(sums, units)[owner] - coverage.people(without, units)
    kept = under_ceiling(problem.limits, problem.costs[rows], lost)
    kept |= problem.has_to_be[rows] | (rows == sets.guest[numbers][owner])
    welcome[welcome] = np.bincount(owner[~kept], minlength=len(members)) == 0
    return welcome


def _take(problem: SelectionProblem, sets: GrowingSets, number: int, row: int) -> None:
    members = sorted([*sets.members[number], row])
    sets.members[number] = members
    # Summed in the rows' order instead of added: a set has the same bits of value, whichever way it was reached.
    sets.sums[number] = problem.sums(members)
    sets.spend[number] += problem.costs[row]
    sets.contacts[number] = float(np.sum(problem.contacts[members]))
    if sets.reached.size:
        sets.reached[number] = np.sum(problem.everybody.rates[members], axis=0)
    sets.taken[number, problem.creators[row]] = True
    for name, counts in sets.counts.items():
        group = problem.groups[name][row]
        if group >= 0:
            counts[number, group] += 1
