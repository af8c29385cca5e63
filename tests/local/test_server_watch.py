"""A market whose embedded servers are killed: they are started again, or the market ends with a sentence."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from marketplace.chaos.fault_run import free_port
from marketplace.local import server_watch
from marketplace.local.market_tree import answers
from marketplace.local.server_process import first_number, pids_in
from marketplace.local.server_watch import ServerWatch
from marketplace.local.servers import POSTGRES, VALKEY, LocalServers, start_servers
from tests.local.run import python
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.process

UP = """
import sys
from marketplace.cli.main import main
from marketplace.local import server_watch

server_watch.RESTARTS_MAX = int(sys.argv[3])
main(["up", "--data", sys.argv[1], "--port", sys.argv[2], "--language", "en"])
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder short enough for sockets, which pytest's own are not on every system."""
    made = Path(tempfile.mkdtemp(prefix="inl"))
    yield made / "data"
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def valkey(folder: Path) -> Iterator[LocalServers]:
    with start_servers(folder, postgres=False) as servers:
        yield servers


def postmaster(data: Path) -> int | None:
    return first_number(data / "postgres" / "postmaster.pid")


def valkey_process(data: Path) -> int | None:
    return next(iter(pids_in(data / "valkey", "valkey-server", "valkey.pid")), None)


def running(data: Path) -> tuple[int | None, int | None]:
    return postmaster(data), valkey_process(data)


def end(market: "subprocess.Popen[str]") -> str:
    os.kill(market.pid, signal.SIGINT)
    told = market.communicate(timeout=PATIENCE_S)[0]
    assert market.returncode == 0, told
    return told


def test_a_market_starts_its_killed_servers_again(folder: Path) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}/readyz"
    market = python(UP, folder, str(port), "5")
    try:
        until(lambda: answers(address))
        for at in range(2):
            before = running(folder)
            killed = before[at]
            assert killed is not None
            os.kill(killed, signal.SIGKILL)
            # Readiness reads the database and writes to the broker.
            until(lambda at=at, killed=killed: running(folder)[at] not in (None, killed) and answers(address))
        assert market.poll() is None
    finally:
        told = end(market)
    for name in (POSTGRES, VALKEY):
        assert f"{name} has ended; starting it again" in told


def test_a_market_that_cannot_keep_a_server_up_ends_with_a_sentence_and_a_code(folder: Path) -> None:
    port = free_port()
    market = python(UP, folder, str(port), "0")
    until(lambda: answers(f"http://127.0.0.1:{port}/readyz"))
    killed = valkey_process(folder)
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    told = market.communicate(timeout=PATIENCE_S)[0]
    assert market.returncode == 1, told
    last = told.strip().splitlines()[-1]
    assert "Valkey has ended again after 0 starts within 10 minutes, so the market stops; see " in last
    assert (folder / "log" / "valkey.log").exists()
    assert pids_in(folder / "postgres", "postgres", "postmaster.pid") == []


def test_a_server_that_ends_again_and_again_is_given_up(valkey: LocalServers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_watch, "RESTARTS_MAX", 2)
    said: list[str] = []
    watch = ServerWatch(valkey, said.append)
    for times in (1, 2):
        before = valkey.valkey_pid
        assert before is not None
        os.kill(before, signal.SIGKILL)
        until(lambda times=times: watch.look() is None and said.count("Valkey runs again") == times)
        assert valkey.valkey_pid not in (None, before)
        with redis.Redis.from_url(valkey.redis_url) as client:
            assert client.ping()
    assert valkey.valkey_pid is not None
    os.kill(valkey.valkey_pid, signal.SIGKILL)
    until(lambda: watch.look() is not None)
    assert valkey.valkey_pid is None
    assert "Valkey 在 10 分钟内重新启动了 2 次，仍然退出" in str(watch.lost and watch.lost.text.zh)


def test_a_server_that_its_owner_ends_stays_down(valkey: LocalServers) -> None:
    said: list[str] = []
    watch = ServerWatch(valkey, said.append)
    valkey.kill_valkey()
    assert valkey.ended() == ()
    assert watch.look() is None
    valkey.restart_valkey()
    valkey.stop()
    assert watch.look() is None
    assert (said, valkey.valkey_pid) == ([], None)
