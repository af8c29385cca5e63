"""How much of the list price is really paid: settled over listed prices, for anyone to read, of nobody in particular.

Every deal is told in one cell only, once, and for good. Cells are therefore disjoint, and the difference of any two
answers is one of the answers: nothing can be learnt by subtracting one from another. A deal belongs to the month in
which it was both settled and confirmed; only whole months that are over are told, so that no month fills up under the
reader's eyes. The finest cell that is large enough takes a deal; what is left goes to a coarser one, and what even the
coarsest cannot take waits for the next month.

A cell is large enough (k-anonymity: Samarati and Sweeney, 1998) with five deals of three creators and three brands, and
if without any one creator's or any one brand's deals two of each are left: who knows their own deals subtracts them.
All deals of a creator weigh as one, so that nobody moves a cell by their number. Numbers are rounded: the quartiles
outwards, to steps of 0.05, counts down to fives.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from marketplace.matching.audience.arrays import Floats, Ints
from marketplace.matching.pricing.cost import weighted_quantiles

DEALS_MIN, SIDE_MIN, LEFT_MIN = 5, 3, 2
STEP = 0.05
COUNT_STEP = 5
DIMENSIONS = ("tier", "vertical", "platform")
# From the finest to the coarsest; each is what a cell is told by beside its months.
LEVELS: tuple[tuple[str, ...], ...] = (("tier", "vertical", "platform"), ("tier", "vertical"), ("tier",), ())


@dataclass(frozen=True, eq=False)
class PriceRatios:
    """n deals: the price over the list price of the day [n], creators and brands as numbers [n] (a brand nobody named
    is -1 and makes no side), the month from which each counts as year * 12 + month - 1 [n], and for each of DIMENSIONS
    the group as a text or number [n]."""

    ratio: Floats
    creators: Ints
    brands: Ints
    months: Ints
    groups: Mapping[str, Sequence[object]]

    def __len__(self) -> int:
        return len(self.ratio)


@dataclass(frozen=True)
class IndexCell:
    """What is told of the deals of one group in the months from ``first`` to ``last``: the median of paid over listed
    with its quartiles, and how many deals there were at least. ``rows``: which deals they are, never told."""

    by: Mapping[str, object]
    first: int
    last: int
    median: float
    low: float
    high: float
    deals: int
    rows: tuple[int, ...]


def cells(waiting: PriceRatios, before: int) -> list[IndexCell]:
    """Return the cells that the deals of months under ``before`` make, month by month as they would have been told.

    ``waiting`` are the deals that no cell has told of yet; those that are in none of the returned go on waiting.
    """
    found: list[IndexCell] = []
    pending: list[int] = []
    months = waiting.months.tolist()
    for month in sorted({month for month in months if month < before}):
        pending += [row for row, own in enumerate(months) if own == month]
        for level in LEVELS:
            groups: dict[tuple[object, ...], list[int]] = {}
            for row in pending:
                groups.setdefault(tuple(waiting.groups[name][row] for name in level), []).append(row)
            pending = []
            for key, rows in groups.items():
                if large_enough(waiting.creators[rows], waiting.brands[rows]):
                    found.append(_cell(waiting, dict(zip(level, key, strict=True)), rows))
                else:
                    pending += rows
    return found


def large_enough(creators: Ints, brands: Ints) -> bool:
    """Return whether n deals may be told of together; see the head of this file."""
    if len(creators) < DEALS_MIN or not _sides(creators, brands, SIDE_MIN):
        return False
    without = [creators != one for one in np.unique(creators)]
    without += [brands != one for one in np.unique(brands[brands >= 0])]
    return all(_sides(creators[left], brands[left], LEFT_MIN) for left in without)


def _sides(creators: Ints, brands: Ints, least: int) -> bool:
    return len(np.unique(creators)) >= least and len(np.unique(brands[brands >= 0])) >= least


def _cell(waiting: PriceRatios, by: Mapping[str, object], rows: list[int]) -> IndexCell:
    _, place, count = np.unique(waiting.creators[rows], return_inverse=True, return_counts=True)
    low, middle, high = weighted_quantiles(waiting.ratio[rows], 1 / count[place], (0.25, 0.5, 0.75)).tolist()
    months = waiting.months[rows]
    return IndexCell(
        by,
        int(months.min()),
        int(months.max()),
        rounded(middle),
        rounded(low, -1),
        rounded(high, 1),
        len(rows) // COUNT_STEP * COUNT_STEP,
        tuple(rows),
    )


def rounded(ratio: float, outwards: int = 0) -> float:
    """Return a ratio in whole steps of 0.05: the nearest one, or with -1 or 1 the one below or above."""
    steps = round(ratio / STEP, 9)
    whole = math.floor(steps) if outwards < 0 else math.ceil(steps) if outwards > 0 else math.floor(steps + 0.5)
    return round(whole * STEP, 2)
