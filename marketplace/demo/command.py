"""`inlay demo`: a whole market in a minute, then yours to play with."""

import contextlib
import importlib.util
import resource
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Any

import click

from marketplace.cli.client import ApiClient, fail
from marketplace.cli.number_options import SEED_MAX, WholeNumber
from marketplace.cli.output import told
from marketplace.cli.show_ranking import print_ranking
from marketplace.cli.shown.summaries import in_words
from marketplace.core import db
from marketplace.core.actor import EVERYTHING, Actor, Role
from marketplace.core.lazy_import import lazy_module
from marketplace.core.message import Bilingual
from marketplace.demo.choosing import show_selection
from marketplace.demo.reviewing import show_reviews
from marketplace.demo.walk import PASSWORD, DemoMarket, WorldSize, walk
from marketplace.identity import api_keys
from marketplace.identity import service as identity
from marketplace.local.market_tree import MarketTree, answers
from marketplace.local.servers import EmbeddedError, database_url_of
from marketplace.local.web_port import require_free

# The demo's creators all sign up from one address within seconds, which the usual limits would refuse.
GENEROUS = {"SIGN_INS_PER_MINUTE": "100000", "RATE_LIMIT_PER_MINUTE": "1000000"}
REVIEWERS = ("ada@demo.inlay.example", "bo@demo.inlay.example")
SHOWN = 3


@click.command("demo")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=".data/demo",
    show_default=True,
    help="Where everything is kept; thrown away and made anew.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=WholeNumber(1, 65535), default=8000, show_default=True, help="The port to listen on.")
@click.option(
    "--seed", type=WholeNumber(0, SEED_MAX), default=20261123, show_default=True, help="What the world is made by."
)
@click.option("--exit", "leave", is_flag=True, help="End after the walk instead of staying up.")
@click.pass_obj
def demo(api: ApiClient, /, data: Path, host: str, port: int, seed: int, leave: bool) -> None:
    """Make a small world, and run the main job on it.

    Creators, agencies and brands, on embedded servers; then it stays up and prints log-ins.
    """
    began = time.monotonic()
    outcome: dict[str, Any] = {}
    try:
        require_free(host, port)
        _throw_away(data)
        with MarketTree.on_embedded_servers(data, host, port, env=GENEROUS, log=data / "inlay.log") as tree:
            seconds, log = time.monotonic() - began, data / "inlay.log"
            click.echo(
                in_words(
                    f"服务已启动（{seconds:.1f} 秒）；日志在 {log}",
                    f"servers started ({seconds:.1f} s); the log is {log}",
                )
            )
            thread = threading.Thread(
                target=_walk, args=(api, tree, f"http://{host}:{port}", data, seed, leave, began, outcome), daemon=True
            )
            thread.start()
            code = tree.run()
    except EmbeddedError as error:
        fail(error.text)
    if "error" in outcome:
        fail(Bilingual(f"演示没有完成：{outcome['error']}", f"The demo did not finish: {outcome['error']}"))
    sys.exit(code)


def _throw_away(data: Path) -> None:
    """Empty the data folder, but only one that a demo made."""
    mark = data / "demo-data"
    if data.exists() and any(data.iterdir()) and not mark.exists():
        fail(
            Bilingual(
                f"{data} 里有不是演示生成的内容。请用 --data 换一个文件夹。",
                f"{data} holds something that the demo did not make. Name another folder with --data.",
            )
        )
    with contextlib.suppress(EmbeddedError):
        database_url_of(data)
        fail(
            Bilingual(
                f"{data} 里已有演示在运行。请先停止它，或用 --data 换一个文件夹。",
                f"A demo runs in {data} already. Stop it, or name another folder with --data.",
            )
        )
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    mark.touch()


def _walk(
    api: ApiClient,
    tree: MarketTree,
    url: str,
    data: Path,
    seed: int,
    leave: bool,
    began: float,
    outcome: dict[str, Any],
) -> None:
    # A thread does not know by itself for whom it prints.
    with click.Context(click.Command("demo"), obj=api):
        _take_all_steps(tree, url, data, seed, leave, began, outcome)


