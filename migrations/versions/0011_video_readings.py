"""video readings

How many views a published video had when somebody looked, and what many videos taught of how views grow.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ROLE = "inlay_app"


def upgrade() -> None:
    op.create_table(
        "growth_models",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("videos", sa.BigInteger(), nullable=False),
        sa.Column("fitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_growth_models")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_growth_models_fingerprint")),
    )
    op.create_table(
        "video_readings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("published_at", "taken_at")),
        sa.Column("views", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("taken_at > published_at AND views >= 0", name=op.f("ck_video_readings_after_publication")),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_video_readings_channel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video_readings")),
        sa.UniqueConstraint(
            "channel_id", "external_id", "taken_at", name=op.f("uq_video_readings_channel_id_external_id_taken_at")
        ),
    )
    op.execute(f"REVOKE UPDATE, DELETE ON video_readings FROM {ROLE}")


def downgrade() -> None:
    op.drop_table("video_readings")
    op.drop_table("growth_models")
