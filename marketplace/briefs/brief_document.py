"""A brief's document: how it is stored, its validation, and the rule by which bids are scored."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from marketplace.briefs.vocabulary import (
    CURRENCIES_WITH_DEFAULT_CEILING,
    INTEREST_SETS_MAX,
    TIER_SECONDS,
    VIDEO_S_MAX,
)
from marketplace.core.errors import FieldError
from marketplace.core.message import Bilingual
from marketplace.core.money import Money

BIDDING_SECONDS_MIN = 5
BIDDING_DAYS_MAX = 180
PUBLISH_DAYS_MAX = 180
LAPSE_DAYS = 14
LAPSE_DAYS_MAX = 90
# The share of a bid's value that follows how well the channel's content suits; at most so much, for people count first.
FIT_WEIGHT, FIT_WEIGHT_MAX = 0.5, 0.7
# What a document says that was stored before these fields were there.
DEFAULTS: Mapping[str, Any] = {
    "part_offers": False,
    "least_prominence": None,
    "least_seconds": None,
    "bids_lapse_days": LAPSE_DAYS,
    "fit_weight": FIT_WEIGHT,
}

SCORING_RULE = "score/3"
# A brief keeps the rule that it was published under, so a rule is never changed: a new one gets a new entry.
SCORING_RULES: Mapping[str, Mapping[str, Any]] = {
    "score/1": {
        "version": "score/1",
        "formula": "score = 100 x / (1 + x), x = quality * ceiling_per_thousand / cost_per_thousand(tau)",
        "quality_low": 0.8,
        "quality_high": 1.25,
        "tau": 0.3,
        "zh": (
            "得分 0–100：需求的每千目标人群上限价，除以报价折算的每千目标人群成本（按播放量预测的 0.3 分位保守估计），"
            "再乘以 0.8–1.25 的质量系数（契合度与侵扰度余量）。50 分即质量系数为 1 时恰好等于上限价。"
            "别人的报价不影响得分，付费不能提升名次；同分按报价承诺哈希排序。"
        ),
        "en": (
            "A score from 0 to 100: the brief's ceiling per thousand on-target people over what the bid costs for them"
            " (views forecast carefully, at their 0.3 quantile), times a quality factor of 0.8 to 1.25 (fit, and room"
            " left under the tolerance for intrusiveness). 50 is the ceiling's own price at quality 1. No other bid"
            " moves it, no payment raises it; equal scores are ordered by the hash of the bid's commitment."
        ),
    },
    # Briefs that were published under score/1 keep its words; their bids are scored by this rule, as all are.
    "score/2": {
        "version": "score/2",
        "formula": (
            "score = 100 x / (1 + x), x = quality * ceiling_per_thousand / (counted_cost / counted_people * 1000),"
            " counted_cost = max(largest_cost, least_settled_price),"
            " counted_people = on_target_people(tau) * videos^0.585 * noticing / 0.5"
        ),
        "quality_low": 0.8,
        "quality_high": 1.25,
        "tau": 0.3,
        "zh": (
            "得分 0–100：需求的每千目标人群上限价，除以报价折算的每千目标人群成本，"
            "再乘以 0.8–1.25 的质量系数（契合度与侵扰度余量）。"
            "成本按报价最高可能成本（封顶价）计，且不低于同类成交价的 5% 分位；远低于此的报价须经人工核准才参与排名。"
            "出价方对自己销量的预期只展示、不计分，以货抵价按需求写明的产品价值计。"
            "人数按播放量的 0.3 分位保守估计，乘以会注意到品牌的比例（0.5 为基准），"
            "多条视频按条数的 0.585 次方计，不超过需求要求的条数；有异常标记的数据在人工核准前按同类账号的高端计，"
            "自报数据打 75 折。别人的报价不影响得分，付费不能提升名次；同分按报价承诺哈希排序。"
        ),
        "en": (
            "A score from 0 to 100: the brief's ceiling per thousand on-target people over what the bid costs for them,"
            " times a quality factor of 0.8 to 1.25 (fit, and room left under the tolerance for intrusiveness). The"
            " cost is the most that the price allows, its cap, and no less than the 5 % quantile of what such deals"
            " settle at; a price far below that ranks only once a person has approved it. What a bidder expects of its"
            " own sales is shown and not counted, and bartered goods count at the brief's value of its product. People"
            " are counted carefully, at the 0.3 quantile of views, by the share who notice the brand (0.5 counts as"
            " one), and several videos by their number to the power 0.585, up to as many as the brief asks for. Flagged"
            " figures count at the upper end of the channel's peers until a person has cleared them; figures on a"
            " party's own word count for three quarters. No other bid moves the score, no payment raises it; equal"
            " scores are ordered by the hash of the bid's commitment."
        ),
    },
    # docs/adr/0015-people-who-notice-and-suit.md says why.
    "score/3": {
        "version": "score/3",
        "formula": (
            "score = 100 x / (1 + x), x = quality * ceiling_per_thousand / (counted_cost / counted_people * 1000),"
            " counted_cost = max(largest_cost, least_settled_price),"
            " counted_people = on_target_people(tau) * videos^0.585 * noticing / 0.15"
            " * ((1 - w) + w * category_fit) / (1 - w / 2), w = fit_weight"
        ),
        "quality_low": 0.8,
        "quality_high": 1.25,
        "tau": 0.3,
        "zh": (
            "得分 0–100：需求的每千目标人群上限价，除以报价折算的每千目标人群成本，"
            "再乘以 0.8–1.25 的质量系数（契合度的其他部分与侵扰度余量）。"
            "成本按报价最高可能成本（封顶价）计，且不低于同类成交价的 5% 分位；远低于此的报价须经人工核准才参与排名。"
            "出价方对自己销量的预期只展示、不计分，以货抵价按需求写明的产品价值计。"
            "人数按播放量的 0.3 分位保守估计，80% 区间过宽（高低相差 20 倍以上）的逐步降到低端；"
            "乘以预计会注意到品牌的观众比例（由露出的大小、时长、位置与出现时刻推算，"
            "其不确定性计入得分区间；0.15 为基准），"
            "再乘以内容契合：权重 w 由需求设定（fit_weight，0–0.7，默认 0.5），"
            "w 为 0.5 时完全同类的人数约为无关类目的 1.7 倍。"
            "多条视频按条数的 0.585 次方计，不超过需求要求的条数，任何人数都不超过目标人群的实有人口。"
            "有异常标记的数据在人工核准前按同类账号的高端计，"
            "自报数据打 75 折，平台导出文件打 9 折，已验证归属的账号不打折。"
            "别人的报价不影响得分，付费不能提升名次；同分按报价承诺哈希排序。"
        ),
        "en": (
            "A score from 0 to 100: the brief's ceiling per thousand on-target people over what the bid costs for them,"
            " times a quality factor of 0.8 to 1.25 (the fit's other parts, and room left under the tolerance for"
            " intrusiveness). The cost is the most that the price allows, its cap, and no less than the 5 % quantile of"
            " what such deals settle at; a price far below that ranks only once a person has approved it. What a bidder"
            " expects of its own sales is shown and not counted, and bartered goods count at the brief's value of its"
            " product. People are counted carefully, at the 0.3 quantile of views, and nearer to the low end where the"
            " ends of the 80 % interval are over twenty times apart. They count by the share of viewers expected to"
            " notice the brand, worked out from how large, how long, where and when it is seen or named, whose doubt"
            " is part of the score's interval (0.15 counts as one), and by how well the channel's content suits, with"
            " the brief's own weight (fit_weight, 0 to 0.7, by default 0.5: people of a channel of the category itself"
            " count 1.7 times as much as those of one far from it). Several videos count by their number to the power"
            " 0.585, up to as many as the brief asks for, and no number of people exceeds those who live in the target."
            " Flagged figures count at the upper end of the channel's peers until a person has cleared them; figures on"
            " a party's own word count for three quarters, those of a platform's file for nine tenths, those of a"
            " proven channel in full. No other bid moves the score, no payment raises it; equal scores are ordered by"
            " the hash of the bid's commitment."
        ),
    },
}


def to_stored(loaded: Mapping[str, Any]) -> dict[str, Any]:
    """Return a loaded body as it is stored and shown: JSON values, money as {amount_minor, currency}, times in UTC."""
    return {name: _stored(value) for name, value in loaded.items()}


def with_defaults(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored document with every field; older ones lack those that came later."""
    return {**DEFAULTS, **stored}


