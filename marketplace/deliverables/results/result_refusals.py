"""What is said to those whose call on a result is refused."""

from datetime import date

from marketplace.core.message import Bilingual

NO_VARIABLE_PRICE = Bilingual(
    "这个交付项的价格不随播放或销售变动，没有结果可报；什么都没有改动。",
    "The price of this deliverable follows neither views nor sales, so there is nothing to tell; nothing was changed.",
)
NOT_PUBLISHED = Bilingual(
    "它还没有发布：发布后才有播放和订单可报。", "It is not published yet: views and orders are told after it is."
)
FINAL = Bilingual(
    "结果已最终确定，不再接收新的数字；什么都没有改动。",
    "The result is final and takes no more figures; nothing was changed.",
)
BY_ORDERS = Bilingual(
    "这个价格按订单计算：请交订单文件（POST /deliverables/{id}/orders）。",
    "This price follows orders: hand in a file of them (POST /deliverables/{id}/orders).",
)
BY_VIEWS = Bilingual(
    "这个价格按播放量计算：请报播放量（POST /deliverables/{id}/views）。",
    "This price follows views: tell them (POST /deliverables/{id}/views).",
)
NOT_IN_EXPORT = Bilingual(
    "已导入的平台数据里没有这条视频。请先导入包含它的平台导出文件（POST /imports），或自己报播放量，由对方确认。",
    "No imported export of the platform has this video. Import one that does (POST /imports), or tell the views"
    " yourself, for the other side to confirm.",
)
OWN_TABLE = Bilingual(
    "这条视频的数据来自自填的表格，不是平台的导出文件。请导入平台的文件，或自己报播放量，由对方确认。",
    "What is known of this video was typed, or came in a table of its side's own, which is no export of the platform."
    " Import the platform's file, or tell the views yourself, for the other side to confirm.",
)
TOLD_ALREADY = Bilingual(
    "同一来源、同一天的这个数字已经报过；什么都没有改动。",
    "The same source has told this figure of this day already; nothing was changed.",
)
FILE_TOLD_ALREADY = Bilingual(
    "这个文件已经交过；什么都没有改动。", "This file was handed in already; nothing was changed."
)
NOTHING_NEW = Bilingual(
    "文件里的订单都已计入，或不在计算期内：没有新的订单，什么都没有改动。",
    "All orders of the file are counted already, or lie outside the days that count; nothing was changed.",
)
OWN_FIGURE = Bilingual(
    "这个数字是您这一方报的，由对方答复；什么都没有改动。",
    "Your side told this figure, and the other one answers it; nothing was changed.",
)
ANSWERED = Bilingual("您这一方已答复过它；什么都没有改动。", "Your side has answered it already; nothing was changed.")
TOO_LATE = Bilingual(
    "对它提出异议的期限已过；什么都没有改动。",
    "The days in which it could be contested are over; nothing was changed.",
)
NOT_WITH_PLATFORM = Bilingual(
    "没有人对它提出异议，也不缺答复：平台不用裁定；什么都没有改动。",
    "Nobody contests it, and no answer to it is missing, so there is nothing to decide; nothing was changed.",
)
OWN_TELLING = Bilingual(
    "这个数字是您报的，请由别的管理员来裁定；什么都没有改动。",
    "You told this figure, so somebody else has to decide on it; nothing was changed.",
)
SAY_VIEWS = Bilingual("请写播放量。", "Tell the views.")
SAY_COUNTS = Bilingual("请写这个文件是否计入（true 或 false）。", "Tell whether the file counts: true or false.")
NONE_OF_IT = Bilingual("这里没有这一项，请去掉。", "There is no such part here: take it out.")


def day_not_counted(first: date, last: date) -> Bilingual:
    return Bilingual(
        f"必须是 {first.isoformat()} 至 {last.isoformat()} 之间、今天或以前的一天。",
        f"Must be a day from {first.isoformat()} to {last.isoformat()}, and not after today.",
    )


def told_until(last: date) -> Bilingual:
    return Bilingual(
        f"报数的期限是 {last.isoformat()}，已经过去；什么都没有改动。",
        f"Figures could be told until {last.isoformat()}; nothing was changed.",
    )


def told_otherwise(before: str) -> Bilingual:
    return Bilingual(f"这个编号之前报的是 {before}。", f"It was told as {before} before.")


def unknown_order(order_id: str) -> Bilingual:
    return Bilingual(
        f"没有报过订单 {order_id}，请把它也放进文件。",
        f"Order {order_id} was never told: put it into the file too.",
    )


def more_back_than_paid(paid: str) -> Bilingual:
    return Bilingual(f"退款合计超过订单金额 {paid}。", f"More came back than the {paid} that were paid.")
