"""What a chosen set reaches: the careful number that was maximised, its interval, and numbers to compare it with."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from marketplace.matching.audience.arrays import Floats
from marketplace.matching.overlap import coverage, set_frequency
from marketplace.matching.overlap.coverage import REACHED_MOST, PeopleUnits
from marketplace.matching.overlap.overlap_fit import FACTORS
from marketplace.matching.selection import messages
from marketplace.matching.selection.inputs import STRATA, SetInputs

# Each round draws every stratum of every channel once (a Latin hypercube: McKay, Beckman and Conover, 1979).
ROUNDS = 10
LOW, HIGH = 0.1, 0.9
FREQUENCIES = 4
_SEED = 20261123


def steps(inputs: SetInputs, bids: Sequence[int]) -> tuple[Floats, Floats, Floats]:
    """Return three arrays for the bids in this order: the weighted people that each reaches alone, adds to those before
    it, and that the set loses without it."""
    rates, units = inputs.rates()[list(bids)], inputs.units()
    if not len(rates):
        return np.zeros(0), np.zeros(0), np.zeros(0)
    running = np.cumsum(rates, axis=0)
    total = coverage.people(running, units)
    whole = running[-1]
    without = np.maximum(whole - rates, 0.0)
    return coverage.people(rates, units), np.diff(total, prepend=0.0), total[-1] - coverage.people(without, units)


def describe(inputs: SetInputs, bids: Sequence[int]) -> dict[str, Any]:
    """Return everything that is shown about the set's reach, in weighted people, as JSON values."""
    careful = _people(inputs, bids, 1.0)
    rates, units = inputs.rates()[list(bids)], inputs.units()
    spread = samples(inputs, bids)
    low, point, high = (float(np.quantile(spread, tau)) for tau in (LOW, 0.5, HIGH)) if len(bids) else (0.0, 0.0, 0.0)
    frequency = set_frequency.frequency(rates, units, FREQUENCIES) if len(bids) else np.zeros(FREQUENCIES)
    shares = inputs.shares[list(bids)]
    contacts = float(np.sum(inputs.contacts[list(bids)]))
    values: dict[str, Any] = {
        "careful": careful,
        "point": point,
        "low": low,
        "high": high,
        "at_half_shape": _people(inputs, bids, 0.5),
        "at_double_shape": _people(inputs, bids, 2.0),
        "summed": float(np.sum(inputs.weights * np.sum(shares, axis=0))),
        "independent": float(np.sum(inputs.weights * (1 - np.prod(1 - shares, axis=0)))),
        "frequency": [float(people) for people in frequency],
        "contacts_per_person": contacts / careful if careful > 0 else None,
        "overlap": dict(inputs.overlap),
        "matched": matched(inputs, bids),
    }
    return {**values, **messages.reach(values, len(bids))._asdict()}


def matched(inputs: SetInputs, bids: Sequence[int]) -> dict[str, Any] | None:
    """Return the careful reach with all shapes times the one factor at which the set's pairs overlap as measured.

    None if some pair was not measured.
    """
    chosen = set(bids)
    rows = [row for row, pair in enumerate(inputs.pairs.bids.tolist()) if set(pair) <= chosen]
    if len(chosen) < 2 or len(rows) < len(chosen) * (len(chosen) - 1) // 2:
        return None
    # Overlaps fall with the factor, so both are reversed: np.interp needs rising values.
    modelled = np.sum(inputs.pairs.modelled[rows], axis=0)[::-1]
    log_factors = np.log2(FACTORS)[::-1]
    log_factor = float(
        np.interp(float(np.sum(inputs.pairs.people[rows])), np.maximum.accumulate(modelled), log_factors)
    )
    factor = float(np.exp2(log_factor))
    return {"people": _people(inputs, bids, factor), "factor": factor, "pairs": len(rows)}


def _people(inputs: SetInputs, bids: Sequence[int], factor: float) -> float:
    """Return the careful reach with every shape multiplied by a factor."""
    units = PeopleUnits(inputs.weights, inputs.shapes * factor)
    return float(coverage.people(np.sum(inputs.rates(factor)[list(bids)], axis=0), units))


def samples(inputs: SetInputs, bids: Sequence[int]) -> Floats:
    """Return samples [ROUNDS * STRATA] of the set's reach over the spread of its forecasts, with independent errors.

    The order of the bids does not matter: channels draw in the order of their commitments.
    """
    units, order = inputs.units(), sorted(bids, key=lambda bid: inputs.bids[bid].commitment)
    rng = np.random.Generator(np.random.PCG64(_SEED))
    sums = np.zeros((ROUNDS * STRATA, len(units)))
    for bid in order:
        strata = np.concatenate([rng.permutation(STRATA) for _ in range(ROUNDS)])
        shares = np.minimum(inputs.shares[bid] * inputs.spread[bid][:, None], REACHED_MOST)
        sums += coverage.rates(shares, units.shapes)[strata]
    return coverage.people(sums, units)
