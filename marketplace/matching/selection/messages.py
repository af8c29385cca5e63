"""What a selection says of itself, in Chinese and English, each with the numbers it is made of."""

from collections.abc import Mapping
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
    "over_budget": ("单独一项就超过预算 {budget}。", "It alone costs more than the budget of {budget}."),
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
    "other_bid_of_creator": ("同一创作者的另一报价入选。", "Another bid of the same creator was chosen."),
    "agency_full": ("该机构的名额已满。", "Its agency has as many bids in the set as the limit allows."),
    "platform_full": ("该平台的名额已满。", "Its platform has as many bids in the set as the limit allows."),
    "niche_full": ("该内容领域的名额已满。", "Its niche has as many bids in the set as the limit allows."),
    "set_full": ("入选数量已达上限。", "The set has as many bids as the limit allows."),
    "contacts": (
        "加入后人均触达次数超过上限 {limit:g}。",
        "With it each person would see more than {limit:g} of the channels on average.",
    ),
    "others_bring_more": (
        "同样的预算，入选的组合能触达更多不重复的目标人群。",
        "For the same money the chosen set reaches more different people of the target.",
    ),
}


def left_out(code: str, numbers: Mapping[str, Any], would_win_at: Money | None) -> Bilingual:
    """Return why a bid is out, and the price at which it would have been in."""
    zh, en = (text.format(**numbers) for text in REASONS[code])
    if would_win_at is None:
        return Bilingual(zh, en)
    if would_win_at.amount == 0:
        return Bilingual(
            f"{zh}只有免费时换入才会更好。",
            f"{en} Only for free would a set with it have reached more.",
        )
    return Bilingual(
        f"{zh}若费用不高于 {would_win_at.show()}，换入后组合的触达更大。",
        f"{en} At {would_win_at.show()} or less, a set with it would have reached more.",
    )


def shown_figures(numbers: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """Return the numbers of a reason as its sentence has them: a budget in money instead of minor units."""
    return {name: show_minor(currency, value) if name == "budget" else value for name, value in numbers.items()}


# What the accepted bids of a brief do not keep together of a selection's wishes: code -> (Chinese, English).
_BROKEN: Mapping[str, tuple[str, str]] = {
    "budget": (
        "全部已接受报价最高 {spend}，超过本次选择的预算 {budget}。",
        "The accepted bids would cost up to {spend} together, and this selection's budget is {budget}.",
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


# What would tell a bidder of its rivals, or of the brand's limits, is told in general.
_TOLD_BIDDERS = frozenset(
    {
        "exclusivity_clash",
        "exclusive_elsewhere",
        "pacing_full",
        "over_tolerance",
        "law_minors",
        "cost_unbounded",
        "no_reach",
        "no_audience_data",
        "review_rejected",
        "review_held",
        "party_suspended",
        "no_mandate",
        "claim_beaten",
        "same_account",
        "price_below_market",
        "older_version",
        "does_not_answer",
        "over_ceiling",
        "declined",
        "other_option",
        "other_bid_of_creator",
        "others_bring_more",
    }
)


# Gates that a lower price would open.
OF_PRICE = frozenset({"over_ceiling", "cost_unbounded"})


def for_bidder(code: str) -> Bilingual:
    """Return why a bid is out, as its own side may know it."""
    return Bilingual(*REASONS[code if code in _TOLD_BIDDERS else "others_bring_more"])


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
    """Return what the overlap shapes rest on, and the reach by the set's own measured pairs where all are known."""
    learnt, matched = values["overlap"], values["matched"]
    zh, en = "重叠形状为先验值（尚无实测重叠）。", "The overlap shapes are priors (no overlap was measured yet)."
    if learnt:
        zh = f"重叠形状由 {learnt['pairs']} 对实测重叠拟合（{learnt['fitted_on']}）。"
        en = f"The overlap shapes were fitted to {learnt['pairs']} measured pairs ({learnt['fitted_on']})."
    if matched:
        zh += f"按组合内全部 {matched['pairs']} 对的实测重叠，保守值为 {matched['people']:,.0f}。"
        en += f" By the measured overlap of all its {matched['pairs']} pairs the careful number is"
        en += f" {matched['people']:,.0f}."
    return zh, en


def reach(values: Mapping[str, Any], bids: int) -> Bilingual:
    basis_zh, basis_en = _overlap(values)
    over = max(0.0, values["summed"] / values["careful"] - 1) if values["careful"] > 0 else 0.0
    return Bilingual(
        (
            f"{bids} 个报价去重后触达目标人群约 {values['point']:,.0f} 人（80% 区间 {values['low']:,.0f}–"
            f"{values['high']:,.0f}；每个账号都取 0.3 分位的保守值 {values['careful']:,.0f}）。"
            f"直接相加会高估 {over:.0%}。"
            f"重叠形状加倍或减半时，保守值为 {values['at_double_shape']:,.0f} 或 {values['at_half_shape']:,.0f}。"
            f"{basis_zh}"
        ),
        (
            f"{bids} bids reach about {values['point']:,.0f} different people of the target (80 % interval"
            f" {values['low']:,.0f} to {values['high']:,.0f}; careful, every channel at its 0.3 quantile at once,"
            f" {values['careful']:,.0f}). Plain adding up would say {over:.0%} more. With the"
            f" overlap shape doubled or halved the careful number is"
            f" {values['at_double_shape']:,.0f} or {values['at_half_shape']:,.0f}. {basis_en}"
        ),
    )


def proof(certificate: float, how: str) -> Bilingual:
    by = {
        "bound": ("由凹松弛上界保证", "by the bound of the concave relaxation"),
        "proved": ("由精确求解器证明", "proved by the exact solver"),
        "gap": ("由精确求解器证明", "proved by the exact solver"),
        "time": ("精确求解器在时限内得到的上界", "by what the exact solver had bounded when its time was over"),
        "cancelled": ("精确求解被取消时的上界", "by what the exact solver had bounded when it was cancelled"),
    }[how]
    # Rounded down: a certificate never promises more than was shown.
    least = int(certificate * 1000) / 10
    return Bilingual(
        f"至少是任何满足限制的组合所能触达的 {least:.1f}%（{by[0]}）。",
        f"At least {least:.1f} % of what any set within the limits could reach ({by[1]}).",
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
