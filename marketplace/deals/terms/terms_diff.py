"""What differs between two versions of a deal's terms: where, before, after, and in words. Pure."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.core.message import Bilingual
from marketplace.core.money import Money
from marketplace.deals.terms.terms_document import MILESTONE_NAMES

# What the parts of a version are called, by their pointers; `{n}` counts from 1.
_NAMES: Sequence[tuple[str, Bilingual]] = (
    (r"/price_minor", Bilingual("价格", "price")),
    (r"/deliverables/(?P<n>\d+)/title", Bilingual("第 {n} 项的标题", "title of item {n}")),
    (r"/deliverables/(?P<n>\d+)/publish_starts_on", Bilingual("第 {n} 项最早发布日", "first day of item {n}")),
    (r"/deliverables/(?P<n>\d+)/due_on", Bilingual("第 {n} 项最晚发布日", "last day of item {n}")),
    (r"/deliverables/(?P<n>\d+)/price_minor", Bilingual("第 {n} 项的价格", "price of item {n}")),
    (
        r"/deliverables/(?P<n>\d+)/also_on(/\d+(/\w+)?)?",
        Bilingual("第 {n} 项的其他账号", "further channels of item {n}"),
    ),
    (
        r"/deliverables/(?P<n>\d+)/milestones(/\d+(/\w+)?)?",
        Bilingual("第 {n} 项的分期付款", "milestones of item {n}"),
    ),
    (
        r"/deliverables/(?P<n>\d+)/episode(/\w+)?",
        Bilingual("第 {n} 项在系列中的位置", "place of item {n} in the series"),
    ),
    (r"/series(/series_id|/title)?", Bilingual("系列", "series")),
    (r"/series/category_shared", Bilingual("系列中可有同类目的品牌", "category shared in the series")),
    (r"/series/movable_days", Bilingual("一集可改期的天数", "days by which an episode may move")),
    (r"/rights/usage/days", Bilingual("使用授权天数", "days of usage")),
    (r"/rights/whitelisting/days", Bilingual("投流授权天数", "days of whitelisting")),
    (r"/rights/exclusivity/days", Bilingual("排他天数", "days of exclusivity")),
    (r"/script_needed", Bilingual("须先交脚本", "script first")),
    (r"/rounds/script", Bilingual("脚本修改轮数", "rounds of the script")),
    (r"/rounds/draft", Bilingual("成片修改轮数", "rounds of the draft")),
    (r"/rounds/one_more_minor", Bilingual("加改一轮的价格", "price of one more round")),
    (r"/keep_live_days", Bilingual("保留上线天数", "days kept live")),
    (r"/payment_days", Bilingual("付款天数", "days until payment")),
    (r"/may_be_shown", Bilingual("创作者可展示作品", "creator may show the work")),
    (r"/cancellation/before_script", Bilingual("交脚本前取消的费用", "cost of cancelling before the script")),
    (r"/cancellation/after_script", Bilingual("交脚本后取消的费用", "cost of cancelling after the script")),
    (r"/cancellation/after_draft", Bilingual("交成片后取消的费用", "cost of cancelling after the draft")),
    (r"/cancellation/after_approval", Bilingual("确认成片后取消的费用", "cost of cancelling after the approval")),
    (r"/split/day", Bilingual("按哪一天的授权分成", "day whose mandate splits")),
    (r"/samples/provided", Bilingual("提供样品", "samples provided")),
    (r"/samples/to_return", Bilingual("样品须归还", "samples to be returned")),
    (r"/results/final_days", Bilingual("结果确定的天数", "days until figures are final")),
    (r"/results/contest_days", Bilingual("结果的异议天数", "days in which figures may be contested")),
    (r"/extras/(?P<n>\d+)", Bilingual("新增内容 {n}", "extra {n}")),
    (r"/extras/(?P<n>\d+)/name", Bilingual("新增内容 {n} 的名称", "name of extra {n}")),
    (r"/extras/(?P<n>\d+)/price_minor", Bilingual("新增内容 {n} 的价格", "price of extra {n}")),
    (r"/extras/(?P<n>\d+)/deliverable", Bilingual("新增内容 {n} 随第几项", "item of extra {n}")),
)
_NONE = Bilingual("无", "none")
_FLAGS = {True: Bilingual("是", "yes"), False: Bilingual("否", "no")}
_WORDS = {
    "publication": Bilingual("发布日", "publication"),
    "agreement": Bilingual("签订日", "agreement"),
    **MILESTONE_NAMES,
}


@dataclass(frozen=True)
class TermsChange:
    """One difference: a JSON pointer into the terms, the values (None: not there), and both in words."""

    pointer: str
    before: Any
    after: Any
    zh: str
    en: str


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[TermsChange]:
    """Return what differs between two versions, in the order of the document."""
    return [_told(pointer, old, new, after["currency"]) for pointer, old, new in _walk(dict(before), dict(after), "")]


def _walk(before: Any, after: Any, pointer: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from _walk(before.get(name), after.get(name), f"{pointer}/{name}")
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            old, new = (side[index] if index < len(side) else None for side in (before, after))
            yield from _walk(old, new, f"{pointer}/{index}")
    elif before != after:
        yield pointer, before, after


def _told(pointer: str, before: Any, after: Any, currency: str) -> TermsChange:
    name, old, new = _name(pointer), _value(pointer, before, currency), _value(pointer, after, currency)
    return TermsChange(pointer, before, after, f"{name.zh}：{old.zh} → {new.zh}", f"{name.en}: {old.en} → {new.en}")


def _milestones(value: Any) -> Bilingual:
    """Return milestones, one of them, or the share of one, in words."""
    if isinstance(value, int):
        said = f"{value / 100:g} %"
        return Bilingual(said, said)
    told = [(f"{one['share_basis_points'] / 100:g} %", MILESTONE_NAMES[one["at"]]) for one in _listed(value)]
    return Bilingual(
        "、".join(f"{name.zh} {share}" for share, name in told), ", ".join(f"{share} {name.en}" for share, name in told)
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _name(pointer: str) -> Bilingual:
    for pattern, name in _NAMES:
        found = re.fullmatch(pattern, pointer)
        if found:
            number = int(found.groupdict().get("n") or 0) + 1
            return Bilingual(name.zh.format(n=number), name.en.format(n=number))
    return Bilingual(pointer, pointer)


def _in_series(part: Mapping[str, Any]) -> Bilingual:
    """Return a series by its title, or a place in it by its episode and slot."""
    if "slot" not in part:
        return Bilingual(part["title"], part["title"])
    return Bilingual(f"第 {part['number']} 集“{part['slot']}”", f'episode {part["number"]}, "{part["slot"]}"')


def _value(pointer: str, value: Any, currency: str) -> Bilingual:
    if value is None:
        return _NONE
    if isinstance(value, bool):
        return _FLAGS[value]
    if pointer.startswith("/extras/") and isinstance(value, dict):
        said = f"{value['name']}, {Money(currency, value['price_minor']).show()}"
        return Bilingual(said, said)
    if "/milestones" in pointer and not isinstance(value, str):
        return _milestones(value)
    if "/also_on" in pointer and not isinstance(value, str):
        channels = [f"{one['name']} ({one['platform']})" for one in _listed(value)]
        return Bilingual("、".join(channels), ", ".join(channels))
    if pointer.endswith(("/series", "/episode")):
        return _in_series(value)
    if pointer.endswith("_minor"):
        said = Money(currency, value).show()
    elif pointer.startswith("/cancellation/"):
        said = f"{value / 100:g} %"
    elif isinstance(value, str):
        return _WORDS.get(value, Bilingual(value, value))
    else:
        said = json.dumps(value, ensure_ascii=False)
    return Bilingual(said, said)
