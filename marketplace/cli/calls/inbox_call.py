"""`inlay inbox`: what waits for whoever asks, by when, and the command that answers it."""

import re
from collections.abc import Mapping
from typing import Any

import click

from marketplace.cli.calls import all_calls
from marketplace.cli.calls.api_commands import ROWS, tell_of_more
from marketplace.cli.client import ApiClient
from marketplace.cli.number_options import WholeNumber
from marketplace.cli.output import Column, brief_cell, echo_json, told
from marketplace.cli.shown.summaries import in_words

_ID = r"[a-z]{3}_[0-9a-z]{26}"


def command_of(call: Mapping[str, Any]) -> str:
    """Return the command that makes a call of the API, with the ids of its path; the call itself where none does."""
    path = call["path"].removeprefix("/api/v1")
    for one in all_calls.CALLS:
        if one.method == call["method"] and re.fullmatch(re.sub(r"\{\w+\}", _ID, one.path), path):
            return " ".join(["inlay", one.noun, one.verb, *re.findall(_ID, path)])
    for command, calls in all_calls.BY_HAND.items():
        if any(re.fullmatch(re.sub(r"\{\w+\}", _ID, made), f"{call['method']} {path}") for made in calls):
            return " ".join(["inlay", command, *re.findall(_ID, path)])
    return f"{call['method']} {call['path']}"


def duty_lines(duty: Mapping[str, Any]) -> list[str]:
    """Return a duty as lines: by when, what to do and about what, what silence does, and the commands that answer."""
    by = brief_cell(duty["answer_by"])[:16] if duty["answer_by"] else in_words("无期限", "no date")
    late = in_words("（已过期）", " (overdue)") if duty["is_overdue"] else ""
    about = in_words(f"：{duty['about']}", f": {duty['about']}") if duty["about"] else ""
    silence, calls = told(duty["silence"]), duty["calls"]
    return [
        f"{by}{late}  {told(duty)}{about}",
        in_words(f"    不答复：{silence}", f"    silence: {silence}"),
        *(f"    {command_of(call)}" for call in calls),
    ]


@click.command("inbox")
@click.option("--subject", help="Only duties on this kind of thing, such as deals.")
@click.option("--limit", type=WholeNumber(1, 10_000), default=ROWS, show_default=True, help="The most rows to show.")
@click.option("--after", metavar="ID", help="Go on after this row: the next page.")
@click.option("--all", "whole", is_flag=True, help="Show all rows.")
@click.pass_obj
def inbox(api: ApiClient, subject: str | None, limit: int, after: str | None, whole: bool) -> None:
    """Show what waits for you: by when, and what silence does.

    The oldest date first; under each duty stand the commands that answer it.
    """
    rows, more = api.some("/inbox", {"subject": subject, "starting_after": after}, None if whole else limit)
    if api.as_json:
        echo_json(rows)
    elif not rows:
        click.echo(in_words("没有等您处理的事。", "Nothing waits for you."))
    for row in [] if api.as_json else rows:
        for line in duty_lines(row):
            click.echo(line)
    if more:
        tell_of_more(rows, Column("id", "id"))
