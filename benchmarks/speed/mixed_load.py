"""The market as `inlay up` runs it under 64 connections: seven reads to two bids to one import or scoring.

Two parts. By kind: rounds of lists, of reads of one brief and of bids go in turn to the market and to bare Flask with
psycopg, which sends the very same SQL behind the same server and front; what counts is the processor time of either web
process for one request, so that other work on the machine weighs little. Mixed: all kinds together against the market,
with the time that requests take and the memory of the web process at steps.
"""

import argparse
import io
import json
import os
import pickle
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import psutil
import sqlalchemy as sa
from flask.testing import FlaskClient

from benchmarks.speed import load_clients, market, recorded_sql
from benchmarks.speed.load_clients import Call
from benchmarks.speed.recorded_sql import RecordedCall
from marketplace import models
from marketplace.app import create_app
from marketplace.channels.files import exports
from marketplace.core import db, ids, log
from marketplace.core.clock import now
from marketplace.core.config import Config
from marketplace.core.ids import new_id, show
from marketplace.demo import files, world
from marketplace.local.market_tree import MarketTree, answers
from marketplace.local.programs import web_argv

assert models.metadata.tables
CREATORS, CHANNELS = 16, 16
IMPORTED, FOLLOWERS = 5, 987_654_321  # channels a file, and the number that each file has another one for
FILLED = 2  # briefs with bids of all of one creator's channels from the start, so that every list has its twenty
WARM = 128
STEPS = 10
JSON = "application/json"
# What of the mix each kind is; an import is a file of five channels.
SHARES = {"list": 0.35, "read": 0.35, "bid": 0.2, "import": 0.05, "score": 0.05}
READY_S = 300.0


@dataclass(frozen=True)
class Offer:
    """A channel that can still bid on a brief, with the key of its creator."""

    key: str
    brief_id: UUID
    channel_id: UUID


@dataclass
class Market:
    """What the requests are made of. `offers` are used up."""

    brand_key: str
    keys: list[str]
    briefs: list[UUID]
    offers: Iterator[Offer]
    body: dict[str, Any]
    files: list[bytes]
    dice: random.Random

    def bid(self) -> Call:
        offer = next(self.offers)
        body = json.dumps({**self.body, "channel_id": show("chn", offer.channel_id)}).encode()
        path = f"/api/v1/briefs/{show('brf', offer.brief_id)}/bids"
        return Call("bid", "POST", path, _headers(offer.key, JSON), body)

    def list(self) -> Call:
        return Call("list", "GET", "/api/v1/bids?limit=20", {"Authorization": self.dice.choice(self.keys)})

    def read(self) -> Call:
        path = f"/api/v1/briefs/{show('brf', self.dice.choice(self.briefs))}"
        return Call("read", "GET", path, {"Authorization": self.dice.choice(self.keys)})

    def score(self) -> Call:
        path = f"/api/v1/briefs/{show('brf', self.dice.choice(self.briefs))}/score"
        return Call("score", "POST", path, _headers(self.brand_key, JSON))

    def hand_in(self) -> Call:
        place = self.dice.randrange(len(self.files))
        body = self.files[place].replace(str(FOLLOWERS).encode(), str(self.dice.randrange(10**4, 10**6)).encode())
        return Call("import", "POST", "/api/v1/imports?file_name=c.csv", _headers(self.keys[place], "text/csv"), body)

    def mixed(self) -> Call:
        make = {"list": self.list, "read": self.read, "bid": self.bid, "import": self.hand_in, "score": self.score}
        (kind,) = self.dice.choices(list(SHARES), list(SHARES.values()))
        return make[kind]()


def _headers(key: str, content_type: str) -> dict[str, str]:
    return {"Authorization": key, "Idempotency-Key": str(new_id()), "Content-Type": content_type}


