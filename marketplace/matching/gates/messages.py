"""Why a gate is shut and what would open it, in Chinese and English. `{...}` are the figures of the case."""

from collections.abc import Mapping
from typing import NamedTuple

from marketplace.core.message import Bilingual
from marketplace.core.words.state_names import STATE_NAMES


class GateTexts(NamedTuple):
    """Why a gate is shut, and what would open it."""

    zh: str
    en: str
    opens_zh: str
    opens_en: str


_FINAL = ("无法再打开。", "Nothing opens it any more.")

GATES: Mapping[str, GateTexts] = {
    "declined": GateTexts("品牌方已拒绝该报价。", "The brand has declined this bid.", *_FINAL),
    "withdrawn": GateTexts("报价方已撤回该报价。", "The bidder has withdrawn this bid.", *_FINAL),
    "void": GateTexts("需求已取消。", "The brief was called off.", *_FINAL),
    "lapsed": GateTexts("报价已过有效期。", "The bid has lapsed.", *_FINAL),
    "party_suspended": GateTexts(
        "报价一方的账户已被平台暂停。",
        "A party on the bidder's side is suspended.",
        "平台恢复该账户后即可。",
        "It opens when the platform reinstates the party.",
    ),
    "no_mandate": GateTexts(
        "机构对该创作者的授权今天已不在有效期内。",
        "The agency's mandate for this creator does not hold today.",
        "创作者续签授权后即可。",
        "It opens when the creator renews the mandate.",
    ),
    "channel_archived": GateTexts(
        "该账号已停用。",
        "The channel was archived: it is out of use.",
        "账号方恢复使用后即可：POST /channels/{{id}}/restore。",
        "It opens when the channel's side restores it: POST /channels/{{id}}/restore.",
    ),
    "channel_handed_over": GateTexts(
        "该账号已转让，不再归报价方所有。",
        "The channel was handed over to another creator: it is the bidder's no more.",
        "账号转回报价方后即可。",
        "It opens when the channel is handed back.",
    ),
    "claim_beaten": GateTexts(
        "该账号的认领未通过，或另一方已证明该账号归其所有。",
        "The claim of this account was refused, or another party has proven that the account is its own.",
        "只有认领争议改判后才会打开；报价若已被接受，品牌方应退出。",
        "Only another decision on the claims opens it; if the bid is accepted, the brand should step back from it.",
    ),
    "same_account": GateTexts(
        "另一方就同一账号的报价已被接受，该账号的归属尚有争议。",
        "A bid of another claimant of the same account is accepted, and whose account it is is not settled.",
        "对方退出，或平台判定账号归属后即可。",
        "It opens when the other bid is stepped back from, or when the platform has decided whose the account is.",
    ),
    "part_offer": GateTexts(
        "只提供所需视频的一部分。",
        "It offers only a part of the videos that the brief asks for.",
        "品牌方接受时注明（despite）。",
        "The brand says so when it accepts (`despite`).",
    ),
    "older_version": GateTexts(
        "该报价回应的是需求的旧版本，报价方尚未确认现行版本。",
        "The bid answers an older version of the brief, and its side has not confirmed the present one.",
        "报价方确认现行需求（一次调用）后即可。",
        "It opens when the bidder's side confirms the brief: POST /bids/{{id}}/confirm-brief.",
    ),
    "does_not_answer": GateTexts(
        "该报价不符合需求：{zh}",
        "The bid does not answer the brief: {en}",
        "需求关闭前修改报价即可。",
        "A revision before the close opens it.",
    ),
    "review_rejected": GateTexts(
        "审核未通过：“{reason}”。",
        'The review rejected it: "{reason}".',
        "管理员重新打开审核并通过后即可。",
        "It opens when an admin reopens the review and it is approved then.",
    ),
    "review_held": GateTexts(
        "审核已暂缓：“{reason}”。",
        'The review holds it back: "{reason}".',
        "审核人员解除暂缓后即可。",
        "It opens when a reviewer settles it.",
    ),
    "review_open": GateTexts(
        "有需要人工判断的风险，审核尚未完成。",
        "It has a risk that a person has to judge, and the review is not finished.",
        "审核通过后即可。",
        "It opens when the review approves it.",
    ),
    "review_needed": GateTexts(
        "有需要人工判断的风险，尚未提交审核。",
        "It has a risk that a person has to judge, and nobody has been asked yet.",
        "品牌方申请审核：POST /bids/{{id}}/review。",
        "Ask for the review: POST /bids/{{id}}/review.",
    ),
    "price_below_market": GateTexts(
        "价格远低于同类合作的成交价，尚未经人工核实。",
        "Its price is far below what such videos settle at, and no person has looked at it yet.",
        "审核通过后即可；品牌方可申请审核：POST /bids/{{id}}/review。",
        "It opens when the review approves it; ask for it with POST /bids/{{id}}/review.",
    ),
    "law_minors": GateTexts(
        "受众半数以上未满 18 岁，依法不得投放该类目（《广告法》第四十条）。",
        "More than half of its audience is under 18: the law bars this category there (Advertising Law of the PRC, art."
        " 40).",
        "只有受众构成改变才会打开。",
        "Only another audience opens it.",
    ),
    "exclusive_elsewhere": GateTexts(
        "该账号在发布日期内已对其他品牌承诺排他（同类目或点名竞品）。",
        "On days on which it would publish, the channel is promised to another brand in this category or against this"
        " brand.",
        "排他期结束或解除后即可。",
        "It opens when that promise ends.",
    ),
    "pacing_full": GateTexts(
        "按该账号自己的节奏规则，发布日期内容纳不下这次承诺的全部视频。",
        "By the channel's own pacing rule, the days on which it would publish have no room for all of its videos.",
        "创作者放宽节奏规则，或已约定的视频减少后即可。",
        "It opens when the creator eases the rule or fewer videos are booked.",
    ),
    "no_audience_data": GateTexts(
        "没有受众数据，无法计算去重触达。",
        "There are no audience facts to count people with.",
        "报价方在需求关闭前导入受众快照即可；关闭后只能由管理员重新评分。",
        "An audience snapshot before the close opens it; afterwards only a re-scoring by an admin.",
    ),
    "no_reach": GateTexts(
        "预测目标人群中没有人会看到并注意到品牌。",
        "It is forecast that nobody of the target sees and notices the brand.",
        "只有受众与目标相交、且方案里有品牌露出才会打开。",
        "Only an audience within the target, and a plan in which the brand is seen or named, opens it.",
    ),
    "over_tolerance": GateTexts(
        "侵扰度 {intrusiveness:.1f} 超过需求的容忍上限 {tolerance:.0f}。",
        "Its intrusiveness of {intrusiveness:.1f} is above the brief's tolerance of {tolerance:.0f}.",
        "更温和的植入方案，或品牌方接受时注明放宽（despite）。",
        "A milder plan opens it, or the brand sets its limit aside when it accepts (`despite`).",
    ),
    "cost_unbounded": GateTexts(
        "费用没有上限（按量计费且未设封顶），无法保证不超预算。",
        "Its cost has no upper end (a rate without a cap), so no budget could be kept.",
        "报价方设定封顶金额即可。",
        "A cap opens it.",
    ),
    "over_ceiling": GateTexts(
        "每千目标人群费用 {per_thousand} 高于需求上限 {ceiling}。",
        "It costs {per_thousand} per 1,000 people of the target, above the brief's ceiling of {ceiling}.",
        "更低的价格，或品牌方接受时注明放宽（despite）。",
        "A lower price opens it, or the brand sets its limit aside when it accepts (`despite`).",
    ),
    "over_budget": GateTexts(
        "最高费用 {cost} 超过剩余预算 {left}。",
        "It costs up to {cost}, and {left} of the budget is left.",
        "更便宜的选项，或品牌方接受时注明 over_budget。",
        "A cheaper option opens it, or the brand says `over_budget: true` when it accepts.",
    ),
}

