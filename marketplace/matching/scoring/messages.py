"""The stored numbers of one bid as sentences, Chinese and English; every number carries its unit, interval, count,
source and date where it has them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from marketplace.core.money import Money
from marketplace.matching.forecast.forecast import UNIQUE_PER_VIEW, UNIQUE_PER_VIEW_RANGE
from marketplace.matching.pricing.cost import COMPARABLES_MIN

FIT_GOOD, FIT_POOR = 0.7, 0.4
_PART_NAMES = {
    "category": ("内容类目契合", "Category affinity of the content"),
    "market": ("受众在目标市场的占比", "Share of the audience in the brief's markets"),
    "language": ("语言契合", "Language match"),
    "format": ("形式契合", "Format match"),
    "length": ("时长契合", "Length match"),
    "sponsors": ("观众对广告的接受度", "How viewers take to sponsored videos"),
}
_LISTS = {"ages": ("年龄", "Age"), "genders": ("性别", "Gender"), "regions": ("地域", "Region")}
_MISSING = {
    "ages_from_prior": ("没有年龄数据，按人口分布估计", "No age list: ages follow the population"),
    "genders_from_prior": ("没有性别数据，按人口分布估计", "No gender list: genders follow the population"),
    "regions_from_prior": ("没有地域数据，按人口分布估计", "No region list: regions follow the population"),
    "regions_rest_from_prior": (
        "地域数据不全，其余按人口分布估计",
        "A short region list: the rest follows the population",
    ),
    "regions_off_the_list": (
        "部分地域不在名录，归入其他地区",
        "Some regions are not on the list and count as elsewhere",
    ),
    "audience_unreadable": (
        "受众列表相互矛盾，无法采用，按人口分布估计",
        "The audience lists contradict each other and were not used: it follows the population",
    ),
}


@dataclass(frozen=True)
class NumberEstimate:
    """A number with its ends (None: has none) and what they are: "80%", or "bounds" or a "range" without a level."""

    value: float
    low: float | None = None
    high: float | None = None
    interval: str = "80%"


@dataclass(frozen=True)
class MatchFacts:
    """One scored bid's stored numbers; None where a number is not known. Money in minor units of ``currency``."""

    currency: str
    overall: NumberEstimate | None
    views: NumberEstimate | None
    videos_used: int
    share: NumberEstimate | None
    people: NumberEstimate | None
    cost: NumberEstimate | None
    per_thousand: NumberEstimate | None
    ceiling_minor: float
    ceiling_is_the_briefs: bool
    percentile: float | None
    comparables: int
    fit: float
    fit_parts: dict[str, float | None]
    quality: float
    intrusiveness: NumberEstimate | None
    tolerance: float
    gates: tuple[str, ...] = ()
    source: str | None = None
    taken_on: date | None = None
    audience_flags: tuple[str, ...] = ()
    unknown_shares: dict[str, float] = field(default_factory=dict)
    from_median: bool = False
    platform_views: float | None = None
    platform_weight: float = 0.0
    sponsored: NumberEstimate | None = None
    sponsored_videos: int = 0
    other_videos: int = 0


def reasons(facts: MatchFacts) -> list[dict[str, Any]]:
    """Return {code, zh, en, numbers} for one bid, in a reader's order: result, limits, reach, cost, fit, viewers.

    Holds nothing of the creator's own costs: it may be shown to the brand."""
    groups = (
        _result(facts),
        _gates(facts),
        _reach(facts),
        _audience(facts),
        _cost(facts),
        _fit(facts),
        _viewers(facts),
    )
    return [reason for group in groups for reason in group]


def floor_reason(currency: str, floor_minor: float, bid_minor: float) -> dict[str, Any] | None:
    """Return the warning that a bid does not cover its making, for the creator's side only; None where it does."""
    if bid_minor >= floor_minor:
        return None
    floor, bid = _money(currency, floor_minor), _money(currency, bid_minor)
    percent = 100 * (floor_minor - bid_minor) / floor_minor
    return _reason(
        "under_own_cost",
        f"报价 {bid} 低于含分成的制作成本 {floor}，差 {percent:.0f}%；仅创作方可见",
        f"The bid of {bid} is {percent:.0f}% under its making and shares, {floor}; only the creator's side sees this",
        bid=_number(bid_minor, _minor(currency)),
        floor=_number(floor_minor, _minor(currency)),
        below=_number(percent, "%"),
    )


