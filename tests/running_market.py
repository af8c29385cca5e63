"""A market as it runs in service: web server, worker and ringer as processes, on a fresh database of real servers."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from marketplace.local.market_tree import answers
from marketplace.local.programs import ringer_argv, web_argv, worker_argv
from marketplace.local.servers import LocalServers
from tests.market import clone


class RunningMarket(NamedTuple):
    """Where it is, its database, and its data folder."""

    url: str
    database_url: str
    data: Path


@contextmanager
def running_market(servers: LocalServers, folder: Path, database: str, **settings: str) -> Iterator[RunningMarket]:
    """Run a market of its own with these settings until the block ends; its log is `log` in the folder."""
    database_url = clone(servers, database)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": servers.redis_url,
        "BROKER_URL": servers.broker_url,
        "SECRET_KEY": "walk",
        "INLAY_DATA": str(folder / "data"),
        "SIGN_INS_PER_MINUTE": "10000",
        "RATE_LIMIT_PER_MINUTE": "1000000",
        **settings,
    }
    with (folder / "log").open("ab") as log:
        running = [
            subprocess.Popen(argv, env=env, stdout=log, stderr=log, start_new_session=True)
            for argv in (web_argv("127.0.0.1", port), worker_argv(2), ringer_argv())
        ]
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while not answers(f"{address}/readyz"):
            assert time.monotonic() < deadline, (folder / "log").read_text()[-3000:]
            time.sleep(0.1)
        yield RunningMarket(address, database_url, folder / "data")
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(20)
