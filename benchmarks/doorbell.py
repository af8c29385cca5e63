"""Bids scored through the doorbell against no-op Celery tasks, by the same worker settings in the same run."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import redis
import sqlalchemy as sa

from benchmarks import market
from marketplace import models, schema
from marketplace.commands.programs import worker_argv
from marketplace.core import db, jobs
from marketplace.core.doorbell import producer, send
from marketplace.embedded import Servers, start_servers
from marketplace.matching import service as matching

assert models.metadata.tables
BRIEFS, BIDS, TASKS, PATIENCE_S = 8, 2500, 4000, 120.0


def run() -> dict[str, Any]:
    """Return bids and tasks a second and their ratio."""
    with TemporaryDirectory() as folder, start_servers(Path(folder)) as servers:
        schema.upgrade(servers.database_url)
        engine = db.connect(servers.database_url, pool_size=4)
        tasks = _tasks(servers)
        bids = _bids(servers)
        engine.dispose()
    return {
        "scored_bids_per_s": round(bids),
        "noop_tasks_per_s": round(tasks),
        "ratio": round(bids / tasks, 1),
        "bids": BRIEFS * BIDS,
        "tasks": TASKS,
    }


@contextmanager
def _worker(servers: Servers, argv: list[str]) -> Iterator[None]:
    env = {
        **os.environ, "DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url,
        "BROKER_URL": servers.broker_url, "SECRET_KEY": "bench",
    }  # fmt: skip
    with subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        time.sleep(6)  # both kinds of worker are measured ready
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


def _tasks(servers: Servers) -> float:
    app, client = producer(servers.broker_url), redis.Redis.from_url(servers.redis_url)
    for _ in range(TASKS):
        app.send_task("bench.noop", queue="noop", ignore_result=True)
    argv = [sys.executable, "-m", "celery", "--quiet", "-A", "benchmarks.noop", "worker", "--queues", "noop"]
    argv += ["--concurrency", "2", "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "error"]
    with _worker(servers, argv):
        before, began = int(client.llen("noop")), time.perf_counter()
        while left := int(client.llen("noop")):
            time.sleep(0.01)
            if time.perf_counter() - began > PATIENCE_S:
                break
        return (before - left) / (time.perf_counter() - began)


def _bids(servers: Servers) -> float:
    app, client = producer(servers.broker_url), redis.Redis.from_url(servers.redis_url)
    with db.transaction() as session:
        brand_id, _ = market.party(session, "brand")
        creator_id, _ = market.party(session, "creator")
        market.channels(session, creator_id, BIDS)
        session.execute(sa.text("UPDATE channel_features SET fingerprint = snapshot_id::text || 'bench'"))
        briefs = [market.brief(session, brand_id, number) for number in range(BRIEFS)]
        for brief_id in briefs:
            market.bids(session, brief_id, brand_id, creator_id)
        session.execute(sa.text("UPDATE events SET relayed_at = now()"))
    with _worker(servers, worker_argv(2)):
        began = time.perf_counter()
        with db.transaction() as session:
            for brief_id in briefs:
                matching.ask_for_scores(session, brief_id)
        for _ in range(2):
            send(app, client, jobs.SCORING)
        while not _all_fresh(briefs):
            time.sleep(0.2)  # counting costs the database as much as a good part of a scoring
            if time.perf_counter() - began > PATIENCE_S:
                raise TimeoutError("the bids were not scored in time")
        return BRIEFS * BIDS / (time.perf_counter() - began)


def _all_fresh(briefs: list[UUID]) -> bool:
    with db.transaction() as session:
        states = [matching.freshness(session, brief_id) for brief_id in briefs]
    return all(state.fresh == state.total for state in states)
