"""Chooses the best set of a brief's bids from the terminal, and tries what another budget would do."""

import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from marketplace.cli.calls.id_arguments import IdArgument
from marketplace.cli.client import ApiClient, fail
from marketplace.cli.number_options import MoneyAmount, RealNumber, WholeNumber, refuse
from marketplace.cli.output import Column, echo_json, hint, people, table, told
from marketplace.cli.pictures import write_pictures
from marketplace.cli.shown.summaries import in_words, shut_members, state
from marketplace.core.message import Bilingual
from marketplace.core.money import AMOUNT_MAX, MINOR_DIGITS
from marketplace.matching.selection.schemas import BIDS_MAX, PICTURES, PROVE

POLL_S = 0.3
OVER = ("done", "failed", "confirmed")
LEFT_OUT_SHOWN = 10

CHOSEN: tuple[Column, ...] = (
    Column("bid", "bid_id"),
    Column("channel", "channel_name", 10),
    Column("costs at most", "price"),
    Column("adds", lambda row: people(row["people_added"])),
    Column("per 1,000 added", "per_thousand_added"),
    Column("alone", lambda row: people(row["people_alone"])),
)
# The amounts of a request by the options that give them.
_AMOUNTS = {"budget": "budget", "handling_per_deal": "handling", "smallest_bid": "smallest_bid"}
BUDGET: tuple[Column, ...] = (
    Column("budget", "budget"),
    Column("spent", "spend"),
    # Older releases told what is reached alone.
    Column("who notice", lambda row: people(row.get("effective"))),
    Column("bids", "bids"),
    Column("people (careful)", lambda row: people(row["careful"])),
)


