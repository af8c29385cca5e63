"""What an advertisement does to a channel's views: its own difference, the market's, and nothing where nobody told."""

import numpy as np
import pytest

from marketplace.matching.forecast.pool import PRIOR_POOL, ViewHistories, histories
from marketplace.matching.forecast.sponsored import (
    PRIOR_MARKET,
    SponsoredMarket,
    fit_market,
    from_content,
    gaps,
    placement,
)
from marketplace.matching.forecast.view_forecast import forecast_many


def _channels(n: int, ads: int, gap: float, between: float = 0.0, seed: int = 1, sd: float = 0.5) -> ViewHistories:
    """Channels of 20 videos of which the given number, spread evenly, are sponsored."""
    rng = np.random.default_rng(seed)
    marks = np.zeros((n, 20))
    marks[:, np.linspace(1, 19, ads).astype(int)] = 1
    own = gap + between * rng.normal(size=n)
    logs = rng.normal(9, 1, n)[:, None] + sd * rng.normal(size=(n, 20)) + own[:, None] * marks
    ages = np.tile(np.arange(5.0, 25.0), (n, 1))
    return ViewHistories(np.exp(logs), ages, np.full(n, np.nan), sponsored=marks)


def test_the_market_finds_the_mean_and_the_spread_it_was_drawn_with() -> None:
    fit = fit_market(_channels(800, 5, gap=-0.3, between=0.4), np.full(800, 0.25))
    assert fit.mean == pytest.approx(-0.3, abs=0.05)
    assert fit.between == pytest.approx(0.4, abs=0.05)
    assert fit.mean_sd < 0.05
    assert fit.channels == 800
    alike = fit_market(_channels(800, 5, gap=0.2), np.full(800, 0.25))
    assert alike.between < 0.12


def test_few_channels_leave_the_prior() -> None:
    assert fit_market(_channels(4, 5, gap=-1.0), np.full(4, 0.25)) == PRIOR_MARKET
    assert fit_market(_channels(50, 0, gap=0.0), np.full(50, 0.25)) == PRIOR_MARKET
    assert from_content(None) == PRIOR_MARKET
    assert from_content({"mean": -0.1, "mean_sd": 0.1, "between": 0.2, "channels": 9}) == SponsoredMarket(
        -0.1, 0.1, 0.2, 9
    )


def test_a_channels_own_difference_is_drawn_to_the_market_by_its_counts() -> None:
    market = SponsoredMarket(-0.2, 0.02, 0.3, 100)
    few, many = (gaps(_channels(400, ads, gap=-0.8, seed=ads), np.full(400, 0.25), market) for ads in (1, 10))
    assert -0.8 < np.mean(many.gap) < np.mean(few.gap) < -0.2
    assert many.sd[0] < few.sd[0] < 0.31
    assert (few.sponsored[0], few.other[0]) == (1, 19)
    assert np.all(few.low < few.gap)
    assert np.all(few.gap < few.high)


def test_the_interval_of_the_difference_holds_what_it_says() -> None:
    drawn = np.random.default_rng(7)
    true = -0.2 + 0.3 * drawn.normal(size=3_000)
    logs = 9 + 0.5 * drawn.normal(size=(3_000, 12))
    marks = np.zeros((3_000, 12))
    marks[:, ::3] = 1
    views = np.exp(logs + true[:, None] * marks)
    past = ViewHistories(views, np.full((3_000, 12), 9.0), np.full(3_000, np.nan), sponsored=marks)
    channel_gaps = gaps(past, np.full(3_000, 0.25), SponsoredMarket(-0.2, 0.01, 0.3, 500))
    assert 0.77 <= np.mean((channel_gaps.low <= true) & (true <= channel_gaps.high)) <= 0.83


def test_where_nobody_told_a_placement_is_forecast_as_any_video() -> None:
    past = histories([[100.0, 200.0]] * 2, [[5.0, 9.0]] * 2, [None] * 2, sponsored=[[None, None], [False, False]])
    channel_gaps = gaps(past, np.full(2, 0.4))
    assert not channel_gaps.is_known.any()
    assert [part.tolist() for part in placement(channel_gaps)] == [[0, 0], [0, 0]]


def test_what_is_sponsored_in_the_history_already_is_not_taken_twice() -> None:
    past = histories(
        [[100.0, 100.0]] * 3, [[5.0, 9.0]] * 3, [None] * 3, sponsored=[[False, False], [True, False], [True, True]]
    )
    channel_gaps = gaps(past, np.full(3, 0.4), SponsoredMarket(-0.3, 0.05, 0.1, 50))
    assert channel_gaps.share.tolist() == pytest.approx([0, 2 / 3, 1])
    shift, sd = placement(channel_gaps)
    assert shift[0] == pytest.approx(-0.3)
    assert shift[1] == pytest.approx(channel_gaps.gap[1] / 3)
    assert (shift[2], sd[2]) == (0, 0)
    plain, moved = forecast_many(past, [PRIOR_POOL]), forecast_many(past, [PRIOR_POOL], shift=shift, shift_sd=sd)
    assert moved.log_centre - plain.log_centre == pytest.approx(shift)
    assert moved.scale**2 - plain.scale**2 == pytest.approx(sd**2)
