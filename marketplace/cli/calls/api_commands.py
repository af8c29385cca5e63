"""Makes a command from each line of the tables of API calls."""

import json
import mimetypes
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from marketplace.cli.calls import id_arguments
from marketplace.cli.calls.option_help import OPTIONS, PARAMETERS, SPECIAL
from marketplace.cli.client import EXIT_USAGE, ApiClient, fail
from marketplace.cli.lazy_group import LazyCommand, LazyGroup
from marketplace.cli.number_options import WholeNumber
from marketplace.cli.output import Column, echo_json, fields, find, hint, summary, table
from marketplace.core.estimate import json_fault, unique_names
from marketplace.core.lazy_import import lazy_module
from marketplace.core.message import Bilingual

if TYPE_CHECKING:
    from marketplace.cli.calls import all_calls
    from marketplace.cli.calls.api_command import ApiCommand
else:
    all_calls = lazy_module("marketplace.cli.calls.all_calls")

ROWS = 20
ROWS_MAX = 10_000
_POLL_S, _PATIENCE_S = 0.5, 120

# The groups of commands, each with what it is about.
NOUNS = {
    "me": "See who you are.",
    "passwords": "Set a new password where one was forgotten.",
    "sessions": "See where you are signed in, and end it.",
    "parties": "See parties; let them act or not.",
    "people": "Let people in or not.",
    "members": "See who sits in a party.",
    "creators": "Enter creators that you act for.",
    "mandates": "Offer, accept and end agencies' mandates.",
    "keys": "Make and revoke API keys.",
    "invites": "Invite people into your party.",
    "channels": "Keep creators' accounts.",
    "claims": "Prove whose an account is.",
    "transfers": "Hand channels over.",
    "readings": "Tell views of published videos over time.",
    "snapshots": "See what is known of an audience.",
    "assets": "Keep a brief's reference images.",
    "video-checks": "Have videos looked through.",
    "videos": "Keep the videos that you handed in.",
    "imports": "See what became of files of channels.",
    "briefs": "Post what a brand wants placed.",
    "bids": "Place, read and decide on bids.",
    "deals": "Read and answer the terms of deals.",
    "deliverables": "Make and answer what deals owe: scripts, drafts, publications.",
    "series": "Keep schedules of episodes that several brands share.",
    "disputes": "Dispute what deals owe, and decide on it.",
    "accounts": "See what your accounts of money hold, and your statements.",
    "payments": "See what deals cost, and where it is.",
    "receipts": "See what came in for deals.",
    "payouts": "See what is paid out, and pay it.",
    "claw-backs": "Take released money back.",
    "deal-prices": "Tell what deals closed at.",
    "overlaps": "Tell how many people two audiences share.",
    "pacing": "See a channel's room for placements.",
    "exclusivity": "Keep a channel free for some days.",
    "selections": "See, verify and confirm sets of bids.",
    "reviews": "Decide what waits for a person.",
    "events": "See what happened.",
    "jobs": "See work under way.",
}

# Verbs that take more than one call, or options of several kinds.
LONGER: Mapping[str, Mapping[str, LazyCommand]] = {
    "bids": {
        "accept": LazyCommand("marketplace.cli.calls.decide_bids:accept", "Accept a BID on your closed brief."),
        "example": LazyCommand(
            "marketplace.cli.calls.examples:bid",
            "Print a bid to begin with.",
        ),
    },
    "briefs": {"example": LazyCommand("marketplace.cli.calls.examples:brief", "Print a brief to begin with.")},
    "invites": {
        "accept": LazyCommand(
            "marketplace.cli.account.sign_in:accept_invite", "Take the seat that an invitation offers."
        )
    },
    "me": {
        "password": LazyCommand("marketplace.cli.account.sign_in:change_password", "Change your password."),
        "second-factor": LazyCommand(
            "marketplace.cli.account.sign_in:second_factor", "Set a second factor up, or take it away."
        ),
    },
    "overlaps": {
        "sketch": LazyCommand("marketplace.cli.transfer:sketch", "Make a sketch of the ids in FILE and hand it in.")
    },
    "passwords": {
        "ask": LazyCommand(
            "marketplace.cli.account.sign_in:ask_for_password_reset",
            "Have a mail sent with which you set a new password.",
        ),
        "reset": LazyCommand(
            "marketplace.cli.account.sign_in:confirm_password_reset", "Set a new password with what the mail shows."
        ),
    },
    "reviews": {
        "decide": LazyCommand(
            "marketplace.cli.calls.decide_reviews:decide",
            "Decide on all reviews that a risk asks for.",
        )
    },
    "selections": {
        "confirm": LazyCommand(
            "marketplace.cli.calls.decide_bids:confirm",
            "Make a SELECTION the brief's choice, and accept its bids.",
        )
    },
}


