"""The part of the list price that is really paid: settled over listed prices, public, and of nobody in particular.

Every deal is published in one cell only, once, and for good. So cells are disjoint, and subtracting one from another
reveals nothing. A deal belongs to the month by which it was both settled and confirmed, and only months that are over
are published, so that nobody can watch a month fill up. A deal goes to the finest cell that is large enough; the others
go to a coarser one, and those that fit in no cell wait for the next month.

A cell is large enough (k-anonymity: Samarati and Sweeney, 1998) with five deals of three creators and three brands, if
two of each remain without any one creator's or any one brand's deals: those who know their own deals can subtract them.
All deals of a creator together weigh one, so that nobody moves a cell by the number of theirs. Numbers are rounded: the
quartiles outwards to steps of 0.05, counts down to fives.
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
# The dimensions of a cell beside its months, from the finest to the coarsest.
LEVELS: tuple[tuple[str, ...], ...] = (("tier", "vertical", "platform"), ("tier", "vertical"), ("tier",), ())


@dataclass(frozen=True, eq=False)
class PriceRatios:
    """n deals: the price over the list price of the day [n]; creators and brands as numbers [n] (an unnamed brand is -1
    and does not count as one); the month from which each counts, as year * 12 + month - 1 [n]; and by each of
    DIMENSIONS the group, a text or a number [n]."""

    ratio: Floats
    creators: Ints
    brands: Ints
    months: Ints
    groups: Mapping[str, Sequence[object]]

    def __len__(self) -> int:
        return len(self.ratio)


@dataclass(frozen=True)
class IndexCell:
    """What is published of the deals of one group in the months from ``first`` to ``last``: the median of paid over
    listed with its quartiles, and the least number of deals. ``rows`` says which deals they are and is not
    published."""

    by: Mapping[str, object]
    first: int
    last: int
    median: float
    low: float
    high: float
    deals: int
    rows: tuple[int, ...]


def cells(waiting: PriceRatios, before: int) -> list[IndexCell]:
    """Return the cells of the deals of the months under ``before``, month by month as they would have been published.

    ``waiting`` are the deals that no cell has yet; those in none of the returned cells go on waiting.
    """
    published: list[IndexCell] = []
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
                    published.append(_cell(waiting, dict(zip(level, key, strict=True)), rows))
                else:
                    pending += rows
    return published


def large_enough(creators: Ints, brands: Ints) -> bool:
    """Return whether a cell of n deals may be published; see the head of this file."""
    if len(creators) < DEALS_MIN or not _sides(creators, brands, SIDE_MIN):
        return False
    without = [creators != side for side in np.unique(creators)]
    without += [brands != side for side in np.unique(brands[brands >= 0])]
    return all(_sides(creators[kept], brands[kept], LEFT_MIN) for kept in without)


def _sides(creators: Ints, brands: Ints, least: int) -> bool:
    return len(np.unique(creators)) >= least and len(np.unique(brands[brands >= 0])) >= least


def _cell(waiting: PriceRatios, by: Mapping[str, object], rows: list[int]) -> IndexCell:
    _, index, count = np.unique(waiting.creators[rows], return_inverse=True, return_counts=True)
    low, middle, high = weighted_quantiles(waiting.ratio[rows], 1 / count[index], (0.25, 0.5, 0.75)).tolist()
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
