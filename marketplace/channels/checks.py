"""What is refused in a row, and what is let in with a flag because it looks wrong.

Peer ranges come from 846 Douyin creators (one search word, 2025-11) and are wide on purpose: a flag asks a person.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

COUNT_MAX = 10_000_000_000
SUM_SLACK = 0.02
AGE_STARTS = (13, 18, 24, 25, 31, 35, 41, 45, 51, 55, 65)
VIEWS_PER_FOLLOWER = (0.0005, 60.0)
ENGAGEMENT = (0.001, 0.35)
GROWTH_30D = (-0.30, 0.50)
DIGITS_MIN, CHI_SQUARE_LIMIT = 30, 27.88  # nine degrees of freedom, one in a thousand

Fault = tuple[str, Any, str, str]


def band(label: str) -> tuple[int, int] | None:
    """Return (first, last year; 120 for open) of an age label such as 18-23 or 51+, None for what is none."""
    text = label.strip().lower().removeprefix("age").replace("–", "-").replace("~", "-").rstrip("岁")
    if text.endswith(("+", "-")) and text[:-1].isdigit():
        first = int(text[:-1])
        return (first + 1 if first == 50 else first), 120
    low, _, high = text.partition("-")
    if low.isdigit() and high.isdigit() and len(low) < 4 and len(high) < 4:
        return int(low), int(high)
    return None


def ages(margin: Mapping[str, float]) -> tuple[dict[str, float], list[Fault]]:
    """Return the margin with labels as the grid has them, and what is wrong with the bands."""
    found: dict[str, float] = {}
    faults: list[Fault] = []
    taken: list[tuple[int, int]] = []
    for label, share in margin.items():
        if label.lower() in ("unknown", "other", "未知", "其他"):
            found["unknown"] = share
            continue
        ends = band(label)
        if ends is None or ends[0] > ends[1] or ends[1] > 120:
            faults.append(("age", label, f"“{label}” 不是年龄段。", f"'{label}' is no age band."))
            continue
        first, last = ends
        if first not in AGE_STARTS or (last != 120 and last + 1 not in AGE_STARTS):
            faults.append(("age", label, f"年龄段 {label} 不在平台口径内。", f"No platform reports the band {label}."))
            continue
        if any(first <= other[1] and other[0] <= last for other in taken):
            faults.append(("age", label, f"年龄段 {label} 与其他段重叠。", f"The band {label} overlaps another."))
            continue
        taken.append(ends)
        found[f"{first}+" if last == 120 else f"{first}-{last}"] = share
    return found, faults


def sums(name: str, margin: Mapping[str, float], whole: bool) -> Iterator[Fault]:
    """A margin's shares lie in 0..1 and sum to 1 within two points; a list of top places may sum to less."""
    total = sum(margin.values())
    if any(not 0 <= share <= 1 for share in margin.values()):
        yield name, margin, "占比须在 0 到 1 之间。", "Shares must lie between 0 and 1."
    elif total > 1 + SUM_SLACK or (whole and total < 1 - SUM_SLACK):
        told = f"{100 * total:.1f} %"
        yield (
            name,
            told,
            f"占比合计 {told}，应为 100 %（±2）。",
            f"The shares sum to {told}, not to 100 % within 2 points.",
        )


def count(name: str, value: Any) -> Iterator[Fault]:
    if value is not None and not 0 <= value <= COUNT_MAX:
        yield name, value, "数值不可能。", "This count is impossible."


def not_future(name: str, value: date, today: date) -> Iterator[Fault]:
    if value > today + timedelta(days=1):
        yield name, value, "日期在未来。", "The date lies in the future."


def series_hash(videos: Sequence[Mapping[str, Any]]) -> str | None:
    """Name a list of at least five view counts, to find the same list under another channel."""
    views = [str(video["views"]) for video in videos]
    return hashlib.sha256(" ".join(views).encode()).hexdigest() if len(views) >= 5 else None


def flags(followers: int, facts: Mapping[str, Any], videos: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what looks suspicious: code, figure, the peers' range, and a sentence in both languages."""
    views = sorted(video["views"] for video in videos)
    median = views[len(views) // 2] if views else facts.get("median_views_30d")
    found = []
    if median and followers:
        found += _outside(
            "views_against_followers", median / followers, VIEWS_PER_FOLLOWER, "播放与粉丝之比", "Views per follower"
        )
    engagement = facts.get("engagement_rate")
    if engagement is not None:
        found += _outside("engagement", engagement, ENGAGEMENT, "互动率", "Engagement rate")
    growth = facts.get("growth_30d")
    if growth is not None and followers:
        found += _outside("growth_jump", growth / followers, GROWTH_30D, "30 天涨粉比例", "Growth in 30 days")
    if len(views) >= 5 and len(set(views)) <= len(views) // 2:
        found.append(
            _flag(
                "identical_views",
                len(views) - len(set(views)),
                (0, 0),
                "重复的播放量条数",
                "Videos with the same views",
            )
        )
    digits = Counter(str(value)[-1] for value in views if value >= 100)
    total = sum(digits.values())
    if total >= DIGITS_MIN:
        chi = sum((digits.get(str(digit), 0) - total / 10) ** 2 / (total / 10) for digit in range(10))
        if chi > CHI_SQUARE_LIMIT:
            found.append(
                _flag(
                    "last_digits", round(chi, 1), (0, CHI_SQUARE_LIMIT), "尾数分布的卡方值", "Chi-square of last digits"
                )
            )
    return found


def _outside(code: str, figure: float, usual: tuple[float, float], zh: str, en: str) -> list[dict[str, Any]]:
    return [] if usual[0] <= figure <= usual[1] else [_flag(code, round(figure, 4), usual, zh, en)]


def _flag(code: str, figure: float, usual: tuple[float, float], zh: str, en: str) -> dict[str, Any]:
    return {
        "code": code,
        "zh": f"{zh} {figure:g}，同类范围 {usual[0]:g} 至 {usual[1]:g}",
        "en": f"{en}: {figure:g}; peers lie between {usual[0]:g} and {usual[1]:g}",
        "numbers": {"figure": figure, "peers_low": usual[0], "peers_high": usual[1]},
    }
