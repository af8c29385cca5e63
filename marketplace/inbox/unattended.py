"""States that wait for nobody: for the clock or a worker, with its time, or for nothing at all.

Together with the table of duties it covers every state that can be left; the tests walk all tables of transitions.
"""

from collections.abc import Mapping

from marketplace.bids.models import BidStatus
from marketplace.briefs.models import BriefStatus
from marketplace.channels.models import ChannelStatus, ClaimStatus, ImportStatus
from marketplace.checks.models import VideoCheckStatus
from marketplace.core.message import Bilingual
from marketplace.deals.models import DealStatus, DeliverableStatus
from marketplace.deals.series.models import EpisodeStatus, SeriesStatus
from marketplace.identity.models import MandateStatus, PartyStatus, PersonStatus
from marketplace.matching.selection.models import SelectionStatus
from marketplace.payments.models import PaymentStatus, PayoutStatus
from marketplace.payments.provider.models import PayInStatus
from marketplace.reviews.models import ReviewStatus
from marketplace.video_files.models import VideoFileStatus

StateOf = tuple[str, str]

# What the clock or a worker ends, and when.
CLOCK: Mapping[StateOf, Bilingual] = {
    ("mandates", MandateStatus.ACTIVE): Bilingual("最后一天的午夜", "midnight of its last day"),
    ("imports", ImportStatus.RECEIVED): Bilingual("任务读完文件时", "when its job has read the file"),
    ("briefs", BriefStatus.PUBLISHED): Bilingual("截止报价的时刻", "the moment at which bidding ends"),
    ("bids", BidStatus.OPEN): Bilingual(
        "截止之前等截止，之后等品牌方选定，最迟 lapses_at", "the close, and then the brand's choice, until `lapses_at`"
    ),
    ("deals", DealStatus.ACTIVE): Bilingual("最后一个交付项结束时", "the end of its last deliverable"),
    ("deliverables", DeliverableStatus.LIVE): Bilingual("保留期最后一天之后", "the day after `last_live_on`"),
    ("selections", SelectionStatus.WAITING): Bilingual("求解任务给出结果时", "its solver's first result"),
    ("selections", SelectionStatus.FOUND): Bilingual("求解任务结束时", "its solver's end"),
    ("payments", PaymentStatus.PLANNED): Bilingual("合作的付款期限 fund_by", "`fund_by` of its deal"),
    ("payments", PaymentStatus.HELD): Bilingual("交付项结束时", "the end of its deliverable"),
    ("pay_in_requests", PayInStatus.WAITING): Bilingual("任务请支付机构收款时", "when its job has asked the provider"),
    ("pay_in_requests", PayInStatus.OPEN): Bilingual(
        "到账，或合作的付款期限 fund_by；付款事项在品牌方的待办里",
        "what comes in, or `fund_by`; the brand's duty is the deal's",
    ),
    ("video_files", VideoFileStatus.RECEIVING): Bilingual("上传的有效期", "the end of the upload's time"),
    ("video_checks", VideoCheckStatus.QUEUED): Bilingual("检查任务开始时", "when its job starts"),
    ("video_checks", VideoCheckStatus.RUNNING): Bilingual("检查任务结束时", "when its job ends"),
}

_RESTS = Bilingual("可以一直这样", "may stay so for ever")
# What can be left, and need not be: nobody is asked for anything.
AT_REST: Mapping[StateOf, Bilingual] = {
    ("parties", PartyStatus.ACTIVE): _RESTS,
    ("parties", PartyStatus.UNCLAIMED): Bilingual(
        "创作者凭邀请认领", "its creator claims it by an invitation, which stands in their own inbox"
    ),
    ("parties", PartyStatus.SUSPENDED): _RESTS,
    ("people", PersonStatus.ACTIVE): _RESTS,
    ("people", PersonStatus.SUSPENDED): _RESTS,
    ("channels", ChannelStatus.ACTIVE): _RESTS,
    ("channels", ChannelStatus.ARCHIVED): _RESTS,
    ("channels", ClaimStatus.CLAIMED): Bilingual("提交证明后由管理员核对", "an admin looks once a proof is offered"),
    ("channels", ClaimStatus.PROVEN): _RESTS,
    ("channels", ClaimStatus.REFUSED): _RESTS,
    ("briefs", BriefStatus.DRAFT): Bilingual("只有自己看得到", "nobody else sees it"),
    ("bids", BidStatus.ACCEPTED): Bilingual("由它的合作继续", "its deal goes on"),
    ("deals", DealStatus.DISPUTED): Bilingual("管理员裁定时", "an admin decides"),
    ("selections", SelectionStatus.DONE): Bilingual("由需求的选定事项提醒", "the brief's choice is the duty"),
    ("selections", SelectionStatus.CONFIRMED): _RESTS,
    ("series", SeriesStatus.OPEN): _RESTS,
    ("series", SeriesStatus.CLOSED): _RESTS,
    ("series_episodes", EpisodeStatus.PLANNED): Bilingual("由各合作的交付项提醒", "what its deals owe is the duty"),
    ("payments", PaymentStatus.FROZEN): Bilingual("由合作的争议决定", "the decision of its deal's dispute"),
    ("payments", PaymentStatus.RELEASED): _RESTS,
    ("payments", PaymentStatus.SPLIT): _RESTS,
    ("payouts", PayoutStatus.PAID): _RESTS,
    ("reviews", ReviewStatus.DEFERRED): Bilingual("接近选中时才请人看", "a person is asked once it is nearly chosen"),
    ("reviews", ReviewStatus.PASSED): _RESTS,
    ("reviews", ReviewStatus.APPROVED): _RESTS,
    ("reviews", ReviewStatus.REJECTED): _RESTS,
}
