"""Every duty of the market: what waits for whom, what silence does, and what to call."""

from collections.abc import Mapping

from marketplace.bids.models import BidStatus
from marketplace.briefs.models import BriefStatus
from marketplace.channels.models import ProofStatus, TransferStatus
from marketplace.core.actor import Role
from marketplace.core.message import Bilingual
from marketplace.core.words.duties import SIDE_ROLES, Duty, DutySide, post, read
from marketplace.core.words.silences import Silence
from marketplace.deals.deal_duties import DEAL_DUTIES, DELIVERABLE_DUTIES, ROUND_DUTIES, STOPPED_DUTIES
from marketplace.deliverables.models import TakedownStatus
from marketplace.identity.models import MandateStatus
from marketplace.payments.models import ClawBackStatus, PayoutStatus, ReceiptStatus
from marketplace.reviews.models import ReviewStatus
from marketplace.stopping.disputes.models import DisputeStatus

# Of what has no column of a status: it waits until it is answered.
WAITS = "waits"
# Of payouts that wait: why they cannot be sent yet.
UNPROVEN, UNVERIFIED = "unproven", "unverified"

_MARKET = (
    Duty(
        "choose_bids",
        "briefs",
        BriefStatus.CLOSED,
        DutySide.BRAND,
        Bilingual("看排名，选定报价", "Read the ranking, and choose bids"),
        Silence.BIDS_LAPSE,
        (read("getRanking", "/briefs/{brf}/ranking"), post("createSelection", "/briefs/{brf}/selections")),
    ),
    Duty(
        "confirm_brief_change",
        "bids",
        BidStatus.OPEN,
        DutySide.MAKER,
        Bilingual("需求已变更：确认、修改或撤回报价", "The brief has changed: confirm, revise or withdraw the bid"),
        Silence.UNRANKED,
        (
            post("confirmBriefChange", "/bids/{bid}/confirm-brief"),
            post("reviseBid", "/bids/{bid}/revisions"),
            post("withdrawBid", "/bids/{bid}/withdraw"),
        ),
    ),
    *(
        Duty(
            f"confirm_price_as_{side}",
            "deal_prices",
            WAITS,
            side,
            Bilingual("确认对方所报的成交价", "Confirm the price that the other side told"),
            Silence.UNCONFIRMED,
            (post("confirmDealPrice", "/deal-prices/{dpr}/confirm"),),
        )
        for side in (DutySide.BRAND, DutySide.MAKER)
    ),
)
_DECIDE = (
    post("approveReview", "/reviews/{rvw}/approve"),
    post("holdReview", "/reviews/{rvw}/hold"),
    post("rejectReview", "/reviews/{rvw}/reject"),
)
_REVIEWS = (
    Duty(
        "review_bid",
        "reviews",
        ReviewStatus.OPEN,
        DutySide.ADMIN,
        Bilingual("审核报价", "Review the bid"),
        Silence.UNREVIEWED,
        _DECIDE,
    ),
    Duty(
        "review_held_bid",
        "reviews",
        ReviewStatus.HELD,
        DutySide.ADMIN,
        Bilingual("对搁置的报价作出决定", "Decide on the bid that is held"),
        Silence.UNREVIEWED,
        (_DECIDE[0], _DECIDE[2]),
    ),
    Duty(
        "review_as_second",
        "reviews",
        ReviewStatus.SECOND,
        DutySide.SECOND_ADMIN,
        Bilingual("作为第二人审核报价", "Review the bid as the second person"),
        Silence.UNREVIEWED,
        _DECIDE,
    ),
)
_PEOPLE = (
    Duty(
        "answer_mandate",
        "mandates",
        MandateStatus.OFFERED,
        DutySide.CREATOR,
        Bilingual("答复机构的授权提议", "Answer the agency's offer of a mandate"),
        Silence.OFFER_ENDS,
        (post("acceptMandate", "/mandates/{mnd}/accept"), post("declineMandate", "/mandates/{mnd}/decline")),
    ),
    Duty(
        "take_seat",
        "invites",
        WAITS,
        DutySide.INVITED,
        Bilingual("凭邀请码接受席位", "Take the seat, by the token of the invitation"),
        Silence.SEAT_ENDS,
        (post("acceptInvite", "/invites/accept"),),
    ),
    Duty(
        "answer_transfer",
        "channel_transfers",
        TransferStatus.OFFERED,
        DutySide.CREATOR,
        Bilingual("答复账号转让", "Answer the offer of a channel"),
        Silence.KEEPS,
        (
            post("acceptChannelTransfer", "/channel-transfers/{ctr}/accept"),
            post("declineChannelTransfer", "/channel-transfers/{ctr}/decline"),
        ),
    ),
    Duty(
        "decide_claim",
        "channel_proofs",
        ProofStatus.ASKED,
        DutySide.ADMIN,
        Bilingual("核对认领证明", "Look at the proof of a claim, and decide"),
        Silence.UNPROVEN,
        (
            post("proveChannelClaim", "/channel-claims/{chn}/prove"),
            post("refuseChannelClaim", "/channel-claims/{chn}/refuse"),
        ),
    ),
)
_AGAIN = (post("repeatPayout", "/payouts/{pyo}/again"),)
_ASK_THE_BANK = (post("confirmPayout", "/payouts/{pyo}/confirm"), post("failPayout", "/payouts/{pyo}/fail"))
_MONEY = (
    Duty(
        "decide_takedown",
        "takedown_reports",
        TakedownStatus.TOLD,
        DutySide.ADMIN,
        Bilingual("核实视频是否已下架", "Look whether the video was taken down, and decide"),
        Silence.UNSETTLED,
        (post("decideTakedown", "/deliverables/{dlv}/publication/decide"),),
    ),
    Duty(
        "confirm_receipt",
        "receipts",
        ReceiptStatus.TOLD,
        DutySide.SECOND_ADMIN,
        Bilingual("作为第二人确认到账", "Confirm as the second person that the money came in"),
        Silence.UNFUNDED,
        (post("confirmReceipt", "/receipts/{rcp}/confirm"), post("refuseReceipt", "/receipts/{rcp}/refuse")),
    ),
    Duty(
        "send_payout",
        "payouts",
        PayoutStatus.WAITING,
        DutySide.ADMIN,
        Bilingual("打款，并登记流水号", "Send the payout by bank, and record its reference"),
        Silence.UNPAID_OUT,
        (post("sendPayout", "/payouts/{pyo}/send"),),
    ),
    Duty(
        "prove_channel",
        "payouts",
        PayoutStatus.WAITING,
        DutySide.CREATOR,
        Bilingual("证明账号属于您，才能收款", "Prove that the channel is yours, to be paid"),
        Silence.UNPAID_OUT,
        (post("requestChannelProof", "/channels/{chn}/proof"),),
        UNPROVEN,
    ),
    Duty(
        "verify_payee",
        "payouts",
        PayoutStatus.WAITING,
        DutySide.ADMIN,
        Bilingual("核验收款方，才能打款", "Verify whose money it is, so that it can be paid out"),
        Silence.UNPAID_OUT,
        (post("verifyParty", "/parties/{pty}/verify"),),
        UNVERIFIED,
    ),
    Duty(
        "confirm_payout",
        "payouts",
        PayoutStatus.SENDING,
        DutySide.SECOND_ADMIN,
        Bilingual("作为第二人确认打款到账，或登记失败", "Confirm as the second person that it arrived, or failed"),
        Silence.KEEPS,
        _ASK_THE_BANK,
    ),
    Duty(
        "find_payout",
        "payouts",
        PayoutStatus.UNKNOWN,
        DutySide.SECOND_ADMIN,
        Bilingual("向银行查询打款的下落", "Ask the bank what became of the payout"),
        Silence.KEEPS,
        _ASK_THE_BANK,
    ),
    *(
        Duty(
            f"repeat_{state}_payout_as_{side}",
            "payouts",
            state,
            side,
            Bilingual("打款没有到账：重新安排打款", "The payout did not arrive: put it on its way once more"),
            Silence.UNPAID_OUT,
            _AGAIN,
        )
        for state in (PayoutStatus.FAILED, PayoutStatus.BOUNCED)
        for side in (DutySide.PAYEE, DutySide.ADMIN)
    ),
    Duty(
        "confirm_claw_back",
        "claw_backs",
        ClawBackStatus.ASKED,
        DutySide.SECOND_ADMIN,
        Bilingual("作为第二人确认追回，或撤销", "Confirm the claw-back as the second person, or drop it"),
        Silence.KEEPS,
        (post("confirmClawBack", "/claw-backs/{clw}/confirm"), post("refuseClawBack", "/claw-backs/{clw}/refuse")),
    ),
)

