"""The reasons that say what counts of a bid: its largest cost, the market's least price, people who notice and suit,
and what is taken off doubtful figures."""

from collections.abc import Iterator

import numpy as np

from marketplace.channels.facts.provenance import OWN_WORD
from marketplace.core.message import Message
from marketplace.core.money import show_minor
from marketplace.matching.forecast.signals import IDLE_MIN
from marketplace.matching.forecast.view_forecast import LITTLE_KNOWN
from marketplace.matching.scoring.score import NOBODY
from marketplace.matching.scoring.scored_bid import ScoredBid
from marketplace.matching.scoring.worth.noticing import REFERENCE, careful
from marketplace.matching.scoring.worth.noticing import worth as worth_at

VIDEOS_ENOUGH = 5


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
            "账号数据有异常标记：经人工核准前，播放最多按同粉丝量账号的高端（80% 分位）计；"
            "突增的播放与粉丝按增长规律能解释的数值计",
            "The channel's figures are flagged: until a person has cleared them its views count at most at the upper"
            " end of channels with as many followers (their 80 % quantile), and views or followers that jumped at what"
            " growth explains",
        )
    if bid.source_weight < 1:
        weight, is_own = bid.source_weight, bid.source_weight <= OWN_WORD
        zh, en = _of_whom(weight)
        yield Message(
            "own_word" if is_own else "export_file",
            f"播放与粉丝等{zh}：保守估计只计 {weight:.0%}（平台规则，非测量值）",
            f"The figures {en}: {weight:.0%} of the careful forecast counts (a house rule, not measured)",
            {"weight": {"value": weight, "unit": "share of the careful forecast"}},
        )
    if bid.lists_weight < 1 and not {"ages_from_prior", "genders_from_prior", "regions_from_prior"} <= {
        *bid.audience_flags
    }:
        weight = bid.lists_weight
        zh, en = _of_whom(weight)
        yield Message(
            "lists_in_part",
            f"受众列表{zh}：只计 {weight:.0%}，其余按人口分布（平台规则，非测量值）",
            f"The audience lists {en}: {weight:.0%} of them counts, and the population stands in for the rest (a house"
            " rule, not measured)",
            {"weight": {"value": weight, "unit": "share of the lists"}},
        )
    if bid.details_weight < 1 and bid.fit_parts.get("category") is not None:
        weight = bid.details_weight
        zh, en = _of_whom(weight)
        yield Message(
            "verticals_in_part",
            f"内容类目{zh}：契合度只计 {weight:.0%}，其余按中等（0.50）计（平台规则，非测量值）",
            f"The verticals {en}: {weight:.0%} of their fit counts, and the rest as middling, 0.50 (a house rule, not"
            " measured)",
            {"weight": {"value": weight, "unit": "share of the fit"}},
        )
    yield from _too_little(bid)


def _of_whom(weight: float) -> tuple[str, str]:
    """Return who tells figures of this weight, as the end of a clause in both languages."""
    if weight <= OWN_WORD:
        return "由本方自报", "are the side's own word"
    return "来自本方交来的平台导出文件", "come from a platform's file that its side handed in"


def film_length(bid: ScoredBid) -> Iterator[Message]:
    """Yield that a plan states a longer film than the channel's own videos support, and what it counts as."""
    if bid.film is None or bid.film.counted >= bid.film.stated:
        return
    stated, counted, low, high, videos = bid.film
    if low is not None and high is not None:
        zh = f"该账号最近 {videos} 条视频多为 {low:,.0f} 至 {high:,.0f} 秒"
        en = f"the channel's last {videos} videos are {low:,.0f}-{high:,.0f} s"
    else:
        zh = "该账号时长已知的视频太少，按同类平台视频的常见上限计"
        en = "the lengths of too few of the channel's videos are known, so what such films last on the platform counts"
    yield Message(
        "film_length",
        f"方案写 {stated:,.0f} 秒；{zh}；按 {counted:,.0f} 秒计分。写得更长，不会让植入显得更轻",
        f"The plan is for a film of {stated:,.0f} s; {en}; counted as {counted:,.0f} s. A longer film on paper makes no"
        " placement milder",
        {
            "stated": {"value": stated, "unit": "s"},
            "counted": {"value": counted, "unit": "s"},
            "videos": {"value": videos, "unit": "videos", "low": low, "high": high, "interval": "80%"},
        },
    )


