"""The tree of processes on a market: how it stops under a backlog, and whom its watchdog takes for deaf."""

import contextlib
import os
import signal
import sys
import textwrap
import time
from datetime import timedelta
from pathlib import Path

import pytest
import redis
import sqlalchemy as sa

from marketplace.chaos.fault_run import free_port
from marketplace.core import db
from marketplace.core.clock import now
from marketplace.core.jobs import DEFAULT, Job, JobState
from marketplace.local.programs import ringer_argv, worker_argv
from marketplace.local.servers import LocalServers
from tests import waiting
from tests.chaos.work import Start, ask, effects, states, until
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.process


def test_ctrl_c_ends_the_tree_under_a_backlog_and_gives_back_what_was_not_begun(start: Start, tmp_path: Path) -> None:
    tree = start(
        [sys.executable, "-m", "marketplace.cli.main", "up", "--data", str(tmp_path), "--port", str(free_port())]
    )
    # Half a minute of work for two, in claims of eight: far more than anybody waits for a worker to stop.
    asked = ask(120, lease_s=10, sleep_s=0.5)
    until(asked, JobState.DONE, at_least=2)
    os.kill(tree.pid, signal.SIGINT)
    # How long it may take is the supervisor's own rule: it says so of a child that it had to kill.
    assert tree.wait(PATIENCE_S) == 0
    told = (tmp_path / "log").read_text()
    assert "worker stopped (code 0)" in told
    assert "did not stop" not in told
    after = states(asked)
    # What had begun was ended; what was only claimed waits as if nobody had touched it.
    assert {job.state for job in after} == {JobState.DONE, JobState.QUEUED}
    assert {(job.attempt, job.started_at) for job in after if job.state == JobState.QUEUED} == {(0, None)}
    with db.transaction() as session:
        quick = sa.update(Job).where(Job.id.in_(asked), Job.state == JobState.QUEUED).values(payload={})
        session.execute(quick)
    start(ringer_argv())
    start(worker_argv(2))
    until(asked, JobState.DONE)
    assert effects(asked) == [1] * 120
    assert {job.attempt for job in states(asked)} == {1}


WATCHED = """
import os, sys
from marketplace.local import market_tree
from marketplace.core import db

market_tree.DEAF_S, market_tree.WATCH_S = 3.0, 0.2
db.connect(os.environ["DATABASE_URL"], pool_size=1)
# The rings are in the broker, wherever requests are counted.
watched = market_tree.MarketTree({**os.environ, "REDIS_URL": "redis://127.0.0.1:1/0"})
watched.add_worker(1)
watched.run()
print("deaf:", watched.deaf_restarts, flush=True)
"""


def until_rung(market: LocalServers) -> None:
    with redis.Redis.from_url(market.redis_url) as client:
        waiting.until(lambda: client.llen(DEFAULT), told="nobody rings")


def _worker(tree: int, other_than: int | None = None) -> int:
    """The process number of the tree's worker, a later one than `other_than`."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for pid in Path(f"/proc/{tree}/task/{tree}/children").read_text().split():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                line = Path(f"/proc/{pid}/cmdline").read_bytes()
                if b"celery" in line and int(pid) != other_than:
                    return int(pid)
        time.sleep(0.02)
    raise AssertionError("there is no worker")


def test_the_watchdog_takes_a_silent_worker_for_deaf_but_not_one_that_is_down_or_that_nobody_rings(
    start: Start, market: LocalServers, tmp_path: Path
) -> None:
    asked, held = ask(1), ask(1, lease_s=900)
    with db.transaction() as session:
        session.execute(sa.update(Job).where(Job.id.in_(asked)).values(next_at=now() - timedelta(minutes=1)))
        # A dead worker's lease excuses nobody who was started after it.
        lease = {"state": JobState.LEASED, "attempt": 1, "lease_until": now() + timedelta(seconds=890)}
        session.execute(sa.update(Job).where(Job.id.in_(held)).values(**lease))
        session.execute(sa.text("DELETE FROM worker_beats"))
    ringer = start(ringer_argv())
    until_rung(market)
    tree = start([sys.executable, "-c", textwrap.dedent(WATCHED)])
    # Killed at each start, it is down most of the time, and never up long enough to be heard.
    worker, until_s = _worker(tree.pid), time.monotonic() + 4.5
    while time.monotonic() < until_s:
        os.killpg(worker, signal.SIGKILL)
        worker = _worker(tree.pid, worker)
    told = (tmp_path / "log").read_text()
    assert "worker ended (signal 9)" in told
    assert "nobody drains it" not in told
    # This one lives and hears nothing, because there is nobody to ring.
    os.killpg(ringer.pid, signal.SIGKILL)
    os.killpg(worker, signal.SIGSTOP)
    with redis.Redis.from_url(market.redis_url) as client:
        client.flushall()
    time.sleep(4.5)
    assert "nobody drains it" not in (tmp_path / "log").read_text()
    # Now somebody rings, and it is silent.
    start(ringer_argv())
    worker = _worker(tree.pid, worker)
    os.kill(tree.pid, signal.SIGTERM)
    assert tree.wait(PATIENCE_S) == 0
    told = (tmp_path / "log").read_text()
    assert told.count("nobody drains it") == 1
    assert "deaf: 1" in told
