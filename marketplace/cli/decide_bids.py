"""Commands of a brand's decisions on bids, whose options say what is set aside on purpose."""

from collections.abc import Callable
from typing import Any

import click

from marketplace.cli.client import ApiClient
from marketplace.cli.number_options import WholeNumber
from marketplace.cli.output import echo_json, fields
from marketplace.matching.gates.bid_gates import BRANDS_OWN, OPTIONS_MAX

_DESPITE = click.Choice(sorted(BRANDS_OWN))


def _setting_aside(command: Callable[..., None]) -> Callable[..., None]:
    command = click.option(
        "--despite", multiple=True, type=_DESPITE, help="a limit of the brief's own that you set aside; may be repeated"
    )(command)
    return click.option("--over-budget", is_flag=True, help="although the brief's budget does not cover it")(command)


@click.command("accept")
@click.argument("bid")
@click.option("--option", type=WholeNumber(0, OPTIONS_MAX), help="which of its prices; 0 is its own")
@_setting_aside
@click.pass_obj
def accept(api: ApiClient, /, bid: str, option: int | None, over_budget: bool, despite: tuple[str, ...]) -> None:
    """Accept a bid on your closed brief, where every gate is open."""
    _post(api, f"/bids/{bid}/accept", {"option": option, "over_budget": over_budget, "despite": list(despite)})


@click.command("confirm")
@click.argument("selection")
@_setting_aside
@click.pass_obj
def confirm(api: ApiClient, /, selection: str, over_budget: bool, despite: tuple[str, ...]) -> None:
    """Make a selection the brief's choice and accept its bids, in one act."""
    _post(api, f"/selections/{selection}/confirm", {"over_budget": over_budget, "despite": list(despite)})


def _post(api: ApiClient, path: str, body: dict[str, Any]) -> None:
    answer = api.call("POST", path, body)
    if api.as_json:
        echo_json(answer)
    else:
        fields(answer)
