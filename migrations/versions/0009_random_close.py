"""random close

A brief's bidding ends at a secret moment of a published window. Briefs from before have no window and no seed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("briefs", sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("briefs", sa.Column("close_seed", sa.Text(), nullable=True))
    op.add_column("briefs", sa.Column("close_version_id", sa.Uuid(), nullable=True))
    op.execute("UPDATE briefs SET closes_at = bids_close_at WHERE status <> 'draft'")
    op.execute("UPDATE brief_versions SET content = content || '{\"closing_window_s\": 0}'::jsonb")


def downgrade() -> None:
    op.execute("UPDATE brief_versions SET content = content - 'closing_window_s'")
    op.drop_column("briefs", "close_version_id")
    op.drop_column("briefs", "close_seed")
    op.drop_column("briefs", "closes_at")
