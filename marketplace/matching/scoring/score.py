"""Scores all bids of one brief as one array operation. A bid's numbers have the same bits alone and in a batch."""

from dataclasses import dataclass

import numpy as np

from marketplace.bids.pricing_models import PriceTerms
from marketplace.matching.audience.arrays import Floats, Ints
from marketplace.matching.audience.targets import TargetShares, TargetWeights, on_target
from marketplace.matching.audience.told_lists import AudienceLists
from marketplace.matching.forecast import view_forecast
from marketplace.matching.forecast.view_forecast import ForecastCalibration, OnTargetPeople, ViewForecasts
from marketplace.matching.pricing import cost as price
from marketplace.matching.pricing.cost import ExpectedCost
from marketplace.matching.scoring.brand_fit import BrandFit
from marketplace.matching.scoring.rank import BidRanks, rank

_ENDS = (view_forecast.LOW, view_forecast.CAREFUL, view_forecast.MIDDLE, view_forecast.HIGH)
_TAUS = np.concatenate([view_forecast.GRID_TAUS, _ENDS])


@dataclass(frozen=True, eq=False)
class BidInputs:
    """The inputs of n bids: forecasts, audiences (joint [n, A * G], regions [n, R]), terms in the brief's currency,
    fit, intrusiveness [n] 0..100 (NaN: not scored), and what the audiences' lists leave open (None: nothing)."""

    forecasts: ViewForecasts
    joint: Floats
    regions: Floats
    terms: PriceTerms[Floats]
    fit: BrandFit
    intrusiveness: Floats
    tiers: Ints | None = None
    lists: AudienceLists | None = None


@dataclass(frozen=True, eq=False)
class BidScores:
    """The scores of n bids: views of one video at tau .1 / .5 / .9 [n, 3], expected views [n], on-target shares,
    on-target people of one video, the brand's cost for all videos, minor units per 1,000 on-target people (median and
    the ends of the 80 % interval), its percentile among the brief's bids with the number compared, and the ranking.

    The cost per thousand counts people video by video: a person who sees two episodes of a bid counts twice.
    """

    views: Floats
    expected_views: Floats
    shares: TargetShares
    people: OnTargetPeople
    cost: ExpectedCost
    per_thousand: Floats
    per_thousand_low: Floats
    per_thousand_high: Floats
    percentile: Floats
    comparables: Floats
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

    Cost and people both rise with views, and the cost per person never rises with views in any pricing model. So the
    ends of the 80 % interval of the cost per thousand are at tau .9 with the high share and at tau .1 with the low one.
    """
    all_views = view_forecast.quantiles(bids.forecasts, _TAUS, calibration, bids.tiers)
    grid, ends = all_views[:, : len(view_forecast.GRID_TAUS)], all_views[:, len(view_forecast.GRID_TAUS) :]
    low, careful, middle, high = (ends[:, column] for column in range(len(_ENDS)))
    shares = on_target(bids.joint, bids.regions, target, bids.lists)
    people = view_forecast.people(low, middle, high, shares)
    cost = price.expected_cost(bids.terms, grid, low, high)
    cost_at_ends = price.cost_at(bids.terms, ends)
    careful_people = view_forecast.on_target_people(careful, shares.point)
    videos = bids.terms.videos
    dearest = price.per_thousand(cost_at_ends[:, 0], people.low * videos)
    careful_price = price.per_thousand(cost_at_ends[:, 1], careful_people * videos)
    typical = price.per_thousand(cost_at_ends[:, 2], people.point * videos)
    cheapest = price.per_thousand(cost_at_ends[:, 3], people.high * videos)
    percentile, comparables = price.percentiles(typical)
    ranking = rank(
        ceiling,
        careful_price,
        cheapest,
        dearest,
        bids.fit.value,
        bids.intrusiveness,
        tolerance,
        cost.known,
    )
    return BidScores(
        views=np.stack([low, middle, high], axis=1),
        expected_views=view_forecast.expected_views(bids.forecasts),
        shares=shares,
        people=people,
        cost=cost,
        per_thousand=typical,
        per_thousand_low=cheapest,
        per_thousand_high=dearest,
        percentile=percentile,
        comparables=comparables,
        ranking=ranking,
    )
