"""What deals owe as lines for the terminal, in the language of the command."""

from collections.abc import Iterator, Mapping
from typing import Any

from marketplace.cli.output import told
from marketplace.cli.shown import deal_lines, summaries
from marketplace.core.money import Money

side = deal_lines.side


def price(row: Mapping[str, Any]) -> str:
    """Return what a deliverable costs at the most."""
    return Money(row["deal"]["currency"], row["price_minor"]).show()


def against(row: Mapping[str, Any]) -> str:
    """Return what speaks against a draft, by its codes."""
    return ", ".join(one["code"] for one in row["findings"]) or "-"


def deliverable(answer: Mapping[str, Any]) -> Iterator[str]:
    """A deliverable: how far it is, whom it waits for, and what silence does."""
    in_words, how_far = summaries.in_words, summaries.state(answer["status"])
    yield in_words(
        f"{answer['id']}：第 {answer['position']} 项，{how_far}，{price(answer)}，{answer['due_on']} 前发布",
        f"{answer['id']}: number {answer['position']}, {how_far}, {price(answer)}, to be live by {answer['due_on']}",
    )
    if answer["waits_for"]:
        whom, by = side(answer["waits_for"]), answer["answer_by"]
        until = in_words(f"在 {by[:16]} 前答复", f" to answer by {by[:16]}") if by else ""
        yield in_words(f"等{whom}{until}", f"waits for {whom}{until}")
        yield told(answer["silence"])
    if answer["late_at"]:
        yield in_words("已逾期", "late")
    yield in_words(
        f"剩余修改轮次：脚本 {answer['script_rounds_left']}，成片 {answer['draft_rounds_left']}",
        f"rounds of changes left: script {answer['script_rounds_left']}, draft {answer['draft_rounds_left']}",
    )


def draft(answer: Mapping[str, Any]) -> Iterator[str]:
    """A draft: its state, what its check says against it, and the changes asked for."""
    in_words, how_far = summaries.in_words, summaries.state(answer["status"])
    yield in_words(
        f"{answer['id']}：第 {answer['number']} 版，{how_far}", f"{answer['id']}: draft {answer['number']}, {how_far}"
    )
    signs = {"veto": "✕", "doubt": "?", "note": "-"}
    for one in answer["findings"]:
        yield f"{signs[one['weight']]} {told(one)}"
    for one in answer["changes"]:
        yield f"{one['at_s']:g} s: {one['reason']}"


def publication(answer: Mapping[str, Any]) -> Iterator[str]:
    """A publication: where, until when it has to stay, and what was reported against it."""
    in_words, at, share = summaries.in_words, answer["published_at"][:16], f"{answer['same_share']:.0%}"
    yield f"{answer['platform']}: {answer['url']}"
    yield in_words(
        f"{at} 发布，保留到 {answer['last_live_on']}；与通过的成片画面相同 {share}",
        f"live since {at}, to stay through {answer['last_live_on']}; {share} of the approved pictures",
    )
    for one in answer["reports"]:
        yield f"{summaries.state(one['status'])}: {one['reason']}"


def reach(answer: Mapping[str, Any]) -> Iterator[str]:
    """Whom a video reaches: the people of each channel, and all of them counted once."""
    in_words = summaries.in_words
    for one in answer["channels"]:
        if one["people"] is None:
            yield f"{one['platform']}: " + in_words("受众未知", "audience not known")
        else:
            yield f"{one['platform']}: " + in_words(
                f"{one['people']:,} 人，新增 {one['added']:,} 人", f"{one['people']:,} people, adds {one['added']:,}"
            )
    if answer["people"] is not None:
        yield in_words(
            f"相加 {answer['summed']:,} 人次，每人只算一次是 {answer['people']:,} 人（依据：{answer['basis']}）",
            f"added up {answer['summed']:,}; each counted once {answer['people']:,} people (by {answer['basis']})",
        )
