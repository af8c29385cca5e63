"""The chance of a backlash: what moves it, what it is told beside, and that it is right where viewers are such."""

import math
from collections.abc import Sequence
from dataclasses import astuple
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.intrusiveness import backlash
from marketplace.intrusiveness.backlash import BacklashChances, Floats, ViewerTolerance

SHARES, SCORES = st.floats(0, 1), st.floats(0, 100)
VERTICALS = ("drama", "tech", "travel", "")
NOTHING: dict[str, Any] = {"sponsored_videos": 0, "market": False, "viewers_came_for": "story"}
Past = Sequence[tuple[float, float, float]]


def column(*values: float) -> Floats:
    return np.array(values, dtype=np.float64)


def viewers(
    vertical: str, *past: tuple[float, float, float], followers: float = 10_000, scatter: float = math.nan
) -> ViewerTolerance:
    """Viewers of one channel; past videos as (score, sponsored share then, views over usual)."""
    found = backlash.usual_tolerance([vertical], column(followers), column(scatter))
    for score, share, ratio in past:
        weight = backlash.weight_of(column(score), column(share))
        found = backlash.learned(found, column(-math.log(ratio)), found.scatter * math.sqrt(1.1), weight)
    return found


def chance(low: float, high: float, share: float, who: ViewerTolerance) -> tuple[float, float, float, float]:
    middle, least, most, unsponsored = backlash.chances(column(low), column(high), column(share), who).columns()[0]
    return float(middle), float(least), float(most), float(unsponsored)


def test_the_normal_distribution_is_that_of_the_tables() -> None:
    points = [-8.0, -3.0, -1.28, -0.1, 0.0, 0.5, 2.3, 6.0]
    wanted = [NormalDist().cdf(point) for point in points]
    assert backlash.normal_share(column(*points)).tolist() == pytest.approx(wanted, abs=4e-7)


def test_a_first_small_placement_is_hardly_worse_than_an_ordinary_day_and_says_so() -> None:
    found = chance(2.5, 8, 0.1, viewers("drama"))
    assert found[0] == pytest.approx(0.18, abs=0.01)
    assert found[3] == pytest.approx(0.136, abs=0.001)
    shown = backlash.shown(found, sponsored_videos=0, market=False, viewers_came_for="story")
    assert shown.known_from == "vertical"
    assert "14% for an unsponsored video" in shown.en
    assert "viewers of stories may still object" in shown.en
    assert "judgement alone" in shown.en
    assert "hardly above an ordinary bad day" in backlash.shown((0.14, 0.14, 0.15, 0.136), **NOTHING).en
    assert "不带广告的视频为 14%" in shown.zh


def test_the_same_placement_where_viewers_have_sworn_before_is_another_matter() -> None:
    fell: Past = [(8, 0.1, 0.80), (8, 0.2, 0.60), (8, 0.3, 0.45), (8, 0.4, 0.35)]
    before = chance(6, 10, 0.5, viewers("animation"))
    after = chance(6, 10, 0.5, viewers("animation", *fell))
    held = chance(6, 10, 0.5, viewers("animation", *((score, share, 1.1) for score, share, _ in fell)))
    assert held[0] < before[0] < after[0]
    assert after[0] > 1.6 * after[3]
    assert "hardly" not in backlash.shown(after, sponsored_videos=4, market=True, viewers_came_for="story").en


def test_what_viewers_came_for_and_how_many_they_are_moves_it() -> None:
    review, general, story = (chance(40, 50, 0.1, viewers(name))[0] for name in ("tech", "travel", "drama"))
    assert review < general < story
    assert chance(40, 50, 0.1, viewers("drama", followers=2e6))[0] > story
    calm, wild = (chance(40, 50, 0.1, viewers("drama", scatter=scatter)) for scatter in (0.3, 0.9))
    assert calm[3] < 0.02 < 0.2 < wild[3]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(VERTICALS), SCORES, SCORES, SHARES, st.floats(0.2, 1.5), st.lists(st.floats(0.1, 3), max_size=4))
def test_what_always_holds(
    vertical: str, one: float, other: float, share: float, scatter: float, ratios: list[float]
) -> None:
    low, high = sorted((one, other))
    who = viewers(vertical, *((35.0, 0.2, ratio) for ratio in ratios), scatter=scatter)
    middle, least, most, unsponsored = chance(low, high, share, who)
    assert 0 <= unsponsored <= least + 1e-9
    assert least <= middle + 1e-6
    assert middle <= 1
    assert least <= most
    assert who.doubt[0] <= backlash.TABLE["fall_doubt"].value
    # More of everything never makes it safer.
    assert chance(high, high, share, who)[0] >= chance(low, low, share, who)[0] - 1e-9
    assert chance(low, high, min(1, share + 0.1), who)[0] >= middle - 1e-9


def test_nothing_that_is_not_known_is_learned_from() -> None:
    usual = viewers("drama")
    for seen, noise in ((math.nan, 0.2), (0.3, math.nan), (0.3, 0.0)):
        learned = backlash.learned(usual, column(seen), column(noise), 1.0)
        assert [part.tolist() for part in astuple(learned)] == [pytest.approx(part.tolist()) for part in astuple(usual)]
    assert backlash.share_with_this(column(math.nan, 0.0, 1.0)).tolist() == pytest.approx([0.1, 0.1, 1.0])


def test_a_channels_numbers_have_the_same_bits_alone_and_among_others() -> None:
    rng = np.random.default_rng(3)
    count = 57
    low = rng.uniform(0, 50, count)
    high, share, ratio = low + rng.uniform(0, 30, count), rng.uniform(0, 1, count), rng.normal(0, 0.3, count)
    verticals = rng.choice(VERTICALS, count).tolist()
    followers, scatter = rng.uniform(1e3, 3e6, count), rng.uniform(0.2, 1.2, count)

    def of(rows: slice) -> BacklashChances:
        usual = backlash.usual_tolerance(verticals[rows], followers[rows], scatter[rows])
        who = backlash.learned(usual, ratio[rows], scatter[rows], backlash.weight_of(low[rows], share[rows]))
        return backlash.chances(low[rows], high[rows], share[rows], who)

    together = of(slice(None)).columns()
    for row in range(count):
        assert np.array_equal(of(slice(row, row + 1)).columns()[0], together[row])


def test_every_number_tells_where_it_is_from() -> None:
    assert all(one.unit and one.evidence for one in backlash.TABLE.values())
    for came_for, words in backlash.VIEWERS.items():
        assert f"fall_{came_for}" in backlash.TABLE
        assert words.zh in backlash.known_from(0, market=True, viewers_came_for=came_for)[1].zh
    assert backlash.known_from(1, market=True, viewers_came_for="story")[0] == "channel"
    assert "1 sponsored video of" in backlash.known_from(1, market=True, viewers_came_for="story")[1].en


def test_past_videos_of_a_channel_are_learned_from_one_by_one() -> None:
    usual = viewers("animation")
    falls = [backlash.after_past(usual, ratios, 0.2).fall[0] for ratios in ((), (0.5,), (0.5, 0.4), (1.2,))]
    assert falls[3] < falls[0] < falls[1] < falls[2]
    assert backlash.after_past(usual, (0.5, 0.4), 0.2).doubt[0] < usual.doubt[0]
