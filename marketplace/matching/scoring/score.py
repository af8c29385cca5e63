"""Scores all bids of one brief as one array operation. A bid's numbers have the same bits alone and in a batch."""

from dataclasses import dataclass

import numpy as np

from marketplace.bids.pricing_models import PriceTerms
from marketplace.matching.audience.arrays import Bools, Floats, Ints
from marketplace.matching.audience.targets import TargetShares, TargetWeights, on_target
from marketplace.matching.audience.told_lists import AudienceLists
from marketplace.matching.forecast import view_forecast
from marketplace.matching.forecast.view_forecast import ForecastCalibration, OnTargetPeople, ViewForecasts
from marketplace.matching.overlap.units import of_several_videos
from marketplace.matching.pricing import cost as price
from marketplace.matching.pricing import market_floor
from marketplace.matching.pricing.cost import ExpectedCost
from marketplace.matching.pricing.market_floor import MarketFloor
from marketplace.matching.scoring import noticing
from marketplace.matching.scoring.brand_fit import BrandFit
from marketplace.matching.scoring.rank import BidRanks, rank

_ENDS = (view_forecast.LOW, view_forecast.CAREFUL, view_forecast.MIDDLE, view_forecast.HIGH)
_TAUS = np.concatenate([view_forecast.GRID_TAUS, _ENDS])


@dataclass(frozen=True, eq=False)
class BidInputs:
    """The inputs of n bids: forecasts, audiences (joint [n, A * G], regions [n, R]), terms in the brief's currency,
    fit, intrusiveness [n] 0..100 (NaN: not scored), and what the audiences' lists leave open (None: nothing).

    ``prominence`` [n, 2]: the ends of each plan's prominence (None: no bid has a plan). ``source_weight`` [n]: the
    share of the careful forecast that counts (None: all of it). ``floor``: what such videos cost at the least (None: no
    floor). ``cleared`` [n]: bids that a person has looked at and approved (None: none). ``cheapest`` [n]: the
    most that the cheapest option costs (None: there is one price).
    """

    forecasts: ViewForecasts
    joint: Floats
    regions: Floats
    terms: PriceTerms[Floats]
    fit: BrandFit
    intrusiveness: Floats
    tiers: Ints | None = None
    prominence: Floats | None = None
    source_weight: Floats | None = None
    floor: MarketFloor | None = None
    cleared: Bools | None = None
    cheapest: Floats | None = None
    lists: AudienceLists | None = None


@dataclass(frozen=True, eq=False)
class BidScores:
    """The scores of n bids: views of one video at tau .1 / .5 / .9 [n, 3], expected views [n], on-target shares,
    on-target people of all videos, the brand's expected cost for all videos and its largest [n], that in minor units
    per 1,000 on-target people (median and the ends of the 80 % interval), its percentile among the brief's bids with
    the number compared, the share of viewers who notice [n, 3] (middle, low, high), the price below which nothing more
    is earned [n], and the ranking.

    A person who sees two videos of a bid counts once, as in a selection (units.of_several_videos).
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
    ranking: BidRanks


def score(
    bids: BidInputs,
    target: TargetWeights,
    ceiling: float,
    tolerance: float,
    calibration: ForecastCalibration | None = None,
) -> BidScores:
    """Return the scores of n bids on one brief: ``ceiling`` in minor units per 1,000 on-target people, ``tolerance``
    0..100.

    A bid counts with the largest cost that its price allows, and with no less than such videos settle at. Its people
    count by how many of them notice. The ends of the 80 % interval of the cost per thousand are at tau .9 with the high
    share and at tau .1 with the low one: cost per person never rises with views.
    """
    all_views = view_forecast.quantiles(bids.forecasts, _TAUS, calibration, bids.tiers)
    grid, ends = all_views[:, : len(view_forecast.GRID_TAUS)], all_views[:, len(view_forecast.GRID_TAUS) :]
    low, careful, middle, high = (ends[:, column] for column in range(len(_ENDS)))
    if bids.source_weight is not None:
        careful = careful * bids.source_weight
    shares = on_target(bids.joint, bids.regions, target, bids.lists)
    times = of_several_videos(bids.terms.videos)
    people = view_forecast.people(low * times, middle * times, high * times, shares)
    careful_people = view_forecast.on_target_people(careful * times, shares.point)
    most = price.largest_cost(bids.terms)
    typical = price.per_thousand(most, people.point)
    percentile, comparables = price.percentiles(typical)
    noticed = _noticed(bids)
    worth = noticing.worth(noticed)
    counted = [_counted_cost(bids, most, views) for views in (low, careful, high)]
    cost = price.expected_cost(bids.terms, grid, low, high)
    least = np.full(len(most), np.nan) if bids.floor is None else bids.floor.least(careful, bids.terms.videos)
    far_below = market_floor.far_below(most if bids.cheapest is None else np.fmin(most, bids.cheapest), least)
    ranking = rank(
        ceiling,
        price.per_thousand(counted[1], careful_people * worth[:, 0]),
        price.per_thousand(counted[2], people.high * worth[:, 2]),
        price.per_thousand(counted[0], people.low * worth[:, 1]),
        bids.fit.value,
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
        least_price=least,
        ranking=ranking,
    )


def _noticed(bids: BidInputs) -> Floats:
    """Return the share of viewers who notice each bid's plan [n, 3]: at the middle of its prominence, low and high."""
    if bids.prominence is None:
        return np.full((len(bids.fit.value), 3), np.nan)
    low, high = bids.prominence.T
    return np.stack([noticing.noticed(prominence) for prominence in ((low + high) / 2, low, high)], axis=1)


def _counted_cost(bids: BidInputs, most: Floats, views: Floats) -> Floats:
    """Return the cost that counts [n]: the largest, and no less than such videos settle at (NaN: the cost is not
    known)."""
    if bids.floor is None:
        return most
    counted: Floats = np.maximum(most, np.nan_to_num(bids.floor.least(views, bids.terms.videos)))
    return counted
