"""Bring a database to the newest schema, and say which one it has."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory

from marketplace import database_roles
from marketplace.core.message import Bilingual

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


class OwnerUnnamed(database_roles.OwnerNeeded):
    """The schema is not the one of this release, and the market's login owns no tables."""

    def __init__(self, stands_at: str, needed: str | None) -> None:
        super().__init__(
            Bilingual(
                f"数据库结构是 {stands_at}，此版本需要 {needed}，而 DATABASE_URL 的账号不拥有这些表："
                "请在 MIGRATION_DATABASE_URL 中写拥有它们的账号。",
                f"The database's schema is {stands_at} and this release needs {needed}, but the login of DATABASE_URL"
                " does not own the tables: name the login that does in MIGRATION_DATABASE_URL.",
            )
        )


def migrate(owner_url: str, login_url: str, revision: str = "head") -> str | None:
    """Bring the database to a revision of its schema, with the roles and the login that a market needs; return which.

    Without an owner's URL the login of the market has to own the tables, unless there is nothing to do. Raises
    OwnerNeeded.
    """
    stands_at = None if owner_url and owner_url != login_url else database_roles.revision_for_login(login_url)
    needed = head() if revision == "head" else revision
    if stands_at is None:
        owner_url = owner_url or login_url
        database_roles.prepare(owner_url, login_url)
        upgrade(owner_url, revision)
        return current(owner_url)
    if stands_at != needed:
        raise OwnerUnnamed(stands_at, needed)
    return stands_at


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