class NounGroup(LazyGroup):
    """The commands on one noun, made from the tables when one of them is called or listed."""

    def _make(self) -> None:
        for call in all_calls.CALLS:
            if call.noun == self.name and call.verb not in self.commands:
                self.add_command(_command(call))

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._make()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        self._make()
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self._make()
        super().format_commands(ctx, formatter)


def groups() -> list[NounGroup]:
    """Return the group of each noun."""
    return [NounGroup(noun, help=help_, lazy=LONGER.get(noun)) for noun, help_ in NOUNS.items()]


def _command(call: "ApiCommand") -> click.Command:
    arguments = re.findall(r"\{(\w+)\}", call.path)
    params: list[click.Parameter] = [id_arguments.argument(name) for name in arguments]
    if call.body == "upload":
        params.append(click.Argument(["file"], metavar="FILE", type=_FILE, help="The file to send."))
    params += [_option(call, name, required=False) for name in call.filters if name != "language"]
    params += [_option(call, name, required=True) for name in call.fields]
    params += [_option(call, name, required=False) for name in call.optional]
    if call.columns:
        params += _paging(call)
    if call.body == "file":
        params.append(
            click.Option(
                ["--file"],
                type=click.File("r", encoding="utf-8-sig"),
                default="-",
                help="The body as JSON; - is standard input.",
            )
        )
    if call.file:
        params.append(click.Option(["--out"], type=_WRITTEN, required=True, help="The file to write."))
    if call.summary is not None:
        params.append(click.Option(["--all", "whole"], is_flag=True, help="Print the whole answer."))
    if call.waits:
        params.append(click.Option(["--wait"], is_flag=True, help="Wait until it is there."))

    def run(**given: Any) -> None:
        _run(call, arguments, given)

    example = f"Example:\n\n  {call.example}" if call.example else None
    return click.Command(call.verb, params=params, callback=run, help=call.help, epilog=example)


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_WRITTEN = click.Path(dir_okay=False, path_type=Path)


def _option(call: "ApiCommand", name: str, *, required: bool) -> click.Option:
    kind = id_arguments.OF_FIELDS.get(name)
    return click.Option(
        [f"--{name.replace('_', '-')}"],
        required=required,
        metavar="ID" if kind else None,
        type=id_arguments.IdArgument(kind) if kind else call.numbers.get(name),
        help=SPECIAL.get((call.noun, call.verb, name), OPTIONS[name]),
    )


def _paging(call: "ApiCommand") -> list[click.Parameter]:
    if not call.pages and call.most is None:
        return []
    limit = WholeNumber(1, call.most or ROWS_MAX)
    shown: list[click.Parameter] = [
        click.Option(["--limit"], type=limit, default=ROWS, show_default=True, help="The most rows to show.")
    ]
    if call.pages:
        shown += [
            click.Option(["--after"], metavar="ID", help="Go on after this row: the next page."),
            click.Option(["--all", "whole"], is_flag=True, help="Show all rows."),
        ]
    return shown


