"""Why a bid is out of a confirmed set, as its own side may know it."""

from collections.abc import Mapping

from marketplace.core.message import Bilingual
from marketplace.matching.selection.messages import REASONS

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

# Reasons that lie in the price, and would give an amount or a rival away: what they are, without it.
_IN_GENERAL: Mapping[str, Bilingual] = {
    "too_small": Bilingual("金额低于该品牌会单独处理的合作。", "It is smaller than the deals that this brand handles."),
    "over_share": Bilingual(
        "它单独占用的预算超过该品牌给单个报价的份额。",
        "It alone takes more of the budget than this brand gives one bid.",
    ),
    "over_added_ceiling": Bilingual(
        "对它在组合之外新增的人来说，价格高于该品牌愿意付的。",
        "For the people whom it would add to the set it costs more than this brand pays.",
    ),
    "member_over_ceiling": Bilingual(
        "它与已入选的报价触达的人重叠太多。", "It reaches too many of the people whom the chosen bids reach already."
    ),
}

# Reasons that lie in the price, though there is no price at which the bid would have been chosen.
OF_PRICE = frozenset({"over_ceiling", "cost_unbounded", "too_small", "over_share"})
# Reasons that say by themselves that no price would have done.
OF_NO_PRICE = frozenset({"over_added_ceiling", "member_over_ceiling"})


def for_bidder(code: str) -> Bilingual:
    """Return why a bid is out, as its own side may know it."""
    if code in _IN_GENERAL:
        return _IN_GENERAL[code]
    return Bilingual(*REASONS[code if code in _TOLD_BIDDERS else "others_bring_more"])
