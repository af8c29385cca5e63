"""What one video of a channel that has not bid would cost: one number for a guess, its ends, and what it rests on."""

from dataclasses import dataclass

import numpy as np

from marketplace.matching.audience.arrays import Floats, Ints, as_floats
from marketplace.matching.pricing.cost import LENGTH_RATIOS

MODEL_VERSION = "asking/2"
TIERS = ("1-20", "21-60", "60+")
STANDARD = TIERS.index("21-60")
BASES = ("unknown", "rate_card", "rate_card_other_length", "suggested_cpm", "settled_deals")
UNKNOWN, CARD, OTHER_LENGTH, SUGGESTED, SETTLED = range(len(BASES))
_RATIOS = as_floats([LENGTH_RATIOS[name] for name in TIERS])


@dataclass(frozen=True, eq=False)
class AskingPrices:
    """Price of one video [n] in minor units of the channel's own currency with its ends (NaN: not known), its basis
    (a place in BASES), how many deals, listed prices or past videos stand behind it, and the channel's own listed price
    for the length (NaN: none)."""

    point: Floats
    low: Floats
    high: Floats
    basis: Ints
    count: Ints
    listed: Floats


def asking_price(
    card: Floats,
    suggested_cpm: Floats,
    views_low: Floats,
    views_middle: Floats,
    views_high: Floats,
    videos: Floats,
    tier: int,
    settled: Floats | None = None,
) -> AskingPrices:
    """Return what n channels would ask for one video of a length tier (a place in TIERS).

    ``card`` [n, 3]: listed prices by tier, ``suggested_cpm`` [n]: what the platform suggests for 1,000 views, minor
    units, NaN for none; views of one video at tau .1, .5 and .9 [n]; ``videos``: how many past ones they rest on;
    ``settled`` [n, 4]: what such deals close at, its 80 % ends, and how many deals told it (NaN: too few). What deals
    close at comes first, then the listed price of the length as it is: it has no ends. That of another length follows
    by the usual ratio of the two with its 10 % and 90 % (price.LENGTH_RATIOS), the standard length before the others;
    then the platform's suggestion times the views.
    """
    thousands = np.stack([views_middle, views_low, views_high]) / 1000
    found = suggested_cpm * thousands
    basis = np.where(found[0] > 0, SUGGESTED, UNKNOWN)
    count = np.where(found[0] > 0, np.nan_to_num(videos), 0)
    for other in sorted(range(len(TIERS)), key=lambda place: (place == tier, place == STANDARD)):
        listed = card[:, other]
        there = listed > 0
        found = np.where(there, listed * _ratio(tier, other)[:, None], found)
        basis = np.where(there, CARD if other == tier else OTHER_LENGTH, basis)
        count = np.where(there, 1, count)
    if settled is not None:
        told = np.isfinite(settled[:, 0])
        found = np.where(told, settled[:, :3].T, found)
        basis = np.where(told, SETTLED, basis)
        count = np.where(told, np.nan_to_num(settled[:, 3]), count)
    found = np.where(basis == UNKNOWN, np.nan, found)
    listed = np.where(card[:, tier] > 0, card[:, tier], np.nan)
    return AskingPrices(found[0], found[1], found[2], basis.astype(np.int64), count.astype(np.int64), listed)


def _ratio(tier: int, other: int) -> Floats:
    """Return what a price of the other length becomes at this one: middle, low, high."""
    if other == tier:
        return np.ones(3)
    (middle, low, high), (of_middle, of_low, of_high) = _RATIOS[tier], _RATIOS[other]
    return as_floats([middle / of_middle, low / of_high, high / of_low])
