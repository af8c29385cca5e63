"""What one deliverable of a channel is fairly priced at, with an interval, how many deals stand behind it, and which.

log price = a + u_vertical + u_platform + b1 log views + b2 log followers + length + rights + exclusivity, and for rate
cards, which are another source than settled deals, an offset. The u are drawn to zero and the others to weak priors: a
ridge in closed form (a mixed model with known variances: Robinson, Statistical Science 6, 1991). Until thirty settled
deals stand in a vertical, what the platform itself suggests (price per thousand views times expected views) holds the
rest of the weight. Every term but the price is a ratio: prices in another unit give predictions in that unit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from marketplace.bids.pricing_models import RIGHTS
from marketplace.channels.anomalies import FOLLOWER_TIERS
from marketplace.matching.audience.arrays import Bools, Floats, as_floats
from marketplace.matching.audience.portable_math import exp, log
from marketplace.matching.audience.regression import times
from marketplace.matching.forecast.forecast import HIGH, LOW, tier_of
from marketplace.matching.pricing.cost import COMPARABLES_MIN

MODEL_VERSION = "price-model/1"
DEALS_ENOUGH = 30.0
TIER_DEALS_MIN = 50
TIERS = len(FOLLOWER_TIERS) + 1
POOLED = TIERS
VIEWS_UNIT, FOLLOWERS_UNIT, DAYS_UNIT, DAYS_MAX = 10_000.0, 100_000.0, 30.0, 365.0
TAUS = (LOW, HIGH)
LENGTHS = ("1-20", "60+")
BOUGHT = tuple(right for right in RIGHTS if right != "exclusivity")
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
# The terms that are told as ratios of their own.
TERMS = ("1-20", "60+", *BOUGHT, "exclusivity_month")

Texts = npt.NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class PricedDeliverables:
    """n deliverables (one video each): expected views and followers [n] (NaN: not known), the main vertical and the
    platform as texts [n] ("" for none), the length tier [n] ("" not known), rights bought [n, 3] in the order of
    BOUGHT, days of exclusivity [n], and the platform's own suggested price per 1,000 views [n] (NaN: none)."""

    views: Floats
    followers: Floats
    verticals: Texts
    platforms: Texts
    lengths: Texts
    rights: Bools
    exclusivity_days: Floats
    suggested_cpm: Floats

    def __len__(self) -> int:
        return len(self.views)

    def some(self, members: npt.NDArray[np.generic]) -> "PricedDeliverables":
        return PricedDeliverables(**{name: values[members] for name, values in vars(self).items()})


@dataclass(frozen=True)
class SuggestedPrices:
    """Suggested prices per 1,000 views on one platform: median, 10 % and 90 % of ``count`` channels."""

    median: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class PriceTerm:
    """What one thing multiplies the price by, with its 80 % interval, and in how many settled deals it was bought."""

    ratio: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, eq=False)
class PricePoint:
    """The middle of the model: coefficients by name, creators' weight of settled deals by vertical, and how far log
    deals lie from the platform's suggestion."""

    coefficients: Mapping[str, float] = field(default_factory=dict)
    settled: Mapping[str, float] = field(default_factory=dict)
    above_suggestion: float = 0.0


@dataclass(frozen=True, eq=False)
class PriceModel:
    """A fitted market in one currency.

    ``ends`` by follower tier and pooled: the 10 % and 90 % of log misses, and the number of settled deals behind them
    (0: too few to tell); ``card_ends`` the same of rate cards against their own line. ``deals`` and ``cards``: how many
    were used; ``spread``: the SD of log misses. ``per_thousand`` by vertical, and "*" for all: what nine in ten settled
    deals cost more than for 1,000 expected views, and how many they are."""

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
    """Fair prices of n deliverables in minor units: the middle and the 80 % interval [n], how many records the interval
    was learnt from [n], and of which kind [n] (places in BASES). Where the interval is not known the middle is NaN too.
    ``share``: the part of the middle that comes from settled deals, the rest from the platform's suggestion."""

    point: Floats
    low: Floats
    high: Floats
    count: Floats
    basis: Floats
    share: Floats


def table(what: PricedDeliverables, rate_card: Bools) -> Floats:
    """Return the columns of FIXED for n deliverables [n, 12]."""
    views, followers = _scaled(what.views, VIEWS_UNIT), _scaled(what.followers, FOLLOWERS_UNIT)
    months = np.clip(np.nan_to_num(what.exclusivity_days), 0.0, DAYS_MAX) / DAYS_UNIT
    columns = [
        np.ones(len(what)),
        np.nan_to_num(views),
        np.isnan(views),
        np.nan_to_num(followers),
        np.isnan(followers),
        *(what.lengths == name for name in LENGTHS),
        *what.rights.T,
        months,
        rate_card,
    ]
    return np.stack([as_floats(column) for column in columns], axis=1)


def _scaled(values: Floats, unit: float) -> Floats:
    known = np.isfinite(values) & (values > 0)
    return np.where(known, log(np.where(known, values, unit) / unit), np.nan)


def groups(what: PricedDeliverables) -> tuple[Texts, Texts]:
    """Return each deliverable's groups [n] as coefficients name them."""
    return np.char.add("vertical:", what.verticals), np.char.add("platform:", what.platforms)