def _reason(code: str, zh: str, en: str, **numbers: dict[str, Any]) -> dict[str, Any]:
    return {"code": code, "zh": zh, "en": en, "numbers": numbers}


def _number(value: float | NumberEstimate, unit: str, **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"value": value, "unit": unit}
    if isinstance(value, NumberEstimate):
        said["value"] = value.value
        if value.low is not None and value.high is not None:
            said.update(low=value.low, high=value.high, interval=value.interval)
    said.update({key: part for key, part in more.items() if part is not None})
    return said


def _minor(currency: str) -> str:
    return f"{currency} minor"


def _money(currency: str, minor: float) -> str:
    return Money(currency, round(minor)).show()


def _span(estimate: NumberEstimate, show: str = ",.0f") -> str:
    return _with_ends(estimate, lambda value: f"{value:{show}}")


def _money_span(currency: str, estimate: NumberEstimate) -> str:
    return _with_ends(estimate, lambda value: _money(currency, value))


def _with_ends(estimate: NumberEstimate, show: Callable[[float], str]) -> str:
    if estimate.low is None or estimate.high is None or estimate.low == estimate.high:
        return show(estimate.value)
    how_sure = f", {estimate.interval}" if estimate.interval.endswith("%") else ""
    return f"{show(estimate.value)} ({show(estimate.low)}–{show(estimate.high)}{how_sure})"


def _origin(facts: MatchFacts) -> dict[str, Any]:
    return {"source": facts.source, "date": facts.taken_on.isoformat() if facts.taken_on else None}


def _from(facts: MatchFacts) -> tuple[str, str]:
    if facts.source is None or facts.taken_on is None:
        return "", ""
    return f"；来源 {facts.source}，{facts.taken_on}", f"; source {facts.source}, {facts.taken_on}"


def _result(facts: MatchFacts) -> Iterator[dict[str, Any]]:
    if facts.overall is not None:
        shown = _span(facts.overall, ".1f")
        yield _reason(
            "overall",
            f"总分 {shown}（满分 100），质量系数 {facts.quality:.2f}",
            f"Overall {shown} of 100, quality multiplier {facts.quality:.2f}",
            overall=_number(facts.overall, "points of 100"),
            quality=_number(facts.quality, "multiplier, 0.8-1.25"),
        )


def _gates(facts: MatchFacts) -> Iterator[dict[str, Any]]:
    if "over_tolerance" in facts.gates and facts.intrusiveness is not None:
        score = facts.intrusiveness
        yield _reason(
            "over_tolerance",
            f"侵扰度 {_span(score, '.0f')} 超过需求上限 {facts.tolerance:.0f}（0–100）",
            f"Intrusiveness {_span(score, '.0f')} is over the brief's tolerance of {facts.tolerance:.0f} (0-100)",
            intrusiveness=_number(score, "points of 100"),
            tolerance=_number(facts.tolerance, "points of 100"),
        )
    if "exclusivity_clash" in facts.gates:
        yield _reason(
            "exclusivity_clash",
            "与该账号已有的类目独家约定冲突",
            "An exclusivity promised by this channel in the category forbids it",
        )
    if "no_reach" in facts.gates:
        yield _reason("no_reach", "预计触达不到目标人群", "Nobody of the target is expected to see it")
    if "cost_unknown" in facts.gates and facts.cost is None:
        yield _reason(
            "cost_unknown",
            "按效果或佣金计价，但没有申报转化率与客单价，成本未知",
            "Priced by action or commission without a declared conversion rate and order value: the cost is not known",
        )


