"""What the fixtures of tests/conftest.py are made of: servers, databases, the application.

Imported by those fixtures when the first test asks for one, so that a test of pure functions pays for none of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
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


# Keep what the migrations wrote; let every row go, in whatever order, and put that back.
_KEEP = """
DO $$ DECLARE name text; is_written bool; BEGIN
  CREATE SCHEMA as_migrated;
  FOR name IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO is_written;
    IF is_written THEN EXECUTE format('CREATE TABLE as_migrated.%I AS TABLE public.%I', name, name); END IF;
  END LOOP;
END $$
"""
_EMPTY = """
DO $$ DECLARE name text; BEGIN
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
    EXECUTE format('DELETE FROM public.%I', name);
  END LOOP;
  FOR name IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'as_migrated'::regnamespace LOOP
    EXECUTE format('INSERT INTO public.%I SELECT * FROM as_migrated.%I', name, name);
  END LOOP;
END $$
"""


def clone_to_empty(servers: LocalServers, name: str) -> str:
    """Make a fresh migrated database that `empty` knows, and return the URL for the market's login."""
    url = clone(servers, name)
    with psycopg.connect(_plain(owner_of(url)), autocommit=True) as owner:
        owner.execute(_KEEP)
    return url


def empty(url: str) -> None:
    """Leave of a database what its migrations made: a thirtieth of the work of making it anew."""
    with psycopg.connect(_plain(owner_of(url))) as owner:
        # Whoever is left from before would hold locks.
        owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        owner.execute(_EMPTY)


def owner_of(url: str) -> str:
    """Return the URL of the same database for the login that owns its tables."""
    return sa.make_url(url).set(username=postgres.NAME).render_as_string(hide_password=False)


def clone_to_own(servers: LocalServers, name: str) -> str:
    """Make a fresh migrated database and return the URL for the login that owns its tables."""
    return owner_of(clone(servers, name))


@cache
def _owner(url: sa.URL) -> sa.Engine:
    """Return the engine of the login that owns the tables. Its connections last: a new one for every look costs more
    than most looks, and whoever empties or drops the database ends them."""
    return sa.create_engine(url.set(username=postgres.NAME), pool_pre_ping=True, max_overflow=20)


@contextmanager
def owning() -> Iterator[Session]:
    """A transaction in the present database of the login that owns the tables: no policy holds it, and no right is
    withheld from it. It commits."""
    with Session(_owner(db.Sessions.kw["bind"].url), expire_on_commit=False) as opened, opened.begin():
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
        _owner(engine.url).dispose()


@contextmanager
def undone() -> Iterator[None]:
    """Let the sessions of this process work in one transaction that is rolled back at the end, their commits with it.

    What a call changes is as it was for the next one, so that none needs a world of its own. For calls of one thread
    whose answers are what is asked about: a commit is a savepoint here, and files that a call deletes stay deleted.
    """
    engine: sa.Engine = db.Sessions.kw["bind"]
    with engine.connect() as connection:
        whole = connection.begin()
        db.Sessions.configure(bind=connection, join_transaction_mode="create_savepoint")
        try:
            yield
        finally:
            db.Sessions.configure(bind=engine, join_transaction_mode="conditional_savepoint")
            whole.rollback()


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
    with Session(_owner(db.Sessions.kw["bind"].url), expire_on_commit=False) as opened:
        yield opened
        opened.rollback()
