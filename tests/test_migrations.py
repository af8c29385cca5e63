"""The schema: one line of migrations, no drift, down and up again."""

import re
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from marketplace import schema
from marketplace.embedded import Servers
from tests.conftest import clone


def test_there_is_one_line_of_numbered_files() -> None:
    scripts = ScriptDirectory.from_config(schema.alembic_config(""))
    assert len(scripts.get_heads()) == 1
    names = sorted(path.name for path in Path(scripts.versions).glob("*.py"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert all(re.fullmatch(r"[0-9]{4}_[a-z0-9_]+\.py", name) for name in names)


def test_models_and_migrations_tell_the_same_and_the_way_back_works(servers: Servers) -> None:
    url = clone(servers, "inlay_migrations")
    assert schema.current(url) == schema.head()
    command.check(schema.alembic_config(url))
    schema.downgrade(url, "base")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        left = set(sa.inspect(connection).get_table_names())
    assert left == {"alembic_version"}
    schema.upgrade(url)
    assert schema.current(url) == schema.head()


def test_every_table_with_a_party_in_it_has_row_level_security(servers: Servers) -> None:
    # These are read by several sides and guarded by the rooms' policies.
    open_tables = {
        "alembic_version", "audience_snapshots", "channel_features", "channels", "forecast_models", "job_probes",
        "parties", "people", "videos", "worker_beats",
    }  # fmt: skip
    url = clone(servers, "inlay_rls")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND NOT relrowsecurity"
                " AND relnamespace = 'public'::regnamespace"
            )
        )
        assert set(rows.scalars()) == open_tables
