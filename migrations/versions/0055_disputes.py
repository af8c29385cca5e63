"""disputes

Disputes of deals with what both sides show, and decisions in amounts by two people. Deals that were disputed before,
because a video was taken down, get their dispute.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

APP, SERVICE = "inlay_app", "inlay_service"
_ID, _TEXT, _TIME = sa.Uuid(), sa.Text(), sa.DateTime(timezone=True)
POLICIES = {
    "disputes": "EXISTS (SELECT 1 FROM deals d WHERE d.id = disputes.deal_id)",
    "dispute_evidence": "EXISTS (SELECT 1 FROM disputes d WHERE d.id = dispute_evidence.dispute_id)",
}
DISPUTED_BEFORE = (
    "INSERT INTO disputes (id, created_at, deal_id, deliverable_ids, reason, answer_by, status, version)"
    " SELECT gen_random_uuid(), now(), d.id, (SELECT array_agg(v.id) FROM deliverables v WHERE v.deal_id = d.id"
    " AND v.status = 'missed'), coalesce((SELECT t.decision FROM takedown_reports t JOIN deliverables v"
    " ON v.id = t.deliverable_id WHERE v.deal_id = d.id AND t.status = 'upheld' ORDER BY t.id DESC LIMIT 1),"
    " 'taken down'), now() + interval '7 days', 'open', 1 FROM deals d WHERE d.status = 'disputed'"
    " AND EXISTS (SELECT 1 FROM deliverables v WHERE v.deal_id = d.id AND v.status = 'missed')"
)


def _code(column: str, kind: str, *values: str, optional: bool = True) -> sa.Column[str]:
    return sa.Column(column, sa.Enum(*values, name=kind, native_enum=False, length=None), nullable=optional)


def _keys(table: str, **targets: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))
        for column, target in targets.items()
    ]


def _check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_disputes_{name}"))


def upgrade() -> None:
    op.create_table(
        "disputes",
        sa.Column("id", _ID, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("deal_id", _ID, nullable=False),
        sa.Column("deliverable_ids", postgresql.ARRAY(_ID), nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("answer_by", _TIME, nullable=False),
        _code("side", "dealparty", "brand", "maker"),
        sa.Column("party_id", _ID, nullable=True),
        sa.Column("person_id", _ID, nullable=True),
        _code("status", "disputestatus", "open", "proposed", "decided", optional=False),
        _code("outcome", "disputeoutcome", "go_on", "cancel", "complete"),
        sa.Column("amounts", postgresql.JSONB(), nullable=True),
        sa.Column("decision", _TEXT, nullable=True),
        sa.Column("proposed_by", _ID, nullable=True),
        sa.Column("proposed_at", _TIME, nullable=True),
        sa.Column("decided_by", _ID, nullable=True),
        sa.Column("decided_at", _TIME, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
        *_keys(
            "disputes",
            deal_id="deals",
            party_id="parties",
            person_id="people",
            proposed_by="people",
            decided_by="people",
        ),
        _check("proposed_by_somebody", "(status = 'open') = (proposed_by IS NULL)"),
        _check("decided_by_somebody", "(status = 'decided') = (decided_by IS NOT NULL)"),
        _check("two_people", "decided_by IS NULL OR decided_by <> proposed_by"),
    )
    op.create_index(op.f("ix_disputes_deal_id"), "disputes", ["deal_id"])
    op.create_index("ix_disputes_status", "disputes", ["status", "id"])
    undecided = sa.text("status <> 'decided'")
    op.create_index("uq_disputes_one_undecided", "disputes", ["deal_id"], unique=True, postgresql_where=undecided)
    shown = {
        "script_id": "deal_scripts",
        "draft_id": "deal_drafts",
        "check_id": "video_checks",
        "publication_id": "deal_publications",
    }
    op.create_table(
        "dispute_evidence",
        sa.Column("id", _ID, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("dispute_id", _ID, nullable=False),
        _code("side", "dealparty", "brand", "maker", optional=False),
        sa.Column("party_id", _ID, nullable=False),
        sa.Column("person_id", _ID, nullable=True),
        sa.Column("body", _TEXT, nullable=False),
        *(sa.Column(name, _ID, nullable=True) for name in shown),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_evidence")),
        *_keys("dispute_evidence", dispute_id="disputes", party_id="parties", person_id="people", **shown),
    )
    op.create_index(op.f("ix_dispute_evidence_dispute_id"), "dispute_evidence", ["dispute_id"])
    op.execute(DISPUTED_BEFORE)
    op.execute("UPDATE deals SET stopped_at = now() WHERE status = 'disputed' AND stopped_at IS NULL")
    for table, rule in POLICIES.items():
        op.execute(f"CREATE POLICY tenant ON {table} TO {APP} USING ({rule})")
        op.execute(f"CREATE POLICY service ON {table} TO {SERVICE} USING (true)")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"REVOKE DELETE, TRUNCATE ON {table} FROM {APP}, {SERVICE}")
    op.execute(f"REVOKE UPDATE ON dispute_evidence FROM {APP}, {SERVICE}")


def downgrade() -> None:
    for table in ("dispute_evidence", "disputes"):
        op.drop_table(table)