def from_model(point: PricePoint, what: PricedDeliverables, rate_card: bool = False) -> Floats:
    """Return log prices [n] by the regression alone; a group that was never seen counts for nothing."""
    fixed = np.array([point.coefficients.get(name, 0.0) for name in FIXED])
    found = times(table(what, np.full(len(what), rate_card)), fixed)
    for names in groups(what):
        found = found + _looked_up(point.coefficients, names)
    return found


def _looked_up(values: Mapping[str, float], names: Texts) -> Floats:
    distinct, place = np.unique(names, return_inverse=True)
    return as_floats([values.get(str(name), 0.0) for name in distinct])[place]


def from_suggestion(suggested: Mapping[str, SuggestedPrices], what: PricedDeliverables) -> Floats:
    """Return log prices [n] by the platform: the channel's own suggestion per 1,000 views, else the platform's median,
    times expected views. NaN where either is not known."""
    distinct, place = np.unique(what.platforms, return_inverse=True)
    usual = as_floats([suggested[name].median if name in suggested else np.nan for name in distinct.tolist()])[place]
    own = np.isfinite(what.suggested_cpm) & (what.suggested_cpm > 0)
    price = np.where(own, what.suggested_cpm, usual) * what.views / 1000
    known = np.isfinite(price) & (price > 0)
    return np.where(known, log(np.where(known, price, 1.0)), np.nan)


def blended(
    point: PricePoint, suggested: Mapping[str, SuggestedPrices], what: PricedDeliverables
) -> tuple[Floats, Floats]:
    """Return log prices of settled deals [n], and the regression's share in them: n / 30 with n in the vertical."""
    regressed, told = from_model(point, what), from_suggestion(suggested, what)
    share = np.minimum(_looked_up(point.settled, what.verticals) / DEALS_ENOUGH, 1.0)
    share = np.where(np.isfinite(told), share, 1.0)
    return share * regressed + (1 - share) * np.nan_to_num(told + point.above_suggestion), share


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
) -> PricePrediction:
    """Return the fair prices of n deliverables; see Deliverables for the arrays.

    Settled deals answer where at least nine creators' stand in the market; else what the platform suggests, with the
    spread of its suggestions; else rate cards, which are lists and no deals; else nothing.
    """
    none = np.full(len(views), np.nan)
    what = PricedDeliverables(
        as_floats(views),
        as_floats(followers),
        np.asarray(verticals, dtype=np.str_),
        np.asarray(platforms, dtype=np.str_),
        np.asarray(length, dtype=np.str_),
        rights,
        as_floats(exclusivity_days),
        none if suggested_cpm is None else as_floats(suggested_cpm),
    )
    if not len(what):
        return PricePrediction(*(none,) * len(PricePrediction.__dataclass_fields__))
    found = PricePrediction(none, none, none, np.full(len(what), float(model.deals)), np.zeros(len(what)), none)
    for answer in (_cards(model, what), _suggestions(model, what), _settled(model, what)):
        told = np.isfinite(answer.low) & np.isfinite(answer.high) & np.isfinite(answer.point)
        found = PricePrediction(
            *(np.where(told, *pair) for pair in zip(vars(answer).values(), vars(found).values(), strict=True))
        )
    return found


def _settled(model: PriceModel, what: PricedDeliverables) -> PricePrediction:
    middle, share = blended(model.point, model.suggested, what)
    ends = as_floats(model.ends)
    tier = tier_of(what.followers)
    # A tier's own misses say nothing of a channel whose tier is not known.
    row = np.where(np.isfinite(what.followers) & (ends[tier, 2] > 0), tier, POOLED)
    low, high, count = ends[row].T
    return _of(middle, low, high, count, "settled", share)


def _suggestions(model: PriceModel, what: PricedDeliverables) -> PricePrediction:
    middle = from_suggestion(model.suggested, what)
    distinct, place = np.unique(what.platforms, return_inverse=True)
    rows = [model.suggested.get(name) for name in distinct.tolist()]
    usual = as_floats([[one.median, one.low, one.high, one.count] if one else [np.nan] * 4 for one in rows])[place]
    with np.errstate(invalid="ignore"):
        own = np.where(np.isfinite(what.suggested_cpm), what.suggested_cpm, usual[:, 0])
        low, high = log(np.minimum(usual[:, 1] / own, 1.0)), log(np.maximum(usual[:, 2] / own, 1.0))
    return _of(middle, low, high, usual[:, 3], "platform_cpm", np.zeros(len(what)))


def _cards(model: PriceModel, what: PricedDeliverables) -> PricePrediction:
    low, high, count = (np.full(len(what), float(end)) for end in model.card_ends)
    return _of(from_model(model.point, what, rate_card=True), low, high, count, "rate_cards", np.zeros(len(what)))


def _of(middle: Floats, low: Floats, high: Floats, count: Floats, basis: str, share: Floats) -> PricePrediction:
    told = np.isfinite(middle) & (count >= COMPARABLES_MIN)
    point, lowest, highest = (
        np.where(told, exp(np.where(told, logs, 0.0)), np.nan) for logs in (middle, middle + low, middle + high)
    )
    # Misses may all lie on one side of a middle that a suggestion pulls.
    ends = np.minimum(lowest, point), np.maximum(highest, point)
    return PricePrediction(point, *ends, count, np.full(len(middle), float(BASES.index(basis))), share)
