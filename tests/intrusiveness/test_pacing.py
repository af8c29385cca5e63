"""Pacing: which days a rule leaves open, why the others are full, and that nothing sponsored ever opens one."""

import math
import re
from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.intrusiveness import constants
from marketplace.intrusiveness.pacing_rule import (
    BookedSlot,
    ChannelPacing,
    ChannelPast,
    PacedVideo,
    SpacingLimits,
    SpacingRamp,
    SpacingRule,
    calendar,
    next_open,
    placement_days,
    spread,
)

TODAY = date(2026, 11, 24)


def back(days: int) -> date:
    return TODAY - timedelta(days=days)


def on(days: int) -> date:
    return TODAY + timedelta(days=days)


def past(marks: str, every: int = 2, **more: Any) -> ChannelPast:
    """A channel's videos, the newest yesterday: `x` is sponsored, `.` is not."""
    ages = range(1 + every * (len(marks) - 1), 0, -every)
    return ChannelPast([PacedVideo(back(age), mark == "x") for age, mark in zip(ages, marks, strict=True)], **more)


def codes(rule: SpacingRule, of: ChannelPast, day: date = TODAY, series: str | None = None) -> list[str]:
    return [reason.code for reason in ChannelPacing(rule, of, TODAY, on(60), series).on(day).reasons]


@pytest.mark.parametrize(
    ("limits", "marks", "told", "figures"),
    [
        (SpacingLimits(share_max=0.2), "..x...x..", ["share"], ("3", "2")),
        (SpacingLimits(share_max=0.3), "..x...x..", [], ()),
        (SpacingLimits(share_max=0.0), "", ["share"], ("1", "0")),
        (SpacingLimits(gap_videos=3), "..x..", ["gap_videos"], ("2", "3")),
        (SpacingLimits(gap_videos=2), "..x..", [], ()),
        (SpacingLimits(gap_days=6), "..x..", ["gap_days"], ("5", "6")),
        (SpacingLimits(gap_days=5), "..x..", [], ()),
        (SpacingLimits(streak_max=2), "..xx", ["streak"], ("3", "2")),
        (SpacingLimits(streak_max=2), ".x.x", [], ()),
        (SpacingLimits(), "xxxxxxxxxx", [], ()),
    ],
)
def test_each_limit_closes_today_and_says_its_figures(
    limits: SpacingLimits, marks: str, told: list[str], figures: tuple[str, ...]
) -> None:
    found = ChannelPacing(SpacingRule(limits), past(marks), TODAY, on(9)).on(TODAY)
    assert [reason.code for reason in found.reasons] == told
    assert found.open == (not told)
    for reason in found.reasons:
        for text, end in ((reason.zh, "。"), (reason.en, ".")):
            assert text.endswith(end)
            assert all(figure in re.findall(r"\d+", text) for figure in figures), text
        assert re.search(r"[一-鿿]", reason.zh)


def test_a_bad_result_closes_the_cool_down_and_a_good_one_does_not() -> None:
    rule = SpacingRule(SpacingLimits(cool_down_days=14))
    for share, full in ((0.38, True), (0.5, True), (0.6, False), (1.4, False)):
        of = ChannelPast([PacedVideo(back(5), True, math.log(share))])
        assert codes(rule, of) == (["cool_down"] if full else [])
    of = ChannelPast([PacedVideo(back(5), True, math.log(0.38))])
    (reason,) = ChannelPacing(rule, of, TODAY, on(20)).on(on(8)).reasons
    assert "38%" in reason.en
    assert on(9).isoformat() in reason.zh
    assert next_open(rule, of, TODAY) == on(9)
    assert codes(rule, ChannelPast([PacedVideo(back(5), False, math.log(0.1))])) == []


def test_booked_placements_count_on_both_sides_of_their_day() -> None:
    rule, of = SpacingRule(SpacingLimits(gap_days=7)), ChannelPast(booked=[BookedSlot(on(10))])
    assert [day.open for day in calendar(rule, of, TODAY, 20)] == [not 3 < number < 17 for number in range(20)]
    assert codes(SpacingRule(SpacingLimits(gap_videos=2)), replace(of, videos=past("....", every=3).videos), on(9)) == [
        "gap_videos"
    ]


def test_the_channel_is_expected_to_go_on_at_its_own_pace() -> None:
    rule = SpacingRule(SpacingLimits(gap_videos=3))
    assert next_open(rule, past("....x"), TODAY) == on(9)  # unsponsored ones on days 3, 6 and 9
    assert ChannelPacing(rule, past("....x"), TODAY, TODAY).figures().pace_days == 3
    # One that never published without a sponsor is not expected to.
    assert next_open(rule, past("xxxxx"), TODAY) is None
    asleep = ChannelPast([replace(video, day=video.day - timedelta(days=100)) for video in past("....x").videos])
    opens = next_open(rule, asleep, TODAY)
    assert opens is not None
    assert opens > on(300)


