"""The model as a market teaches it: what signals add, misses by creators of other folds, verticals near the market."""

import numpy as np
import pytest

from benchmarks.quality.histories import SETTINGS, market
from marketplace.matching.audience import regression
from marketplace.matching.forecast.market_fit import EVERYTHING, FOLDS, fit_market, fit_pools, pool_of, some
from marketplace.matching.forecast.pool import (
    CENTRE_PRIOR,
    PRIOR_POOL,
    VerticalPool,
    ViewHistories,
    newest_of,
    predict,
    priors_of,
)
from marketplace.matching.forecast.pool_fit import fit_pool
from marketplace.matching.forecast.signals import CENTRE, SPREAD
from marketplace.matching.forecast.view_forecast import forecast_many, quantiles, tier_of


def _past(name: str = "drifting", seed: int = 1) -> ViewHistories:
    made_up_market = market(SETTINGS[name], seed)
    return ViewHistories(
        np.exp(made_up_market.logs),
        made_up_market.ages,
        made_up_market.followers,
        platform=np.exp(made_up_market.platform),
    )


def test_the_calibrated_interval_holds_in_every_tier_of_another_market() -> None:
    fitted = fit_market(_past(seed=1), [None] * 846)
    assert fitted.calibration is not None
    assert fitted.calibration.counts.tolist() == [352, 224, 207, 63]
    truth, older = newest_of(_past(seed=2))
    tiers = tier_of(older.followers)
    ends = np.log(quantiles(forecast_many(older, [fitted.pools[EVERYTHING]]), [0.1, 0.9], fitted.calibration, tiers))
    inside = (ends[:, 0] <= truth) & (truth <= ends[:, 1])
    assert 0.77 <= inside.mean() <= 0.83


def test_signals_make_forecasts_better_than_the_weighted_mean() -> None:
    learnt = fit_pool(_past("returning", 1))
    truth, older = newest_of(_past("returning", 2))
    plain = VerticalPool(bias=learnt.bias, centre=(0.0,) * len(CENTRE))
    errors = [np.abs(truth - forecast_many(older, [pool]).log_centre).mean() for pool in (learnt, plain)]
    assert errors[0] < 0.98 * errors[1]
    assert learnt.centre != CENTRE_PRIOR


def test_a_vertical_of_a_few_stays_near_the_market_and_a_tiny_one_has_none() -> None:
    past = _past()
    names = ["food"] * 40 + ["comedy"] * 10 + [None] * 796
    pools = fit_pools(past, names)
    assert sorted(pools) == [EVERYTHING, "food"]
    whole, food, alone = pools[EVERYTHING], pools["food"], fit_pool(some(past, np.arange(846) < 40))
    for name in ("log_views_at_reference", "elasticity"):
        own, market, by_itself = (getattr(pool, name) for pool in (food, whole, alone))
        assert abs(own - market) < abs(by_itself - market) / 2, name
    assert abs(food.bias - whole.bias) < 0.01
    assert np.abs(np.subtract(food.centre, whole.centre)).max() < 0.1
    assert pool_of(["food", "comedy", None], sorted(pools)).tolist() == [1, 0, 0]


def test_the_platforms_weight_comes_from_what_it_said_before() -> None:
    past = _past()
    assert fit_market(past, [None] * 846).blend.pairs == (0, 0)
    truth, _ = newest_of(past)
    fitted = fit_market(past, [None] * 846, np.exp(truth))
    assert min(fitted.blend.weights) > 0.9
    assert sum(fitted.blend.pairs) > 600


def test_fitting_is_the_same_twice_and_takes_any_number_of_creators() -> None:
    past = _past()
    first, second = (fit_market(some(past, np.arange(846) < 200), ["food"] * 200) for _ in range(2))
    assert first.pools == second.pools
    for count in (0, 1, FOLDS - 1, 30):
        few = fit_market(some(past, np.arange(846) < count), [None] * count)
        assert few.calibration is None
        assert set(few.pools) == {EVERYTHING}
    empty = fit_market(some(past, np.arange(846) < 0), [])
    assert empty.pools[EVERYTHING] == PRIOR_POOL


def test_signals_say_nothing_of_one_video_without_followers() -> None:
    past = ViewHistories(np.array([[500.0]]), np.array([[300.0]]), np.array([np.nan]), moment=np.array([290.0]))
    _, centre, spread = predict(past, priors_of([PRIOR_POOL], np.zeros(1, dtype=np.int64)))
    assert (centre.shape, spread.shape) == ((1, len(CENTRE)), (1, len(SPREAD)))
    assert not centre.any()
    assert forecast_many(past, [PRIOR_POOL]).log_centre[0] == pytest.approx(np.log(500))


def test_followers_pull_a_single_video_towards_their_line() -> None:
    past = ViewHistories(np.array([[100.0]] * 3), np.array([[9.0]] * 3), np.array([1e4, 1e6, np.nan]))
    few, many, unknown = forecast_many(past, [PRIOR_POOL]).log_centre
    assert unknown < few < many < np.log(3_000)


def test_regressions_find_what_was_put_in() -> None:
    rng = np.random.default_rng(2)
    table = np.concatenate([np.ones((4_000, 1)), rng.normal(size=(4_000, 2))], axis=1)
    noise = rng.standard_t(2, 4_000)
    ridge, prior = np.full(3, 1.0), np.zeros(3)
    coefficients = regression.absolute(table, table @ np.array([1.0, -0.5, 0.2]) + noise, np.ones(4_000), prior, ridge)
    assert coefficients == pytest.approx([1.0, -0.5, 0.2], abs=0.05)
    scale = np.exp(table @ np.array([0.3, 0.4, 0.0]))
    spread = regression.log_spread(table, scale * rng.laplace(size=4_000), np.ones(4_000), prior, ridge)
    assert spread == pytest.approx([0.3, 0.4, 0.0], abs=0.06)
    held = regression.absolute(table, table @ np.ones(3), np.ones(4_000), prior, np.full(3, 1e12))
    assert held == pytest.approx(prior, abs=1e-3)
    matrix = np.array([[4.0, 1.0], [1.0, 3.0]])
    assert matrix @ regression.solve(matrix, np.array([1.0, 2.0])) == pytest.approx([1.0, 2.0])


@pytest.mark.parametrize("videos", [1, 2, 10])
def test_a_market_whose_figures_are_all_alike_still_has_doubt(videos: int) -> None:
    alike = ViewHistories(np.full((60, videos), 20_000.0), np.full((60, videos), 10.0), np.full(60, 100_000.0))
    with np.errstate(all="raise"):
        fitted = fit_market(alike, ["beauty"] * 60)
    for pool in fitted.pools.values():
        assert min(pool.s0_squared, pool.followers_scale, pool.median_scale) > 0
        forecasts = forecast_many(alike, [pool])
        assert np.isfinite(forecasts.log_centre).all()
        assert (forecasts.scale >= 0.05).all()
