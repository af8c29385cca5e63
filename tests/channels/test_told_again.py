"""The same video told of later: growth is let through, what growth does not explain is flagged."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from marketplace.channels.told_again import (
    EarlierFollowers,
    EarlierViews,
    find_jump,
    find_rewritten,
    most_growth,
)

DAY = date(2026, 11, 1)


def _told(views: int, before: int, age_days: int, later: int) -> tuple[list[Any], dict[str, int]]:
    """A video of an age in days when it was told of first, told of again so many days later."""
    published = datetime.combine(DAY - timedelta(days=age_days), datetime.min.time(), UTC)
    video = {"external_id": "v", "published_at": published, "views": views}
    return find_rewritten([video], DAY + timedelta(days=later), {"v": EarlierViews(before, DAY)})


@pytest.mark.parametrize(
    ("views", "before", "age", "later", "flagged"),
    [
        (1_000_000, 100_000, 20, 3, True),  # ten times as many within three days
        (1_000_000, 100_000, 400, 3, True),
        (150_000, 100_000, 20, 3, False),
        (600_000, 100_000, 1, 3, False),  # a young video that takes off
        (900_000, 100_000, 0, 30, False),
        (1_500, 100, 20, 3, True),
        (900, 80, 20, 3, False),  # a few hundred views move nothing
        (40_000, 100_000, 20, 3, True),  # views do not go away
        (96_000, 100_000, 20, 3, False),  # but for what a platform takes back
        (700_000, 100_000, 30, 700, False),  # an old video that is still found
    ],
)
def test_views_follow_growth(views: int, before: int, age: int, later: int, flagged: bool) -> None:
    flags, rewritten = _told(views, before, age, later)
    assert [flag.code for flag in flags] == ["video_rewritten"] * flagged
    assert set(rewritten) == ({"v"} if flagged else set())


@pytest.mark.parametrize(
    ("views", "age", "later", "explained"),
    [
        (1_000_000, 400, 3, 100_000),  # an old video hardly grows
        (1_000_000, 20, 3, 101_193),  # 0.2 x log(23.5 / 20.5) / log(10): the rest of the growth to thirty days
        (50_000_000, 1, 30, 147_592),  # from a day and a half to thirty days as half of all videos grow
        (40_000, 20, 3, 40_000),  # fewer views than before gain nobody anything
    ],
)
def test_what_growth_does_not_explain_counts_as_what_it_does(views: int, age: int, later: int, explained: int) -> None:
    _, rewritten = _told(views, 100_000, age, later)
    assert rewritten == {"v": explained}


def test_a_flag_says_how_far_and_of_how_many() -> None:
    flags, _ = _told(1_000_000, 100_000, 20, 3)
    numbers = flags[0].numbers
    assert (numbers["figure"], numbers["videos"], numbers["peers_low"]) == (10.0, 1, 0.5)
    assert numbers["peers_high"] == pytest.approx(most_growth(20 * 24 + 12, 23 * 24 + 12), rel=1e-3)


def test_what_was_not_told_before_or_only_later_is_not_compared() -> None:
    video = {"external_id": "v", "published_at": datetime(2026, 10, 1, tzinfo=UTC), "views": 10**9}
    assert find_rewritten([video], DAY, {}) == ([], {})
    assert find_rewritten([video], DAY, {"v": EarlierViews(5, DAY + timedelta(days=1))}) == ([], {})


@pytest.mark.parametrize(
    ("followers", "before", "days", "flagged"),
    [
        (900_000, 183_000, 3, True),
        (300_000, 183_000, 3, False),
        (900_000, 183_000, 120, False),
        (9_000, 10, 3, False),
        (183_000, 900_000, 3, False),
    ],
)
def test_followers_do_not_multiply_within_days(followers: int, before: int, days: int, flagged: bool) -> None:
    flags = find_jump(followers, DAY, EarlierFollowers(before, DAY - timedelta(days=days)))
    assert [flag.code for flag in flags] == ["growth_jump"] * flagged


def test_honest_growth_is_hardly_ever_flagged() -> None:
    """2,000 snapshots of ten videos each whose growth scatters as the forecast's prior says: heavy tails (df 6)."""
    rng = np.random.default_rng(12)
    flagged = 0
    for _ in range(2_000):
        later = int(rng.integers(1, 40))
        videos, earlier = [], {}
        for number in range(10):
            age = int(rng.integers(0, 60))
            hours, then = 24.0 * age + 12, 24.0 * (age + later) + 12
            left = [np.interp(np.log(h), np.log([24, 72, 720]), [0.5, 0.2, 0.0]) for h in (hours, then)]
            scale = np.interp(np.log(hours), np.log([24, 72]), [0.45, 0.23])
            before = int(np.exp(rng.normal(10, 1.5)))
            grown = int(before * np.exp(max(0.0, left[0] - left[1] + scale * rng.standard_t(6))))
            published = datetime.combine(DAY - timedelta(days=age), datetime.min.time(), UTC)
            videos.append({"external_id": str(number), "published_at": published, "views": grown})
            earlier[str(number)] = EarlierViews(before, DAY)
        flagged += bool(find_rewritten(videos, DAY + timedelta(days=later), earlier)[0])
    assert flagged <= 10  # one in two hundred
