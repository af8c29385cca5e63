"""The part of the list price that is really paid: settled over listed prices, public, and of nobody in particular.

Every deal is published in one cell only, once, and for good. So cells are disjoint, and subtracting one from another
reveals nothing. A deal belongs to the month by which it was both settled and confirmed, and only months that are over
are published, so that nobody can watch a month fill up. A deal goes to the finest cell that is large enough; the others
go to a coarser one, and those that fit in no cell wait for the next month.

A cell is large enough (k-anonymity: Samarati and Sweeney, 1998) with five creators and five brands in five pairs or
more, if three of each remain without the deals of any two creators or of any two brands: those who know their own deals
can subtract them, and two may do so together around one whom they want to read.
All deals of a creator together weigh one, so that nobody moves a cell by the number of theirs. Numbers are rounded: the
quartiles outwards to steps of 0.05, counts down to fives.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from marketplace.matching.audience.arrays import Floats, Ints
from marketplace.matching.pricing.cost import weighted_quantiles

PAIRS_MIN, SIDE_MIN, LEFT_MIN = 5, 5, 3
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
    pairs = {(creator, brand) for creator, brand in zip(creators.tolist(), brands.tolist(), strict=True) if brand >= 0}
    of_creators, of_brands = _partners(pairs), _partners({(brand, creator) for creator, brand in pairs})
    if len(pairs) < PAIRS_MIN or len(of_brands) < SIDE_MIN or len(of_creators) < SIDE_MIN:
        return False
    # Two of five leave three on their own side; on the other one, whoever dealt with nobody else leaves with them.
    return len(of_brands) - _leaving(of_brands) >= LEFT_MIN and len(of_creators) - _leaving(of_creators) >= LEFT_MIN


def _partners(pairs: Iterable[tuple[int, int]]) -> dict[int, frozenset[int]]:
    """Return for each first of the pairs those that it has dealt with."""
    found: dict[int, set[int]] = {}
    for side, partner in pairs:
        found.setdefault(side, set()).add(partner)
    return {side: frozenset(partners) for side, partners in found.items()}


def _leaving(partners: Mapping[int, frozenset[int]]) -> int:
    """Return how many of one side leave together with two of the other at most: those who dealt with these alone."""
    alone = Counter(next(iter(own)) for own in partners.values() if len(own) == 1)
    of_two = Counter(own for own in partners.values() if len(own) == 2)
    best = sum(count for _, count in alone.most_common(2))
    return max([best, *(count + sum(alone[one] for one in two) for two, count in of_two.items())])


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
