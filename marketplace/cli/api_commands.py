"""Makes a command from each line of the table of API calls."""

import json
import re
from collections.abc import Mapping
from typing import Any

import click

from marketplace.cli import decide_bids, decide_reviews, transfer
from marketplace.cli.api_table import CALLS, ApiCommand
from marketplace.cli.claims_table import CLAIM_CALLS
from marketplace.cli.client import ApiClient, fail
from marketplace.cli.number_options import WholeNumber
from marketplace.cli.output import echo_json, fields, table
from marketplace.core.estimate import unique_names

NOUNS = {
    "me": "who you are",
    "parties": "parties",
    "people": "people who sign in",
    "creators": "creators that an agency enters",
    "mandates": "agencies' mandates",
    "keys": "API keys",
    "invites": "invitations",
    "channels": "creators' accounts",
    "claims": "whose an account is: proofs, and their decision",
    "transfers": "channels that creators hand over",
    "readings": "views of published videos over time",
    "snapshots": "audience snapshots",
    "video-checks": "what was measured in videos",
    "videos": "video files that you handed in",
    "imports": "files of channels",
    "briefs": "what brands want placed",
    "bids": "offers on briefs",
    "deal-prices": "what deals closed at",
    "overlaps": "how many people two audiences share",
    "pacing": "room for placements on a channel",
    "exclusivity": "days on which a channel is promised to one brand",
    "selections": "the best sets of bids",
    "reviews": "human decisions",
    "events": "what happened",
    "jobs": "work under way",
}


# Verbs that take more than one call, or options of several kinds.
LONGER: Mapping[str, click.Command] = {
    "bids": decide_bids.accept,
    "overlaps": transfer.sketch,
    "reviews": decide_reviews.decide,
    "selections": decide_bids.confirm,
}


def add_to(root: click.Group) -> None:
    """Add the group of each noun, with its verbs, to the root command."""
    for noun, help_ in NOUNS.items():
        group = click.Group(noun, help=help_)
        for call in (*CALLS, *CLAIM_CALLS):
            if call.noun == noun:
                group.add_command(_command(call))
        if noun in LONGER:
            group.add_command(LONGER[noun])
        root.add_command(group)


def _command(call: ApiCommand) -> click.Command:
    arguments = re.findall(r"\{(\w+)\}", call.path)
    params: list[click.Parameter] = [click.Argument([name], metavar=name.upper()) for name in arguments]
    params += [
        click.Option([f"--{name.replace('_', '-')}"], help=f"only this {name}", type=call.numbers.get(name))
        for name in call.filters
    ]
    params += [click.Option([f"--{name.replace('_', '-')}"], required=True) for name in call.fields]
    params += [click.Option([f"--{name.replace('_', '-')}"]) for name in call.optional]
    if call.columns:
        params.append(
            click.Option(["--most"], type=WholeNumber(1, 10_000), default=20, show_default=True, help="rows to show")
        )
    if call.body == "file":
        params.append(
            click.Option(
                ["--file"], type=click.File("r", encoding="utf-8"), default="-", help="JSON; - is standard input"
            )
        )

    def run(**given: Any) -> None:
        _run(call, arguments, given)

    return click.Command(call.verb, params=params, callback=run, help=call.help)


def _run(call: ApiCommand, arguments: list[str], given: dict[str, Any]) -> None:
    api: ApiClient = click.get_current_context().find_object(ApiClient) or fail("no API is set up")
    values = {name: given[name] for name in arguments}
    path = call.path.format(**values)
    query = {name: given.get(name) for name in call.filters}
    if call.columns:
        _list(api, call, path, query, given["most"])
        return
    body: Any = None
    if call.body == "file":
        body = _read(given["file"])
    elif call.body == "fields":
        body = {name: given[name] for name in (*call.fields, *call.optional) if given[name] is not None}
    etag = None
    if call.etag_from:
        etag = api.raw("GET", call.etag_from.format(**values))[1].headers.get("ETag")
    answer = api.call(call.method, path, body, query, etag)
    if answer is None:
        click.echo("done")
    elif api.as_json:
        echo_json(answer)
    else:
        fields(answer)


def _list(api: ApiClient, call: ApiCommand, path: str, query: dict[str, Any], most: int) -> None:
    rows = api.every(path, query, most)
    if api.as_json:
        echo_json(list(rows))
    else:
        table(rows, call.columns)


def _read(file: Any) -> Any:
    try:
        return json.load(file, object_pairs_hook=unique_names)
    except (ValueError, RecursionError) as error:
        fail(f"{file.name} is no JSON: {error}.", 2)
