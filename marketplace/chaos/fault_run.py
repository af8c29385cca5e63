"""`inlay chaos`: a running market, faults chosen by a seed, and an oracle that counts what was lost or doubled.

The load: probe jobs in committed transactions, and bids over HTTP, each retried with the same Idempotency-Key until it
is answered. Whatever was acknowledged must exist exactly once at the end: the job's effect, the bid, the bid's match.
"""

import contextlib
import json
import os
import platform
import random
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import sqlalchemy as sa
import urllib3

from marketplace.briefs.models import Brief
from marketplace.chaos import chaos_market, slow_faults
from marketplace.chaos.faults import FAULTS, FaultMaker
from marketplace.cli.number_options import SEED_MAX, RealNumber, WholeNumber
from marketplace.core import db, ids, jobs
from marketplace.core.clock import now
from marketplace.local.market_tree import MarketTree, answers
from marketplace.matching.scoring import service as matching

BATCH, LEASE_S, DRAIN_S, JOIN_S = 10, 3, 240.0, 30.0
SLEEPERS = 0.0005  # each holds one of two children for seconds; SIGSTOP makes many more outlast their lease
PAUSE_S, PAUSE_AHEAD_S = 0.1, 0.3
QUEUE = jobs.DEFAULT
# Errors of statements while the database is down or coming back; any other error is a defect and ends the load.
AWAY = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.InternalError, sa.exc.TimeoutError)


@dataclass
class ChaosRun:
    """The plan of one run, and what it has observed."""

    breaker: FaultMaker
    seed: int
    wanted: int
    bids_wanted: int
    acked: list[UUID] = field(default_factory=list)
    unknown: list[UUID] = field(default_factory=list)
    bids: dict[str, str] = field(default_factory=dict)  # Idempotency-Key -> bid id that was answered
    under: dict[str, int] = field(default_factory=dict)  # how many faults had been made when a load ended
    over: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)
    faults_over: threading.Event = field(default_factory=threading.Event)
    died: dict[str, str] = field(default_factory=dict)

    def thread(self, name: str, work: Callable[[], None]) -> threading.Thread:
        """Start a thread; an exception that ends it becomes part of the result."""

        def run() -> None:
            try:
                work()
            except BaseException as error:
                self.died[name] = f"{type(error).__name__}: {str(error)[:300]}"
                self.over.set()
            self.under[name] = self.breaker.total

        thread = threading.Thread(target=run, name=name, daemon=True)
        thread.start()
        return thread

    def break_things(self) -> None:
        try:
            self.breaker.run(self.over.is_set)
        finally:
            self.faults_over.set()

    def load(self) -> None:
        """Enqueue probe jobs until enough are acknowledged and the faults are over."""
        rng = random.Random(self.seed)  # noqa: S311 - a plan that can be repeated, not a secret
        while not self.over.is_set() and (len(self.acked) < self.wanted or not self.faults_over.is_set()):
            self.enqueue(rng)
            # A load that is ahead of the faults slows down, so that it lasts as long as they do.
            time.sleep(PAUSE_AHEAD_S if self._ahead(len(self.acked), self.wanted) else PAUSE_S)

    def enqueue(self, rng: random.Random) -> None:
        """Enqueue BATCH probe jobs in one transaction; a few sleep beyond their lease."""
        job_ids: list[UUID] = []
        try:
            with db.transaction() as session:
                for _ in range(BATCH):
                    payload = {"sleep_s": LEASE_S + 1.5} if rng.random() < SLEEPERS else {}
                    job_ids.append(
                        jobs.enqueue(
                            session, "core.probe", queue=QUEUE, payload=payload, lease_s=LEASE_S, max_attempts=100
                        )
                    )
        except AWAY:
            self.unknown += job_ids
            time.sleep(0.3)
        else:
            self.acked += job_ids

    def _ahead(self, done: int, goal: int) -> bool:
        return not self.faults_over.is_set() and done * self.breaker.wanted > self.breaker.total * goal

    def bid(self, market: chaos_market.ChaosMarket) -> None:
        """Place one bid for each channel, spread over the faults."""
        pool = urllib3.PoolManager(timeout=urllib3.Timeout(connect=2, read=20))
        for number, channel in enumerate(market.channels[: self.bids_wanted], 1):
            while self._ahead(number, self.bids_wanted) and not self.over.is_set():
                time.sleep(0.1)
            self._place(pool, market, channel)

    def _place(self, pool: urllib3.PoolManager, market: chaos_market.ChaosMarket, channel: str) -> None:
        """Place a bid, retrying with the same key until there is an answer."""
        key = str(ids.new_id())
        headers = {
            "Authorization": f"Bearer {market.creator_key}",
            "Idempotency-Key": key,
            "Content-Type": "application/json",
        }
        body = json.dumps(market.bid(channel)).encode()
        url = f"{self.breaker.url}/api/v1/briefs/{market.brief}/bids"
        while not self.over.is_set():
            with contextlib.suppress(urllib3.exceptions.HTTPError):
                answer = pool.request("POST", url, body=body, headers=headers, retries=False)
                if answer.status == 201:
                    self.bids[key] = json.loads(answer.data)["id"]
                    break
                if answer.status not in (409, 500, 502, 503):
                    raise RuntimeError(answer.data.decode())
            time.sleep(0.2)


