"""Real servers for the tests: PostgreSQL and Valkey from wheels, one database for each pytest worker."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from sqlalchemy.orm import Session

from marketplace import models, schema
from marketplace.app import create_app
from marketplace.core import db, log, storage
from marketplace.core.config import Config
from marketplace.local.servers import LocalServers, start_servers
from tests.make import work as make

assert models.metadata.tables

# The same cases at every run: a suite that lands must not depend on luck. Longer searches are for the workbench.
settings.register_profile("suite", derandomize=True, deadline=None)
settings.load_profile("suite")
# As in service: one line of JSON on standard error, which pytest shows with the test that failed.
log.configure("json")

TEMPLATE = "inlay_template"


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServers]:
    """This pytest worker's own servers, with a migrated template database."""
    folder = tmp_path_factory.mktemp("servers")
    with start_servers(Path(folder), fsync=False) as running:
        with psycopg.connect(_plain(running.database_url), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {TEMPLATE}")
        schema.upgrade(_named(running.database_url, TEMPLATE))
        yield running


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def _named(url: str, name: str) -> str:
    return sa.make_url(url).set(database=name).render_as_string(hide_password=False)


def clone(servers: LocalServers, name: str) -> str:
    """Make a fresh migrated database and return its URL."""
    with psycopg.connect(_plain(servers.database_url), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    return _named(servers.database_url, name)


@pytest.fixture(scope="session")
def database_url(servers: LocalServers) -> str:
    return clone(servers, "inlay_tests")


@pytest.fixture(scope="session")
def config(servers: LocalServers, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Config:
    return Config(
        database_url=database_url,
        redis_url=servers.redis_url,
        broker_url=servers.broker_url,
        secret_key="test",
        rate_limit_per_minute=1_000_000,
        sign_ins_per_minute=1_000_000,
        data_dir=str(tmp_path_factory.mktemp("data")),
        storage_url=tmp_path_factory.mktemp("objects").as_uri(),
        vision_dir=str(tmp_path_factory.mktemp("vision")),
    )


@contextmanager
def connected(url: str, pool_size: int) -> Iterator[sa.Engine]:
    """Let the sessions of this process go to another database for a while; those after it find their own again."""
    before = db.Sessions.kw.get("bind")
    engine = db.connect(url, pool_size=pool_size)
    try:
        yield engine
    finally:
        db.Sessions.configure(bind=before)
        engine.dispose()


@pytest.fixture(scope="session")
def app(config: Config) -> Iterator[Flask]:
    storage.connect(config.storage_url)
    with connected(config.database_url, 64):
        yield create_app(config)


@pytest.fixture(scope="module", autouse=True)
def nothing_left() -> Iterator[None]:
    """What a file's tests leave undone is no other file's work: the next to settle would do all of it."""
    yield
    if db.Sessions.kw.get("bind") is not None:
        make.forget()


@pytest.fixture(scope="module")
def own_market(app: Flask, servers: LocalServers) -> Iterator[None]:
    """A database of this file's own: nobody else's channels are peers here, nobody else's jobs wait."""
    with connected(clone(servers, "inlay_own"), 16):
        yield


@pytest.fixture(scope="session")
def worker(config: Config) -> ModuleType:
    """What a worker process runs: `workers.drain`."""
    return make.worker(config)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session that sees everything, for looking at what a call left behind. It never commits."""
    with db.Sessions() as opened:
        opened.execute(sa.text("SELECT 1"))
        opened.rollback()
        yield opened
        opened.rollback()
