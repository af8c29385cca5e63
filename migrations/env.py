"""Runs the migrations: one at a time (advisory lock), never waiting long for a table lock."""

import sqlalchemy as sa
from alembic import context

from marketplace.models import metadata


def run() -> None:
    url = context.config.attributes["database_url"]
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT pg_advisory_lock(hashtext('inlay migrations'))"))
        connection.execute(sa.text("SET lock_timeout = '4s'"))
        connection.commit()
        context.configure(
            connection=connection, target_metadata=metadata, transaction_per_migration=True, compare_server_default=True
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
