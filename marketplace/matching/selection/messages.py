"""What a selection says of itself, in Chinese and English, each with the numbers it is made of."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from marketplace.core.message import Bilingual
from marketplace.core.money import Money, show_minor
from marketplace.matching.gates.messages import GATES

# Why a bid is not in the set: code -> (Chinese, English). `{...}` are the numbers of the case.
# The gates have sentences of their own, with figures; here the figures of one bid are not at hand.
_GATES: Mapping[str, tuple[str, str]] = {
    "over_tolerance": ("侵扰度超过需求的容忍上限。", "Its intrusiveness is above the brief's tolerance."),
    "over_ceiling": (
        "每千目标人群费用高于需求上限。",
        "It costs more per 1,000 people of the target than the brief's ceiling.",
    ),
    "does_not_answer": ("报价不符合需求。", "It does not answer the brief."),
    "review_rejected": ("审核未通过。", "The review rejected it."),
    "review_held": ("审核已暂缓，等待处理。", "The review holds it back until it is settled."),
}
REASONS: Mapping[str, tuple[str, str]] = {
    **{code: (texts.zh, texts.en) for code, texts in GATES.items()},
    **_GATES,
    "exclusivity_clash": (
        "该账号对其他品牌有同类排他承诺。",
        "The channel has promised another brand exclusivity in this category.",
    ),
    "never": ("在本次选择的排除名单中。", "It is on this selection's list of bids to leave out."),
    "over_budget": (
        "单独一项连同每单处理成本就超过预算 {budget}。",
        "It alone, with the handling of a deal, costs more than the budget of {budget}.",
    ),
    "over_share": (
        "单独一项超过预算 {budget} 的 {share:.0%}，即本次选择给单个报价的上限。",
        "It alone takes more than {share:.0%} of the budget of {budget}, the most that this selection gives one bid.",
    ),
    "too_small": (
        "低于本次选择的最小合作金额 {smallest}，不值得单独处理一单。",
        "It is below the smallest useful bid of this selection, {smallest}: too little for the work on a deal.",
    ),
    "over_added_ceiling": (
        "按它新增的人计算，每千人费用高于上限 {ceiling}。",
        "For the people whom it would add it costs more than the ceiling of {ceiling} per 1,000.",
    ),
    "member_over_ceiling": (
        "加入后，已入选的“{member}”新增的每千人费用将为 {stands_at}，高于上限 {ceiling}。",
        "With it the chosen {member} would cost {stands_at} for each 1,000 people whom it adds, above the ceiling of"
        " {ceiling}.",
    ),
    "over_intrusiveness": (
        "侵扰度高于本次选择的上限 {limit:g}。",
        "Its intrusiveness is above this selection's limit of {limit:g}.",
    ),
    "over_ad_load": (
        "账号的广告密度高于本次选择的上限 {limit:.0%}。",
        "The channel's ad load is above this selection's limit of {limit:.0%}.",
    ),
    "unknown_intrusiveness": (
        "侵扰度未知，而本次选择设了上限。",
        "Its intrusiveness is not known, and there is a limit.",
    ),
    "unknown_ad_load": (
        "广告密度未知，而本次选择设了上限。",
        "The channel's ad load is not known, and there is a limit.",
    ),
    "other_option": ("同一报价的另一选项入选。", "Another option of the same bid was chosen."),
    "other_bid_of_creator": (
        "同一创作者或同一账号的另一报价入选。",
        "Another bid of the same creator, or on the same account, was chosen.",
    ),
    "agency_full": ("该机构的名额已满。", "Its agency has as many bids in the set as the limit allows."),
    "platform_full": ("该平台的名额已满。", "Its platform has as many bids in the set as the limit allows."),
    "niche_full": ("该内容领域的名额已满。", "Its niche has as many bids in the set as the limit allows."),
    "set_full": ("入选数量已达上限。", "The set has as many bids as the limit allows."),
    "contacts": (
        "加入后人均触达次数超过上限 {limit:g}。",
        "With it each person would see more than {limit:g} of the channels on average.",
    ),
    "others_bring_more": (
        "同样的预算，入选的组合能让更多目标人群注意到品牌（按内容契合度加权）。",
        "For the same money the chosen set gets more people of the target to notice the brand, weighted by how well the"
        " content suits.",
    ),
}


def plainly(code: str) -> tuple[str, str]:
    """Return why a bid may not be chosen, where its figures are not at hand: the code for a reason that tells some."""
    zh, en = REASONS[code]
    return (f"{code}。", f"{code}.") if "{" in en else (zh, en)


def left_out(code: str, numbers: Mapping[str, Any], would_win_at: Money | None, settled: bool = True) -> Bilingual:
    """Return why a bid is out, and the price at which the same choice takes it, where that is settled."""
    zh, en = (text.format(**numbers) for text in REASONS[code])
    if not settled:
        return Bilingual(
            f"{zh}入选价没有逐一核算，可以单独查询。",
            f"{en} The price at which it would have been chosen was not worked out; it may be asked for.",
        )
    if would_win_at is None:
        return Bilingual(zh, en)
    if would_win_at.amount == 0:
        return Bilingual(f"{zh}只有免费时才会入选。", f"{en} Only for free would it have been chosen.")
    return Bilingual(
        f"{zh}若费用为 {would_win_at.show()}，同样的选择会选中它；再高 1% 则不会。",
        f"{en} At {would_win_at.show()} the same choice would have taken it, at 1 % more not.",
    )


def shown_figures(numbers: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """Return the numbers of a reason as its sentence has them: amounts in money instead of minor units."""
    return {
        name: show_minor(currency, value) if name in ("budget", "ceiling", "smallest", "stands_at") else value
        for name, value in numbers.items()
    }


# What the accepted bids of a brief do not keep together of a selection's wishes: code -> (Chinese, English).
_BROKEN: Mapping[str, tuple[str, str]] = {
    "budget": (
        "全部已接受报价连同处理成本最高 {spend}，超过本次选择的预算 {budget}。",
        "The accepted bids would cost up to {spend} together with their handling, and this selection's budget is"
        " {budget}.",
    ),
    "one_creator": ("同一创作者有多个报价。", "Several of the accepted bids would be of one creator."),
    "least": ("共 {bids} 个报价，少于 {least} 个。", "It would be {bids} bids, and the set has to have {least}."),
    "most": (
        "共 {bids} 个报价，超过上限 {most} 个。",
        "{bids} bids would be accepted, and this selection has {most} at most.",
    ),
    "agency": (
        "同一机构的报价超过上限 {cap} 个。",
        "More than {cap} of the accepted bids would be of one agency.",
    ),
    "platform": (
        "同一平台的报价超过上限 {cap} 个。",
        "More than {cap} of the accepted bids would be on one platform.",
    ),
    "niche": (
        "同一内容领域的报价超过上限 {cap} 个。",
        "More than {cap} of the accepted bids would be of one niche.",
    ),
    "contacts": (
        "人均触达次数会超过上限 {limit:g}。",
        "Each person reached would see more than {limit:g} of the channels on average.",
    ),
}


def broken(code: str, figures: Mapping[str, Any]) -> Bilingual:
    """Return which wish for the whole set does not hold. Codes are those of the solver's `problem.broken`."""
    zh, en = (text.format(**figures) for text in _BROKEN[code])
    return Bilingual(zh, en)


