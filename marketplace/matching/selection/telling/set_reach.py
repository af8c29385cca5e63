"""What a chosen set reaches: each person once, its interval, and numbers to compare it with.

The number is by cells, with the one lift at which the set's pairs share what was measured or is predicted (see
set_union); the search maximises another one, which is made so that it can be searched (see units).
"""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from marketplace.matching.audience.arrays import Floats, Ints, as_floats
from marketplace.matching.overlap import coverage, set_frequency, set_union
from marketplace.matching.overlap.coverage import PeopleUnits
from marketplace.matching.overlap.set_union import SetPairs, SetUnion
from marketplace.matching.overlap.units import CellAudiences
from marketplace.matching.selection import messages
from marketplace.matching.selection.inputs import STRATA, SetInputs
from marketplace.matching.selection.solver.problem import under_ceiling
from marketplace.matching.selection.solver.selection_market import ReachedPeople, SelectionLimits

MODEL_VERSION = "reach/3"
# Each round draws every stratum of every channel once (a Latin hypercube: McKay, Beckman and Conover, 1979).
ROUNDS = 10
LOW, HIGH = 0.1, 0.9
FREQUENCIES = 4
_SEED = 20261123


class ToldReach:
    """A chosen set's reach: the union of its bids in this order, with what its pairs share. ``options``: the rows of
    the options that are chosen, where these are known."""

    def __init__(self, inputs: SetInputs, bids: Sequence[int], options: Sequence[int] | None = None) -> None:
        self.inputs, self.bids, self.options = inputs, list(bids), options
        self.audiences: CellAudiences = inputs.audiences(self.bids)
        self.weights = self.audiences.cells.weights
        self.markets = inputs.duplication()
        self.pairs: SetPairs = set_union.pairs_of(self.audiences, self.markets, _measured(inputs, self.bids))
        self.union: SetUnion = set_union.matched(self.audiences, self.pairs)

    @cached_property
    def _everybody(self) -> ReachedPeople:
        return self.inputs.reached(np.array(self.bids, dtype=np.int64))

    @cached_property
    def part(self) -> float:
        """Return how many people the set is told to reach for each one that the search counts (1: for none)."""
        units, rates = self._everybody
        counted = float(coverage.people(np.sum(rates, axis=0), units))
        return self.union.people / counted if counted > 0 else 1.0

    def added(self) -> Floats:
        """Return the weighted people [n] whom each adds to those before it: together those of the set.

        As the search counts them, in proportion to the people told.
        """
        units, rates = self._everybody
        sums = np.concatenate([np.zeros((1, len(units))), np.cumsum(rates, axis=0)])
        return np.maximum(np.diff(coverage.people(sums, units)), 0.0) * self.part

    def lost(self) -> Floats:
        """Return the weighted people [n] whom the set would lose without each: what the ceiling on a bid is about."""
        units, rates = self._everybody
        sums = np.sum(rates, axis=0)
        without = coverage.people(np.maximum(sums - rates, 0.0), units)
        return np.maximum(coverage.people(sums, units) - without, 0.0) * self.part

    def over(self, ceiling: float | None, prices: Ints) -> list[int]:
        """Return the places of the bids that cost more for each 1,000 people whom the set would lose without them than
        a ceiling in minor units allows, with these prices [n]."""
        if ceiling is None or not self.bids:
            return []
        kept = under_ceiling(SelectionLimits(budget=0, ceiling=ceiling), prices, self.lost())
        return np.flatnonzero(~kept).tolist()

    def matched(self, factor: float) -> SetUnion:
        """Return the union if all pairs together shared so many times as many people."""
        return set_union.matched(self.audiences, self.pairs, factor)

    def doubt(self) -> float:
        """Return the factor by which what the pairs share may be wrong: that of the markets where the set's people
        are, less where pairs of the set were measured."""
        cells = self.audiences.cells
        people = np.sum(self.audiences.shares, axis=0) * self.weights
        by_market = as_floats(np.bincount(cells.markets, weights=people, minlength=len(cells.market_names)))
        unmeasured = 1 - self.pairs.measured / len(self.pairs) if len(self.pairs) else 0.0
        return float(self.markets.doubt_in(cells.market_names, by_market) ** unmeasured)

    def notice(self) -> float | None:
        """Return how many of the careful people notice the brand: of those whom each bid adds, the share of its
        viewers who do. None where a share is not known."""
        shares = np.full(len(self.bids), np.nan)
        if len(self.inputs.noticing):
            by_option = self.options is not None
            shares = self.inputs.noticing_of_options()[self.options] if by_option else self.inputs.noticing[self.bids]
        noticed = float(np.sum(self.added() * shares)) if self.bids else 0.0
        return None if np.isnan(noticed) else noticed

    def samples(self) -> Floats:
        """Return samples [2, ROUNDS * STRATA] over the spread of the forecasts, with independent errors: the reach, and
        the members' people added up.

        Each channel draws by its own bid's tie-breaker, so a set has the same figures wherever it is told, and a
        channel the same ones in every set.
        """
        order = sorted(range(len(self.bids)), key=lambda row: self.inputs.bids[self.bids[row]].tie_breaker)
        shares = np.zeros((len(self.bids), ROUNDS * STRATA, len(self.weights)))
        for row in order:
            own = hashlib.sha256(f"{_SEED} {self.inputs.bids[self.bids[row]].tie_breaker}".encode()).digest()
            rng = np.random.Generator(np.random.PCG64(int.from_bytes(own, "big")))
            strata = np.concatenate([rng.permutation(STRATA) for _ in range(ROUNDS)])
            times = self.inputs.spread[self.bids[row]][strata]
            shares[row] = np.minimum(self.audiences.shares[row] * times[:, None], 1.0)
        return np.stack([self.union.of(shares[order]), np.sum(self.weights * np.sum(shares[order], axis=0), axis=-1)])

    def frequency(self) -> Floats:
        """Return the weighted people who see at least 1, 2 .. of the bids: as the cells' shape has it, in proportion
        to the people of the union."""
        shape = 1 / max(self.union.lift - 1, 1e-4)
        units = PeopleUnits(self.weights, np.full(len(self.weights), shape))
        people = set_frequency.frequency(coverage.rates(self.audiences.shares, units.shapes), units, FREQUENCIES)
        return people * (self.union.people / people[0]) if people[0] > 0 else people


