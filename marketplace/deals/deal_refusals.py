"""What is said to those whose call on a deal is refused."""

from datetime import datetime

from marketplace.core.message import Bilingual
from marketplace.core.money import Money
from marketplace.deals.models import COUNTERS_MAX

NO_MANDATE = Bilingual(
    "您对这位创作者的授权现在不在有效期（以合作的时区为准）：由创作者本人处理这个合作；什么都没有改动。",
    "Your mandate of this creator does not run now, by the deal's time zone: the deal is the creator's to act on;"
    " nothing was changed.",
)
NOT_YOUR_TURN = Bilingual(
    "现在轮到对方答复。您可以等对方答复，或撤回：POST /deals/{id}/withdraw。",
    "It is the other side's turn. Wait for its answer, or withdraw: POST /deals/{id}/withdraw.",
)
DECLINE_IS_FOR_THE_ANSWER = Bilingual(
    "拒绝是对对方条款的答复，而现在轮到对方。要收回您已确认的条款，请撤回：POST /deals/{id}/withdraw。",
    "Declining answers the other side's terms, and it is the other side's turn. To take back the terms that you have"
    " confirmed, withdraw: POST /deals/{id}/withdraw.",
)
WITHDRAW_IS_FOR_ONES_OWN = Bilingual(
    "撤回是收回自己确认的条款，而现在轮到您答复。不同意就拒绝：POST /deals/{id}/decline。",
    "Withdrawing takes back terms of one's own, and it is your turn to answer. To turn them down, decline:"
    " POST /deals/{id}/decline.",
)
COUNTERS_USED = Bilingual(
    f"每一方最多还价 {COUNTERS_MAX} 次，您已用完。请确认现有条款，或拒绝。",
    f"Each side may counter {COUNTERS_MAX} times, and you have. Confirm the terms as they are, or decline.",
)
MILESTONES_ARE_FLAT = Bilingual(
    "只有一口价可以分期付款：浮动的价格要等结果定了才知道。",
    "Only a flat price has milestones: what a variable one comes to is known at its end.",
)
TOO_MANY_MILESTONES = Bilingual(
    "每个节点写一次，份额合计不超过 10000。", "Each milestone once, and their shares sum to 10000 at the most."
)
NOTHING_CHANGES = Bilingual(
    "这次还价没有改变任何条款。要同意现有条款，请确认：POST /deals/{id}/confirm。",
    "This counter changes none of the terms. To agree to them as they are, confirm: POST /deals/{id}/confirm.",
)
STANDS = Bilingual(
    "双方已确认这个合作的条款，不能再从接受中退出。未按期付款它会自行失效。",
    "Both sides have confirmed the terms of its deal, so the acceptance is not stepped back from any more. A deal that"
    " is not paid in in time lapses by itself.",
)
STALE = Bilingual(
    "您确认的不是现行条款。`changes` 是两版之间的差异：请读 `content_hash` 那一版，再确认它。",
    "These are not the present terms. `changes` tells what differs: read the version of `content_hash`, and confirm"
    " that one.",
)
NO_ROOM = Bilingual(
    "按账号自己的节奏规则，条款里的日期容纳不下全部视频，没有签下。请还价改日期，或请创作者放宽规则。",
    "By the channel's own pacing rule the days of these terms have no room for all of their videos; nothing was signed."
    " Counter with other days, or the creator eases the rule.",
)


def late(at: datetime) -> Bilingual:
    return Bilingual(
        f"没有人在 {at.isoformat()} 之前答复，这次合作已失效；报价重新待选。",
        f"Nobody answered by {at.isoformat()}: this deal has lapsed, and its bid is open again.",
    )


def raised(sealed: Money, asked: Money) -> Bilingual:
    return Bilingual(
        f"密封报价的价格是 {sealed.show()}，同样的内容不能提到 {asked.show()}。新增内容请写进 `extras`，各自标价。",
        f"The sealed bid's price is {sealed.show()}: the same scope cannot be raised to {asked.show()}. Put new scope"
        " into `extras`, each with a price of its own.",
    )


def not_the_sum(total: Money, price: Money) -> Bilingual:
    return Bilingual(
        f"各交付项的价格合计 {total.show()}，必须正好等于 {price.show()}。",
        f"The prices of the deliverables sum to {total.show()}; they must be {price.show()} exactly.",
    )


def other_currency(currency: str) -> Bilingual:
    return Bilingual(f"这个合作的货币是 {currency}。", f"The deal's currency is {currency}.")


def not_given(name_zh: str, name_en: str) -> Bilingual:
    return Bilingual(
        f"条款里没有{name_zh}：需求没有要，或报价没有给。",
        f"These terms have no {name_en}: the brief did not ask for it, or the bid did not give it.",
    )


def promised(first: str, last: str) -> Bilingual:
    return Bilingual(
        f"该账号在 {first} 到 {last} 之间已对另一品牌承诺排他，没有签下。请还价改日期，或由账号方先收回那个排他期。",
        f"The channel is promised to another brand on days from {first} to {last}; nothing was signed. Counter with"
        " other days, or the channel's side takes that window back first.",
    )
