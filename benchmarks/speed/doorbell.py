"""Bids scored through the doorbell against no-op Celery tasks, by the same worker settings in the same run.

Both workers stand ready from the start and take turns, so that what else the machine does meets both. Besides the time
on the clock, the processor time of the worker, PostgreSQL and Valkey is told: other work on the machine does not change
it much.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import psutil
import redis
import sqlalchemy as sa

from benchmarks.speed import market
from marketplace import models, schema
from marketplace.core import db, jobs
from marketplace.core.doorbell import producer, send
from marketplace.local.programs import worker_argv
from marketplace.local.servers import LocalServers, start_servers
from marketplace.matching import recompute
from marketplace.matching.scoring import service as matching

assert models.metadata.tables
ROUNDS, BRIEFS, BIDS, TASKS, PATIENCE_S = 3, 12, 2500, 3000, 120.0


def run() -> dict[str, Any]:
    """Return bids and tasks a second and their ratio: the medians of the rounds, and the processor time of each."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        servers = stack.enter_context(start_servers(Path(folder)))
        schema.upgrade(servers.owner_url)
        engine = db.connect(servers.owner_url, pool_size=4)
        stack.callback(engine.dispose)
        briefs = _fill()
        argv = [sys.executable, "-m", "celery", "--quiet", "-A", "benchmarks.speed.noop", "worker", "--queues", "noop"]
        argv += ["--concurrency", "2", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        noop = stack.enter_context(_worker(servers, [*argv, "--loglevel", "error"]))
        ours = stack.enter_context(_worker(servers, worker_argv(2)))
        time.sleep(6)  # both are measured ready
        tasks, bids = [], []
        for number in range(ROUNDS):
            _hold_tasks(servers)
            tasks.append(_measured(servers, noop, partial(_tasks, servers), TASKS))
            mine = briefs[number * BRIEFS : (number + 1) * BRIEFS]
            bids.append(_measured(servers, ours, partial(_bids, servers, mine), BRIEFS * BIDS))
            assert _all_fresh(mine)
    task_cpu, bid_cpu = (median(cpu for _, cpu in told) for told in (tasks, bids))
    return {
        "scored_bids_per_s": round(median(rate for rate, _ in bids)),
        "noop_tasks_per_s": round(median(rate for rate, _ in tasks)),
        "ratio": round(median(bid / task for (bid, _), (task, _) in zip(bids, tasks, strict=True)), 1),
        "ratios": [round(bid / task, 1) for (bid, _), (task, _) in zip(bids, tasks, strict=True)],
        "bid_cpu_us": round(bid_cpu * 1e6, 1),
        "task_cpu_us": round(task_cpu * 1e6, 1),
        "cpu_ratio": round(task_cpu / bid_cpu, 1),
        "bids_a_round": BRIEFS * BIDS,
        "tasks_a_round": TASKS,
    }


def _fill() -> list[UUID]:
    with db.transaction() as session:
        brand_id, _ = market.party(session, "brand")
        creator_id, _ = market.party(session, "creator")
        market.channels(session, creator_id, BIDS)
        briefs = [market.brief(session, brand_id, number % 8) for number in range(ROUNDS * BRIEFS)]
        for brief_id in briefs:
            market.bids(session, brief_id, brand_id, creator_id)
        session.execute(sa.text("UPDATE events SET relayed_at = now()"))
    with db.Sessions.begin() as session:
        session.execute(sa.text("ANALYZE"))  # as autovacuum would have done long ago
    return briefs


@contextmanager
def _worker(servers: LocalServers, argv: list[str]) -> Iterator[int]:
    env = {**os.environ, **market.environment(servers)}
    with subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield process.pid
        finally:
            process.terminate()
            process.wait(20)


def _measured(servers: LocalServers, worker: int, work: Callable[[], None], count: int) -> tuple[float, float]:
    """Do the work; return how many a second, and the seconds of processor time for one."""
    roots = [one for one in (worker, servers.postgres_pid, servers.valkey_pid) if one is not None]
    before, began = _cpu_s(roots), time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    return count / seconds, (_cpu_s(roots) - before) / count


def _cpu_s(roots: list[int]) -> float:
    processes = [
        one for root in roots for one in (psutil.Process(root), *psutil.Process(root).children(recursive=True))
    ]
    return sum(sum(process.cpu_times()[:4]) for process in processes)  # its own, and its dead children's


def _hold_tasks(servers: LocalServers) -> None:
    app = producer(servers.broker_url)
    for _ in range(TASKS):
        app.send_task("bench.noop", queue="held", ignore_result=True)


def _tasks(servers: LocalServers) -> None:
    client = redis.Redis.from_url(servers.redis_url)
    began = time.perf_counter()
    # A queue is a list: renamed, all of it is there at once for a worker that is ready.
    client.rename("held", "noop")
    while client.llen("noop"):
        _pause(began, 0.01)


def _bids(servers: LocalServers, briefs: list[UUID]) -> None:
    app, client = producer(servers.broker_url), redis.Redis.from_url(servers.redis_url)
    began = time.perf_counter()
    with db.transaction() as session:
        for brief_id in briefs:
            recompute.ask_for_scores(session, brief_id)
    for _ in range(2):
        send(app, client, jobs.SCORING)
    while not _all_done():
        _pause(began, 0.02)


def _pause(began: float, seconds: float) -> None:
    if time.perf_counter() - began > PATIENCE_S:
        raise TimeoutError("the work was not done in time")
    time.sleep(seconds)


def _all_done() -> bool:
    # Counting the fresh matches again and again would cost the database a good part of the scoring.
    with db.transaction() as session:
        left = sa.select(jobs.Job.id).where(jobs.Job.kind == "matching.score", jobs.Job.state != jobs.JobState.DONE)
        return session.scalar(left.limit(1)) is None


def _all_fresh(briefs: list[UUID]) -> bool:
    with db.transaction() as session:
        states = [matching.freshness(session, brief_id) for brief_id in briefs]
    return all(state.fresh == state.total == BIDS for state in states)
