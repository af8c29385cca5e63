"""What is said to those whose call on a series is refused."""

from datetime import date

from marketplace.briefs import vocabulary
from marketplace.core.message import Bilingual

ANOTHER_CHANNEL = Bilingual(
    "这个系列属于另一个账号：合作的账号必须就是系列的账号。",
    "This series is of another channel: a deal's channel has to be the series' own.",
)
CLOSED = Bilingual(
    "这个系列不再签约新的品牌；什么都没有改动。", "This series takes no further brand; nothing was changed."
)
NO_EPISODE = Bilingual(
    "系列里没有这一集，或它已取消、日期已过。请用 GET /series/{id} 查看。",
    "The series has no such episode, or it is dropped or past. See GET /series/{id}.",
)
NO_SLOT = Bilingual(
    "系列里没有这个位置。请用 GET /series/{id} 查看 `slots`。",
    "The series has no such slot. See `slots` of GET /series/{id}.",
)
TWICE = Bilingual("每一项、每一集的每个位置只能写一次。", "Each item, and each slot of an episode, is named once.")
NO_ITEM = Bilingual("条款里没有这一项，或它不是视频。", "The terms have no such item, or it is no video.")
EPISODES_DAY = Bilingual(
    "这一项的日期就是这一集的播出日：请改系列里的日期（POST /episodes/{id}/move）。",
    "The days of this item are its episode's: move the episode instead (POST /episodes/{id}/move).",
)
MINE_PROMISES = Bilingual(
    "系列里已有同类目的另一品牌，而本条款承诺类目独占（`category_shared` 为 false）；"
    "没有签下。请还价为 true，或换一个系列。",
    "Another brand of this category is in the series already, and these terms promise it to one brand alone"
    " (`category_shared` is false); nothing was signed. Counter with true, or with another series.",
)
IS_LIVE = Bilingual(
    "这一集已有合作的视频上线，日期不能再改；什么都没有改动。",
    "A deal's video of this episode is live: its day stands; nothing was changed.",
)
IS_TAKEN = Bilingual(
    "这一集还有品牌的位置，不能取消。请先就这些交付项取消合作，或把这一集改期。",
    "Brands have places in this episode: cancel those of their deals first, or move the episode.",
)
SAME_DAY = Bilingual("这就是现在的日期。", "This is its day already.")
PAST = Bilingual("必须是今天或以后。", "Must be today or later.")
NO_ROOM = Bilingual(
    "按账号自己的节奏规则，新的日期没有空位；什么都没有改动。请换一天，或放宽规则。",
    "By the channel's own pacing rule the new day has no room; nothing was changed. Choose another day, or ease"
    " the rule.",
)
FULL = Bilingual("系列已有最多的集数。", "The series has the most episodes that there may be.")


def category_taken(category: str) -> Bilingual:
    name = vocabulary.CATEGORIES[category]
    return Bilingual(
        f"系列里已有“{name.zh}”类目的另一品牌，它的条款不与同类目品牌共享；没有签下。"
        "请拒绝，或还价时去掉系列（`series` 为 null）。",
        f"Another brand of the category {name.en} is in this series, and its terms share the category with nobody;"
        " nothing was signed. Decline, or counter without the series (`series`: null).",
    )


def slot_taken(number: int, slot: str) -> Bilingual:
    return Bilingual(
        f"第 {number} 集的位置“{slot}”刚被另一品牌签下；没有签下。请还价换一个位置。",
        f'The slot "{slot}" of episode {number} is another brand\'s by now; nothing was signed. Counter with another.',
    )


def moved(number: int, airs_on: date) -> Bilingual:
    return Bilingual(
        f"第 {number} 集已改到 {airs_on.isoformat()} 播出，条款里还是旧的日期；没有签下。请还价，再写一次系列。",
        f"Episode {number} has moved to {airs_on.isoformat()}, and the terms have its former day; nothing was signed."
        " Counter, and name the series again.",
    )


def too_far(days: int) -> Bilingual:
    return Bilingual(
        f"有合作的条款只允许这一集在约定日期前后 {days} 天内改期；什么都没有改动。更远的改期先与品牌方商量取消。",
        f"The terms of a deal let this episode move by {days} days from the agreed one at most; nothing was changed. To"
        " move it further, ask the brand to cancel this item first.",
    )


def promised(airs_on: date) -> Bilingual:
    return Bilingual(
        f"账号在 {airs_on.isoformat()} 已对另一品牌承诺排他；什么都没有改动。请换一天。",
        f"The channel is promised to another brand on {airs_on.isoformat()}; nothing was changed. Choose another day.",
    )
