"""extra rounds

Rounds of changes that are bought beyond those that a deal's terms include.
"""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

APP, SERVICE = "inlay_app", "inlay_service"
_ID, _TEXT, _NUMBER, _TIME = sa.Uuid(), sa.Text(), sa.BigInteger(), sa.DateTime(timezone=True)


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=None)


def upgrade() -> None:
    op.create_table(
        "extra_rounds",
        sa.Column("id", _ID, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("deliverable_id", _ID, nullable=False),
        sa.Column("kind", _one_of("roundkind", "script", "draft"), nullable=False),
        sa.Column("currency", _TEXT, nullable=False),
        sa.Column("price_minor", _NUMBER, nullable=False),
        sa.Column("asked_by", _ID, nullable=True),
        sa.Column("answer_by", _TIME, nullable=False),
        sa.Column("status", _one_of("extraroundstatus", "asked", "confirmed", "refused", "lapsed"), nullable=False),
        sa.Column("payment_id", _ID, nullable=True),
        sa.Column("version", _NUMBER, nullable=False),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_extra_rounds_not_negative")),
        sa.CheckConstraint(
            "payment_id IS NULL OR status IN ('confirmed', 'lapsed')", name=op.f("ck_extra_rounds_paid_once_confirmed")
        ),
        sa.ForeignKeyConstraint(["deliverable_id"], ["deliverables.id"], name=op.f("fk_extra_rounds_deliverable_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_extra_rounds_asked_by")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_extra_rounds_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extra_rounds")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_extra_rounds_payment_id")),
    )
    op.create_index(op.f("ix_extra_rounds_deliverable_id"), "extra_rounds", ["deliverable_id"])
    op.create_index(
        "uq_extra_rounds_one_asked",
        "extra_rounds",
        ["deliverable_id", "kind"],
        unique=True,
        postgresql_where=sa.text("status = 'asked'"),
    )
    op.create_index(
        "ix_extra_rounds_open",
        "extra_rounds",
        ["answer_by"],
        postgresql_where=sa.text("status IN ('asked', 'confirmed')"),
    )
    seen = "EXISTS (SELECT 1 FROM deliverables d WHERE d.id = extra_rounds.deliverable_id)"
    op.execute(f"CREATE POLICY tenant ON extra_rounds TO {APP} USING ({seen})")
    op.execute(f"CREATE POLICY service ON extra_rounds TO {SERVICE} USING (true)")
    op.execute("ALTER TABLE extra_rounds ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE extra_rounds FORCE ROW LEVEL SECURITY")
    op.execute(f"REVOKE DELETE, TRUNCATE ON extra_rounds FROM {APP}, {SERVICE}")


def downgrade() -> None:
    op.drop_table("extra_rounds")
