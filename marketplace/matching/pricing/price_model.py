"""The fair price of one deliverable of a channel, with an interval and the number and kind of records behind it.

log price = a + u_vertical + u_platform + b1 log views + b2 log followers + length + rights + exclusivity, and for rate
cards, which are another source than settled deals, an offset. The u are shrunk to zero and the others to weak priors: a
ridge in closed form (a mixed model with known variances: Robinson, Statistical Science 6, 1991). The platform's own
suggestion (price per thousand views times expected views) counts beside it by precision: the less, the farther it has
been from deals and the more deals the regression knows. Every term but the price is a ratio: prices in another unit
give predictions in that unit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from marketplace.bids.pricing_models import RIGHTS
from marketplace.channels.anomalies import FOLLOWER_TIERS
from marketplace.matching.audience.arrays import Bools, Floats, as_floats
from marketplace.matching.audience.portable_math import exp, log
from marketplace.matching.audience.regression import times
from marketplace.matching.forecast.view_forecast import HIGH, LOW, tier_of
from marketplace.matching.pricing.cost import COMPARABLES_MIN

MODEL_VERSION = "price-model/2"
DEALS_ENOUGH = 30.0
TIER_DEALS_MIN = 50
TIERS = len(FOLLOWER_TIERS) + 1
POOLED = TIERS
VIEWS_UNIT, FOLLOWERS_UNIT, DAYS_UNIT, DAYS_MAX = 10_000.0, 100_000.0, 30.0, 365.0
TAUS = (LOW, HIGH)
# Half the width in logs of the 80 % interval of a usual channel's views, where its own is not known: a factor of 2.5.
VIEWS_DOUBT = 0.9
LENGTHS = ("1-20", "60+")
# Nothing is known yet of what the use of a likeness for AI adds to a price, so no deal tells of it.
BOUGHT = tuple(right for right in RIGHTS if right not in ("exclusivity", "likeness_for_ai"))
BASES = ("none", "settled", "platform_cpm", "rate_cards")
# Prior mean and standard deviation of each coefficient on the log scale (None: free). Elasticities and lengths: rate
# cards of Xingtu, 2025-11 (0.16 on plays and 0.54 on followers for lists, 1 on views for a price by the thousand). Raw
# files: bundles of agencies, +30-50 %; exclusivity: +20 % in the trade, taken as three months. Both weak. No figure is
# known for the other rights.
PRIORS: Mapping[str, tuple[float, float | None]] = {
    "one": (0.0, None),
    "views": (0.5, 0.5),
    "views_unknown": (0.0, 1.0),
    "followers": (0.3, 0.5),
    "followers_unknown": (0.0, 1.0),
    "1-20": (-0.25, 0.3),
    "60+": (0.285, 0.4),
    "usage": (0.0, 0.3),
    "whitelisting": (0.0, 0.3),
    "raw_files": (0.34, 0.2),
    "exclusivity_month": (0.06, 0.1),
    "rate_card": (0.0, 1.0),
}
FIXED = tuple(PRIORS)
GROUP_SD = 0.5
# The terms that are shown as ratios.
TERMS = ("1-20", "60+", *BOUGHT, "exclusivity_month")

Texts = npt.NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class PricedDeliverables:
    """n deliverables of one video each.

    Expected ``views`` and ``followers`` [n] (NaN: not known); ``verticals``, ``platforms`` and ``lengths`` [n] as texts
    ("": not known); the ``rights`` bought [n, 3] in the order of BOUGHT; days of exclusivity [n]; the platform's
    suggested price per 1,000 views for the channel [n], minor units (NaN: none); and half the width of the 80 %
    interval of views in logs [n] (NaN: not known; None: of none).
    """

    views: Floats
    followers: Floats
    verticals: Texts
    platforms: Texts
    lengths: Texts
    rights: Bools
    exclusivity_days: Floats
    suggested_cpm: Floats
    views_doubt: Floats | None = None

    def __len__(self) -> int:
        return len(self.views)

    def some(self, members: npt.NDArray[np.generic]) -> "PricedDeliverables":
        columns: dict[str, Any] = {
            name: None if values is None else values[members] for name, values in vars(self).items()
        }
        return PricedDeliverables(**columns)


@dataclass(frozen=True)
class SuggestedPrices:
    """Suggested prices per 1,000 views on one platform: median, 10 % and 90 % of ``count`` channels."""

    median: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class PriceTerm:
    """The factor of one term on the price, with its 80 % interval, and the number of settled deals that have the
    term."""

    ratio: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, eq=False)
class PricePoint:
    """The middle of the model: coefficients by name, the weight of settled deals by vertical (creators), and by how
    much log prices of deals exceed the platform's suggestion.

    Variances on the log scale: ``noise`` of one deal about the regression, ``estimate`` of what all verticals have in
    common, and ``suggestion`` of the platform's suggestion about what deals close at. None in a model from before they
    were learnt, in which thirty deals of a vertical outweigh the suggestion.
    """

    coefficients: Mapping[str, float] = field(default_factory=dict)
    settled: Mapping[str, float] = field(default_factory=dict)
    above_suggestion: float = 0.0
    noise: float | None = None
    estimate: float | None = None
    suggestion: float | None = None


@dataclass(frozen=True, eq=False)
class PriceModel:
    """A fitted market in one currency.

    ``ends`` by follower tier and pooled: the 10 % and 90 % quantiles of log errors and the number of settled deals
    behind them (0: too few); ``card_ends``: the same for rate cards against their own line. ``deals`` and ``cards``:
    the numbers used; ``spread``: the SD of log errors. ``per_thousand`` by vertical ("*" for all): what nine in ten
    settled deals cost more than per 1,000 expected views, and the number of these deals."""

    point: PricePoint = PricePoint()
    suggested: Mapping[str, SuggestedPrices] = field(default_factory=dict)
    terms: Mapping[str, PriceTerm] = field(default_factory=dict)
    ends: Sequence[tuple[float, float, int]] = ((np.nan, np.nan, 0),) * (TIERS + 1)
    card_ends: tuple[float, float, int] = (np.nan, np.nan, 0)
    spread: float = np.nan
    deals: int = 0
    cards: int = 0
    per_thousand: Mapping[str, tuple[float, int]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class PricePrediction:
    """Fair prices of n deliverables in minor units: the middle and the 80 % interval [n].

    ``count`` [n] is the number of records behind the interval and ``basis`` [n] their kind (an index of BASES). Where
    the interval is not known, the middle is NaN too. ``share`` [n] is the part of the middle that comes from settled
    deals; the rest comes from the platform's suggestion.
    """

    point: Floats
    low: Floats
    high: Floats
    count: Floats
    basis: Floats
    share: Floats


def table(deliverables: PricedDeliverables, rate_card: Bools) -> Floats:
    """Return the columns of FIXED for n deliverables [n, 12]."""
    views, followers = _scaled(deliverables.views, VIEWS_UNIT), _scaled(deliverables.followers, FOLLOWERS_UNIT)
    months = np.clip(np.nan_to_num(deliverables.exclusivity_days), 0.0, DAYS_MAX) / DAYS_UNIT
    columns = [
        np.ones(len(deliverables)),
        np.nan_to_num(views),
        np.isnan(views),
        np.nan_to_num(followers),
        np.isnan(followers),
        *(deliverables.lengths == name for name in LENGTHS),
        *deliverables.rights.T,
        months,
        rate_card,
    ]
    return np.stack([as_floats(column) for column in columns], axis=1)


def _scaled(values: Floats, unit: float) -> Floats:
    known = np.isfinite(values) & (values > 0)
    return np.where(known, log(np.where(known, values, unit) / unit), np.nan)


def groups(deliverables: PricedDeliverables) -> tuple[Texts, Texts]:
    """Return the names of the vertical's and the platform's coefficients of each deliverable [n]."""
    return np.char.add("vertical:", deliverables.verticals), np.char.add("platform:", deliverables.platforms)


def from_model(point: PricePoint, deliverables: PricedDeliverables, rate_card: bool = False) -> Floats:
    """Return log prices [n] by the regression alone; an unseen group has a coefficient of zero."""
    fixed = np.array([point.coefficients.get(name, 0.0) for name in FIXED])
    logs = times(table(deliverables, np.full(len(deliverables), rate_card)), fixed)
    for names in groups(deliverables):
        logs = logs + _looked_up(point.coefficients, names)
    return logs


def _looked_up(values: Mapping[str, float], names: Texts) -> Floats:
    distinct, index = np.unique(names, return_inverse=True)
    return as_floats([values.get(str(name), 0.0) for name in distinct])[index]


def from_suggestion(suggested: Mapping[str, SuggestedPrices], deliverables: PricedDeliverables) -> Floats:
    """Return log prices [n] by the platform: its suggestion per 1,000 views for the channel, or else its median over
    channels, times expected views. NaN where either is not known."""
    distinct, index = np.unique(deliverables.platforms, return_inverse=True)
    usual = as_floats([suggested[name].median if name in suggested else np.nan for name in distinct.tolist()])[index]
    own = np.isfinite(deliverables.suggested_cpm) & (deliverables.suggested_cpm > 0)
    price = np.where(own, deliverables.suggested_cpm, usual) * deliverables.views / 1000
    known = np.isfinite(price) & (price > 0)
    return np.where(known, log(np.where(known, price, 1.0)), np.nan)


def blended(
    point: PricePoint, suggested: Mapping[str, SuggestedPrices], deliverables: PricedDeliverables
) -> tuple[Floats, Floats]:
    """Return log prices of settled deals [n] and the regression's share in them [n], by the precision of both."""
    regressed, suggestion = from_model(point, deliverables), from_suggestion(suggested, deliverables)
    share = np.where(np.isfinite(suggestion), _share(point, _looked_up(point.settled, deliverables.verticals)), 1.0)
    return share * regressed + (1 - share) * np.nan_to_num(suggestion + point.above_suggestion), share


