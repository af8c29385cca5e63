"""Disputes as lines for the terminal, in the language of the command."""

from collections.abc import Iterator, Mapping
from typing import Any

from marketplace.cli.client import spoken
from marketplace.cli.shown import deal_lines, summaries
from marketplace.core.message import Bilingual

_OUTCOMES = {
    "go_on": Bilingual("合作继续", "the deal goes on"),
    "cancel": Bilingual("合作取消", "the deal is cancelled"),
    "complete": Bilingual("合作完结", "the deal is completed"),
}


def dispute(answer: Mapping[str, Any]) -> Iterator[str]:
    """A dispute: whose it is and why, what both sides have shown, and what is decided."""
    in_words = summaries.in_words
    yield in_words(
        f"{answer['id']}：{summaries.state(answer['status'])}，第 {answer['version']} 版，{answer['deal_id']}",
        f"{answer['id']}: {summaries.state(answer['status'])}, version {answer['version']}, {answer['deal_id']}",
    )
    yield f"{deal_lines.side(answer['side'])}: {answer['reason']}"
    if answer["status"] == "open":
        until = answer["answer_by"][:16]
        yield in_words(f"双方在 {until} 前提交材料", f"both sides are heard until {until}")
    for one in answer["evidence"]:
        about = [one[name] for name in ("script_id", "draft_id", "check_id", "publication_id") if one[name]]
        yield " ".join([f"- {deal_lines.side(one['side'])}: {one['body']}", *about])
    if answer["outcome"]:
        yield f"{_OUTCOMES[answer['outcome']].said_in(spoken())}: {answer['decision']}"
    for one in answer["amounts"]:
        yield in_words(
            f"- {one['deliverable_id']}：应付 {one['due_minor']}（最小单位）",
            f"- {one['deliverable_id']}: {one['due_minor']} minor units due",
        )
