"""`inlay chaos`: a running market, faults chosen by a seed, and an oracle that counts what was lost or doubled.

Load: probe jobs in committed transactions, and bids over HTTP, each tried again under one Idempotency-Key until it is
answered. Whatever was acknowledged must be there once at the end: the job's effect, the bid, the bid's match.
"""

import contextlib
import json
import os
import platform
import random
import signal
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import redis
import sqlalchemy as sa
import urllib3

from marketplace.briefs.models import Brief
from marketplace.commands.tree import Tree, answers
from marketplace.core import db, ids, jobs
from marketplace.demo import chaos_market
from marketplace.matching import service as matching

BATCH, PAUSE_S, LEASE_S, DRAIN_S, SETTLED_S = 10, 0.1, 3, 240.0, 5.0
QUEUE = jobs.DEFAULT


@dataclass
class Run:
    """One run's plan and what it has seen."""

    tree: Tree
    url: str
    seed: int
    wanted: int
    faults_wanted: int
    bids_wanted: int
    acked: list[UUID] = field(default_factory=list)
    unknown: list[UUID] = field(default_factory=list)
    bids: dict[str, str] = field(default_factory=dict)  # Idempotency-Key -> bid id that was answered
    faults: Counter[str] = field(default_factory=Counter)
    failed_faults: Counter[str] = field(default_factory=Counter)
    over: threading.Event = field(default_factory=threading.Event)
    seen: dict[tuple[str, int], float] = field(default_factory=dict)

    def enqueue(self) -> None:
        """Ask for probe jobs until enough are acknowledged; one in five hundred sleeps past its lease."""
        rng = random.Random(self.seed)  # noqa: S311 - a plan that can be repeated, not a secret
        while len(self.acked) < self.wanted and not self.over.is_set():
            made: list[UUID] = []
            try:
                with db.transaction() as session:
                    for _ in range(BATCH):
                        payload = {"sleep_s": LEASE_S + 1.5} if rng.random() < 0.002 else {}
                        made.append(
                            jobs.enqueue(
                                session, "core.probe", queue=QUEUE, payload=payload, lease_s=LEASE_S, max_attempts=100
                            )
                        )
            except sa.exc.DBAPIError:
                self.unknown += made
                time.sleep(0.3)
            else:
                self.acked += made
            time.sleep(PAUSE_S)

    def bid(self, market: chaos_market.Market) -> None:
        """Place one bid for each channel, trying again with the same key until there is an answer."""
        pool = urllib3.PoolManager(timeout=urllib3.Timeout(connect=2, read=20))
        for channel in market.channels[: self.bids_wanted]:
            key = str(ids.new_id())
            headers = {
                "Authorization": f"Bearer {market.creator_key}",
                "Idempotency-Key": key,
                "Content-Type": "application/json",
            }
            body = json.dumps(market.bid(channel)).encode()
            while not self.over.is_set():
                with contextlib.suppress(urllib3.exceptions.HTTPError):
                    answer = pool.request(
                        "POST",
                        f"{self.url}/api/v1/briefs/{market.brief}/bids",
                        body=body,
                        headers=headers,
                        retries=False,
                    )
                    if answer.status == 201:
                        self.bids[key] = json.loads(answer.data)["id"]
                        break
                    if answer.status not in (409, 500, 502, 503):
                        raise RuntimeError(answer.data.decode())
                time.sleep(0.2)


def _group(run: Run, name: str, number: signal.Signals) -> None:
    pid = run.tree.supervisor.pid(name)
    if pid is not None:
        os.killpg(pid, number)


def _leader(run: Run, name: str, number: signal.Signals) -> None:
    pid = run.tree.supervisor.pid(name)
    if pid is not None:
        os.kill(pid, number)


def _pool_child(run: Run) -> None:
    pid = run.tree.supervisor.pid("worker")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split() if pid else []
    if children:
        os.kill(int(children[0]), signal.SIGKILL)


def _zombie(run: Run) -> None:
    """The whole worker stands still past its lease, then goes on."""
    pid = run.tree.supervisor.pid("worker")
    if pid is not None:
        os.killpg(pid, signal.SIGSTOP)
        time.sleep(LEASE_S + 1)
        os.killpg(pid, signal.SIGCONT)


def _tell_valkey(run: Run, *words: str) -> None:
    assert run.tree.servers is not None
    client = redis.Redis.from_url(run.tree.servers.redis_url, socket_timeout=2)
    client.execute_command(*words)  # type: ignore[no-untyped-call]


