"""noticed versions

A revision says by which version of the model its share of viewers who notice was worked out. Those that were stored
before keep their numbers, say the version that worked them out, and count anew where a brief is scored.
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("bid_revisions", sa.Column("noticed_version", sa.Text(), nullable=True))
    op.execute("UPDATE bid_revisions SET noticed_version = 'noticing/2' WHERE noticed IS NOT NULL")


def downgrade() -> None:
    op.drop_column("bid_revisions", "noticed_version")
