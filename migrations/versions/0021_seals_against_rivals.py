"""seals against rivals

Events know the transaction that recorded them, so that the stream can end at the oldest one that is still open. Deal
prices, windows of exclusivity and video checks know which agency they are the business of.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0016"
branch_labels = None
depends_on = None

ROLE = "inlay_app"


def upgrade() -> None:
    # 0 for what is there: those transactions are over, and among them the ids are the order that cursors went by.
    op.add_column("events", sa.Column("xid", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
    op.alter_column("events", "xid", server_default=sa.text("((pg_current_xact_id())::text)::bigint"))
    op.create_index("ix_events_stream", "events", ["xid", "id"])
    op.execute(
        "CREATE FUNCTION event_xid(event uuid) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER"
        " SET search_path = public, pg_temp"
        " AS $$ SELECT coalesce((SELECT xid FROM events WHERE id = event), 0) $$"
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION event_xid(uuid)")
    op.drop_index("ix_events_stream", table_name="events")
    op.drop_column("events", "xid")
