"""What is said to those whose change of a brief is refused."""

from datetime import datetime

from marketplace.briefs import brief_document as contents
from marketplace.briefs.change_rules import NOTICE
from marketplace.core.errors import MEND_ERRORS
from marketplace.core.message import Bilingual

OF_A_BRAND = Bilingual("需求属于品牌方。", "A brief belongs to a brand.")
NOT_CHANGEABLE = Bilingual(
    "只有草稿或正在收报价的需求可以修改。", "Only a draft or a brief that is open for bids can be changed."
)
_HOURS = f"{NOTICE.total_seconds() / 3600:.0f}"
_NOTICE_WHY = Bilingual(
    f"有实质变更之后，报价方有 {_HOURS} 小时来应对。",
    f"bidders have {_HOURS} hours after a change that matters to their bids.",
)


def moved_deadline(ends: str) -> Bilingual:
    """Return what is wrong with a change whose time for answers moves the deadline to where other rules forbid it."""
    return Bilingual(
        f"这样改，截标时间会变成 {ends}：{_NOTICE_WHY.zh}{MEND_ERRORS.zh}",
        f"With this change bidding would end at {ends}: {_NOTICE_WHY.en} {MEND_ERRORS.en}",
    )


def priced_already(currency: str) -> Bilingual:
    return Bilingual(f"报价已经用 {currency} 计价。", f"Bids are priced in {currency} already.")


def deadline_in_notice(ends: datetime) -> Bilingual:
    at = _shown_time(ends)
    return Bilingual(f"不能早于 {at}：{_NOTICE_WHY.zh}", f"Must not be earlier than {at}: {_NOTICE_WHY.en}")


def close_in_notice(ends: datetime) -> Bilingual:
    at = _shown_time(ends)
    return Bilingual(
        f"请在 {at} 之后截标，或取消它：{_NOTICE_WHY.zh}", f"Close it after {at}, or cancel it: {_NOTICE_WHY.en}"
    )


def _shown_time(at: datetime) -> str:
    return str(contents.to_stored({"at": at})["at"])
