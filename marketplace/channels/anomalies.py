"""What is refused in a row, and what is let in with a flag because it looks wrong."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from marketplace.core.money import AMOUNT_MAX, MINOR_DIGITS

COUNT_MAX = 10_000_000_000
SUM_SLACK = 0.02
AGE_STARTS = (13, 18, 24, 25, 31, 35, 41, 45, 51, 55, 65)
EARLIEST = date(2005, 1, 1)  # the year the first of the platforms opened; Excel's day numbers read as 1970
DIGITS_MIN, CHI_SQUARE_LIMIT = 50, 27.88  # nine degrees of freedom, one in a thousand; five expected a digit at least
UNKNOWN_AGES = ("unknown", "other", "未知", "其他")
GENDERS = {
    **dict.fromkeys(("female", "f", "women", "女", "女性"), "female"),
    **dict.fromkeys(("male", "m", "men", "男", "男性"), "male"),
    **dict.fromkeys(("unknown", "other", "user_specified", "未知", "其他"), "unknown"),
}

Fault = tuple[str, Any, str, str]


# Where a tier begins, in followers; the first one begins at none.
FOLLOWER_TIERS = (30_000, 100_000, 500_000)


@dataclass(frozen=True)
class PeerRange:
    """The range in which a figure of like channels lies, and what it is made of.

    `creators`: how many stand behind a range of the market's own; None for a house figure.
    """

    low: float
    high: float
    zh: str
    en: str
    creators: int | None = None


def _house(low: float, high: float) -> PeerRange:
    return PeerRange(low, high, "经验范围，可比创作者太少", "house figures: too few creators to compare with")


# Wide on purpose: a flag asks a person. Chosen by us, not measured; they count where `peers` knows too few creators.
# views_per_follower: median views / followers. engagement: share of viewers. growth_30d: share of the followers.
HOUSE: Mapping[str, PeerRange] = {
    "views_per_follower": _house(0.0005, 60.0),
    "engagement": _house(0.001, 0.35),
    "growth_30d": _house(-0.30, 0.50),
}


def band(label: str) -> tuple[int, int] | None:
    """Return (first, last year; 120 for open) of an age label such as 18-23 or 51+, None for what is none."""
    text = label.strip().lower().removeprefix("age").replace("–", "-").replace("~", "-").rstrip("岁")
    if (below := text.removeprefix("under").removeprefix("<").strip()) != text and below.isdecimal():
        return 0, int(below) - 1
    if text.endswith(("+", "-")) and text[:-1].isdecimal() and len(text) < 5:
        first = int(text[:-1])
        return (first + 1 if first == 50 else first), 120
    low, _, high = text.partition("-")
    if low.isdecimal() and high.isdecimal() and len(low) < 4 and len(high) < 4:
        return int(low), int(high)
    return None


def ages(margin: Mapping[str, float]) -> tuple[dict[str, float], list[Fault]]:
    """Return the margin with labels as the grid has them, and what is wrong with the bands."""
    found: dict[str, float] = {}
    faults: list[Fault] = []
    taken: list[tuple[int, int]] = []
    for label, share in margin.items():
        if label.strip().lower() in UNKNOWN_AGES:
            found["unknown"] = found.get("unknown", 0.0) + share
            continue
        ends = band(label)
        if ends is None or ends[0] > ends[1] or ends[1] > 120:
            faults.append(("age", label, f"“{label}” 不是年龄段。", f"'{label}' is no age band."))
            continue
        first, last = ends
        if (first and first not in AGE_STARTS) or (last != 120 and last + 1 not in AGE_STARTS):
            faults.append(("age", label, f"年龄段 {label} 不在平台口径内。", f"No platform reports the band {label}."))
            continue
        if any(first <= other[1] and other[0] <= last for other in taken):
            faults.append(("age", label, f"年龄段 {label} 与其他段重叠。", f"The band {label} overlaps another."))
            continue
        taken.append(ends)
        found[f"{first}+" if last == 120 else f"{first}-{last}"] = share
    return found, faults


def genders(margin: Mapping[str, float]) -> dict[str, float]:
    """Return the margin with female, male and unknown for the platforms' words; other words stay."""
    found: dict[str, float] = {}
    for label, share in margin.items():
        word = GENDERS.get(label.strip().lower(), label)
        found[word] = found.get(word, 0.0) + share
    return found


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


def rate(name: str, value: Any) -> Iterator[Fault]:
    if value is not None and not 0 <= value <= 1:
        yield name, value, "比例须在 0 到 100 % 之间。", "A rate lies between 0 and 100 %."


