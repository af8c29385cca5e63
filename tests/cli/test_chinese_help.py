"""Help in Chinese: every sentence has its translation, and lines are as wide as the terminal at most."""

import inspect
import re
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from marketplace.cli.help_formatter import HEADINGS, chinese_texts, wrapped
from marketplace.cli.main import COMMANDS, main
from tests.cli import commands
from tests.cli.test_help import groups

PATHS = [(), *(tuple(name.split()[1:]) for name, _ in groups()[1:]), *dict(commands.every())]
HAN = re.compile("[\u4e00-\u9fff]")


def sentences() -> Iterator[str]:
    """Every paragraph of a command's help, and every option's, in one line."""
    texts = [command.help for _, command in commands.every()]
    texts += [group.help for _, group in groups()] + [command.help for command in COMMANDS.values()]
    texts += [getattr(param, "help", None) for _, param in commands.params()]
    texts += [getattr(param, "help", None) for _, group in groups() for param in group.params]
    for text in texts:
        for paragraph in inspect.cleandoc(text or "").split("\n\n"):
            if paragraph and not paragraph.startswith("\b"):
                yield " ".join(paragraph.split())


def test_every_sentence_is_translated_and_no_other() -> None:
    wanted = {*sentences(), "Show this message and exit."}
    assert len(wanted) > 400
    assert chinese_texts().keys() == wanted
    assert all(HAN.search(text) for text in chinese_texts().values())
    assert set(main.sections) <= HEADINGS.keys()


@pytest.mark.parametrize("columns", [80, 120])
def test_help_fits_the_terminal_in_chinese(columns: int) -> None:
    for words in PATHS:
        done = CliRunner(env={"COLUMNS": str(columns)}).invoke(main, ["--language", "zh", *words, "--help"])
        assert done.exit_code == 0, words
        assert done.output.startswith("用法："), words
        told = done.output.split("\n\n")[1]
        assert HAN.search(told), (words, told)
        wide = [line for line in done.output.splitlines() if cell_len(line) > columns and " [" not in line]
        assert wide == [], words


def test_the_language_is_that_of_the_line_or_the_environment() -> None:
    for line in (["bids", "list", "--language", "zh", "--help"], ["--language", "zh", "--help"]):
        assert HAN.search(CliRunner().invoke(main, line).output)
    assert HAN.search(CliRunner(env={"INLAY_LANGUAGE": "zh"}).invoke(main, ["--help"]).output)
    for line in (["bids", "list", "--help"], ["--language", "en", "--help"]):
        assert not HAN.search(CliRunner(env={"INLAY_LANGUAGE": "en"}).invoke(main, line).output)


def test_lines_break_between_letters_and_never_before_a_closing_mark() -> None:
    assert wrapped("一二三四，五六 word。七", 8) == ["一二三", "四，五六", "word。七"]
    assert wrapped("一二三四。", 8) == ["一二三", "四。"]
    assert wrapped("", 8) == [""]
