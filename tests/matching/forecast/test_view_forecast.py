"""View forecasts: known values, honest intervals, and what happens without data."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.core.lazy_import import lazy_module
from marketplace.matching.audience.targets import TargetShares
from marketplace.matching.forecast.pool import PRIOR_POOL, VerticalPool, ViewHistories, histories, summarise
from marketplace.matching.forecast.pool_fit import fit_pool
from marketplace.matching.forecast.signals import CENTRE, SPREAD
from marketplace.matching.forecast.variance_moments import match_weighted, trigamma_inverse
from marketplace.matching.forecast.view_forecast import (
    CALIBRATION_TAUS,
    GRID_TAUS,
    GRID_WEIGHTS,
    ViewForecast,
    ViewForecasts,
    calibrate,
    expected_views,
    forecast,
    forecast_many,
    on_target_people,
    people,
    quantiles,
    stack,
    tier_of,
)

if TYPE_CHECKING:
    from scipy import special, stats
else:
    special, stats = lazy_module("scipy.special"), lazy_module("scipy.stats")

OLD = [40.0] * 12
PLAIN = VerticalPool(
    centre=(0.0,) * len(CENTRE), spread=(0.0,) * len(SPREAD)
)  # the weighted mean alone, without signals


def paused(days: float, pool: VerticalPool = PRIOR_POOL) -> float:
    """What a pause of so many days adds to log views."""
    return float(pool.centre[CENTRE.index("idle")] * np.log(days / 14))


def _creators(n: int, videos: int, seed: int, nu0: float = 3.0) -> ViewHistories:
    """Creators as measured: SD of log views 0.63 inside one (median), 2.04 between them; no trend."""
    rng = np.random.default_rng(seed)
    middle = stats.chi2.median(nu0) / nu0
    spread = np.sqrt(0.63**2 * middle / (rng.chisquare(nu0, n) / nu0))
    logs = rng.normal(9, 2.04, n)[:, None] + spread[:, None] * rng.normal(size=(n, videos))
    return ViewHistories(np.exp(logs), np.full((n, videos), 10.0), np.full(n, np.nan))


def _newest_held_out(past: ViewHistories) -> tuple[np.ndarray, ViewHistories]:
    return past.views[:, 0], ViewHistories(past.views[:, 1:], past.ages_days[:, 1:], past.followers)


def test_the_centre_halves_the_weight_of_each_older_video() -> None:
    got = forecast([np.e**3, np.e**1], [5, 9], PLAIN)
    assert got.log_centre == pytest.approx((2 * 3 + 1) / 3)
    n_eff = 1 / ((2 / 3) ** 2 + (1 / 3) ** 2)
    weighted = (2 / 3) * (2 / 3) ** 2 + (1 / 3) * (4 / 3) ** 2
    own = weighted / (1 - 1 / n_eff)
    variance = (3 * 0.40 + 1 * own) / (3 + 1)
    assert got.scale == pytest.approx(np.sqrt(variance * (1 + 1 / n_eff)))
    assert got.df == pytest.approx(3 + 1)
    assert (got.n_used, got.basis) == (2, "history")


def test_videos_younger_than_three_days_are_left_out() -> None:
    young = forecast([5, 1000, 2000], [2.9, 3.0, 8], PRIOR_POOL)
    assert young == forecast([1000, 2000], [3.0, 8], PRIOR_POOL)


def test_only_the_newest_ten_count() -> None:
    views = [100.0 * (k + 1) for k in range(12)]
    assert forecast(views, OLD, PRIOR_POOL) == forecast(views[:10], OLD[:10], PRIOR_POOL)


def test_a_video_without_views_counts_as_one_view() -> None:
    assert forecast([0, 0, 0], OLD[:3], PLAIN).log_centre == pytest.approx(0, abs=1e-4)
    assert forecast([0, 50], OLD[:2], PRIOR_POOL) == forecast([1, 50], OLD[:2], PRIOR_POOL)


def test_without_history_followers_give_a_range_of_ten_times_each_way() -> None:
    got = forecast([], [], PRIOR_POOL, followers=100_000)
    assert (got.basis, got.n_used) == ("followers", 0)
    low, middle, high = quantiles(stack([got]), [0.1, 0.5, 0.9])[0]
    assert middle == pytest.approx(3_000)
    assert high / middle == pytest.approx(10, rel=0.06)
    assert middle / low == pytest.approx(10, rel=0.06)
    ten_times = forecast([7], [1], PRIOR_POOL, followers=1_000_000)
    assert ten_times.log_centre - got.log_centre == pytest.approx(0.3 * np.log(10))


def test_without_history_and_followers_there_is_no_forecast() -> None:
    with pytest.raises(ValueError, match="followers"):
        forecast([100], [1], PRIOR_POOL)
    many = forecast_many(histories([[], [100.0]], [[], [9.0]], [None, None]), [PRIOR_POOL])
    assert np.isnan(many.log_centre).tolist() == [True, False]
    with pytest.raises(ValueError, match="its age"):
        histories([[1.0, 2.0]], [[1.0]], [None])


def test_quantiles_are_student_t_on_the_log_scale() -> None:
    taus = [0.02, 0.1, 0.3, 0.5, 0.9, 0.99]
    columns = stack([ViewForecast(8.0, 0.7, 4.5, 5, 1.3, "history"), ViewForecast(5.0, 1.9, 30.0, 0, 2.0, "followers")])
    expected = [np.exp(8 + 0.7 * stats.t.ppf(taus, 4.5)), np.exp(5 + 1.9 * stats.t.ppf(taus, 30))]
    assert quantiles(columns, taus) == pytest.approx(np.array(expected), rel=1e-9)
    with pytest.raises(ValueError, match="strictly"):
        quantiles(columns, [0.0])


def test_the_grid_integrates_over_the_quantiles() -> None:
    assert GRID_WEIGHTS.sum() == pytest.approx(1)
    lognormal = np.exp(0.5 * stats.norm.ppf(GRID_TAUS))
    assert (lognormal * GRID_WEIGHTS).sum() == pytest.approx(np.exp(0.125), rel=2e-3)


@pytest.mark.parametrize("x", [0.01, 0.5, 1.0, 2.7, 40.0, 5000.0])
def test_trigamma_is_inverted(x) -> None:
    assert trigamma_inverse(float(special.polygamma(1, x))) == pytest.approx(x, rel=1e-6)


def test_equal_variances_are_pooled_as_far_as_allowed() -> None:
    rng = np.random.default_rng(9)
    views = 1_000 * np.exp(0.7 * rng.normal(size=(5_000, 10)))
    alike = summarise(ViewHistories(views, np.full((5_000, 10), 9.0), np.full(5_000, np.nan)))
    s0_squared, nu0 = match_weighted(alike.variance, alike.n_used)
    assert nu0 > 50
    assert s0_squared == pytest.approx(0.49, rel=0.05)
    assert match_weighted(np.array([0.3]), np.array([2.0])) == (PRIOR_POOL.s0_squared, PRIOR_POOL.nu0)
    assert match_weighted(np.zeros(5), np.full(5, 2.0)) == (PRIOR_POOL.s0_squared, PRIOR_POOL.nu0)


@pytest.mark.parametrize("nu0", [3.0, 8.0])
def test_a_pool_finds_the_spread_its_creators_were_drawn_with(nu0) -> None:
    pool = fit_pool(_creators(6_000, 8, seed=11, nu0=nu0))
    assert pool.s0_squared == pytest.approx(0.63**2 * stats.chi2.median(nu0) / nu0, rel=0.05)
    assert pool.nu0 == pytest.approx(nu0, rel=0.2)
    assert pool.creators == 6_000


def test_a_pool_of_few_creators_stays_near_the_prior() -> None:
    assert fit_pool(histories([], [], [])) == PRIOR_POOL
    wild = histories([[1.0, 1e6, 3.0], [5e5, 2.0, 1e5]], [OLD[:3]] * 2, [None, None])
    pool = fit_pool(wild)
    assert pool.creators == 2
    assert PRIOR_POOL.s0_squared < pool.s0_squared < summarise(wild).variance.mean()
    assert pool.smear is None
    jumps = histories([[200.0, 100, 100, 100]] * 5, [OLD[:4]] * 5, [None] * 5)
    assert fit_pool(jumps).bias == pytest.approx(np.log(2) * 5 / 15)


def test_one_viral_video_does_not_set_the_smearing_factor() -> None:
    rows = [[100.0, 100, 100]] * 99 + [[1e9, 100, 100]]
    factor = fit_pool(histories(rows, [OLD[:3]] * 100, [None] * 100)).smear
    assert factor is not None
    assert factor < 1.3  # a hundredth of them came twenty times, as far as a video counts


def test_expected_views_come_on_average_for_steady_and_for_wild_channels() -> None:
    pool = fit_pool(_creators(2_000, 10, seed=1))
    newest, before = _newest_held_out(_creators(20_000, 10, seed=2))
    many = forecast_many(before, [pool])
    came = np.minimum(newest / expected_views(many), 20.0)
    wild = many.scale > np.median(many.scale)
    assert came.mean() == pytest.approx(1, abs=0.08)
    # One factor for both: with the median alone the wild ones came half as much again.
    assert [came[wild].mean(), came[~wild].mean()] == pytest.approx([1.0, 1.0], abs=0.16)


def test_a_pause_is_counted_from_the_last_video_also_from_one_that_is_too_young() -> None:
    pauses = VerticalPool(
        centre=tuple(-0.2 * (name == "idle") for name in CENTRE),
        spread=tuple(0.1 * (name == "idle") for name in SPREAD),
    )
    usual, paused, at_work = (
        forecast(views, ages, pauses)
        for views, ages in (([900, 900], [13, 20]), ([900, 900], [140, 147]), ([9, 900, 900], [1, 140, 147]))
    )
    assert usual.log_centre == at_work.log_centre == pytest.approx(np.log(900))
    assert paused.log_centre == pytest.approx(np.log(900) - 0.2 * np.log(10))
    assert paused.scale == pytest.approx(at_work.scale * 10**0.1)


def test_views_of_fresh_videos_are_taken_as_unfinished() -> None:
    fresh, settled = (forecast([1_000, 1_000], [age, age + 1], PRIOR_POOL).log_centre for age in (3, 60))
    # A fifth more at three days; the older of the two, a day on, lacks less. The pause costs the other one.
    assert fresh - settled == pytest.approx(0.2 * (2 + np.exp(-1 / 4)) / 3 - paused(60), abs=0.001)


def test_a_video_that_is_read_young_is_forecast_as_it_will_be_read() -> None:
    past = histories([[1_000, 1_000]], [[60, 61]], [None])
    for_good, read_at_three_days = (
        forecast_many(replace(past, moment=moment), [PRIOR_POOL]).log_centre[0] for moment in (None, np.array([3.0]))
    )
    assert for_good - read_at_three_days == pytest.approx(0.2 + paused(60) - paused(57), abs=0.001)


def test_a_small_tier_goes_as_far_from_the_pools_ends_as_its_errors_allow() -> None:
    rng = np.random.default_rng(8)
    many, few = rng.normal(size=1_000), 3 * rng.normal(size=50)
    ends = []
    for count in (8, 25, 50):
        table = calibrate({0: many, 3: few[:count]})
        assert table is not None
        ends.append(table.quantiles[3][CALIBRATION_TAUS.index(0.9)] - table.quantiles[3][CALIBRATION_TAUS.index(0.1)])
    assert ends[0] == pytest.approx(2 * 1.2816, rel=0.1)
    assert ends[0] < ends[1] < ends[2]


def test_a_pool_learns_bias_smear_and_the_followers_line() -> None:
    rng = np.random.default_rng(4)
    followers = np.exp(rng.normal(11, 1.5, 2_000))
    level = 8 + 0.2 * np.log(followers / 100_000) + 1.5 * rng.normal(size=2_000)
    logs = level[:, None] + 0.5 * rng.normal(size=(2_000, 9))
    logs[:, 0] += 0.25
    pool = fit_pool(ViewHistories(np.exp(logs), np.full((2_000, 9), 40.0), followers))
    assert pool.bias == pytest.approx(0.25, abs=0.05)
    assert pool.elasticity == pytest.approx(0.2, abs=0.05)
    assert pool.log_views_at_reference == pytest.approx(8.12, abs=0.1)
    assert pool.s0_squared == pytest.approx(0.26, abs=0.02)
    # What came, over what the spread of the forecast itself makes of the median.
    assert pool.smear == pytest.approx(1, rel=0.05)
    got = forecast([1000, 1000], [40, 40], pool)
    assert got.log_centre == pytest.approx(np.log(1000) + pool.bias + paused(40, pool), abs=0.01)
    assert expected_views(stack([got]))[0] == pytest.approx(np.exp(got.log_centre + got.scale**2 / 2) * pool.smear)


def test_the_80_per_cent_interval_holds_what_it_says() -> None:
    pool = fit_pool(_creators(800, 10, seed=1))
    newest, before = _newest_held_out(_creators(3_000, 10, seed=2))
    ends = quantiles(forecast_many(before, [pool]), [0.1, 0.9])
    covered = ((newest >= ends[:, 0]) & (newest <= ends[:, 1])).mean()
    assert 0.76 <= covered <= 0.84


def test_calibration_mends_a_scale_that_is_wrong() -> None:
    pool = VerticalPool(s0_squared=0.05, nu0=60.0)
    newest, before = _newest_held_out(_creators(3_000, 10, seed=3))
    many = forecast_many(before, [pool])
    raw = quantiles(many, [0.1, 0.9])
    assert ((newest >= raw[:, 0]) & (newest <= raw[:, 1])).mean() < 0.6
    misses = (np.log(newest) - many.log_centre) / many.scale
    table = calibrate({0: misses[:2_900], 2: misses[2_900:2_908]})
    assert table is not None
    assert table.counts.tolist() == [2_900, 2_908, 2_908, 2_908]
    later = forecast_many(_newest_held_out(_creators(3_000, 10, seed=6))[1], [pool])
    now = _newest_held_out(_creators(3_000, 10, seed=6))[0]
    ends = quantiles(later, [0.1, 0.9], table, np.zeros(3_000, dtype=np.int64))
    assert 0.76 <= ((now >= ends[:, 0]) & (now <= ends[:, 1])).mean() <= 0.84


def test_conformal_ranks_are_those_of_a_finite_sample() -> None:
    table = calibrate({1: np.arange(1.0, 100.0)})
    assert table is not None
    row = dict(zip(CALIBRATION_TAUS, table.quantiles[1], strict=True))
    assert (row[0.1], row[0.5], row[0.9]) == (10.0, 50.0, 90.0)
    assert calibrate({0: np.zeros(30), 1: np.zeros(29)}) is None


def test_beyond_its_outer_quantiles_a_calibration_goes_on_like_student_t() -> None:
    columns = stack([ViewForecast(0.0, 1.0, 5.0, 10, 1.3, "history")])
    table = calibrate({0: np.linspace(-2, 2, 399)})
    got = np.log(quantiles(columns, [0.01, 0.05, 0.95, 0.99], table, np.zeros(1, dtype=np.int64))[0])
    step = stats.t.ppf(0.99, 5) - stats.t.ppf(0.95, 5)
    assert got[3] - got[2] == pytest.approx(step)
    assert got[1] - got[0] == pytest.approx(step)


def test_a_calibration_leaves_forecasts_from_followers_alone() -> None:
    columns = stack([ViewForecast(8.0, 0.7, 30.0, 0, 1.3, "followers")])
    table = calibrate({0: np.linspace(-9, 9, 200)})
    tiers = np.zeros(1, dtype=np.int64)
    assert np.array_equal(quantiles(columns, [0.1, 0.9], table, tiers), quantiles(columns, [0.1, 0.9]))


def test_tiers_by_followers() -> None:
    followers = np.array([0, 29_999, 30_000, 99_999, 100_000, 499_999, 500_000, np.nan])
    assert tier_of(followers).tolist() == [0, 0, 1, 1, 2, 2, 3, 0]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(0, 10**9), min_size=1, max_size=12),
    st.lists(st.floats(0.001, 0.999), min_size=2, max_size=8),
    st.booleans(),
)
def test_quantiles_rise_with_tau_and_nest(views, taus, calibrated) -> None:
    one = stack([forecast(views, [9.0] * len(views), PRIOR_POOL)])
    table = calibrate({0: np.random.default_rng(1).standard_t(4, 300)}) if calibrated else None
    got = quantiles(one, sorted(taus), table, np.zeros(1, dtype=np.int64))[0]
    assert (np.diff(got) >= 0).all()


@settings(deadline=None, max_examples=25)
@given(st.lists(st.lists(st.integers(0, 10**8), max_size=12), min_size=1, max_size=12), st.integers(0, 2**32 - 1))
def test_everything_that_is_told_gives_the_same_bits_alone_and_in_a_batch(table, seed) -> None:
    rng = np.random.default_rng(seed)
    ages = [np.sort(rng.uniform(0, 90, len(row))).tolist() for row in table]
    followers, medians, platform = (
        [None if rng.random() < 0.3 else float(rng.integers(0, 10**7)) for _ in table] for _ in range(3)
    )
    pool = fit_pool(_creators(60, 8, seed=3))
    shift, shift_sd = rng.normal(size=len(table)), rng.random(len(table))

    def told(rows: slice) -> ViewHistories:
        more = {"told_median": medians[rows], "platform": platform[rows]}
        return histories(table[rows], ages[rows], followers[rows], **more)

    many = forecast_many(told(slice(None)), [pool], shift=shift, shift_sd=shift_sd)
    for row in range(len(table)):
        rows = slice(row, row + 1)
        alone = forecast_many(told(rows), [pool], shift=shift[rows], shift_sd=shift_sd[rows])
        for name in ("log_centre", "scale", "df", "smear", "n_used", "from_median", "platform_weight"):
            assert np.array_equal(getattr(alone, name), getattr(many, name)[rows], equal_nan=True), name


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(st.integers(0, 10**8), max_size=12), min_size=1, max_size=20))
def test_a_forecast_has_the_same_bits_alone_and_in_a_batch(table) -> None:
    ages = [[float(3 + k) for k in range(len(row))] for row in table]
    followers: list[float | None] = [50_000.0] * len(table)
    many = forecast_many(histories(table, ages, followers), [PRIOR_POOL])
    together = quantiles(many, [0.1, 0.5, 0.9])
    for row in range(len(table)):
        alone = forecast(table[row], ages[row], PRIOR_POOL, 50_000.0)
        assert (alone.log_centre, alone.scale, alone.df) == (many.log_centre[row], many.scale[row], many.df[row])
        assert np.array_equal(quantiles(stack([alone]), [0.1, 0.5, 0.9])[0], together[row])


def test_each_channel_uses_its_own_pool() -> None:
    past = histories([[100.0], [100.0]], [[80.0], [80.0]], [None, None])
    many = forecast_many(past, [PRIOR_POOL, VerticalPool(bias=0.5)], np.array([1, 0]))
    assert many.log_centre == pytest.approx([np.log(100) + 0.5 + paused(80), np.log(100) + paused(80)])


def test_people_are_views_of_the_target_at_so_many_a_view() -> None:
    assert on_target_people(np.array([10_000.0]), np.array([0.3]))[0] == pytest.approx(10_000 * 0.3 * 0.85)
    share = TargetShares(np.array([0.3]), np.array([0.1]), np.array([0.5]))
    got = people(np.array([1_000.0]), np.array([2_000.0]), np.array([4_000.0]), share)
    assert [got.low[0], got.point[0], got.high[0]] == pytest.approx([85, 510, 1_700])


def test_forecasts_count_their_rows() -> None:
    empty: ViewForecasts = stack([])
    assert len(empty) == 0
    assert quantiles(empty, [0.1, 0.9]).shape == (0, 2)
