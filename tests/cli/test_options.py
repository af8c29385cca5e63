"""Options take what the API takes: the same names, numbers between the same ends, and nothing that is no number."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from marshmallow import fields, validate

from marketplace.briefs.vocabulary import MARKETS
from marketplace.channels import schemas as channels
from marketplace.cli.main import main
from marketplace.cli.number_options import MoneyAmount, RealNumber, WholeNumber
from marketplace.core.jobs import QUEUES
from marketplace.core.money import AMOUNT_MAX
from marketplace.identity.schemas import PartyIn
from marketplace.matching.audience import channel_tags
from marketplace.matching.gates.schemas import AcceptIn
from marketplace.matching.overlap.schemas import SketchIn
from marketplace.matching.pricing.schemas import DAYS_MAX
from marketplace.matching.scoring.schemas import LANGUAGES
from marketplace.matching.selection import schemas as selection
from marketplace.reviews.schemas import DecisionsIn
from marketplace.reviews.states import DECIDABLE
from tests.cli import commands

PARAMS = dict(commands.params())
NUMBERS = {name: param for name, param in PARAMS.items() if isinstance(param.type, WholeNumber | RealNumber)}
MONEY = {name: param for name, param in PARAMS.items() if isinstance(param.type, MoneyAmount)}
NO_NUMBERS = ("nan", "-nan", "inf", "-inf", "1e400", "-1", "", " ", "1e999999999", "9" * 5000, "ten", "0x10", "1..2")


@pytest.mark.parametrize(
    "words",
    [("briefs", "create", "--file"), ("check-video", "f.json", "--brand", "b", "--plan"), ("verify", "bids", "--file")],
)
def test_a_file_with_a_name_twice_is_refused_by_the_name(tmp_path: Path, words: tuple[str, ...]) -> None:
    file = tmp_path / "f.json"
    file.write_text('{"brief": {}, "bids": [], "commitments": [], "brief": {"budget": 5}}')
    done = CliRunner().invoke(main, [str(file) if word == "f.json" else word for word in words] + [str(file)])
    assert (done.exit_code, "the name 'brief' stands twice in one object" in done.output) == (2, True), done.output


def of_api(schema: type, name: str) -> validate.OneOf | validate.Range:
    """The rule of a field, or of the members of a list, that says what it takes."""
    field: Any = schema().fields[name]
    field = field.inner if isinstance(field, fields.List) else field
    [rule] = [one for one in field.validators if isinstance(one, validate.OneOf | validate.Range)]
    return rule


def choices_of(schema: type, name: str) -> Sequence[str]:
    rule = of_api(schema, name)
    assert isinstance(rule, validate.OneOf)
    return list(rule.choices)


# What the choices of each option are, by the option's name: in the API, or of the machine's own.
CHOICES: Mapping[str, Sequence[str]] = {
    "overlaps sketch --kind": sorted(choices_of(SketchIn, "kind")),
    "sign-up --kind": choices_of(PartyIn, "kind"),
    "--despite": choices_of(AcceptIn, "despite"),
    "--language": LANGUAGES,
    "--shape": channels.SHAPES,
    "export --shape": channels.WRITTEN_SHAPES,
    "--decimal": choices_of(channels.ImportQuery, "decimal"),
    "--shares": choices_of(channels.ImportQuery, "shares"),
    "--market": MARKETS,
    "--verdict": choices_of(DecisionsIn, "verdict"),
    "--status": list(map(str, DECIDABLE)),
    "--prove": selection.PROVE,
    "--queue": QUEUES,
    "--vertical": channel_tags.VERTICALS,
    "part": ("worker", "ringer"),
    "shell": ("bash", "zsh", "fish"),
}


@pytest.mark.parametrize("name", [name for name, param in PARAMS.items() if isinstance(param.type, click.Choice)])
def test_choices_are_those_of_the_api(name: str) -> None:
    choice = PARAMS[name].type
    assert isinstance(choice, click.Choice)
    assert sorted(choice.choices) == sorted(CHOICES.get(name) or CHOICES[name.split()[-1]])


@pytest.mark.parametrize("command", ["select", "what-if"])
@pytest.mark.parametrize(
    ("option", "schema", "name"),
    [
        ("--min-bids", selection.SelectionIn, "bids_min"),
        ("--max-bids", selection.SelectionIn, "bids_max"),
        ("--per-agency", selection.SelectionCaps, "agency"),
        ("--per-platform", selection.SelectionCaps, "platform"),
        ("--per-niche", selection.SelectionCaps, "niche"),
        ("--contacts", selection.SelectionIn, "contacts_per_person_max"),
        ("--intrusiveness", selection.SelectionIn, "intrusiveness_max"),
        ("--ad-load", selection.SelectionIn, "ad_load_max"),
        ("--largest-share", selection.SelectionIn, "largest_share"),
        ("--time-limit", selection.SelectionIn, "time_limit_s"),
    ],
)
def test_ends_are_those_of_the_api(command: str, option: str, schema: type, name: str) -> None:
    if f"{command} {option}" not in PARAMS:
        assert (command, option) == ("what-if", "--time-limit")
        return
    assert ends(PARAMS[f"{command} {option}"]) == range_of(schema, name)


def test_ends_of_other_numbers_are_those_of_the_api() -> None:
    assert ends(PARAMS["bids accept --option"]) == range_of(AcceptIn, "option")
    assert ends(PARAMS["channels price --exclusivity-days"]) == (0, DAYS_MAX)


def ends(param: click.Parameter) -> tuple[Any, Any]:
    assert isinstance(param.type, WholeNumber | RealNumber)
    return param.type.min, param.type.max


def range_of(schema: type, name: str) -> tuple[Any, Any]:
    rule = of_api(schema, name)
    assert isinstance(rule, validate.Range)
    return rule.min, rule.max


def test_no_number_is_taken_without_ends() -> None:
    plain = (click.types.IntParamType, click.types.FloatParamType)
    numbers = {name for name, param in PARAMS.items() if isinstance(param.type, plain)}
    assert numbers == set(NUMBERS)
    options = ("--budget", "--handling", "--smallest-bid")
    assert set(MONEY) == {f"{command} {option}" for command in ("select", "what-if") for option in options}


@pytest.mark.parametrize("name", [*NUMBERS, *MONEY])
def test_what_is_no_number_is_refused_with_one_line(name: str, tmp_path: Path) -> None:
    *words, option = name.split()
    file = tmp_path / "file"
    file.write_text("{}")
    command = dict(commands.every())[tuple(words)]
    amounts = [str(AMOUNT_MAX + 1), *(["0"] if option == "--budget" else [])] if name in MONEY else []
    for text in (*NO_NUMBERS, *amounts):
        # The parser converts parameters in the order in which they were typed, so nothing else is missing yet.
        arguments = [str(file) for param in command.params if isinstance(param, click.Argument)]
        done = CliRunner().invoke(main, [*words, f"{option}={text}", *arguments])
        assert (done.exit_code, done.stdout) == (2, ""), (text, done.output)
        [line] = done.stderr.splitlines()
        assert line.startswith(f"inlay: {option} "), line
        assert len(line) < 200


@pytest.mark.parametrize(("text", "minor"), [("60000", 6_000_000), ("60,000.5", 6_000_050), ("0.01", 1)])
def test_an_amount_of_money_is_read_in_its_currency(text: str, minor: int, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = calls(monkeypatch)
    assert CliRunner().invoke(main, ["--json", "what-if", "brf_1", "--budget", text]).exit_code == 0
    assert sent[-1]["budget"] == {"amount_minor": minor, "currency": "CNY"}


def test_a_deal_may_be_handled_for_nothing_and_no_bid_be_too_small(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = calls(monkeypatch)
    words = ["--json", "what-if", "brf_1", "--handling", "0", "--smallest-bid", "0", "--largest-share", "1"]
    assert CliRunner().invoke(main, words).exit_code == 0
    nothing = {"amount_minor": 0, "currency": "CNY"}
    assert (sent[-1]["handling_per_deal"], sent[-1]["smallest_bid"], sent[-1]["largest_share"]) == (nothing, nothing, 1)


@pytest.mark.parametrize("text", ["0.001", "10.005", "99999999999", "1e-20", "1e-999999999"])
def test_an_amount_that_its_currency_cannot_have_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = calls(monkeypatch)
    done = CliRunner().invoke(main, ["what-if", "brf_1", "--budget", text])
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert sent == [None]


def calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The bodies that are sent, to an API that knows one brief in CNY."""
    sent: list[Any] = []

    def call(_: Any, method: str, path: str, body: Any = None, **__: Any) -> Any:
        sent.append(body)
        return {"budget": {"amount_minor": 1, "currency": "CNY"}} if method == "GET" else {"path": path}

    monkeypatch.setattr("marketplace.cli.client.ApiClient.call", call)
    return sent
