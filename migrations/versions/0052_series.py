"""series

A maker's schedule of episodes, whose slots deals have: the terms of a deal name the series, and what it owes the
episode and the slot. Several deals may show one video, which takes its channel's day once.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

APP, SERVICE = "inlay_app", "inlay_service"
ADMIN, MINE = "(SELECT app_all())", "= ANY ((SELECT app_parties())::uuid[])"
POLICIES = {
    # Also whoever has a deal that names it: which of them are seen is the deals' own rule.
    "series": f"creator_id {MINE} OR {ADMIN}"
    " OR EXISTS (SELECT 1 FROM deals d WHERE d.series_id = series.id AND d.status <> 'lapsed')",
    "series_episodes": "EXISTS (SELECT 1 FROM series s WHERE s.id = series_episodes.series_id)",
}

_ID, _TEXT, _NUMBER = sa.Uuid(), sa.Text(), sa.BigInteger()


def _status(name: str, *values: str) -> sa.Column[str]:
    return sa.Column("status", sa.Enum(*values, name=name, native_enum=False, length=None), nullable=False)


def _made() -> list[sa.Column[object]]:
    return [
        sa.Column("id", _ID, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    ]


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    op.create_table(
        "series",
        *_made(),
        sa.Column("creator_id", _ID, nullable=False),
        sa.Column("channel_id", _ID, nullable=False),
        sa.Column("title", _TEXT, nullable=False),
        sa.Column("slots", ARRAY(_TEXT), nullable=False),
        _status("seriesstatus", "open", "closed"),
        sa.Column("version", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        _key("series", "creator_id", "parties"),
        _key("series", "channel_id", "channels"),
    )
    for column in ("creator_id", "channel_id"):
        op.create_index(op.f(f"ix_series_{column}"), "series", [column])
    op.create_table(
        "series_episodes",
        *_made(),
        sa.Column("series_id", _ID, nullable=False),
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("title", _TEXT, nullable=False),
        sa.Column("airs_on", sa.Date(), nullable=False),
        _status("episodestatus", "planned", "dropped"),
        sa.Column("version", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series_episodes")),
        _key("series_episodes", "series_id", "series"),
        sa.UniqueConstraint("series_id", "number", name=op.f("uq_series_episodes_series_id_number")),
    )
    _places()
    for table, rule in POLICIES.items():
        op.execute(f"CREATE POLICY tenant ON {table} TO {APP} USING ({rule})")
        op.execute(f"CREATE POLICY service ON {table} TO {SERVICE} USING (true)")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"REVOKE DELETE, TRUNCATE ON {table} FROM {APP}, {SERVICE}")


def _places() -> None:
    op.add_column("deals", sa.Column("series_id", _ID, nullable=True))
    op.create_foreign_key(op.f("fk_deals_series_id"), "deals", "series", ["series_id"], ["id"])
    op.create_index(op.f("ix_deals_series_id"), "deals", ["series_id"])
    op.add_column("deliverables", sa.Column("episode_id", _ID, nullable=True))
    op.add_column("deliverables", sa.Column("slot", _TEXT, nullable=True))
    key = op.f("fk_deliverables_episode_id")
    op.create_foreign_key(key, "deliverables", "series_episodes", ["episode_id"], ["id"])
    op.create_check_constraint(
        op.f("ck_deliverables_slot_of_an_episode"), "deliverables", "(episode_id IS NULL) = (slot IS NULL)"
    )
    op.create_index(
        "uq_deliverables_one_in_a_slot",
        "deliverables",
        ["episode_id", "slot"],
        unique=True,
        postgresql_where=sa.text("episode_id IS NOT NULL AND status <> 'cancelled'"),
    )
    op.add_column("pacing_bookings", sa.Column("episode_id", _ID, nullable=True))


def downgrade() -> None:
    op.drop_column("pacing_bookings", "episode_id")
    op.drop_index("uq_deliverables_one_in_a_slot", "deliverables")
    for column in ("slot", "episode_id"):
        op.drop_column("deliverables", column)
    for table in ("series_episodes", "series"):
        if table == "series":
            op.execute("DROP POLICY tenant ON series")
            op.drop_column("deals", "series_id")
        op.drop_table(table)