def _measured(inputs: SetInputs, bids: Sequence[int]) -> dict[tuple[int, int], float]:
    """Return the lifts of the measured pairs among some bids, by their places in ``bids``."""
    place = {bid: number for number, bid in enumerate(bids)}
    return {
        (min(place[one], place[other]), max(place[one], place[other])): lift
        for (one, other), lift in zip(inputs.pairs.bids.tolist(), inputs.pairs.lifts.tolist(), strict=True)
        if one in place and other in place
    }


def _told_quantiles(samples: Floats) -> tuple[float, float, float, float]:
    """Return the low end, the middle and the high end of the reach, and the middle of the members' people added up,
    from samples [2, ROUNDS * STRATA]: with as many digits as the draws allow.

    The standard error of a quantile is that of its mean over the rounds, which are independent.
    """
    union, summed = samples
    figures = []
    for values, tau in ((union, LOW), (union, 0.5), (union, HIGH), (summed, 0.5)):
        of_rounds = np.quantile(values.reshape(ROUNDS, STRATA), tau, axis=1)
        error = float(np.std(of_rounds, ddof=1)) / ROUNDS**0.5
        figures.append((float(np.quantile(values, tau)), error))
    # The last digit that is told is of the order of the largest error, for all of them: else they could cross.
    worst = max(error for _, error in figures)
    unit = 10.0 ** np.floor(np.log10(worst)) if worst >= 1 else 1.0
    low, point, high, point_summed = (float(round(value / unit) * unit) for value, _ in figures)
    return low, point, high, point_summed


def describe(inputs: SetInputs, told: ToldReach, effective: float) -> dict[str, Any]:
    """Return everything that is shown about the set's reach, in weighted people, as JSON values. ``effective``: its
    people as the search counts them."""
    careful, doubt, any_bids = told.union.people, told.doubt(), bool(told.bids)
    low, point, high, point_summed = _told_quantiles(told.samples()) if any_bids else (0.0, 0.0, 0.0, 0.0)
    shares = told.audiences.shares
    contacts = float(np.sum(inputs.contacts[told.bids]))
    values: dict[str, Any] = {
        "effective": effective,
        "careful": careful,
        "point": point,
        "point_summed": point_summed,
        "low": low,
        "high": high,
        "if_more_shared": told.matched(doubt).people,
        "if_less_shared": told.matched(1 / doubt).people,
        "doubt": doubt,
        "summed": set_frequency.summed(shares, told.weights),
        "independent": set_frequency.independent(shares, told.weights),
        "frequency": [float(people) for people in (told.frequency() if any_bids else np.zeros(FREQUENCIES))],
        "notice": told.notice(),
        "contacts_per_person": contacts / careful if careful > 0 else None,
        "overlap": dict(inputs.overlap),
        "pairs": len(told.pairs),
        "pairs_measured": told.pairs.measured,
    }
    return {**values, **messages.reach(values, len(told.bids))._asdict()}
