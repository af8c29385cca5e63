"""Shows a brief's ranking in the terminal."""

import time
from typing import Any

import click

from marketplace.cli.client import ApiClient
from marketplace.cli.output import Column, echo_json, table
from marketplace.core.money import Money

WAIT_S = 0.5


def _per_thousand(row: dict[str, Any]) -> str:
    value = row["parts"]["per_thousand"][0]
    return "-" if value is None else Money(row["parts"]["currency"], round(value)).show()


def _interval(name: str) -> Any:
    def text(row: dict[str, Any]) -> str:
        point, low, high = row["parts"][name]
        return "-" if point is None else f"{point:,.0f} ({low or 0:,.0f} to {high or 0:,.0f})"

    return text


def _overall(row: dict[str, Any]) -> str:
    if row["overall"] is None:
        return "-"
    return f"{row['overall']:.1f} ({row['overall_low'] or 0:.0f} to {row['overall_high'] or 0:.0f})"


COLUMNS: tuple[Column, ...] = (
    ("rank", "rank"),
    ("channel", "channel_name"),
    ("overall", _overall),
    ("on-target people, 80 %", _interval("people")),
    ("per 1,000", _per_thousand),
    ("fit", lambda row: f"{row['parts']['fit']:.2f}"),
    ("intrusiveness", lambda row: "{low:.0f} to {high:.0f}".format(**row["intrusiveness"])),
    ("flags", "flags"),
)


@click.command("ranking")
@click.argument("brief")
@click.option("--most", type=click.IntRange(1, 1000), default=20, show_default=True, help="rows to show")
@click.option("--wait", is_flag=True, help="wait until every match is fresh")
@click.option("--why", is_flag=True, help="tell the reasons of each match")
@click.option("--language", type=click.Choice(["zh", "en"]), default="en", show_default=True)
@click.pass_obj
def show_ranking(api: ApiClient, brief: str, most: int, wait: bool, why: bool, language: str) -> None:
    """Show a BRIEF's matches by rank, and how many are fresh."""
    while True:
        page = api.call("GET", f"/briefs/{brief}/ranking", query={"limit": min(most, 100)})
        if not wait or page["fresh"] == page["total"]:
            break
        click.echo(f"{page['fresh']} of {page['total']} fresh", err=True)
        time.sleep(WAIT_S)
    if api.as_json:
        echo_json(page)
        return
    print_ranking(page, why, language)


def print_ranking(page: dict[str, Any], why: bool, language: str) -> None:
    click.echo(f"{page['fresh']} of {page['total']} matches are fresh")
    if page["sealed"]:
        click.echo("The bids are sealed until the brief closes.")
        return
    table(page["data"], COLUMNS)
    if why:
        for match in page["data"]:
            click.echo(f"\n{match['rank']}. {match['channel_name']}")
            for reason in match["reasons"]:
                click.echo(f"   {reason[language]}")
