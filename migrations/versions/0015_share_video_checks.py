"""share video checks

A check may be shown to the brand of the accepted bid it was made for, and says how many other parties' videos it
repeats.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ROLE = "inlay_app"


def upgrade() -> None:
    op.add_column("video_checks", sa.Column("brand_id", sa.Uuid(), nullable=True))
    op.add_column("video_checks", sa.Column("shared_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("video_checks", sa.Column("repeats", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.create_foreign_key(op.f("fk_video_checks_brand_id"), "video_checks", "parties", ["brand_id"], ["id"])
    op.create_check_constraint(
        op.f("ck_video_checks_shared_with_a_brand"),
        "video_checks",
        "shared_at IS NULL OR (brand_id IS NOT NULL AND bid_id IS NOT NULL)",
    )
    op.create_index("ix_video_checks_brand_id", "video_checks", ["brand_id"])
    op.create_index("ix_video_checks_repeating", "video_checks", ["id"], postgresql_where=sa.text("repeats > 0"))
    # Reading alone: what is shared stays its own side's to change.
    op.execute(
        f"CREATE POLICY shared ON video_checks FOR SELECT TO {ROLE}"
        " USING (shared_at IS NOT NULL AND brand_id = ANY (app_parties()))"
    )


def downgrade() -> None:
    op.execute("DROP POLICY shared ON video_checks")
    op.drop_index("ix_video_checks_repeating", "video_checks")
    op.drop_column("video_checks", "repeats")
    op.drop_column("video_checks", "shared_at")
    op.drop_column("video_checks", "brand_id")
