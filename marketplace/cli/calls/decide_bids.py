"""Commands of a brand's decisions on bids, whose options say what is set aside on purpose."""

from collections.abc import Callable
from typing import Any

import click

from marketplace.cli.calls.api_commands import show
from marketplace.cli.calls.id_arguments import IdArgument
from marketplace.cli.client import ApiClient
from marketplace.cli.number_options import WholeNumber
from marketplace.cli.shown import summaries
from marketplace.matching.gates.bid_gates import BRANDS_OWN, OPTIONS_MAX

_DESPITE = click.Choice(sorted(BRANDS_OWN))


def _setting_aside(command: Callable[..., None]) -> Callable[..., None]:
    command = click.option(
        "--despite",
        multiple=True,
        type=_DESPITE,
        help="A limit of the brief's own that you set aside; may be repeated.",
    )(command)
    return click.option("--over-budget", is_flag=True, help="Although the brief's budget does not cover it.")(command)


@click.command("accept")
@click.argument("bid", type=IdArgument("bid"), help="A bid's id, bid_...")
@click.option("--option", type=WholeNumber(0, OPTIONS_MAX), help="Which of its prices; 0 is its own.")
@_setting_aside
@click.pass_obj
def accept(api: ApiClient, /, bid: str, option: int | None, over_budget: bool, despite: tuple[str, ...]) -> None:
    """Accept a BID on your closed brief."""
    body = {"option": option, "over_budget": over_budget, "despite": list(despite)}
    show(api, api.call("POST", f"/bids/{bid}/accept", body), summaries.bid)


@click.command("confirm")
@click.argument("selection", type=IdArgument("selection"), help="A selection's id, sel_...")
@_setting_aside
@click.pass_obj
def confirm(api: ApiClient, /, selection: str, over_budget: bool, despite: tuple[str, ...]) -> None:
    """Make a SELECTION the brief's choice, and accept its bids."""
    body: dict[str, Any] = {"over_budget": over_budget, "despite": list(despite)}
    show(api, api.call("POST", f"/selections/{selection}/confirm", body), summaries.selection)
