"""Deals and their terms as lines for the terminal, in the language of the command."""

from collections.abc import Iterator, Mapping
from typing import Any

from marketplace.cli.client import spoken
from marketplace.cli.output import told
from marketplace.cli.shown import summaries
from marketplace.core.message import Bilingual
from marketplace.core.money import Money

_SIDES = {"brand": Bilingual("品牌方", "the brand"), "maker": Bilingual("创作方", "the maker")}


def side(code: str | None) -> str:
    """Return what a side of a deal is called; "-" for nobody."""
    return _SIDES[code].said_in(spoken()) if code else "-"


def total(row: Mapping[str, Any]) -> str:
    """Return what a deal costs at the most."""
    return Money(row["currency"], row["total_minor"]).show()


def deal(answer: Mapping[str, Any]) -> Iterator[str]:
    """A deal: its state, whose turn it is, what it costs, and the command that answers it."""
    names, in_words = answer["names"], summaries.in_words
    yield in_words(
        f"{answer['id']}：{names['brand_name']} × {names['channel_name']}，{summaries.state(answer['status'])}",
        f"{answer['id']}: {names['brand_name']} with {names['channel_name']}, {summaries.state(answer['status'])}",
    )
    yield in_words(
        f"最多 {total(answer)}，条款第 {answer['terms_number']} 版",
        f"at most {total(answer)}, version {answer['terms_number']} of the terms",
    )
    if answer["turn"]:
        yield in_words(
            f"等{side(answer['turn'])}在 {answer['answer_by'][:16]} 前答复",
            f"waits for {side(answer['turn'])} to answer by {answer['answer_by'][:16]}",
        )
    if answer["turn"] and answer["turn"] == answer["your_side"]:
        yield f"inlay deals confirm {answer['id']} --content-hash {answer['content_hash']} --signed-name ..."
    if answer["fund_by"] and answer["status"] == "agreed":
        yield in_words(f"须在 {answer['fund_by'][:16]} 前付款到账", f"to be paid in by {answer['fund_by'][:16]}")
    for one in answer["deliverables"]:
        price = Money(answer["currency"], one["price_minor"]).show()
        state = summaries.state(one["status"])
        yield f"- {one['position']} {one['title'] or one['kind']}: {state}, {one['due_on']}, {price}"


def changes(row: Mapping[str, Any]) -> str:
    """Return what a version of terms changes, in words."""
    return "; ".join(told(change) for change in row["changes"]) or "-"
