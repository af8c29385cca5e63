"""Histories that ask for care: pauses, one newest video far off, and few videos."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.quality import histories as made_up
from marketplace.matching.audience.arrays import Floats
from marketplace.matching.forecast import market_fit, odd_videos, pool
from marketplace.matching.forecast.market_fit import EVERYTHING
from marketplace.matching.forecast.pool import PRIOR_POOL, VerticalPool, ViewHistories, histories
from marketplace.matching.forecast.signals import CENTRE, SPREAD
from marketplace.matching.forecast.view_forecast import (
    FEW_WIDER,
    ForecastCalibration,
    calibrate,
    careful_views,
    forecast_many,
    quantiles,
    unknown_way,
)

SMALL = tuple((low, high, count // 10) for low, high, count in made_up.TIERS)
# Markets, of 846 creators or a tenth of these, that taught a pause to raise forecasts before signs were held.
TAUGHT = [("prior", 0, False), ("returning", 1, True), ("idle", 3, True), ("trends", 2, False), ("pausing", 1, False)]


def of_market(name: str, seed: int, small: bool = False) -> ViewHistories:
    market = made_up.market(made_up.SETTINGS[name], seed, tiers=SMALL if small else made_up.TIERS)
    return ViewHistories(np.exp(market.logs), market.ages, market.followers)


def pool_of(name: str, seed: int, small: bool) -> VerticalPool:
    if name == "prior":
        return PRIOR_POOL
    past = of_market(name, seed, small)
    return market_fit.fit_pools(past, [None] * len(past.views))[EVERYTHING]


def channels() -> ViewHistories:
    """Channels whose newest video is four days old."""
    past = of_market("drifting", 99, small=True)
    return replace(past, ages_days=past.ages_days - past.ages_days.min(axis=1, keepdims=True) + 4)


def first(past: ViewHistories, count: int) -> ViewHistories:
    """The same channels with their newest videos alone."""
    return replace(past, views=np.where(np.arange(past.views.shape[1]) < count, past.views, np.nan))


def width(past: ViewHistories, taught: VerticalPool, table: ForecastCalibration | None = None) -> Floats:
    tiers = np.zeros(len(past.views), dtype=np.int64)
    ends = np.log(quantiles(forecast_many(past, [taught]), (0.1, 0.9), table, tiers))
    found: Floats = ends[:, 1] - ends[:, 0]
    return found


@pytest.mark.parametrize(("name", "seed", "small"), TAUGHT)
def test_no_channel_gains_by_a_pause(name: str, seed: int, small: bool) -> None:
    taught, past = pool_of(name, seed, small), channels()
    at_work = forecast_many(past, [taught])
    for days in (15, 40, 120, 400):
        idle = forecast_many(replace(past, ages_days=past.ages_days + days), [taught])
        assert (idle.log_centre <= at_work.log_centre + 1e-12).all()
        assert (idle.scale >= at_work.scale - 1e-12).all()
        assert (careful_views(idle) <= careful_views(at_work) * (1 + 1e-12)).all()
    assert taught.centre[CENTRE.index("idle")] <= 0 <= taught.spread[SPREAD.index("idle")]
    assert taught.centre[CENTRE.index("unfinished")] >= 0


@pytest.mark.parametrize("newest", [5e7, 1e6, 50.0, 1.0])
def test_one_newest_video_far_off_does_not_decide(newest: float) -> None:
    usual = [5_000 * times for times in (1, 1.1, 0.9, 1.2, 0.8, 1, 1.05, 0.95, 1.1)]
    past = histories(
        [[newest, *usual], usual], [[4.0 + 3 * day for day in range(10)], [7.0 + day for day in range(9)]], [1e5] * 2
    )
    with_it, without = np.exp(forecast_many(past, [PRIOR_POOL]).log_centre)
    assert 1 / 2.2 < with_it / without < 2.2
    times = odd_videos.newest_times(pool.packed(past, 0)[0])
    assert odd_videos.is_far_off(times).tolist() == [True, False]
    assert times[0] == pytest.approx(newest / 5_000, rel=0.05)


def test_far_off_videos_move_generated_channels_little() -> None:
    past = channels()
    usual = forecast_many(past, [PRIOR_POOL]).log_centre
    for place in (0, 1, 4, 9):
        views = past.views.copy()
        views[:, place] *= 1e4
        moved = forecast_many(replace(past, views=views), [PRIOR_POOL]).log_centre - usual
        assert np.quantile(moved, 0.9) < np.log(10), place


def test_several_videos_at_a_new_level_are_no_oddity() -> None:
    views = [[500_000.0] * count + [5_000.0] * (10 - count) for count in (0, 1, 3, 5)]
    past = histories(views, [[4.0 + 3 * day for day in range(10)]] * 4, [1e5] * 4)
    none, one, three, five = np.exp(forecast_many(past, [PRIOR_POOL]).log_centre)
    assert one < 3 * none
    assert 100_000 < three < five


def test_two_or_fewer_videos_are_held_in_by_nothing() -> None:
    logs = np.array([[20.0, 1.0, np.nan], [5.0, np.nan, np.nan], [np.nan] * 3])
    assert np.array_equal(odd_videos.held_in(logs, np.full(3, 0.4), np.full(3, 3.0)), logs, equal_nan=True)
    assert np.isnan(odd_videos.newest_times(logs)).all()


@pytest.mark.parametrize(("name", "seed", "small"), TAUGHT)
def test_few_videos_narrow_no_forecast(name: str, seed: int, small: bool) -> None:
    """Of channels that ten videos show to be calm, none is surer with two; and most channels are less sure the fewer
    videos they have."""
    taught, past = pool_of(name, seed, small), channels()
    ten = width(past, taught)
    deviation = np.std(np.log(past.views), axis=1)
    calm = (pool.summarise(past).variance < taught.s0_squared / 2) & (deviation**2 < taught.s0_squared / 2)
    assert calm.sum() > 5
    assert (width(first(past, 2), taught)[calm] > ten[calm]).all()
    medians = [float(np.median(width(first(past, count), taught) / ten)) for count in (1, 2, 4, 9)]
    assert medians == sorted(medians, reverse=True)
    assert medians[1] > 1.08


def test_two_videos_that_agree_are_no_surer_than_a_usual_channel_with_ten() -> None:
    past = channels()
    agree = histories([[5_000, 5_000]], [[4, 7]], [1e5])
    assert width(agree, PRIOR_POOL)[0] > np.median(width(past, PRIOR_POOL))
    rng = np.random.default_rng(2)
    table = calibrate({0: rng.normal(size=500)})
    ratio = (
        width(agree, PRIOR_POOL, table)[0] / width(histories([[5_000] * 10], [[4] * 10], [1e5]), PRIOR_POOL, table)[0]
    )
    assert ratio > 1 + FEW_WIDER


def test_an_interval_that_begins_at_nothing_is_too_wide() -> None:
    low, high = np.array([0.0, 1.0, 1.0, np.nan]), np.array([100.0, 100.0, 15.0, np.nan])
    assert unknown_way(low, high).tolist() == [1.0, 1.0, 0.0, 0.0]
