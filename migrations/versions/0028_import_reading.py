"""what an import was read as

An import keeps what its file was read as, what was said of the file when it was handed in, and its message in each
language by itself: so far both stood in one text with a stroke between them.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("imports", sa.Column("options", postgresql.JSONB(), nullable=False, server_default="{}"))
    op.add_column("imports", sa.Column("reading", postgresql.JSONB()))
    op.add_column("imports", sa.Column("message_zh", sa.Text()))
    op.alter_column("imports", "message", new_column_name="message_en")
    op.execute(
        "UPDATE imports SET message_zh = split_part(message_en, ' / ', 1),"
        " message_en = CASE WHEN position(' / ' IN message_en) > 0"
        " THEN substr(message_en, position(' / ' IN message_en) + 3) ELSE message_en END"
        " WHERE message_en IS NOT NULL"
    )


def downgrade() -> None:
    op.execute("UPDATE imports SET message_en = message_zh || ' / ' || message_en WHERE message_zh <> message_en")
    op.alter_column("imports", "message_en", new_column_name="message")
    for column in ("message_zh", "reading", "options"):
        op.drop_column("imports", column)
