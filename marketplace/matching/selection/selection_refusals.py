"""What is said to those whose selection, or confirmation of one, is refused."""

from collections.abc import Sequence

from marketplace.core.message import Bilingual
from marketplace.matching.selection.broken_wishes import BrokenWish

NOT_CLOSED = Bilingual("需求截标后才选报价。", "Bids are chosen when the brief has closed.")
CONFIRMED_ALREADY = Bilingual(
    "这个需求已经确认了一个组合，其中的报价都已接受。",
    "A selection of this brief is confirmed already, and all of its bids are accepted.",
)
EMPTY = Bilingual(
    "这个组合是空的，没有可以接受的报价。它的 `left_out` 说明了每个报价为什么落选；请换些限制重新选择。",
    "This set is empty, so there is nothing to accept. Its `left_out` says why each bid is out; choose again with other"
    " limits.",
)
RESCORED = Bilingual(
    "选出这个组合之后，报价又重新打过分。请重新选择。",
    "The bids were scored again since this set was chosen. Choose again.",
)
NO_INPUTS = Bilingual("这个组合还没有输入。", "This selection has no inputs yet.")
NOT_DONE = Bilingual("组合完成之前没有可以核对的内容。", "There is nothing to verify before the selection is done.")
NOT_LEFT_OUT = Bilingual(
    "这个报价不在该组合的未入选报价之中。", "This bid is not among those that the selection left out."
)
OLDER_RELEASE = Bilingual(
    "这个组合由旧版本选出，现在会选得不同；请重新选择后再查询。",
    "An older release chose this set and would choose otherwise now. Select again, and ask for that set.",
)
NONE_CONFIRMED = Bilingual("这个需求还没有确认任何组合。", "No selection of this brief is confirmed yet.")


def not_kept(changes: Sequence[BrokenWish]) -> Bilingual:
    """Return what is said of a set that does not hold any more what it was chosen by."""
    zh, en = "".join(change.zh for change in changes), " ".join(change.en for change in changes)
    return Bilingual(
        f"这个组合已不符合当初选它的条件：{zh}请重新选择。",
        f"The set does not keep what it was chosen by any more: {en} Choose again.",
    )


def over_budget(cost: str, budget: str) -> Bilingual:
    return Bilingual(
        f"接受的报价最多要 {cost}，预算是 {budget}。请重新选择，或写明 `over_budget: true`。",
        f"The accepted bids would cost up to {cost}, and the budget is {budget}. Choose again, or say"
        " `over_budget: true`.",
    )
