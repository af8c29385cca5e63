"""cancellation quotes

What cancelling a deal would cost, as it was shown, and by which of them a request to cancel goes.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

APP, SERVICE = "inlay_app", "inlay_service"
TABLE = "cancellation_quotes"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.ForeignKeyConstraint(["deal_id"], ["deals.id"], name=op.f(f"fk_{TABLE}_deal_id")),
        sa.UniqueConstraint("deal_id", "content_hash", name=op.f(f"uq_{TABLE}_deal_id_content_hash")),
    )
    op.add_column("deal_stops", sa.Column("quote_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_deal_stops_quote_id"), "deal_stops", TABLE, ["quote_id"], ["id"])
    op.execute(
        f"CREATE POLICY tenant ON {TABLE} TO {APP} USING (EXISTS (SELECT 1 FROM deals d WHERE d.id = {TABLE}.deal_id))"
    )
    op.execute(f"CREATE POLICY service ON {TABLE} TO {SERVICE} USING (true)")
    op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY")
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {TABLE} FROM {APP}, {SERVICE}")


def downgrade() -> None:
    op.drop_constraint(op.f("fk_deal_stops_quote_id"), "deal_stops", type_="foreignkey")
    op.drop_column("deal_stops", "quote_id")
    op.drop_table(TABLE)
