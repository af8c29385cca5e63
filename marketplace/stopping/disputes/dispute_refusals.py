"""What is said to those whose call on a dispute is refused."""

from datetime import datetime

from marketplace.core.message import Bilingual
from marketplace.core.money import Money

NOT_OF_THE_DEAL = Bilingual(
    "这一项不属于这笔合作，或已结束；请写本合作中尚未完成、未取消的交付项。",
    "This is not of the deal, or is over: name deliverables of it that are neither done nor cancelled.",
)
NOT_SHOWN_HERE = Bilingual(
    "这不是这笔合作里的材料；请写本合作的脚本、成片、检查或发布。",
    "This is nothing of the deal: name a script, a draft, a check or a publication of it.",
)
EVIDENCE_IS_CLOSED = Bilingual(
    "裁定已在拟定或已作出，不再收材料；什么都没有改动。",
    "A decision is proposed or made, and nothing more is taken; nothing was changed.",
)
NEWER_VERSION = Bilingual(
    "这份裁定方案已有变化，没有确认。请重新读取争议，再写新的 `version`。",
    "The proposal has changed since you read it; nothing was decided. Read the dispute again, and name its `version`.",
)
EACH_ONCE = Bilingual("每个交付项只写一次。", "Name each deliverable once.")
NOTHING_GOES_ON = Bilingual(
    "这样裁定后没有任何交付项可继续：请选 `cancel` 或 `complete`。",
    "With these amounts nothing is left to go on with: choose `cancel` or `complete`.",
)


def not_heard(answer_by: datetime) -> Bilingual:
    return Bilingual(
        f"还有一方没有提交材料，期限到 {answer_by.isoformat()}：请等对方答复或期限过后再拟定。",
        f"A side has not been heard, and has until {answer_by.isoformat()}: propose once it has, or the time is over.",
    )


def amounts_missing(positions: str) -> Bilingual:
    return Bilingual(
        f"这些交付项也要写明金额（没有应付的写 0）：{positions}。",
        f"These deliverables need their amounts too, 0 where nothing is due: {positions}.",
    )


def beyond_escrow(held: Money) -> Bilingual:
    return Bilingual(
        f"应付须在 0 与为它托管的 {held.show()} 之间。",
        f"This lies between 0 and the {held.show()} held for it.",
    )
