"""The reasons for a bid's scores, in Chinese and English.

Every number carries its unit, and where it has them its interval, count, source and date.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from marketplace.core.estimate import Estimate
from marketplace.core.message import Message
from marketplace.core.money import show_minor
from marketplace.matching.forecast.view_forecast import UNIQUE_PER_VIEW, UNIQUE_PER_VIEW_RANGE
from marketplace.matching.pricing.cost import COMPARABLES_MIN
from marketplace.matching.scoring import counted_messages
from marketplace.matching.scoring.scored_bid import ScoredBid

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
    "ages_rest_from_prior": (
        "年龄数据不全，其余按人口分布估计",
        "A short age list: the rest follows the population",
    ),
    "education_unlisted": (
        "没有学历数据，按人口普查估计，上下限为 0–100%",
        "No education list: the census stands in, and anything from 0 to 100 % is possible",
    ),
    "interests_unlisted": (
        "没有兴趣数据，按一般占比估计，上下限为 0–100%",
        "No list of interests: the usual shares stand in, and anything from 0 to 100 % is possible",
    ),
    **{
        f"{name}_unreadable": (
            f"{zh}列表有误，未采用；其余列表照用",
            f"The {en} list cannot be used and was left out; the other lists were used",
        )
        for name, zh, en in (
            ("ages", "年龄", "age"),
            ("genders", "性别", "gender"),
            ("regions", "地域", "region"),
            ("education", "学历", "education"),
            ("interests", "兴趣", "interest"),
        )
    },
    "audience_unreadable": (
        "受众列表相互矛盾，无法采用，按人口分布估计",
        "The audience lists contradict each other and were not used: it follows the population",
    ),
}


class _Known(NamedTuple):
    """A number that is known, with its ends (None: it has none) and the kind of its interval."""

    value: float
    low: float | None
    high: float | None
    interval: str


def _known(estimate: Estimate, interval: str = "80%") -> _Known | None:
    """Return an estimate if its middle is known. `interval` is "80%", or "bounds" or "range", which have no level."""
    return None if estimate.point is None else _Known(estimate.point, estimate.low, estimate.high, interval)


def reasons(bid: ScoredBid) -> list[Message]:
    """Return why a bid scores as it does, in reading order: result, gates, reach, audience, cost, fit, viewers.

    The reasons contain nothing about the creator's own costs, so that the brand may read them.
    """
    groups = (
        _result(bid),
        _gates(bid),
        _reach(bid),
        _audience(bid),
        _cost(bid),
        _fit(bid),
        _viewers(bid),
    )
    return [reason for group in groups for reason in group]


def floor_reason(currency: str, floor_minor: float, bid_minor: float) -> Message | None:
    """Return the warning that a bid does not cover its production cost and shares, for the creator's side only.

    None if it covers them. Amounts are in minor units.
    """
    if bid_minor >= floor_minor:
        return None
    floor, bid = show_minor(currency, floor_minor), show_minor(currency, bid_minor)
    percent = 100 * (floor_minor - bid_minor) / floor_minor
    return _reason(
        "under_own_cost",
        f"报价 {bid} 低于含分成的制作成本 {floor}，差 {percent:.0f}%；仅创作方可见",
        f"The bid of {bid} is {percent:.0f}% under its making and shares, {floor}; only the creator's side sees this",
        bid=_number(bid_minor, _minor(currency)),
        floor=_number(floor_minor, _minor(currency)),
        below=_number(percent, "%"),
    )


def _reason(code: str, zh: str, en: str, **numbers: dict[str, Any]) -> Message:
    return Message(code, zh, en, numbers)


def _number(value: float | _Known, unit: str, **more: Any) -> dict[str, Any]:
    number: dict[str, Any] = {"value": value, "unit": unit}
    if isinstance(value, _Known):
        number["value"] = value.value
        if value.low is not None and value.high is not None:
            number.update(low=value.low, high=value.high, interval=value.interval)
    number.update({key: part for key, part in more.items() if part is not None})
    return number


def _minor(currency: str) -> str:
    return f"{currency} minor"


def _span(estimate: _Known, show: str = ",.0f") -> str:
    return _with_ends(estimate, lambda value: f"{value:{show}}")


def _money_span(currency: str, estimate: _Known) -> str:
    return _with_ends(estimate, lambda value: show_minor(currency, value))


def _with_ends(estimate: _Known, show: Callable[[float], str]) -> str:
    if estimate.low is None or estimate.high is None or estimate.low == estimate.high:
        return show(estimate.value)
    level = f", {estimate.interval}" if estimate.interval.endswith("%") else ""
    return f"{show(estimate.value)} ({show(estimate.low)}–{show(estimate.high)}{level})"


def _origin(bid: ScoredBid) -> dict[str, Any]:
    return {"source": bid.source, "date": bid.taken_on.isoformat() if bid.taken_on else None}


def _from(bid: ScoredBid) -> tuple[str, str]:
    if bid.source is None or bid.taken_on is None:
        return "", ""
    return f"；来源 {bid.source}，{bid.taken_on}", f"; source {bid.source}, {bid.taken_on}"


def _result(bid: ScoredBid) -> Iterator[Message]:
    overall = _known(bid.overall)
    if overall is not None:
        shown = _span(overall, ".1f")
        yield _reason(
            "overall",
            f"总分 {shown}（满分 100），质量系数 {bid.quality:.2f}",
            f"Overall {shown} of 100, quality multiplier {bid.quality:.2f}",
            overall=_number(overall, "points of 100"),
            quality=_number(bid.quality, "multiplier, 0.8-1.25"),
        )


def _gates(bid: ScoredBid) -> Iterator[Message]:
    score = _known(bid.intrusiveness, "range")
    if "over_tolerance" in bid.flags and score is not None:
        yield _reason(
            "over_tolerance",
            f"侵扰度 {_span(score, '.0f')} 超过需求上限 {bid.tolerance:.0f}（0–100）",
            f"Intrusiveness {_span(score, '.0f')} is over the brief's tolerance of {bid.tolerance:.0f} (0-100)",
            intrusiveness=_number(score, "points of 100"),
            tolerance=_number(bid.tolerance, "points of 100"),
        )
    if "no_reach" in bid.flags:
        yield _reason(
            "no_reach", "预计目标人群中没有人会注意到", "Nobody of the target is expected to see and notice it"
        )
    if "cost_unknown" in bid.flags:
        yield _reason(
            "cost_unknown",
            "按效果或佣金计价而没有封顶，或以货抵价而需求未给出产品价值：最高成本未知",
            "Priced by views or sales without a cap, or in goods to which the brief gives no value: what it costs at"
            " most is not known",
        )
    yield from counted_messages.price_below_market(bid)


def _reach(bid: ScoredBid) -> Iterator[Message]:
    zh_from, en_from = _from(bid)
    views = _known(bid.views)
    if views is None:
        yield _reason(
            "reach_unknown",
            "该账号还没有受众与播放数据，无法预计触达",
            "This channel has told neither views nor audience: its reach is not known",
        )
    else:
        shown = _span(views)
        number = _number(views, "views of one video", count=bid.videos_used, **_origin(bid))
        if bid.videos_used:
            yield _reason(
                "views_from_history",
                f"预计单条播放 {shown}，依据最近 {bid.videos_used} 条视频{zh_from}",
                f"Views of one video {shown}, from the last {bid.videos_used} videos{en_from}",
                views=number,
            )
        elif bid.basis.from_median:
            yield _reason(
                "views_from_median",
                f"没有可用的单条视频，按告知的近 30 天播放中位数估计单条播放 {shown}{zh_from}",
                f"No usable single videos: views of one video {shown}, from the told median of 30 days{en_from}",
                views=number,
            )
        elif bid.basis.platform_weight >= 1:
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
        yield from counted_messages.of_the_history(bid)
        yield from _beside_history(bid)
        yield from counted_messages.doubts(bid)
    yield from _people(bid)


def _people(bid: ScoredBid) -> Iterator[Message]:
    people = _known(bid.people)
    if people is not None:
        shown, (least, most) = _span(people), UNIQUE_PER_VIEW_RANGE
        zh_of, en_of = ("单条", "one video") if bid.videos == 1 else (f"{bid.videos} 条视频", f"{bid.videos} videos")
        yield _reason(
            "people",
            f"{zh_of}预计触达目标人群 {shown} 人（按每次播放 {UNIQUE_PER_VIEW} 人估计，合理范围 {least}–{most}）",
            f"On-target people of {en_of} {shown} (taking {UNIQUE_PER_VIEW} people a view, plausibly {least}-{most})",
            people=_number(people, "people", **_origin(bid)),
            people_per_view=_number(
                UNIQUE_PER_VIEW, "people per view", low=least, high=most, interval="plausible range"
            ),
        )

    yield from counted_messages.noticing(bid)


def _beside_history(bid: ScoredBid) -> Iterator[Message]:
    zh_from, en_from = _from(bid)
    basis = bid.basis
    if basis.platform_views is not None and 0 < basis.platform_weight < 1:
        weight = basis.platform_weight
        yield _reason(
            "platform_forecast",
            f"平台预计单条播放 {basis.platform_views:,.0f}，按权重 {weight:.0%} 计入上述预计{zh_from}",
            f"The platform's own forecast of {basis.platform_views:,.0f} views counts for {weight:.0%} of it{en_from}",
            platform_views=_number(basis.platform_views, "views of one video", **_origin(bid)),
            weight=_number(weight, "share of the forecast, on the log scale"),
        )
    sponsored = None if basis.sponsored is None else _known(basis.sponsored)
    if sponsored is not None:
        shown, (ads, others) = _span(sponsored, ".2f"), (basis.sponsored_videos, basis.other_videos)
        from_channel = ads > 0 and others > 0
        zh_of = f"依据该账号 {ads} 条商业视频与 {others} 条其他视频" if from_channel else "依据其他账号"
        en_of = f"from {ads} sponsored and {others} other videos" if from_channel else "from other channels"
        yield _reason(
            "sponsored_views",
            f"商业视频播放为其他视频的 {shown} 倍，{zh_of}；已计入上述预计{zh_from}",
            f"Sponsored videos get {shown} times the views of others, {en_of}; the forecast holds it{en_from}",
            sponsored=_number(sponsored, "times the views of other videos", count=ads, **_origin(bid)),
            others=_number(others, "videos"),
        )


def _audience(bid: ScoredBid) -> Iterator[Message]:
    zh_from, en_from = _from(bid)
    on_target = _known(bid.share, "bounds")
    if on_target is not None:
        shown = _span(on_target, ".1%")
        zh_ends, en_ends = (
            ("，括号内为数据允许的上下限", "; the ends are all the lists allow") if "(" in shown else ("", "")
        )
        yield _reason(
            "on_target_share",
            f"目标人群占比 {shown}{zh_ends}{zh_from}",
            f"{shown} of the audience is on target{en_ends}{en_from}",
            share=_number(on_target, "share of the audience", **_origin(bid)),
        )
    for name, share in sorted(bid.unknown_shares.items()):
        if share > 0:
            zh, en = _LISTS[name]
            yield _reason(
                f"unknown_{name}",
                f"{share:.1%} 的受众{zh}未知，已按比例分摊",
                f"{en} is undisclosed for {share:.1%} of the audience, spread in proportion",
                share=_number(share, "share of the audience", **_origin(bid)),
            )
    for flag in bid.audience_flags:
        yield _reason(flag, *_MISSING[flag])


def _cost(bid: ScoredBid) -> Iterator[Message]:
    unit = _minor(bid.currency)
    cost, per_thousand = _known(bid.cost), _known(bid.per_thousand)
    if cost is not None:
        shown = _money_span(bid.currency, cost)
        yield _reason("cost", f"预计总成本 {shown}", f"Expected cost {shown}", cost=_number(cost, unit))
    yield from counted_messages.largest_cost(bid)
    if per_thousand is not None:
        shown, ceiling = _money_span(bid.currency, per_thousand), show_minor(bid.currency, bid.ceiling_minor)
        over_zh, over_en = counted_messages.of_what(bid)
        under = per_thousand.value <= bid.ceiling_minor
        whose_zh, whose_en = (
            ("需求上限", "the brief's ceiling") if bid.ceiling_is_the_briefs else ("默认参考", "the default")
        )
        yield _reason(
            "per_thousand_under_ceiling" if under else "per_thousand_over_ceiling",
            f"每千目标人群成本 {shown}{over_zh}，{'不高于' if under else '高于'}{whose_zh} {ceiling}",
            f"{shown} per 1,000 on-target people{over_en}, {'within' if under else 'over'} {whose_en} of {ceiling}",
            per_thousand=_number(per_thousand, f"{unit} per 1,000 people"),
            ceiling=_number(bid.ceiling_minor, f"{unit} per 1,000 people"),
        )
    yield from counted_messages.counted(bid)
    if bid.percentile is not None:
        yield _reason(
            "price_percentile",
            f"在 {bid.comparables} 个同币种可比报价中，比 {bid.percentile:.0f}% 的更贵",
            f"Dearer than {bid.percentile:.0f}% of {bid.comparables} comparable bids in the same currency",
            percentile=_number(bid.percentile, "percentile", count=bid.comparables),
        )
    else:
        yield _reason(
            "too_few_comparables",
            f"可比报价只有 {bid.comparables} 个，少于 {COMPARABLES_MIN} 个，不给出价格位置",
            f"Only {bid.comparables} comparable bids: no price position is shown under {COMPARABLES_MIN}",
            comparables=_number(bid.comparables, "bids"),
        )


def _fit(bid: ScoredBid) -> Iterator[Message]:
    yield _reason("fit", f"契合度 {bid.fit:.2f}（0–1）", f"Fit {bid.fit:.2f} of 1", fit=_number(bid.fit, "0-1"))
    for part, (zh, en) in _PART_NAMES.items():
        value = bid.fit_parts.get(part)
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


def _viewers(bid: ScoredBid) -> Iterator[Message]:
    if bid.backlash is not None:
        chance, low, high, unsponsored, *_ = bid.backlash
        yield _reason(
            "backlash",
            bid.backlash.zh,
            bid.backlash.en,
            chance={"value": chance, "low": low, "high": high, "interval": "80%", "unit": "probability"},
            unsponsored={"value": unsponsored, "unit": "probability"},
        )
    yield from counted_messages.film_length(bid)
    score = _known(bid.intrusiveness, "range")
    if score is None:
        yield _reason("intrusiveness_unknown", "侵扰度尚未评估", "Intrusiveness has not been scored")
    elif "over_tolerance" not in bid.flags:
        shown = _span(score, ".0f")
        yield _reason(
            "within_tolerance",
            f"侵扰度 {shown}，未超过需求上限 {bid.tolerance:.0f}（0–100）",
            f"Intrusiveness {shown}, within the brief's tolerance of {bid.tolerance:.0f} (0-100)",
            intrusiveness=_number(score, "points of 100"),
            tolerance=_number(bid.tolerance, "points of 100"),
        )