def rate_card(lines: Sequence[Any]) -> Iterator[Fault]:
    """A line's length tier is a word, its currency one that is traded in, its amount whole and not negative."""
    for line in lines:
        if not isinstance(line, dict):
            yield "rate_card", line, "报价表应为对象列表。", "The rate card should be a list of objects."
            continue
        tier, amount, currency = line.get("length_tier", ""), line.get("amount_minor", 0), line.get("currency", "CNY")
        if not isinstance(tier, str) or len(tier) > 20:
            yield "rate_card", tier, "时长档应为文字。", "A length tier is a word such as 21-60."
        if not isinstance(currency, str) or currency not in MINOR_DIGITS:
            yield "rate_card", currency, "不支持的币种。", "This currency is not traded in."
        # What is not finite no JSON can hold; whoever stores the line refuses it.
        number = isinstance(amount, int | float) and not isinstance(amount, bool)
        if not number or amount < 0 or amount > AMOUNT_MAX or (amount == amount and amount % 1):
            yield "rate_card", amount, "报价须为非负整数（最小货币单位）。", "A price is whole, in the smallest unit."


def not_future(name: str, value: date, today: date) -> Iterator[Fault]:
    """A day is none to come (one day's grace for time zones), and none before there were such platforms."""
    if value > today + timedelta(days=1):
        yield name, value, "日期在未来。", "The date lies in the future."
    elif value < EARLIEST:
        yield name, value, "日期早于 2005 年。", "The date lies before 2005."


def series_hash(videos: Sequence[Mapping[str, Any]]) -> str | None:
    """Name a list of at least five view counts, to find the same list under another channel."""
    views = [str(video["views"]) for video in videos]
    return hashlib.sha256(" ".join(views).encode()).hexdigest() if len(views) >= 5 else None


def median_views(facts: Mapping[str, Any], videos: Sequence[Mapping[str, Any]]) -> int | None:
    """Return the median of the videos told of, the upper of two; without videos what the platform says."""
    views = sorted(video["views"] for video in videos)
    said: int | None = facts.get("median_views_30d")
    return views[len(views) // 2] if views else said


def flags(
    followers: int,
    facts: Mapping[str, Any],
    videos: Sequence[Mapping[str, Any]],
    peers: Mapping[str, PeerRange] = HOUSE,
) -> list[dict[str, Any]]:
    """Return what looks suspicious: code, figure, the usual range with its source, a sentence in both languages."""
    views = [video["views"] for video in videos]
    median = median_views(facts, videos)
    found = []
    if median and followers:
        usual = peers["views_per_follower"]
        found += _outside("views_against_followers", median / followers, usual, "播放与粉丝之比", "Views per follower")
    engagement = facts.get("engagement_rate")
    if engagement is not None:
        found += _outside("engagement", engagement, peers["engagement"], "互动率", "Engagement rate")
    growth = facts.get("growth_30d")
    if growth is not None and followers:
        usual = peers["growth_30d"]
        found += _outside("growth_jump", growth / followers, usual, "30 天涨粉比例", "Growth in 30 days")
    if len(views) >= 5 and len(set(views)) <= len(views) // 2:
        repeated = len(views) - len(set(views))
        found.append(_flag("identical_views", repeated, (0, 0), "重复的播放量条数", "Videos with the same views"))
    digits = Counter(value % 10 for value in views if value >= 100)
    total = sum(digits.values())
    if total >= DIGITS_MIN:
        chi = sum((digits[digit] - total / 10) ** 2 / (total / 10) for digit in range(10))
        if chi > CHI_SQUARE_LIMIT:
            usual_chi = (0, CHI_SQUARE_LIMIT)
            found.append(
                _flag(
                    "last_digits", round(chi, 1), usual_chi, "尾数分布的卡方值", "Chi-square of last digits", "chance"
                )
            )
    return found


def _outside(code: str, figure: float, usual: PeerRange, zh: str, en: str) -> list[dict[str, Any]]:
    if usual.low <= figure <= usual.high:
        return []
    flag = _flag(code, round(figure, 4), (usual.low, usual.high), zh, en)
    if usual.creators is not None:
        flag["numbers"].update(source="market", creators=usual.creators)
    return [{**flag, "zh": f"{flag['zh']}（{usual.zh}）", "en": f"{flag['en']} ({usual.en})"}]


def _flag(
    code: str, figure: float, usual: tuple[float, float], zh: str, en: str, source: str = "house"
) -> dict[str, Any]:
    return {
        "code": code,
        "zh": f"{zh} {figure:g}，同类范围 {usual[0]:g} 至 {usual[1]:g}",
        "en": f"{en}: {figure:g}; peers lie between {usual[0]:g} and {usual[1]:g}",
        "numbers": {"figure": figure, "peers_low": usual[0], "peers_high": usual[1], "source": source},
    }
