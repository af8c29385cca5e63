"""pauses and odd newest videos

A channel's features tell how many days it has been without a video, and how many times its newest video has the views
of those before. Features of before have neither until they are computed anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

TABLES, COLUMNS = ("channel_features", "close_features"), ("idle_days", "newest_times")


def upgrade() -> None:
    for table in TABLES:
        for column in COLUMNS:
            op.add_column(table, sa.Column(column, sa.Double()))


def downgrade() -> None:
    for table in TABLES:
        for column in COLUMNS:
            op.drop_column(table, column)
