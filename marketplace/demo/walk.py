"""The main job from end to end over HTTP: sign up, import, brief, bid, score, rank, review."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from marketplace.demo import offers, wishes, world
from marketplace.demo.caller import DemoClient, DemoError
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
    """Somebody who signed up, with the token that signs their calls."""

    email: str
    kind: str
    name: str
    token: str


@dataclass
class DemoMarket:
    """What the walk has made so far."""

    caller: DemoClient
    agencies: list[DemoAccount] = field(default_factory=list)
    brands: list[DemoAccount] = field(default_factory=list)
    owners: dict[int, DemoAccount] = field(default_factory=dict)  # channel number -> who acts for it
    channel_ids: dict[int, str] = field(default_factory=dict)
    briefs: list[dict[str, Any]] = field(default_factory=list)
    bids: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


def walk(url: str, folder: Path, size: WorldSize, seed: int, say: Say) -> DemoMarket:
    """Make the whole world through the API. Raises DemoError where a call is refused or the workers do not finish."""
    market = DemoMarket(DemoClient(url))
    made = world.channels(seed, datetime.now(UTC).date(), size.channels, size.agencies)
    steps: tuple[tuple[str, Callable[[], str]], ...] = (
        ("accounts", lambda: _accounts(market, made, size)),
        ("imports", lambda: _imports(market, made, folder, say)),
        ("briefs", lambda: _briefs(market, size)),
        ("bids", lambda: _bids(market, made, size, seed)),
        ("scores", lambda: _scores(market)),
    )
    for name, step in steps:
        began = time.monotonic()
        told = step()
        market.seconds[name] = round(time.monotonic() - began, 1)
        say(f"{told} ({market.seconds[name]:.1f} s)")
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


def _accounts(market: DemoMarket, made: list[MadeChannel], size: WorldSize) -> str:
    """Agencies and brands sign up, and the few creators who have no agency."""
    alone = [one for one in made if one.agency is None]
    wanted = [("agency", name, number) for number, name in enumerate(world.agencies(size.agencies))]
    wanted += [("brand", name, number) for number, name in enumerate(wishes.BRANDS[: size.briefs])]
    wanted += [("creator", one.creator, one.number) for one in alone]
    accounts = market.caller.many(lambda one: _sign_up(market.caller, *one), wanted)
    market.agencies = accounts[: size.agencies]
    market.brands = accounts[size.agencies : size.agencies + size.briefs]
    by_number = dict(zip((one.number for one in alone), accounts[size.agencies + size.briefs :], strict=True))
    market.owners = {
        one.number: by_number[one.number] if one.agency is None else market.agencies[one.agency] for one in made
    }
    return f"signed up {size.agencies} agencies, {size.briefs} brands and {len(alone)} creators on their own"


def _imports(market: DemoMarket, made: list[MadeChannel], folder: Path, say: Say) -> str:
    """Everybody hands in the export files of their platforms; the workers read them."""
    groups: dict[tuple[str, str], list[MadeChannel]] = {}
    for one in made:
        groups.setdefault((market.owners[one.number].email, one.shape), []).append(one)
    folder.mkdir(parents=True, exist_ok=True)
    files = [
        (shape, members, write_export(folder, shape, members))
        for (_, shape), members in sorted(groups.items(), key=_key)
    ]

    def hand_in(one: tuple[str, list[MadeChannel], Path]) -> tuple[DemoAccount, dict[str, Any]]:
        _, members, path = one
        owner = market.owners[members[0].number]
        query = {"file_name": path.name, "mode": "all_or_nothing"}
        if owner.kind == "agency":
            query["create_creators"] = "true"
        return owner, market.caller("POST", "/imports", owner.token, query=query, file=path.read_bytes())

    handed = market.caller.many(hand_in, files)
    for owner, started in handed:
        _finished(market, owner, started["job_id"])
        result = market.caller("GET", f"/imports/{started['id']}", owner.token)
        if result["status"] != "done":
            raise DemoError(f"import of {result['file_name']}: {result['status']} {result['message']}")
    _find_channels(market, made)
    shapes = sorted({shape for shape, _, _ in files})
    return f"imported {len(made)} channels from {len(files)} export files ({', '.join(shapes)})"


def _key(group: tuple[tuple[str, str], list[MadeChannel]]) -> tuple[str, str]:
    return group[0]


def _finished(market: DemoMarket, owner: DemoAccount, job_id: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        job = market.caller("GET", f"/jobs/{job_id}", owner.token)
        if job["state"] in ("done", "dead", "cancelled"):
            return
        time.sleep(0.1)
    raise DemoError(f"job {job_id} was not done within {PATIENCE_S:g} s")


def _find_channels(market: DemoMarket, made: list[MadeChannel]) -> None:
    """Ask everybody for their channels, to know the ids."""
    by_handle = {(one.platform, one.handle): one.number for one in made}
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
    at = datetime.now(UTC).replace(microsecond=0)
    for number, brand in enumerate(market.brands):
        body = wishes.brief(number, at, at + BIDDING)
        made = market.caller("POST", "/briefs", brand.token, body)
        market.briefs.append(market.caller("POST", f"/briefs/{made['id']}/publish", brand.token))
    return f"published {size.briefs} briefs"


def _bids(market: DemoMarket, made: list[MadeChannel], size: WorldSize, seed: int) -> str:
    rng = np.random.default_rng(seed + 1)
    wanted = []
    for place, brief in enumerate(market.briefs):
        count = size.bids // len(market.briefs) + (place < size.bids % len(market.briefs))
        for one in offers.chosen(rng, made, brief["product"]["category"], count):
            body = offers.bid(rng, one, brief, market.channel_ids[one.number])
            wanted.append((market.owners[one.number], brief["id"], body))
    placed = market.caller.many(
        lambda one: market.caller("POST", f"/briefs/{one[1]}/bids", one[0].token, one[2]), wanted
    )
    market.bids = len(placed)
    return f"placed {len(placed)} sealed bids"


def _scores(market: DemoMarket) -> str:
    """Close the briefs and wait until every bid has a match on the present inputs."""
    for brief, brand in zip(market.briefs, market.brands, strict=True):
        market.caller("POST", f"/briefs/{brief['id']}/close", brand.token)
    deadline = time.monotonic() + PATIENCE_S
    fresh = total = 0
    while time.monotonic() < deadline:
        pages = [
            market.caller("GET", f"/briefs/{brief['id']}/ranking", brand.token, query={"limit": 1})
            for brief, brand in zip(market.briefs, market.brands, strict=True)
        ]
        fresh, total = sum(page["fresh"] for page in pages), sum(page["total"] for page in pages)
        if fresh == total:
            return f"scored {total} bids"
        time.sleep(0.25)
    raise DemoError(f"only {fresh} of {total} matches were fresh after {PATIENCE_S:g} s")
