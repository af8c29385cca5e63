"""Prints the answers of the `inlay` command: tables for people, JSON for programs."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from marketplace.core.lazy_import import lazy_module
from marketplace.core.money import Money

if TYPE_CHECKING:
    import rich.console as rich_console
    import rich.table as rich_table
else:
    rich_console = lazy_module("rich.console")
    rich_table = lazy_module("rich.table")

Column = tuple[str, str | Callable[[dict[str, Any]], Any]]


def echo_json(thing: Any) -> None:
    click.echo(json.dumps(thing, ensure_ascii=False, indent=2))


def table(rows: Iterable[dict[str, Any]], columns: Sequence[Column], title: str | None = None) -> None:
    """Print rows as a table. A column is (heading, dotted path or function)."""
    rendered = rich_table.Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for heading, _ in columns:
        rendered.add_column(heading, overflow="fold", no_wrap=heading in ("id", "bid"))
    count = 0
    for row in rows:
        count += 1
        rendered.add_row(*[cell(find(row, value_of)) for _, value_of in columns])
    console = rich_console.Console(soft_wrap=False)
    console.print(rendered if count else "(none)")


def find(row: dict[str, Any], value_of: str | Callable[[dict[str, Any]], Any]) -> Any:
    if callable(value_of):
        return value_of(row)
    value: Any = row
    for part in value_of.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, dict) and {"amount_minor", "currency"} <= value.keys():
        return Money(value["currency"], value["amount_minor"]).show()
    if isinstance(value, float):
        # A share of 0.31 is not 0.3.
        return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.3g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(cell(part) for part in value) or "-"
    return str(value)


def fields(thing: dict[str, Any], indent: str = "") -> None:
    """Print one object, a line for each value, nested objects indented."""
    for name, value in thing.items():
        if isinstance(value, dict) and not {"amount_minor", "currency"} <= value.keys():
            click.echo(f"{indent}{name}:")
            fields(value, indent + "  ")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            click.echo(f"{indent}{name}:")
            for part in value:
                click.echo(f"{indent}  -")
                fields(part, indent + "    ")
        else:
            click.echo(f"{indent}{name}: {cell(value)}")
