"""How much advertising a channel's last videos have asked of its viewers."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.intrusiveness.ad_load import AdLoad, AdLoadVideo, ad_load

FREE = AdLoadVideo(0, 0, 60, sponsored=False)
PAID = AdLoadVideo(35, 6, 60, sponsored=True)


@pytest.mark.parametrize(
    ("videos", "told"),
    [
        ([FREE] * 9 + [PAID], 8),
        ([*[FREE] * 4, PAID, *[FREE] * 4, PAID], 14),
        ([FREE, PAID] * 5, 33),
        ([FREE] * 5 + [PAID] * 5, 44),
        ([PAID] * 10, 61),
    ],
)
def test_the_worked_values(videos: list[AdLoadVideo], told: float) -> None:
    load = ad_load(videos)
    assert load.score == pytest.approx(told, abs=0.5)
    assert load.score == pytest.approx(sum(reason.points for reason in load.reasons))


def test_ten_sponsored_in_a_row_by_parts() -> None:
    load = ad_load([PAID] * 10)
    assert {reason.code: reason.points for reason in load.reasons} == pytest.approx(
        {"past": 21, "density": 20, "frequency": 12, "streak": 8}
    )
    for reason, value in zip(load.reasons, ("35", "10%", "10", "10"), strict=True):
        assert value in reason.zh
        assert value in reason.en
        assert re.search(r"[一-鿿]", reason.zh)


def test_no_videos_and_no_advertising_are_no_load() -> None:
    assert ad_load([]) == ad_load([FREE] * 30) == AdLoad(0.0, (), "ad-load/1")


videos = st.lists(
    st.builds(AdLoadVideo, st.floats(0, 100), st.floats(0, 30), st.floats(30, 600), st.booleans()), max_size=25
)


@settings(max_examples=60, deadline=None)
@given(videos)
def test_one_more_free_video_never_raises_it_and_it_stays_in_0_to_100(some: list[AdLoadVideo]) -> None:
    load = ad_load(some).score
    assert 0 <= load <= 100
    assert ad_load([*some, AdLoadVideo(0, 0, 1, sponsored=False)]).score <= 100
    if len(some) < 10:
        assert ad_load([*some, FREE]).score <= load + 1e-9


@pytest.mark.parametrize("values", [(101, 0, 60), (-1, 0, 60), (5, 61, 60), (5, 0, 0), (5, float("nan"), 60)])
def test_impossible_videos_are_refused(values: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="A video"):
        AdLoadVideo(*values, sponsored=True)
