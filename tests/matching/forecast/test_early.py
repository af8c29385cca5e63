"""The second forecast, from the views of the first days."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.matching.forecast.early import (
    GROWTH_PRIOR,
    PRIOR_EARLY,
    EarlyModel,
    after_publication,
    fit_early,
    from_content,
    from_early,
)
from marketplace.matching.forecast.view_forecast import ViewForecast, ViewForecasts, quantiles, stack

FIRST = ViewForecast(9.0, 0.9, 6.0, 8, 1.4, "history")


def _after(views: float, hours: float, first: ViewForecast = FIRST) -> ViewForecasts:
    return after_publication(stack([first]), np.array([views]), np.array([hours]))


def _videos(n: int, seed: int = 1, spread: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    final = np.exp(rng.normal(9, spread, n))
    day = final * np.exp(-0.7 + 0.3 * rng.normal(size=n))
    three = final * np.exp(-0.3 + 0.1 * rng.normal(size=n))
    return np.stack([day, three], axis=1), final


def test_the_model_finds_what_videos_grew_by() -> None:
    model = fit_early(*_videos(2_000))
    assert model.growth == pytest.approx((0.7, 0.3), abs=0.03)
    assert model.slope == pytest.approx((0, 0), abs=0.03)
    assert model.scale == pytest.approx((0.26, 0.087), rel=0.1)
    assert model.videos == (2_000, 2_000)
    few = fit_early(*_videos(9))
    assert few == PRIOR_EARLY == from_content(None)
    assert from_content({"growth": [1.0, 0.5], "slope": [0, 0], "scale": [1, 1], "videos": [5, 5]}).growth == (1.0, 0.5)


def test_a_time_that_was_not_measured_keeps_the_prior() -> None:
    early, final = _videos(500)
    early[:, 1] = np.nan
    model = fit_early(early, final)
    assert model.growth[0] == pytest.approx(0.7, abs=0.05)
    assert (model.growth[1], model.videos) == (GROWTH_PRIOR[1], (500, 0))


def test_the_interval_holds_what_it_says_and_is_much_narrower() -> None:
    model = fit_early(*_videos(1_000, seed=2))
    early, final = _videos(2_000, seed=3, spread=0.9)
    first = stack([FIRST] * 2_000)
    for place, hours in enumerate((24.0, 72.0)):
        many = after_publication(first, early[:, place], np.full(2_000, hours), model)
        ends = quantiles(many, [0.1, 0.9])
        assert 0.75 <= np.mean((ends[:, 0] <= final) & (final <= ends[:, 1])) <= 0.88
        before = quantiles(first, [0.1, 0.9])
        assert np.median(ends[:, 1] / ends[:, 0]) < 0.4 * np.median(before[:, 1] / before[:, 0])


def test_both_forecasts_are_put_together_by_precision() -> None:
    centre, scale = (float(part[0]) for part in from_early(np.array([20_000.0]), np.array([24.0])))
    got = _after(20_000, 24)
    wide = 0.9 * np.sqrt((6 + (centre - 9.0) ** 2 / (0.9**2 + scale**2)) / 7)
    weight = scale**-2 / (scale**-2 + wide**-2)
    assert got.log_centre[0] == pytest.approx(weight * centre + (1 - weight) * 9.0)
    assert got.scale[0] == pytest.approx((scale**-2 + wide**-2) ** -0.5)
    assert not got.from_history[0]


def test_a_video_that_went_far_beyond_its_forecast_is_believed() -> None:
    near, far = (_after(views, 72.0) for views in (np.e**9.5, np.e**15))
    own = [float(from_early(np.array([views]), np.array([72.0]))[0][0]) for views in (np.e**9.5, np.e**15)]
    weights = [(got.log_centre[0] - 9) / (centre - 9) for got, centre in zip((near, far), own, strict=True)]
    assert weights[1] > 0.99 > weights[0]


def test_what_was_not_counted_keeps_the_first_forecast() -> None:
    got = _after(np.nan, 24)
    assert (got.log_centre[0], got.scale[0], got.df[0], got.smear[0]) == (9.0, 0.9, 6.0, 1.4)
    assert got.from_history[0]
    alone = _after(20_000, 24, ViewForecast(float("nan"), float("nan"), 30.0, 0, 1.0, "followers"))
    assert alone.log_centre[0] == pytest.approx(np.log(20_000) + GROWTH_PRIOR[0], abs=1e-9)


@settings(deadline=None)
@given(st.floats(1, 1e8), st.floats(1, 2_000), st.floats(1, 2_000))
def test_later_counts_are_surer_and_views_never_fall(views, hours, later) -> None:
    soon, late = sorted((hours, later))
    early, then = (from_early(np.array([views]), np.array([at])) for at in (soon, late))
    assert then[1][0] <= early[1][0] + 1e-12
    for centre, _ in (early, then):
        assert centre[0] >= np.log(views) - 1e-9
    assert _after(views, late).log_centre[0] >= np.log(views) - 1e-9


def test_hours_are_above_zero() -> None:
    with pytest.raises(ValueError, match="above zero"):
        from_early(np.array([1.0]), np.array([0.0]))


def test_a_video_has_the_same_bits_alone_and_in_a_batch() -> None:
    early, _ = _videos(50)
    many = after_publication(stack([FIRST] * 50), early[:, 0], np.full(50, 30.0), EarlyModel())
    for row in range(50):
        assert _after(early[row, 0], 30.0).log_centre[0] == many.log_centre[row]
