"""The value side of an exposure."""

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from marketplace.intrusiveness.prominence import fade, prominence
from marketplace.intrusiveness.timeline import Timeline, ValueInterval, exact
from tests.intrusiveness import make

QUICK = settings(max_examples=50, deadline=None)


def test_a_value_by_hand() -> None:
    worth = 10 * math.log(1.8) * math.sqrt(0.1) * 0.6 * 0.6
    assert prominence(make.CUP).point == pytest.approx(100 * (1 - math.exp(-worth / 8)))
    assert prominence(make.video(60)).point == 0


def test_what_is_noticed_least_to_most() -> None:
    found = [prominence(one).point for one in (make.CUP, make.HERO, make.READ)]
    assert found == pytest.approx([8.0, 30.5, 89.9], abs=0.1)


@given(st.floats(0, 500), st.floats(0, 500))
@QUICK
def test_seconds_count_ever_less(a: float, b: float) -> None:
    assert fade(a + b) <= fade(a) + fade(b) + 1e-9
    assert fade(max(a, b)) >= fade(min(a, b))


@pytest.mark.parametrize("field", ["seconds", "area_share", "clarity", "centre", "mentions"])
@settings(max_examples=30, deadline=None)
@given(timeline=make.plans(sure=True), by=st.floats(0, 1), data=st.data())
def test_more_is_noticed_no_less(field: str, timeline: Timeline, by: float, data: st.DataObject) -> None:
    assume(timeline.exposures)
    at = data.draw(st.integers(0, len(timeline.exposures) - 1))
    was = timeline.exposures[at]
    most = 1 if field in {"area_share", "clarity", "centre"} else 500
    more = replace(was, **{field: exact(min(most, getattr(was, field).low + by))})
    changed = replace(timeline, exposures=(*timeline.exposures[:at], more, *timeline.exposures[at + 1 :]))
    assert prominence(changed).point >= prominence(timeline).point - 1e-9


@QUICK
@given(make.plans(), st.data())
def test_every_plan_inside_the_intervals_lies_in_the_range(plan: Timeline, data: st.DataObject) -> None:
    score = prominence(plan)
    assert 0 <= score.low <= score.point + 1e-9
    assert score.point <= score.high + 1e-9 <= 100 + 1e-9
    one = prominence(data.draw(make.inside(plan))).point
    assert score.low - 1e-9 <= one <= score.high + 1e-9


def test_brands_share_what_is_noticed_and_speech_lifts() -> None:
    alone, shared = (prominence(replace(make.HERO, brands=exact(n))).point for n in (1, 4))
    assert math.log(1 - shared / 100) == pytest.approx(math.log(1 - alone / 100) / 2)
    spoken = replace(make.HERO, exposures=(*make.HERO.exposures, make.said(40, 2, mentions=1)))
    assert prominence(spoken).point > alone + 10


def test_what_is_seen_at_once_is_one_sight_at_its_best() -> None:
    one = prominence(make.HERO).point
    assert prominence(replace(make.HERO, exposures=make.HERO.exposures * 3)).point == pytest.approx(one)
    # A crop of its logo inside the pack adds nothing while the pack is seen, and its own seconds after it.
    inside, after = (
        replace(make.HERO, exposures=(*make.HERO.exposures, make.shown(at, 6, centre=0.4, area_share=0.01, clarity=1)))
        for at in (25, 40)
    )
    assert prominence(inside).point == pytest.approx(one)
    assert prominence(after).point > one + 0.2
    spoken = replace(make.HERO, exposures=(make.said(20, 4, mentions=2),) * 3)
    assert prominence(spoken).point == pytest.approx(prominence(replace(spoken, exposures=spoken.exposures[:1])).point)


def test_it_says_what_it_is_made_of() -> None:
    score = prominence(replace(make.READ, brands=ValueInterval(1, 2)))
    assert "提及品牌 3 次" in score.zh
    assert "1–2" in score.zh
    assert "named 3 times" in score.en
    assert "1–2" in score.en
