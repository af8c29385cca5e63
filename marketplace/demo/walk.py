"""The main job from end to end over HTTP: sign up, import, brief, bid, score, rank, review."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from marketplace.cli.shown.summaries import in_words
from marketplace.core.clock import now
from marketplace.demo import offers, wishes, world
from marketplace.demo.caller import DemoClient, DemoError, looks
from marketplace.demo.files import write_export
from marketplace.demo.world import MadeChannel

PASSWORD = "correct horse demo staple"  # noqa: S105 - printed on purpose, on a machine of one's own
BIDDING = timedelta(hours=6)
PATIENCE_S = 300.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class WorldSize:
    """How large a world to make."""

    channels: int = 320
    agencies: int = 12
    briefs: int = 8
    bids: int = 1500


@dataclass
class DemoAccount:
    """An account that signed up, with the token for its calls."""

    email: str
    kind: str
    name: str
    token: str


@dataclass
class DemoMarket:
    """What the walk has created so far."""

    caller: DemoClient
    agencies: list[DemoAccount] = field(default_factory=list)
    brands: list[DemoAccount] = field(default_factory=list)
    owners: dict[int, DemoAccount] = field(default_factory=dict)  # channel number -> who acts for it
    channel_ids: dict[int, str] = field(default_factory=dict)
    briefs: list[dict[str, Any]] = field(default_factory=list)
    bids: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


def walk(url: str, folder: Path, size: WorldSize, seed: int, say: Say) -> DemoMarket:
    """Create the whole world through the API. Raises DemoError if a call is refused or the workers do not finish."""
    market = DemoMarket(DemoClient(url))
    channels = world.channels(seed, now().date(), size.channels, size.agencies)
    steps: tuple[tuple[str, Callable[[], str]], ...] = (
        ("accounts", lambda: _accounts(market, channels, size)),
        ("imports", lambda: _imports(market, channels, folder, say)),
        ("briefs", lambda: _briefs(market, size)),
        ("bids", lambda: _bids(market, channels, size, seed)),
        ("scores", lambda: _scores(market)),
    )
    for name, step in steps:
        began = time.monotonic()
        summary = step()
        market.seconds[name] = round(time.monotonic() - began, 1)
        say(in_words(f"{summary}（{market.seconds[name]:.1f} 秒）", f"{summary} ({market.seconds[name]:.1f} s)"))
    return market


def _sign_up(caller: DemoClient, kind: str, name: str, number: int) -> DemoAccount:
    email = f"{kind}{number}@demo.inlay.example"
    caller(
        "POST",
        "/sign-up",
        body={"email": email, "password": PASSWORD, "name": f"{name} 运营", "party": {"kind": kind, "name": name}},
    )
    session = caller("POST", "/sessions", body={"email": email, "password": PASSWORD})
    return DemoAccount(email, kind, name, session["token"])


def _accounts(market: DemoMarket, channels: list[MadeChannel], size: WorldSize) -> str:
    """Sign up the agencies, the brands and the few creators who have no agency."""
    alone = [channel for channel in channels if channel.agency is None]
    sign_ups = [("agency", name, number) for number, name in enumerate(world.agencies(size.agencies))]
    sign_ups += [("brand", name, number) for number, name in enumerate(wishes.BRANDS[: size.briefs])]
    sign_ups += [("creator", channel.creator, channel.number) for channel in alone]
    accounts = market.caller.many(lambda account: _sign_up(market.caller, *account), sign_ups)
    market.agencies = accounts[: size.agencies]
    market.brands = accounts[size.agencies : size.agencies + size.briefs]
    by_number = dict(zip((channel.number for channel in alone), accounts[size.agencies + size.briefs :], strict=True))
    market.owners = {
        channel.number: by_number[channel.number] if channel.agency is None else market.agencies[channel.agency]
        for channel in channels
    }
    return in_words(
        f"注册了 {size.agencies} 家机构、{size.briefs} 个品牌和 {len(alone)} 位独立创作者",
        f"signed up {size.agencies} agencies, {size.briefs} brands and {len(alone)} creators on their own",
    )


def _imports(market: DemoMarket, channels: list[MadeChannel], folder: Path, say: Say) -> str:
    """Upload the export files of everybody's platforms, and wait until the workers have read them."""
    groups: dict[tuple[str, str], list[MadeChannel]] = {}
    for channel in channels:
        groups.setdefault((market.owners[channel.number].email, channel.shape), []).append(channel)
    folder.mkdir(parents=True, exist_ok=True)
    files = [
        (shape, members, write_export(folder, shape, members))
        for (_, shape), members in sorted(groups.items(), key=_key)
    ]

    def upload(file: tuple[str, list[MadeChannel], Path]) -> tuple[DemoAccount, dict[str, Any]]:
        _, members, path = file
        owner = market.owners[members[0].number]
        query = {"file_name": path.name, "mode": "all_or_nothing"}
        if owner.kind == "agency":
            query["create_creators"] = "true"
        return owner, market.caller("POST", "/imports", owner.token, query=query, file=path.read_bytes())

    for owner, started in market.caller.many(upload, files):
        _finished(market, owner, started["job_id"])
        result = market.caller("GET", f"/imports/{started['id']}", owner.token)
        if result["status"] != "done":
            raise DemoError(f"import of {result['file_name']}: {result['status']} {result['message_en']}")
    _find_channels(market, channels)
    shapes = sorted({shape for shape, _, _ in files})
    kinds = ", ".join(shapes)
    return in_words(
        f"从 {len(files)} 个导出文件导入 {len(channels)} 个账号（{kinds}）",
        f"imported {len(channels)} channels from {len(files)} export files ({kinds})",
    )