def judge(run: ChaosRun, brief: UUID | None) -> dict[str, Any]:
    """Wait until the queues have drained, then count what was lost or doubled."""
    deadline = time.monotonic() + DRAIN_S
    while time.monotonic() < deadline and (_left() or _stale(brief)):
        if run.stopped.wait(0.5):
            raise RuntimeError("the market was stopped before its jobs were done")
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
        "jobs_lost": sum(effects.get(job, 0) == 0 and job not in waiting for job in run.acked),
        "jobs_undone_at_the_deadline": len(waiting),
        "jobs_doubled": sum(count > 1 for count in effects.values()),
        "unknown_half_done": sum(job in effects and job not in waiting and effects[job] != 1 for job in run.unknown),
        "dead_letters": sum(row.state == "dead" for row in rows),
        "bids_lost": sum(bid not in bids for bid in answered),
        "bids_doubled": len(bids) - len(set(answered)),
        "bids_without_one_match": sum(count != 1 for count in bids.values()),
        "matches_stale": _stale(brief),
        "latency_s": {name: _quantile(seconds, share) for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))},
    }


def _quantile(ordered: list[float], share: float) -> float | None:
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3) if ordered else None


def _left() -> int:
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


def _work(run: ChaosRun, result: dict[str, Any]) -> None:
    """Wait for the market, load it, break it, judge it and stop it; runs in a thread."""
    try:
        began = time.monotonic()
        while not answers(f"{run.breaker.url}/readyz"):
            if run.stopped.wait(0.1):
                raise RuntimeError("the market was stopped before it was ready")
        market = chaos_market.make(run.bids_wanted) if run.bids_wanted else None
        threads = [run.thread("jobs", run.load), run.thread("faults", run.break_things)]
        if market is not None:
            threads.append(run.thread("bids", lambda: run.bid(market)))
        while any(thread.is_alive() for thread in threads):
            for thread in threads:
                thread.join(3 / len(threads))
            click.echo(f"{len(run.acked)} jobs, {len(run.bids)} bids, {run.breaker.total} faults", err=True)
        result["seconds_under_load"] = round(time.monotonic() - began, 1)
        result.update(judge(run, market.brief_id if market else None))
        result["seconds"] = round(time.monotonic() - began, 1)
    except Exception as error:
        result["error"] = f"{type(error).__name__}: {error}"
    finally:
        run.over.set()
        run.breaker.tree.supervisor.ask_to_stop()


