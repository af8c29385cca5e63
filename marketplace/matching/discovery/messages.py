"""Messages, Chinese and English, that discovery adds to a match's reasons: the likely price, and a brief's ceiling."""

import math
from datetime import date
from typing import Any

from marketplace.core.message import Message
from marketplace.core.money import show_minor
from marketplace.matching.pricing.asking_price import BASES

_BASES = {
    "settled_deals": (
        "依据已成交的合作，按播放量、粉丝量、领域、平台与时长估算",
        "what deals of such channels closed at, by views, followers, vertical, platform and length",
    ),
    "rate_card": (
        "依据该账号同时长的刊例价；实际成交价可能更低",
        "its own listed price for this length; deals may close lower",
    ),
    "rate_card_other_length": (
        "依据该账号其他时长的刊例价按常见比例折算",
        "its listed price for another length, by the usual ratio of the two",
    ),
    "suggested_cpm": (
        "该账号没有刊例价，依据平台建议的千次播放价乘以预计播放量",
        "no listed price: the platform's suggested price per thousand views times the expected views",
    ),
}


def price_reason(
    currency: str,
    price: tuple[float, float, float] | None,
    basis: int,
    count: int,
    source: str,
    taken_on: date | None,
    listed: float = math.nan,
) -> Message:
    """Return what one video would likely cost, and on what basis.

    `price` is (point, low, high) in minor units, `basis` an index of asking_price.BASES, `count` the number of deals,
    listed prices or past videos behind it. `listed` is the channel's own listed price (NaN: none), which is shown
    beside what deals close at.
    """
    if price is None:
        return Message(
            "price_unknown",
            f"没有以 {currency} 计的刊例价，也没有平台建议价，无法预估报价",
            f"Neither a listed price in {currency} nor a platform's suggestion: its price is not known",
        )
    point, low, high = price
    zh, en = _BASES[BASES[basis]]
    number: dict[str, Any] = {
        "value": point,
        "unit": f"{currency} minor per video",
        "basis": BASES[basis],
        "count": count,
    }
    number |= {"source": source, "date": None if taken_on is None else taken_on.isoformat()}
    interval = show_minor(currency, point)
    if low < high:
        number |= {"low": low, "high": high, "interval": "80%"}
        interval += f" ({show_minor(currency, low)}–{show_minor(currency, high)}, 80%)"
    numbers = {"price": number}
    if BASES[basis] == "settled_deals" and listed > 0:
        numbers["listed"] = {"value": listed, "unit": f"{currency} minor per video"}
        zh, en = (
            f"{zh}；其刊例价为 {show_minor(currency, listed)}",
            f"{en}; its listed price is {show_minor(currency, listed)}",
        )
    return Message(
        f"price_from_{BASES[basis]}",
        f"预计单条报价 {interval}，{zh}（{count} 个数据）；来源 {source}，{taken_on}",
        f"Likely price of one video {interval}: {en} (from {count}); source {source}, {taken_on}",
        numbers,
    )


def days_reason(days_left: float) -> Message:
    """Return how many days are left for bids."""
    return Message(
        "days_left",
        f"距报价截止还有 {days_left:.1f} 天",
        f"{days_left:.1f} days left for bids",
        {"days_left": {"value": days_left, "unit": "days"}},
    )


def room_reason(currency: str, worth: float, price: float | None) -> Message:
    """Return what the brief's ceiling allows for this channel's on-target people (`worth`), beside its likely price;
    both in minor units."""
    numbers = {"worth": {"value": worth, "unit": f"{currency} minor per video"}}
    worth_shown = show_minor(currency, worth)
    zh = f"按需求的每千目标人群上限，本账号单条约值 {worth_shown}"
    en = f"By the brief's ceiling per 1,000 on-target people one video here is worth about {worth_shown}"
    if price is None:
        return Message("worth_at_ceiling", zh, en, numbers)
    within = price <= worth
    numbers["price"] = {"value": price, "unit": f"{currency} minor per video"}
    return Message(
        "price_within_ceiling" if within else "price_over_ceiling",
        f"{zh}，预计报价 {show_minor(currency, price)}{'在其之内' if within else '超出'}",
        f"{en}; the likely price of {show_minor(currency, price)} is {'within' if within else 'over'} it",
        numbers,
    )
