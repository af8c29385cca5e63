"""The ceiling on what a bid adds, kept by the people that are told.

A set's people are told by one count (set_reach) and searched by another (units), so a set that keeps a ceiling as it is
searched may break it as it is told. Here the searched ceiling is lowered until the set that is found keeps the one that
was asked for; what the result tells, what is chosen and what a confirmation asks are so one figure.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from marketplace.matching.selection.inputs import SetInputs
from marketplace.matching.selection.solver.selection_market import SelectionLimits
from marketplace.matching.selection.telling.set_reach import ToldReach

MODEL_VERSION = "told-ceiling/1"
# The searched ceiling is lowered so often. Then whoever is over leaves, which ends.
ROUNDS = 6
# A little more than what rounding could take back.
_LOWER = 1 - 1e-6

Options = tuple[int, ...]


def told(inputs: SetInputs, options: Sequence[int]) -> ToldReach:
    """Return what a set of rows of the market reaches, in their order."""
    return ToldReach(inputs, inputs.options.bid_of[list(options)].tolist())


def over(inputs: SetInputs, limits: SelectionLimits, options: Sequence[int]) -> list[int]:
    """Return the rows of a set that cost more for what they add than the ceiling allows, but for those that must be
    in."""
    if limits.ceiling is None or not options:
        return []
    found = told(inputs, options)
    places = found.over(limits.ceiling, inputs.options.prices[list(options)])
    return [options[place] for place in places if found.bids[place] not in limits.must]


def searched(inputs: SetInputs, limits: SelectionLimits, options: Sequence[int]) -> SelectionLimits:
    """Return the limits with the ceiling as it is searched near a set that keeps it as it is told."""
    if limits.ceiling is None or not options:
        return limits
    return replace(limits, ceiling=limits.ceiling * min(1.0, told(inputs, options).part))


def kept(
    inputs: SetInputs, limits: SelectionLimits, look: Callable[[SelectionLimits], Options]
) -> tuple[Options, SelectionLimits]:
    """Return a set that keeps the ceiling as it is told, and the limits that it was searched with.

    ``look`` finds a set within limits; where only the ceiling is lowered, one is there still. Raises what it raises.
    """
    asked, found = limits, look(limits)
    for _ in range(ROUNDS):
        if not over(inputs, limits, found):
            return found, asked
        assert limits.ceiling is not None
        assert asked.ceiling is not None
        near = limits.ceiling * told(inputs, found).part
        asked = replace(asked, ceiling=min(near, asked.ceiling) * _LOWER)
        found = look(asked)
    while dear := over(inputs, limits, found):
        reach = told(inputs, found)
        cost = inputs.options.prices[list(found)] / np.maximum(reach.lost(), 1e-9)
        worst = max(dear, key=lambda row: (float(cost[found.index(row)]), row))
        found = tuple(row for row in found if row != worst)
    return found, asked
