"""payment provider

What a payment provider is asked to collect for deals, and how its reports differed from the market.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

APP, SERVICE = "inlay_app", "inlay_service"
ME, ADMIN = "(SELECT app_party())", "(SELECT app_all())"
READERS = {"pay_in_requests": f"brand_id = {ME} OR {ADMIN}", "reconciliations": ADMIN}

_ID, _TEXT, _NUMBER = sa.Uuid(), sa.Text(), sa.BigInteger()
_TIME, _JSON = sa.DateTime(timezone=True), JSONB(astext_type=sa.Text())


def upgrade() -> None:
    op.create_table(
        "pay_in_requests",
        sa.Column("id", _ID, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("deal_id", _ID, nullable=False),
        sa.Column("brand_id", _ID, nullable=False),
        sa.Column("provider", _TEXT, nullable=False),
        sa.Column("currency", _TEXT, nullable=False),
        sa.Column("amount_minor", _NUMBER, nullable=False),
        sa.Column("look_at", _TIME, nullable=False),
        sa.Column(
            "status",
            sa.Enum("waiting", "open", "paid", "ended", name="payinstatus", native_enum=False, length=None),
            nullable=False,
        ),
        sa.Column("reference", _TEXT, nullable=True),
        sa.Column("pay_url", _TEXT, nullable=True),
        sa.Column("version", _NUMBER, nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_pay_in_requests_positive")),
        sa.CheckConstraint(
            "status <> 'open' OR reference IS NOT NULL", name=op.f("ck_pay_in_requests_open_at_the_provider")
        ),
        sa.ForeignKeyConstraint(["deal_id"], ["deals.id"], name=op.f("fk_pay_in_requests_deal_id")),
        sa.ForeignKeyConstraint(["brand_id"], ["parties.id"], name=op.f("fk_pay_in_requests_brand_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pay_in_requests")),
    )
    for column in ("deal_id", "brand_id"):
        op.create_index(op.f(f"ix_pay_in_requests_{column}"), "pay_in_requests", [column])
    op.create_index("ix_pay_in_requests_status", "pay_in_requests", ["status", "look_at"])
    op.create_index(
        "uq_pay_in_requests_one_alive",
        "pay_in_requests",
        ["deal_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('waiting', 'open')"),
    )
    op.create_table(
        "reconciliations",
        sa.Column("id", _ID, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("provider", _TEXT, nullable=False),
        sa.Column("asked_by", _ID, nullable=True),
        sa.Column("lines", _NUMBER, nullable=False),
        sa.Column("differences", _JSON, nullable=False),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_reconciliations_asked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliations")),
    )
    for table, rule in READERS.items():
        op.execute(f"CREATE POLICY tenant ON {table} FOR SELECT TO {APP} USING ({rule})")
        op.execute(f"CREATE POLICY service ON {table} TO {SERVICE} USING (true)")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"REVOKE ALL ON {table} FROM {APP}")
        op.execute(f"REVOKE DELETE, TRUNCATE ON {table} FROM {SERVICE}")
        op.execute(f"GRANT SELECT ON {table} TO {APP}")
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {SERVICE}")


def downgrade() -> None:
    for table in READERS:
        op.drop_table(table)
