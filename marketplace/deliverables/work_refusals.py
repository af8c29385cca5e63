"""What is said to those whose call on a deliverable is refused."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from marketplace.core import ids
from marketplace.core.errors import Conflict
from marketplace.core.message import Bilingual
from marketplace.core.money import Money


class RoundsUsed(Conflict):
    """The rounds of changes that the price includes are used up: `price_minor` is what one more costs."""

    code = "rounds-used"
    title = Bilingual("约定的修改轮次已用完", "The agreed rounds of changes are used up")


class DraftBlocked(Conflict):
    """The draft cannot be approved as it is: `findings` tells what speaks against it, and what to do."""

    code = "draft-blocked"
    title = Bilingual("这版成片不能通过", "This draft cannot be approved")


class OtherVideo(Conflict):
    """What was published is not shown to be the approved video."""

    code = "other-video"
    title = Bilingual("发布的不是通过的成片", "What was published is not the approved video")


NOT_FUNDED = Bilingual(
    "合作还没有付款到账，不能开始工作；什么都没有改动。请等品牌方付款：到账后合作进入进行中。",
    "The deal is not paid in yet, and there is no work before; nothing was changed. It is active once the brand's money"
    " has come in.",
)
SCRIPT_FIRST = Bilingual(
    "条款要求先确认脚本：请先提交脚本（POST /deliverables/{id}/scripts），通过后再提交成片。",
    "The terms ask for a script first: send it (POST /deliverables/{id}/scripts), and the draft once it is approved.",
)
NO_VIDEO = Bilingual(
    "这一项不是视频，成片检查不适用；什么都没有改动。",
    "This deliverable is no video, so there is no check of a draft for it; nothing was changed.",
)
UNCHECKED = Bilingual(
    "成片要附上已完成的检查。请等检查完成，或重新检查：POST /video-checks，写 `deliverable_id`。",
    "A draft comes with a finished check. Wait until it is done, or ask for another one: POST /video-checks with"
    " `deliverable_id`.",
)
CHECKED_FOR_ANOTHER = Bilingual(
    "这次检查不是针对这个交付项的条款做的。请针对它检查：POST /video-checks，写 `deliverable_id`。",
    "This check was not made against the terms of this deliverable. Have the video checked for it: POST /video-checks"
    " with `deliverable_id`.",
)
OTHER_FILE = Bilingual(
    "检查过的文件已不在或不是这一个：请重新上传、检查并提交；什么都没有改动。",
    "The file that was checked is gone, or is another one: upload it, have it checked and send it again; nothing was"
    " changed.",
)
ROUND_IS_THERE = Bilingual(
    "还有可用的修改轮次，或已有一轮在等确认或付款；什么都没有改动。",
    "A round of changes is left, or one more waits to be confirmed or paid in already; nothing was changed.",
)
ROUND_TOO_LATE = Bilingual(
    "确认的期限已过，这一轮即将失效：请品牌方重新提出；什么都没有改动。",
    "The time for confirming it is over, and it lapses: the brand asks anew. Nothing was changed.",
)
NOT_NEWEST = Bilingual(
    "这已不是最新的一版，请处理最新的一版。", "This is not the newest one any more; answer the newest."
)
ASK_FOR_CHANGES = Bilingual(
    "不能通过：请要求修改（POST /drafts/{id}/request-changes），由创作方改好、重新检查后再提交。",
    "It cannot be approved. Ask for changes (POST /drafts/{id}/request-changes): the maker mends it, has it checked"
    " and sends it again.",
)
ONE_PROOF = Bilingual(
    "请写一项证明：`video_id`（与通过的成片完全相同的文件），或 `check_id`（对发布文件的检查）。",
    "Give one proof: `video_id` (the very file that was approved), or `check_id` (a check of the published file).",
)
NOT_THE_FILE = Bilingual(
    "这个文件与通过的成片不同。若平台重新编码过，请上传发布的文件、针对这个交付项检查，再写 `check_id`；"
    "若内容不同，请发布通过的那一版。",
    "This file is not the approved one. If the platform encoded it anew, upload the published file, have it checked for"
    " this deliverable, and give `check_id`. If it shows something else, publish what was approved.",
)
NO_LABEL = Bilingual(
    "条款要求标明广告，请写标注显示的秒数（大于 0）；没有标注的，请先加上再登记。",
    "The terms ask for disclosure: tell for how many seconds the label shows (above 0). Where there is none, add it"
    " first.",
)
SAME_ADDRESS = Bilingual(
    "这个地址已用于本合作的另一个交付项：每一项都要单独发布。",
    "This address is another deliverable's of the deal: each is published by itself.",
)
IN_FUTURE = Bilingual("发布时间不能在将来。", "The time of publication cannot lie in the future.")
PUBLISHED_THERE = Bilingual(
    "它在这个账号上已经发布；什么都没有改动。", "It is published on this channel already; nothing was changed."
)
NOT_LIVE_THEN = Bilingual("这个时间必须在发布之后、现在之前。", "This time must lie between the publication and now.")
REPORTED = Bilingual(
    "已有一份下架报告在等平台核实；什么都没有改动。",
    "A report that it was taken down waits for the platform already; nothing was changed.",
)
NO_REPORT = Bilingual("没有等待核实的下架报告；什么都没有改动。", "No report waits to be decided; nothing was changed.")


def not_named(platforms: Mapping[UUID, str]) -> Bilingual:
    named = ", ".join(f"{ids.show('chn', channel_id)} ({platform})" for channel_id, platform in platforms.items())
    return Bilingual(
        f"条款没有写这个账号；条款写的是：{named}。", f"The terms do not name this channel; they name {named}."
    )


def deal_is(name_zh: str, name_en: str) -> Bilingual:
    return Bilingual(
        f"合作的状态是“{name_zh}”：只有进行中的合作才能推进交付项；什么都没有改动。",
        f"The deal is {name_en}: only an active deal's deliverables move; nothing was changed.",
    )


def rounds_used(rounds: int, price: Money) -> Bilingual:
    return Bilingual(
        f"条款包含 {rounds} 轮修改，已用完。再加一轮的价格是 {price.show()}："
        "请提出（POST /deliverables/{id}/rounds），创作方确认、款项到账后即可；"
        "否则请通过，或提出争议。什么都没有改动。",
        f"The terms include {rounds} rounds of changes, and they are used up. One more costs {price.show()}: ask"
        " for it (POST /deliverables/{id}/rounds), and it is there once the maker has confirmed it and it is paid in."
        " Otherwise approve it, or dispute it. Nothing was changed.",
    )


def other_round_price(quoted: Money) -> Bilingual:
    return Bilingual(
        f"条款写明加改一轮的价格是 {quoted.show()}：请写这个价格；什么都没有改动。",
        f"One more round costs {quoted.show()} by the terms: give that price. Nothing was changed.",
    )


def sent_before(number: int) -> Bilingual:
    return Bilingual(
        f"这个文件就是第 {number} 版，品牌方已要求修改：请改好后提交新文件。",
        f"This is the file of draft {number}, in which changes were asked for: send another one with the changes.",
    )


def beyond_end(seconds: float) -> Bilingual:
    return Bilingual(f"成片长 {seconds:g} 秒。", f"The draft has {seconds:g} s.")


def too_early(first: date) -> Bilingual:
    return Bilingual(
        f"不能早于成片通过的时间，也不能早于约定的首日 {first.isoformat()}。",
        f"Not before the draft was approved, and not before {first.isoformat()}, the first day of the terms.",
    )


def other_pictures(share: float, wanted: float) -> Bilingual:
    return Bilingual(
        f"发布的视频与通过的成片只有 {share:.0%} 的画面相同（要求 {wanted:.0%}，长度与方向也要一致）。"
        "请发布通过的那一版，或提交完整的发布文件再检查。",
        f"The published video has {share:.0%} of the approved one's pictures ({wanted:.0%} are needed, with the same"
        " length, and not mirrored). Publish what was approved, or check the whole of the published file.",
    )
