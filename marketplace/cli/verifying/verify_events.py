"""Checks that what a market has recorded is as it was: the chains of events, and the hashes that somebody has kept."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from marketplace.cli.calls.id_arguments import IdArgument
from marketplace.cli.client import EXIT_USAGE, ApiClient, fail
from marketplace.cli.shown.summaries import in_words
from marketplace.cli.verifying.verify import end_with
from marketplace.core import db
from marketplace.core.lazy_import import lazy_module
from marketplace.core.message import Bilingual
from marketplace.local.servers import EmbeddedError
from marketplace.operations.event_chain import ShownLink, faults

if TYPE_CHECKING:
    from marketplace.local import market_tree
    from marketplace.operations import event_links
else:
    event_links = lazy_module("marketplace.operations.event_links")
    market_tree = lazy_module("marketplace.local.market_tree")


@click.command("events")
@click.option("--brief", type=IdArgument("brief"), help="The chain of a closed brief, brf_..., and not your party's.")
@click.option("--party", type=IdArgument("party"), help="The chain of a party, pty_...; only its own people read it.")
@click.option(
    "--heads",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file of hashes kept at earlier checks: held against the chain, and today's are added.",
)
@click.option("--database", is_flag=True, help="Check every chain in the database itself (DATABASE_URL, or --data).")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=".data",
    show_default=True,
    help="With --database: where the market's data is.",
)
@click.pass_obj
def events(
    api: ApiClient, brief: str | None, party: str | None, heads: Path | None, database: bool, data: Path
) -> None:
    """Check that no event was changed, removed or moved.

    The hash of every event that you may read, and each hash of the chain, are worked out again. What was rewritten
    from its beginning is found by hashes kept earlier: name the same file as --heads each time. Exit code 1 where
    something does not hold.
    """
    if sum((brief is not None, party is not None, database)) > 1:
        fail(
            Bilingual("--brief、--party 与 --database 只能用一个。", "Use one of --brief, --party and --database."),
            EXIT_USAGE,
        )
    if database:
        _in_database(api, data)
        return
    links = _links(api, brief, party)
    found = list(faults(links, every_record=brief is None))
    head = links[-1].head.hex() if links else None
    newest = {str(links[-1].position): links[-1].head.hex()} if links else {}
    market = api.call("GET", "/event-heads")
    if heads is not None:
        name = brief or party or str(api.call("GET", "/people/me")["actor"]["party_id"])
        kept = _read(heads, name)
        found += _against(api, kept, name, links)
        _keep(heads, kept, {name: newest, "market": {str(market["position"]): market["head"]}})
    _tell(api, {"links": len(links), "head": head, "market": market}, found)


def _links(api: ApiClient, brief: str | None, party: str | None) -> list[ShownLink]:
    query = {"brief_id": brief} if brief else {"party_id": party} if party else {}
    rows, _ = api.some("/event-links", query)
    return [
        ShownLink(
            row["position"], row["event_id"], bytes.fromhex(row["leaf"]), bytes.fromhex(row["head"]), row["record"]
        )
        for row in rows
    ]


# What files of earlier releases call the chain of the party that keeps the file.
_OWN = "own"


def _against(api: ApiClient, kept: dict[str, dict[str, str]], name: str, links: list[ShownLink]) -> list[Bilingual]:
    """Hold a chain, and the market's, against the hashes that were kept."""
    own = {str(link.position): link.head.hex() for link in links}
    found = []
    for chain, hashes in kept.items():
        if chain not in (name, "market"):
            continue
        for position, head in hashes.items():
            told = own.get(position)
            if chain == "market":
                answer = api.find(f"/event-heads?position={position}")
                told = answer and answer["head"]
            if told != head:
                zh, en = ("全市场", "the market") if chain == "market" else (chain, chain)
                found.append(
                    Bilingual(
                        f"{zh}：第 {position} 环的哈希与保存的不符，之前的事件被改动过",
                        f"{en}: the hash at {position} is not the one that was kept, so what came before was changed",
                    )
                )
    return found


def _read(path: Path, name: str) -> dict[str, dict[str, str]]:
    """Return the kept hashes by position, by chain."""
    if not path.exists():
        return {}
    try:
        kept = json.loads(path.read_text("utf-8"))
        found = {
            str(chain): {str(int(at)): str(head) for at, head in of.items() if int(at) > 0}
            for chain, of in kept.items()
        }
        if _OWN in found and name not in found and not name.startswith("brf_"):
            found[name] = found.pop(_OWN)
        return found
    except (OSError, ValueError, AttributeError):
        fail(Bilingual(f"{path} 不是 --heads 写出的文件。", f"{path} is no file that --heads wrote."), EXIT_USAGE)


def _keep(path: Path, kept: dict[str, dict[str, str]], newest: dict[str, dict[str, str]]) -> None:
    """Add the newest hashes to the file. One that was kept stays, also where the market tells another one now."""
    more = {chain: {**hashes, **kept.get(chain, {})} for chain, hashes in newest.items()}
    path.write_text(json.dumps(kept | more, indent=1) + "\n", "utf-8")


def _in_database(api: ApiClient, data: Path) -> None:
    try:
        db.connect(market_tree.MarketTree.database_url(data), pool_size=1, statement_timeout_ms=0)
    except EmbeddedError as error:
        fail(error.text)
    with db.transaction() as session:
        done = event_links.check(session)
    _tell(api, {"events": done.events, "links": done.links}, list(done.faults))


def _tell(api: ApiClient, counts: dict[str, Any], found: list[Bilingual]) -> None:
    links, count = counts["links"], len(found)
    summary = Bilingual(f"已核验 {links} 环，{count} 处不符", f"{links} links checked, {count} faults")
    end_with(api, counts, [in_words(fault.zh, fault.en) for fault in found], summary)
