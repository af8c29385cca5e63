"""event links

Every event's place in the chains of hashes of the market, of its parties and of its brief.
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

ROLE = "inlay_app"


def upgrade() -> None:
    op.create_table(
        "event_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chain", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_links")),
        sa.UniqueConstraint("chain", "position", name=op.f("uq_event_links_chain_position")),
    )
    op.create_index(op.f("ix_event_links_event_id_chain"), "event_links", ["event_id", "chain"])
    op.execute("ALTER TABLE event_links ENABLE ROW LEVEL SECURITY")
    # Only the relay writes them, as the system; who may read which chain is decided by the service, which reads as it.
    op.execute(
        f"CREATE POLICY tenant ON event_links TO {ROLE} USING ((SELECT app_all()) OR chain = ANY (app_parties()))"
    )
    op.execute(f"REVOKE UPDATE, DELETE ON event_links FROM {ROLE}")


def downgrade() -> None:
    op.drop_table("event_links")
