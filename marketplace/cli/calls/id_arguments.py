"""Arguments that are ids: one of another kind is refused by name, before anything is asked of the API."""

from typing import Any, NamedTuple

import click

from marketplace.cli.client import EXIT_USAGE, fail
from marketplace.core.ids import PREFIXES
from marketplace.core.message import Bilingual


class IdKind(NamedTuple):
    """A kind of thing with an id: the prefix of its ids, and what it is called."""

    prefix: str
    zh: str
    en: str


# By the name of the argument.
KINDS = {
    "account": IdKind(PREFIXES["ledger_accounts"], "账户", "account"),
    "asset": IdKind(PREFIXES["brand_assets"], "参考图", "reference image"),
    "bid": IdKind(PREFIXES["bids"], "报价", "bid"),
    "brief": IdKind(PREFIXES["briefs"], "需求", "brief"),
    "channel": IdKind(PREFIXES["channels"], "账号", "channel"),
    "check": IdKind(PREFIXES["video_checks"], "成片检查", "video check"),
    "claw_back": IdKind(PREFIXES["claw_backs"], "追回", "claw-back"),
    "correction": IdKind(PREFIXES["video_corrections"], "更正", "correction"),
    "deal": IdKind(PREFIXES["deals"], "合作", "deal"),
    "deal_price": IdKind(PREFIXES["deal_prices"], "成交价", "deal price"),
    "deliverable": IdKind(PREFIXES["deliverables"], "交付项", "deliverable"),
    "dispute": IdKind(PREFIXES["disputes"], "争议", "dispute"),
    "draft": IdKind(PREFIXES["deal_drafts"], "成片", "draft"),
    "episode": IdKind(PREFIXES["series_episodes"], "单集", "episode"),
    "event": IdKind(PREFIXES["events"], "事件", "event"),
    "figure": IdKind(PREFIXES["told_figures"], "结果数字", "told figure"),
    "import": IdKind(PREFIXES["imports"], "导入", "import"),
    "invite": IdKind(PREFIXES["invites"], "邀请", "invitation"),
    "job": IdKind(PREFIXES["jobs"], "任务", "job"),
    "key": IdKind(PREFIXES["api_keys"], "API 密钥", "API key"),
    "mandate": IdKind(PREFIXES["mandates"], "授权", "mandate"),
    "match": IdKind(PREFIXES["matches"], "匹配", "match"),
    "membership": IdKind(PREFIXES["memberships"], "席位", "membership"),
    "overlap": IdKind(PREFIXES["audience_overlaps"], "受众重叠", "overlap"),
    "party": IdKind(PREFIXES["parties"], "主体", "party"),
    "payment": IdKind(PREFIXES["payments"], "付款", "payment"),
    "payout": IdKind(PREFIXES["payouts"], "打款", "payout"),
    "person": IdKind(PREFIXES["people"], "人员", "person"),
    "reconciliation": IdKind(PREFIXES["reconciliations"], "对账", "reconciliation"),
    "receipt": IdKind(PREFIXES["receipts"], "到账", "receipt"),
    "review": IdKind(PREFIXES["reviews"], "审核", "review"),
    "round": IdKind(PREFIXES["extra_rounds"], "加改轮次", "round"),
    "script": IdKind(PREFIXES["deal_scripts"], "脚本", "script"),
    "selection": IdKind(PREFIXES["selections"], "组合", "selection"),
    "series": IdKind(PREFIXES["series"], "系列", "series"),
    "session": IdKind(PREFIXES["console_sessions"], "会话", "session"),
    "sketch": IdKind(PREFIXES["audience_sketches"], "受众摘要", "sketch"),
    "snapshot": IdKind(PREFIXES["audience_snapshots"], "受众快照", "audience snapshot"),
    "suggestion": IdKind("sug", "建议", "suggestion"),
    "transfer": IdKind(PREFIXES["channel_transfers"], "账号转让", "channel transfer"),
    "upload": IdKind(PREFIXES["video_files"], "视频文件", "upload"),
    "version": IdKind(PREFIXES["brief_versions"], "需求版本", "version of a brief"),
    "video": IdKind(PREFIXES["video_files"], "视频文件", "video"),
    "window": IdKind(PREFIXES["exclusivity_windows"], "排他期", "exclusivity window"),
}
# The kinds of the fields that hold ids.
OF_FIELDS = {
    "about_id": "brief",
    "account_id": "account",
    "bid_id": "bid",
    "brand_id": "party",
    "brief_id": "brief",
    "brief_version_id": "version",
    "channel_id": "channel",
    "creator_id": "party",
    "check_id": "check",
    "deal_id": "deal",
    "deliverable_id": "deliverable",
    "import_id": "import",
    "party_id": "party",
    "video_id": "video",
}
_BY_PREFIX = {kind.prefix: kind for kind in KINDS.values()}


class IdArgument(click.ParamType[str]):
    """An id of one kind, or of one of several."""

    name = "id"

    def __init__(self, *kinds: str) -> None:
        self.kinds = tuple(KINDS[kind] for kind in kinds)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the id. Ends the command with one line for one of another kind, or for what is no id."""
        text = str(value).strip()
        prefix, _, body = text.partition("_")
        # What is within an id is the API's to judge; a word that would change the address of the call is none.
        if not (body.isalnum() and prefix in {kind.prefix for kind in self.kinds}):
            fail(_refusal(text, prefix, self.kinds), EXIT_USAGE)
        return text


def _refusal(text: str, prefix: str, wanted: tuple[IdKind, ...]) -> Bilingual:
    zh = "或".join(f"{kind.zh}编号（{kind.prefix}_...）" for kind in wanted)
    en = " or ".join(f"{_a(kind.en)}'s id ({kind.prefix}_...)" for kind in wanted)
    other = _BY_PREFIX.get(prefix)
    if other is None or other in wanted:
        return Bilingual(f"{text[:40]!r} 不是编号，这里要填{zh}。", f"{text[:40]!r} is no id; {en} is needed.")
    return Bilingual(
        f"{text[:40]} 是{other.zh}编号，这里要填{zh}。", f"{text[:40]} is {_a(other.en)}'s id, {en} is needed."
    )


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiouA' else 'a'} {noun}"


def argument(name: str) -> click.Argument:
    """Return the argument for an id of this kind."""
    kind = KINDS[name]
    first, rest = _a(kind.en).split(" ", 1)
    said = f"{first.capitalize()} {rest}'s id, {kind.prefix}_..."
    return click.Argument([name], metavar=name.upper(), type=IdArgument(name), help=said)
