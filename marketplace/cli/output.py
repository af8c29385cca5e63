"""Prints the answers of the `inlay` command: tables and summaries for people, JSON for programs."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import click

from marketplace.cli.client import spoken
from marketplace.cli.shown import words
from marketplace.cli.shown.table_layout import ShownColumn, lines, places, screen_height
from marketplace.core.message import Bilingual
from marketplace.core.money import MINOR_DIGITS, Money
from marketplace.drawing.svg import number

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?(\.\d+)?(Z|\+00:00)")
# Numbers and amounts as tables show them, which stand to the right.
_NUMBER = re.compile(r"-|(?:[A-Z]{3} )?-?[\d.,]+(?:k|M|bn|tn|万|亿|万亿|%)?")
# What people read in full; from here on in three digits, with k and M, or 万 and 亿.
_ROUNDED_FROM = 10_000


class Column(NamedTuple):
    """A column of a table: its heading (a key of `shown/words.py`), a dotted path or a function of the row, and, for
    text that may be cut, how many places it needs at least. Ids and numbers are never cut."""

    heading: str
    value: str | Callable[[dict[str, Any]], Any]
    least: int = 0


def echo_json(thing: Any) -> None:
    click.echo(json.dumps(thing, ensure_ascii=False, indent=2))


def table(
    rows: Iterable[dict[str, Any]], columns: Sequence[Column | tuple[str, Any]], title: str | None = None
) -> None:
    """Print rows as a table no wider than the terminal: columns for which there is no room are left out, from the
    right; what is piped is 80 wide, or COLUMNS."""
    given = list(rows)
    shown = [Column(*column) for column in columns]
    if title is not None:
        click.echo(title)
    if not given:
        click.echo(words.NONE.zh if spoken() == "zh" else words.NONE.en)
        return
    heading, *rest = lines([_column(column, given) for column in shown])
    click.secho(heading, bold=True)
    for line in rest:
        click.echo(line)


def find(row: Any, value_of: str | Callable[[dict[str, Any]], Any]) -> Any:
    if callable(value_of):
        return value_of(row)
    value: Any = row
    for part in value_of.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _column(column: Column, rows: Sequence[dict[str, Any]]) -> ShownColumn:
    cells = [_shown(find(row, column.value), column.heading in words.CODED) for row in rows]
    return ShownColumn(words.heading(column.heading, spoken()), cells, column.least, all(map(_NUMBER.fullmatch, cells)))


def _is_money(value: Any) -> bool:
    return isinstance(value, Mapping) and {"amount_minor", "currency"} <= value.keys()


def _shown(value: Any, coded: bool) -> str:
    return words.value(value, spoken()) if coded and isinstance(value, str) else brief_cell(value)


def brief_cell(value: Any) -> str:
    """Return a value as tables show it: large numbers and amounts in three digits, as the trade writes them."""
    if _is_money(value):
        return brief_money(value["currency"], value["amount_minor"])
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= _ROUNDED_FROM:
        return number(value, spoken())
    if isinstance(value, str):
        return _TIME.sub(r"\1 \2Z", value)
    return cell(value)


def brief_money(currency: str, minor: float | None) -> str:
    """Return an amount in minor units as tables show it: CNY 191k, CNY 19.1万; below ten thousand to the unit."""
    if minor is None:
        return "-"
    major = minor / 10 ** MINOR_DIGITS[currency]
    if abs(major) >= _ROUNDED_FROM:
        return f"{currency} {number(major, spoken())}"
    return f"{currency} {major:,.0f}" if major >= 100 or major == int(major) else f"{currency} {major:,.2f}"


def people(value: float | None) -> str:
    """Return a count as tables show it."""
    return "-" if value is None else brief_cell(round(value))


def share(value: float | None) -> str:
    """Return a share of 0 to 1 in per cent."""
    return "-" if value is None else f"{value:.0%}"


def cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return words.value(str(value).lower(), spoken())
    if _is_money(value):
        return Money(value["currency"], value["amount_minor"]).show()
    if isinstance(value, float):
        # A share of 0.31 is not 0.3.
        return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.3g}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(cell(part) for part in value) or "-"
    return str(value)


def fields(thing: dict[str, Any]) -> None:
    """Print one object, a line for each value, nested objects indented. Of sentences only those in one language."""
    for line in field_lines(thing):
        click.echo(line)


def field_lines(thing: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """Yield the lines of `fields`."""
    other = "en" if spoken() == "zh" else "zh"
    for name, value in thing.items():
        if name == other or name.endswith(f"_{other}"):
            continue
        said = _sentence(value)
        if said is not None:
            yield f"{indent}{name}: {said}"
        elif isinstance(value, Mapping) and not _is_money(value):
            yield f"{indent}{name}:{'' if value else ' -'}"
            yield from field_lines(value, indent + "  ")
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            yield f"{indent}{name}:"
            for part in value:
                yield from _part_lines(part, indent + "  ")
        else:
            shown = words.value(value, spoken()) if name in words.STATES and isinstance(value, str) else cell(value)
            yield f"{indent}{name}: {shown}"


def _part_lines(part: Mapping[str, Any], indent: str) -> Iterator[str]:
    said = _sentence(part)
    if said is not None:
        yield f"{indent}- {said}"
        return
    for at, line in enumerate(field_lines(part)):
        yield f"{indent}{'- ' if at == 0 else '  '}{line}"


def _sentence(value: Any) -> str | None:
    """Return the sentence of a message in the language of the command, None for what is no message."""
    if isinstance(value, Mapping) and value.keys() <= {"zh", "en", "code", "numbers"} and {"zh", "en"} <= value.keys():
        return str(value[spoken()])
    return None


def told(sentence: Mapping[str, Any]) -> str:
    """Return what a message of the API says, in the language of the command."""
    return str(sentence[spoken()])


def hint(sentence: Bilingual) -> None:
    """Tell on standard error what to do next; standard output holds the answer alone."""
    click.echo(sentence.zh if spoken() == "zh" else sentence.en, err=True)


def summary(made: Iterable[str]) -> None:
    """Print the lines of a summary, as many as the terminal shows at once."""
    room = screen_height() - 2
    for line in made:
        room -= places(line)
        if room < 0:
            hint(Bilingual("……（--all 看全部）", "... (--all prints the whole)"))
            return
        click.echo(line)