# The limits of every set: code -> (Chinese, English). `{value}` is the amount or the number.
LIMITS: Mapping[str, tuple[str, str]] = {
    "handling_per_deal": (
        "每单合作另计 {value} 的处理成本；预算须同时覆盖报价和这项成本",
        "Each deal is counted with {value} for the work on it, which the budget covers beside the price",
    ),
    "ceiling_per_thousand": (
        "每个报价新增的每千名目标人群最多花 {value}（只计报价；此前已接受的不受此限）",
        "No bid that was not accepted before costs more than {value} for each 1,000 people whom the set would lose"
        " without it (its price alone)",
    ),
    "smallest_bid": ("低于 {value} 的报价不入选", "No bid below {value} is chosen"),
    "largest_share": ("单个报价最多占预算的 {value}", "No bid takes more than {value} of the budget"),
    "bids_max": ("最多入选 {value} 个报价", "At most {value} bids are chosen"),
}
_COSTLY: Mapping[str, tuple[str, str]] = {
    "ceiling_per_thousand": ("每千人费用上限", "the ceiling per 1,000 people"),
    "smallest_bid": ("最小合作金额", "the smallest useful bid"),
    "largest_share": ("单个报价的预算占比上限", "the largest share of one bid"),
    "bids_max": ("入选数量上限", "the largest number of bids"),
    "bids_min": ("最少入选数量", "the least number of bids"),
    "caps_agency": ("每家机构的名额", "the limit for each agency"),
    "caps_platform": ("每个平台的名额", "the limit for each platform"),
    "caps_niche": ("每个内容领域的名额", "the limit for each niche"),
    "contacts_per_person_max": ("人均触达次数上限", "the limit on contacts for each person"),
    "intrusiveness_max": ("侵扰度上限", "the limit on intrusiveness"),
    "ad_load_max": ("广告密度上限", "the limit on ad load"),
}


