"""Real servers for the tests: PostgreSQL and Valkey from wheels, one database for each pytest worker.

Nothing of the application is imported here before a test asks for it: a test of pure functions starts in a second.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from marketplace.core.lazy_import import lazy_module

if TYPE_CHECKING:
    from types import ModuleType

    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy.orm import Session

    from marketplace.core.config import Config
    from marketplace.local.servers import LocalServers
    from tests import market
    from tests.make import work
else:
    market = lazy_module("tests.market")
    work = lazy_module("tests.make.work")

# Compiled modules are kept whatever the shell says, as by `make`: else every pytest worker rewrites the assertions of
# all files, and each of the hundred programs that tests start compiles what it imports, most of a second each.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Several pytest workers share the processors, so threads of numeric libraries only wait for each other: looking through
# the measured clips takes half of the processor time with one. Read when such a library is first imported.
for library in ("OPENBLAS", "OMP"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")
os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")

# The same cases at every run: a suite that lands must not depend on luck. Longer searches are for the workbench.
settings.register_profile("suite", derandomize=True, deadline=None)
settings.load_profile("suite")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Nothing that is imported while tests are collected is garbage, so no collection of garbage looks at it, then or
    later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files that wait for processes or look through videos first: they take longest, and a long one must not be
    what the whole suite waits for at its end."""
    items.sort(key=lambda item: not any(item.iter_markers("process")) and not any(item.iter_markers("shared")))


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServers]:
    """This pytest worker's own servers, with a migrated template database."""
    with market.running_servers(Path(tmp_path_factory.mktemp("servers"))) as running:
        yield running


@pytest.fixture(scope="session")
def database_url(servers: LocalServers) -> str:
    return market.clone(servers, "inlay_tests")


@pytest.fixture(scope="session")
def config(servers: LocalServers, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Config:
    return market.settings(servers, database_url, tmp_path_factory.mktemp("market"))


@pytest.fixture(scope="session")
def app(config: Config) -> Iterator[Flask]:
    with market.application(config) as made:
        yield made


@pytest.fixture(scope="module", autouse=True)
def nothing_left() -> Iterator[None]:
    """What a file's tests leave undone is no other file's work: the next to settle would do all of it."""
    yield
    db = sys.modules.get("marketplace.core.db")
    if db is not None and db.Sessions.kw.get("bind") is not None:
        work.forget()


@pytest.fixture(scope="session")
def own_database(servers: LocalServers) -> str:
    return market.clone_to_empty(servers, "inlay_own")


@pytest.fixture(scope="module")
def own_market(app: Flask, own_database: str) -> Iterator[None]:
    """A database of this file's own: nobody else's channels are peers here, nobody else's jobs wait."""
    market.empty(own_database)
    with market.connected(own_database, 16):
        yield


@pytest.fixture(scope="session")
def worker(config: Config) -> ModuleType:
    """What a worker process runs: `workers.drain`."""
    return work.worker(config)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session that sees everything, for looking at what a call left behind. It never commits."""
    with market.looking() as opened:
        yield opened