def _reach(facts: MatchFacts) -> Iterator[dict[str, Any]]:
    zh_from, en_from = _from(facts)
    if facts.views is None:
        yield _reason(
            "reach_unknown",
            "该账号还没有受众与播放数据，无法预计触达",
            "This channel has told neither views nor audience: its reach is not known",
        )
    else:
        shown = _span(facts.views)
        number = _number(facts.views, "views of one video", count=facts.videos_used, **_origin(facts))
        if facts.videos_used:
            yield _reason(
                "views_from_history",
                f"预计单条播放 {shown}，依据最近 {facts.videos_used} 条视频{zh_from}",
                f"Views of one video {shown}, from the last {facts.videos_used} videos{en_from}",
                views=number,
            )
        elif facts.from_median:
            yield _reason(
                "views_from_median",
                f"没有可用的单条视频，按告知的近 30 天播放中位数估计单条播放 {shown}{zh_from}",
                f"No usable single videos: views of one video {shown}, from the told median of 30 days{en_from}",
                views=number,
            )
        elif facts.platform_weight >= 1:
            yield _reason(
                "views_from_platform",
                f"没有可用的历史视频与粉丝数，按平台预计估计单条播放 {shown}{zh_from}",
                f"Neither usable past videos nor followers: views of one video {shown}, from the platform's own"
                f" forecast{en_from}",
                views=number,
            )
        else:
            yield _reason(
                "views_from_followers",
                f"没有可用的历史视频，仅按粉丝数估计单条播放 {shown}{zh_from}",
                f"No usable past videos: views of one video {shown}, from followers alone{en_from}",
                views=number,
            )
        yield from _beside_history(facts)
    if facts.people is not None:
        shown, (least, most) = _span(facts.people), UNIQUE_PER_VIEW_RANGE
        yield _reason(
            "people",
            f"单条预计触达目标人群 {shown} 人（按每次播放 {UNIQUE_PER_VIEW} 人估计，合理范围 {least}–{most}）",
            f"On-target people of one video {shown} (taking {UNIQUE_PER_VIEW} people a view, plausibly {least}-{most})",
            people=_number(facts.people, "people", **_origin(facts)),
            people_per_view=_number(
                UNIQUE_PER_VIEW, "people per view", low=least, high=most, interval="plausible range"
            ),
        )


def _beside_history(facts: MatchFacts) -> Iterator[dict[str, Any]]:
    zh_from, en_from = _from(facts)
    if facts.platform_views is not None and 0 < facts.platform_weight < 1:
        weight = facts.platform_weight
        yield _reason(
            "platform_forecast",
            f"平台预计单条播放 {facts.platform_views:,.0f}，按权重 {weight:.0%} 计入上述预计{zh_from}",
            f"The platform's own forecast of {facts.platform_views:,.0f} views counts for {weight:.0%} of it{en_from}",
            platform_views=_number(facts.platform_views, "views of one video", **_origin(facts)),
            weight=_number(weight, "share of the forecast, on the log scale"),
        )
    if facts.sponsored is not None:
        shown, (ads, others) = _span(facts.sponsored, ".2f"), (facts.sponsored_videos, facts.other_videos)
        own = ads > 0 and others > 0
        zh_of = f"依据该账号 {ads} 条商业视频与 {others} 条其他视频" if own else "依据其他账号"
        en_of = f"from {ads} sponsored and {others} other videos" if own else "from other channels"
        yield _reason(
            "sponsored_views",
            f"商业视频播放为其他视频的 {shown} 倍，{zh_of}；已计入上述预计{zh_from}",
            f"Sponsored videos get {shown} times the views of others, {en_of}; the forecast holds it{en_from}",
            sponsored=_number(facts.sponsored, "times the views of other videos", count=ads, **_origin(facts)),
            others=_number(others, "videos"),
        )


def _audience(facts: MatchFacts) -> Iterator[dict[str, Any]]:
    zh_from, en_from = _from(facts)
    if facts.share is not None:
        shown = _span(facts.share, ".1%")
        zh_ends, en_ends = (
            ("，括号内为数据允许的上下限", "; the ends are all the lists allow") if "(" in shown else ("", "")
        )
        yield _reason(
            "on_target_share",
            f"目标人群占比 {shown}{zh_ends}{zh_from}",
            f"{shown} of the audience is on target{en_ends}{en_from}",
            share=_number(facts.share, "share of the audience", **_origin(facts)),
        )
    for name, share in sorted(facts.unknown_shares.items()):
        if share > 0:
            zh, en = _LISTS[name]
            yield _reason(
                f"unknown_{name}",
                f"{share:.1%} 的受众{zh}未知，已按比例分摊",
                f"{en} is undisclosed for {share:.1%} of the audience, spread in proportion",
                share=_number(share, "share of the audience", **_origin(facts)),
            )
    for flag in facts.audience_flags:
        yield _reason(flag, *_MISSING[flag])


