"""A market of servers that may be killed, and the programs that run on them."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from marketplace.chaos.fault_run import free_port
from marketplace.core import db
from marketplace.local.market_tree import answers
from marketplace.local.programs import web_argv
from marketplace.local.servers import LocalServers, start_servers
from marketplace.schema import upgrade
from tests.chaos.work import Start
from tests.market import connected
from tests.waiting import until


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServers]:
    """A PostgreSQL and a Valkey that may be killed, migrated."""
    with start_servers(Path(tmp_path_factory.mktemp("market")), fsync=False) as servers:
        upgrade(servers.owner_url)
        yield servers


@pytest.fixture
def engine(market: LocalServers) -> Iterator[sa.Engine]:
    """The test's own way into that database; other modules get theirs back. No job is left for the next test."""
    with connected(market.database_url, 8) as engine:
        yield engine
        with db.transaction() as session:
            session.execute(sa.text("UPDATE jobs SET state = 'cancelled' WHERE state IN ('queued', 'leased')"))


@pytest.fixture
def environment(market: LocalServers) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": market.database_url,
        "MIGRATION_DATABASE_URL": market.owner_url,
        "REDIS_URL": market.redis_url,
        "BROKER_URL": market.broker_url,
        "SECRET_KEY": "cut",
        "RATE_LIMIT_PER_MINUTE": "1000000",
        "LOG_FORMAT": "json",
    }


@pytest.fixture
def start(engine: sa.Engine, environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Starts programs of the market, each in a group of its own, with one log; kills them at the end."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(argv: list[str]) -> "subprocess.Popen[bytes]":
        with (tmp_path / "log").open("ab") as log:
            process = subprocess.Popen(argv, env=environment, stdout=log, stderr=log, start_new_session=True)
        running.append(process)
        return process

    yield begin
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def web(start: Start) -> str:
    """The address of a running web server."""
    port = free_port()
    start(web_argv("127.0.0.1", port))
    until(lambda: answers(f"http://127.0.0.1:{port}/readyz"))
    return f"http://127.0.0.1:{port}"
