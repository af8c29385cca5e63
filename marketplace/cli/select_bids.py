"""Chooses the best set of a brief's bids from the terminal, and tries what another budget would do."""

import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from marketplace.cli.client import ApiClient, fail
from marketplace.cli.number_options import MoneyAmount, RealNumber, WholeNumber, refuse
from marketplace.cli.output import Column, echo_json, table
from marketplace.core.money import AMOUNT_MAX, MINOR_DIGITS
from marketplace.matching.scoring.schemas import BID_PICTURES, LANGUAGES
from marketplace.matching.selection.schemas import BIDS_MAX, PICTURES, PROVE

POLL_S = 0.3
OVER = ("done", "failed", "confirmed")
LEFT_OUT_SHOWN = 10

CHOSEN: tuple[Column, ...] = (
    ("channel", "channel_name"),
    ("costs at most", "price"),
    ("alone", lambda row: round(row["people_alone"])),
    ("adds", lambda row: round(row["people_added"])),
    ("per 1,000 added", "per_thousand_added"),
    ("bid", "bid_id"),
)
BUDGET: tuple[Column, ...] = (
    ("budget", "budget"),
    ("spent", "spend"),
    ("people (careful)", lambda row: round(row["careful"])),
    ("bids", "bids"),
)


def _limits(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options for the limits that a set has to keep."""
    options = (
        click.option(
            "--budget", type=MoneyAmount(), help="in the brief's currency, such as 60000; else the brief's own"
        ),
        click.option("--min-bids", type=WholeNumber(0, BIDS_MAX), default=0, help="at least so many"),
        click.option("--max-bids", type=WholeNumber(1, BIDS_MAX), help="at most so many"),
        click.option("--per-agency", type=WholeNumber(1, BIDS_MAX), help="at most so many of one agency"),
        click.option("--per-platform", type=WholeNumber(1, BIDS_MAX), help="at most so many of one platform"),
        click.option("--per-niche", type=WholeNumber(1, BIDS_MAX), help="at most so many of one niche"),
        click.option("--must", multiple=True, metavar="BID", help="has to be in; may be given again"),
        click.option("--never", multiple=True, metavar="BID", help="must not be in; may be given again"),
        click.option("--contacts", type=RealNumber(1, 100), help="mean contacts for each person, at most"),
        click.option("--intrusiveness", type=RealNumber(0, 100), help="of each bid, at most"),
        click.option("--ad-load", type=RealNumber(0, 1), help="of each channel, at most"),
        click.option("--lift-ceiling", is_flag=True, help="bids above the brief's own ceiling too"),
        click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True),
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
    }
    if given["budget"] is not None:
        body["budget"] = _amount(given["budget"], api.call("GET", f"/briefs/{brief}")["budget"]["currency"])
    return body


def _amount(amount: Decimal, currency: str) -> dict[str, Any]:
    minor = amount.scaleb(MINOR_DIGITS[currency])
    if minor != minor.to_integral_value() or not 1 <= minor <= AMOUNT_MAX:
        refuse(amount, "--budget", f"amount of {currency}: at most {MINOR_DIGITS[currency]} digits after the point")
    return {"amount_minor": int(minor), "currency": currency}


@click.command("select")
@click.argument("brief")
@_limits
@click.option("--prove", type=click.Choice(PROVE), default="auto", show_default=True)
@click.option("--time-limit", type=WholeNumber(1, 300), default=60, show_default=True, help="seconds of proving")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="a folder for the pictures (SVG)")
@click.pass_obj
def select(api: ApiClient, /, brief: str, prove: str, time_limit: int, out: Path | None, **given: Any) -> None:
    """Choose the best set of a closed BRIEF's bids, and tell why each other bid is out."""
    body = {**_body(api, brief, given), "prove": prove, "time_limit_s": time_limit}
    started = api.call("POST", f"/briefs/{brief}/selections", body)
    selection = _follow(api, started["id"])
    if out is not None and selection["result"] is not None:
        write_pictures(api, f"/selections/{selection['id']}", PICTURES, out, given["language"])
    if api.as_json:
        echo_json(selection)
    elif selection["result"] is not None:
        click.echo(f"{selection['id']} ({selection['status']})")
        print_outcome(selection["result"], given["language"])
    if selection["status"] == "failed":
        fail(selection["message"] or "the selection failed")


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


def write_pictures(api: ApiClient, path: str, names: Sequence[str], out: Path, language: str) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name in names:
        data = api.download(f"{path}/picture", {"name": name, "language": language})
        (out / f"{name}.svg").write_bytes(data)
    click.echo(f"{len(names)} pictures in {out}", err=True)


@click.command()
@click.argument("of", metavar="BID|SELECTION")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="a folder for the files")
@click.option("--language", type=click.Choice(LANGUAGES), default="zh", show_default=True)
@click.pass_obj
def pictures(api: ApiClient, /, of: str, out: Path, language: str) -> None:
    """Draw a bid (price, peers, reach) or a selection as SVG files."""
    kinds = {"bid": ("bids", BID_PICTURES), "sel": ("selections", PICTURES)}
    kind = kinds.get(of.partition("_")[0])
    if kind is None:
        fail(f"{of[:40]} is no bid (bid_...) and no selection (sel_...).", 2)
    write_pictures(api, f"/{kind[0]}/{of}", kind[1], out, language)


@click.command("what-if")
@click.argument("brief")
@_limits
@click.pass_obj
def what_if(api: ApiClient, /, brief: str, **given: Any) -> None:
    """Tell which set it would be for a closed BRIEF with other limits or another budget; nothing is stored."""
    answer = api.call("POST", f"/briefs/{brief}/what-if", _body(api, brief, given))
    if api.as_json:
        echo_json(answer)
    else:
        print_outcome(answer["outcome"], given["language"])


def print_outcome(outcome: Mapping[str, Any], language: str, left_out: int = LEFT_OUT_SHOWN) -> None:
    """Print a chosen set, its reach, its quality, which bids are left out and why, and what other budgets reach."""
    table(outcome["chosen"], CHOSEN)
    for sentence in (outcome["reach"], outcome["proof"], outcome["made_of"]):
        click.echo(f"\n{sentence[language]}")
    click.echo("")
    for row in outcome["left_out"][:left_out]:
        click.echo(f"- {row['channel_name']}: {row[language]}")
    if len(outcome["left_out"]) > left_out:
        click.echo(f"  ... and {len(outcome['left_out']) - left_out} more (--json shows all)")
    click.echo("")
    table(outcome["budget_curve"], BUDGET)
