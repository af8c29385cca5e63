"""What is said to those whose call on a bid is refused."""

from datetime import datetime

from marketplace.core.message import Bilingual

CALLED_OFF = Bilingual("它的需求已取消。", "Its brief was called off.")
ONLY_OPEN_REVIEWED = Bilingual("只有未决的报价才审核。", "Only an open bid is reviewed.")
ONLY_OPEN_CONFIRMED = Bilingual("只有未决的报价可以确认。", "Only an open bid can be confirmed.")
ONLY_OPEN_REVISED = Bilingual("只有未决的报价可以修订。", "Only an open bid can be revised.")
NO_ANSWER = Bilingual(
    "报价现在的样子不符合这一版需求，请修订它。", "As it stands, the bid does not answer this version: revise it."
)
NO_MANDATE = Bilingual(
    "您对这位创作者的授权现在不在有效期：这个报价由创作者本人处理。",
    "Your mandate of this creator does not run now: the bid is the creator's to act on.",
)
NO_WORDING_LEFT = Bilingual(
    "您用这个账号在这个需求上的版本次数已经用完，撤回后重新报价不会另给；需求有实质改动时会再给一次。",
    "You have had all your wordings with this channel on this brief: withdrawing and bidding again gives no new ones. A"
    " change of the brief that matters gives one more.",
)
SEALED = Bilingual("这个需求截标之前，报价是密封的。", "The bids on this brief are sealed until it is closed.")
OF_ANOTHER = Bilingual(
    "这个账号在这个需求上已有一个未决的报价，由它的另一位代理提交。",
    "This channel has an open bid on this brief, placed by another of its representatives.",
)


def second_bid(first: str) -> Bilingual:
    return Bilingual(
        f"这个账号在这个需求上已有未决的报价 {first}。要修改请修订它：POST /bids/{first}/revisions。",
        f"This channel has an open bid on this brief, {first}. To change it, revise it: POST /bids/{first}/revisions.",
    )


def lapsed(at: datetime) -> Bilingual:
    return Bilingual(
        f"报价已于 {at.isoformat()} 失效：没有人及时决定。",
        f"The bid lapsed at {at.isoformat()}: nobody decided on it in time.",
    )


def newer_version(shown: str) -> Bilingual:
    return Bilingual(
        f"需求现在的版本是 {shown}：请读那一版再确认。",
        f"The brief is at version {shown} now: read that one and confirm it.",
    )


def wordings_used(most: int) -> Bilingual:
    return Bilingual(
        f"这个报价最多可以有 {most} 个版本，已经用完。", f"This bid may have {most} wordings, and has had them."
    )
