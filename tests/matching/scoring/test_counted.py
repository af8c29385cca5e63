"""What counts of a bid's words: people who notice, the least price of the market, figures held to those of peers."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.channels.facts.provenance import Provenance, of_file, weight
from marketplace.intrusiveness.notice import notice_share
from marketplace.matching.audience import channel_tags
from marketplace.matching.audience.grid import audience
from marketplace.matching.audience.priors import AGE_STARTS, GENDERS, REGIONS, population
from marketplace.matching.audience.targets import target_weights
from marketplace.matching.forecast import flags
from marketplace.matching.forecast.flags import GATES
from marketplace.matching.forecast.pool import PRIOR_POOL, priors_of
from marketplace.matching.forecast.view_forecast import ViewForecasts, held_to_peers, peers_upper
from marketplace.matching.pricing.cost import by_prior_rates, terms_from_rows
from marketplace.matching.pricing.market_floor import MarketFloor, market_floor
from marketplace.matching.pricing.price_model import PriceModel, PricePoint
from marketplace.matching.scoring.brand_fit import fit
from marketplace.matching.scoring.rank import order
from marketplace.matching.scoring.score import BidInputs, score
from marketplace.matching.scoring.worth import noticing
from tests.intrusiveness.make import shown, video

TARGET = target_weights([{"ages": [18, 30], "genders": ["female"]}])
CEILING, TOLERANCE = 10_800.0, 40.0


def _bid(price: float, noticed: float = noticing.REFERENCE, videos: float = 1.0, **changes) -> BidInputs:
    """One flat bid of a channel with 100,000 views at the median, and a plan that this share of its viewers notice."""
    facts = audience({"18-23": 0.5, "24-30": 0.4, "31-40": 0.1}, {"female": 0.8, "male": 0.2})
    bid = BidInputs(
        forecasts=ViewForecasts(
            np.log([100_000.0]), np.array([0.8]), np.array([5.0]), np.array([9.0]), np.array([1.4]), np.array([True])
        ),
        joint=facts.joint[None, :],
        regions=facts.regions[None, :],
        terms=terms_from_rows(np.array([[price, 0.0, 0.0, np.inf, videos]])),
        fit=fit({"category": np.array([0.5])}, 1),
        intrusiveness=np.array([20.0]),
        noticed=np.full((1, 3), noticed),
    )
    return dataclasses.replace(bid, **changes)


def _overall(bid: BidInputs) -> float:
    return float(score(bid, TARGET, CEILING, TOLERANCE).ranking.overall[0])


@pytest.mark.parametrize(("start", "seconds"), [(18.5, 10), (0, 1)])
def test_the_reference_is_that_of_a_close_up(start: float, seconds: float) -> None:
    close_up = shown(start, seconds, area_share=0.1, centre=1, saliency=0.5, clarity=1)
    assert notice_share(video(60, close_up)).middle == pytest.approx(noticing.REFERENCE, abs=0.003)


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_rank_never_rises_when_fewer_notice(one: int, other: int) -> None:
    fewer, more = sorted((one / 1e6, other / 1e6))  # as they are stored, in millionths
    assert _overall(_bid(500_000, fewer)) <= _overall(_bid(500_000, more))


def test_no_exposures_earn_nothing_and_a_flash_in_the_corner_little() -> None:
    nothing = score(_bid(500_000, 0.0), TARGET, CEILING, TOLERANCE)
    assert (nothing.ranking.overall[0], nothing.ranking.high[0]) == (0, 0)
    assert nothing.ranking.gates[0, GATES.index("no_reach")]
    # What is shown as people stays people.
    assert nothing.people.point[0] == score(_bid(500_000), TARGET, CEILING, TOLERANCE).people.point[0]
    assert _overall(_bid(500_000, 0.01)) < 0.15 * _overall(_bid(500_000))


def test_a_channel_without_a_plan_counts_as_at_the_reference() -> None:
    assert _overall(_bid(500_000, float("nan"))) == _overall(_bid(500_000))


def test_an_uncertain_plan_counts_below_its_middle_and_widens_the_score() -> None:
    sure, unsure = (
        score(_bid(500_000, noticed=np.array([ends])), TARGET, CEILING, TOLERANCE).ranking
        for ends in ([0.15, 0.15, 0.15], [0.15, 0.05, 0.3])
    )
    assert unsure.overall[0] < sure.overall[0]
    assert unsure.low[0] < sure.low[0]
    assert sure.high[0] < unsure.high[0]


def test_the_weight_of_the_fit_is_the_briefs() -> None:
    own, far = (_bid(500_000, fit=fit({"category": np.array([affinity])}, 1)) for affinity in (1.0, channel_tags.FAR))
    none, half = ([score(bid, TARGET, CEILING, TOLERANCE, None, weight) for bid in (own, far)] for weight in (0.0, 0.5))
    assert none[0].ranking.overall[0] == none[1].ranking.overall[0]
    # A channel of the category itself is worth (1 - w + w) / (1 - w + w x 0.15) times one far from it.
    assert half[0].suitability[0] / half[1].suitability[0] == pytest.approx(1 / (0.5 + 0.5 * channel_tags.FAR))
    odds = [found.ranking.overall[0] / (100 - found.ranking.overall[0]) for found in half]
    assert odds[0] / odds[1] == pytest.approx(1 / (0.5 + 0.5 * channel_tags.FAR), rel=1e-4)


def test_nobody_is_reached_who_does_not_live_there() -> None:
    """A channel with a hundred million views in one small city cannot reach more of it than watch there."""
    facts = audience({"18-23": 1.0}, {"female": 1.0}, {"CN-XZ": 1.0})
    wild = dataclasses.replace(_bid(1).forecasts, log_centre=np.log([1e8]), scale=np.array([0.2]))
    found = score(
        _bid(500_000, forecasts=wild, joint=facts.joint[None, :], regions=facts.regions[None, :]),
        target_weights([{"ages": [18, 23], "genders": ["female"], "regions": ["CN-XZ"]}]),
        CEILING,
        TOLERANCE,
    )
    ages = [AGE_STARTS.index(start) for start in AGE_STARTS if 18 <= start < 24]
    living = population()[ages, GENDERS.index("female"), REGIONS.index("CN-XZ")].sum()
    for people in (found.people.low[0], found.people.point[0], found.people.high[0], found.counted_people[0]):
        assert 0 < people <= living
    assert found.people.point[0] > 0.5 * living


def test_fifty_videos_count_by_the_selections_law() -> None:
    one, fifty = (score(_bid(500_000, videos=videos), TARGET, CEILING, TOLERANCE) for videos in (1.0, 50.0))
    assert fifty.people.point[0] == pytest.approx(one.people.point[0] * 50**0.585)


@settings(deadline=None)
@given(st.floats(1, 1e7), st.floats(1.01, 10))
def test_a_price_under_the_least_of_the_market_earns_what_the_least_would(least: float, times: float) -> None:
    floor = MarketFloor(np.array([least]), 3_000.0)
    at_floor, under = (_overall(_bid(price, floor=floor)) for price in (least, least / times))
    assert under == at_floor
    assert _overall(_bid(least * times, floor=floor)) <= at_floor


def test_one_fen_is_held_back_until_a_person_has_cleared_it() -> None:
    floor = MarketFloor(np.full(1, np.nan), 3_000.0)
    gate = GATES.index("price_below_market")
    found = score(_bid(1, floor=floor), TARGET, CEILING, TOLERANCE)
    assert found.ranking.gates[0, gate]
    cleared = score(_bid(1, floor=floor, cleared=np.array([True])), TARGET, CEILING, TOLERANCE)
    assert not cleared.ranking.gates[0, gate]
    # Clearing lets it rank; it still earns no more than the least price would.
    assert cleared.ranking.overall[0] == found.ranking.overall[0]
    honest = score(_bid(400_000, floor=floor), TARGET, CEILING, TOLERANCE)
    assert not honest.ranking.gates[0, gate]
    gates = np.concatenate([found.ranking.gates, honest.ranking.gates])
    overall = np.concatenate([found.ranking.overall, honest.ranking.overall])
    both = dataclasses.replace(honest.ranking, gates=gates, overall=overall)
    assert order(both, ["a", "b"]).tolist() == [1, 0]


def test_the_least_price_is_the_fifth_percentile_of_settled_deals_or_a_price_per_thousand_views() -> None:
    settled = PriceModel(point=PricePoint({"one": np.log(1_000_000.0)}), ends=((-0.8, 0.8, 60),) * 5, deals=60)
    texts = [np.array([text]) for text in ("food", "douyin", "21-60")]
    views, followers, none = np.array([10_000.0]), np.array([100_000.0]), np.array([np.nan])
    fifth = market_floor(settled, "CNY", views, followers, *texts, none).least(views, np.array([2.0]))[0]
    assert fifth == pytest.approx(2 * 1_000_000 * np.exp(-0.8 * 1.645 / 1.2816), rel=0.05)
    prior = market_floor(PriceModel(), "CNY", views, followers, *texts, none)
    assert prior.least(views, np.array([1.0]))[0] == 30_000
    unknown = market_floor(PriceModel(), "XXX", views, followers, *texts, none)
    assert np.isnan(unknown.least(views, np.array([1.0]))[0])


def test_flagged_figures_count_at_the_upper_end_of_peers_until_they_are_cleared() -> None:
    peers = peers_upper(np.array([2_297.0, 0.0, np.nan]), priors_of([PRIOR_POOL] * 3, np.arange(3)))
    # 3,000 views at 100,000 followers, elasticity 0.3, times exp(0.85 x 1.8) for four in five.
    assert peers[0] == pytest.approx(3_000 * 0.02297**0.3 * np.exp(0.8538 * 1.7967), rel=1e-3)
    assert 0 < peers[1] < peers[0]
    assert np.isnan(peers[2])
    wild = dataclasses.replace(_bid(1).forecasts, log_centre=np.log([7_530_000.0]))
    yes, no = np.array([True]), np.array([False])
    held, moved = held_to_peers(wild, yes, peers[:1])
    assert moved[0]
    assert np.exp(held.log_centre[0]) == pytest.approx(peers[0])
    for flagged, cleared in ((no, None), (yes, yes)):
        free, moved = held_to_peers(wild, flagged, peers[:1], cleared)
        assert not moved[0]
        assert free.log_centre[0] == wild.log_centre[0]


def test_every_flag_of_a_snapshot_counts_as_one() -> None:
    codes = np.array([0, flags.bits(["ages_from_prior"], []), *(flags.bits([], [code]) for code in flags.SNAPSHOT)])
    assert flags.any_snapshot(codes).tolist() == [False, False, *[True] * len(flags.SNAPSHOT)]


def test_a_partys_own_word_counts_less_in_the_careful_forecast_alone() -> None:
    assert {str(word): weight(word) for word in Provenance} == {
        "platform_export": 0.9,
        "own_file": 0.75,
        "typed_by_creator": 0.75,
        "typed_by_agency": 0.75,
        "typed_by_admin": 1.0,
    }
    # Figures together are as certain as the least certain of them.
    assert weight("typed_by_admin", "platform_export", "typed_by_agency") == 0.75
    assert [of_file(source) for source in ("inlay", "xingtu", "youtube")] == ["own_file", *["platform_export"] * 2]
    whole, less = (
        score(_bid(500_000, source_weight=np.array([weight])), TARGET, CEILING, TOLERANCE) for weight in (1.0, 0.75)
    )
    assert less.ranking.overall[0] < whole.ranking.overall[0]
    assert less.people.point[0] == whole.people.point[0]
    assert less.ranking.high[0] == whole.ranking.high[0]


def test_a_price_that_nothing_bounds_has_no_score() -> None:
    for terms in ([0.0, 0.5, 0.0, np.inf, 1.0], [np.nan, 0.0, 0.0, np.inf, 1.0]):
        found = score(_bid(1, terms=terms_from_rows(np.array([terms]))), TARGET, CEILING, TOLERANCE).ranking
        assert found.gates[0].tolist() == [code == "cost_unknown" for code in GATES]
        assert np.isnan([found.overall[0], found.low[0], found.high[0]]).all()


@settings(deadline=None, max_examples=40)
@given(st.floats(1, 1e6), st.floats(0, 1), st.floats(1, 1e7))
def test_a_price_by_sales_ranks_no_better_than_what_it_costs_at_the_verticals_rates(
    per_sale: float, share: float, cap: float
) -> None:
    unpriced = terms_from_rows(np.array([[0.0, np.nan, 0.0, cap, 1.0]]))
    terms = by_prior_rates(unpriced, np.array([per_sale]), np.array([share]), "food", "CNY")
    variable = score(_bid(1, terms=terms), TARGET, CEILING, TOLERANCE)
    assert variable.ranking.overall[0] <= _overall(_bid(variable.cost.expected[0])) + 1e-6
    assert variable.ranking.overall[0] == pytest.approx(_overall(_bid(cap)), abs=1e-6)


def test_five_hundred_extreme_bids_give_numbers_that_are_finite_or_not_known() -> None:
    rng, count = np.random.default_rng(3), 500
    single = _bid(1)
    many = dataclasses.replace(
        single,
        forecasts=ViewForecasts(
            rng.choice([np.nan, 0.0, np.log(1e10)], count),
            rng.choice([0.03, 1.0, 6.0], count),
            rng.choice([3.0, 30.0], count),
            rng.choice([0.0, 10.0], count),
            rng.choice([1.0, 4.0], count),
            rng.random(count) < 0.5,
        ),
        joint=np.repeat(single.joint, count, axis=0),
        regions=np.repeat(single.regions, count, axis=0),
        terms=terms_from_rows(
            np.stack(
                [
                    rng.choice([0.0, 1.0, 1e12, np.nan], count),
                    rng.choice([0.0, 1e-9, 1e12, np.nan], count),
                    rng.choice([0.0, 1e12], count),
                    rng.choice([0.0, 1e12, np.inf], count),
                    rng.choice([1.0, 50.0], count),
                ],
                axis=1,
            )
        ),
        fit=fit({"category": rng.choice([0.0, 1.0, np.nan], count)}, count),
        intrusiveness=rng.choice([0.0, 100.0], count),
        noticed=np.sort(rng.choice([0.0, 1e-6, 1.0], (count, 3)), axis=1)[:, [1, 0, 2]],
        source_weight=rng.choice([0.75, 1.0], count),
        floor=MarketFloor(rng.choice([np.nan, 1.0, 1e12], count), 3_000.0),
    )
    for ceiling, tolerance in ((1.0, 0.0), (1e12, 100.0)):
        found = score(many, TARGET, ceiling, tolerance)
        for ends in (found.ranking.overall, found.ranking.low, found.ranking.high):
            known = ends[~np.isnan(ends)]
            assert ((known >= 0) & (known <= 100)).all()
        assert sorted(order(found.ranking, [str(row) for row in range(count)]).tolist()) == list(range(count))
