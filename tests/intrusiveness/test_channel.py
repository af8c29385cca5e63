"""The channel's score before and after a video: worked values, bounds, and what one more video never does."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.intrusiveness import channel_score as channel
from marketplace.intrusiveness import constants
from marketplace.intrusiveness.ad_load import AdLoadVideo, ad_load
from marketplace.intrusiveness.channel_score import (
    ChannelEstimate,
    PublishedVideo,
    VideoEnds,
    channel_score,
    seen,
    unseen,
)
from marketplace.intrusiveness.plan_score import score_plan
from marketplace.intrusiveness.timeline import Timeline
from tests.intrusiveness import make

QUICK = settings(max_examples=60, deadline=None)
FREE, PAID = PublishedVideo(60, False), PublishedVideo(60, True)
PASTS = st.lists(st.builds(PublishedVideo, st.floats(1, 600), st.booleans()), max_size=14)


def of(timeline: Timeline) -> VideoEnds:
    return seen(timeline, score_plan(timeline, 0.4, what_ifs=False))


def test_the_middle_is_the_worked_value_of_usual_videos() -> None:
    usual = AdLoadVideo(constants.UNSEEN_SCORE, constants.UNSEEN_ADS * 60, 60, sponsored=True)
    free = AdLoadVideo(0, 0, 60, sponsored=False)
    score = channel_score([FREE, PAID] * 5)
    assert score.before.point == pytest.approx(ad_load([free, usual] * 5).score)
    assert score.before.low < score.before.point < score.before.high
    assert (score.videos, score.sponsored, score.after) == (10, 5, None)


def test_nothing_sponsored_is_known_exactly() -> None:
    assert channel_score([FREE] * 12).before == ChannelEstimate(0, 0, 0)
    assert channel_score([]).before == ChannelEstimate(0, 0, 0)


def test_a_video_of_known_timeline_counts_as_it_is() -> None:
    found = channel_score([FREE] * 9, of(make.READ))
    score = score_plan(make.READ, 0.4)
    known = AdLoadVideo(score.point, 20.0, 60, sponsored=True)
    assert found.after is not None
    assert found.after.point == pytest.approx(ad_load([*[AdLoadVideo(0, 0, 60, False)] * 9, known]).score, abs=1e-6)
    assert found.after.low == pytest.approx(found.after.high)  # an exact timeline on a channel without others
    assert found.unsponsored == ChannelEstimate(0, 0, 0)


@given(PASTS, make.plans())
@QUICK
def test_the_ends_enclose_the_middle_and_a_sponsored_video_is_never_lighter(
    past: list[PublishedVideo], plan: Timeline
) -> None:
    score = channel_score(past, of(plan))
    assert score.after is not None
    assert score.unsponsored is not None
    for one in (score.before, score.after, score.unsponsored):
        assert 0 <= one.low <= one.point + 1e-9
        assert one.point <= one.high + 1e-9
        assert one.high <= 100
    assert all(a >= b - 1e-9 for a, b in zip(score.after, score.unsponsored, strict=True))


@given(PASTS, make.plans(sure=True))
@QUICK
def test_every_channel_inside_the_ends_lies_in_the_range(past: list[PublishedVideo], plan: Timeline) -> None:
    one = of(plan)
    score = channel_score(past, one)
    ends = [unseen(video) for video in past]
    for pick in range(3):
        inside = ad_load([end[pick] for end in ends] + [one.mid]).score
        assert score.after is not None
        assert score.after.low - 1e-9 <= inside <= score.after.high + 1e-9


def test_what_is_longer_ago_than_is_looked_at_changes_nothing() -> None:
    newest = [FREE, FREE, PAID] * 20
    assert channel_score([PAID] * 30 + newest[-constants.CHANNEL_VIDEOS :]) == channel_score(
        newest[-constants.CHANNEL_VIDEOS :]
    )


def test_it_says_what_it_rests_on_in_both_languages() -> None:
    told = channel.as_dict(channel_score([FREE, PAID, FREE], of(make.CUP)))
    assert "1 of them sponsored" in told["en"]
    assert "其中 1 条带广告" in told["zh"]
    assert "not known" in told["en"]
    assert told["model_version"] == "channel/2"
    assert told["after"]["low"] <= told["after"]["point"] <= told["after"]["high"]
    free = channel.as_dict(channel_score([replace_past(FREE)]))
    assert "not known" not in free["en"]
    assert free["after"] is None


def replace_past(one: PublishedVideo) -> PublishedVideo:
    return one._replace(duration_s=30.0)


def test_a_plan_without_exposures_still_counts_as_sponsored() -> None:
    empty = replace(make.CUP, exposures=())
    score = channel_score([FREE] * 3, of(empty))
    assert score.after is not None
    assert score.unsponsored is not None
    assert score.after.point > score.unsponsored.point
