"""Whatever people read is written in Chinese and in English, each in a text of its own.

That refusals take nothing else than both languages is what their types say (`make check`); what types cannot say is
held here, over the source.
"""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*ROOT.glob("marketplace/**/*.py"), *ROOT.glob("workers/**/*.py")])
HAN = re.compile("[\u4e00-\u9fff]")
# Where the two texts stand among the arguments.
BOTH = {
    "Bilingual": 0,
    "refusal": 0,
    "LoadText": 0,
    "FileRefused": 0,
    "CannotKeep": 0,
    "BadSketch": 0,
    "BadReference": 0,
    "Message": 1,
}
# Settings are read by whoever runs the market, before anybody has a language.
ENGLISH_ONLY = {ROOT / "marketplace/core/config.py"}


def written(node: ast.AST) -> str:
    """Return the fixed parts of a text, without what is filled in."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(written(part) for part in node.values)
    return written(node.left) + written(node.right) if isinstance(node, ast.BinOp) else ""


def name_of(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def filled_in(node: ast.AST) -> set[str]:
    """Return the attributes that a text is filled with, whatever else is chosen between."""
    if isinstance(node, ast.IfExp):
        return set()
    inner = {name for part in ast.iter_child_nodes(node) for name in filled_in(part)}
    return inner | {node.attr} if isinstance(node, ast.Attribute) else inner


# What holds the code of a state, and is not to be put into a sentence as it is.
CODES = frozenset(("state", "status", "verdict", "claim_status"))


def codes_in(node: ast.AST) -> set[str]:
    """Return the states that a text is filled with as they are stored: `row.status`, `answer["state"]`, `status`."""
    if isinstance(node, ast.FormattedValue):
        value = node.value
        if ast.unparse(value) in ("response.status", "answer.status"):  # of HTTP, a number
            return set()
        name = getattr(value, "id", getattr(value, "attr", None))
        if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant):
            name = value.slice.value
        return {name} & CODES
    return {name for part in ast.iter_child_nodes(node) for name in codes_in(part)}


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def assert_each_in_its_own_language(call: ast.Call) -> None:
    first = BOTH.get(name_of(call))
    if first is None or len(call.args) < first + 2:
        return
    zh, en = call.args[first], call.args[first + 1]
    if is_text(zh) and is_text(en) and re.search("[A-Za-z]{2} [a-z]", written(en)):
        assert HAN.search(written(zh)), f"line {zh.lineno} is not Chinese: {written(zh)}"
        assert not HAN.search(written(en)), f"line {en.lineno} is not English: {written(en)}"


def assert_one_language(text: ast.expr) -> None:
    if isinstance(text, ast.JoinedStr):
        assert not {"zh", "en"} <= filled_in(text), f"line {text.lineno} puts two languages into one text"
    both = re.search("[\u4e00-\u9fff][。！？]? / [A-Z][a-z]+ [a-z]+ ", written(text))
    assert not both, f"line {text.lineno}: {written(text)}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_text_is_in_a_language_of_its_own(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            assert_each_in_its_own_language(node)
            for text in node.args if name_of(node) in (*BOTH, "in_words") else ():
                assert not codes_in(text), f"line {text.lineno}: say it with `state_name`"
            if name_of(node) == "ValidationError" and path not in ENGLISH_ONLY:
                assert not is_text(node.args[0]), f"line {node.lineno}: say it with `refusal(zh, en)`"
        elif isinstance(node, ast.expr) and is_text(node):
            assert_one_language(node)


def test_the_rules_see_what_they_forbid() -> None:
    both, schema = 'f"{error.zh} / {error.en}"', 'raise ValidationError("Not a link.")'
    assert filled_in(ast.parse(both)) == {"zh", "en"}
    told = 'f"{bid.status} {bid.name}"', """f'{answer["state"]}'""", 'f"{status}"', 'f"{name.zh}"'
    assert [codes_in(ast.parse(text)) for text in told] == [{"status"}, {"state"}, {"status"}, set()]
    raised = next(node for node in ast.walk(ast.parse(schema)) if isinstance(node, ast.Call))
    assert is_text(raised.args[0])
    assert HAN.search(written(ast.parse('f"最多 {most} 字节。"', mode="eval").body))