_DISPUTES = (
    *(
        Duty(
            f"show_evidence_as_{side}",
            "disputes",
            DisputeStatus.OPEN,
            side,
            Bilingual("提交争议材料", "Show what you have in the dispute"),
            Silence.UNHEARD,
            (read("getDispute", "/disputes/{dsp}"), post("addDisputeEvidence", "/disputes/{dsp}/evidence")),
        )
        for side in (DutySide.BRAND, DutySide.MAKER)
    ),
    Duty(
        "propose_decision",
        "disputes",
        DisputeStatus.OPEN,
        DutySide.ADMIN,
        Bilingual("按金额拟定争议的裁定", "Propose a decision on the dispute, in amounts"),
        Silence.UNSETTLED,
        (read("getDispute", "/disputes/{dsp}"), post("proposeDecision", "/disputes/{dsp}/propose")),
    ),
    Duty(
        "confirm_decision",
        "disputes",
        DisputeStatus.PROPOSED,
        DutySide.SECOND_ADMIN,
        Bilingual("作为第二人确认裁定，或撤下", "Confirm the decision as the second person, or drop it"),
        Silence.UNSETTLED,
        (
            post("confirmDecision", "/disputes/{dsp}/confirm"),
            post("dropProposedDecision", "/disputes/{dsp}/drop-proposal"),
        ),
    ),
)

DUTIES: tuple[Duty, ...] = (
    *DEAL_DUTIES,
    *STOPPED_DUTIES,
    *DELIVERABLE_DUTIES,
    *ROUND_DUTIES,
    *_MARKET,
    *_REVIEWS,
    *_PEOPLE,
    *_MONEY,
    *_DISPUTES,
)
SUBJECTS: tuple[str, ...] = tuple(dict.fromkeys(duty.subject for duty in DUTIES))

DutyKey = tuple[str, str, str, str]
BY_KEY: Mapping[DutyKey, Duty] = {
    (duty.subject, str(duty.state), str(duty.side), duty.variant): duty for duty in DUTIES
}


def sides_of(role: Role) -> frozenset[DutySide]:
    """Return the sides whose duties stand in the inbox of this kind of caller."""
    return frozenset(side for side, roles in SIDE_ROLES.items() if role in roles)


def states_of(subject: str, *sides: DutySide) -> list[str]:
    """Return the states in which a subject waits for one of these sides."""
    return sorted({str(duty.state) for duty in DUTIES if duty.subject == subject and duty.side in sides})
