"""Selections that older releases stored keep their meaning: value and bound are of one unit after the migration."""

import json
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from marketplace import schema
from marketplace.local.servers import LocalServers
from tests.market import clone_to_own

# What each release stored: its result, value and bound; and value and bound in effective people.
NOTICED = {"reach": {"careful": 2_700_000.0, "notice": 106_000.0}, "proof": {"searched": 300_000.0, "bound": 310_000.0}}
TOLD_APART = {"reach": {"careful": 90_000.0}, "proof": {"searched": 100_000.0, "bound": 120_000.0}}
FIRST = {"reach": {"careful": 80_000.0}, "proof": {"bound": 90_000.0}}
STORED: tuple[tuple[dict[str, Any] | None, tuple[float, float] | None, tuple[float, float] | None], ...] = (
    (NOTICED, (2_700_000.0, 310_000.0), (45_000.0, 46_500.0)),
    (TOLD_APART, (90_000.0, 120_000.0), (100_000.0, 120_000.0)),
    (FIRST, (80_000.0, 90_000.0), (80_000.0, 90_000.0)),
    (None, None, None),
)
INSERT = sa.text(
    "INSERT INTO selections (id, created_at, brief_id, brief_version_id, brand_id, wishes, status, result, value,"
    " bound, version) VALUES (gen_random_uuid(), now() + make_interval(secs => :number), :id, :id, :id, '{}', 'done',"
    " CAST(:result AS jsonb), :value, :bound, 1)"
)
READ = sa.text("SELECT value, bound FROM selections ORDER BY created_at")


def test_value_and_bound_of_stored_selections_become_one_unit_and_the_way_back_works(servers: LocalServers) -> None:
    url = clone_to_own(servers, "inlay_effective")
    schema.downgrade(url, "0035")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))  # selections alone, of no brief
        for number, (result, before, _) in enumerate(STORED):
            value, bound = before or (None, None)
            row = {"number": number, "id": uuid4(), "result": None if result is None else json.dumps(result)}
            connection.execute(INSERT, {**row, "value": value, "bound": bound})
    schema.upgrade(url)
    with engine.connect() as connection:
        after = [tuple(row) for row in connection.execute(READ)]
    for (_, _, wanted), found in zip(STORED, after, strict=True):
        assert found == (pytest.approx(wanted) if wanted else (None, None))
    schema.downgrade(url, "0035")
    with engine.connect() as connection:
        again = [tuple(row) for row in connection.execute(READ)]
    for (_, before, _), found in zip(STORED, again, strict=True):
        assert found == (pytest.approx(before) if before else (None, None))
