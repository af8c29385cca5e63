"""The channel's score, 0..100, before a video and after it: what the channel as a whole asks of its viewers.

It is the ad load of ``ad_load.py`` as a range. The timeline of a published sponsored video is mostly unknown: all that
is known is that it was sponsored, so it counts as a usual one, from little to much (constants.TABLE, ``unseen_*``). The
ad load never falls when a video scores more or holds more ad seconds, so the ends of the videos bound it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from marketplace.core.message import Bilingual
from marketplace.intrusiveness import constants, factors
from marketplace.intrusiveness.ad_load import AdLoadVideo, ad_load
from marketplace.intrusiveness.messages import between, number, share
from marketplace.intrusiveness.overlaps import End
from marketplace.intrusiveness.plan_score import PlanScore
from marketplace.intrusiveness.timeline import Timeline

ENDS: tuple[End, ...] = ("low", "mid", "high")


class PublishedVideo(NamedTuple):
    """A published video of the channel: its length (s) and whether it was sponsored (None: unknown, which counts as
    unsponsored)."""

    duration_s: float
    sponsored: bool | None


class VideoEnds(NamedTuple):
    """One video at the low end, the middle and the high end of what is known about it."""

    low: AdLoadVideo
    mid: AdLoadVideo
    high: AdLoadVideo


class ChannelEstimate(NamedTuple):
    """A score with its ends, 0..100."""

    low: float
    point: float
    high: float

    def rounded(self) -> "ChannelEstimate":
        """Return the estimate with two decimals."""
        return ChannelEstimate(*(round(value, 2) for value in self))


@dataclass(frozen=True)
class ChannelScore:
    """The channel's score before a video, after it, and after an unsponsored one in its place (the last two None if no
    video was given), with a sentence in both languages. ``videos`` and ``sponsored`` count those it rests on."""

    videos: int
    sponsored: int
    before: ChannelEstimate
    after: ChannelEstimate | None
    unsponsored: ChannelEstimate | None
    zh: str
    en: str
    model_version: str

    def rounded(self) -> "ChannelScore":
        """Return the score as people see it: points with two decimals."""
        return replace(
            self,
            before=self.before.rounded(),
            after=None if self.after is None else self.after.rounded(),
            unsponsored=None if self.unsponsored is None else self.unsponsored.rounded(),
        )


def unseen(video: PublishedVideo) -> VideoEnds:
    """Return the ends of a published video whose timeline is unknown."""
    if not video.sponsored:
        unsponsored = AdLoadVideo(0.0, 0.0, video.duration_s, False)
        return VideoEnds(unsponsored, unsponsored, unsponsored)
    scores = (constants.UNSEEN_SCORE_LOW, constants.UNSEEN_SCORE, constants.UNSEEN_SCORE_HIGH)
    shares = (constants.UNSEEN_ADS_LOW, constants.UNSEEN_ADS, constants.UNSEEN_ADS_HIGH)
    return VideoEnds(
        *(
            AdLoadVideo(score, ad_share * video.duration_s, video.duration_s, True)
            for score, ad_share in zip(scores, shares, strict=True)
        )
    )


def seen(timeline: Timeline, score: PlanScore) -> VideoEnds:
    """Return the ends of a sponsored video from its timeline, planned or measured, and its score."""
    length = timeline.duration_s
    seconds = {end: min(length, factors.ad_seconds(timeline, end)) for end in ENDS}
    values = (score.low, score.point, score.high)
    return VideoEnds(
        *(AdLoadVideo(min(100.0, value), seconds[end], length, True) for end, value in zip(ENDS, values, strict=True))
    )


def channel_score(past: Sequence[PublishedVideo], next_video: VideoEnds | None = None) -> ChannelScore:
    """Return the score of a channel's last videos, oldest first, and after one more."""
    newest = past[-constants.CHANNEL_VIDEOS :]
    ends = [unseen(video) for video in newest]
    before = _estimate(ends)
    after = unsponsored = None
    if next_video is not None:
        after = _estimate([*ends, next_video])
        unsponsored = _estimate([*ends, unseen(PublishedVideo(next_video.mid.duration_s, False))])
    marks = [video.sponsored for video in newest]
    scores = _scores_text(before, after, unsponsored)
    basis = _basis_text(len(newest), marks.count(True), marks.count(None))
    return ChannelScore(
        videos=len(newest),
        sponsored=marks.count(True),
        before=before,
        after=after,
        unsponsored=unsponsored,
        zh=f"{scores.zh}；{basis.zh}。",
        en=f"{scores.en}; {basis.en}.",
        model_version=constants.CHANNEL_VERSION,
    )


def _estimate(videos: Sequence[VideoEnds]) -> ChannelEstimate:
    return ChannelEstimate(*(ad_load([video[end] for video in videos]).score for end in range(len(ENDS))))


def _scores_text(
    before: ChannelEstimate, after: ChannelEstimate | None, unsponsored: ChannelEstimate | None
) -> Bilingual:
    zh = f"账号侵扰度（0–100，越低越好）目前为 {between(before.low, before.high)}"
    en = f"The channel's own score (0-100, lower is better) is {between(before.low, before.high)}"
    if after is not None and unsponsored is not None:
        zh += f"，加上本条后为 {between(after.low, after.high)}，若换成一条无广告视频则为 "
        zh += between(unsponsored.low, unsponsored.high)
        en += f", after this video {between(after.low, after.high)}, and after an unsponsored one in its place "
        en += between(unsponsored.low, unsponsored.high)
    return Bilingual(zh, en)


def _basis_text(videos: int, sponsored: int, unmarked: int) -> Bilingual:
    if not videos:
        return Bilingual("没有该账号已发布视频的记录", "no videos of the channel are known")
    zh = f"依据最近 {videos} 条视频，其中 {sponsored} 条带广告"
    en = f"from the last {videos} videos, {sponsored} of them sponsored"
    if sponsored:
        low, high = number(constants.UNSEEN_SCORE_LOW), number(constants.UNSEEN_SCORE_HIGH)
        part = share(constants.UNSEEN_ADS_LOW, constants.UNSEEN_ADS_HIGH)
        zh += f"，它们没有时间线，按常见广告估计（侵扰度 {low}–{high}，占时长 {part}）"
        en += (
            f", whose timelines are not known and are taken to be usual ones (scores {low}–{high}, {part} of the time)"
        )
    if unmarked:
        zh += f"；{unmarked} 条没有标明是否带广告，按无广告计"
        en += f"; {unmarked} do not say whether they are, and count as unsponsored"
    return Bilingual(zh, en)


def as_dict(score: ChannelScore) -> dict[str, Any]:
    """Return the score as JSON data; points with two decimals."""

    def ends(estimate: ChannelEstimate | None) -> dict[str, float] | None:
        return None if estimate is None else estimate.rounded()._asdict()

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