def limit(code: str, value: str, by_default: bool) -> Bilingual:
    zh, en = (text.format(value=value) for text in LIMITS[code])
    ends = ("（默认值）。", " (the default).") if by_default else ("。", ".")
    return Bilingual(f"{zh}{ends[0]}", f"{en}{ends[1]}")


def costly(code: str, people: float, percent_more: float | None, change: str) -> Bilingual:
    """Return how many effective people a limit costs, and what to say in a request to lift it."""
    zh, en = _COSTLY[code]
    more = ("", "") if percent_more is None else (f"，多 {percent_more:.0f}%", f", {percent_more:.0f} % more")
    return Bilingual(
        f"若不设{zh}，可让 {people:,.0f} 人注意到品牌（保守预测{more[0]}）。要放开它，请设 {change}。",
        f"Without {en} {people:,.0f} people would notice the brand (careful forecast{more[1]}). To lift it, say"
        f" {change}.",
    )


# Why bids did not take what is left of a budget: code -> (Chinese, English), with `{bids}`.
_LEFT: Mapping[str, tuple[str, str]] = {
    "dear": ("{bids} 个比剩下的预算贵", "{bids} cost more than is left"),
    "ceiling": ("{bids} 个按新增的人计算高于每千人上限", "{bids} add people at more than the ceiling"),
    "size": ("{bids} 个金额太小或占预算太多", "{bids} are too small or take too large a share of the budget"),
    "full": ("{bids} 个因名额已满", "{bids} find their places taken"),
    "limits": ("{bids} 个超过其他限制", "{bids} pass another limit"),
    "shut": ("{bids} 个不可入选", "{bids} may not be chosen"),
}
_LEFT_OF: Mapping[str, str] = {
    "others_bring_more": "dear",
    "over_budget": "dear",
    "over_added_ceiling": "ceiling",
    "member_over_ceiling": "ceiling",
    "over_ceiling": "ceiling",
    "over_share": "size",
    "too_small": "size",
    "agency_full": "full",
    "platform_full": "full",
    "niche_full": "full",
    "set_full": "full",
    "other_bid_of_creator": "full",
    "contacts": "limits",
    "over_intrusiveness": "limits",
    "over_ad_load": "limits",
    "unknown_intrusiveness": "limits",
    "unknown_ad_load": "limits",
    "never": "limits",
}


