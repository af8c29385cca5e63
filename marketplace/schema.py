"""Bring a database to the newest schema, and say which one it has."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def alembic_config(database_url: str) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.set_main_option("path_separator", "os")
    config.attributes["database_url"] = database_url
    return config


# A database that was restored into another server has events of transactions which that server has not come to yet.
# They would stay hidden, and new ones would be sorted before them; so all become as old as can be, in the order in
# which they were recorded.
_SETTLE_RESTORED = sa.text(
    "UPDATE events SET xid = 0 WHERE xid <> 0 AND EXISTS (SELECT FROM events"
    " WHERE xid >= ((pg_snapshot_xmax(pg_current_snapshot()))::text)::bigint)"
)


def upgrade(database_url: str, revision: str = "head") -> None:
    """Run what is missing, under an advisory lock, so that several hosts may call it at once."""
    command.upgrade(alembic_config(database_url), revision)
    if revision == "head":
        settle_restored_events(database_url)


def settle_restored_events(database_url: str) -> int:
    """Let the stream of events go on after a restore into another server. Return how many events that changed."""
    engine = sa.create_engine(database_url, poolclass=sa.NullPool)
    try:
        with engine.begin() as connection:
            return connection.execute(_SETTLE_RESTORED).rowcount
    finally:
        engine.dispose()


def downgrade(database_url: str, revision: str) -> None:
    command.downgrade(alembic_config(database_url), revision)


def head() -> str | None:
    return ScriptDirectory.from_config(alembic_config("")).get_current_head()


def current(database_url: str) -> str | None:
    """Return the schema's revision, or None for a database that was never migrated."""
    engine = sa.create_engine(database_url, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            if connection.scalar(sa.text("SELECT to_regclass('alembic_version')")) is None:
                return None
            found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
            return found
    finally:
        engine.dispose()
