"""The likely price of one video of a channel that has not bid: a guess, its ends, and its basis."""

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
    """Prices of one video of n channels, in minor units of each channel's own currency, with their ends (NaN: not
    known).

    ``basis`` [n] is an index of BASES, ``count`` [n] the number of deals, listed prices or past videos behind it, and
    ``listed`` [n] the channel's own listed price for the length (NaN: none).
    """

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
    """Return what n channels would ask for one video of a length tier (an index of TIERS).

    ``card`` [n, 3]: listed prices by tier, and ``suggested_cpm`` [n]: the platform's suggestion per 1,000 views, both
    in minor units with NaN for none; the views of one video at tau .1, .5 and .9 [n], from ``videos`` [n] past ones;
    ``settled`` [n, 4]: what such deals close at, its 80 % ends, and the number of deals behind it (NaN: too few).

    What deals close at comes first. Then the listed price of the length, which has no interval; then that of another
    length, the standard one before the others, times the usual ratio of the two with its 10 % and 90 %
    (cost.LENGTH_RATIOS); then the platform's suggestion times the views.
    """
    thousands = np.stack([views_middle, views_low, views_high]) / 1000
    prices = suggested_cpm * thousands
    basis = np.where(prices[0] > 0, SUGGESTED, UNKNOWN)
    count = np.where(prices[0] > 0, np.nan_to_num(videos), 0)
    for other in sorted(range(len(TIERS)), key=lambda index: (index == tier, index == STANDARD)):
        listed = card[:, other]
        has_listed = listed > 0
        prices = np.where(has_listed, listed * _ratio(tier, other)[:, None], prices)
        basis = np.where(has_listed, CARD if other == tier else OTHER_LENGTH, basis)
        count = np.where(has_listed, 1, count)
    if settled is not None:
        is_settled = np.isfinite(settled[:, 0])
        prices = np.where(is_settled, settled[:, :3].T, prices)
        basis = np.where(is_settled, SETTLED, basis)
        count = np.where(is_settled, np.nan_to_num(settled[:, 3]), count)
    prices = np.where(basis == UNKNOWN, np.nan, prices)
    listed = np.where(card[:, tier] > 0, card[:, tier], np.nan)
    return AskingPrices(prices[0], prices[1], prices[2], basis.astype(np.int64), count.astype(np.int64), listed)


def _ratio(tier: int, other: int) -> Floats:
    """Return the factors from a price for the other length to one for this: middle, low, high."""
    if other == tier:
        return np.ones(3)
    (middle, low, high), (of_middle, of_low, of_high) = _RATIOS[tier], _RATIOS[other]
    return as_floats([middle / of_middle, low / of_high, high / of_low])
