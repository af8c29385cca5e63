"""Scores all bids of one brief as one array operation. A bid's numbers have the same bits alone and in a batch."""

from dataclasses import dataclass

import numpy as np

from marketplace.bids.pricing_models import PriceTerms
from marketplace.briefs.brief_document import FIT_WEIGHT
from marketplace.matching.audience.arrays import Bools, Floats, Ints
from marketplace.matching.audience.targets import TargetShares, TargetWeights, on_target
from marketplace.matching.audience.told_lists import AudienceLists
from marketplace.matching.forecast import view_forecast
from marketplace.matching.forecast.view_forecast import ForecastCalibration, OnTargetPeople, ViewForecasts
from marketplace.matching.pricing import cost as price
from marketplace.matching.pricing import market_floor
from marketplace.matching.pricing.cost import ExpectedCost
from marketplace.matching.pricing.market_floor import MarketFloor
from marketplace.matching.scoring import bid_worth, noticing
from marketplace.matching.scoring.bid_worth import AudienceColumns
from marketplace.matching.scoring.brand_fit import BrandFit
from marketplace.matching.scoring.rank import BidRanks, rank, suitability

_ENDS = (view_forecast.LOW, view_forecast.CAREFUL, view_forecast.MIDDLE, view_forecast.HIGH)
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

    A bid counts with the largest cost that its price allows, and with no less than such videos settle at. Its people
    count by how many of them notice and by how well the content suits. The ends of the 80 % interval of the cost per
    thousand are at tau .9 with the high shares and at tau .1 with the low ones: cost per person never rises with views.
    """
    all_views = view_forecast.quantiles(bids.forecasts, _TAUS, calibration, bids.tiers)
    grid, ends = all_views[:, : len(view_forecast.GRID_TAUS)], all_views[:, len(view_forecast.GRID_TAUS) :]
    low, usual, middle, high = (ends[:, column] for column in range(len(_ENDS)))
    careful = view_forecast.careful_of(low, usual, high)
    if bids.source_weight is not None:
        careful = careful * bids.source_weight
    shares = on_target(bids.joint, bids.regions, target, bids.lists)
    audience = AudienceColumns(bids.joint, bids.regions, bids.lists, shares)
    shown = bid_worth.figures(bids.terms, middle, audience, target)
    least, greatest = (
        bid_worth.people_within(views, bids.terms.videos, share, target)
        for views, share in ((low, shares.low), (high, shares.high))
    )
    people = OnTargetPeople(shown.people, np.minimum(least, shown.people), np.maximum(greatest, shown.people))
    careful_people = bid_worth.people_reached(careful, bids.terms.videos, audience, target)
    most, typical = shown.price, shown.per_thousand
    percentile, comparables = price.percentiles(typical)
    noticed = np.full((len(most), 3), np.nan) if bids.noticed is None else bids.noticed
    suits = suitability(bids.fit.category, fit_weight)
    worth = [suits * noticing.worth(share) for share in (noticing.careful(noticed), *noticed.T[1:])]
    counted = [_counted_cost(bids, most, views) for views in (low, careful, high)]
    cost = price.expected_cost(bids.terms, grid, low, high)
    floor = np.full(len(most), np.nan) if bids.floor is None else bids.floor.least(careful, bids.terms.videos)
    far_below = market_floor.far_below(most if bids.cheapest is None else np.fmin(most, bids.cheapest), floor)
    ranking = rank(
        ceiling,
        price.per_thousand(counted[1], careful_people * worth[0]),
        price.per_thousand(counted[2], people.high * worth[2]),
        price.per_thousand(counted[0], people.low * worth[1]),
        bids.fit.rest,
        bids.intrusiveness,
        tolerance,
        cost_known=np.isfinite(most),
        reaches=~(careful_people <= 0),
        far_below=far_below if bids.cleared is None else far_below & ~bids.cleared,
    )
    return BidScores(
        views=np.stack([low, middle, high], axis=1),
        expected_views=view_forecast.expected_views(bids.forecasts),
        shares=shares,
        people=people,
        cost=cost,
        largest_cost=most,
        per_thousand=typical,
        per_thousand_low=price.per_thousand(most, people.high),
        per_thousand_high=price.per_thousand(most, people.low),
        percentile=percentile,
        comparables=comparables,
        noticing=noticed,
        least_price=floor,
        counted_people=careful_people,
        counted_cost=counted[1],
        suitability=suits,
        little_known=view_forecast.unknown_way(low, high) > 0,
        ranking=ranking,
    )


def _counted_cost(bids: BidInputs, most: Floats, views: Floats) -> Floats:
    """Return the cost that counts [n]: the largest, and no less than such videos settle at (NaN: the cost is not
    known)."""
    if bids.floor is None:
        return most
    counted: Floats = np.maximum(most, np.nan_to_num(bids.floor.least(views, bids.terms.videos)))
    return counted