_RESCORED = (
    "受众数据已按截标时固定；更新受众快照后，只有管理员重新评分才会打开。",
    "The close has fixed its audience: only a re-scoring by an admin opens it, after a newer audience snapshot.",
)
# What opens a gate once bidding is over, where that is something else: bids are not revised any more.
OPENS_AFTER_CLOSE: Mapping[str, tuple[str, str]] = {
    "does_not_answer": _FINAL,
    "law_minors": _RESCORED,
    "no_audience_data": _RESCORED,
    "no_reach": _RESCORED,
    "over_tolerance": (
        "品牌方接受时注明放宽（despite）即可；审核人员也可更正分数。",
        "The brand sets its limit aside when it accepts (`despite`), or a review corrects the figure.",
    ),
    "cost_unbounded": (
        "报价若有设封顶的选项，可接受该选项；否则无法再打开。",
        "If the bid has an option with a cap, that one can be accepted; otherwise nothing opens it any more.",
    ),
    "over_ceiling": (
        "报价若有更便宜的选项，该选项可能可行；否则由品牌方接受时注明放宽（despite）。",
        "If the bid has a cheaper option, that one may do; otherwise the brand sets its limit aside when it accepts"
        " (`despite`).",
    ),
    "over_budget": (
        "报价若有更便宜的选项，该选项可能可行；否则由品牌方接受时注明 over_budget，或先退出别的合作。",
        "If the bid has a cheaper option, that one may do; otherwise the brand says `over_budget: true` when it"
        " accepts, or steps back from another bid first.",
    ),
}

# What a table has room for. A status that ends a bid is told as such.
GATE_NAMES: Mapping[str, Bilingual] = {
    **{status: STATE_NAMES[status] for status in ("declined", "withdrawn", "void", "lapsed")},
    "party_suspended": Bilingual("账户暂停", "suspended"),
    "no_mandate": Bilingual("授权失效", "no mandate"),
    "channel_archived": Bilingual("账号停用", "archived"),
    "channel_handed_over": Bilingual("账号已转让", "handed over"),
    "claim_beaten": Bilingual("认领不成立", "claim beaten"),
    "same_account": Bilingual("同一账号", "same account"),
    "part_offer": Bilingual("部分应标", "part offer"),
    "older_version": Bilingual("旧版需求", "old version"),
    "does_not_answer": Bilingual("不符需求", "off brief"),
    "review_rejected": Bilingual("审核驳回", "rejected"),
    "review_held": Bilingual("审核搁置", "held"),
    "review_open": Bilingual("审核中", "in review"),
    "review_needed": Bilingual("需审核", "needs review"),
    "price_below_market": Bilingual("价格过低", "price too low"),
    "law_minors": Bilingual("法律禁止", "law bars it"),
    "exclusive_elsewhere": Bilingual("排他占用", "exclusive"),
    "pacing_full": Bilingual("档期已满", "no room"),
    "no_audience_data": Bilingual("无受众数据", "no audience"),
    "no_reach": Bilingual("触达为零", "reaches none"),
    "over_tolerance": Bilingual("侵扰超限", "intrusive"),
    "cost_unbounded": Bilingual("费用不封顶", "no cap"),
    "over_ceiling": Bilingual("超出上限", "over ceiling"),
    "over_budget": Bilingual("超出预算", "over budget"),
}
