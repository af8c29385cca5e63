"""Faults with real processes: a short seeded run, and the traps that brokers are known for."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa

from marketplace.commands.programs import worker_argv
from marketplace.core import db, jobs
from marketplace.core.doorbell import producer, send
from marketplace.core.jobs import Job, JobProbe, JobState
from marketplace.embedded import Servers, start_servers
from tests.conftest import clone, connected

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("chaos")]


CHAOS = (sys.executable, "-m", "marketplace.cli", "chaos")


def test_a_short_run_loses_and_doubles_nothing(tmp_path: Path) -> None:
    out = tmp_path / "result.json"
    done = subprocess.run(
        [*CHAOS, "--jobs", "300", "--faults", "12", "--bids", "30", "--every", "1", "--out", str(out)],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result: dict[str, Any] = json.loads(out.read_text())
    assert result["clean"] is True
    assert result["jobs_acknowledged"] >= 300
    assert result["bids_answered"] == 30
    assert result["faults_total"] == 12
    assert len(result["faults"]) >= 9


@pytest.fixture
def worker(servers: Servers, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Any, Any, Servers]]:
    """A worker on a database and a Valkey of its own, with a sender of rings."""
    url = clone(servers, "inlay_deaf")
    with connected(url, 4), start_servers(tmp_path / "valkey", postgres=False) as broker:
        env = {
            **os.environ, "DATABASE_URL": url, "REDIS_URL": broker.redis_url, "BROKER_URL": broker.broker_url,
            "SECRET_KEY": "x", "LOG_FORMAT": "json",
        }  # fmt: skip
        with (tmp_path / "log").open("ab") as log:
            process = subprocess.Popen(worker_argv(2), env=env, stdout=log, stderr=log, start_new_session=True)
        yield process, producer(broker.broker_url), redis.Redis.from_url(broker.redis_url), broker
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def ask(count: int = 1, **payload: Any) -> list[Any]:
    with db.transaction() as session:
        return [jobs.enqueue(session, "core.probe", payload=payload, lease_s=3) for _ in range(count)]


def wait_done(wanted: list[Any], ring: Any, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        ring()
        with db.transaction() as session:
            left = session.scalar(
                sa.select(sa.func.count()).select_from(Job).where(Job.id.in_(wanted), Job.state != JobState.DONE)
            )
        if not left:
            return
        assert time.monotonic() < deadline, f"{left} jobs left"
        time.sleep(0.2)


def effects(wanted: list[Any]) -> set[int]:
    with db.transaction() as session:
        rows = session.execute(
            sa.select(JobProbe.job_id, sa.func.count()).where(JobProbe.job_id.in_(wanted)).group_by(JobProbe.job_id)
        ).all()
    assert len(rows) == len(wanted)
    return {count for _, count in rows}


def ringer(app: Any, client: Any) -> Any:
    def ring() -> None:
        try:
            send(app, client, jobs.DEFAULT)
        except Exception:
            time.sleep(0.2)  # the broker is away; the caller rings again

    return ring


def test_a_worker_hears_again_after_its_broker_died_under_load(worker: Any) -> None:
    _, app, client, broker = worker
    ring = ringer(app, client)
    wanted = ask(20)
    wait_done(wanted, ring, 30)
    for _ in range(3):
        for _ in range(60):
            try:
                app.send_task("inlay.drain", args=[jobs.DEFAULT], queue=jobs.DEFAULT, expires=10)
            except Exception:
                break
        wanted += ask(10)
        broker.restart_valkey()
        time.sleep(2.5)
    wait_done(wanted, ring, 40)
    assert effects(wanted) == {1}


def test_a_pickled_message_is_refused_and_harms_nobody(worker: Any) -> None:
    process, app, client, _ = worker
    ring = ringer(app, client)
    wait_done(ask(), ring, 30)
    app.conf.update(task_serializer="pickle", accept_content=["json", "pickle"])
    app.send_task("inlay.drain", args=[{"x": {1, 2}}], queue=jobs.DEFAULT, serializer="pickle")
    app.conf.update(task_serializer="json", accept_content=["json"])
    wanted = ask(5)
    wait_done(wanted, ring, 30)
    assert effects(wanted) == {1}
    assert process.poll() is None


def test_a_job_cut_off_by_sigkill_is_taken_over_once(worker: Any) -> None:
    process, app, client, broker = worker
    ring = ringer(app, client)
    wait_done(ask(), ring, 30)
    wanted = ask(2, sleep_s=2)
    ring()
    time.sleep(1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    env = {
        **os.environ,
        "DATABASE_URL": str(db.Sessions.kw["bind"].url.render_as_string(hide_password=False)),
        "SECRET_KEY": "x",
    }
    env |= {"REDIS_URL": broker.redis_url, "BROKER_URL": broker.broker_url}
    with subprocess.Popen(
        worker_argv(2), env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as second:
        wait_done(wanted, ring, 40)
        os.killpg(second.pid, signal.SIGTERM)
    assert effects(wanted) == {1}
