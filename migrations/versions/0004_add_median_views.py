"""add median views

The median of a snapshot's videos, so that ranges of peers are read from snapshots alone. Snapshots from before have
none and count for no range of views until they are told anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audience_snapshots", sa.Column("median_views", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("audience_snapshots", "median_views")
