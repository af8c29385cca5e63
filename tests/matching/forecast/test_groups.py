"""What verticals and audience segments teach of sponsored videos: found where channels tell, else the market's."""

from typing import Any

import numpy as np
import pytest

from marketplace.matching.audience import segments
from marketplace.matching.audience.arrays import Floats
from marketplace.matching.forecast.pool import ViewHistories
from marketplace.matching.forecast.sponsored import (
    CHANNELS_MIN,
    PRIOR_MARKET,
    ChannelLabels,
    SponsoredMarket,
    fit_market,
    from_content,
    gaps,
    unlabelled,
)
from marketplace.matching.scoring.brand_fit import tolerance_part

NOISE = 0.25


def channels(true: Floats, seed: int = 3, videos: int = 20, ads: int = 5) -> ViewHistories:
    """Channels whose sponsored videos truly differ by so much."""
    rng = np.random.default_rng(seed)
    marks = np.zeros((len(true), videos))
    marks[:, np.linspace(1, videos - 1, ads).astype(int)] = 1
    logs = 9 + 0.5 * rng.normal(size=marks.shape) + true[:, None] * marks
    return ViewHistories(np.exp(logs), np.full(marks.shape, 9.0), np.full(len(true), np.nan), sponsored=marks)


def world(count: int, seed: int = 5) -> tuple[Floats, ChannelLabels]:
    """Two verticals 0.4 apart and two segments 0.2 apart, channels scattering by 0.2 about these."""
    rng = np.random.default_rng(seed)
    beauty, young = rng.random(count) < 0.5, rng.random(count) < 0.5
    true = -0.2 + np.where(beauty, 0.2, -0.2) + np.where(young, 0.1, -0.1) + 0.2 * rng.normal(size=count)
    labels = ChannelLabels(["beauty" if one else "games" for one in beauty], ["a" if one else "b" for one in young])
    return true, labels


def fitted(true: Floats, labels: ChannelLabels | None) -> SponsoredMarket:
    return fit_market(channels(true), np.full(len(true), NOISE), labels)


def test_groups_are_found_and_their_scatter_is_no_channels() -> None:
    true, labels = world(1_000)
    found, plain = fitted(true, labels), fitted(true, None)
    assert found.mean == pytest.approx(-0.2, abs=0.05)
    assert found.verticals["beauty"].shift - found.verticals["games"].shift == pytest.approx(0.4, abs=0.06)
    assert found.segments["a"].shift - found.segments["b"].shift == pytest.approx(0.2, abs=0.06)
    assert found.between == pytest.approx(0.2, abs=0.05)
    assert plain.between > found.between + 0.05
    assert from_content({**vars(plain), "verticals": {}, "segments": {}}) == plain


def test_few_channels_of_a_group_leave_the_markets() -> None:
    true, labels = world(60)
    few = ChannelLabels(["rare" if at < CHANNELS_MIN - 1 else "games" for at in range(60)], labels.segments)
    fit = fitted(true, few)
    assert set(fit.verticals) == {"games"}
    expected, sd = fit.expected(ChannelLabels(["rare", None, "games"], [None] * 3))
    assert expected[:2].tolist() == [fit.mean] * 2
    assert sd[0] > sd[2]  # it may differ as verticals do, and nobody knows how
    assert PRIOR_MARKET.expected(unlabelled(2))[1].tolist() == [PRIOR_MARKET.mean_sd] * 2


def test_a_channel_without_sponsored_videos_is_expected_to_be_as_its_group_is() -> None:
    true, labels = world(1_000)
    fit = fitted(true, labels)
    nothing = channels(np.zeros(2), ads=1)
    assert nothing.sponsored is not None
    nothing.sponsored[:] = 0
    channel_gaps = gaps(nothing, np.full(2, NOISE), fit, ChannelLabels(["beauty", "games"], ["a", "b"]))
    assert channel_gaps.gap.tolist() == pytest.approx([0.1, -0.5], abs=0.08)
    assert channel_gaps.is_known.all()
    assert channel_gaps.sd[0] == pytest.approx(np.hypot(fit.between, 0.03), abs=0.03)


def test_the_interval_holds_what_it_says_with_groups() -> None:
    true, labels = world(1_000)
    fit = fitted(true, labels)
    fresh, told = world(3_000, seed=8)
    drawn = gaps(channels(fresh, seed=9, videos=12, ads=3), np.full(3_000, NOISE), fit, told)
    assert 0.77 <= np.mean((drawn.low <= fresh) & (fresh <= drawn.high)) <= 0.84


def test_groups_foretell_better_than_the_market_alone() -> None:
    true, labels = world(600)
    fresh, told = world(600, seed=8)
    past, variance = channels(fresh, seed=9, videos=8, ads=1), np.full(600, NOISE)
    with_groups = gaps(past, variance, fitted(true, labels), told)
    without = gaps(past, variance, fitted(true, None), told)
    assert np.mean((with_groups.gap - fresh) ** 2) < 0.8 * np.mean((without.gap - fresh) ** 2)


@pytest.mark.parametrize(
    ("margins", "segment"),
    [
        (
            {"age": {"18-23": 0.7, "24-30": 0.3}, "gender": {"female": 0.59, "male": 0.39, "unknown": 0.02}},
            "female:under_25",
        ),
        ({"age": {"18-23": 0.2, "24-30": 0.5, "31-40": 0.3}, "gender": {"female": 0.5, "male": 0.5}}, "mixed:25_34"),
        ({"age": {"41-50": 1.0}, "gender": {"男": 0.9, "女": 0.1}}, "male:35_up"),
        ({"age": {"18-23": 1.0}}, None),
        ({"gender": {"female": 1.0}, "age": {}}, None),
        ({"age": {"17-23": 1.0}, "gender": {"female": 1.0}}, "female:under_25"),
        ({"age": {"0-12": 1.0}, "gender": {"female": 1.0}}, None),
        ({"age": {"unknown": 1.0}, "gender": {"female": 1.0}}, None),
        (None, None),
    ],
)
def test_a_segment_is_named_where_both_lists_are_told(margins: Any, segment: str | None) -> None:
    assert segments.segment_of(margins) == segment
    if segment is not None:
        assert all(segments.segment_name(segment))


def test_the_fit_hears_how_viewers_take_to_sponsored_videos() -> None:
    part = tolerance_part(np.array([-1.0, -0.1, 0.0, 0.4, np.nan]))
    assert part[:4].tolist() == pytest.approx([np.exp(-1), np.exp(-0.1), 1, 1])
    assert np.isnan(part[4])
