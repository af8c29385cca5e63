"""What looks wrong is let in with a flag that shows its figure and what is usual."""

import random
from datetime import date
from typing import Any

import pytest

from marketplace.channels import anomalies
from marketplace.demo import world

LOW = "Views per follower: 0; peers lie between 0.0005"
PEERS = "house figures: too few creators to compare with"


def views(*counts: int) -> list[dict[str, Any]]:
    return [{"views": count} for count in counts]


def honest(count: int) -> list[int]:
    drawn = random.Random(5)
    return [round(10 ** drawn.uniform(3, 5)) for _ in range(count)]


def codes(followers: int, facts: dict[str, Any], videos: list[dict[str, Any]]) -> list[str]:
    return [flag.code for flag in anomalies.find_flags(followers, facts, videos)]


def test_an_ordinary_channel_has_no_flags() -> None:
    facts = {"engagement_rate": 0.05, "growth_30d": 300, "median_views_30d": 9000}
    assert anomalies.find_flags(10_000, facts, views(*honest(100))) == []
    assert anomalies.find_flags(0, {}, []) == []


def test_a_flag_says_figure_range_and_source() -> None:
    assert [flag.as_json() for flag in anomalies.find_flags(10, {"median_views_30d": 5000}, [])] == [
        {
            "code": "views_against_followers",
            "zh": "播放与粉丝之比 500，同类范围 0.0005 至 60（经验范围，可比创作者太少）",
            "en": f"Views per follower: 500; peers lie between 0.0005 and 60 ({PEERS})",
            "numbers": {"figure": 500.0, "peers_low": 0.0005, "peers_high": 60.0, "source": "house"},
        }
    ]


@pytest.mark.parametrize(
    ("followers", "facts", "videos", "code", "en"),
    [
        (10**8, {}, views(10, 20, 30), "views_against_followers", f"{LOW} and 60"),
        (
            0,
            {},
            views(900_000),
            "views_against_followers",
            "Views per follower: 900000; peers lie between 0.0005 and 60",
        ),
        (10**4, {"engagement_rate": 0.5}, [], "engagement", "Engagement rate: 0.5; peers lie between 0.001 and 0.35"),
        (10**4, {"engagement_rate": 0.0}, [], "engagement", "Engagement rate: 0; peers lie between 0.001 and 0.35"),
        (10**4, {"growth_30d": 9000}, [], "growth_jump", "Growth in 30 days: 0.9; peers lie between -0.3 and 0.5"),
        (10**4, {"growth_30d": -4000}, [], "growth_jump", "Growth in 30 days: -0.4; peers lie between -0.3 and 0.5"),
    ],
)
def test_figures_outside_the_peers_range_are_flagged(
    followers: int, facts: dict[str, Any], videos: list[dict[str, Any]], code: str, en: str
) -> None:
    (flag,) = anomalies.find_flags(followers, facts, videos)
    assert (flag.code, flag.en) == (code, f"{en} ({PEERS})")


def test_peers_can_be_given() -> None:
    strict = {**anomalies.HOUSE_RANGES, "engagement": anomalies.PeerRange(0.04, 0.06, "测试", "a test", creators=250)}
    (flag,) = anomalies.find_flags(10_000, {"engagement_rate": 0.07}, [], strict)
    assert flag.zh == "互动率 0.07，同类范围 0.04 至 0.06（测试）"
    assert flag.numbers == {
        "figure": 0.07,
        "peers_low": 0.04,
        "peers_high": 0.06,
        "source": "market",
        "creators": 250,
    }
    assert anomalies.find_flags(10_000, {"engagement_rate": 0.06}, [], strict) == []


def test_the_same_figure_again_and_again_is_flagged() -> None:
    (flag,) = anomalies.find_flags(1000, {}, views(500, 500, 500, 700, 700))
    assert (flag.code, flag.numbers["figure"], flag.numbers["source"]) == ("identical_views", 3, "house")
    assert codes(1000, {}, views(500, 500, 600, 700, 800)) == []
    assert codes(1000, {}, views(500, 500, 500, 500)) == []


def test_last_digits_that_no_count_would_have_are_flagged() -> None:
    rounded = [10 * count for count in honest(anomalies.DIGITS_MIN)]
    (flag,) = anomalies.find_flags(10_000, {}, views(*rounded))
    # All in one of ten cells: n * 9.
    assert (flag.code, flag.numbers["figure"]) == ("last_digits", 9.0 * anomalies.DIGITS_MIN)
    assert (flag.numbers["peers_high"], flag.numbers["source"]) == (anomalies.CHI_SQUARE_LIMIT, "chance")
    assert codes(10_000, {}, views(*rounded[1:])) == []
    assert codes(1000, {}, views(*(10 * count for count in range(1, 10)), *honest(60))) == []


def test_honest_digits_are_rarely_flagged() -> None:
    drawn = random.Random(1)
    flagged = sum(
        "last_digits" in codes(10_000, {}, views(*(drawn.randrange(100, 10**6) for _ in range(60))))
        for _ in range(1000)
    )
    assert flagged <= 6


def test_a_series_is_known_by_its_views_in_their_order() -> None:
    series = views(5, 4, 3, 2, 1)
    assert anomalies.series_hash(series) == anomalies.series_hash([{**video, "likes": 1} for video in series])
    assert anomalies.series_hash(series) != anomalies.series_hash(series[::-1])
    assert anomalies.series_hash(series[:4]) is None


def test_the_made_up_world_has_no_audience_that_cannot_be() -> None:
    made = world.channels(7, date(2026, 11, 1))
    assert {channel.platform for channel in made} == set(world.PLATFORMS.values())
    assert [
        channel.handle
        for channel in made
        if anomalies.impossible_audience(channel.platform, {"region": channel.regions})
    ] == []


@pytest.mark.parametrize(
    ("platform", "regions", "flagged"),
    [
        ("tiktok", {"CN": 0.51, "US": 0.49}, True),
        ("tiktok", {"CN-GD": 0.3, "CN-SH": 0.3}, True),
        ("tiktok", {"CN": 0.55, "CN-GD": 0.3}, True),
        ("tiktok", {"CN": 0.5, "CN-GD": 0.3}, False),
        ("tiktok", {"HK": 0.6, "TW": 0.4}, False),
        ("tiktok", {}, False),
        ("douyin", {"CN": 1.0}, False),
        ("youtube", {"CN": 0.9}, True),
    ],
)
def test_an_audience_where_the_platform_is_not_offered_is_flagged(
    platform: str, regions: dict[str, float], flagged: bool
) -> None:
    assert bool(anomalies.impossible_audience(platform, {"region": regions})) is flagged