def test_a_ramp_goes_from_none_to_some_to_few() -> None:
    for ramp in constants.RAMPS.values():
        assert 0 < ramp.few <= ramp.some < constants.RECENT
        assert ramp.quiet_videos < ramp.few_videos
        assert ramp.quiet_followers < ramp.few_followers
    rule, few = SpacingRule(ramp=SpacingRamp("standard")), ChannelPast(followers=5_000)
    for unsponsored, followers, marks, told in (
        (11, 5_000, ".", ["ramp_none"]),
        (12, 999, ".", ["ramp_none"]),
        (12, 5_000, "..x..x..", []),
        (12, 5_000, ".x.x..x.", ["ramp_some"]),
        (60, 5_000, "..x..x..", ["ramp_few"]),
        (12, 1_000_000, "..x..x..", ["ramp_few"]),
        (60, 5_000, ".....x..", []),
    ):
        of = past(marks, followers=followers, unsponsored=unsponsored)
        assert codes(rule, of) == told, (unsponsored, followers)
    assert codes(SpacingRule(ramp=SpacingRamp("standard", videos=0, followers=0)), few) == []
    assert codes(SpacingRule(ramp=SpacingRamp("standard", videos=13)), past("." * 12, followers=9_999)) == ["ramp_none"]
    # The videos to come end the quiet time.
    assert next_open(SpacingRule(ramp=SpacingRamp("standard")), past("." * 10, followers=2_000), TODAY) == on(4)


def test_a_series_has_limits_of_its_own() -> None:
    tea = frozenset({"茶馆"})
    videos = [
        PacedVideo(back(9 - number), number == 2, None, tea if number < 4 else frozenset()) for number in range(8)
    ]
    rule, of = (
        SpacingRule(SpacingLimits(gap_videos=3), None, {"茶馆": SpacingLimits(gap_videos=3)}),
        ChannelPast(videos),
    )
    assert codes(rule, of) == []
    assert codes(rule, of, series="茶馆") == ["gap_videos"]
    assert codes(rule, of, series="别的") == []
    (reason,) = ChannelPacing(rule, of, TODAY, on(1), "茶馆").on(TODAY).reasons
    assert reason.series == "茶馆"
    assert reason.zh.startswith("系列“茶馆”：")
    booked = replace(of, booked=[BookedSlot(on(1), "茶馆")])
    assert codes(SpacingRule(series={"茶馆": SpacingLimits(gap_days=9)}), booked, on(2), "茶馆") == ["gap_days"]
    assert codes(SpacingRule(series={"茶馆": SpacingLimits(gap_days=9)}), booked, on(2)) == []


def test_figures_tell_the_spacing_up_to_today() -> None:
    found = ChannelPacing(
        SpacingRule(), past("x.....x..xx.", booked=[BookedSlot(on(3)), BookedSlot(back(3))]), TODAY, TODAY
    ).figures()
    assert (found.videos, found.sponsored, found.share, found.streak) == (10, 3, 0.3, 0)
    assert (found.videos_since, found.days_since, found.booked, found.stage) == (1, 3, 1, None)
    assert ChannelPacing(SpacingRule(), past(".xx"), TODAY, TODAY).figures().streak == 2
    assert ChannelPacing(SpacingRule(), ChannelPast(), TODAY, TODAY).figures().share is None


def test_room_is_how_many_placements_find_a_day() -> None:
    rule = SpacingRule(SpacingLimits(gap_days=7))
    assert len(placement_days(rule, ChannelPast(), TODAY, on(0), on(20), 9)) == 3
    assert len(placement_days(rule, ChannelPast(), TODAY, on(0), on(21), 9)) == 4
    assert len(placement_days(rule, ChannelPast(), TODAY, on(0), on(21), 2)) == 2
    assert len(placement_days(rule, ChannelPast(booked=[BookedSlot(on(10))]), TODAY, on(5), on(15), 1)) == 0
    assert len(placement_days(rule, ChannelPast(), TODAY, back(9), back(1), 1)) == 0
    assert placement_days(rule, ChannelPast(), TODAY, on(0), on(21), 3) == (on(0), on(7), on(14))
    assert spread(on(0), on(9), 2) == (on(2), on(7))
    assert spread(on(4), on(4), 3) == (on(4),) * 3


def test_a_stored_rule_is_read_back() -> None:
    limits = {name.name: None for name in fields(SpacingLimits)}
    document = {**limits, "gap_days": 7, "ramp": None, "series": []}
    assert SpacingRule.from_document(document) == SpacingRule(SpacingLimits(gap_days=7))
    found = SpacingRule.from_document(
        {
            **limits,
            "ramp": {"preset": "gentle", "videos": 5, "followers": None},
            "series": [{"key": "茶馆", **limits, "streak_max": 1}],
        }
    )
    assert found == SpacingRule(SpacingLimits(), SpacingRamp("gentle", 5), {"茶馆": SpacingLimits(streak_max=1)})