_DROP = sa.text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
)


def _drop_database_connections(_: Run) -> None:
    with db.unscoped() as session:
        session.execute(_DROP)


def _restart(name: str) -> Callable[[Run], None]:
    def restart(run: Run) -> None:
        assert run.tree.servers is not None
        getattr(run.tree.servers, f"restart_{name}")()

    return restart


FAULTS: dict[str, Callable[[Run], None]] = {
    "SIGKILL worker": lambda run: _group(run, "worker", signal.SIGKILL),
    "SIGTERM worker": lambda run: _leader(run, "worker", signal.SIGTERM),
    "SIGKILL pool child": _pool_child,
    "SIGSTOP worker past its lease": _zombie,
    "SIGKILL web": lambda run: _group(run, "web", signal.SIGKILL),
    "SIGTERM web": lambda run: _leader(run, "web", signal.SIGTERM),
    "SIGKILL ringer": lambda run: _group(run, "ringer", signal.SIGKILL),
    "SIGKILL PostgreSQL": _restart("postgres"),
    "SIGKILL Valkey": _restart("valkey"),
    "FLUSHALL": lambda run: _tell_valkey(run, "FLUSHALL"),
    "Valkey drops connections": lambda run: _tell_valkey(run, "CLIENT", "KILL", "TYPE", "NORMAL"),
    "PostgreSQL drops connections": _drop_database_connections,
}


def break_things(run: Run, every_s: float) -> None:
    """Make faults in a seeded order until there were enough, every kind as often as any other."""
    rng = random.Random(run.seed + 1)  # noqa: S311
    names: list[str] = []
    while sum(run.faults.values()) < run.faults_wanted and not run.over.is_set():
        if not names:
            names = rng.sample(sorted(FAULTS), len(FAULTS))
        name = names.pop()
        part = next((one for one in ("worker", "web", "ringer", "pool child") if one in name), None)
        if part and not _up(run, "worker" if part == "pool child" else part):
            time.sleep(0.2)
            names.append(name)
            rng.shuffle(names)
            continue
        try:
            FAULTS[name](run)
        except (OSError, sa.exc.DBAPIError, redis.RedisError) as error:
            run.failed_faults[f"{name}: {type(error).__name__}"] += 1
        run.faults[name] += 1
        time.sleep(rng.uniform(0.5, 1.5) * every_s)


def _up(run: Run, name: str) -> bool:
    """Whether a part has had time to start: one that is killed before it can work proves nothing."""
    pid = run.tree.supervisor.pid(name)
    if pid is None:
        return False
    run.seen.setdefault((name, pid), time.monotonic())
    return time.monotonic() - run.seen[name, pid] > SETTLED_S


def judge(run: Run, brief: UUID | None) -> dict[str, Any]:
    """Wait for the drain, then count."""
    deadline = time.monotonic() + DRAIN_S
    while time.monotonic() < deadline and (_left(run) or _stale(brief)):
        time.sleep(0.5)
    with db.transaction() as session:
        rows = session.execute(
            sa.text(
                "SELECT j.id, j.state, (SELECT count(*) FROM job_probes p WHERE p.job_id = j.id) AS effects,"
                " extract(epoch FROM j.finished_at - j.created_at) AS seconds FROM jobs j WHERE j.kind = 'core.probe'"
            )
        ).all()
        placed = session.execute(
            sa.text("SELECT b.id, (SELECT count(*) FROM matches m WHERE m.id = b.id) FROM bids b")
        ).all()
    effects = {row.id: row.effects for row in rows}
    waiting = {row.id for row in rows if row.state in ("queued", "leased")}
    seconds = sorted(float(row.seconds) for row in rows if row.seconds is not None)
    bids = {ids.show("bid", bid_id): count for bid_id, count in placed}
    answered = list(run.bids.values())
    return {
        "jobs_acknowledged": len(run.acked),
        "jobs_unknown": len(run.unknown),
        "jobs_lost": sum(effects.get(job, 0) == 0 and job not in waiting for job in run.acked),
        "jobs_undone_at_the_deadline": len(waiting),
        "jobs_doubled": sum(count > 1 for count in effects.values()),
        "unknown_half_done": sum(job in effects and job not in waiting and effects[job] != 1 for job in run.unknown),
        "dead_letters": sum(row.state == "dead" for row in rows),
        "bids_answered": len(answered),
        "bids_lost": sum(bid not in bids for bid in answered),
        "bids_doubled": len(bids) - len(set(answered)),
        "bids_without_one_match": sum(count != 1 for count in bids.values()),
        "matches_stale": _stale(brief),
        "latency_s": {name: _quantile(seconds, at) for name, at in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))},
    }


