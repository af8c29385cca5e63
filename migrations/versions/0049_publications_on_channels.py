"""publications on channels

A video may be published on several channels that the terms name: once on each, and a report that it was taken down
says where.
"""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

ONE_OF_A_DELIVERABLE, ONE_ON_A_CHANNEL = (
    "uq_deal_publications_deliverable_id",
    "uq_deal_publications_deliverable_id_channel_id",
)


def upgrade() -> None:
    op.add_column("deal_publications", sa.Column("channel_id", sa.Uuid(), nullable=True))
    op.execute(
        "UPDATE deal_publications p SET channel_id = d.channel_id FROM deliverables d WHERE d.id = p.deliverable_id"
    )
    op.alter_column("deal_publications", "channel_id", nullable=False)
    key = op.f("fk_deal_publications_channel_id")
    op.create_foreign_key(key, "deal_publications", "channels", ["channel_id"], ["id"])
    op.create_index(op.f("ix_deal_publications_channel_id"), "deal_publications", ["channel_id"])
    op.drop_constraint(op.f(ONE_OF_A_DELIVERABLE), "deal_publications", type_="unique")
    op.create_unique_constraint(op.f(ONE_ON_A_CHANNEL), "deal_publications", ["deliverable_id", "channel_id"])
    op.add_column("takedown_reports", sa.Column("publication_id", sa.Uuid(), nullable=True))
    op.execute(
        "UPDATE takedown_reports r SET publication_id = p.id FROM deal_publications p"
        " WHERE p.deliverable_id = r.deliverable_id"
    )
    op.alter_column("takedown_reports", "publication_id", nullable=False)
    key = op.f("fk_takedown_reports_publication_id")
    op.create_foreign_key(key, "takedown_reports", "deal_publications", ["publication_id"], ["id"])


def downgrade() -> None:
    op.drop_column("takedown_reports", "publication_id")
    # What was published elsewhere than on the deal's own channel has no place any more.
    op.execute(
        "DELETE FROM deal_publications p USING deliverables d WHERE d.id = p.deliverable_id"
        " AND d.channel_id <> p.channel_id"
    )
    op.drop_constraint(op.f(ONE_ON_A_CHANNEL), "deal_publications", type_="unique")
    op.create_unique_constraint(op.f(ONE_OF_A_DELIVERABLE), "deal_publications", ["deliverable_id"])
    op.drop_column("deal_publications", "channel_id")