def _cost(facts: MatchFacts) -> Iterator[dict[str, Any]]:
    unit = _minor(facts.currency)
    if facts.cost is not None:
        shown = _money_span(facts.currency, facts.cost)
        yield _reason("cost", f"预计总成本 {shown}", f"Expected cost {shown}", cost=_number(facts.cost, unit))
    if facts.per_thousand is not None:
        shown, ceiling = _money_span(facts.currency, facts.per_thousand), _money(facts.currency, facts.ceiling_minor)
        under = facts.per_thousand.value <= facts.ceiling_minor
        whose_zh, whose_en = (
            ("需求上限", "the brief's ceiling") if facts.ceiling_is_the_briefs else ("默认参考", "the default")
        )
        yield _reason(
            "per_thousand_under_ceiling" if under else "per_thousand_over_ceiling",
            f"每千目标人群成本 {shown}，{'不高于' if under else '高于'}{whose_zh} {ceiling}",
            f"{shown} per 1,000 on-target people, {'within' if under else 'over'} {whose_en} of {ceiling}",
            per_thousand=_number(facts.per_thousand, f"{unit} per 1,000 people"),
            ceiling=_number(facts.ceiling_minor, f"{unit} per 1,000 people"),
        )
    if facts.percentile is not None:
        yield _reason(
            "price_percentile",
            f"在 {facts.comparables} 个同币种可比报价中，比 {facts.percentile:.0f}% 的更贵",
            f"Dearer than {facts.percentile:.0f}% of {facts.comparables} comparable bids in the same currency",
            percentile=_number(facts.percentile, "percentile", count=facts.comparables),
        )
    else:
        yield _reason(
            "too_few_comparables",
            f"可比报价只有 {facts.comparables} 个，少于 {COMPARABLES_MIN} 个，不给出价格位置",
            f"Only {facts.comparables} comparable bids: no price position is shown under {COMPARABLES_MIN}",
            comparables=_number(facts.comparables, "bids"),
        )


def _fit(facts: MatchFacts) -> Iterator[dict[str, Any]]:
    yield _reason("fit", f"契合度 {facts.fit:.2f}（0–1）", f"Fit {facts.fit:.2f} of 1", fit=_number(facts.fit, "0-1"))
    for part, (zh, en) in _PART_NAMES.items():
        value = facts.fit_parts.get(part)
        if value is None:
            yield _reason(f"fit_{part}_unknown", f"{zh}：没有数据，未计入", f"{en}: not known, left out")
        elif value >= FIT_GOOD or value < FIT_POOR:
            good = value >= FIT_GOOD
            yield _reason(
                f"fit_{part}_{'good' if good else 'poor'}",
                f"{zh} {value:.2f}（0–1，{'高' if good else '低'}）",
                f"{en} {value:.2f} of 1 ({'high' if good else 'low'})",
                **{part: _number(value, "0-1")},
            )


def _viewers(facts: MatchFacts) -> Iterator[dict[str, Any]]:
    if facts.intrusiveness is None:
        yield _reason("intrusiveness_unknown", "侵扰度尚未评估", "Intrusiveness has not been scored")
    elif "over_tolerance" not in facts.gates:
        shown = _span(facts.intrusiveness, ".0f")
        yield _reason(
            "within_tolerance",
            f"侵扰度 {shown}，未超过需求上限 {facts.tolerance:.0f}（0–100）",
            f"Intrusiveness {shown}, within the brief's tolerance of {facts.tolerance:.0f} (0-100)",
            intrusiveness=_number(facts.intrusiveness, "points of 100"),
            tolerance=_number(facts.tolerance, "points of 100"),
        )
