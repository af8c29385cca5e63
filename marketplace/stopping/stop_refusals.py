"""What is said to those whose call to stop a deal, or to let it go on, is refused."""

from datetime import datetime

from marketplace.core.message import Bilingual

NOTHING_WAITS = Bilingual(
    "没有尚未上线的交付项，没有可暂停或取消的工作；已上线的按约定继续结算。什么都没有改动。",
    "Nothing of it is still to be published, so there is no work to stop; what is live goes on to be settled. Nothing"
    " was changed.",
)


def paused_by_other(free_at: datetime) -> Bilingual:
    return Bilingual(
        f"是对方暂停的：对方随时可以继续，您从 {free_at.isoformat()} 起可以。在那之前可以申请取消"
        "（先看费用：GET /deals/{id}/cancellation-quote）。什么都没有改动。",
        f"The other side has paused it, and may resume it at any time; you may from {free_at.isoformat()} on. Until"
        " then you can ask to cancel, after its quote: GET /deals/{id}/cancellation-quote. Nothing was changed.",
    )
