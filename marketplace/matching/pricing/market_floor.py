"""The least that a video of a channel is taken to cost: a bid far below what deals settle at earns no more than that.

It is the 5 % quantile of settled prices for the channel by the price model, without rights or exclusivity. The model
keeps 10 % quantiles of log errors; the 5 % quantile is taken to lie farther out as in a normal distribution, and has
two digits, as every price that is shown, so that it gives no deal away. Until nine creators' deals are known, a price
per 1,000 views stands in: CNY 30, USD 4, EUR 4, judged on what a platform suggests (5 % of 429 channels: CNY 29; median
46; Xingtu, 2025-11) and on bookings of USD 25-35; the other currencies by rough conversion.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from marketplace.matching.audience.arrays import Bools, Floats
from marketplace.matching.audience.portable_math import power
from marketplace.matching.pricing.cost import two_digits
from marketplace.matching.pricing.price_model import BASES, BOUGHT, PriceModel, Texts, predict

MODEL_VERSION = "floor/1"
_Z10, _Z05 = 1.2815515655446004, 1.6448536269514722
PER_THOUSAND_VIEWS: Mapping[str, float] = {
    "CNY": 3_000.0,
    "USD": 400.0,
    "EUR": 400.0,
    "GBP": 300.0,
    "HKD": 3_300.0,
    "TWD": 13_500.0,
    "SGD": 500.0,
    "JPY": 600.0,
    "KRW": 6_000.0,
}
# A price under this share of the floor is taken for a mistake or a trick until a person has looked: prices of the same
# deliverable have an SD of about .6 on the log scale, and a third of the 5 % quantile is 3.5 SD under the middle.
FAR_BELOW = 1 / 3


@dataclass(frozen=True, eq=False)
class MarketFloor:
    """The least prices of n videos: ``settled`` [n] from settled deals, minor units (NaN: too few), and the price of
    1,000 views that counts without them (NaN: none in this currency)."""

    settled: Floats
    per_thousand: float

    def least(self, views: Floats, videos: Floats) -> Floats:
        """Return the least price of bids [n] for so many videos each, at the views of one video [n]; NaN: not known."""
        by_views = self.per_thousand * views / 1000
        least: Floats = videos * np.where(np.isnan(self.settled), by_views, self.settled)
        return least


def market_floor(
    model: PriceModel,
    currency: str,
    views: Floats,
    followers: Floats,
    verticals: Texts,
    platforms: Texts,
    lengths: Texts,
    suggested_cpm: Floats,
) -> MarketFloor:
    """Return the least prices of one video of n channels, by the arrays of price_model.PricedDeliverables."""
    count = len(views)
    fair = predict(
        model,
        views,
        followers,
        verticals,
        platforms,
        lengths,
        np.zeros((count, len(BOUGHT)), dtype=bool),
        np.zeros(count),
        suggested_cpm,
    )
    known = (fair.basis == BASES.index("settled")) & (fair.low > 0)
    ratio = np.where(known, fair.low / np.where(known, fair.point, 1.0), 1.0)
    return MarketFloor(
        two_digits(np.where(known, fair.point * power(ratio, _Z05 / _Z10), np.nan), np.floor),
        PER_THOUSAND_VIEWS.get(currency, float("nan")),
    )


def far_below(cost: Floats, least: Floats) -> Bools:
    """Return which costs [n] lie far below the least price [n]; none where either is not known."""
    with np.errstate(invalid="ignore"):
        below: Bools = cost < FAR_BELOW * least
    return below