@pytest.mark.parametrize(
    "values",
    [
        {"gap_days": -1},
        {"gap_videos": -1},
        {"cool_down_days": -1},
        {"streak_max": 0},
        {"share_max": 1.1},
        {"share_max": math.nan},
    ],
)
def test_impossible_limits_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"share|Gaps"):
        SpacingLimits(**values)


days = st.integers(0, 80).map(back)
videos = st.lists(
    st.builds(
        PacedVideo, days, st.booleans(), st.none() | st.floats(-2, 1), st.sampled_from([frozenset(), frozenset("a")])
    ),
    max_size=30,
).map(lambda some: sorted(some, key=lambda one: one.day))
slots = st.lists(st.builds(BookedSlot, st.integers(0, 60).map(on), st.sampled_from([None, "a"])), max_size=4)
pasts = st.builds(ChannelPast, videos, slots, st.integers(0, 2_000_000), st.none() | st.integers(0, 100))
limits_ = st.builds(
    SpacingLimits,
    st.none() | st.floats(0, 1),
    st.none() | st.integers(0, 8),
    st.none() | st.integers(0, 30),
    st.none() | st.integers(1, 5),
    st.none() | st.integers(0, 40),
)
ramps = st.none() | st.builds(
    SpacingRamp,
    st.sampled_from(sorted(constants.RAMPS)),
    st.none() | st.integers(0, 60),
    st.none() | st.integers(0, 90_000),
)
rules = st.builds(SpacingRule, limits_, ramps, limits_.map(lambda one: {"a": one}))
MOST_IS_STRICTEST = ("gap_videos", "gap_days", "cool_down_days")


def tighter(one: SpacingLimits, other: SpacingLimits) -> SpacingLimits:
    """The stricter of two in each respect."""
    found: dict[str, Any] = {}
    for name in (part.name for part in fields(SpacingLimits)):
        told = [value for value in (getattr(one, name), getattr(other, name)) if value is not None]
        found[name] = None if not told else max(told) if name in MOST_IS_STRICTEST else min(told)
    return SpacingLimits(**found)


def quieter(one: SpacingRamp | None, more: int) -> SpacingRamp | None:
    """The same ramp with a longer quiet time."""
    if one is None:
        return SpacingRamp("standard", videos=more)
    return replace(one, videos=one.sizes.quiet_videos + more, followers=one.sizes.quiet_followers + more)


def is_open(rule: SpacingRule, of: ChannelPast) -> list[bool]:
    return [day.open for day in calendar(rule, of, TODAY, 50, "a")]


@settings(max_examples=150)
@given(rules, limits_, limits_, st.integers(0, 40), pasts)
def test_a_stricter_rule_never_opens_a_day(
    rule: SpacingRule, whole: SpacingLimits, series: SpacingLimits, more: int, of: ChannelPast
) -> None:
    stricter = SpacingRule(
        tighter(rule.limits, whole), quieter(rule.ramp, more), {"a": tighter(rule.series["a"], series)}
    )
    assert all(loose or not strict for loose, strict in zip(is_open(rule, of), is_open(stricter, of), strict=True))


@settings(max_examples=150)
@given(rules, pasts, st.builds(PacedVideo, days, st.just(True), st.none() | st.floats(-2, 1), st.just(frozenset("a"))))
def test_one_more_sponsored_video_never_opens_a_day(rule: SpacingRule, of: ChannelPast, more: PacedVideo) -> None:
    fuller = replace(of, videos=sorted([*of.videos, more], key=lambda one: one.day))
    assert all(before or not after for before, after in zip(is_open(rule, of), is_open(rule, fuller), strict=True))
    before, after = (next_open(rule, one, TODAY, "a") for one in (of, fuller))
    assert after is None or (before is not None and before <= after)


@settings(max_examples=100)
@given(rules, pasts, st.builds(BookedSlot, st.integers(0, 60).map(on), st.sampled_from([None, "a"])))
def test_one_more_booked_placement_never_opens_a_day(rule: SpacingRule, of: ChannelPast, more: BookedSlot) -> None:
    fuller = replace(of, booked=[*of.booked, more])
    assert all(before or not after for before, after in zip(is_open(rule, of), is_open(rule, fuller), strict=True))


@settings(max_examples=100)
@given(rules, pasts)
def test_the_next_open_day_is_the_calendars_first_and_there_is_room_on_it(rule: SpacingRule, of: ChannelPast) -> None:
    channel = replace(rule, series={})
    first = next((day.day for day in calendar(channel, of, TODAY, 50) if day.open), None)
    found = next_open(channel, of, TODAY)
    assert found == first or (first is None and found is not None and found >= on(50))
    if first is not None:
        assert len(placement_days(channel, of, TODAY, TODAY, first, 1)) == 1
        assert len(placement_days(channel, of, TODAY, TODAY, first - timedelta(days=1), 1)) == 0


@settings(max_examples=60)
@given(pasts)
def test_no_rule_leaves_every_day_open(of: ChannelPast) -> None:
    assert all(is_open(SpacingRule(), of))
