"""What stopping a deal costs as lines for the terminal, in the language of the command."""

from collections.abc import Iterator, Mapping
from typing import Any

from marketplace.cli.client import spoken
from marketplace.cli.shown import summaries
from marketplace.core.message import Bilingual
from marketplace.core.money import Money

_STAGES = {
    "before_script": Bilingual("未交脚本", "before the script"),
    "after_script": Bilingual("已交脚本", "after the script"),
    "after_draft": Bilingual("已交成片", "after the draft"),
    "after_approval": Bilingual("成片已通过", "after its approval"),
}
_RULES = {
    "stage": Bilingual("按条款", "by the terms"),
    "late": Bilingual("创作方逾期", "the maker is late"),
    "maker_leaves": Bilingual("创作方退出", "the maker leaves"),
    "brand_silent": Bilingual("品牌方逾期未答复", "the brand owes an answer"),
}


def quote(answer: Mapping[str, Any]) -> Iterator[str]:
    """What cancelling costs for each deliverable, what silence does, and the command that asks for it."""
    content, in_words = answer["content"], summaries.in_words
    currency = content["currency"]

    def money(minor: int) -> str:
        return Money(currency, minor).show()

    for line in content["lines"]:
        stage, rule = _STAGES[line["stage"]].said_in(spoken()), _RULES[line["rule"]].said_in(spoken())
        name = f"- {line['position']} {line['title'] or ''}".rstrip()
        yield in_words(
            f"{name}：{stage}，{rule}；应付 {money(line['due_minor'])}，退回 {money(line['returned_minor'])}",
            f"{name}: {stage}, {rule}; {money(line['due_minor'])} due, {money(line['returned_minor'])} returned",
        )
    yield in_words(
        f"合计应付 {money(content['due_minor'])}，退回 {money(content['returned_minor'])}",
        f"{money(content['due_minor'])} due and {money(content['returned_minor'])} returned in all",
    )
    if content["live"]:
        places = ", ".join(map(str, content["live"]))
        yield in_words(f"已发布的继续结算：{places}", f"published, and settled as agreed: {places}")
    silence = content["silence_cancels"]
    yield in_words(
        "对方 72 小时不答复：取消" if silence else "对方 72 小时不答复：合作照旧",
        "72 hours without an answer: cancelled" if silence else "72 hours without an answer: it goes on as it was",
    )
    yield f"inlay deals cancel {content['deal_id']} --quote-hash {answer['quote_hash']} --reason ..."
