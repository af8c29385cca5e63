"""Scores all bids of one brief as one array operation. A bid's numbers have the same bits alone and in a batch."""

from dataclasses import dataclass

import numpy as np

from marketplace.bids.pricing_models import PriceTerms
from marketplace.briefs.brief_document import FIT_WEIGHT
from marketplace.matching.audience.arrays import Bools, Floats, Ints
from marketplace.matching.audience.targets import TargetShares, TargetWeights, on_target
from marketplace.matching.audience.told_lists import AudienceLists
from marketplace.matching.forecast import view_forecast
from marketplace.matching.forecast.counted_forecasts import counted_of
from marketplace.matching.forecast.view_forecast import ForecastCalibration, OnTargetPeople, ViewForecasts
from marketplace.matching.pricing import cost as price
from marketplace.matching.pricing import market_floor
from marketplace.matching.pricing.cost import ExpectedCost
from marketplace.matching.pricing.market_floor import MarketFloor
from marketplace.matching.scoring.brand_fit import BrandFit
from marketplace.matching.scoring.rank import BidRanks, rank, suitability
from marketplace.matching.scoring.worth import bid_worth, noticing
from marketplace.matching.scoring.worth.bid_worth import AudienceColumns

_ENDS = (view_forecast.LOW, view_forecast.CAREFUL, view_forecast.MIDDLE, view_forecast.HIGH)
NOBODY = 0.5  # people, which are shown as 0
_TAUS = np.concatenate([view_forecast.GRID_TAUS, _ENDS])


@dataclass(frozen=True, eq=False)
class BidInputs:
    """The inputs of n bids: forecasts, audiences (joint [n, A * G], regions [n, R]), terms in the brief's currency,
    fit, intrusiveness [n] 0..100 (NaN: not scored), and what the audiences' lists leave open (None: nothing).

    ``noticed`` [n, 3]: the share of viewers who notice each plan, middle, low and high (None: no bid has a plan).
    ``source_weight`` [n]: the share of the careful forecast that counts (None: all of it). ``floor``: what such videos
    cost at the least (None: no floor). ``cleared`` [n]: bids that a person has looked at and approved (None: none).
    ``cheapest`` [n]: the most that the cheapest option costs (None: there is one price).
    """

    forecasts: ViewForecasts
    joint: Floats
    regions: Floats
    terms: PriceTerms[Floats]
    fit: BrandFit
    intrusiveness: Floats
    tiers: Ints | None = None
    noticed: Floats | None = None
    source_weight: Floats | None = None
    floor: MarketFloor | None = None
    cleared: Bools | None = None
    cheapest: Floats | None = None
    lists: AudienceLists | None = None


@dataclass(frozen=True, eq=False)
class BidScores:
    """The scores of n bids: views of one video at tau .1 / .5 / .9 [n, 3], expected views [n], on-target shares,
    on-target people of all videos (see bid_worth), the brand's expected cost for all videos and its largest [n], the
    largest in minor units per 1,000 of these people (at the middle and the ends of the 80 % interval), its percentile
    among the brief's bids with the number compared, the share of viewers who notice [n, 3] (middle, low, high), the
    price below which nothing more is earned [n], what counts for the score: careful on-target people, cost, and what
    the fit of the content makes of people [n], whether too little is known of the views [n], and the ranking.
    """

    views: Floats
    expected_views: Floats
    shares: TargetShares
    people: OnTargetPeople
    cost: ExpectedCost
    largest_cost: Floats
    per_thousand: Floats
    per_thousand_low: Floats
    per_thousand_high: Floats
    percentile: Floats
    comparables: Floats
    noticing: Floats
    least_price: Floats
    counted_people: Floats
    counted_cost: Floats
    suitability: Floats
    little_known: Bools
    ranking: BidRanks