def _take_all_steps(
    tree: MarketTree, url: str, data: Path, seed: int, leave: bool, began: float, outcome: dict[str, Any]
) -> None:
    try:
        while not answers(f"{url}/readyz"):
            time.sleep(0.1)
        reviewers = [_admin(email) for email in REVIEWERS]
        market = walk(url, data / "exports", WorldSize(), seed, click.echo)
        show(market)
        # The largest budget has the most to choose.
        brief, brand = max(
            zip(market.briefs, market.brands, strict=True), key=lambda pair: pair[0]["budget"]["amount_minor"]
        )
        show_selection(market.caller, url, brand, brief, data / "pictures")
        show_reviews(market, dict(zip(REVIEWERS, reviewers, strict=True)))
        if importlib.util.find_spec("av") is None:
            click.echo(
                in_words(
                    "\n成片检查需要 vision 组件：make vision", "\nChecks of videos need the vision extra: make vision"
                )
            )
        else:
            lazy_module("marketplace.demo.drafts").show_draft(market, url, data / "draft")
            lazy_module("marketplace.demo.series_story").show_deals(market, reviewers, data / "deal")
        seconds = time.monotonic() - began
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        calls, bids = f"{market.caller.count:,}", f"{market.bids:,}"
        click.echo(
            in_words(
                f"\n共 {calls} 次调用、{bids} 个报价，用时 {seconds:.0f} 秒；最大进程 {peak:.0f} MB",
                f"\n{calls} calls, {bids} bids, {seconds:.0f} s in all; largest process {peak:.0f} MB",
            )
        )
    except Exception as error:  # whatever it was, the servers must stop and the reason must be shown
        outcome["error"] = f"{type(error).__name__}: {error}"
        tree.supervisor.ask_to_stop()
        return
    if leave:
        tree.supervisor.ask_to_stop()
        return
    _say_where(url, market)


def _admin(email: str) -> str:
    """Create a platform administrator and return a key of theirs."""
    with db.transaction() as session:
        membership = identity.make_platform_admin(session, email, email.split("@")[0].title(), PASSWORD)
        actor = Actor(role=Role.ADMIN, party_id=membership.party.id, person_id=membership.person.id)
        issued = api_keys.create(session, actor, name=email, scopes=sorted(EVERYTHING), expires_at=None)
        assert issued.secret is not None
        return issued.secret


def show(market: DemoMarket) -> None:
    """Print the first brief's ranking with reasons, and one plan's reasons."""
    brief, brand = market.briefs[0], market.brands[0]
    page = market.caller("GET", f"/briefs/{brief['id']}/ranking", brand.token, query={"limit": 10})
    click.echo(in_words("\n需求", "\nBrief") + f" {brief['title']} · {brand.name}")
    print_ranking({**page, "data": page["data"]}, why=False)
    for match in page["data"][:SHOWN]:
        click.echo(f"\n{match['rank']}. {match['channel_name']}")
        for reason in match["reasons"]:
            click.echo(f"   {told(reason)}")
    dearest = max(page["data"], key=lambda row: row["intrusiveness"]["high"])
    plan = market.caller("GET", f"/bids/{dearest['bid_id']}/match", brand.token)["plan"]
    name, low, high = dearest["channel_name"], *(f"{plan['score'][end]:.0f}" for end in ("low", "high"))
    click.echo(
        in_words(
            f"\n植入方案的侵扰度（{name}）：{low} 至 {high}", f"\nIntrusiveness of the plan ({name}): {low} to {high}"
        )
    )
    for reason in plan["reasons"]:
        click.echo(f"   {told(reason)}")
        if reason["what_if"]:
            click.echo(f"      {told(reason['what_if'])}")


def _say_where(url: str, market: DemoMarket) -> None:
    click.echo(
        in_words(
            f"\nInlay 继续运行在 {url}（API {url}/api/v1，页面 {url}/docs），Ctrl-C 停止。登录账户：",
            f"\nInlay stays up at {url} (API {url}/api/v1, page {url}/docs). Ctrl-C stops it. Log-ins:",
        )
    )
    creators = [owner for owner in market.owners.values() if owner.kind == "creator"]
    for account in (market.brands[0], market.agencies[0], *creators[:1]):
        click.echo(f"   {account.kind:<8} {account.email}  {PASSWORD}")
        click.echo(f"            INLAY_KEY={account.token}")
    click.echo(f"   admin    {REVIEWERS[0]}  {PASSWORD}")
    command = f".venv/bin/inlay --url {url} ranking {market.briefs[0]['id']} --why"
    click.echo(f"   {in_words('试试', 'try')}: INLAY_KEY={market.brands[0].token} {command}")
