"""What a variable price has come to as lines for the terminal, in the language of the command."""

from collections.abc import Iterator, Mapping
from typing import Any

from marketplace.cli.shown import summaries
from marketplace.core.message import Bilingual
from marketplace.core.money import Money

_WHO = {
    "brand": Bilingual("品牌方", "the brand"),
    "maker": Bilingual("创作方", "the maker"),
    "sides": Bilingual("双方", "both sides"),
    "platform": Bilingual("平台", "the platform"),
    "admin": Bilingual("平台", "the platform"),
    "platform_export": Bilingual("平台导出文件", "the platform's export"),
}


def result(answer: Mapping[str, Any]) -> Iterator[str]:
    """A result: what is due by what stands, whom it waits for, what silence does, and the figures."""
    in_words = summaries.in_words
    due, least, most = (
        Money(answer["currency"], answer["due"][f"{name}_minor"]).show() for name in ("due", "least", "most")
    )
    if answer["final_at"]:
        yield in_words(
            f"{answer['deliverable_id']}：已确定，应付 {due}", f"{answer['deliverable_id']}: final, {due} are due"
        )
    else:
        yield in_words(
            f"{answer['deliverable_id']}：{answer['final_on']} 的数字有效；目前应付 {due}（{least} 至 {most}）",
            f"{answer['deliverable_id']}: the figures of {answer['final_on']} count; due so far {due}"
            f" ({least} to {most})",
        )
    if answer["waits_for"]:
        yield in_words(f"等{_who(answer['waits_for'])}", f"waits for {_who(answer['waits_for'])}")
    until = f"{answer['answer_by'][:16]}: " if answer["answer_by"] else ""
    yield f"{until}{answer['silence']}"
    for one in answer["figures"]:
        yield from figure(one)


def figure(answer: Mapping[str, Any]) -> Iterator[str]:
    """A told figure: who told what of which day, how far it is, and what was said to it."""
    in_words = summaries.in_words
    told = (
        in_words(f"{answer['views']:,} 次播放", f"{answer['views']:,} views")
        if answer["views"] is not None
        else in_words(f"{answer['orders']} 笔订单", f"{answer['orders']} orders")
    )
    how_far = summaries.state(answer["status"])
    yield in_words(
        f"{answer['id']}：{_who(answer['source'])}报 {answer['counted_on']} {told}，{how_far}",
        f"{answer['id']}: {told} of {answer['counted_on']}, told by {_who(answer['source'])}, {how_far}",
    )
    if answer["odd"]:
        yield f"? {answer['odd']}"
    for one in answer["answers"]:
        said = one["reason"] or "-"
        yield f"  {_who(one['side'] or 'platform')}, {summaries.verdict(one['kind'])}: {said}"


def _who(code: str) -> str:
    return summaries.in_words(*_WHO[code])
