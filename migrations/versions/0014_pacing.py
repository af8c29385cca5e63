"""pacing

The rule by which a creator paces a channel's placements, and the days that a channel is promised to one brand alone.

Two promises of one key on one channel may not share a day. The constraint needs btree_gist, which ships with PostgreSQL
(contrib) and is trusted: whoever may create in the database may install it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ROLE = "inlay_app"


def upgrade() -> None:
    op.add_column("channels", sa.Column("pacing", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_table(
        "exclusivity_windows",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.Column("competitor_key", sa.Text(), nullable=False),
        sa.Column("during", postgresql.DATERANGE(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during)",
            name=op.f("ck_exclusivity_windows_has_both_ends"),
        ),
        *(
            sa.ForeignKeyConstraint([name], [f"{table}.id"], name=op.f(f"fk_exclusivity_windows_{name}"))
            for name, table in (("channel_id", "channels"), ("creator_id", "parties"), ("holder_id", "parties"))
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exclusivity_windows")),
        postgresql.ExcludeConstraint(
            ("channel_id", "="),
            ("competitor_key", "="),
            ("during", "&&"),
            using="gist",
            name="ex_exclusivity_windows_one_holder",
        ),
    )
    op.create_index(op.f("ix_exclusivity_windows_creator_id"), "exclusivity_windows", ["creator_id"])
    op.execute("ALTER TABLE exclusivity_windows ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON exclusivity_windows TO {ROLE} USING ((SELECT app_all()) OR creator_id = ANY (app_parties()))"
    )
    # What was promised is taken back as a whole or stands.
    op.execute(f"REVOKE UPDATE ON exclusivity_windows FROM {ROLE}")


def downgrade() -> None:
    op.drop_table("exclusivity_windows")
    op.drop_column("channels", "pacing")
    # btree_gist stays: it may have been there before, and others may lean on it.