def score(
    bids: BidInputs,
    target: TargetWeights,
    ceiling: float,
    tolerance: float,
    calibration: ForecastCalibration | None = None,
    fit_weight: float = FIT_WEIGHT,
) -> BidScores:
    """Return the scores of n bids on one brief: ``ceiling`` in minor units per 1,000 on-target people, ``tolerance``
    0..100, ``fit_weight`` the share of the value that follows the content's fit.

    A bid counts with the largest cost of its price, and no less than such videos settle at; its people by how many
    notice and by how well the content suits. The ends of the cost per thousand are at tau .9 with the high shares and
    at tau .1 with the low ones: cost per person never rises with views.
    """
    grid, low, careful, middle, high = _views(bids, calibration)
    audience = AudienceColumns(
        bids.joint, bids.regions, bids.lists, on_target(bids.joint, bids.regions, target, bids.lists)
    )
    shown = bid_worth.figures(bids.terms, middle, audience, target)
    people = _with_ends(shown.people, (low, high), bids.terms.videos, audience.shares, target)
    careful_people = bid_worth.people_reached(careful, bids.terms.videos, audience, target)
    percentile, comparables = price.percentiles(shown.per_thousand)
    noticed = np.full((len(low), 3), np.nan) if bids.noticed is None else bids.noticed
    suits = suitability(bids.fit.category, fit_weight)
    worth_low, worth, worth_high = (suits * share for share in noticing.worth_of(noticed))
    cost_low, cost, cost_high = (_counted_cost(bids, shown.price, views) for views in (low, careful, high))
    floor = np.full(len(low), np.nan) if bids.floor is None else bids.floor.least(careful, bids.terms.videos)
    ranking = rank(
        ceiling,
        price.per_thousand(cost, careful_people * worth),
        price.per_thousand(cost_high, people.high * worth_high),
        price.per_thousand(cost_low, people.low * worth_low),
        bids.fit.rest,
        bids.intrusiveness,
        tolerance,
        cost_known=np.isfinite(shown.price),
        reaches=~(careful_people * noticing.worth(noticed[:, 0]) <= 0),
        far_below=_far_below(bids, shown.price, floor),
    )
    return BidScores(
        views=np.stack([low, middle, high], axis=1),
        expected_views=view_forecast.expected_views(bids.forecasts),
        shares=audience.shares,
        people=people,
        cost=price.expected_cost(bids.terms, grid, low, high),
        largest_cost=shown.price,
        per_thousand=shown.per_thousand,
        per_thousand_low=price.per_thousand(shown.price, people.high),
        per_thousand_high=price.per_thousand(shown.price, people.low),
        percentile=percentile,
        comparables=comparables,
        noticing=noticed,
        least_price=floor,
        counted_people=careful_people,
        counted_cost=cost,
        suitability=suits,
        little_known=(view_forecast.unknown_way(low, high) > 0) | begins_at_nobody(people.point, people.low),
        ranking=ranking,
    )


def begins_at_nobody(point: Floats, low: Floats) -> Bools:
    """Return whose interval of on-target people begins at nobody although somebody is expected [n]."""
    with np.errstate(invalid="ignore"):
        found: Bools = (point >= 1) & (low < NOBODY)
    return found


def counted_views(bids: BidInputs, calibration: ForecastCalibration | None) -> Floats:
    """Return the views of one video that count where bids are compared [n]: the careful ones, less what their source
    takes off."""
    careful = view_forecast.careful_views(bids.forecasts, calibration, bids.tiers)
    return counted_of(careful, bids.source_weight)


def worth_of(bids: BidInputs, fit_weight: float) -> tuple[Floats, Floats, float]:
    """Return what people count by where bids are compared: the share who notice [n] (NaN: not known), what the fit of
    the content makes of them [n], and the most that any content could."""
    unknown = np.full(len(bids.fit.category), np.nan)
    noticed = unknown if bids.noticed is None else noticing.careful(bids.noticed)
    return noticed, suitability(bids.fit.category, fit_weight), float(suitability(np.ones(1), fit_weight)[0])


def _views(bids: BidInputs, calibration: ForecastCalibration | None) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return views of one video at GRID_TAUS [n, 32], and at tau .1, as they are counted, at .5 and at .9 [n]."""
    all_views = view_forecast.quantiles(bids.forecasts, _TAUS, calibration, bids.tiers)
    grid, ends = all_views[:, : len(view_forecast.GRID_TAUS)], all_views[:, len(view_forecast.GRID_TAUS) :]
    low, usual, middle, high = (ends[:, column] for column in range(len(_ENDS)))
    careful = view_forecast.careful_of(low, usual, high)
    return grid, low, counted_of(careful, bids.source_weight), middle, high


def _with_ends(
    middle: Floats, ends: tuple[Floats, Floats], videos: Floats, shares: TargetShares, target: TargetWeights
) -> OnTargetPeople:
    """Return the people ``middle`` [n] with those at the low and high views and shares; no end lies beyond it."""
    least, greatest = (
        bid_worth.people_within(views, videos, share, target)
        for views, share in zip(ends, (shares.low, shares.high), strict=True)
    )
    return OnTargetPeople(middle, np.minimum(least, middle), np.maximum(greatest, middle))


def _far_below(bids: BidInputs, most: Floats, floor: Floats) -> Bools:
    """Return whose price, or that of the cheapest option, is too low to be true and that no person has approved [n]."""
    far: Bools = market_floor.far_below(most if bids.cheapest is None else np.fmin(most, bids.cheapest), floor)
    return far if bids.cleared is None else far & ~bids.cleared


def _counted_cost(bids: BidInputs, most: Floats, views: Floats) -> Floats:
    """Return the cost that counts [n]: the largest, and no less than such videos settle at (NaN: the cost is not
    known)."""
    if bids.floor is None:
        return most
    counted: Floats = np.maximum(most, np.nan_to_num(bids.floor.least(views, bids.terms.videos)))
    return counted
