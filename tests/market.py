"""What the fixtures of tests/conftest.py are made of: servers, databases, the application.

Imported by those fixtures when the first test asks for one, so that a test of pure functions pays for none of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from marketplace import models, schema
from marketplace.app import create_app
from marketplace.core import db, log, storage
from marketplace.core.config import Config
from marketplace.local import postgres
from marketplace.local.servers import LocalServers, start_servers

assert models.metadata.tables

# As in service: one line of JSON on standard error, which pytest shows with the test that failed.
log.configure("json")

TEMPLATE = "inlay_template"


@contextmanager
def running_servers(folder: Path) -> Iterator[LocalServers]:
    """Start PostgreSQL and Valkey, with a migrated template database."""
    with start_servers(folder, fsync=False) as running:
        with psycopg.connect(_plain(running.owner_url), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {TEMPLATE}")
        schema.upgrade(_named(running.owner_url, TEMPLATE))
        yield running


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def _named(url: str, name: str) -> str:
    return sa.make_url(url).set(database=name).render_as_string(hide_password=False)


def clone(servers: LocalServers, name: str) -> str:
    """Make a fresh migrated database and return the URL for the market's login."""
    with psycopg.connect(_plain(servers.owner_url), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    return _named(servers.database_url, name)


def owner_of(url: str) -> str:
    """Return the URL of the same database for the login that owns its tables."""
    return sa.make_url(url).set(username=postgres.NAME).render_as_string(hide_password=False)


def clone_to_own(servers: LocalServers, name: str) -> str:
    """Make a fresh migrated database and return the URL for the login that owns its tables."""
    return owner_of(clone(servers, name))


@contextmanager
def owning() -> Iterator[Session]:
    """A transaction in the present database of the login that owns the tables: no policy holds it, and no right is
    withheld from it. It commits."""
    url: sa.URL = db.Sessions.kw["bind"].url
    engine = sa.create_engine(url.set(username=postgres.NAME), poolclass=sa.NullPool)
    with Session(engine, expire_on_commit=False) as opened, opened.begin():
        yield opened


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


def settings(servers: LocalServers, database_url: str, folder: Path) -> Config:
    """Return the settings of an application on these servers, with its files in a folder and no limits in its way."""
    places = {name: folder / name for name in ("data", "objects", "vision")}
    for place in places.values():
        place.mkdir()
    return Config(
        database_url=database_url,
        redis_url=servers.redis_url,
        broker_url=servers.broker_url,
        secret_key="test",
        rate_limit_per_minute=1_000_000,
        sign_ins_per_minute=1_000_000,
        data_dir=str(places["data"]),
        storage_url=places["objects"].as_uri(),
        vision_dir=str(places["vision"]),
    )


@contextmanager
def application(config: Config) -> Iterator[Flask]:
    """Yield the application, with the sessions and the storage of this process on its database and its files."""
    storage.connect(config.storage_url)
    with connected(config.database_url, 64):
        yield create_app(config)


@contextmanager
def looking() -> Iterator[Session]:
    """A session that sees everything, for looking at what a call left behind. It never commits."""
    url: sa.URL = db.Sessions.kw["bind"].url
    engine = sa.create_engine(url.set(username=postgres.NAME), poolclass=sa.NullPool)
    with Session(engine, expire_on_commit=False) as opened:
        yield opened
        opened.rollback()
