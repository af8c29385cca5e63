"""What is said to those whose call to stop a deal, or to let it go on, is refused."""

from datetime import datetime

from marketplace.core.message import Bilingual

NOTHING_WAITS = Bilingual(
    "没有尚未上线的交付项，没有可暂停或取消的工作；已上线的按约定继续结算。什么都没有改动。",
    "Nothing of it is still to be published, so there is no work to stop; what is live goes on to be settled. Nothing"
    " was changed.",
)

STALE_QUOTE = Bilingual(
    "合作在您看过这份取消费用之后有了变化，没有取消。`changes` 是变化：请重新看过费用，再写新的 `quote_hash`。",
    "The deal has moved since this quote was shown; nothing was cancelled. `changes` tells what differs: read the"
    " present quote, and name its `quote_hash`.",
)
NO_REQUEST = Bilingual(
    "没有等待答复的取消申请；什么都没有改动。", "No request to cancel waits for an answer; nothing was changed."
)
YOUR_REQUEST = Bilingual(
    "取消是您这一方申请的，要由对方答复；要收回申请：POST /deals/{id}/cancellation/take-back。",
    "Your own side has asked to cancel: the other side answers. To take the request back: POST"
    " /deals/{id}/cancellation/take-back.",
)
THEIR_REQUEST = Bilingual(
    "取消是对方申请的，只有对方能收回；您可以同意或拒绝：POST /deals/{id}/cancellation/agree 或 /refuse。",
    "The other side has asked to cancel, and only it takes the request back. Agree or refuse: POST"
    " /deals/{id}/cancellation/agree or /refuse.",
)


def request_is_over(at: datetime) -> Bilingual:
    return Bilingual(
        f"没有人在 {at.isoformat()} 之前答复，这个取消申请已按约定的沉默后果处理；请重新读取合作。",
        f"Nobody answered by {at.isoformat()}, and what silence does is done with this request: read the deal again.",
    )


def not_to_be_cancelled(name_zh: str, name_en: str) -> Bilingual:
    return Bilingual(
        f"合作的状态是“{name_zh}”：只有进行中或已暂停的合作才谈得上取消费用。未付款的会自行失效，争议中的由裁定结束。",
        f"The deal is {name_en}: only an active or paused one is cancelled by a quote. One that is not paid in lapses,"
        " and a disputed one ends by its decision.",
    )


def paused_by_other(free_at: datetime) -> Bilingual:
    return Bilingual(
        f"是对方暂停的：对方随时可以继续，您从 {free_at.isoformat()} 起可以。在那之前可以申请取消"
        "（先看费用：GET /deals/{id}/cancellation-quote）。什么都没有改动。",
        f"The other side has paused it, and may resume it at any time; you may from {free_at.isoformat()} on. Until"
        " then you can ask to cancel, after its quote: GET /deals/{id}/cancellation-quote. Nothing was changed.",
    )
