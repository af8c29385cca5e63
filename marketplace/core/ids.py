"""Identifiers: UUIDv7 in the database, a short prefixed word in the API (`brf_01j...`).

The word is the prefix of the noun and the 128 bits in Crockford's base 32, lower case, 26 letters, so that ids sort by
time as text too, and one noun's cannot pass for another's.
"""

import os
import re
from uuid import UUID

from marketplace.core import clock

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUE = {letter: value for value, letter in enumerate(ALPHABET)}
# Two letters at a time: a page of a list shows hundreds of ids.
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
# 26 letters hold 130 bits: of the first one only three are used.
_BODY = re.compile(r"[0-7][0-9a-hjkmnp-tv-z]{25}")

PREFIXES: dict[str, str] = {
    "parties": "pty",
    "people": "per",
    "memberships": "mbr",
    "invites": "inv",
    "mandates": "mnd",
    "api_keys": "key",
    "console_sessions": "ses",
    "party_verifications": "pvf",
    "channels": "chn",
    "channel_proofs": "prf",
    "channel_transfers": "ctr",
    "audience_snapshots": "snp",
    "videos": "vid",
    "video_readings": "vrd",
    "video_checks": "vck",
    "video_corrections": "vcr",
    "video_files": "vfl",
    "imports": "imp",
    "briefs": "brf",
    "brief_versions": "brv",
    "brand_assets": "ast",
    "bids": "bid",
    "bid_revisions": "rev",
    "matches": "mtc",
    "deal_prices": "dpr",
    "audience_overlaps": "ovl",
    "audience_sketches": "skt",
    "exclusivity_windows": "exw",
    "price_index_cells": "pic",
    "selections": "sel",
    "reviews": "rvw",
    "review_decisions": "dcn",
    "ledger_accounts": "acc",
    "ledger_transfers": "trf",
    "payments": "pay",
    "receipts": "rcp",
    "payouts": "pyo",
    "claw_backs": "clw",
    "pay_in_requests": "pin",
    "reconciliations": "rcn",
    "deals": "dea",
    "deal_terms": "dtm",
    "deal_signatures": "dsg",
    "deliverables": "dlv",
    "series": "ser",
    "series_episodes": "eps",
    "deal_scripts": "scr",
    "deal_drafts": "drf",
    "deal_publications": "pub",
    "takedown_reports": "tdr",
    "extra_rounds": "rnd",
    "deal_stops": "stp",
    "cancellation_quotes": "cqt",
    "disputes": "dsp",
    "dispute_evidence": "dev",
    "told_figures": "tfg",
    "told_orders": "tor",
    "events": "evt",
    "event_links": "evl",
    "jobs": "job",
}

# How the nouns are called in Chinese; in English a table's name is the noun.
NOUNS_ZH: dict[str, str] = {
    "parties": "主体",
    "people": "人员",
    "memberships": "成员",
    "invites": "邀请",
    "mandates": "授权",
    "api_keys": "API 密钥",
    "console_sessions": "会话",
    "party_verifications": "核验",
    "channels": "账号",
    "channel_proofs": "认领证明",
    "channel_transfers": "账号转让",
    "audience_snapshots": "受众快照",
    "videos": "作品",
    "video_readings": "作品数据",
    "video_checks": "成片检查",
    "video_corrections": "更正",
    "video_files": "视频文件",
    "imports": "导入",
    "briefs": "需求",
    "brief_versions": "需求版本",
    "brand_assets": "品牌素材",
    "bids": "报价",
    "bid_revisions": "报价修订",
    "matches": "匹配",
    "deal_prices": "成交价",
    "audience_overlaps": "受众重叠",
    "audience_sketches": "受众摘要",
    "exclusivity_windows": "排他期",
    "price_index_cells": "价格指数",
    "selections": "选择",
    "reviews": "审核",
    "review_decisions": "审核决定",
    "ledger_accounts": "账户",
    "ledger_transfers": "转账",
    "payments": "付款",
    "receipts": "到账",
    "payouts": "打款",
    "claw_backs": "追回",
    "pay_in_requests": "收款请求",
    "reconciliations": "对账",
    "deals": "合作",
    "deal_terms": "合作条款",
    "deal_signatures": "签名",
    "deliverables": "交付项",
    "series": "系列",
    "series_episodes": "单集",
    "deal_scripts": "脚本",
    "deal_drafts": "成片",
    "deal_publications": "发布",
    "takedown_reports": "下架报告",
    "extra_rounds": "加改轮次",
    "deal_stops": "暂停与取消",
    "cancellation_quotes": "取消费用",
    "disputes": "争议",
    "dispute_evidence": "争议材料",
    "told_figures": "结果数字",
    "told_orders": "订单",
    "events": "事件",
    "jobs": "任务",
}


def new_id() -> UUID:
    """Return a version 7 UUID (RFC 9562): sorted by time, and unique without the database."""
    millis = int(clock.epoch_s() * 1000)
    bits = (millis << 80) | int.from_bytes(os.urandom(10), "big")
    bits = (bits & ~(0xF << 76)) | (0x7 << 76)
    bits = (bits & ~(0x3 << 62)) | (0x2 << 62)
    return UUID(int=bits)


def show(prefix: str, value: UUID) -> str:
    """Return the public word for an id."""
    number = value.int
    pairs = [_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)]
    return f"{prefix}_{''.join(pairs)}"


def read(prefix: str, word: str) -> UUID:
    """Return the id in a public word. Raises ValueError when it is not one of this noun."""
    head, _, body = word.partition("_")
    if head != prefix or not _BODY.fullmatch(body):
        raise ValueError(f"{word[:60]!r} is not an id that starts with {prefix}_")
    number = 0
    for letter in body:
        number = (number << 5) | _VALUE[letter]
    return UUID(int=number)


def pattern(prefix: str) -> str:
    """Return the regular expression of a noun's public ids, for the API's description."""
    return f"^{prefix}_{_BODY.pattern}$"
