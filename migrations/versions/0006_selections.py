"""selections

The sets of bids chosen for briefs, and beside each, in a table of its own, what it was chosen from.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ROLE = "inlay_app"
MINE = "brand_id = ANY (app_parties())"
POLICIES = {
    "selections": MINE,
    "selection_inputs": f"EXISTS (SELECT 1 FROM selections s WHERE s.id = selection_id AND s.{MINE})",
}


def upgrade() -> None:
    op.create_table(
        "selections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("brief_id", sa.Uuid(), nullable=False),
        sa.Column("brief_version_id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("wishes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "waiting",
                "found",
                "done",
                "failed",
                "confirmed",
                name="selectionstatus",
                native_enum=False,
                length=None,
            ),
            nullable=False,
        ),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("model_version", sa.Text(), nullable=True),
        sa.Column("inputs_hash", sa.Text(), nullable=True),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("bids", sa.BigInteger(), nullable=True),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("bound", sa.Double(), nullable=True),
        sa.Column("certificate", sa.Double(), nullable=True),
        sa.Column("spend_minor", sa.BigInteger(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["parties.id"], name=op.f("fk_selections_brand_id")),
        sa.ForeignKeyConstraint(["brief_id"], ["briefs.id"], name=op.f("fk_selections_brief_id")),
        sa.ForeignKeyConstraint(
            ["brief_version_id"], ["brief_versions.id"], name=op.f("fk_selections_brief_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_selections")),
    )
    op.create_index(op.f("ix_selections_brand_id"), "selections", ["brand_id"])
    op.create_index(op.f("ix_selections_brief_id"), "selections", ["brief_id"])
    op.create_index(
        "uq_selections_confirmed",
        "selections",
        ["brief_id"],
        unique=True,
        postgresql_where=sa.text("status = 'confirmed'"),
    )
    op.create_table(
        "selection_inputs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("selection_id", sa.Uuid(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["selection_id"], ["selections.id"], name=op.f("fk_selection_inputs_selection_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_selection_inputs")),
        sa.UniqueConstraint("selection_id", name=op.f("uq_selection_inputs_selection_id")),
    )
    for table, rule in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} TO {ROLE} USING ((SELECT app_all()) OR {rule})")
    # A selection can be made again from what it was made from: that stays as it was written.
    op.execute(f"REVOKE UPDATE, DELETE ON selection_inputs FROM {ROLE}")


def downgrade() -> None:
    op.drop_table("selection_inputs")
    op.drop_table("selections")