def summary(run: ChaosRun) -> dict[str, Any]:
    """Return what was done to the market, also for a run that ended before the count."""
    tree = run.breaker.tree
    return {
        "jobs_wanted": run.wanted,
        "jobs_acknowledged": len(run.acked),
        "jobs_unknown": len(run.unknown),
        "bids_wanted": run.bids_wanted,
        "bids_answered": len(run.bids),
        "faults_wanted": run.breaker.wanted,
        "faults": dict(sorted(run.breaker.made.items())),
        "faults_total": run.breaker.total,
        "faults_while_jobs_came": run.under.get("jobs", 0),
        "faults_while_bids_came": run.under.get("bids", 0),
        "faults_that_failed": dict(run.breaker.failed),
        "faults_tried_again": run.breaker.missed.total(),
        "threads_that_died": dict(run.died),
        "restarts": {name: child.starts - 1 for name, child in tree.supervisor.children.items()},
        "watchdog_restarts": tree.deaf_restarts,
    }


MUST_BE_ZERO = (
    "error",
    "threads_that_died",
    "faults_that_failed",
    "jobs_lost",
    "jobs_undone_at_the_deadline",
    "jobs_doubled",
    "unknown_half_done",
    "bids_lost",
    "bids_doubled",
    "bids_without_one_match",
    "matches_stale",
)


def verdict(result: dict[str, Any]) -> list[str]:
    """Return why a run is not clean: what was lost or doubled, or why it proves nothing. Empty for a clean run."""
    problems = [f"{name}: {result.get(name, 'not counted')}" for name in MUST_BE_ZERO if result.get(name, True)]
    minimums = [
        ("jobs_acknowledged", "jobs_wanted"),
        ("bids_answered", "bids_wanted"),
        ("faults_total", "faults_wanted"),
        ("faults_while_jobs_came", "faults_total"),
    ]
    if result["bids_wanted"]:
        minimums.append(("faults_while_bids_came", "faults_total"))
    for name, goal in minimums:
        if result.get(name, 0) < result[goal]:
            problems.append(f"{name}: {result.get(name, 0)} of {result[goal]}")
    return problems


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@click.command("chaos")
@click.option(
    "--seed", type=WholeNumber(0, SEED_MAX), default=1, show_default=True, help="What the faults are chosen by."
)
@click.option(
    "--jobs",
    "wanted",
    type=WholeNumber(10, 1_000_000),
    default=2000,
    show_default=True,
    help="How many jobs to lay on.",
)
@click.option("--faults", type=WholeNumber(0, 100_000), default=24, show_default=True, help="How many faults to make.")
@click.option(
    "--bids", type=WholeNumber(0, 10_000), default=100, show_default=True, help="How many bids to place meanwhile."
)
@click.option(
    "--every", type=RealNumber(0.01, 3600), default=1.5, show_default=True, help="Seconds between faults, about."
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the JSON result here too.")
def chaos(seed: int, wanted: int, faults: int, bids: int, every: float, out: Path | None) -> None:
    """Break a market on purpose, and count what was lost.

    The market is one of its own. Ends with 0 only if nothing was lost or doubled.
    """
    result: dict[str, Any] = {
        "seed": seed,
        "at": now().isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "load_average": os.getloadavg()[0],
        "error": None,
    }
    with tempfile.TemporaryDirectory(prefix="inlay-chaos-") as folder, slow_faults.small_disk(Path(folder)) as small:
        port = free_port()
        result["faults_left_out"] = slow_faults.left_out(small)
        kinds = {name: make for name, make in FAULTS.items() if name not in result["faults_left_out"]}
        env = {"RATE_LIMIT_PER_MINUTE": "1000000"}
        with MarketTree.on_embedded_servers(
            Path(folder), "127.0.0.1", port, env=env, log=Path(folder) / "inlay.log"
        ) as tree:
            breaker = FaultMaker(tree, f"http://127.0.0.1:{port}", seed + 1, faults, every, kinds)
            run = ChaosRun(breaker, seed, wanted, bids)
            work = threading.Thread(target=_work, args=(run, result), daemon=True)
            work.start()
            code = tree.run()
            run.stopped.set()
            run.over.set()
            work.join(JOIN_S)
    if code and not result["error"]:
        result["error"] = f"the market ended with {code}"
    result |= summary(run)
    result["unclean"] = verdict(result)
    result["clean"] = not result["unclean"]
    text = json.dumps(result, indent=2)
    click.echo(text)
    if out is not None:
        out.write_text(text + "\n")
    sys.exit(0 if result["clean"] else 1)