def _quantile(ordered: list[float], at: float) -> float | None:
    return round(ordered[min(len(ordered) - 1, int(at * len(ordered)))], 3) if ordered else None


def _left(run: Run) -> int:
    try:
        with db.transaction() as session:
            return int(
                session.scalar(
                    sa.text("SELECT count(*) FROM jobs WHERE kind = 'core.probe' AND state IN ('queued', 'leased')")
                )
                or 0
            )
    except sa.exc.DBAPIError:
        return 1


def _stale(brief: UUID | None) -> int:
    if brief is None:
        return 0
    try:
        with db.transaction() as session:
            state = matching.freshness(session, session.get_one(Brief, brief).id)
    except sa.exc.DBAPIError:
        return 1
    return state.total - state.fresh


def _work(run: Run, every_s: float, result: dict[str, Any], out: dict[str, Any]) -> None:
    """The run's own thread: wait for the market, load it, break it, judge it, stop it."""
    try:
        began = time.monotonic()
        while not answers(f"{run.url}/readyz"):
            time.sleep(0.1)
        market = chaos_market.make(run.bids_wanted) if run.bids_wanted else None
        threads = [
            threading.Thread(target=run.enqueue, daemon=True),
            threading.Thread(target=break_things, args=(run, every_s), daemon=True),
        ]
        if market is not None:
            threads.append(threading.Thread(target=run.bid, args=(market,), daemon=True))
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            time.sleep(5)
            click.echo(f"{len(run.acked)} jobs, {len(run.bids)} bids, {sum(run.faults.values())} faults", err=True)
        result.update(judge(run, market.brief_id if market else None))
        result["faults"] = dict(sorted(run.faults.items()))
        result["faults_total"] = sum(run.faults.values())
        result["faults_that_failed"] = dict(run.failed_faults)
        result["watchdog_restarts"] = run.tree.deaf_restarts
        result["seconds"] = round(time.monotonic() - began, 1)
    except Exception as error:
        out["error"] = f"{type(error).__name__}: {error}"
    finally:
        run.over.set()
        run.tree.supervisor.ask_to_stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@click.command("chaos")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--jobs", "wanted", type=click.IntRange(10, 1_000_000), default=2000, show_default=True)
@click.option("--faults", type=click.IntRange(0, 100_000), default=24, show_default=True)
@click.option("--bids", type=click.IntRange(0, 10_000), default=100, show_default=True)
@click.option("--every", type=float, default=1.5, show_default=True, help="seconds between faults, about")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="write the JSON result here too")
def chaos(seed: int, wanted: int, faults: int, bids: int, every: float, out: Path | None) -> None:
    """Break a market of its own on purpose and count what was lost or doubled. Ends with 0 only if nothing was."""
    result: dict[str, Any] = {
        "seed": seed, "at": datetime.now(UTC).isoformat(timespec="seconds"), "python": platform.python_version(),
        "load_average": os.getloadavg()[0],
    }  # fmt: skip
    told: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="inlay-chaos-") as folder:
        port = _free_port()
        env = {"RATE_LIMIT_PER_MINUTE": "1000000"}
        with Tree.on_embedded_servers(Path(folder), "127.0.0.1", port, env=env, log=Path(folder) / "inlay.log") as tree:
            run = Run(tree, f"http://127.0.0.1:{port}", seed, wanted, faults, bids)
            threading.Thread(target=_work, args=(run, every, result, told), daemon=True).start()
            tree.run()
    if told:
        result["error"] = told["error"]
    clean = not told and not any(
        result[name]
        for name in (
            "jobs_lost",
            "jobs_undone_at_the_deadline",
            "jobs_doubled",
            "unknown_half_done",
            "bids_lost",
            "bids_doubled",
            "bids_without_one_match",
            "matches_stale",
        )
    )
    result["clean"] = clean
    text = json.dumps(result, indent=2)
    click.echo(text)
    if out is not None:
        out.write_text(text + "\n")
    sys.exit(0 if clean else 1)
