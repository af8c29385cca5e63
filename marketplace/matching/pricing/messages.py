"""Messages, Chinese and English, about fair prices, what a price is made of, floors and ceilings."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from marketplace.core.message import Message
from marketplace.core.money import show_minor
from marketplace.matching.audience.arrays import Floats, as_floats
from marketplace.matching.pricing import cost
from marketplace.matching.pricing.cost import COMPARABLES_MIN
from marketplace.matching.pricing.price_model import BASES, PricePrediction, PriceTerm

LEVEL = "80%"
DIGITS = 2
_BASES = {
    "settled": ("依据 {n} 个成交价", "from {n} settled deals"),
    "platform_cpm": (
        "成交价太少，按平台建议的千次播放价乘以预计播放量，区间含 {n} 个账号建议价的差异与播放量的不确定，不是成交价",
        "too few settled deals: the platform's suggested price per 1,000 views times the expected views; the interval"
        " holds the span of {n} channels' suggestions and the doubt of the views; a suggestion is not a deal",
    ),
    "rate_cards": (
        "成交价太少，仅依据 {n} 个刊例价，不是成交价，实际成交可能更低",
        "too few settled deals: from {n} list prices, which are not deals and may close lower",
    ),
}
_TERMS = {
    "1-20": ("1–20 秒（相对 21–60 秒）", "1-20 s instead of 21-60 s"),
    "60+": ("60 秒以上（相对 21–60 秒）", "over 60 s instead of 21-60 s"),
    "usage": ("素材使用权", "Usage rights"),
    "whitelisting": ("账号代投授权", "Whitelisting"),
    "raw_files": ("原始素材", "Raw files"),
    "exclusivity_month": ("每 30 天类目独家", "Each 30 days of exclusivity"),
}


@dataclass(frozen=True)
class FairPrice:
    """One deliverable's fair price as it is shown, in minor units: two digits, the ends rounded outwards.

    Prices are None where they are not known. `count` records of the kind `basis` stand behind them (see
    price_model.BASES); `share` is the part of the price that comes from settled deals.
    """

    currency: str
    point: float | None
    low: float | None
    high: float | None
    count: int
    basis: str
    share: float | None
    fitted_on: date | None

    def numbers(self) -> dict[str, Any]:
        """Return the price as JSON data."""
        prices = {name: getattr(self, name) for name in ("point", "low", "high", "count", "basis")}
        fitted_on = None if self.fitted_on is None else self.fitted_on.isoformat()
        return {
            **prices,
            "interval": LEVEL,
            "unit": f"{self.currency} minor per video",
            "share_of_deals": self.share,
            "date": fitted_on,
        }


def shown(prices: PricePrediction, index: int, currency: str, fitted_on: date | None) -> FairPrice:
    """Return one of n predictions as it is shown. Rounding hides an end that is the price of one deal."""
    basis, count = BASES[int(prices.basis[index])], int(prices.count[index])
    if not math.isfinite(prices.point[index]):
        return FairPrice(currency, None, None, None, count, basis, None, fitted_on)
    point, low, high = (float(getattr(prices, name)[index]) for name in ("point", "low", "high"))
    share = round(float(prices.share[index]), DIGITS)
    ends = two_digits(point, np.round), two_digits(low, np.floor), two_digits(high, np.ceil)
    return FairPrice(currency, *ends, count, basis, share, fitted_on)


def two_digits(amount: float, whole: Callable[[Floats], Floats]) -> float:
    """Return one amount in two digits, rounded by `whole` (see cost.two_digits)."""
    return float(cost.two_digits(as_floats([amount]), whole)[0])


def fair_reason(fair: FairPrice, asked_minor: float | None = None) -> Message:
    """Return the fair price of one video and what it is made of.

    With `asked_minor`, the price that a bid asks for one video, the message says on which side of the fair price it is.
    """
    if fair.point is None or fair.low is None or fair.high is None:
        return Message(
            "fair_price_unknown",
            f"可比成交价只有 {fair.count} 个（至少需要 {COMPARABLES_MIN} 位创作者各一个），不给出参考价",
            f"Only {fair.count} comparable settled deals (nine creators' are needed): no fair price is shown",
            {"deals": {"value": fair.count, "unit": "settled deals", "count": fair.count}},
        )
    zh, en = (text.format(n=f"{fair.count:,}") for text in _BASES[fair.basis])
    if fair.basis == "settled" and fair.share is not None and fair.share < 1:
        zh += f"，其中 {1 - fair.share:.0%} 的权重来自平台建议价"
        en += f", and the platform's suggestion for {1 - fair.share:.0%} of it"
    point, low, high = (show_minor(fair.currency, minor) for minor in (fair.point, fair.low, fair.high))
    span = f"{point} ({low}–{high}, {LEVEL})"
    day = f"；模型日期 {fair.fitted_on}" if fair.fitted_on else ""
    day_en = f"; model of {fair.fitted_on}" if fair.fitted_on else ""
    number = {"value": fair.point, **{name: part for name, part in fair.numbers().items() if name != "point"}}
    if asked_minor is None:
        return Message(
            "fair_price",
            f"单条参考价 {span}，{zh}{day}",
            f"Fair price of one video {span}, {en}{day_en}",
            {"fair": number},
        )
    code, side_zh, side_en = _side(fair.low, fair.high, asked_minor)
    asked = show_minor(fair.currency, asked_minor)
    return Message(
        code,
        f"本报价单条 {asked}，{side_zh}：参考价 {span}，{zh}{day}",
        f"This bid asks {asked} a video, {side_en} the range of the fair price: {span}, {en}{day_en}",
        {"fair": number, "asked": {"value": asked_minor, "unit": f"{fair.currency} minor per video"}},
    )


def _side(low: float, high: float, asked: float) -> tuple[str, str, str]:
    if asked < low:
        return "under_fair_price", "低于参考价区间", "under"
    if asked > high:
        return "over_fair_price", "高于参考价区间", "over"
    return "within_fair_price", "在参考价区间之内", "within"


def term_reasons(terms: Mapping[str, PriceTerm]) -> list[Message]:
    """Return by how much rights, exclusivity and length each multiply a price."""
    messages = []
    for name, term in terms.items():
        zh, en = _TERMS[name]
        ends = f"{term.ratio:.2f} ({term.low:.2f}–{term.high:.2f}, {LEVEL})"
        number = {
            "value": round(term.ratio, 3),
            "low": round(term.low, 3),
            "high": round(term.high, 3),
            "interval": LEVEL,
            "count": term.count,
            "unit": "times the price",
        }
        messages.append(
            Message(
                f"term_{name}",
                f"{zh}：价格 × {ends}，依据 {term.count} 个成交价" + ("" if term.count else "，仅为经验先验"),
                f"{en}: price x {ends}, from {term.count} settled deals" + ("" if term.count else ", a prior alone"),
                {"ratio": number},
            )
        )
    return messages


def paid_anyway_reason(currency: str, value: float, low: float, high: float) -> Message:
    """Return what the video platform pays for the plays with or without the deal; for the creator's side alone."""
    span = f"{show_minor(currency, value)} ({show_minor(currency, low)}–{show_minor(currency, high)})"
    return Message(
        "platform_pays_anyway",
        f"平台按播放量本来约付 {span}（每万次播放 10–19 元，2017–2018 年创作者所述），"
        "不接单也有，未计入成本线；仅创作方可见",
        f"For such views the platform pays about {span} anyway (10-19 yuan per 10,000 plays, told by creators in"
        " 2017-2018); it is earned without the deal and not in the floor; only the creator's side sees this",
        {
            "paid": {
                "value": value,
                "low": low,
                "high": high,
                "interval": "bounds",
                "unit": f"{currency} minor",
                "source": "creators' accounts in trade articles, 2017-2018",
            }
        },
    )


