"""Checks of channel facts: values that a row is refused for, and suspicious figures that are only flagged.

The `check_...` functions yield a CellError for each impossible value; `find_flags` returns what merely looks odd.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from marketplace.channels.facts import region_names
from marketplace.channels.facts.audience_vocabulary import LEVELS, education_label, education_levels
from marketplace.core.money import AMOUNT_MAX, MINOR_DIGITS

COUNT_MAX = 10_000_000_000
# Platforms round each share, so a margin's sum may miss 1 by two points.
SUM_TOLERANCE = 0.02
EARLIEST = date(2005, 1, 1)  # the year the first of the platforms opened; Excel's day numbers read as 1970
AGE_FIRST = 13  # the platforms admit nobody younger
DIGITS_MIN, CHI_SQUARE_LIMIT = 50, 27.88  # nine degrees of freedom, one in a thousand; five expected a digit at least
# Platforms that are not offered in a country: its code, and why, in Chinese and English. ByteDance runs Douyin in
# mainland China, where TikTok cannot be installed; people abroad with Chinese accounts are well under half.
NOT_OFFERED: Mapping[str, tuple[str, str, str]] = {
    "tiktok": ("CN", "TikTok 不在中国大陆提供（那里是抖音）", "TikTok is not offered in mainland China (Douyin is)"),
    "youtube": ("CN", "YouTube 不在中国大陆提供", "YouTube is not offered in mainland China"),
}
ELSEWHERE_MOST = 0.5
OUTSIDE_SHARES = ("占比须在 0 到 1 之间。", "Shares must lie between 0 and 1.")
UNKNOWN_AGES = ("unknown", "other", "未知", "其他")
GENDERS = {
    **dict.fromkeys(("female", "f", "women", "女", "女性"), "female"),
    **dict.fromkeys(("male", "m", "men", "男", "男性"), "male"),
    **dict.fromkeys(("unknown", "other", "user_specified", "未知", "其他"), "unknown"),
}

# The lowest follower count of each tier above the first, which begins at 0.
FOLLOWER_TIERS = (30_000, 100_000, 500_000)


class CellError(NamedTuple):
    """Why a value is refused: the column by our own name, the value, and the reason in Chinese and English."""

    column: str
    value: Any
    zh: str
    en: str


@dataclass(frozen=True)
class PeerRange:
    """The usual range of a figure among comparable channels; `zh` and `en` say where it comes from.

    `creators`: how many creators a range of the market's own was computed from; None for a house figure.
    """

    low: float
    high: float
    zh: str
    en: str
    creators: int | None = None


@dataclass(frozen=True)
class SnapshotFlag:
    """A suspicious figure, as it is stored with its snapshot.

    `numbers` holds the figure, the ends of the usual range (`peers_low`, `peers_high`) and its `source`: "market" (with
    the count of its `creators`), "house" or "chance". It is empty where the flag is about no figure.
    """

    code: str
    zh: str
    en: str
    numbers: Mapping[str, float | str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "zh": self.zh, "en": self.en, "numbers": dict(self.numbers)}


def _house(low: float, high: float) -> PeerRange:
    return PeerRange(low, high, "经验范围，可比创作者太少", "house figures: too few creators to compare with")


# Chosen by us, not measured, and wide on purpose, for each flag costs a person's time. They apply where `peers` knows
# too few creators. views_per_follower: median views / followers. engagement: share of viewers. growth_30d: share of
# the followers.
HOUSE_RANGES: Mapping[str, PeerRange] = {
    "views_per_follower": _house(0.0005, 60.0),
    "engagement": _house(0.001, 0.35),
    "growth_30d": _house(-0.30, 0.50),
}


@lru_cache(1024)  # files say the same few labels over and over
def parse_age_band(label: str) -> tuple[int, int] | None:
    """Return the first and last year (120 for open) of an age label such as 18-23 or 51+, or None if it is not one."""
    text = label.strip().lower().removeprefix("age").replace("–", "-").replace("~", "-").rstrip("岁")
    if (below := text.removeprefix("under").removeprefix("<").strip()) != text and below.isdecimal():
        return 0, int(below) - 1
    if text.endswith(("+", "-")) and text[:-1].isdecimal() and len(text) < 5:
        first = int(text[:-1])
        # "50+" means the same as the "51+" of the other platforms.
        return (first + 1 if first == 50 else first), 120
    low, _, high = text.partition("-")
    if low.isdecimal() and high.isdecimal() and len(low) < 4 and len(high) < 4:
        return int(low), int(high)
    return None


def normalise_ages(margin: Mapping[str, float]) -> tuple[dict[str, float], list[CellError]]:
    """Return the margin under labels such as 18-23 and 51+, and the errors of its age bands. A band may begin and end
    at any year from 13 on."""
    normalised: dict[str, float] = {}
    errors: list[CellError] = []
    accepted: list[tuple[int, int]] = []
    for label, share in margin.items():
        if label.strip().lower() in UNKNOWN_AGES:
            normalised["unknown"] = normalised.get("unknown", 0.0) + share
            continue
        ends = parse_age_band(label)
        if ends is None or ends[0] > ends[1] or ends[1] > 120:
            errors.append(CellError("age", label, f"“{label}” 不是年龄段。", f"'{label}' is no age band."))
            continue
        first, last = ends
        if last < AGE_FIRST:
            errors.append(
                CellError(
                    "age",
                    label,
                    f"受众从 {AGE_FIRST} 岁起计，{label} 不在其内。",
                    f"Audiences are counted from {AGE_FIRST} years on, and {label} is younger.",
                )
            )
            continue
        if any(first <= other[1] and other[0] <= last for other in accepted):
            errors.append(
                CellError("age", label, f"年龄段 {label} 与其他段重叠。", f"The band {label} overlaps another.")
            )
            continue
        accepted.append(ends)
        normalised[f"{first}+" if last == 120 else f"{first}-{last}"] = share
    return normalised, errors


def covers_adults(margin: Mapping[str, float]) -> bool:
    """Return whether the bands of a margin leave out no year from 18 on, so that their shares must sum to 1."""
    spans = sorted(ends for label in margin if (ends := parse_age_band(label)) is not None)
    reached = 17
    for first, last in spans:
        if first > reached + 1:
            return False
        reached = max(reached, last)
    return reached >= 99


def covers_levels(margin: Mapping[str, float]) -> bool:
    """Return whether the labels of a list of education leave out no level."""
    spans = [span for label in margin if (span := education_levels(label)) is not None]
    return {level for first, after in spans for level in range(first, after)} == set(range(len(LEVELS)))


def normalise_labels(
    name: str, margin: Mapping[str, float], code_of: Callable[[str], str | None], codes: Iterable[str]
) -> tuple[dict[str, float], list[CellError]]:
    """Return the margin under the codes of a vocabulary, and an error for each label that is not of it."""
    normalised: dict[str, float] = {}
    errors = _told_twice(name, margin, code_of)
    for label, share in margin.items():
        code = code_of(label)
        if code is None:
            zh, en = f"“{label}” 不在名录内", f"'{label}' is none of"
            errors.append(CellError(name, label, f"{zh}：{'、'.join(codes)}。", f"{en}: {', '.join(codes)}."))
        else:
            normalised[code] = share
    return normalised, errors


def normalise_education(margin: Mapping[str, float]) -> tuple[dict[str, float], list[CellError]]:
    """Return the margin under the codes of levels, and an error for each label that is no level, that is told already,
    or that shares a level with one before it: of whom both speak cannot be known."""
    normalised, errors = normalise_labels("education", margin, education_label, LEVELS)
    accepted: dict[str, tuple[int, int]] = {}
    for label in margin:
        span = education_levels(label)
        if span is None or span in accepted.values():
            continue
        first, after = span
        shared = [other for other, (start, end) in accepted.items() if first < end and start < after]
        if shared:
            zh, en = f"“{shared[0]}”和“{label}”", f"'{shared[0]}' and '{label}'"
            errors.append(CellError("education", label, f"{zh}包含相同的学历。", f"{en} share a level of education."))
        else:
            accepted[label] = span
    return normalised, errors


def _told_twice(
    name: str, labels: Iterable[str], code_of: Callable[[str], str | None], several: Sequence[str] = ()
) -> list[CellError]:
    """Return an error for each label that means the same as one before it, which names both: their shares contradict
    each other, or one of them is another label misspelt. ``several`` are codes that many labels may stand for."""
    first: dict[str, str] = {}
    errors = []
    for label in labels:
        code = code_of(label)
        if code is None or code in several:
            continue
        if code in first:
            zh, en = f"“{first[code]}”和“{label}”", f"'{first[code]}' and '{label}'"
            errors.append(CellError(name, label, f"{zh}是同一项，出现两次。", f"{en} are the same, told twice."))
        first.setdefault(code, label)
    return errors


def normalise_regions(margin: Mapping[str, float]) -> tuple[dict[str, float], list[CellError]]:
    """Return the margin under the codes of regions, and an error for each label that is no region, or one that is told
    already under another name. Those of the rest add up."""
    shares, strangers = region_names.merged_shares(margin)
    errors = [CellError("region", label, *region_names.stranger_said(label)) for label in strangers]
    rests = (region_names.OTHER, region_names.UNKNOWN)
    return shares, errors + _told_twice("region", margin, region_names.region_label, rests)


def normalise_genders(margin: Mapping[str, float]) -> tuple[dict[str, float], list[CellError]]:
    """Return the margin with female, male and unknown in place of the platforms' labels, and an error for each that is
    told already under another label. Other labels stay; those of the rest add up."""
    normalised: dict[str, float] = {}
    for label, share in margin.items():
        gender = _gender(label)
        normalised[gender] = normalised.get(gender, 0.0) + share
    return normalised, _told_twice("gender", margin, _gender, ("unknown",))


def _gender(label: str) -> str:
    return GENDERS.get(label.strip().lower(), label)


def check_margin(name: str, margin: Mapping[str, float], whole: bool) -> Iterator[CellError]:
    """Refuse shares outside 0..1 and sums that miss 1 by over two points; a list of top places may sum to less."""
    total = sum((region_names.net_shares(margin) if name == "region" else margin).values())
    if any(not 0 <= share <= 1 for share in margin.values()):
        yield CellError(name, margin, *OUTSIDE_SHARES)
    elif total > 1 + SUM_TOLERANCE or (whole and total < 1 - SUM_TOLERANCE):
        percent = f"{100 * total:.1f} %"
        yield CellError(
            name,
            percent,
            f"占比合计 {percent}，应为 100 %（±2）。",
            f"The shares sum to {percent}, not to 100 % within 2 points.",
        )


def check_count(name: str, value: Any) -> Iterator[CellError]:
    if value is not None and not 0 <= value <= COUNT_MAX:
        yield CellError(name, value, "数值不可能。", "This count is impossible.")


def check_rate(name: str, value: Any) -> Iterator[CellError]:
    if value is not None and not 0 <= value <= 1:
        yield CellError(name, value, "比例须在 0 到 100 % 之间。", "A rate lies between 0 and 100 %.")


def check_rate_card(lines: Sequence[Any]) -> Iterator[CellError]:
    """Refuse lines whose tier is not text, whose currency is not traded in, or whose amount is not a whole price."""
    for line in lines:
        if not isinstance(line, dict):
            yield CellError("rate_card", line, "报价表应为对象列表。", "The rate card should be a list of objects.")
            continue
        tier, amount, currency = line.get("length_tier", ""), line.get("amount_minor", 0), line.get("currency", "CNY")
        if not isinstance(tier, str) or len(tier) > 20:
            yield CellError("rate_card", tier, "时长档应为文字。", "A length tier is a word such as 21-60.")
        if not isinstance(currency, str) or currency not in MINOR_DIGITS:
            yield CellError("rate_card", currency, "不支持的币种。", "This currency is not traded in.")
        # Infinity and NaN are refused when the line is stored, for JSON cannot hold them.
        is_number = isinstance(amount, int | float) and not isinstance(amount, bool)
        if not is_number or amount < 0 or amount > AMOUNT_MAX or (amount == amount and amount % 1):
            yield CellError(
                "rate_card", amount, "报价须为非负整数（最小货币单位）。", "A price is whole, in the smallest unit."
            )


def check_day(name: str, value: date, today: date) -> Iterator[CellError]:
    """Refuse days to come (with one day's grace for time zones) and days before there were such platforms."""
    if value > today + timedelta(days=1):
        yield CellError(name, value, "日期在未来。", "The date lies in the future.")
    elif value < EARLIEST:
        yield CellError(name, value, "日期早于 2005 年。", "The date lies before 2005.")


def series_hash(videos: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the SHA-256 of a series of at least five view counts, to find the same series under another channel."""
    views = [str(video["views"]) for video in videos]
    return hashlib.sha256(" ".join(views).encode()).hexdigest() if len(views) >= 5 else None


def median_views(facts: Mapping[str, Any], videos: Sequence[Mapping[str, Any]]) -> int | None:
    """Return the median views of the given videos (the upper of two); without videos, the platform's own figure."""
    views = sorted(video["views"] for video in videos)
    reported: int | None = facts.get("median_views_30d")
    return views[len(views) // 2] if views else reported


def find_flags(
    followers: int,
    facts: Mapping[str, Any],
    videos: Sequence[Mapping[str, Any]],
    peers: Mapping[str, PeerRange] = HOUSE_RANGES,
) -> list[SnapshotFlag]:
    """Return a flag for each suspicious figure: those outside their peers' range, repeated view counts, and last digits
    that are not evenly distributed."""
    views = [video["views"] for video in videos]
    median = median_views(facts, videos)
    flags: list[SnapshotFlag] = []
    if median:
        usual = peers["views_per_follower"]
        # Nobody counts as one follower: a channel without any is not above suspicion.
        flags += _outside(
            "views_against_followers", median / max(followers, 1), usual, "播放与粉丝之比", "Views per follower"
        )
    engagement = facts.get("engagement_rate")
    if engagement is not None:
        flags += _outside("engagement", engagement, peers["engagement"], "互动率", "Engagement rate")
    growth = facts.get("growth_30d")
    if growth is not None and followers:
        usual = peers["growth_30d"]
        flags += _outside("growth_jump", growth / followers, usual, "30 天涨粉比例", "Growth in 30 days")
    if len(views) >= 5 and len(set(views)) <= len(views) // 2:
        repeated = len(views) - len(set(views))
        flags.append(_flag("identical_views", repeated, (0, 0), "重复的播放量条数", "Videos with the same views"))
    # Honest counts end in every digit equally often; made-up ones do not (Pearson's chi-square test).
    digits = Counter(value % 10 for value in views if value >= 100)
    total = sum(digits.values())
    if total >= DIGITS_MIN:
        chi = sum((digits[digit] - total / 10) ** 2 / (total / 10) for digit in range(10))
        if chi > CHI_SQUARE_LIMIT:
            usual_chi = (0, CHI_SQUARE_LIMIT)
            flags.append(
                _flag(
                    "last_digits", round(chi, 1), usual_chi, "尾数分布的卡方值", "Chi-square of last digits", "chance"
                )
            )
    return flags


def impossible_audience(platform: str, margins: Mapping[str, Mapping[str, float]]) -> list[SnapshotFlag]:
    """Return a flag for an audience that lives where the platform is not offered."""
    country, source_zh, source_en = NOT_OFFERED.get(platform, ("", "", ""))
    shares = region_names.net_shares(margins.get("region", {}))
    share = sum(part for code, part in shares.items() if country and code.partition("-")[0] == country)
    if share <= ELSEWHERE_MOST:
        return []
    zh, en = region_names.region_name(country)
    return [
        SnapshotFlag(
            "audience_impossible",
            f"{share:.0%} 的受众在{zh}，而{source_zh}",
            f"{share:.0%} of the audience is in {en}, but {source_en}",
            {"figure": round(share, 4), "peers_low": 0.0, "peers_high": ELSEWHERE_MOST, "source": "house"},
        )
    ]


def _outside(code: str, figure: float, usual: PeerRange, zh: str, en: str) -> list[SnapshotFlag]:
    if usual.low <= figure <= usual.high:
        return []
    flag = _flag(code, round(figure, 4), (usual.low, usual.high), zh, en)
    market: dict[str, float | str] = {}
    if usual.creators is not None:
        market = {"source": "market", "creators": usual.creators}
    return [
        SnapshotFlag(code, f"{flag.zh}（{usual.zh}）", f"{flag.en} ({usual.en})", {**flag.numbers, **market}),
    ]


def _flag(
    code: str, figure: float, usual: tuple[float, float], zh: str, en: str, source: str = "house"
) -> SnapshotFlag:
    return SnapshotFlag(
        code,
        f"{zh} {figure:g}，同类范围 {usual[0]:g} 至 {usual[1]:g}",
        f"{en}: {figure:g}; peers lie between {usual[0]:g} and {usual[1]:g}",
        {"figure": figure, "peers_low": usual[0], "peers_high": usual[1], "source": source},
    )