def _stored(value: Any) -> Any:
    if isinstance(value, Money):
        return {"amount_minor": value.amount, "currency": value.currency}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, dict):
        return {name: _stored(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_stored(inner) for inner in value]
    return value


def version_columns(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document as the columns of a version, for search and scoring (money in minor units)."""
    ceiling = stored["ceiling_per_thousand"]
    return {
        "title": stored["title"],
        "category": stored["product"]["category"],
        "currency": stored["budget"]["currency"],
        "budget_minor": stored["budget"]["amount_minor"],
        "ceiling_minor": ceiling and ceiling["amount_minor"],
        "tolerance": stored["tolerance"],
        "bids_close_at": parse_time(stored["bids_close_at"]),
        "content": dict(stored),
    }


def parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the names of the top-level fields that differ."""
    return sorted(name for name in after if name not in before or before[name] != after[name])


def validation_errors(stored: Mapping[str, Any]) -> list[FieldError]:
    """Return the contradictions within a stored document, each with a pointer."""
    return [*_money(stored), *_target(stored), *_times(stored), *_requirements(stored)]


def deadline_errors(stored: Mapping[str, Any], at: datetime) -> list[FieldError]:
    """Return the errors of the deadline for bids, if it were set at the moment `at`."""
    remaining = parse_time(stored["bids_close_at"]) - at
    if remaining < timedelta(seconds=BIDDING_SECONDS_MIN):
        return [
            FieldError(
                "/bids_close_at",
                Bilingual(
                    f"从现在起至少留 {BIDDING_SECONDS_MIN} 秒给报价。",
                    f"Leave at least {BIDDING_SECONDS_MIN} seconds from now for bids.",
                ),
            )
        ]
    if remaining > timedelta(days=BIDDING_DAYS_MAX):
        return [
            FieldError(
                "/bids_close_at",
                Bilingual(f"报价期最长 {BIDDING_DAYS_MAX} 天。", f"Bidding may last {BIDDING_DAYS_MAX} days at most."),
            )
        ]
    return []


def _money(stored: Mapping[str, Any]) -> Iterator[FieldError]:
    currency, ceiling = stored["budget"]["currency"], stored["ceiling_per_thousand"]
    if ceiling is None and currency not in CURRENCIES_WITH_DEFAULT_CEILING:
        yield FieldError(
            "/ceiling_per_thousand",
            Bilingual(
                f"请写千人价上限：{currency} 没有通用的上限可以用来给报价打分。",
                f"Name a ceiling: there is no usual one in {currency} to score bids by.",
            ),
        )
    if ceiling is not None and ceiling["currency"] != currency:
        yield FieldError(
            "/ceiling_per_thousand/currency",
            Bilingual(f"必须用预算的货币 {currency}。", f"Must be the budget's currency, {currency}."),
        )
    # Barter counts at it, in the budget.
    if stored["product"]["value"] is not None and stored["product"]["value"]["currency"] != currency:
        yield FieldError(
            "/product/value/currency",
            Bilingual(f"必须用预算的货币 {currency}。", f"Must be the budget's currency, {currency}."),
        )


def _target(stored: Mapping[str, Any]) -> Iterator[FieldError]:
    cells = stored["target"]
    if cells and not any(cell["weight"] > 0 for cell in cells):
        yield FieldError(
            "/target",
            Bilingual(
                "至少要有一个人群格的权重大于 0；面向所有人就一个格也不写。",
                "At least one cell needs a weight above 0; leave all cells out for everybody.",
            ),
        )
    # A stored wording from before there were interests has none.
    if len({tuple(sorted(cell.get("interests") or ())) for cell in cells} - {()}) > INTEREST_SETS_MAX:
        yield FieldError(
            "/target",
            Bilingual(
                f"各人群格最多用 {INTEREST_SETS_MAX} 组不同的兴趣。",
                f"The cells may name at most {INTEREST_SETS_MAX} different sets of interests.",
            ),
        )
    for index, cell in enumerate(cells):
        if cell["ages"] is None:
            continue
        first, last = cell["ages"]["from"], cell["ages"]["to"]
        if last is not None and last < first:
            yield FieldError(
                f"/target/{index}/ages/to", Bilingual("不能小于 `from`。", "Must not be less than `from`.")
            )


def _times(stored: Mapping[str, Any]) -> Iterator[FieldError]:
    first, last = parse_time(stored["publish_window"]["from"]), parse_time(stored["publish_window"]["to"])
    if last <= first:
        yield FieldError(
            "/publish_window/ends_at", Bilingual("必须晚于 `starts_at`。", "Must be later than `starts_at`.")
        )
    if last - first > timedelta(days=PUBLISH_DAYS_MAX):
        yield FieldError(
            "/publish_window/ends_at",
            Bilingual(
                f"必须在 `from` 之后 {PUBLISH_DAYS_MAX} 天以内。", f"Must be within {PUBLISH_DAYS_MAX} days of `from`."
            ),
        )
    if first <= parse_time(stored["bids_close_at"]):
        yield FieldError(
            "/publish_window/starts_at",
            Bilingual(
                "必须晚于 `bids_close_at`：截标之前不会选定任何报价。",
                "Must be later than `bids_close_at`: nothing is chosen before.",
            ),
        )


def _requirements(stored: Mapping[str, Any]) -> Iterator[FieldError]:
    for index, deliverable in enumerate(stored["deliverables"]):
        if deliverable["kind"] == "image" and deliverable["length_tiers"]:
            yield FieldError(
                f"/deliverables/{index}/length_tiers", Bilingual("图片没有时长。", "Images have no length in seconds.")
            )
    longest = max(_longest(deliverable) for deliverable in stored["deliverables"])
    if stored["least_seconds"] is not None and stored["least_seconds"] > longest:
        yield FieldError(
            "/least_seconds",
            Bilingual(
                f"`deliverables` 要的视频最长 {longest} 秒。",
                f"The longest video that `deliverables` asks for has {longest} s.",
            ),
        )
    for index, text in enumerate(stored["must_not"]):
        if text in stored["must"]:
            yield FieldError(f"/must_not/{index}", Bilingual("`must` 里也有这一条。", "Stands under `must` too."))
    if stored["sample"]["to_return"] and not stored["sample"]["provided"]:
        yield FieldError(
            "/sample/to_return",
            Bilingual("没有提供样品，就没有东西可以归还。", "Nothing can be returned where no sample is provided."),
        )


def _longest(deliverable: Mapping[str, Any]) -> int:
    return max((TIER_SECONDS[tier][1] for tier in deliverable["length_tiers"]), default=VIDEO_S_MAX)