def ceiling_reason(currency: str, ceiling_minor: int, cheapest_minor: float, bids: int) -> Message:
    """Return the warning to a brand that no bid on its closed brief is within its ceiling."""
    ceiling, cheapest = show_minor(currency, ceiling_minor), show_minor(currency, cheapest_minor)
    unit = f"{currency} minor per 1,000 people"
    return Message(
        "ceiling_under_every_price",
        f"全部 {bids} 个已算出成本的报价都高于每千目标人群上限 {ceiling}，最低的为 {cheapest}",
        f"All of {bids} bids whose cost is known are over the ceiling of {ceiling} per 1,000 on-target people;"
        f" the cheapest is at {cheapest}",
        {
            "ceiling": {"value": ceiling_minor, "unit": unit},
            "cheapest": {"value": cheapest_minor, "unit": unit, "count": bids},
        },
    )


def never_so_cheap_reason(
    currency: str,
    ceiling_minor: int,
    per_thousand_minor: float,
    deals: int,
    vertical: str | None,
    fitted_on: date | None,
) -> Message:
    """Return the warning to a brand that hardly any similar channel was ever bought for its ceiling.

    `per_thousand_minor` is what nine in ten of `deals` settled deals cost more than, per 1,000 views; `vertical` is
    theirs (None: all verticals).
    """
    ceiling, shown_low = show_minor(currency, ceiling_minor), show_minor(currency, per_thousand_minor)
    of_zh, of_en = (f"{vertical} 类", f" in {vertical}") if vertical else ("各类", "")
    day = None if fitted_on is None else fitted_on.isoformat()
    return Message(
        "ceiling_under_the_market",
        f"{of_zh}账号的 {deals} 个成交价中，九成高于每千次播放 {shown_low}；即使观众全是目标人群，"
        f"每千目标人群上限 {ceiling} 也几乎没有成交过（{day}）",
        f"Nine in ten of {deals} settled deals{of_en} cost more than {shown_low} per 1,000 views: were every viewer on"
        f" target, {ceiling} per 1,000 on-target people would still have bought hardly any like channel ({day})",
        {
            "ceiling": {"value": ceiling_minor, "unit": f"{currency} minor per 1,000 people"},
            "nine_in_ten_over": {
                "value": per_thousand_minor,
                "unit": f"{currency} minor per 1,000 views",
                "count": deals,
                "date": day,
            },
        },
    )


def ceiling_unknown_reason(deals: int) -> Message:
    """Return that too few deals are known to compare a brief's ceiling with."""
    return Message(
        "ceiling_not_compared",
        f"可比成交价只有 {deals} 个，少于 {COMPARABLES_MIN} 位创作者，无法与市场比较",
        f"Only {deals} comparable settled deals, of fewer than nine creators: nothing to compare the ceiling with",
        {"deals": {"value": deals, "unit": "settled deals", "count": deals}},
    )
