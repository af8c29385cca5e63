"""Shows in the terminal what deals close at, compared with list prices."""

from typing import Any

import click

from marketplace.cli.calls.api_commands import ROWS, tell_of_more
from marketplace.cli.client import ApiClient, say
from marketplace.cli.number_options import WholeNumber
from marketplace.cli.output import Column, echo_json, share, table
from marketplace.cli.shown.summaries import in_words
from marketplace.core.message import Bilingual

TIERS = (
    Bilingual("3 万以下", "under 30k"),
    Bilingual("3–10 万", "30k–100k"),
    Bilingual("10–50 万", "100k–500k"),
    Bilingual("50 万以上", "from 500k"),
)


def _other() -> str:
    return in_words("其他", "other")


def _months(row: dict[str, Any]) -> str:
    first, last = row["first_month"][:7], row["last_month"][:7]
    return first if first == last else f"{first} – {last}"


def _tier(row: dict[str, Any]) -> str:
    return _other() if row["tier"] is None else say(TIERS[row["tier"]])


COLUMNS: tuple[Column, ...] = (
    Column("vertical", lambda row: row["vertical"] or _other()),
    Column("platform", lambda row: row["platform"] or _other()),
    Column("followers", _tier),
    Column("of list", lambda row: share(row["median"])),
    Column("quartiles", lambda row: f"{share(row['low'])}–{share(row['high'])}"),
    Column("deals", "deals"),
    Column("months", _months),
)


@click.command("price-index")
@click.option("--vertical", help="Only this vertical, such as food.")
@click.option("--limit", type=WholeNumber(1, 10_000), default=ROWS, show_default=True, help="The most rows to show.")
@click.option("--after", metavar="ID", help="Go on after this row: the next page.")
@click.option("--all", "whole", is_flag=True, help="Show all rows.")
@click.pass_obj
def price_index(api: ApiClient, vertical: str | None, limit: int, after: str | None, whole: bool) -> None:
    """Show settled over listed prices; it needs no key.

    "other" is what no finer row tells of; the deals are at least so many.
    """
    rows, more = api.some("/price-index", {"vertical": vertical, "starting_after": after}, None if whole else limit)
    if api.as_json:
        echo_json(rows)
    else:
        table(rows, COLUMNS)
    if more:
        tell_of_more(rows, Column("id", "id"))
