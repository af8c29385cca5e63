"""What a bid brings and costs: its people, its price and what it costs per thousand of them. One law for all readers.

People are on-target people of all videos of a bid at some views of one video. Several videos of a channel reach
videos^0.585 times the people of one (units.of_several_videos), and no more of a cell than live there: a cell is a block
of the target (ages, genders, education, interests) in one region. The price is the most that a bid can cost, and the
cost per thousand is that price over those people. Whoever shows two of the three shows the third by `figures`; which
quantile of views is meant is the caller's to name: the middle where a range is shown, the careful one where bids are
compared.
"""

from dataclasses import dataclass

import numpy as np

from marketplace.bids.pricing_models import PriceTerms
from marketplace.matching.audience.arrays import Floats, sum_columns
from marketplace.matching.audience.grid import GENDERS_N
from marketplace.matching.audience.targets import TargetBox, TargetShares, TargetWeights, of_lists
from marketplace.matching.audience.told_lists import AudienceLists
from marketplace.matching.forecast.view_forecast import UNIQUE_PER_VIEW
from marketplace.matching.overlap import markets
from marketplace.matching.overlap.units import of_several_videos
from marketplace.matching.pricing import cost as price

MODEL_VERSION = "worth/1"


@dataclass(frozen=True, eq=False)
class AudienceColumns:
    """The audiences of n bids: joint [n, A * G], regions [n, R], what their lists leave open (None: nothing), and their
    shares on target."""

    joint: Floats
    regions: Floats
    lists: AudienceLists | None
    shares: TargetShares


@dataclass(frozen=True, eq=False)
class BidFigures:
    """Of n bids: on-target people of all videos, the most that each can cost, and minor units per 1,000 people."""

    people: Floats
    price: Floats
    per_thousand: Floats


def figures(terms: PriceTerms[Floats], views: Floats, audience: AudienceColumns, target: TargetWeights) -> BidFigures:
    """Return people, price and cost per thousand of n bids at the views of one video [n]."""
    people, most = people_reached(views, terms.videos, audience, target), price.largest_cost(terms)
    return BidFigures(people, most, price.per_thousand(most, people))


def people_reached(views: Floats, videos: Floats, audience: AudienceColumns, target: TargetWeights) -> Floats:
    """Return the weighted on-target people [n] of so many videos [n] at the views of one [n]: NaN where not known."""
    everybody = views * of_several_videos(videos) * UNIQUE_PER_VIEW
    return everybody * audience.shares.point - _over(everybody, audience, target)


def people_within(views: Floats, videos: Floats, shares: Floats, target: TargetWeights) -> Floats:
    """Return the people [n] of a share on target [n] that is a bound and not spread over cells: at most all of the
    target."""
    bounded: Floats = np.minimum(
        views * of_several_videos(videos) * UNIQUE_PER_VIEW * shares,
        sum(float(np.sum(people)) * box.most for box, people in _cells(target)),
    )
    return bounded


def _over(everybody: Floats, audience: AudienceColumns, target: TargetWeights) -> Floats:
    """Return by how many people [n] the cells of a target would be exceeded, by the weight of each."""
    over = np.zeros(len(everybody))
    for box, people in _cells(target):
        columns = [age * GENDERS_N + gender for age in box.ages for gender in box.genders]
        in_box = everybody * sum_columns(audience.joint, columns)
        in_box *= of_lists(box, len(everybody), audience.lists)
        # Few bids are that large: the others are under the smallest cell, wherever their people live.
        large = np.flatnonzero(in_box > people.min())
        for place, living in zip(box.regions, people.tolist(), strict=True):
            over[large] += box.weight * np.maximum(in_box[large] * audience.regions[large, place] - living, 0.0)
    return over


def _cells(target: TargetWeights) -> list[tuple[TargetBox, Floats]]:
    """Return each box of a target with the people who watch short videos in each of its regions."""
    return [
        (box, _WATCHING[np.ix_(box.ages, box.genders, box.regions)].sum(axis=(0, 1)) * box.of_everybody)
        for box in target.boxes
    ]


_WATCHING = markets.watching()