def _key(group: tuple[tuple[str, str], list[MadeChannel]]) -> tuple[str, str]:
    return group[0]


def _finished(market: DemoMarket, owner: DemoAccount, job_id: str) -> None:
    for _ in looks(PATIENCE_S):
        job = market.caller("GET", f"/jobs/{job_id}", owner.token)
        if job["state"] in ("done", "dead", "cancelled"):
            return
    raise DemoError(f"job {job_id} was not done within {PATIENCE_S:g} s")


def _find_channels(market: DemoMarket, channels: list[MadeChannel]) -> None:
    """Look up the ids of all channels, account by account."""
    by_handle = {(channel.platform, channel.handle): channel.number for channel in channels}
    owners = {account.email: account for account in market.owners.values()}
    for account in owners.values():
        after = None
        while True:
            query = {"limit": 100, **({"starting_after": after} if after else {})}
            page = market.caller("GET", "/channels", account.token, query=query)
            for row in page["data"]:
                market.channel_ids[by_handle[row["platform"], row["handle"]]] = row["id"]
            if not page["has_more"]:
                break
            after = page["data"][-1]["id"]


def _briefs(market: DemoMarket, size: WorldSize) -> str:
    at = now().replace(microsecond=0)
    for number, brand in enumerate(market.brands):
        body = wishes.brief(number, at, at + BIDDING)
        draft = market.caller("POST", "/briefs", brand.token, body)
        market.briefs.append(market.caller("POST", f"/briefs/{draft['id']}/publish", brand.token))
    return in_words(f"发布了 {size.briefs} 条需求", f"published {size.briefs} briefs")


def _bids(market: DemoMarket, channels: list[MadeChannel], size: WorldSize, seed: int) -> str:
    rng = np.random.default_rng(seed + 1)
    offers_wanted = []
    for index, brief in enumerate(market.briefs):
        count = size.bids // len(market.briefs) + (index < size.bids % len(market.briefs))
        for channel in offers.chosen(rng, channels, brief["product"]["category"], count):
            body = offers.bid(rng, channel, brief, market.channel_ids[channel.number])
            offers_wanted.append((market.owners[channel.number], brief["id"], body))
    placed = market.caller.many(
        lambda offer: market.caller("POST", f"/briefs/{offer[1]}/bids", offer[0].token, offer[2]), offers_wanted
    )
    market.bids = len(placed)
    return in_words(f"提交了 {len(placed)} 个密封报价", f"placed {len(placed)} sealed bids")


def _scores(market: DemoMarket) -> str:
    """Close the briefs and wait until every bid has a match made of the present inputs."""
    for brief, brand in zip(market.briefs, market.brands, strict=True):
        market.caller("POST", f"/briefs/{brief['id']}/close", brand.token)
    fresh = total = 0
    for _ in looks(PATIENCE_S):
        pages = [
            market.caller("GET", f"/briefs/{brief['id']}/ranking", brand.token, query={"limit": 1})
            for brief, brand in zip(market.briefs, market.brands, strict=True)
        ]
        fresh, total = sum(page["fresh"] for page in pages), sum(page["total"] for page in pages)
        if fresh == total:
            return in_words(f"为 {total} 个报价评了分", f"scored {total} bids")
    raise DemoError(f"only {fresh} of {total} matches were fresh after {PATIENCE_S:g} s")
