"""The share of a video's viewers who notice the brand."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from marketplace.intrusiveness.notice import notice_share
from marketplace.intrusiveness.timeline import Timeline, exact, from_dict
from tests.intrusiveness import make

QUICK = settings(max_examples=40, deadline=None)
PLANS = Path(__file__).resolve().parents[2].parent / "shared/cases/plans"


def card(start: float) -> Timeline:
    """Five seconds of a logo that fills the picture, in a film of a minute."""
    return make.video(60, make.shown(start, 5, area_share=1, centre=1, saliency=1, clarity=1, plot=0))


def test_nothing_to_see_is_noticed_by_nobody() -> None:
    assert notice_share(make.video(60)) == (0, 0, 0)


def test_a_card_that_opens_is_noticed_by_several_times_as_many_as_one_at_the_end() -> None:
    opening, middle, end = (notice_share(card(start)) for start in (0, 28, 55))
    assert opening.low > end.high
    assert 5 < opening.middle / end.middle < 15
    assert end.middle < middle.middle < opening.middle


def test_a_share_by_hand() -> None:
    """At its middle a steady close-up from the first second on, where nobody has gone yet."""
    share = notice_share(make.video(1, make.shown(0, 1, area_share=0.1, centre=1, saliency=0.5, clarity=1, plot=0)))
    # A second of half attention, fading by a twentieth: 0.75 (1 - exp(-0.49 / 1.9)) = 0.17; nine in ten still watch.
    assert share.middle == pytest.approx(0.75 * 0.227 * 0.87, abs=0.02)


def test_one_film_alone_and_among_others_has_the_same_share() -> None:
    assert notice_share(card(3)) == notice_share(card(3))


@given(make.plans())
@QUICK
def test_the_middle_lies_between_its_ends(plan: Timeline) -> None:
    share = notice_share(plan)
    assert 0 <= share.low <= share.middle <= share.high <= 0.95


@pytest.mark.parametrize("field", ["area_share", "clarity", "centre", "saliency", "plot", "mentions"])
@QUICK
@given(timeline=make.plans(sure=True), by=st.floats(0, 1), data=st.data())
def test_more_is_noticed_by_no_fewer(field: str, timeline: Timeline, by: float, data: st.DataObject) -> None:
    assume(timeline.exposures)
    at = data.draw(st.integers(0, len(timeline.exposures) - 1))
    was = timeline.exposures[at]
    more = replace(was, **{field: exact(min(500 if field == "mentions" else 1, getattr(was, field).low + by))})
    changed = replace(timeline, exposures=(*timeline.exposures[:at], more, *timeline.exposures[at + 1 :]))
    assert notice_share(changed).middle >= notice_share(timeline).middle - 2e-6


def test_more_brands_are_each_noticed_by_fewer() -> None:
    alone, four = (notice_share(replace(make.HERO, brands=exact(count))).middle for count in (1, 4))
    assert 0.4 * alone < four < 0.7 * alone


@pytest.mark.shared
@pytest.mark.skipif(not PLANS.is_dir(), reason="the measuring data is not beside this checkout")
def test_most_of_what_another_hand_worked_out_lies_within_the_intervals() -> None:
    """The shares of worked plans that somebody else found on the same sources, by another law of attention."""
    others = {
        "drama_phone_back": 0.020,
        "animation_poster": 0.022,
        "flash_1": 0.016,
        "corner_sticker": 0.18,
        "close_up_10_of_16": 0.33,
        "close_up_10_of_60": 0.17,
        "opening_card": 0.40,
        "end_card": 0.06,
        "plot_device": 0.25,
        "read_ad_30_of_60": 0.22,
        "hard_sell_whole": 0.56,
    }
    plans = {name: from_dict(json.loads((PLANS / f"{name}.json").read_text())) for name in others}
    found = {name: notice_share(plan) for name, plan in plans.items()}
    outside = [name for name, other in others.items() if not found[name].low <= other <= found[name].high]
    assert outside == [
        "plot_device"
    ]  # four times five seconds: there they were four sights, here they are one of twenty
