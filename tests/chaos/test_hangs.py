"""Servers that hang, or answer and take nothing: what the market says of itself meanwhile, and that work goes on."""

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis

from marketplace.core.front.readiness import Readiness
from marketplace.core.jobs import JobState
from marketplace.local.market_tree import answers
from marketplace.local.programs import ringer_argv, worker_argv
from marketplace.local.servers import POSTGRES, VALKEY, LocalServers
from tests.chaos.work import Start, ask, effects, until
from tests.local.run import python
from tests.waiting import PATIENCE_S
from tests.waiting import until as wait

pytestmark = pytest.mark.process


def ask_for(url: str) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:  # noqa: S310 - our own address
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def takes_writes(market: LocalServers, replicas: int) -> None:
    """Let Valkey take writes only with so many replicas, of which it has none."""
    with redis.Redis.from_url(market.redis_url) as client:
        client.config_set("min-replicas-to-write", replicas)


@pytest.mark.parametrize(("server", "check"), [(POSTGRES, "database"), (VALKEY, "broker")])
def test_a_server_that_hangs_is_told_and_liveness_is_another_thing(
    market: LocalServers, web: str, server: str, check: str
) -> None:
    with ThreadPoolExecutor(30) as others, market.frozen(server):
        # More requests than the web server has threads, all of which hang with it.
        hanging = [others.submit(ask_for, f"{web}/api/v1/briefs") for _ in range(30)]
        for _ in range(2):
            status, told = ask_for(f"{web}/readyz")
            assert (status, told["status"]) == (503, "not ready")
            # A server of which a client waits less long than the deadline.
            assert told[check] in ("down: no answer", "down: TimeoutError")
        assert ask_for(f"{web}/livez") == (200, {"status": "ok"})
    wait(lambda: answers(f"{web}/readyz"))
    assert all(future.done() for future in hanging)


def test_a_broker_that_takes_no_writes_is_told(market: LocalServers, web: str) -> None:
    takes_writes(market, 1)
    try:
        status, told = ask_for(f"{web}/readyz")
        assert (status, told["database"]) == (503, "ok")
        assert told["broker"].startswith("down: ")
    finally:
        takes_writes(market, 0)
    wait(lambda: answers(f"{web}/readyz"))


def test_work_is_done_while_the_broker_takes_no_rings(market: LocalServers, start: Start) -> None:
    start(worker_argv(2))
    start(ringer_argv())
    first = ask(3)
    until(first, JobState.DONE)
    takes_writes(market, 1)
    try:
        asked = ask(5)
        until(asked, JobState.DONE)
    finally:
        takes_writes(market, 0)
    after = ask(5)
    until(after, JobState.DONE)
    assert effects(first + asked + after) == [1] * 13


def test_a_check_that_hangs_is_not_begun_again(tmp_path: Path) -> None:
    begun, over = [], []

    def hangs() -> None:
        begun.append(1)
        wait(lambda: over)

    readiness = Readiness({"slow": hangs, "quick": lambda: None}, within_s=0.05)
    for _ in range(3):
        assert readiness.outcomes() == {"slow": "down: no answer", "quick": "ok"}
    assert begun == [1]
    over.append(1)
    wait(lambda: readiness.outcomes()["slow"] == "ok")


FULL = """
import resource, sys
from marketplace.core import storage
storage.connect(sys.argv[1])
storage.check()
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
try:
    storage.check()
except OSError as error:
    print(type(error).__name__)
"""


def test_a_folder_that_takes_no_bytes_is_told(tmp_path: Path) -> None:
    """The kernel lets no file grow, as where the disk is full."""
    told, _ = python(FULL, tmp_path.as_uri()).communicate()
    assert told.strip() == "OSError"
    assert list(tmp_path.iterdir()) == []
