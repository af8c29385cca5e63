"""stopping deals

Since when the work on a deal stands still, and what made it so: pauses and requests to cancel, with their reasons.
"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

APP, SERVICE = "inlay_app", "inlay_service"
TABLE = "deal_stops"
_ID, _TEXT, _TIME = sa.Uuid(), sa.Text(), sa.DateTime(timezone=True)
_SIDES = ("brand", "maker")


def _code(column: str, kind: str, *values: str, optional: bool = True) -> sa.Column[str]:
    return sa.Column(column, sa.Enum(*values, name=kind, native_enum=False, length=None), nullable=optional)


def upgrade() -> None:
    op.add_column("deals", sa.Column("stopped_at", _TIME, nullable=True))
    op.create_table(
        TABLE,
        sa.Column("id", _ID, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("deal_id", _ID, nullable=False),
        _code("kind", "stopkind", "pause", "cancellation", optional=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("began_at", _TIME, nullable=False),
        _code("side", "dealparty", *_SIDES),
        sa.Column("party_id", _ID, nullable=True),
        sa.Column("person_id", _ID, nullable=True),
        sa.Column("answer_by", _TIME, nullable=True),
        _code("outcome", "stopoutcome", "resumed", "cancelled", "refused", "taken_back", "unanswered", "disputed"),
        sa.Column("ended_at", _TIME, nullable=True),
        _code("ended_side", "dealparty", *_SIDES),
        sa.Column("ended_by", _ID, nullable=True),
        sa.Column("answer", _TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        *(
            sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{TABLE}_{column}"))
            for column, target in (
                ("deal_id", "deals"),
                ("party_id", "parties"),
                ("person_id", "people"),
                ("ended_by", "people"),
            )
        ),
        sa.CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name=op.f(f"ck_{TABLE}_ended_at_a_time")),
        sa.CheckConstraint(
            "(kind = 'cancellation') = (answer_by IS NOT NULL)", name=op.f(f"ck_{TABLE}_answered_if_a_cancellation")
        ),
    )
    op.create_index(op.f(f"ix_{TABLE}_deal_id"), TABLE, ["deal_id"])
    op.create_index(
        "uq_deal_stops_one_open", TABLE, ["deal_id", "kind"], unique=True, postgresql_where=sa.text("outcome IS NULL")
    )
    op.execute(
        f"CREATE POLICY tenant ON {TABLE} TO {APP} USING (EXISTS (SELECT 1 FROM deals d WHERE d.id = {TABLE}.deal_id))"
    )
    op.execute(f"CREATE POLICY service ON {TABLE} TO {SERVICE} USING (true)")
    op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY")
    op.execute(f"REVOKE DELETE, TRUNCATE ON {TABLE} FROM {APP}, {SERVICE}")


def downgrade() -> None:
    op.drop_table(TABLE)
    op.drop_column("deals", "stopped_at")