def _too_little(bid: ScoredBid) -> Iterator[Message]:
    """Yield that too little is known of the views to count on the middle, and what would mend it."""
    if "too_little_known" not in bid.flags:
        return
    yield from _nobody(bid)
    low, high = bid.views.low, bid.views.high
    if not low or not high or high / low <= LITTLE_KNOWN[0]:
        return
    zh, en = (
        ("导入至少五条带播放量的视频", "five videos or more with their views")
        if bid.videos_used < VIDEOS_ENOUGH
        else (
            "更多近期视频，或改按千次播放计价并设封顶，由播放量本身决定价格",
            "more recent videos, or a price by views with a cap, which leaves the doubt with the views",
        )
    )
    yield Message(
        "too_little_known",
        f"已知太少：单条播放可能在 {low:,.0f} 到 {high:,.0f} 之间（相差 {high / low:,.0f} 倍），名次按保守一端计；"
        f"可补救：{zh}",
        f"Too little is known: views of one video may be {low:,.0f} or {high:,.0f}, {high / low:,.0f} times as many, so"
        f" it ranks by its careful end; what would mend it: {en}",
        {
            "views": {
                "value": bid.views.point,
                "unit": "views of one video",
                "low": low,
                "high": high,
                "interval": "80%",
            },
            "width": {"value": high / low, "unit": "high end over low end"},
        },
    )


def _nobody(bid: ScoredBid) -> Iterator[Message]:
    """Yield that the interval of on-target people begins at nobody, and what would mend it."""
    low, people, high = bid.people.low, bid.people.point, bid.people.high
    if low is None or people is None or high is None or low >= NOBODY or people < 1:
        return
    yield Message(
        "people_from_nobody",
        f"已知太少：预计触达目标人群 {people:,.0f} 人，但按账号的受众数据，也可能一个也触达不到（0 到 {high:,.0f}）；"
        "导入完整的年龄、性别与地域分布即可补救",
        f"Too little is known: {people:,.0f} people of the target are expected, but by the channel's lists it could be"
        f" nobody (0 to {high:,.0f}); its whole lists of ages, genders and regions would mend it",
        {"people": {"value": people, "unit": "people", "low": low, "high": high, "interval": "80%"}},
    )


def of_the_history(bid: ScoredBid) -> Iterator[Message]:
    """Yield what a channel's last videos say against trusting its usual views."""
    if bid.idle_days is not None and bid.idle_days > IDLE_MIN and bid.videos_used:
        days = round(bid.idle_days)
        yield Message(
            "channel_idle",
            f"该账号已 {days} 天没有发布视频：停更之后的播放更难预计、往往更低，已计入上述预计",
            f"The channel has been idle for {days} days: after a pause views are harder to foresee and often fewer; the"
            " forecast holds it",
            {"idle": {"value": days, "unit": "days from the last video to the snapshot"}},
        )
    if "newest_far_off" in bid.flags and bid.newest_times is not None:
        times = bid.newest_times
        zh, en = (
            (f"{times:,.0f} 倍", f"{times:,.0f} times")
            if times >= 1
            else (f"1/{1 / times:,.0f}", f"1/{1 / times:,.0f} of")
        )
        yield Message(
            "newest_far_off",
            f"最近一条视频的播放是此前中位数的 {zh}：单独一条很可能是偶然，预计中只计到其通常波动的四倍以内",
            f"The newest video has {en} the median views of those before it: one alone is most likely chance, and"
            " counts no further than four of the channel's usual spreads",
            {"newest": {"value": times, "unit": "times the median of the videos before it"}},
        )


