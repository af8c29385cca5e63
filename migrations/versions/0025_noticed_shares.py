"""noticed shares

A revision keeps the share of viewers who notice its plan: the middle, and the ends of its 80 % interval. Revisions that
were stored before have none; scoring works it out from their plans.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("bid_revisions", sa.Column("noticed", postgresql.ARRAY(sa.Double()), nullable=True))


def downgrade() -> None:
    op.drop_column("bid_revisions", "noticed")
