"""The ad load of a channel, 0..100: how much advertising its last videos have asked of its viewers."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from marketplace.intrusiveness import constants as c
from marketplace.intrusiveness.factors import clip
from marketplace.intrusiveness.messages import number


@dataclass(frozen=True)
class AdLoadVideo:
    """One video of a channel: intrusiveness 0..100 (0 where nothing is placed), ad-equivalent seconds (the measure
    "load" of its timeline), length in seconds, whether it was sponsored. Raises ValueError outside these."""

    score: float
    ad_seconds: float
    duration_s: float
    sponsored: bool

    def __post_init__(self) -> None:
        if not (0 <= self.score <= 100 and 0 <= self.ad_seconds <= self.duration_s and self.duration_s > 0):
            raise ValueError("A video lasts longer than 0 s, holds no more ad seconds, and scores from 0 to 100.")


@dataclass(frozen=True)
class LoadReason:
    """One part of the ad load: its points and what it says."""

    code: str
    points: float
    zh: str
    en: str


@dataclass(frozen=True)
class AdLoad:
    """The ad load, 0..100 (higher is heavier), and its parts above zero, the largest first; they sum to it."""

    score: float
    reasons: tuple[LoadReason, ...]
    model_version: str


def ad_load(videos: Sequence[AdLoadVideo]) -> AdLoad:
    """Return the ad load of a channel's videos, oldest first.

    60 % of the mean intrusiveness, weighted to halve every five videos back, plus 40 points shared by the
    ad-equivalent share of seconds of the last ten videos (full at 10 %), the sponsored share of them (full at half)
    and the sponsored videos in a row up to the last (full at four). Direction: Goli et al. 2025 (slow accumulation),
    Upfluence 2019, Wearisma 2018; mix and half-life are design choices (constants.TABLE). No videos: 0.
    """
    if not videos:
        return AdLoad(0.0, (), c.AD_LOAD_VERSION)
    weights = [0.5 ** (age / c.HALF_LIFE) for age in range(len(videos))]
    past = sum(one.score * weight for one, weight in zip(reversed(videos), weights, strict=True)) / sum(weights)
    last = videos[-c.RECENT :]
    density = sum(one.ad_seconds for one in last) / sum(one.duration_s for one in last)
    sponsored = sum(one.sponsored for one in last)
    streak = sum(1 for _ in takewhile(lambda one: one.sponsored, reversed(videos)))
    parts = (
        LoadReason(
            "past",
            c.AD_PAST * past,
            f"近期视频的侵扰度加权平均为 {number(past)}",
            f"Recent videos average an intrusiveness of {number(past)}, later ones weighing more",
        ),
        LoadReason(
            "density",
            c.AD_PACE * c.AD_DENSITY * clip(density / c.DENSITY_FULL),
            f"最近 {len(last)} 条视频的时长里广告占 {number(100 * density)}%",
            f"Ads take {number(100 * density)}% of the seconds of the last {len(last)} videos",
        ),
        LoadReason(
            "frequency",
            c.AD_PACE * c.AD_FREQUENCY * clip(sponsored / len(last) / c.FREQUENCY_FULL),
            f"最近 {len(last)} 条视频中有 {sponsored} 条带广告",
            f"{sponsored} of the last {len(last)} videos are sponsored",
        ),
        LoadReason(
            "streak",
            c.AD_PACE * c.AD_STREAK * clip((streak - 1) / (c.STREAK_FULL - 1)),
            f"已连续 {streak} 条带广告",
            f"{streak} sponsored videos in a row up to now",
        ),
    )
    told = sorted((one for one in parts if one.points > 0), key=lambda one: -one.points)
    return AdLoad(min(100.0, sum(one.points for one in parts)), tuple(told), c.AD_LOAD_VERSION)