def _run(call: "ApiCommand", arguments: list[str], given: dict[str, Any]) -> None:
    api = click.get_current_context().find_object(ApiClient)
    assert api is not None
    values = {name: given[name] for name in arguments}
    path = call.path.format(**values)
    query = {PARAMETERS.get(name, name): given.get(name) for name in call.filters}
    if "language" in call.filters:
        query["language"] = api.language
    if call.columns:
        _list(api, call, path, query, given)
    elif call.file:
        data = api.download(path, query)
        given["out"].write_bytes(data)
        hint(Bilingual(f"已写入 {given['out']}（{len(data):,} 字节）", f"{len(data):,} bytes in {given['out']}"))
    else:
        _one(api, call, path, query, given, values)


def _one(
    api: ApiClient, call: "ApiCommand", path: str, query: dict[str, Any], given: dict[str, Any], values: dict[str, str]
) -> None:
    if given.get("wait"):
        _wait(api, path)
    if call.body == "upload":
        answer = _send(api, path, {**query, "name": query.get("name") or given["file"].name}, given["file"])
    else:
        body = _read(given["file"]) if call.body == "file" else None
        if call.body == "fields":
            body = {name: given[name] for name in (*call.fields, *call.optional) if given[name] is not None}
        etag = None
        if call.etag_from:
            etag = api.raw("GET", call.etag_from.format(**values))[1].headers.get("ETag")
        answer = api.call(call.method, path, body, query, etag)
    show(api, answer, call.summary if not given.get("whole") else None)


def show(api: ApiClient, answer: Any, make_summary: Any = None) -> None:
    """Print one answer: as JSON, in summary, or whole."""
    if answer is None:
        if not api.as_json:
            hint(Bilingual("完成。", "Done."))
    elif api.as_json:
        echo_json(answer)
    elif make_summary is not None:
        summary(make_summary(answer))
    else:
        fields(answer)


def _wait(api: ApiClient, path: str) -> None:
    """Wait until there is such a thing, at most two minutes; then the call itself says what is missing."""
    end = time.monotonic() + _PATIENCE_S
    while api.find(path) is None and time.monotonic() < end:
        time.sleep(_POLL_S)


def _send(api: ApiClient, path: str, query: dict[str, Any], file: Path) -> Any:
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return api.raw("POST", path, file.read_bytes(), query, content_type=kind)[0]


def _list(api: ApiClient, call: "ApiCommand", path: str, query: dict[str, Any], given: dict[str, Any]) -> None:
    more = False
    if call.pages:
        most = None if given["whole"] else given["limit"]
        rows, more = api.some(path, {**query, "starting_after": given["after"]}, most)
    else:
        rows = api.call("GET", path, query={**query, "limit": given.get("limit")})[call.rows]
    if api.as_json:
        echo_json(rows)
    else:
        table(rows, call.columns)
    if more:
        tell_of_more(rows, call.columns[0])


def tell_of_more(rows: list[dict[str, Any]], first: Column) -> None:
    """Tell how to get to the next page."""
    after = find(rows[-1], first.value)
    hint(
        Bilingual(
            f"还有更多：加 --after {after} 看下一页，--all 看全部。",
            f"There are more: --after {after} shows the next page, --all shows all.",
        )
    )


def _read(file: Any) -> Any:
    if file.isatty():
        hint(Bilingual("请输入 JSON，以 Ctrl-D 结束。", "Type JSON, and end it with Ctrl-D."))
    try:
        return json.load(file, object_pairs_hook=unique_names)
    except RecursionError:
        fail(Bilingual(f"{file.name} 嵌套太深。", f"{file.name} is nested too deeply."), EXIT_USAGE)
    except ValueError as error:
        fault = json_fault(error)
        fail(Bilingual(f"{file.name} 不是 JSON：{fault.zh}。", f"{file.name} is no JSON: {fault.en}."), EXIT_USAGE)
