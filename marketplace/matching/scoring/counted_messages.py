"""The reasons that say what counts of a bid's words: its largest cost, the market's least price, flagged figures."""

from collections.abc import Iterator

from marketplace.core.message import Message
from marketplace.core.money import show_minor
from marketplace.matching.scoring.scored_bid import ScoredBid


def price_below_market(bid: ScoredBid) -> Iterator[Message]:
    """Yield the reason why a price that is far too low is held back."""
    if "price_below_market" not in bid.flags or bid.largest_cost is None or bid.least_price is None:
        return
    asked, least = show_minor(bid.currency, bid.largest_cost), show_minor(bid.currency, bid.least_price)
    unit = f"{bid.currency} minor"
    yield Message(
        "price_below_market",
        f"报价 {asked} 远低于同类成交的低端 {least}：按低端计分，经人工核准后才参与排名",
        f"The price of {asked} is far below {least}, the low end of what such deals settle at: it earns no more than"
        " that, and ranks behind the others until a person has approved it",
        {"asked": {"value": bid.largest_cost, "unit": unit}, "least": {"value": bid.least_price, "unit": unit}},
    )


def doubts(bid: ScoredBid) -> Iterator[Message]:
    """Yield what is taken off a forecast because of the figures behind it."""
    if "views_capped" in bid.flags:
        yield Message(
            "views_capped",
            "账号数据有异常标记：经人工核准前，播放按同粉丝量账号的高端（80% 分位）计",
            "The channel's figures are flagged: until a person has cleared them its views count at the upper end of"
            " channels with as many followers (their 80 % quantile)",
        )
    if bid.source_weight < 1:
        weight = bid.source_weight
        yield Message(
            "own_word",
            f"数据由本方自报：保守估计只计 {weight:.0%}（平台规则，非测量值）",
            f"The figures are the side's own word: {weight:.0%} of the careful forecast counts (a house rule, not"
            " measured)",
            {"weight": {"value": weight, "unit": "share of the careful forecast"}},
        )


def noticing(bid: ScoredBid) -> Iterator[Message]:
    """Yield how many viewers are expected to notice the brand."""
    middle, low, high = bid.noticing
    if middle is None or low is None or high is None:
        return
    shown = f"{middle:.0%}" if low == high else f"{middle:.0%} ({low:.0%}-{high:.0%})"
    yield Message(
        "noticing",
        f"预计 {shown} 的观众会注意到品牌；得分按注意到的人计",
        f"{shown} of the viewers are expected to notice the brand; the score counts those who do",
        {
            "noticing": {
                "value": middle,
                "unit": "share of the viewers",
                "low": low,
                "high": high,
                "interval": "range",
            }
        },
    )


def largest_cost(bid: ScoredBid) -> Iterator[Message]:
    """Yield the most that a price can cost, where it is not what it costs in any case."""
    most = bid.largest_cost
    if most is None or (bid.cost.low is not None and bid.cost.low == bid.cost.high):
        return
    shown = show_minor(bid.currency, most)
    yield Message(
        "largest_cost",
        f"最高成本 {shown}：得分按它计，不按出价方对自己销量的预期",
        f"At most {shown}: the score counts this, and nothing that the bidder expects of its own sales",
        {"most": {"value": most, "unit": f"{bid.currency} minor"}},
    )
