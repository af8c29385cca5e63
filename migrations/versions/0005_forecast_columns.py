"""what a view forecast rests on

Told medians, the platform's own forecast and the difference of sponsored videos, beside each channel's forecast. Rows
from before hold none of them until their channel's features are made anew, which the new model version asks for.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("from_median", sa.Boolean(), "false"),
    ("platform_views", sa.Float(), None),
    ("platform_weight", sa.Float(), "0"),
    ("sponsored_gap", sa.Float(), None),
    ("sponsored_low", sa.Float(), None),
    ("sponsored_high", sa.Float(), None),
    ("sponsored_videos", sa.BigInteger(), "0"),
    ("other_videos", sa.BigInteger(), "0"),
)


def upgrade() -> None:
    for name, kind, default in _COLUMNS:
        column = sa.Column(name, kind, nullable=default is None, server_default=default and sa.text(default))
        op.add_column("channel_features", column)


def downgrade() -> None:
    for name, _, _ in reversed(_COLUMNS):
        op.drop_column("channel_features", name)