def run(requests: int, rounds: int, a_round: int, connections: int) -> dict[str, Any]:
    """Return the figures of both parts."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        data, log_file = Path(folder, "data"), Path(folder, "log")
        port, bare_port = free_port(), free_port()
        web = stack.enter_context(started_market(data, port, log_file, RATE_LIMIT_PER_MINUTE=str(10**9)))
        owned = db.connect(MarketTree.owner_url(data), pool_size=2)
        bids = int(requests * SHARES["bid"] * 1.1) + 2 * (rounds * a_round + WARM) + 100
        made = _fill(bids)
        owned.dispose()
        url = MarketTree.database_url(data)
        engine = db.connect(url, pool_size=2)
        recorded = Path(folder, "recorded")
        calls = _record(url, made)
        recorded.write_bytes(pickle.dumps(calls))
        engine.dispose()
        bare = stack.enter_context(_bare(url, bare_port, recorded, log_file))
        kinds = {"list": made.list, "read": made.read, "bid": made.bid}
        found: dict[str, Any] = {"connections": connections, "cores": os.cpu_count()}
        for kind, make in kinds.items():
            figures = _by_kind(make, (port, web), (bare_port, bare), rounds, a_round, connections)
            found[kind] = {**figures, "statements": len(calls[kind].statements)}
            _tell(kind, found[kind])
        found["mixed"] = _mixed(made, port, web, requests, connections)
        return found


def _tell(name: str, value: object) -> None:
    print(f"{name}: {json.dumps(value)}", file=sys.stderr, flush=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _started(argv: list[str], env: dict[str, str], log_file: Path, port: int, live: str) -> Iterator[psutil.Process]:
    """Start a program and wait until it answers."""
    with (
        log_file.open("a") as lines,
        subprocess.Popen(argv, env={**os.environ, **env}, stdout=lines, stderr=lines) as started,
    ):
        try:
            until = time.monotonic() + READY_S
            while not answers(f"http://127.0.0.1:{port}{live}"):
                if started.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"{argv[:4]} did not start: {log_file.read_text()[-2000:]}")
                time.sleep(0.2)
            yield psutil.Process(started.pid)
        finally:
            started.terminate()
            started.wait(60)


@contextmanager
def started_market(data: Path, port: int, log_file: Path, **env: str) -> Iterator[psutil.Process]:
    """Start a market on a new folder, with these settings; yield its web server."""
    argv = [sys.executable, "-m", "marketplace.cli.main", "up", "--data", str(data), "--port", str(port)]
    with _started(argv, env, log_file, port, "/readyz") as up:
        yield next(child for child in up.children() if "granian" in child.cmdline())


@contextmanager
def _bare(url: str, port: int, recorded: Path, log_file: Path) -> Iterator[psutil.Process]:
    env = {
        "DATABASE_URL": url,
        "REDIS_URL": "redis://127.0.0.1",
        "SECRET_KEY": "bench",
        "RECORDED_CALLS": str(recorded),
    }
    argv = [*web_argv("127.0.0.1", port)[:-1], "benchmarks.speed.bare_web:front"]
    with _started(argv, env, log_file, port, "/livez") as process:
        yield process


def _fill(bids: int) -> Market:
    with db.transaction() as session:
        brand_id, brand_key = market.party(session, "brand")
        creators = [market.party(session, "creator") for _ in range(CREATORS)]
        for creator_id, _ in creators:
            market.channels(session, creator_id, CHANNELS)
        number = bids // (CREATORS * CHANNELS) + 1
        briefs = [market.brief(session, brand_id) for _ in range(number + FILLED * CREATORS)]
        for place, brief_id in enumerate(briefs[number:]):
            market.bids(session, brief_id, brand_id, creators[place % CREATORS][0])
        channels = {
            creator_id: session.scalars(
                sa.text("SELECT id FROM channels WHERE creator_id = :id"), {"id": creator_id}
            ).all()
            for creator_id, _ in creators
        }
    with db.Sessions.begin() as session:
        session.execute(sa.text("ANALYZE"))  # as autovacuum would have done long ago
    offers = (
        Offer(key, brief_id, channel_id)
        for brief_id in briefs[:number]
        for creator_id, key in creators
        for channel_id in channels[creator_id]
    )
    keys = [key for _, key in creators]
    return Market(brand_key, keys, briefs, offers, market.bid_body(briefs[0]), _files(), random.Random(1))


def _files() -> list[bytes]:
    """Return a file for each creator, of channels that nobody else has."""
    today, made = now().date(), []
    with TemporaryDirectory() as folder:
        for number in range(CREATORS):
            path = Path(folder, f"{number}.csv")
            records = [
                replace(files.record(channel, today), account_key=f"own{number}-{place}", handle=f"own{number}-{place}")
                for place, channel in enumerate(world.channels(1, today, IMPORTED))
            ]
            for record in records:
                record.snapshot["followers"] = FOLLOWERS
            exports.write(path, "inlay", records)
            made.append(path.read_bytes())
    return made


def _record(url: str, made: Market) -> dict[str, RecordedCall]:
    """Return the statements of each kind, recorded in this process on the market's database."""
    # What is counted in Valkey is no SQL: the address of nothing stands for it.
    config = Config(url, "redis://127.0.0.1:1", "redis://127.0.0.1:1", "bench", rate_limit_per_minute=10**9)
    client = create_app(config).test_client()
    for key in made.keys:
        _asked(
            client, replace(made.list(), headers={"Authorization": key})
        )  # when a key was used is noted now and then
    sent: list[Call] = []

    def recorded(make: Callable[[], Call]) -> RecordedCall:
        began = new_id()
        statements = recorded_sql.record(url, lambda: sent.append(_asked(client, make())))
        return RecordedCall(statements, began)

    found = {"bid": recorded(made.bid), "list": recorded(made.list), "read": recorded(made.read)}
    bid, read = sent[1], sent[5]
    channel = ids.read("chn", json.loads(bid.body)["channel_id"])
    found["bid"] = replace(found["bid"], named={"brief": _brief_of(bid), "channel": channel})
    found["read"] = replace(found["read"], named={"brief": _brief_of(read)})
    return found


