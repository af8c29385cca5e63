"""names at the close

A closed brief's record keeps under which name each channel bid: closed ones of before keep the present names, as no
older ones are stored. A proof keeps the handle of the account that it is of.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

NAMES = ("platform", "account_key", "handle", "channel_name")
HANDLE_KEY = "lower(ltrim(btrim(handle), '@'))"


def upgrade() -> None:
    for name in NAMES:
        op.add_column("close_features", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("channel_proofs", sa.Column("handle", sa.Text(), nullable=True))
    op.execute(
        "UPDATE close_features f SET platform = c.platform, account_key = c.account_key, handle = c.handle,"
        " channel_name = c.name FROM channels c WHERE c.id = f.channel_id"
    )
    op.execute("UPDATE channel_proofs p SET handle = c.handle FROM channels c WHERE c.id = p.channel_id")
    for table, names in (("close_features", NAMES), ("channel_proofs", ("handle",))):
        for name in names:
            op.alter_column(table, name, nullable=False)
    # As channels have it, so that a channel is compared with what it was called by the same rule.
    op.add_column(
        "close_features", sa.Column("handle_key", sa.Text(), sa.Computed(HANDLE_KEY, persisted=True), nullable=False)
    )


def downgrade() -> None:
    for name in ("handle_key", *NAMES):
        op.drop_column("close_features", name)
    op.drop_column("channel_proofs", "handle")