def counted(bid: ScoredBid) -> Iterator[Message]:
    """Yield what the score counts: the cost, the careful people, what noticing and fit make of them, and the cost per
    thousand of these, which is compared with the ceiling."""
    people, cost, suits, weight = bid.counted_people, bid.counted_cost, bid.suitability, bid.fit_weight
    if people is None or cost is None or suits is None or weight is None or not people:
        return
    share, times = _notice_times(bid)
    worth = people * times * suits
    if not worth:
        return
    category, per_thousand = bid.fit_parts.get("category"), 1000 * cost / worth
    known_zh, known_en = ("未知，按 0.50", "not known, taken as 0.50") if category is None else (f"{category:.2f}",) * 2
    money = {name: show_minor(bid.currency, minor) for name, minor in (("cost", cost), ("each", per_thousand))}
    ceiling, unit = show_minor(bid.currency, bid.ceiling_minor), f"{bid.currency} minor"
    is_floor = bid.largest_cost is not None and cost > bid.largest_cost
    floor_zh, floor_en = (
        ("（同类成交的低端，报价更低也按此计）", " (the least of what such deals settle at)") if is_floor else ("", "")
    )
    yield Message(
        "counted",
        f"计分：{money['cost']}{floor_zh}；保守预测触达 {people:,.0f} 人，× {times:.2f}（保守估计 {share:.1%} 的观众"
        f"注意到品牌，{REFERENCE:.0%} 计 1 倍）× {suits:.2f}（内容契合 {known_zh}，需求给的权重 {weight:.0%}，"
        f"契合 0.50 计 1 倍），折合 {worth:,.0f} 人，每千人 {money['each']}；需求上限 {ceiling}",
        f"The score counts {money['cost']}{floor_en} for {people:,.0f} people of the careful forecast x {times:.2f},"
        f" because {share:.1%} of the viewers notice at the careful end ({REFERENCE:.0%} counts as 1), x {suits:.2f}"
        f" for a content fit of {known_en} at the brief's weight of {weight:.0%} (a fit of 0.50 counts as 1):"
        f" {worth:,.0f} people, {money['each']} per 1,000; the brief's ceiling is {ceiling}",
        {
            "cost": {"value": cost, "unit": unit},
            "people": {"value": people, "unit": "people"},
            "noticing": {"value": times, "unit": "times"},
            "suitability": {"value": suits, "unit": "times"},
            "fit_weight": {"value": weight, "unit": "share of the value"},
            "counted": {"value": worth, "unit": "people"},
            "per_thousand": {"value": per_thousand, "unit": f"{unit} per 1,000 people counted"},
            "ceiling": {"value": bid.ceiling_minor, "unit": f"{unit} per 1,000 people"},
        },
    )


def _notice_times(bid: ScoredBid) -> tuple[float, float]:
    """Return the share who notice at the careful end, and how many times people count by it; as at the reference
    without a plan."""
    middle, low, high = bid.noticing
    if middle is None or low is None or high is None:
        return REFERENCE, 1.0
    share = float(careful(np.array([[middle, low, high]]))[0])
    return share, float(worth_at(np.array([share]))[0])


def noticing(bid: ScoredBid) -> Iterator[Message]:
    """Yield how many viewers are expected to notice the brand."""
    middle, low, high = bid.noticing
    if middle is None or low is None or high is None:
        return
    shown = f"{middle:.1%}" if low == high else f"{middle:.1%} ({low:.1%}-{high:.1%}, 80%)"
    yield Message(
        "noticing",
        f"预计 {shown} 的观众会注意到品牌（看方案确定的露出有多大、多久、在哪里，以及到那时还有多少人在看）；"
        "得分按注意到的人计",
        f"{shown} of the viewers are expected to notice the brand, by how large, how long and where the plan is sure to"
        " show or name it and how many are still watching; the score counts those who do",
        {
            "noticing": {
                "value": middle,
                "unit": "share of the viewers",
                "low": low,
                "high": high,
                "interval": "80%",
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
        f"最高成本 {shown}：得分按它计，不按出价方对自己销量的预期；封顶价降低，得分就升高",
        f"At most {shown}: the score counts this, and nothing that the bidder expects of its own sales; a lower cap"
        " scores higher",
        {"most": {"value": most, "unit": f"{bid.currency} minor"}},
    )


def of_what(bid: ScoredBid) -> tuple[str, str]:
    """Return the price and the people whose quotient the cost per thousand is, as a clause in both languages."""
    most, people = bid.largest_cost, bid.people.point
    if most is None or people is None:
        return "", ""
    shown = show_minor(bid.currency, most)
    return f"（最高 {shown} 除以 {people:,.0f} 人）", f" (at most {shown} over {people:,.0f} people)"
