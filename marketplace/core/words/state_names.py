"""What states, and the moves between them, are called where people read them: in sentences, tables and pictures.

Programs get the codes: of JSON, of the options of commands, of `state` in a refusal.
"""

from collections.abc import Iterable

from marketplace.core.message import Bilingual

STATE_NAMES = {
    "accepted": Bilingual("已接受", "accepted"),
    "active": Bilingual("有效", "active"),
    "agreed": Bilingual("双方已确认", "agreed"),
    "approved": Bilingual("已通过", "approved"),
    "archived": Bilingual("已停用", "archived"),
    "asked": Bilingual("待核对", "asked"),
    "bounced": Bilingual("被银行退回", "sent back"),
    "cancelled": Bilingual("已取消", "cancelled"),
    "cancelling": Bilingual("取消待定", "being cancelled"),
    "changes_asked": Bilingual("待修改", "changes asked for"),
    "claimed": Bilingual("已认领", "claimed"),
    "closed": Bilingual("已截止", "closed"),
    "completed": Bilingual("已完结", "completed"),
    "confirmed": Bilingual("已确认", "confirmed"),
    "dead": Bilingual("失败", "dead"),
    "declined": Bilingual("已拒绝", "declined"),
    "deferred": Bilingual("暂缓", "deferred"),
    "disputed": Bilingual("争议中", "disputed"),
    "dismissed": Bilingual("已驳回", "dismissed"),
    "done": Bilingual("完成", "done"),
    "draft": Bilingual("草稿", "draft"),
    "draft_sent": Bilingual("成片待确认", "draft sent"),
    "dropped": Bilingual("无需处理", "dropped"),
    "ended": Bilingual("已结束", "ended"),
    "failed": Bilingual("失败", "failed"),
    "found": Bilingual("已有结果，仍在优化", "found"),
    "frozen": Bilingual("争议冻结", "frozen"),
    "held": Bilingual("搁置", "held"),
    "kept": Bilingual("已保存", "kept"),
    "lapsed": Bilingual("已失效", "lapsed"),
    "leased": Bilingual("进行中", "running"),
    "live": Bilingual("已上线", "live"),
    "missed": Bilingual("未达约定", "missed"),
    "offered": Bilingual("待接受", "offered"),
    "open": Bilingual("待处理", "open"),
    "owed": Bilingual("待追回", "owed"),
    "paid": Bilingual("已打款", "paid"),
    "passed": Bilingual("按规则通过", "passed"),
    "passed_by_rule": Bilingual("按规则通过", "passed by rule"),
    "paused": Bilingual("已暂停", "paused"),
    "planned": Bilingual("待开始", "planned"),
    "proven": Bilingual("已证实", "proven"),
    "published": Bilingual("已发布", "published"),
    "queued": Bilingual("排队中", "queued"),
    "received": Bilingual("已收到", "received"),
    "receiving": Bilingual("接收中", "receiving"),
    "refused": Bilingual("被拒", "refused"),
    "rejected": Bilingual("已驳回", "rejected"),
    "released": Bilingual("已结算", "released"),
    "returned": Bilingual("已退回", "returned"),
    "running": Bilingual("进行中", "running"),
    "script_approved": Bilingual("脚本已确认", "script approved"),
    "script_sent": Bilingual("脚本待确认", "script sent"),
    "second": Bilingual("待第二人", "second person"),
    "sending": Bilingual("打款中", "being sent"),
    "sent": Bilingual("已提交", "sent"),
    "split": Bilingual("已分付", "split"),
    "suspended": Bilingual("已暂停", "suspended"),
    "told": Bilingual("待第二人确认", "told"),
    "unclaimed": Bilingual("未认领", "unclaimed"),
    "unknown": Bilingual("结果未知", "unknown"),
    "upheld": Bilingual("已属实", "upheld"),
    "verified": Bilingual("已核实", "verified"),
    "void": Bilingual("已作废", "void"),
    "waiting": Bilingual("等待中", "waiting"),
    "withdrawn": Bilingual("已撤回", "withdrawn"),
}
# The moves of the tables of transitions; verdicts are moves too.
MOVE_NAMES = {
    "accept": Bilingual("接受", "accept"),
    "approve": Bilingual("通过", "approve"),
    "approve_script": Bilingual("确认脚本", "approve the script of"),
    "archive": Bilingual("停用", "archive"),
    "ask": Bilingual("请人审核", "ask"),
    "ask_for_changes": Bilingual("要求修改", "ask for changes of"),
    "ask_to_cancel": Bilingual("申请取消", "ask to cancel"),
    "back_out": Bilingual("退出", "back out"),
    "bounce": Bilingual("标为被银行退回", "call sent back"),
    "cancel": Bilingual("取消", "cancel"),
    "cancelled": Bilingual("取消", "cancel"),
    "claim": Bilingual("认领", "claim"),
    "claw_back": Bilingual("追回", "claw back"),
    "close": Bilingual("截止", "close"),
    "complete": Bilingual("完结", "complete"),
    "confirm": Bilingual("确认", "confirm"),
    "counter": Bilingual("还价", "counter"),
    "decide_to_cancel": Bilingual("裁定取消", "decide to cancel"),
    "decide_to_complete": Bilingual("裁定完结", "decide to complete"),
    "decide_to_give_back": Bilingual("裁定退回", "decide to give back"),
    "decide_to_go_on": Bilingual("裁定继续", "decide to go on with"),
    "decide_to_release": Bilingual("裁定结算", "decide to release"),
    "decide_to_split": Bilingual("裁定分付", "decide to split"),
    "decline": Bilingual("拒绝", "decline"),
    "defer": Bilingual("暂缓", "defer"),
    "dispute": Bilingual("提出争议", "dispute"),
    "done": Bilingual("完成", "finish"),
    "drop": Bilingual("撤销审核", "drop"),
    "end": Bilingual("结束", "end"),
    "fail": Bilingual("判为失败", "fail"),
    "failed": Bilingual("判为失败", "fail"),
    "find": Bilingual("给出结果", "find"),
    "finish": Bilingual("完成", "finish"),
    "freeze": Bilingual("因争议冻结", "freeze"),
    "fund": Bilingual("付款到账", "fund"),
    "give_back": Bilingual("退回品牌", "give back"),
    "go_on": Bilingual("不取消，继续", "go on with"),
    "hold": Bilingual("搁置", "hold"),
    "keep": Bilingual("保存", "keep"),
    "lapse": Bilingual("失效", "lapse"),
    "lose_sight": Bilingual("标为结果未知", "lose sight of"),
    "miss": Bilingual("判为未达约定", "call missed"),
    "override": Bilingual("改判", "override"),
    "pass": Bilingual("按规则通过", "pass"),
    "pause": Bilingual("暂停", "pause"),
    "pay": Bilingual("确认已打款", "confirm"),
    "prove": Bilingual("证实", "prove"),
    "publish": Bilingual("发布", "publish"),
    "put_back": Bilingual("放回待选", "put back"),
    "refuse": Bilingual("拒绝", "refuse"),
    "reinstate": Bilingual("恢复", "reinstate"),
    "reinstate-unclaimed": Bilingual("恢复", "reinstate"),
    "reject": Bilingual("驳回", "reject"),
    "release": Bilingual("结算", "release"),
    "rename": Bilingual("改名", "rename"),
    "reopen": Bilingual("重新审核", "reopen"),
    "restore": Bilingual("恢复使用", "restore"),
    "resume": Bilingual("继续", "resume"),
    "return_script": Bilingual("退回脚本", "return the script of"),
    "second": Bilingual("请第二人审核", "ask a second person about"),
    "send": Bilingual("打款", "send"),
    "send_draft": Bilingual("提交成片", "send the draft of"),
    "send_script": Bilingual("提交脚本", "send the script of"),
    "split": Bilingual("分付", "split"),
    "start": Bilingual("开始", "start"),
    "step_back": Bilingual("退出", "step back from"),
    "supersede": Bilingual("取代", "supersede"),
    "supplant": Bilingual("由别的认领取代", "supplant"),
    "suspend": Bilingual("暂停", "suspend"),
    "unfreeze": Bilingual("解除争议冻结", "unfreeze"),
    "void": Bilingual("作废", "void"),
    "withdraw": Bilingual("撤回", "withdraw"),
}


# Where a word means something else of one kind of thing than of all others.
OWN_NAMES = {("PaymentStatus", "held"): Bilingual("已托管", "held")}


def state_name(code: str) -> Bilingual:
    """Return what a state is called; a code that is none of the table's stands for itself."""
    return OWN_NAMES.get((type(code).__name__, str(code))) or STATE_NAMES.get(code) or Bilingual(code, code)


def move_name(code: str) -> Bilingual:
    """Return what a move is called."""
    return MOVE_NAMES.get(code) or Bilingual(code, code)


def state_list(codes: Iterable[str]) -> Bilingual:
    """Return states as a list within a sentence, in the order of their codes."""
    named = [state_name(code) for code in sorted(codes)]
    return Bilingual("、".join(f"“{name.zh}”" for name in named), ", ".join(name.en for name in named))
