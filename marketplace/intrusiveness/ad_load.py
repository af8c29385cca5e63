"""The ad load of a channel, 0..100: how much advertising its last videos have asked of its viewers."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from marketplace.core.message import Message
from marketplace.intrusiveness import constants
from marketplace.intrusiveness.factors import clip
from marketplace.intrusiveness.messages import number


@dataclass(frozen=True)
class AdLoadVideo:
    """One video of a channel: intrusiveness 0..100 (0 if nothing is placed), ad-equivalent seconds (the measure
    "load" of its timeline), length in seconds, whether it was sponsored. Raises ValueError outside these."""

    score: float
    ad_seconds: float
    duration_s: float
    sponsored: bool

    def __post_init__(self) -> None:
        if not (0 <= self.score <= 100 and 0 <= self.ad_seconds <= self.duration_s and self.duration_s > 0):
            raise ValueError("A video lasts longer than 0 s, holds no more ad seconds, and scores from 0 to 100.")


@dataclass(frozen=True, kw_only=True)
class LoadReason(Message):
    """One part of the ad load and its points."""

    points: float


@dataclass(frozen=True)
class AdLoad:
    """The ad load, 0..100 (higher is heavier), and its parts above zero, the largest first; they sum to it."""

    score: float
    reasons: tuple[LoadReason, ...]
    model_version: str


def ad_load(videos: Sequence[AdLoadVideo]) -> AdLoad:
    """Return the ad load of a channel's videos, oldest first; 0 without videos.

    60 % of the mean intrusiveness, weighted to halve every five videos back, plus 40 points shared by the
    ad-equivalent share of seconds of the last ten videos (full at 10 %), the sponsored share of them (full at half)
    and the sponsored videos in a row up to the last (full at four). Direction: Goli et al. 2025 (slow accumulation),
    Upfluence 2019, Wearisma 2018; mix and half-life are design choices (constants.TABLE).
    """
    if not videos:
        return AdLoad(0.0, (), constants.AD_LOAD_VERSION)
    weights = [0.5 ** (age / constants.HALF_LIFE) for age in range(len(videos))]
    weighted = sum(video.score * weight for video, weight in zip(reversed(videos), weights, strict=True))
    past = weighted / sum(weights)
    recent = videos[-constants.RECENT :]
    density = sum(video.ad_seconds for video in recent) / sum(video.duration_s for video in recent)
    sponsored = sum(video.sponsored for video in recent)
    streak = sum(1 for _ in takewhile(lambda video: video.sponsored, reversed(videos)))
    parts = (
        LoadReason(
            "past",
            f"近期视频的侵扰度加权平均为 {number(past)}",
            f"Recent videos average an intrusiveness of {number(past)}, later ones weighing more",
            points=constants.AD_PAST * past,
        ),
        LoadReason(
            "density",
            f"最近 {len(recent)} 条视频的时长里广告占 {number(100 * density)}%",
            f"Ads take {number(100 * density)}% of the seconds of the last {len(recent)} videos",
            points=constants.AD_PACE * constants.AD_DENSITY * clip(density / constants.DENSITY_FULL),
        ),
        LoadReason(
            "frequency",
            f"最近 {len(recent)} 条视频中有 {sponsored} 条带广告",
            f"{sponsored} of the last {len(recent)} videos are sponsored",
            points=constants.AD_PACE
            * constants.AD_FREQUENCY
            * clip(sponsored / len(recent) / constants.FREQUENCY_FULL),
        ),
        LoadReason(
            "streak",
            f"已连续 {streak} 条带广告",
            f"{streak} sponsored videos in a row up to now",
            points=constants.AD_PACE * constants.AD_STREAK * clip((streak - 1) / (constants.STREAK_FULL - 1)),
        ),
    )
    reasons = sorted((part for part in parts if part.points > 0), key=lambda part: -part.points)
    return AdLoad(min(100.0, sum(part.points for part in parts)), tuple(reasons), constants.AD_LOAD_VERSION)