def _share(point: PricePoint, settled: Floats) -> Floats:
    """Return the regression's share [n] by the weight of settled deals of each vertical [n]: the variance of the
    suggestion over that of both. That of the regression is its common part's and that of the vertical's level."""
    if point.noise is None or point.estimate is None or point.suggestion is None:
        return np.minimum(settled / DEALS_ENOUGH, 1.0)
    level = GROUP_SD**2 * point.noise / (settled * GROUP_SD**2 + point.noise)
    share: Floats = point.suggestion / (point.suggestion + point.estimate + level)
    return share


def predict(
    model: PriceModel,
    views: Floats,
    followers: Floats,
    verticals: Sequence[str] | Texts,
    platforms: Sequence[str] | Texts,
    length: Sequence[str] | Texts,
    rights: Bools,
    exclusivity_days: Floats,
    suggested_cpm: Floats | None = None,
    views_doubt: Floats | None = None,
) -> PricePrediction:
    """Return the fair prices of n deliverables; see PricedDeliverables for the arrays.

    They rest on settled deals if the market has those of at least nine creators; else on what the platform suggests,
    with the spread of its suggestions and the doubt of the views; else on rate cards, which are lists and not deals;
    else they are NaN. The misses of deals and of rate cards hold the doubt of the views that were expected.
    """
    none = np.full(len(views), np.nan)
    deliverables = PricedDeliverables(
        as_floats(views),
        as_floats(followers),
        np.asarray(verticals, dtype=np.str_),
        np.asarray(platforms, dtype=np.str_),
        np.asarray(length, dtype=np.str_),
        rights,
        as_floats(exclusivity_days),
        none if suggested_cpm is None else as_floats(suggested_cpm),
        None if views_doubt is None else as_floats(views_doubt),
    )
    if not len(deliverables):
        return PricePrediction(*(none,) * len(PricePrediction.__dataclass_fields__))
    prediction = PricePrediction(
        none, none, none, np.full(len(deliverables), float(model.deals)), np.zeros(len(deliverables)), none
    )
    for answer in (_cards(model, deliverables), _suggestions(model, deliverables), _settled(model, deliverables)):
        known = np.isfinite(answer.low) & np.isfinite(answer.high) & np.isfinite(answer.point)
        prediction = PricePrediction(
            *(np.where(known, *pair) for pair in zip(vars(answer).values(), vars(prediction).values(), strict=True))
        )
    return prediction


