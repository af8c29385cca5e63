"""What silence does, told once: at a deal, a deliverable, in the inbox, and in the documents.

Silence is that nobody whom something waits for answers until its date. It never approves what is vetoed, and never
agrees to anything for anybody.
"""

from dataclasses import dataclass
from enum import StrEnum

from marketplace.core.message import Bilingual


class Silence(StrEnum):
    """What follows if nobody answers."""

    LAPSES = "lapses"
    UNPAID = "unpaid"
    PAUSED = "paused"
    CANCELS_EARLY = "cancels_early"
    UNHEARD = "unheard"
    ROUND_LAPSES = "round_lapses"
    LATE = "late"
    UNAPPROVED = "unapproved"
    APPROVES = "approves"
    KEEPS = "keeps"
    UNRANKED = "unranked"
    BIDS_LAPSE = "bids_lapse"
    UNREVIEWED = "unreviewed"
    UNPROVEN = "unproven"
    OFFER_ENDS = "offer_ends"
    SEAT_ENDS = "seat_ends"
    UNSETTLED = "unsettled"
    UNFUNDED = "unfunded"
    UNPAID_OUT = "unpaid_out"
    UNCONFIRMED = "unconfirmed"


SILENCE: dict[Silence, Bilingual] = {
    Silence.LAPSES: Bilingual(
        "到期无人答复，合作失效，报价重新开放。", "Unanswered by then, the deal lapses, and its bid is open again."
    ),
    Silence.UNPAID: Bilingual(
        "到期没有全额到账，合作失效，已到账的款项退回，档期与排他释放。",
        "Not paid in by then, the deal lapses: what came in goes back, and the channel's days are free again.",
    ),
    Silence.PAUSED: Bilingual(
        "一直暂停，什么都不动；一方的暂停合计满 14 天后，另一方也可以继续。",
        "It stays paused and nothing moves; after fourteen days of a side's pauses the other may let it go on.",
    ),
    Silence.CANCELS_EARLY: Bilingual(
        "72 小时无人答复：还没交成片的，按所示费用取消；已交成片的，合作照旧。",
        "Unanswered by then, it is cancelled at its quote before the first draft; after it the deal goes on as it was.",
    ),
    Silence.UNHEARD: Bilingual(
        "到期没有提交材料，按对方的材料裁定。", "Not heard by then, it is decided by what the other side has shown."
    ),
    Silence.ROUND_LAPSES: Bilingual(
        "到期没有答复，或没有付清，这一轮失效，已到账的退回。",
        "Unanswered or not paid in by then, the round lapses, and what came in for it goes back.",
    ),
    Silence.LATE: Bilingual(
        "过了发布日还没有上线，记为逾期；工作照常继续。",
        "Not live by the end of that day, it is late; the work goes on from where it was.",
    ),
    Silence.UNAPPROVED: Bilingual(
        "不答复不算通过；过了发布日还没有上线，记为逾期。",
        "Silence never approves it; not live by its day of publishing, the video is late.",
    ),
    Silence.APPROVES: Bilingual(
        "到期不答复，视为通过：检查没有发现不可通过的内容。",
        "Unanswered by then, it is approved: nothing that was measured speaks against it.",
    ),
    Silence.KEEPS: Bilingual(
        "没有期限；不答复，一切照旧。", "There is no date: until it is answered, everything stays as it is."
    ),
    Silence.UNRANKED: Bilingual(
        "不确认，报价不参与排名，也不能被接受。", "Until it is confirmed the bid is not ranked, and cannot be accepted."
    ),
    Silence.BIDS_LAPSE: Bilingual("到期未选的报价全部失效。", "Bids that are not chosen by then lapse."),
    Silence.UNREVIEWED: Bilingual(
        "没有人决定，报价就不能被接受，到期随需求的选择期一起失效。",
        "Until somebody decides, the bid cannot be accepted; it lapses with the brief's time for choosing.",
    ),
    Silence.UNPROVEN: Bilingual(
        "不核对就不算证实；验证码到期要重新索取。",
        "Until somebody looks, nothing is proven; a code that has lapsed is asked for anew.",
    ),
    Silence.OFFER_ENDS: Bilingual(
        "不答复就没有授权；提议到最后一天为止。", "Unanswered, there is no mandate; the offer ends with its last day."
    ),
    Silence.SEAT_ENDS: Bilingual("到期不接受，邀请失效。", "Not accepted by then, the invitation lapses."),
    Silence.UNSETTLED: Bilingual(
        "没有决定之前，这条视频不结算，相关款项不动。",
        "Until it is decided, nothing of it is settled; its money stays.",
    ),
    Silence.UNFUNDED: Bilingual(
        "没有第二人确认，款项不入账；到付款期限，合作失效。",
        "Until a second person confirms it, no money has come in; at the time to pay, the deal lapses.",
    ),
    Silence.UNPAID_OUT: Bilingual("钱留在账上，不会打出。", "The money stays on the account, and is not paid out."),
    Silence.UNCONFIRMED: Bilingual(
        "不确认的成交价只算一方所报。", "A price that is not confirmed counts as what one side tells."
    ),
}


@dataclass(frozen=True)
class ToldSilence:
    """What silence does, as it is shown: the code for programs, the sentence for people."""

    code: Silence
    zh: str
    en: str


def tell(silence: Silence) -> ToldSilence:
    return ToldSilence(silence, *SILENCE[silence])
