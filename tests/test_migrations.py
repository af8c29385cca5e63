"""The schema: one line of migrations, no drift, down and up again."""

import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from marketplace import schema
from marketplace.bids import pricing_models
from marketplace.local.servers import LocalServers
from tests.market import clone


def test_there_is_one_line_of_numbered_files() -> None:
    scripts = ScriptDirectory.from_config(schema.alembic_config(""))
    assert len(scripts.get_heads()) == 1
    names = sorted(path.name for path in Path(scripts.versions).glob("*.py"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert all(re.fullmatch(r"[0-9]{4}_[a-z0-9_]+\.py", name) for name in names)


def test_models_and_migrations_tell_the_same_and_the_way_back_works(servers: LocalServers) -> None:
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


def test_every_table_with_a_party_in_it_has_row_level_security(servers: LocalServers) -> None:
    # These are read by several sides and guarded by the rooms' policies.
    open_tables = {
        "alembic_version",
        "audience_snapshots",
        "channel_features",
        "channels",
        "forecast_models",
        "growth_models",
        "job_probes",
        "overlap_models",
        "parties",
        "people",
        "price_index_cells",
        "price_models",
        "video_readings",
        "video_pictures",
        "video_step_answers",
        "videos",
        "worker_beats",
    }
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


def _yuan(amount: int) -> dict[str, Any]:
    return {"amount_minor": 100 * amount, "currency": "CNY"}


PRICES: tuple[dict[str, Any], ...] = (
    {"model": "flat", "amount": _yuan(500), "rights": {"usage": _yuan(7), "raw_files": None}},
    {"model": "barter", "value": _yuan(90), "rights": None},
    {"model": "cpm", "rate": _yuan(40), "floor": _yuan(100), "cap": _yuan(900), "rights": {"usage": _yuan(3)}},
    {"model": "cpm", "rate": _yuan(40), "floor": None, "cap": _yuan(900)},
    {"model": "cpv", "rate": _yuan(2), "cap": _yuan(900), "rights": {}},
    {"model": "cpa", "rate": _yuan(5), "cap": _yuan(900), "actions_per_thousand_views": 2.5},
    {"model": "cpa", "rate": _yuan(5), "cap": _yuan(900)},
    # A claim of no sales, which made the price free.
    {"model": "cpa", "rate": _yuan(5), "cap": _yuan(900), "actions_per_thousand_views": 0},
    {
        "model": "hybrid",
        "fixed": _yuan(200),
        "variable": {"model": "cpa", "rate": _yuan(4), "cap": _yuan(60), "actions_per_thousand_views": 0},
    },
    {
        "model": "commission",
        "basis_points": 500,
        "minimum": _yuan(10),
        "actions_per_thousand_views": 4,
        "order_value": _yuan(80),
    },
    {"model": "commission", "basis_points": 500},
    {"model": "hybrid", "fixed": _yuan(200), "variable": {"model": "cpm", "rate": _yuan(4), "cap": _yuan(60)}},
)
VERSION_ID, PRODUCT_YUAN = UUID(int=7), 49
OPTIONS = [{"amount": _yuan(1)}, {"amount": _yuan(700)}, {"amount": _yuan(50)}]
DELIVERABLES = [{"kind": "video", "count": 2}, {"kind": "live", "count": 1}, {"kind": "image", "count": 9}]


def test_prices_stored_before_terms_and_option_costs_get_the_same_as_new_ones(servers: LocalServers) -> None:
    url = clone(servers, "inlay_terms")
    schema.downgrade(url, "0002")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    columns = (
        "id, created_at, bid_id, number, brief_version_id, pricing_model, currency, price, options, deliverables, plan,"
        " salt, commitment, raw_low, raw_high, prominence_low, prominence_high, plan_version"
    )
    with engine.begin() as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))  # revisions alone, of no bid
        # Bartered goods count at the brief's own value of its product.
        connection.execute(
            sa.text(
                "INSERT INTO brief_versions (id, created_at, brief_id, number, title, category, currency, budget_minor,"
                " tolerance, bids_close_at, content) VALUES (:id, now(), gen_random_uuid(), 1, 't', 'food', 'CNY', 1,"
                " 40, now(), CAST(:content AS jsonb))"
            ),
            {"id": VERSION_ID, "content": json.dumps({"product": {"value": _yuan(PRODUCT_YUAN)}})},
        )
        for number, price in enumerate(PRICES):
            connection.execute(
                sa.text(
                    f"INSERT INTO bid_revisions ({columns}) VALUES (gen_random_uuid(), now(), gen_random_uuid(), :n,"
                    " :version, :model, 'CNY', CAST(:price AS jsonb), CAST(:options AS jsonb), "
                    " CAST(:told AS jsonb), '{}', 's',"
                    " 'c', '{}', '{}', 0, 0, 'p')"
                ),
                {
                    "n": number,
                    "model": price["model"],
                    "version": VERSION_ID,
                    "price": json.dumps(price),
                    "options": json.dumps(OPTIONS),
                    "told": json.dumps(DELIVERABLES if number else []),
                },
            )
    schema.upgrade(url)
    with engine.connect() as connection:
        stored = connection.execute(sa.text("SELECT terms, option_costs FROM bid_revisions ORDER BY number")).all()
    for number, ((terms, costs), price) in enumerate(zip(stored, PRICES, strict=True)):
        deliverables = DELIVERABLES if number else []
        value = 100 * PRODUCT_YUAN
        assert terms == pytest.approx(list(pricing_models.price_terms(price, deliverables, value)), nan_ok=True), price
        expected = pricing_models.option_costs(price, OPTIONS, deliverables, value)
        assert costs == pytest.approx(expected, nan_ok=True), price


def test_a_brief_published_before_there_were_windows_still_takes_bids_until_its_deadline(servers: LocalServers) -> None:
    url = clone(servers, "inlay_windows")
    schema.downgrade(url, "0008")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))  # a brief alone, of no brand
        for status in ("draft", "published"):
            connection.execute(
                sa.text(
                    "INSERT INTO briefs (id, created_at, brand_id, bids_close_at, status, version_number, version)"
                    " VALUES (gen_random_uuid(), now(), gen_random_uuid(), '2099-01-01', :status, 1, 1)"
                ),
                {"status": status},
            )
        connection.execute(
            sa.text(
                "INSERT INTO brief_versions (id, created_at, brief_id, number, title, category, currency, budget_minor,"
                " tolerance, bids_close_at, content) VALUES (gen_random_uuid(), now(), gen_random_uuid(), 1, 't',"
                " 'food', 'CNY', 1, 1, '2099-01-01', '{}')"
            )
        )
    schema.upgrade(url)
    with engine.connect() as connection:
        told = connection.execute(sa.text("SELECT status, closes_at = bids_close_at FROM briefs ORDER BY status")).all()
        assert [tuple(row) for row in told] == [("draft", None), ("published", True)]
        assert connection.scalar(sa.text("SELECT content -> 'closing_window_s' FROM brief_versions")) == 0
