"""The channel's score, 0..100, before a video and after it: what the channel as a whole asks of its viewers.

It is the ad load of ``ad_load.py`` as a range. Of a published sponsored video mostly no timeline is known, only that it
was sponsored: such a one stands for what is usual, from little to much (constants.TABLE, ``unseen_*``). The ad load
never falls where one video scores more or holds more ad seconds, so the ends of the videos bound it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from marketplace.intrusiveness import constants as c
from marketplace.intrusiveness import factors
from marketplace.intrusiveness.ad_load import AdLoadVideo, ad_load
from marketplace.intrusiveness.factors import End
from marketplace.intrusiveness.messages import between, number, share
from marketplace.intrusiveness.plan_score import PlanScore
from marketplace.intrusiveness.timeline import Timeline

ENDS: tuple[End, ...] = ("low", "mid", "high")


class PublishedVideo(NamedTuple):
    """A published video of the channel: its length (s) and whether it was sponsored (None: nobody says, which counts as
    unsponsored)."""

    duration_s: float
    sponsored: bool | None


class VideoEnds(NamedTuple):
    """One video at the low end, the middle and the high end of what is known of it."""

    low: AdLoadVideo
    mid: AdLoadVideo
    high: AdLoadVideo


class ChannelEstimate(NamedTuple):
    """A score with its ends, 0..100."""

    low: float
    point: float
    high: float


@dataclass(frozen=True)
class ChannelScore:
    """The channel's score now and, with one more video, after it, or after an unsponsored one in its place (None where
    no video was given), with a sentence in both languages."""

    videos: int
    sponsored: int
    before: ChannelEstimate
    after: ChannelEstimate | None
    unsponsored: ChannelEstimate | None
    zh: str
    en: str
    model_version: str


def unseen(past: PublishedVideo) -> VideoEnds:
    """Return a published video of which no timeline is known."""
    if not past.sponsored:
        free = AdLoadVideo(0.0, 0.0, past.duration_s, False)
        return VideoEnds(free, free, free)
    scores = (c.UNSEEN_SCORE_LOW, c.UNSEEN_SCORE, c.UNSEEN_SCORE_HIGH)
    shares = (c.UNSEEN_ADS_LOW, c.UNSEEN_ADS, c.UNSEEN_ADS_HIGH)
    return VideoEnds(
        *(
            AdLoadVideo(score, part * past.duration_s, past.duration_s, True)
            for score, part in zip(scores, shares, strict=True)
        )
    )


def seen(timeline: Timeline, score: PlanScore) -> VideoEnds:
    """Return a sponsored video of which a timeline is known, planned or measured, with its score."""
    length = timeline.duration_s
    seconds = {end: min(length, factors.measure(timeline, end)[0]) for end in ENDS}
    values = (score.low, score.point, score.high)
    return VideoEnds(
        *(AdLoadVideo(min(100.0, value), seconds[end], length, True) for end, value in zip(ENDS, values, strict=True))
    )


def channel_score(past: Sequence[PublishedVideo], one: VideoEnds | None = None) -> ChannelScore:
    """Return the score of a channel's last videos, oldest first, and after one more."""
    newest = past[-c.CHANNEL_VIDEOS :]
    told = [unseen(video) for video in newest]
    before = _estimate(told)
    after = unsponsored = None
    if one is not None:
        after = _estimate([*told, one])
        unsponsored = _estimate([*told, unseen(PublishedVideo(one.mid.duration_s, False))])
    marks = [video.sponsored for video in newest]
    sponsored = marks.count(True)
    zh, en = _said(before, after, unsponsored)
    zh_of, en_of = _made_of(len(told), sponsored, marks.count(None))
    zh, en = f"{zh}；{zh_of}。", f"{en}; {en_of}."
    return ChannelScore(len(told), sponsored, before, after, unsponsored, zh, en, c.CHANNEL_VERSION)


def _estimate(videos: Sequence[VideoEnds]) -> ChannelEstimate:
    return ChannelEstimate(*(ad_load([one[at] for one in videos]).score for at in range(len(ENDS))))


def _said(
    before: ChannelEstimate, after: ChannelEstimate | None, unsponsored: ChannelEstimate | None
) -> tuple[str, str]:
    zh = f"账号侵扰度（0–100，越低越好）目前为 {between(before.low, before.high)}"
    en = f"The channel's own score (0-100, lower is better) is {between(before.low, before.high)}"
    if after is not None and unsponsored is not None:
        zh += f"，加上本条后为 {between(after.low, after.high)}，若换成一条无广告视频则为 "
        zh += between(unsponsored.low, unsponsored.high)
        en += f", after this video {between(after.low, after.high)}, and after an unsponsored one in its place "
        en += between(unsponsored.low, unsponsored.high)
    return zh, en


def _made_of(videos: int, sponsored: int, unmarked: int) -> tuple[str, str]:
    if not videos:
        return "没有该账号已发布视频的记录", "no videos of the channel are known"
    zh = f"依据最近 {videos} 条视频，其中 {sponsored} 条带广告"
    en = f"from the last {videos} videos, {sponsored} of them sponsored"
    if sponsored:
        low, high = number(c.UNSEEN_SCORE_LOW), number(c.UNSEEN_SCORE_HIGH)
        part = share(c.UNSEEN_ADS_LOW, c.UNSEEN_ADS_HIGH)
        zh += f"，它们没有时间线，按常见广告估计（侵扰度 {low}–{high}，占时长 {part}）"
        en += (
            f", whose timelines are not known and are taken to be usual ones (scores {low}–{high}, {part} of the time)"
        )
    if unmarked:
        zh += f"；{unmarked} 条没有标明是否带广告，按无广告计"
        en += f"; {unmarked} do not say whether they are, and count as unsponsored"
    return zh, en


def as_dict(score: ChannelScore) -> dict[str, Any]:
    """Return the score as JSON data; points with two decimals."""

    def ends(one: ChannelEstimate | None) -> dict[str, float] | None:
        return None if one is None else {name: round(value, 2) for name, value in one._asdict().items()}

    return {
        "videos": score.videos,
        "sponsored": score.sponsored,
        "before": ends(score.before),
        "after": ends(score.after),
        "unsponsored": ends(score.unsponsored),
        "zh": score.zh,
        "en": score.en,
        "model_version": score.model_version,
    }