def _brief_of(call: Call) -> UUID:
    return ids.read("brf", call.path.split("/")[4])


def _asked(client: FlaskClient, call: Call) -> Call:
    answer = client.open(call.path, method=call.method, headers=call.headers, data=call.body)
    assert answer.status_code < 300, answer.text
    return call


Served = tuple[int, psutil.Process]


def _by_kind(
    make: Callable[[], Call], ours: Served, bare: Served, rounds: int, a_round: int, connections: int
) -> dict[str, Any]:
    """Send rounds to both in turn; return the web's CPU milliseconds of a request, and ours' requests a CPU second over
    the bare one's."""
    ms: dict[str, list[float]] = {"ours": [], "bare": []}
    for number in range(rounds + 1):
        for name, (port, web) in (("ours", ours), ("bare", bare)):
            calls = [make() for _ in range(a_round if number else WARM)]
            before = cpu_s(web)
            got = load_clients.send(port, calls, connections)
            assert not got.refusals, got.refusals
            if number:  # the first one warms up
                ms[name].append(1000 * (cpu_s(web) - before) / len(calls))
    return {
        "web_cpu_ms": round(median(ms["ours"]), 2),
        "bare_cpu_ms": round(median(ms["bare"]), 2),
        "ratio": round(median(theirs / mine for mine, theirs in zip(ms["ours"], ms["bare"], strict=True)), 2),
        "ratios": [round(theirs / mine, 2) for mine, theirs in zip(ms["ours"], ms["bare"], strict=True)],
    }


def cpu_s(web: psutil.Process) -> float:
    times = [process.cpu_times() for process in (web, *web.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def _rss_mb(web: psutil.Process) -> float:
    return round(sum(process.memory_info().rss for process in (web, *web.children(recursive=True))) / 2**20, 1)


def _mixed(made: Market, port: int, web: psutil.Process, requests: int, connections: int) -> dict[str, Any]:
    memory = {0: _rss_mb(web)}

    def look(count: int) -> None:
        if count % (requests // STEPS) == 0:
            memory[count] = _rss_mb(web)
            _tell("mixed", {"requests": count, "web_mb": memory[count], "load_average": os.getloadavg()[0]})

    before, began = cpu_s(web), time.perf_counter()
    got = load_clients.send(port, (made.mixed() for _ in range(requests)), connections, look)
    spent_s, seconds = cpu_s(web) - before, time.perf_counter() - began
    return {
        "requests": requests,
        "requests_per_s": round(requests / seconds),
        "requests_per_web_cpu_s": round(requests / spent_s),
        "latency": got.percentiles(),
        "statuses": dict(sorted(got.statuses.items())),
        "refusals": got.refusals,
        "web_mb": memory,
        "load_average": os.getloadavg()[0],
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.mixed_load", description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000, help="of the mixed part")
    parser.add_argument("--rounds", type=int, default=3, help="of each kind")
    parser.add_argument("--round", type=int, default=1000, help="requests of a round")
    parser.add_argument("--connections", type=int, default=64)
    asked = parser.parse_args()
    log.configure("json", io.StringIO())
    print(json.dumps(run(asked.requests, asked.rounds, asked.round, asked.connections), indent=2))


if __name__ == "__main__":
    main()
