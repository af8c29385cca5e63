"""Checks anyone can make of a closed brief: that its bids are what was committed to, and that nobody chose its end."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from marketplace.bids import commitment
from marketplace.bids.models import REVISIONS_MAX
from marketplace.briefs import closing_time
from marketplace.cli.calls.id_arguments import IdArgument
from marketplace.cli.client import EXIT_USAGE, ApiClient, fail, name_twice
from marketplace.cli.lazy_group import LazyCommand, LazyGroup
from marketplace.cli.output import echo_json, hint
from marketplace.cli.shown.summaries import in_words
from marketplace.core import ids
from marketplace.core.estimate import NameTwice, unique_names
from marketplace.core.message import Bilingual
from marketplace.core.words.state_names import state_name

MOST = 10_000
SLACK = timedelta(milliseconds=1)


@click.group(
    "verify",
    cls=LazyGroup,
    lazy={
        "scores": LazyCommand(
            "marketplace.cli.verifying.verify_scores:scores",
            "Work stored intrusiveness scores out again on this machine.",
        ),
        "events": LazyCommand(
            "marketplace.cli.verifying.verify_events:events",
            "Check that no event was changed, removed or moved.",
        ),
        "ledger": LazyCommand(
            "marketplace.cli.verifying.verify_ledger:ledger",
            "Check that the money of the market adds up (administrators).",
        ),
    },
)
def verify() -> None:
    """Check what a market promises by hashes and arithmetic."""


@verify.command("bids")
@click.argument("brief", required=False, type=IdArgument("brief"), help="A brief's id, brf_...; or name a --file.")
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read what --save wrote instead of asking the API.",
)
@click.option(
    "--save", type=click.Path(dir_okay=False, path_type=Path), help="Keep what was checked, to check it again."
)
@click.pass_obj
def bids(api: ApiClient, brief: str | None, file: Path | None, save: Path | None) -> None:
    """Check the bids of a closed BRIEF against what was committed to.

    Every offer is held against its commitment, every commitment against the public list and the end of bidding, and
    that end against its seed. As far as your key may see: a bidder checks its own.
    """
    if (brief is None) == (file is None):
        fail(Bilingual("请给出需求编号，或用 --file 指定文件。", "Name a brief, or a --file."), EXIT_USAGE)
    document = _read(file) if file is not None else _fetch(api, str(brief))
    if save is not None:
        save.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    problems = [*_end(document["brief"]), *_offers(document), *_log(document)]
    offers, made, found = len(document["bids"]), len(document["commitments"]), len(problems)
    end_with(
        api,
        {"bids": offers, "commitments": made},
        problems,
        Bilingual(
            f"已核验 {offers} 个报价与 {made} 个承诺，{found} 处不符",
            f"{offers} bids and {made} commitments checked, {found} faults",
        ),
    )


def end_with(api: ApiClient, counts: dict[str, Any], problems: list[str], summary: Bilingual) -> None:
    """Print what was checked and what was found, and end with exit code 1 if anything was."""
    if api.as_json:
        echo_json({**counts, "faults": problems})
    else:
        for line in (*problems, in_words(summary.zh, summary.en)):
            click.echo(line)
    if problems:
        raise click.exceptions.Exit(1)


def _fetch(api: ApiClient, brief: str) -> dict[str, Any]:
    closed_brief = api.call("GET", f"/briefs/{brief}")
    if closed_brief["status"] != "closed":
        name = state_name(closed_brief["status"])
        fail(
            Bilingual(
                f"需求的状态是“{name.zh}”，截止之后才能核验报价。",
                f"The brief is {name.en}; bids can be checked when it has closed.",
            )
        )
    me = api.call("GET", "/people/me")
    own = me["actor"]["role"] in ("creator", "agency")
    path, query = ("/bids", {"brief_id": brief}) if own else (f"/briefs/{brief}/bids", {})
    return {
        "brief": closed_brief,
        "bids": list(api.every(path, query, MOST)),
        "commitments": list(api.every(f"/briefs/{brief}/commitments", most=MOST)),
    }


def _read(file: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=unique_names)
        if not {"brief", "bids", "commitments"} <= document.keys():
            fail(
                Bilingual(f"{file} 里没有需求、报价和承诺。", f"{file} has no brief, bids and commitments."), EXIT_USAGE
            )
    except NameTwice as error:
        fail(name_twice(str(file), error), EXIT_USAGE)
    except (ValueError, AttributeError):
        fail(Bilingual(f"{file} 不是 --save 写出的 JSON。", f"{file} is no JSON as --save writes it."), EXIT_USAGE)
    return document


def _end(brief: Mapping[str, Any]) -> Iterator[str]:
    """Yield problems of the moment at which bidding ended."""
    seed, version = brief["close_seed"], brief["close_version_id"]
    if seed is None or version is None:
        return  # published before there were windows
    if hashlib.sha256(seed.encode()).hexdigest() != brief["close_commitment"]:
        yield in_words("种子与发布时承诺的不符", "the seed is not the one that was committed to at publication")
    moment = closing_time.closing_moment(
        seed,
        ids.read("brf", brief["id"]),
        ids.read("brv", version),
        _when(brief["bids_close_at"]),
        brief["closing_window_s"],
    )
    if _when(brief["bidding_ended_at"]) > moment + SLACK:
        ended, drawn = brief["bidding_ended_at"], moment.isoformat()
        yield in_words(
            f"报价截止于 {ended}，晚于种子抽出的时刻 {drawn}",
            f"bidding ended at {ended}, after the moment drawn by the seed, {drawn}",
        )
    if _when(brief["closed_at"]) < moment:
        closed, drawn = brief["closed_at"], moment.isoformat()
        hint(Bilingual(f"注意：{closed} 手动截止，早于 {drawn}。", f"note: closed by hand at {closed}, before {drawn}"))


def _offers(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield offers that differ from their commitment, and more wordings than the brief's versions allow."""
    # Each change of the brief gives one wording more at the most.
    allowed = REVISIONS_MAX + document["brief"]["version_number"] - 1
    for bid in document["bids"]:
        offer = commitment.offer_of(
            bid,
            brief_id=ids.read("brf", bid["brief_id"]),
            brief_version_id=ids.read("brv", bid["brief_version_id"]),
            channel_id=ids.read("chn", bid["channel_id"]),
            number=bid["revision_number"],
        )
        if not commitment.verify(offer, bid["salt"], bid["commitment"]):
            yield in_words(f"{bid['id']}：报价与承诺不符", f"{bid['id']}: the offer is not what was committed to")
        if bid["revision_number"] > allowed:
            number = bid["revision_number"]
            yield in_words(
                f"{bid['id']}：有 {number} 版，最多允许 {allowed} 版",
                f"{bid['id']}: has {number} wordings, and {allowed} are allowed",
            )


def _log(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield bids whose commitment is not in the public list, and commitments made after bidding ended."""
    listed = {entry["commitment"]: _when(entry["created_at"]) for entry in document["commitments"]}
    for bid in document["bids"]:
        if bid["commitment"] not in listed:
            yield in_words(f"{bid['id']}：承诺不在公开列表里", f"{bid['id']}: its commitment is not in the public list")
    ended = document["brief"]["bidding_ended_at"]
    if ended is not None:
        for commitment_hash, made_at in sorted(listed.items(), key=lambda entry: entry[1]):
            if made_at > _when(ended):
                name, made = f"{commitment_hash[:16]}...", made_at.isoformat()
                yield in_words(
                    f"承诺 {name} 作于 {made}，晚于报价截止 {ended}",
                    f"the commitment {name} was made at {made}, after bidding ended at {ended}",
                )


def _when(text: str) -> datetime:
    return datetime.fromisoformat(text)