def budget_left(amounts: Mapping[str, Money], reasons: Sequence[str]) -> Bilingual:
    """Return how much of the budget is left, and why, from what is `left`, and what prices (`spend`) and `handling`
    take; ``reasons`` are the codes of the bids that are out."""
    left, spend, handling = (amounts[name] for name in ("left", "spend", "handling"))
    counts = Counter(_LEFT_OF.get(code, "shut") for code in reasons)
    zh = f"报价 {spend.show()}，处理成本 {handling.show()}，预算还剩 {left.show()}。"
    en = f"Prices take {spend.show()}, handling {handling.show()}, and {left.show()} of the budget is left."
    if left.amount <= 0:
        return Bilingual(zh, en)
    if not counts:
        return Bilingual(f"{zh}所有报价都已入选。", f"{en} Every bid is in.")
    parts = [[text.format(bids=counts[code]) for text in texts] for code, texts in _LEFT.items() if counts[code]]
    return Bilingual(
        f"{zh}未入选的报价中，{'，'.join(part[0] for part in parts)}。",
        f"{en} Of the bids that are out, {', '.join(part[1] for part in parts)}.",
    )


def chosen(added: float, alone: float, lost: float) -> Bilingual:
    return Bilingual(
        (
            f"单独触达 {alone:,.0f} 人，按入选顺序新增 {added:,.0f} 人；"
            f"去掉它少 {lost:,.0f} 人（加权目标人群，保守预测）。"
        ),
        (
            f"Reaches {alone:,.0f} people alone and adds {added:,.0f} in the order of choice; without it the set loses"
            f" {lost:,.0f} (weighted people of the target, careful forecast)."
        ),
    )


def _overlap(values: Mapping[str, Any]) -> tuple[str, str]:
    """Return what the overlaps rest on, and how many of the set's own pairs were measured."""
    learnt, pairs, measured = values["overlap"], values["pairs"], values["pairs_measured"]
    zh, en = "账号之间的重叠为先验值（尚无实测重叠）。", "How far channels overlap is a prior (none was measured yet)."
    if learnt:
        zh = f"账号之间的重叠由 {learnt['pairs']} 对实测重叠拟合（{learnt['fitted_on']}）。"
        en = f"How far channels overlap was fitted to {learnt['pairs']} measured pairs ({learnt['fitted_on']})."
    if measured:
        zh += f"组合内 {pairs} 对账号中有 {measured} 对按实测重叠计算。"
        en += f" Of its own {pairs} pairs {measured} count as they were measured."
    return zh, en


def sketched(union: Mapping[str, Any], values: Mapping[str, Any]) -> Bilingual:
    """Return what a set's sketches tell of its union, beside what the model tells."""
    seen_twice, by_model = (
        1 - part / whole if whole > 0 else 0.0
        for part, whole in ((union["people"], union["summed"]), (values["careful"], values["summed"]))
    )
    zh_kind, en_kind = {"viewers": ("观众", "viewers"), "commenters": ("评论者", "commenters")}[union["kind"]]
    return Bilingual(
        (
            f"按各账号{zh_kind}的摘要：去重后 {union['people']:,.0f} 人"
            f"（95% 在 {union['low']:,.0f}–{union['high']:,.0f}），"
            f"比直接相加少 {seen_twice:.0%}；模型为 {by_model:.0%}。"
        ),
        (
            f"By sketches of its {en_kind}: {union['people']:,.0f} different people (95 %: {union['low']:,.0f} to"
            f" {union['high']:,.0f}), {seen_twice:.0%} fewer than added up; the model says {by_model:.0%}."
        ),
    )


