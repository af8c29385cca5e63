"""The messages about a bid's plan before shooting, in Chinese and English."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.core.estimate import Estimate
from marketplace.core.message import Message
from marketplace.intrusiveness.messages import between, number

# The codes of a match's reasons that are repeated unchanged.
OF_MATCH = ("fit", "sponsored_views", "backlash")
KEEPS = {
    "yes": ("全部不超过", "all of it within"),
    "likely": ("中值不超过，但上端超过", "its middle within and its upper end over"),
    "unlikely": ("中值超过，仅下端不超过", "its middle over and only its lower end within"),
    "no": ("全部超过", "all of it over"),
}


@dataclass(frozen=True)
class BeforeShooting:
    """What a plan asks of a channel's viewers, 0..100, before the shooting; None where a number is not known.

    `noticing`: the share of viewers who notice what it is sure of, 0..1.
    `keeps_tolerance` is a key of KEEPS; `channel` is the channel's own score before and after, as the API shows it;
    `sponsored_views` is the ratio of views of sponsored videos to those of others.
    """

    intrusiveness: Estimate
    prominence: Estimate
    noticing: Estimate
    band: str
    tolerance: int
    keeps_tolerance: str
    fit: float | None
    channel: Mapping[str, Any]
    ad_load: float | None
    sponsored_views: Estimate
    sponsored_videos: int
    other_videos: int
    source: str | None
    taken_on: str | None
    fresh: bool | None
    reasons: Sequence[Message] = ()


def reasons(before: BeforeShooting, match_reasons: Iterable[Message] | None, exposures: int) -> list[Message]:
    """Return the messages about a plan; `match_reasons` are those of the bid's match, None before its first scoring."""
    return [*_plan(before, exposures), _channel_after(before.channel), *_channel(before, match_reasons)]


def _channel_after(score: Mapping[str, Any]) -> Message:
    """Return the message on how the planned video changes the channel's own score."""
    numbers = {name: _points(Estimate(**score[name])) for name in ("before", "after", "unsponsored")}
    return Message("channel_after", score["zh"].removesuffix("。"), score["en"].removesuffix("."), numbers)


def _plan(before: BeforeShooting, exposures: int) -> Iterator[Message]:
    tolerance = before.tolerance
    zh, en = KEEPS[before.keeps_tolerance]
    score = _between(before.intrusiveness)
    yield Message(
        f"tolerance_{before.keeps_tolerance}",
        f"按计划预计侵扰度 {score}（0–100），{zh}需求上限 {tolerance}；拍摄前按 {exposures} 处计划露出估计",
        f"The plan's intrusiveness is {score} of 100, {en} the brief's tolerance of {tolerance}; before shooting, from"
        f" {exposures} planned exposures",
        {
            "intrusiveness": _points(before.intrusiveness),
            "tolerance": {"value": tolerance, "unit": "points of 100"},
        },
    )
    noticed = _between(before.prominence)
    yield Message(
        "prominence",
        f"按计划预计显著度 {noticed}（0–100）",
        f"The plan's prominence is {noticed} of 100",
        {"prominence": _points(before.prominence)},
    )
    middle, low, high = (f"{100 * (share or 0):.1f}" for share in before.noticing)
    yield Message(
        "noticing",
        f"按计划确定的部分，预计 {middle}%（{low}–{high}%，80%）的观众会注意到品牌",
        f"{middle}% ({low}-{high}%, 80%) of the viewers are expected to notice what the plan is sure of",
        {
            "noticing": {
                "value": before.noticing.point,
                "unit": "share of the viewers",
                "low": before.noticing.low,
                "high": before.noticing.high,
                "interval": "80%",
            }
        },
    )


def _channel(before: BeforeShooting, match_reasons: Iterable[Message] | None) -> Iterator[Message]:
    if match_reasons is None:
        yield Message(
            "not_scored",
            "尚未评分：契合度未知，侵扰度未按契合度减免；几秒后再读",
            "Not scored yet: the fit is not known and relieves nothing; read it again in a few seconds",
        )
        return
    yield from (reason for reason in match_reasons if reason.code in OF_MATCH)
    origin = {"source": before.source, "date": before.taken_on}
    origin = {name: value for name, value in origin.items() if value}
    zh_from = f"；来源 {before.source}，{before.taken_on}" if origin else ""
    en_from = f"; source {before.source}, {before.taken_on}" if origin else ""
    if before.sponsored_views.point is None:
        yield Message(
            "sponsored_views_unknown",
            "没有数据说明商业视频与其他视频的播放差异",
            "Nothing is known of how views of sponsored videos differ from others",
        )
    if before.ad_load is None:
        yield Message("ad_load_unknown", "没有数据说明该账号的广告密度", "The channel's ad load is not known")
        return
    percent = number(100 * before.ad_load)
    yield Message(
        "ad_load",
        f"该账号最近至多 12 条标明性质的视频中，商业视频占 {percent}%{zh_from}",
        f"{percent}% of the channel's newest videos that say so, twelve at most, are sponsored{en_from}",
        {"ad_load": {"value": before.ad_load, "unit": "share of videos", **origin}},
    )


def _between(estimate: Estimate) -> str:
    return between(estimate.low or 0.0, estimate.high or 0.0)


def _points(estimate: Estimate) -> dict[str, Any]:
    """Return points of 100 with their range, as a number of a message."""
    ends = {"low": estimate.low, "high": estimate.high}
    return {"value": estimate.point, **ends, "unit": "points of 100", "interval": "range"}
