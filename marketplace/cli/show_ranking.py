"""Shows a brief's ranking in the terminal."""

import time
from typing import Any

import click

from marketplace.cli.client import ApiClient
from marketplace.cli.number_options import WholeNumber
from marketplace.cli.output import Column, echo_json, table
from marketplace.core.money import Money

WAIT_S = 0.5
PAGE = 100
# What a bid can end as.
ENDS = ("withdrawn", "declined", "void", "lapsed")


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


def _fit(row: dict[str, Any]) -> str:
    fit = row["parts"]["fit"]
    return "-" if fit is None else f"{fit:.2f}"


def bid_status(row: dict[str, Any]) -> str:
    """Return what became of a ranked bid, and "" for an open one. A gate knows before the stored status follows."""
    over = next((gate["code"] for gate in row["gates"] if gate["code"] in ENDS), row["bid_status"])
    return "" if over == "open" else str(over)


COLUMNS: tuple[Column, ...] = (
    ("rank", "rank"),
    ("channel", "channel_name"),
    ("overall", _overall),
    ("on-target people, 80 %", _interval("people")),
    ("per 1,000", _per_thousand),
    ("fit", _fit),
    ("intrusiveness", lambda row: "{low:.0f} to {high:.0f}".format(**row["intrusiveness"])),
    ("flags", "flags"),
)
STATUS: Column = ("status", bid_status)


@click.command("ranking")
@click.argument("brief")
@click.option("--most", type=WholeNumber(1, 1000), default=20, show_default=True, help="rows to show")
@click.option("--wait", is_flag=True, help="wait until every match is fresh")
@click.option("--why", is_flag=True, help="tell the reasons of each match")
@click.option("--language", type=click.Choice(["zh", "en"]), default="en", show_default=True)
@click.pass_obj
def show_ranking(api: ApiClient, brief: str, most: int, wait: bool, why: bool, language: str) -> None:
    """Show a BRIEF's matches by rank, and how many are fresh."""
    while True:
        page = api.call("GET", f"/briefs/{brief}/ranking", query={"limit": min(most, PAGE)})
        if not wait or page["fresh"] == page["total"]:
            break
        click.echo(f"{page['fresh']} of {page['total']} fresh", err=True)
        time.sleep(WAIT_S)
    while page["has_more"] and len(page["data"]) < most:
        query = {"limit": min(most - len(page["data"]), PAGE), "starting_after": page["data"][-1]["id"]}
        more = api.call("GET", f"/briefs/{brief}/ranking", query=query)
        page |= {"data": [*page["data"], *more["data"]], "has_more": more["has_more"]}
    if api.as_json:
        echo_json(page)
        return
    print_ranking(page, why, language)


def print_ranking(page: dict[str, Any], why: bool, language: str) -> None:
    click.echo(f"{page['fresh']} of {page['total']} matches are fresh")
    if page["sealed"]:
        click.echo("The bids are sealed until the brief closes.")
        return
    has_ended = any(bid_status(row) for row in page["data"])
    table(page["data"], (*COLUMNS[:2], STATUS, *COLUMNS[2:]) if has_ended else COLUMNS)
    if why:
        for match in page["data"]:
            rank = "-" if match["rank"] is None else f"{match['rank']}."
            status = f" ({bid_status(match)})" if bid_status(match) else ""
            click.echo(f"\n{rank} {match['channel_name']}{status}")
            for reason in match["reasons"]:
                click.echo(f"   {reason[language]}")