def _settled(model: PriceModel, deliverables: PricedDeliverables) -> PricePrediction:
    middle, share = blended(model.point, model.suggested, deliverables)
    ends = as_floats(model.ends)
    tier = tier_of(deliverables.followers)
    # Without followers the tier is not known, so the pooled errors of all tiers count.
    row = np.where(np.isfinite(deliverables.followers) & (ends[tier, 2] > 0), tier, POOLED)
    low, high, count = ends[row].T
    return _of(middle, low, high, count, "settled", share)


def _suggestions(model: PriceModel, deliverables: PricedDeliverables) -> PricePrediction:
    middle = from_suggestion(model.suggested, deliverables)
    distinct, index = np.unique(deliverables.platforms, return_inverse=True)
    rows = [model.suggested.get(name) for name in distinct.tolist()]
    usual = as_floats(
        [[prices.median, prices.low, prices.high, prices.count] if prices else [np.nan] * 4 for prices in rows]
    )[index]
    with np.errstate(invalid="ignore"):
        own = np.where(np.isfinite(deliverables.suggested_cpm), deliverables.suggested_cpm, usual[:, 0])
        low, high = log(np.minimum(usual[:, 1] / own, 1.0)), log(np.maximum(usual[:, 2] / own, 1.0))
    doubt = np.full(len(low), np.nan) if deliverables.views_doubt is None else deliverables.views_doubt
    doubt = np.where(np.isnan(doubt), VIEWS_DOUBT, doubt)
    # Both are off by themselves, so their ends combine as SDs do.
    low, high = -np.sqrt(low**2 + doubt**2), np.sqrt(high**2 + doubt**2)
    return _of(middle, low, high, usual[:, 3], "platform_cpm", np.zeros(len(deliverables)))


def _cards(model: PriceModel, deliverables: PricedDeliverables) -> PricePrediction:
    low, high, count = (np.full(len(deliverables), float(end)) for end in model.card_ends)
    return _of(
        from_model(model.point, deliverables, rate_card=True),
        low,
        high,
        count,
        "rate_cards",
        np.zeros(len(deliverables)),
    )


def _of(middle: Floats, low: Floats, high: Floats, count: Floats, basis: str, share: Floats) -> PricePrediction:
    known = np.isfinite(middle) & (count >= COMPARABLES_MIN)
    point, lowest, highest = (
        np.where(known, exp(np.where(known, logs, 0.0)), np.nan) for logs in (middle, middle + low, middle + high)
    )
    # The suggestion may pull the middle beyond all errors: the interval then ends at the middle.
    ends = np.minimum(lowest, point), np.maximum(highest, point)
    return PricePrediction(point, *ends, count, np.full(len(middle), float(BASES.index(basis))), share)
