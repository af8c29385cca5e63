"""Shows in the terminal what deals close at, compared with list prices."""

from typing import Any

import click

from marketplace.cli.client import ApiClient
from marketplace.cli.number_options import WholeNumber
from marketplace.cli.output import Column, echo_json, table

TIERS = ("under 30,000", "30,000-100,000", "100,000-500,000", "from 500,000")


def _months(row: dict[str, Any]) -> str:
    first, last = row["first_month"][:7], row["last_month"][:7]
    return first if first == last else f"{first} to {last}"


def _tier(row: dict[str, Any]) -> str:
    return "other" if row["tier"] is None else TIERS[row["tier"]]


COLUMNS: tuple[Column, ...] = (
    ("months", _months),
    ("followers", _tier),
    ("vertical", lambda row: row["vertical"] or "other"),
    ("platform", lambda row: row["platform"] or "other"),
    ("paid of list, median", lambda row: f"{row['median']:.0%}"),
    ("quartiles", lambda row: f"{row['low']:.0%} to {row['high']:.0%}"),
    ("deals, at least", "deals"),
)


@click.command("price-index")
@click.option("--vertical", help="only this vertical")
@click.option("--most", type=WholeNumber(1, 10_000), default=20, show_default=True, help="rows to show")
@click.pass_obj
def price_index(api: ApiClient, vertical: str | None, most: int) -> None:
    """Show settled over listed prices; "other" is what no finer row tells of. Needs no key."""
    rows = api.every("/price-index", {"vertical": vertical}, most)
    if api.as_json:
        echo_json(list(rows))
    else:
        table(rows, COLUMNS)
