"""The platform's own forecast beside ours: counted where it is near, by a weight learnt from what came."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.matching.forecast.platform_blend import (
    ALONE_SCALE,
    FAR,
    PRIOR_BLEND,
    WEIGHTS_PRIOR,
    blended,
    combined,
    fit_blend,
    from_content,
)
from marketplace.matching.forecast.pool import PRIOR_POOL, histories
from marketplace.matching.forecast.view_forecast import bases, forecast_many

NAN = float("nan")


def _one(centre: float, platform: float) -> tuple[float, float, float]:
    blend = blended(np.array([centre]), np.array([0.7]), np.array([platform]))
    return tuple(float(part[0]) for part in blend)  # type: ignore[return-value]


def test_a_near_forecast_counts_by_its_band_and_none_changes_nothing() -> None:
    small, large = np.log(1_000), np.log(50_000)
    for centre, weight in ((small, WEIGHTS_PRIOR[0]), (large, WEIGHTS_PRIOR[1])):
        moved, scale, counted = _one(centre, float(np.exp(centre + 0.01)))
        assert counted == pytest.approx(weight, rel=1e-3)
        assert moved - centre == pytest.approx(0.01 * weight, rel=1e-3)
        assert scale == 0.7
        assert _one(centre, NAN) == _one(centre, 0.0) == (centre, 0.7, 0.0)


@given(st.floats(0, 20), st.floats(FAR, 12), st.sampled_from([-1, 1]))
def test_a_forecast_from_another_world_counts_for_nothing(centre, apart, side) -> None:
    moved, _, counted = _one(centre, float(np.exp(centre + side * apart * 1.0001)))
    assert (moved, counted) == (centre, 0.0)


@given(st.floats(2, 18), st.floats(-4, 4))
def test_the_middle_lies_between_both(centre, apart) -> None:
    moved, _, counted = _one(centre, float(np.exp(centre + apart)))
    assert min(centre, centre + apart) - 1e-9 <= moved <= max(centre, centre + apart) + 1e-9
    assert 0 <= counted <= max(WEIGHTS_PRIOR)


@pytest.mark.parametrize(("good", "low", "high"), [(True, 0.75, 1.0), (False, 0.0, 0.15)])
def test_the_weight_is_learnt_from_what_came(good, low, high) -> None:
    rng = np.random.default_rng(3)
    centre = rng.normal(8, 0.5, 600)
    newest = centre + 0.7 * rng.normal(size=600)
    platform = np.exp((newest if good else centre) + 0.1 * rng.normal(size=600))
    if not good:
        platform = np.exp(centre + rng.normal(size=600))
    learnt = fit_blend(centre, np.full(600, 0.7), platform, newest)
    assert low <= learnt.weights[0] <= high
    assert (learnt.spreads[0] < 0.9) is good
    assert learnt.weights[1] == WEIGHTS_PRIOR[1]
    assert learnt.pairs[1] == 0
    assert learnt.pairs[0] > 500


def test_few_pairs_leave_the_prior() -> None:
    centre = np.full(19, 8.0)
    assert fit_blend(centre, np.ones(19), np.exp(centre + 1), centre + 1) == PRIOR_BLEND
    assert from_content(None) == PRIOR_BLEND
    assert from_content({"weights": [0.1, 0.2], "spreads": [1.0, 1.0], "pairs": [3, 4]}).weights == (0.1, 0.2)


def test_without_videos_both_count_by_precision_and_the_platform_stands_alone_where_it_must() -> None:
    platform = np.array([np.e**10, np.e**10, NAN])
    centre, scale, weight = combined(np.array([8.0, NAN, 8.0]), np.full(3, ALONE_SCALE), platform)
    assert centre.tolist() == pytest.approx([9.0, 10.0, 8.0])
    assert scale.tolist() == pytest.approx([ALONE_SCALE / np.sqrt(2), ALONE_SCALE, ALONE_SCALE])
    assert weight.tolist() == pytest.approx([0.5, 1.0, 0.0])


def test_a_forecast_says_what_it_rests_on() -> None:
    past = histories(
        [[900.0], [], [], [], []],
        [[60.0], [], [], [], []],
        [None, None, 9_000.0, None, None],
        told_median=[500.0, 700.0, None, None, 0.0],
        platform=[None, None, None, 4_000.0, None],
    )
    many = forecast_many(past, [PRIOR_POOL])
    assert bases(many) == ["history", "median", "followers", "platform", "followers"]
    # After sixty days without a video, at a tenth for each factor of e over two weeks.
    expected = [np.log(900) - 0.1 * np.log(60 / 14), np.log(700), np.log(3000) + 0.3 * np.log(0.09), np.log(4000)]
    assert many.log_centre[:4] == pytest.approx(expected)
    assert np.isnan(many.log_centre[4])
    # A told median is surer than followers, and less sure than videos.
    assert many.scale[0] < many.scale[2]
    assert many.scale[1] < many.scale[2]
