"""Help in one style: a sentence in the imperative for each command, and a word on each option and argument."""

import re

import click
import pytest
from click.testing import CliRunner

from marketplace.cli.main import main
from tests.cli import commands

COMMANDS = dict(commands.every())
PARAMS = dict(commands.params())
SENTENCE = re.compile(r"[A-Z\"].*\.(?: \(administrators\)\.)?", re.DOTALL)
# What a sentence must not begin with: an article, or a word for what the thing is.
NO_VERBS = ("A", "An", "The", "Your", "What", "Whether", "How")


def groups(command: click.Command = main, path: str = "inlay") -> list[tuple[str, click.Group]]:
    if not isinstance(command, click.Group):
        return []
    context = click.Context(command)
    inner = [(name, command.get_command(context, name)) for name in command.list_commands(context)]
    return [(path, command), *(one for name, found in inner if found for one in groups(found, name))]


def test_each_command_says_in_a_sentence_what_it_does() -> None:
    assert len(COMMANDS) > 150
    for words, command in COMMANDS.items():
        first = (command.help or "").split("\n\n")[0]
        assert SENTENCE.fullmatch(first.strip()), words
        assert first.split()[0] not in NO_VERBS, words
    for name, group in groups()[1:]:
        assert SENTENCE.fullmatch((group.help or "").split("\n\n")[0].strip()), name
        assert (group.help or "").split()[0] not in NO_VERBS, name


def test_each_option_and_each_argument_is_explained() -> None:
    for words, param in PARAMS.items():
        help_ = getattr(param, "help", None)
        assert help_, words
        assert SENTENCE.fullmatch(help_.strip()) or help_[0].islower(), words
        assert help_.rstrip().endswith((".", "...")), words


def test_no_sentence_of_the_lists_is_cut_at_80_columns() -> None:
    for name, group in groups():
        text = CliRunner(env={"COLUMNS": "80"}).invoke(group, ["--help"]).output
        cut = [line for line in text.splitlines() if line.endswith("...") and not line.startswith("Usage")]
        assert cut == [], name


@pytest.mark.parametrize("words", list(COMMANDS), ids=" ".join)
def test_json_and_language_may_stand_after_each_command(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(main, [*words, "--json", "--language", "zh", "--help"])
    assert done.exit_code == 0, done.output
    assert "--json" in done.output
    assert "--language" in done.output