def _limits(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options for the limits that a set has to keep."""
    options = (
        click.option(
            "--budget",
            type=MoneyAmount(),
            help="The budget in the brief's currency, such as 60000; else the brief's own.",
        ),
        click.option("--min-bids", type=WholeNumber(0, BIDS_MAX), default=0, help="At least so many bids."),
        click.option("--max-bids", type=WholeNumber(1, BIDS_MAX), help="At most so many bids; else by the budget."),
        click.option("--per-agency", type=WholeNumber(1, BIDS_MAX), help="At most so many bids of one agency."),
        click.option("--per-platform", type=WholeNumber(1, BIDS_MAX), help="At most so many bids of one platform."),
        click.option("--per-niche", type=WholeNumber(1, BIDS_MAX), help="At most so many bids of one niche."),
        click.option(
            "--must",
            multiple=True,
            type=IdArgument("bid"),
            metavar="BID",
            help="A bid that has to be in; may be repeated.",
        ),
        click.option(
            "--never",
            multiple=True,
            type=IdArgument("bid"),
            metavar="BID",
            help="A bid that must not be in; may be repeated.",
        ),
        click.option("--contacts", type=RealNumber(1, 100), help="Mean contacts for each person, at most."),
        click.option("--intrusiveness", type=RealNumber(0, 100), help="The highest intrusiveness of a bid, 0 to 100."),
        click.option("--ad-load", type=RealNumber(0, 1), help="The highest ad load of a channel, 0 to 1."),
        click.option("--lift-ceiling", is_flag=True, help="Set the brief's own ceiling per 1,000 people aside."),
        click.option(
            "--handling",
            type=MoneyAmount(zero=True),
            help="The work on one deal, such as 800; 0 for none; else the default.",
        ),
        click.option(
            "--smallest-bid", type=MoneyAmount(zero=True), help="No bid below this price; else 3 times the handling."
        ),
        click.option(
            "--left-out", type=WholeNumber(0, 10_000), default=LEFT_OUT_SHOWN, help="How many bids left out to explain."
        ),
        click.option(
            "--largest-share", type=RealNumber(0.01, 1), help="The largest share of the budget for one bid; else 0.6."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _body(api: ApiClient, brief: str, given: Mapping[str, Any]) -> dict[str, Any]:
    body = {
        "bids_min": given["min_bids"],
        "bids_max": given["max_bids"],
        "caps": {name: given[f"per_{name}"] for name in ("agency", "platform", "niche")},
        "must": list(given["must"]),
        "never": list(given["never"]),
        "contacts_per_person_max": given["contacts"],
        "intrusiveness_max": given["intrusiveness"],
        "ad_load_max": given["ad_load"],
        "lift_ceiling": given["lift_ceiling"],
        "largest_share": given["largest_share"],
    }
    amounts = {name: given[option] for name, option in _AMOUNTS.items() if given[option] is not None}
    if amounts:
        currency = api.call("GET", f"/briefs/{brief}")["budget"]["currency"]
        body |= {name: _amount(amount, currency, _AMOUNTS[name]) for name, amount in amounts.items()}
    return body


def _amount(amount: Decimal, currency: str, option: str) -> dict[str, Any]:
    minor = amount.scaleb(MINOR_DIGITS[currency])
    if minor != minor.to_integral_value() or minor > AMOUNT_MAX or (minor < 1 and amount > 0):
        refuse(
            amount,
            f"--{option.replace('_', '-')}",
            Bilingual(
                f"{currency} 金额：小数点后最多 {MINOR_DIGITS[currency]} 位",
                f"amount of {currency}: at most {MINOR_DIGITS[currency]} digits after the point",
            ),
        )
    return {"amount_minor": int(minor), "currency": currency}


@click.command("select")
@click.argument("brief", type=IdArgument("brief"), help="A closed brief's id, brf_...")
@_limits
@click.option(
    "--prove", type=click.Choice(PROVE), default="auto", show_default=True, help="How to prove that no set is better."
)
@click.option("--time-limit", type=WholeNumber(1, 300), default=60, show_default=True, help="Seconds of proving.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="A folder for the pictures (SVG).")
@click.pass_obj
def select(api: ApiClient, /, brief: str, prove: str, time_limit: int, out: Path | None, **given: Any) -> None:
    """Choose the best set of a closed BRIEF's bids.

    Tells why each other bid is out, and what other budgets would reach.
    """
    body = {**_body(api, brief, given), "prove": prove, "time_limit_s": time_limit}
    started = api.call("POST", f"/briefs/{brief}/selections", body)
    selection = _follow(api, started["id"])
    if out is not None and selection["result"] is not None:
        write_pictures(api, f"/selections/{selection['id']}", PICTURES, out)
    if api.as_json:
        echo_json(selection)
    elif selection["result"] is not None:
        click.echo(f"{selection['id']} ({state(selection['status'])})")
        print_outcome(selection["result"], given["left_out"])
        _tell_next(selection)
    if selection["status"] == "failed":
        # The API tells it in the language of the command already.
        said = selection["message"]
        fail(Bilingual(said, said) if said else Bilingual("没有选出组合。", "The selection failed."))


def _tell_next(selection: Mapping[str, Any]) -> None:
    if selection["status"] == "done":
        shut = [gate for line in selection["result"]["chosen"] for gate in line["gates"]]
        aside = sorted({gate["code"] for gate in shut if gate["brands_own"]})
        command = " ".join([f"inlay selections confirm {selection['id']}", *(f"--despite {code}" for code in aside)])
        if any(not gate["brands_own"] for gate in shut):
            hint(
                Bilingual(
                    "先让上面标“!”的门槛打开，否则整个组合都不能接受。",
                    "First open the gates marked with ! above: until then the set cannot be accepted.",
                )
            )
        hint(Bilingual(f"接受这个组合：{command}", f"To accept this set: {command}"))


def _follow(api: ApiClient, selection: str) -> Any:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=api.as_json, transient=True) as bar:
        task = bar.add_task("waiting", total=None)
        while True:
            current = api.call("GET", f"/selections/{selection}")
            if current["status"] in OVER:
                return current
            job = api.call("GET", f"/jobs/{current['job_id']}")
            bar.update(task, description=job["stage"] or job["state"], completed=job["done"], total=job["total"])
            if job["state"] in ("dead", "cancelled"):
                return current
            time.sleep(POLL_S)


@click.command("what-if")
@click.argument("brief", type=IdArgument("brief"), help="A closed brief's id, brf_...")
@_limits
@click.pass_obj
def what_if(api: ApiClient, /, brief: str, **given: Any) -> None:
    """Try another budget or other limits; nothing is stored."""
    answer = api.call("POST", f"/briefs/{brief}/what-if", _body(api, brief, given))
    if api.as_json:
        echo_json(answer)
    else:
        print_outcome(answer["outcome"], given["left_out"])


def print_outcome(outcome: Mapping[str, Any], left_out: int = LEFT_OUT_SHOWN) -> None:
    """Print a chosen set, its reach, its quality and limits, which bids are left out and why, and other budgets."""
    table(outcome["chosen"], CHOSEN)
    for line in shut_members(outcome["chosen"]):
        click.echo(line)
    # Sets that older releases chose do not tell their limits.
    left = [outcome["left"]] if "left" in outcome else []
    for sentence in (outcome["reach"], *left, *outcome.get("costly", []), outcome["proof"], outcome["made_of"]):
        click.echo(f"\n{told(sentence)}")
    click.echo("")
    for row in outcome.get("limits", []):
        click.echo(f"* {told(row)}")
    for row in outcome["left_out"][:left_out]:
        click.echo(f"- {row['bid_id']} {row['channel_name']}: {told(row)}")
    if len(outcome["left_out"]) > left_out:
        more = len(outcome["left_out"]) - left_out
        click.echo(
            in_words(f"  ……另有 {more} 个（--left-out 看更多）", f"  ... and {more} more (--left-out shows them)")
        )
    click.echo("")
    table(outcome["budget_curve"], BUDGET)
