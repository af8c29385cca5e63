"""What deals and what they owe wait for: one row for each state and side that has something to do."""

from marketplace.core.message import Bilingual
from marketplace.core.words.duties import Duty, DutySide, post, read
from marketplace.core.words.silences import Silence
from marketplace.deals.models import DealStatus as D
from marketplace.deals.models import DeliverableStatus as V

_ANSWERS = (
    post("confirmDeal", "/deals/{dea}/confirm"),
    post("counterDeal", "/deals/{dea}/counter"),
    post("declineDeal", "/deals/{dea}/decline"),
)
_ANSWER = Bilingual("答复条款：确认、还价或拒绝", "Answer the terms: confirm, counter or decline")

DEAL_DUTIES: tuple[Duty, ...] = (
    Duty("answer_terms", "deals", D.OFFERED, DutySide.MAKER, _ANSWER, Silence.LAPSES, _ANSWERS),
    Duty("answer_counter", "deals", D.OFFERED, DutySide.BRAND, _ANSWER, Silence.LAPSES, _ANSWERS),
    Duty(
        "pay_in",
        "deals",
        D.AGREED,
        DutySide.BRAND,
        Bilingual("付款：把合作的全部费用打入托管", "Pay in: transfer all that the deal costs into escrow"),
        Silence.UNPAID,
        (read("getDeal", "/deals/{dea}"), read("listPayIns", "/pay-ins")),
    ),
)

_RESUME = (post("resumeDeal", "/deals/{dea}/resume"),)
_GO_ON = Bilingual("合作已暂停：可以时请继续", "The deal is paused: let it go on when you can")
_CANCEL_ANSWERS = (
    read("getCancellationQuote", "/deals/{dea}/cancellation-quote"),
    post("agreeToCancel", "/deals/{dea}/cancellation/agree"),
    post("refuseToCancel", "/deals/{dea}/cancellation/refuse"),
)
_CANCEL = Bilingual("答复取消申请：看费用，同意或拒绝", "Answer the request to cancel: read its quote, agree or refuse")

STOPPED_DUTIES: tuple[Duty, ...] = (
    *(
        Duty(
            f"answer_cancellation_as_{side}",
            "deals",
            D.CANCELLING,
            side,
            _CANCEL,
            Silence.CANCELS_EARLY,
            _CANCEL_ANSWERS,
        )
        for side in (DutySide.BRAND, DutySide.MAKER)
    ),
    Duty("resume_as_brand", "deals", D.PAUSED, DutySide.BRAND, _GO_ON, Silence.PAUSED, _RESUME),
    Duty("resume_as_maker", "deals", D.PAUSED, DutySide.MAKER, _GO_ON, Silence.PAUSED, _RESUME),
)

# Their states are of a room above: `deliverables.models.ExtraRoundStatus`.
ROUND_DUTIES: tuple[Duty, ...] = (
    Duty(
        "answer_round",
        "extra_rounds",
        "asked",
        DutySide.MAKER,
        Bilingual("答复加改一轮：确认或拒绝", "Answer the request for one more round: confirm or refuse"),
        Silence.ROUND_LAPSES,
        (post("confirmExtraRound", "/rounds/{rnd}/confirm"), post("refuseExtraRound", "/rounds/{rnd}/refuse")),
    ),
    Duty(
        "pay_round",
        "extra_rounds",
        "confirmed",
        DutySide.BRAND,
        Bilingual("付款：把加改一轮的费用打入托管", "Pay in: transfer what the round costs into escrow"),
        Silence.ROUND_LAPSES,
        (read("listPayIns", "/pay-ins"),),
    ),
)

_SEND_SCRIPT = post("sendScript", "/deliverables/{dlv}/scripts")
_SEND_DRAFT = post("sendDraft", "/deliverables/{dlv}/drafts")
_DRAFT_ANSWERS = (
    post("approveDraft", "/drafts/{drf}/approve"),
    post("requestDraftChanges", "/drafts/{drf}/request-changes"),
)
_ANSWER_DRAFT = Bilingual("看成片：通过，或按时间点要求修改", "Watch the draft: approve it, or ask for changes")
# Of `draft_sent`: whether silence approves it. Of `planned`: whether the terms ask for a script first.
SILENT, SCRIPT_FIRST = "silent", "script_first"

DELIVERABLE_DUTIES: tuple[Duty, ...] = (
    Duty(
        "send_script",
        "deliverables",
        V.PLANNED,
        DutySide.MAKER,
        Bilingual("提交脚本", "Send the script"),
        Silence.LATE,
        (_SEND_SCRIPT,),
        SCRIPT_FIRST,
    ),
    Duty(
        "send_first_draft",
        "deliverables",
        V.PLANNED,
        DutySide.MAKER,
        Bilingual("检查并提交成片；也可先交脚本", "Have the video checked and send the draft; a script may come first"),
        Silence.LATE,
        (_SEND_DRAFT, _SEND_SCRIPT),
    ),
    Duty(
        "answer_script",
        "deliverables",
        V.SCRIPT_SENT,
        DutySide.BRAND,
        Bilingual("看脚本：通过，或写明理由退回", "Read the script: approve it, or send it back with reasons"),
        Silence.UNAPPROVED,
        (post("approveScript", "/scripts/{scr}/approve"), post("returnScript", "/scripts/{scr}/send-back")),
    ),
    Duty(
        "send_draft",
        "deliverables",
        V.SCRIPT_APPROVED,
        DutySide.MAKER,
        Bilingual("检查并提交成片", "Have the video checked and send the draft"),
        Silence.LATE,
        (_SEND_DRAFT,),
    ),
    Duty(
        "answer_draft",
        "deliverables",
        V.DRAFT_SENT,
        DutySide.BRAND,
        _ANSWER_DRAFT,
        Silence.APPROVES,
        _DRAFT_ANSWERS,
        SILENT,
    ),
    Duty(
        "answer_doubtful_draft",
        "deliverables",
        V.DRAFT_SENT,
        DutySide.BRAND,
        _ANSWER_DRAFT,
        Silence.UNAPPROVED,
        _DRAFT_ANSWERS,
    ),
    Duty(
        "send_changed_draft",
        "deliverables",
        V.CHANGES_ASKED,
        DutySide.MAKER,
        Bilingual("按要求修改，检查后再次提交", "Make the changes, have the video checked, and send it again"),
        Silence.LATE,
        (_SEND_DRAFT,),
    ),
    Duty(
        "publish",
        "deliverables",
        V.APPROVED,
        DutySide.MAKER,
        Bilingual("发布通过的成片，并登记地址", "Publish the approved video, and tell where"),
        Silence.LATE,
        (post("publishDeliverable", "/deliverables/{dlv}/publication"),),
    ),
)


def duty_of(state: str, *, silence_approves: bool = False, script_first: bool = False) -> Duty | None:
    """Return what a deliverable of an active deal waits for; None where time does."""
    variant = {V.DRAFT_SENT: SILENT if silence_approves else "", V.PLANNED: SCRIPT_FIRST if script_first else ""}
    wanted = variant.get(V(state), "")
    return next((duty for duty in DELIVERABLE_DUTIES if (duty.state, duty.variant) == (state, wanted)), None)
