"""Shows a brief's ranking in the terminal."""

import time
from typing import Any

import click

from marketplace.cli.calls.api_commands import ROWS, tell_of_more
from marketplace.cli.calls.id_arguments import IdArgument
from marketplace.cli.client import ApiClient, spoken
from marketplace.cli.number_options import WholeNumber
from marketplace.cli.output import Column, brief_money, echo_json, hint, people, share, table, told
from marketplace.cli.shown import words
from marketplace.cli.shown.summaries import estimate, in_words
from marketplace.core.message import Bilingual
from marketplace.matching.gates.messages import GATE_NAMES

WAIT_S = 0.5
PAGE = 100


def _per_thousand(row: dict[str, Any]) -> str:
    return brief_money(row["parts"]["currency"], row["parts"]["per_thousand"][0])


def _cost(row: dict[str, Any]) -> str:
    return brief_money(row["parts"]["currency"], row["parts"]["cost"][0])


def _interval(row: dict[str, Any]) -> str:
    point, low, high = row["parts"]["people"]
    return estimate({"point": point, "low": low, "high": high})


def _overall(row: dict[str, Any]) -> str:
    if row["overall"] is None:
        return "-"
    return f"{row['overall']:.1f} ({row['overall_low'] or 0:.0f}–{row['overall_high'] or 0:.0f})"


def bid_status(row: dict[str, Any]) -> str:
    """Return how a ranked bid stands: accepted, or what keeps it from being accepted now, with the number of further
    gates that are shut; and whether it is too small for a set. "" for an open bid of which there is nothing to say."""
    gates = [gate["code"] for gate in row["gates"]]
    if row["bid_status"] != "open" and row["bid_status"] not in gates:
        gates = [row["bid_status"], *gates]
    stands = [gate_name(gates[0]) + (f" +{len(gates) - 1}" if len(gates) > 1 else "")] if gates else []
    if row["too_small"]:
        stands.append(in_words("金额太小", "too small"))
    return in_words("，", ", ").join(stands)


def gate_name(code: str) -> str:
    """Return a gate's short name in the language of the command, a bid's status in that of the states."""
    name = GATE_NAMES.get(code)
    return words.value(code, spoken()) if name is None else in_words(name.zh, name.en)


# The order in which they are dropped where there is no room is from the right.
COLUMNS: tuple[Column, ...] = (
    Column("bid", "bid_id"),
    Column("rank", "rank"),
    Column("channel", "channel_name", 8),
    Column("people", lambda row: people(row["parts"]["people"][0])),
    Column("per 1,000", _per_thousand),
    Column("intrusive", lambda row: "{low:.0f}–{high:.0f}".format(**row["intrusiveness"])),
    Column("fit", lambda row: share(row["parts"]["fit"])),
    Column("price", _cost),
    Column("overall", _overall),
    Column("people (80 %)", _interval),
    Column("flags", "flags", 8),
)
STATUS = Column("status", bid_status)


@click.command("ranking")
@click.argument("brief", type=IdArgument("brief"), help="A brief's id, brf_...")
@click.option("--limit", type=WholeNumber(1, 1000), default=ROWS, show_default=True, help="The most rows to show.")
@click.option("--after", type=IdArgument("match", "bid"), metavar="ID", help="Go on after this row: the next page.")
@click.option("--all", "whole", is_flag=True, help="Show all rows.")
@click.option("--wait", is_flag=True, help="Wait until every match is fresh.")
@click.option("--why", is_flag=True, help="Tell the reasons of each match.")
@click.pass_obj
def show_ranking(api: ApiClient, brief: str, limit: int, after: str | None, whole: bool, wait: bool, why: bool) -> None:
    """Rank the bids on a BRIEF, as they were known at its close.

    `inlay bids show` tells more of one of them, `inlay bids why` its reasons, and `inlay bids accept` accepts it.
    """
    path = f"/briefs/{brief}/ranking"
    while wait:
        state = api.call("GET", path, query={"limit": 1})
        if state["fresh"] == state["total"]:
            break
        hint(Bilingual(f"{state['total']} 个中 {state['fresh']} 个最新", f"{state['fresh']} of {state['total']} fresh"))
        time.sleep(WAIT_S)
    most = None if whole else limit
    # A match has the letters of its bid.
    start = None if after is None else "mtc_" + after.partition("_")[2]
    page = api.call("GET", path, query={"limit": min(most or PAGE, PAGE), "starting_after": start})
    while page["has_more"] and (most is None or len(page["data"]) < most):
        wanted = PAGE if most is None else min(most - len(page["data"]), PAGE)
        more = api.call("GET", path, query={"limit": wanted, "starting_after": page["data"][-1]["id"]})
        page |= {"data": [*page["data"], *more["data"]], "has_more": more["has_more"]}
    if api.as_json:
        echo_json(page)
        return
    print_ranking(page, why)
    if page["has_more"]:
        tell_of_more(page["data"], COLUMNS[0])


def print_ranking(page: dict[str, Any], why: bool) -> None:
    """Print the matches of a ranking, and the reasons of each where they are asked for."""
    if page["sealed"]:
        click.echo(in_words("截止报价前，报价是密封的。", "The bids are sealed until the brief closes."))
        return
    if page["fresh"] != page["total"]:
        stale = page["total"] - page["fresh"]
        click.echo(
            in_words(
                f"{page['total']} 个匹配中 {stale} 个正在重算", f"{stale} of {page['total']} matches are being scored"
            )
        )
    has_ended = any(bid_status(row) for row in page["data"])
    table(page["data"], (*COLUMNS[:3], STATUS, *COLUMNS[3:]) if has_ended else COLUMNS)
    if why:
        for match in page["data"]:
            rank = "-" if match["rank"] is None else f"{match['rank']}."
            status = f" ({stands})" if (stands := bid_status(match)) else ""
            click.echo(f"\n{rank} {match['channel_name']}{status}  {match['bid_id']}")
            for reason in match["reasons"]:
                click.echo(f"   {told(reason)}")
