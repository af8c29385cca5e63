"""audience sketches

Sketches of audiences, from which unions and common people are estimated without ids, and the salt that ids are hashed
with in this market.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

ROLE = "inlay_app"
KINDS = ("viewers", "commenters")


def _first_columns() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )


def upgrade() -> None:
    op.create_table(
        "sketch_salts",
        *_first_columns(),
        sa.Column("digits", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sketch_salts")),
    )
    # 244 random bits from the server's strong source.
    digits = "replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')"
    op.execute(f"INSERT INTO sketch_salts (id, created_at, digits) VALUES (gen_random_uuid(), now(), {digits})")
    op.execute(f"REVOKE INSERT, UPDATE, DELETE ON sketch_salts FROM {ROLE}")
    op.create_table(
        "audience_sketches",
        *_first_columns(),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("kind", sa.Enum(*KINDS, name="sketchkind", native_enum=False, length=None), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=False) for name in ("people", "low", "high")),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("told_by_id", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("people > 0 AND octet_length(data) <= 131096", name=op.f("ck_audience_sketches_in_range")),
        *(
            sa.ForeignKeyConstraint([name], [f"{table}.id"], name=op.f(f"fk_audience_sketches_{name}"))
            for name, table in (("channel_id", "channels"), ("creator_id", "parties"), ("told_by_id", "parties"))
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audience_sketches")),
    )
    for name in ("channel_id", "creator_id"):
        op.create_index(op.f(f"ix_audience_sketches_{name}"), "audience_sketches", [name])
    op.execute("ALTER TABLE audience_sketches ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON audience_sketches TO {ROLE}"
        " USING ((SELECT app_all()) OR creator_id = ANY (app_parties()))"
    )
    # What was handed in stays as it was, or goes.
    op.execute(f"REVOKE UPDATE ON audience_sketches FROM {ROLE}")
    op.execute(f"GRANT UPDATE (confirmed_at, version) ON audience_sketches TO {ROLE}")


def downgrade() -> None:
    op.drop_table("audience_sketches")
    op.drop_table("sketch_salts")
