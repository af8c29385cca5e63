"""overlaps

How many people two channels' audiences have in common, as somebody measured it, and what was learnt from all of them.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ROLE = "inlay_app"
METHODS = ("measured_ids", "panel", "platform_report", "comment_sample", "tool_estimate")


def _first_columns() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )


def upgrade() -> None:
    op.create_table(
        "overlap_models",
        *_first_columns(),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("pairs", sa.BigInteger(), nullable=False),
        sa.Column("fitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overlap_models")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_overlap_models_fingerprint")),
    )
    op.create_table(
        "audience_overlaps",
        *_first_columns(),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("other_channel_id", sa.Uuid(), nullable=False),
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("people", "other_people", "sample")),
        sa.Column("method", sa.Enum(*METHODS, name="overlapmethod", native_enum=False, length=None), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("measured_on", sa.Date(), nullable=False),
        sa.Column("told_by_id", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("channel_id <> other_channel_id", name=op.f("ck_audience_overlaps_two_channels")),
        sa.CheckConstraint(
            "value >= 0 AND value <= 1 AND people > 0 AND other_people > 0 AND sample > 0",
            name=op.f("ck_audience_overlaps_in_range"),
        ),
        *(
            sa.ForeignKeyConstraint([name], [f"{table}.id"], name=op.f(f"fk_audience_overlaps_{name}"))
            for name, table in (
                ("channel_id", "channels"),
                ("other_channel_id", "channels"),
                ("creator_id", "parties"),
                ("told_by_id", "parties"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audience_overlaps")),
    )
    for name in ("channel_id", "other_channel_id", "creator_id"):
        op.create_index(op.f(f"ix_audience_overlaps_{name}"), "audience_overlaps", [name])
    op.execute("ALTER TABLE audience_overlaps ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON audience_overlaps TO {ROLE} USING ((SELECT app_all()) OR creator_id = ANY (app_parties()))"
    )
    # What was told stays as it was told; a newer measurement takes its place.
    op.execute(f"REVOKE UPDATE, DELETE ON audience_overlaps FROM {ROLE}")
    op.execute(f"GRANT UPDATE (confirmed_at, version) ON audience_overlaps TO {ROLE}")


def downgrade() -> None:
    op.drop_table("audience_overlaps")
    op.drop_table("overlap_models")
