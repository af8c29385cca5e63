"""prices

What deals closed at, for their two sides and the admins alone; what is told of them to everybody; and the models learnt.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ROLE = "inlay_app"
MINE = "= ANY (app_parties())"


def _told(name: str, *choices: str, nullable: bool = False) -> sa.Column[str]:
    kind = {"source": "dealsource"}.get(name, "side")
    return sa.Column(name, sa.Enum(*choices, name=kind, native_enum=False, length=None), nullable=nullable)


def _first_columns() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )


def upgrade() -> None:
    op.create_table(
        "price_index_cells",
        *_first_columns(),
        sa.Column("first_month", sa.Date(), nullable=False),
        sa.Column("last_month", sa.Date(), nullable=False),
        sa.Column("tier", sa.BigInteger(), nullable=True),
        sa.Column("vertical", sa.Text(), nullable=True),
        sa.Column("platform", sa.Text(), nullable=True),
        *(sa.Column(name, sa.Double(), nullable=False) for name in ("median", "low", "high")),
        sa.Column("deals", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_index_cells")),
    )
    op.create_index(op.f("ix_price_index_cells_last_month"), "price_index_cells", ["last_month"])
    op.create_table(
        "price_models",
        *_first_columns(),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("deals", sa.BigInteger(), nullable=False),
        sa.Column("cards", sa.BigInteger(), nullable=False),
        sa.Column("fitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_models")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_price_models_fingerprint")),
    )
    op.create_table(
        "deal_prices",
        *_first_columns(),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=True),
        sa.Column("brand_key", sa.Text(), nullable=False),
        sa.Column("deal_minor", sa.BigInteger(), nullable=False),
        sa.Column("list_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("pricing_model", sa.Text(), nullable=False),
        sa.Column("length_tier", sa.Text(), nullable=True),
        sa.Column("rights", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("exclusivity_days", sa.BigInteger(), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=False),
        _told("source", "platform_deal", "party", "admin"),
        _told("told_by", "creator", "brand", "platform"),
        sa.Column("evidence", sa.Text(), nullable=True),
        *(
            sa.Column(name, sa.BigInteger(), nullable=True)
            for name in ("expected_views", "followers", "suggested_cpm_minor")
        ),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("vertical", sa.Text(), nullable=False),
        _told("confirmed_by", "creator", "brand", "platform", nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cell_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "deal_minor > 0 AND (list_minor IS NULL OR list_minor > 0)", name=op.f("ck_deal_prices_prices_above_zero")
        ),
        sa.CheckConstraint(
            "(confirmed_by IS NULL) = (confirmed_at IS NULL)", name=op.f("ck_deal_prices_confirmed_at_a_time")
        ),
        *(
            sa.ForeignKeyConstraint([name], [f"{table}.id"], name=op.f(f"fk_deal_prices_{name}"))
            for name, table in (
                ("channel_id", "channels"),
                ("creator_id", "parties"),
                ("brand_id", "parties"),
                ("cell_id", "price_index_cells"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal_prices")),
        sa.UniqueConstraint(
            "channel_id",
            "brand_key",
            "settled_on",
            "deal_minor",
            "currency",
            name=op.f("uq_deal_prices_channel_id_brand_key_settled_on_deal_minor_currency"),
        ),
    )
    for name in ("creator_id", "brand_id", "cell_id"):
        op.create_index(op.f(f"ix_deal_prices_{name}"), "deal_prices", [name])
    op.execute("ALTER TABLE deal_prices ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON deal_prices TO {ROLE}"
        f" USING ((SELECT app_all()) OR creator_id {MINE} OR brand_id {MINE})"
    )
    # What was told to everybody, and what it was told of, stays: an answer that changes tells what it changed by.
    op.execute(f"REVOKE UPDATE, DELETE ON price_index_cells FROM {ROLE}")
    op.execute(f"REVOKE UPDATE, DELETE ON deal_prices FROM {ROLE}")
    op.execute(f"GRANT UPDATE (confirmed_by, confirmed_at, cell_id, version) ON deal_prices TO {ROLE}")


def downgrade() -> None:
    op.drop_table("deal_prices")
    op.drop_table("price_models")
    op.drop_table("price_index_cells")