def reach(values: Mapping[str, Any], bids: int) -> Bilingual:
    if not bids:
        return Bilingual("没有报价入选。", "No bid is chosen.")
    basis_zh, basis_en = _overlap(values)
    over = max(0.0, values["summed"] / values["careful"] - 1) if values["careful"] > 0 else 0.0
    # Less than half a per cent would read as no difference.
    over_zh, over_en = "直接相加会高估 {over:.0%}。", " Plain adding up would say {over:.0%} more."
    if over < 0.005:
        over_zh, over_en = "各账号的受众几乎不重叠。", " Hardly anybody is reached by two of them."
    if bids == 1:
        over_zh, over_en, basis_zh, basis_en, shared_zh, shared_en = ("",) * 6
    else:
        shared_zh = (
            f"若各对账号的共同观众为目前估计的 1/{values['doubt']:.1f} 或 {values['doubt']:.1f} 倍，保守值为"
            f" {values['if_less_shared']:,.0f} 或 {values['if_more_shared']:,.0f}。"
        )
        shared_en = (
            f" If its pairs shared {values['doubt']:.1f} times fewer or more people, the careful number would be"
            f" {values['if_less_shared']:,.0f} or {values['if_more_shared']:,.0f}. "
        )
    return Bilingual(
        (
            f"{bids} 个报价预计让目标人群中 {values['effective']:,.0f} 人注意到品牌（每人只计一次，按内容契合度加权，"
            f"保守预测；组合按这个数选出）。去重后触达约 {values['point']:,.0f} 人（80% 区间 {values['low']:,.0f}–"
            f"{values['high']:,.0f}，直接相加为 {values['point_summed']:,.0f}；"
            f"每个账号都取 0.3 分位的保守值为 {values['careful']:,.0f}）。"
            f"{over_zh.format(over=over)}{shared_zh}{basis_zh}"
        ),
        (
            f"{bids} {'bids' if bids > 1 else 'bid'}: {values['effective']:,.0f} people of the target are expected to"
            f" notice the brand (each counted once, weighted by how well the content suits, by the careful forecast;"
            f" sets are chosen by this figure). About {values['point']:,.0f} different people are reached"
            f" (80 % interval {values['low']:,.0f} to {values['high']:,.0f}; added up {values['point_summed']:,.0f};"
            f" careful, every channel at its 0.3 quantile at once, {values['careful']:,.0f})."
            f"{over_en.format(over=over)}{shared_en}{basis_en}"
        ),
    )


def proof(certificate: float, how: str, unbound: Sequence[str] = ()) -> Bilingual:
    """Return how good a set is; ``unbound`` are the limits (codes) that the bound leaves out."""
    by = {
        "bound": ("由凹松弛上界保证", "by the bound of the concave relaxation"),
        "proved": ("由精确求解器证明", "proved by the exact solver"),
        "gap": ("由精确求解器的上界保证", "by the bound of the exact solver"),
        "time": ("精确求解器在时限内得到的上界", "by what the exact solver had bounded when its time was over"),
        "cancelled": ("精确求解被取消时的上界", "by what the exact solver had bounded when it was cancelled"),
    }[how]
    # Rounded down: a certificate never promises more than was shown.
    least = int(certificate * 1000) / 10
    zh = f"在这些限制内，任何组合让人注意到品牌的人数都不会更多（{by[0]}）。"
    en = f"No set within the limits gets more people to notice the brand ({by[1]})."
    if least < 100:
        zh = f"注意到品牌的人数，至少是这些限制内任何组合的 {least:.1f}%（{by[0]}）。"
        en = f"At least {least:.1f} % as many people notice the brand as with any set within the limits ({by[1]})."
    if not unbound or how == "proved" or certificate >= 1:
        return Bilingual(zh, en)
    named = [_COSTLY[code] for code in unbound]
    return Bilingual(
        f"{zh}上界未计入{'、'.join(name[0] for name in named)}：计入后最好的组合只会更小，实际差距可能更小。",
        f"{en} The bound leaves out {', '.join(name[1] for name in named)}: with it the best set can only be smaller,"
        " so what is missing may be less.",
    )


def made_of(bids: int, options: int, units: int, model: str) -> Bilingual:
    return Bilingual(
        (
            f"依据 {bids} 个报价的 {options} 个选项、{units} 个人群单元"
            f"（年龄 × 性别 × 地区 × 内容领域，人口普查口径）；"
            f"每个账号按 0.3 分位的播放预测；重叠模型与各项来源见 docs/formulas；模型版本 {model}。"
        ),
        (
            f"From {options} options of {bids} bids and {units} groups of people (age x gender x region x niche, by"
            f" census); every channel at the 0.3 quantile of its views; docs/formulas tells each formula and source;"
            f" model {model}."
        ),
    )
