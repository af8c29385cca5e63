"""The same video told of later with figures that growth does not explain, and followers that jump between two days.

Log views grow linearly in the logarithm of a video's age (Szabo and Huberman, Communications of the ACM 53, 2010). What
is still to come is taken as the forecast takes it before a market has settled videos (matching.forecast.early): factors
of 1.65 at 24 hours and 1.22 at 72 hours up to thirty days, with scales of .45 and .23; later views may still grow with
the square root of the age, generously. These are assumptions, not measurements, so only what lies eight scales beyond
them is flagged: with six degrees of freedom one honest video in ten thousand. A video that a platform brings back to
life is flagged too, and a person clears it. Until then it counts as what growth explains: the last believed views,
grown as half of all videos do; followers that jump count as the last believed ones.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from math import exp, log
from typing import Any, NamedTuple

from marketplace.channels.anomalies import HOUSE_RANGES, SnapshotFlag

_FIRST_H, _SECOND_H, _LAST_H = 24.0, 72.0, 720.0
_GROWTH, _SCALE = (0.5, 0.2), (0.45, 0.23)
_SCALES, _TAIL = 8.0, 0.5
# Smaller differences are chance or rounding, and move no forecast that matters.
VIEWS_LEAST, FOLLOWERS_LEAST = 1_000, 10_000
# A platform takes invalid views back, a twentieth at most; half of them are another video, or were never there.
FALL_MOST = 0.5


class EarlierViews(NamedTuple):
    """What was told of a video before: its views, and the day."""

    views: int
    told_on: date


class EarlierFollowers(NamedTuple):
    """What was told of a channel's followers before, and the day."""

    followers: int
    told_on: date


def most_growth(age_h: float, later_h: float) -> float:
    """Return the largest factor by which views of a video of an age in hours may have grown at a later age."""
    to_come = _to_come(age_h) - _to_come(later_h)
    return exp(to_come + _TAIL * log(later_h / age_h) + _SCALES * _between(age_h, *_SCALE))


def explained_views(before: int, age_h: float, later_h: float) -> int:
    """Return what views told at an age in hours have most likely become at a later age."""
    return round(before * exp(_to_come(age_h) - _to_come(later_h)))


def _to_come(age_h: float) -> float:
    if age_h >= _SECOND_H:
        left = max(0.0, 1 - log(age_h / _SECOND_H) / log(_LAST_H / _SECOND_H))
        return _GROWTH[1] * left
    return _between(age_h, *_GROWTH)


def _between(age_h: float, first: float, second: float) -> float:
    """Return a value that is linear in log hours between 24 and 72, continued before and constant after."""
    part = min(1.0, log(age_h / _FIRST_H) / log(_SECOND_H / _FIRST_H))
    return first + (second - first) * part


def find_rewritten(
    videos: Sequence[Mapping[str, Any]], taken_on: date, earlier: Mapping[str, EarlierViews]
) -> tuple[list[SnapshotFlag], dict[str, int]]:
    """Return one flag if views of some of a day's videos do not follow from what was told of them before, and what
    growth explains of the views of each of these videos, by its external id."""
    worst: tuple[float, float, float] | None = None  # how far beyond, the factor, the most there may be
    rewritten: dict[str, int] = {}
    for video in videos:
        before = earlier.get(video["external_id"])
        if before is None or before.told_on > taken_on or abs(video["views"] - before.views) < VIEWS_LEAST:
            continue
        factor = max(video["views"], 1) / max(before.views, 1)
        first, later = (_age_h(video["published_at"], day) for day in (before.told_on, taken_on))
        most = most_growth(first, later)
        if FALL_MOST <= factor <= most:
            continue
        # Fewer views than were believed gain nobody anything, so these count as they are told.
        rewritten[video["external_id"]] = min(video["views"], explained_views(before.views, first, later))
        beyond = factor / most if factor > most else FALL_MOST / factor
        worst = max(worst or (0.0, 0.0, 0.0), (beyond, factor, most))
    if worst is None:
        return [], rewritten
    _, factor, most = worst
    count = len(rewritten)
    zh = (
        f"{count} 条视频的播放量与之前报告的不符：现为当时的 {factor:.2g} 倍，"
        f"增长规律允许 {FALL_MOST:g} 至 {most:.2g} 倍"
    )
    en = (
        f"Views of {count} videos do not follow from what was reported before: {factor:.2g} times that, where growth"
        f" allows {FALL_MOST:g} to {most:.2g}"
    )
    numbers: dict[str, float | str] = {
        "figure": round(factor, 4),
        "peers_low": FALL_MOST,
        "peers_high": round(most, 4),
        "source": "house",
        "videos": count,
    }
    return [SnapshotFlag("video_rewritten", zh, en, numbers)], rewritten


def _age_h(published_at: datetime, day: date) -> float:
    # Days have no hour: half a day stands in for it, and nothing is told of a video less than an hour old.
    return max(1.0, 24.0 * (day - published_at.date()).days + 12.0)


def find_jump(followers: int, taken_on: date, earlier: EarlierFollowers | None) -> list[SnapshotFlag]:
    """Return a flag if followers have grown since they were told before by more than the house range of thirty days."""
    if earlier is None or earlier.told_on > taken_on or followers - earlier.followers < FOLLOWERS_LEAST:
        return []
    share = (followers - earlier.followers) / followers
    days = (taken_on - earlier.told_on).days
    # The range is of thirty days; in longer times as much growth may follow again.
    most = 1 - (1 - HOUSE_RANGES["growth_30d"].high) ** max(1.0, days / 30)
    if share <= most:
        return []
    zh = f"{days} 天内粉丝从 {earlier.followers:,} 增至 {followers:,}，占现有粉丝的 {share:.0%}，经验上限 {most:.0%}"
    en = (
        f"Followers from {earlier.followers:,} to {followers:,} in {days} days: {share:.0%} of them are new, where"
        f" {most:.0%} is usual at most"
    )
    numbers: dict[str, float | str] = {
        "figure": round(share, 4),
        "peers_low": 0.0,
        "peers_high": round(most, 4),
        "source": "house",
    }
    return [SnapshotFlag("growth_jump", zh, en, numbers)]
