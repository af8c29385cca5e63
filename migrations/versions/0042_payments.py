"""payments

What brands pay for deliverables, what came in and what is paid out, claw-backs, and what providers told. Only the system
writes these; a party reads what names it. The permission of money.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

APP, SERVICE = "inlay_app", "inlay_service"
ME, ADMIN = "(SELECT app_party())", "(SELECT app_all())"
PERMISSION = "money:write"
MANAGES = "'party:manage', 'reviews:write'"
READERS = {
    "payments": f"{ME} = ANY (ARRAY[brand_id, creator_id, agency_id, share_agency_id]) OR {ADMIN}",
    "receipts": f"brand_id = {ME} OR {ADMIN}",
    "claw_backs": ADMIN,
    "payouts": f"party_id = {ME} OR {ADMIN}",
    "provider_notices": ADMIN,
}
# As before, and what is of a deal's money is read by whom it names alone.
EVENTS = (
    f"party_ids @> ARRAY[{ME}]"
    f" OR ({ADMIN} AND (kind NOT LIKE 'bids.%' OR EXISTS (SELECT 1 FROM bids b WHERE b.id = events.subject_id)))"
    " OR (party_ids && (SELECT app_parties()) AND split_part(kind, '.', 1) NOT IN ('parties', 'people', 'memberships',"
    " 'invites', 'mandates', 'api_keys', 'console_sessions', 'deals', 'deliverables'{more})"
    f" AND NOT names_other_agency(party_ids || actor_party_id, {ME}))"
)
MONEY_NOUNS = ", 'payments', 'receipts', 'payouts', 'claw_backs'"

_ID, _TEXT, _NUMBER, _DAY = sa.Uuid(), sa.Text(), sa.BigInteger(), sa.Date()
_TIME, _JSON = sa.DateTime(timezone=True), JSONB(astext_type=sa.Text())


def _status(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=None)


def _table(
    table: str,
    needed: dict[str, sa.types.TypeEngine[object]],
    optional: dict[str, sa.types.TypeEngine[object]],
    references: dict[str, str],
    *constraints: sa.Constraint,
) -> None:
    columns = [sa.Column(name, kind, nullable=False) for name, kind in needed.items()]
    columns += [sa.Column(name, kind, nullable=True) for name, kind in optional.items()]
    op.create_table(
        table,
        sa.Column("id", _ID, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *(
            sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))
            for column, target in references.items()
        ),
        *constraints,
    )


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _index(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def upgrade() -> None:
    _payments()
    _receipts()
    _claw_backs()
    _payouts()
    _table(
        "provider_notices",
        {"provider": _TEXT, "event_id": _TEXT, "kind": _TEXT, "payload": _JSON, "effect": _TEXT},
        {"subject_id": _ID},
        {},
        sa.UniqueConstraint("provider", "event_id", name=op.f("uq_provider_notices_provider_event_id")),
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
    op.execute(f"ALTER POLICY reading ON events USING ({EVENTS.format(more=MONEY_NOUNS)})")
    for table in ("memberships", "invites"):
        op.execute(
            f"UPDATE {table} SET permissions = array_append(permissions, '{PERMISSION}')"
            f" WHERE permissions && ARRAY[{MANAGES}]"
        )


def _payments() -> None:
    parties = dict.fromkeys(("brand_id", "creator_id", "agency_id", "share_agency_id"), "parties")
    amounts = ("maker_minor", "agency_minor", "fee_minor", "returned_minor", "clawed_minor")
    _table(
        "payments",
        {
            "deal_id": _ID,
            "position": _NUMBER,
            "brand_id": _ID,
            "creator_id": _ID,
            "channel_id": _ID,
            "currency": _TEXT,
            "amount_minor": _NUMBER,
            "fee_basis_points": _NUMBER,
            "status": _status(
                "paymentstatus", "planned", "held", "frozen", "released", "returned", "split", "owed", "lapsed"
            ),
            "agency_share_basis_points": _NUMBER,
            **dict.fromkeys(amounts, _NUMBER),
            "version": _NUMBER,
        },
        {
            "deliverable_id": _ID,
            "milestone": _TEXT,
            "agency_id": _ID,
            "hold_id": _ID,
            "share_agency_id": _ID,
            "moved_at": _TIME,
        },
        {"deal_id": "deals", "deliverable_id": "deliverables", "channel_id": "channels"}
        | {"hold_id": "ledger_holds", **parties},
        _check("payments", "positive", "amount_minor > 0"),
        _check("payments", "fee_range", "fee_basis_points BETWEEN 0 AND 10000"),
        _check("payments", "agency_share_range", "agency_share_basis_points BETWEEN 0 AND 10000"),
        _check("payments", "shares_not_negative", "least(maker_minor, agency_minor, fee_minor, returned_minor) >= 0"),
        _check(
            "payments",
            "shares_sum_to_the_amount",
            "maker_minor + agency_minor + fee_minor + returned_minor = CASE"
            " WHEN status IN ('released', 'returned', 'split', 'owed') THEN amount_minor ELSE 0 END",
        ),
        _check("payments", "held_once_paid_in", "(hold_id IS NULL) = (status IN ('planned', 'lapsed'))"),
        _check(
            "payments",
            "claws_back_what_was_released",
            "clawed_minor BETWEEN 0 AND maker_minor + agency_minor + fee_minor",
        ),
        sa.UniqueConstraint("deal_id", "position", name=op.f("uq_payments_deal_id_position")),
        sa.UniqueConstraint("hold_id", name=op.f("uq_payments_hold_id")),
    )
    _index("payments", "deliverable_id", *parties)


def _receipts() -> None:
    _table(
        "receipts",
        {
            "deal_id": _ID,
            "brand_id": _ID,
            "provider": _TEXT,
            "reference": _TEXT,
            "currency": _TEXT,
            "amount_minor": _NUMBER,
            "received_on": _DAY,
            "status": _status("receiptstatus", "told", "confirmed", "refused"),
            "version": _NUMBER,
        },
        {"recorded_by": _ID, "decided_by": _ID, "decided_at": _TIME, "reason": _TEXT},
        {"deal_id": "deals", "brand_id": "parties", "recorded_by": "people", "decided_by": "people"},
        _check("receipts", "positive", "amount_minor > 0"),
        _check("receipts", "two_people", "status <> 'confirmed' OR recorded_by IS NULL OR decided_by <> recorded_by"),
    )
    _index("receipts", "deal_id", "brand_id")
    op.create_index(
        "uq_receipts_reference",
        "receipts",
        ["provider", "reference"],
        unique=True,
        postgresql_where=sa.text("status <> 'refused'"),
    )


def _claw_backs() -> None:
    _table(
        "claw_backs",
        {
            "payment_id": _ID,
            "amount_minor": _NUMBER,
            "reason": _TEXT,
            "asked_by": _ID,
            "status": _status("clawbackstatus", "asked", "confirmed", "refused"),
            "version": _NUMBER,
        },
        {"decided_by": _ID, "decided_at": _TIME},
        {"payment_id": "payments", "asked_by": "people", "decided_by": "people"},
        _check("claw_backs", "positive", "amount_minor > 0"),
        _check("claw_backs", "two_people", "status <> 'confirmed' OR decided_by <> asked_by"),
    )
    _index("claw_backs", "payment_id")
    op.create_index(
        "uq_claw_backs_one_asked",
        "claw_backs",
        ["payment_id"],
        unique=True,
        postgresql_where=sa.text("status = 'asked'"),
    )


def _payouts() -> None:
    origins = {"payment_id": "payments", "receipt_id": "receipts", "claw_back_id": "claw_backs"}
    _table(
        "payouts",
        {
            "party_id": _ID,
            "currency": _TEXT,
            "amount_minor": _NUMBER,
            "hold_id": _ID,
            "attempt": _NUMBER,
            "withheld_minor": _NUMBER,
            "status": _status("payoutstatus", "waiting", "sending", "paid", "failed", "unknown", "bounced"),
            "provider": _TEXT,
            "version": _NUMBER,
        },
        {
            **dict.fromkeys(origins, _ID),
            "reference": _TEXT,
            "sent_by": _ID,
            "sent_at": _TIME,
            "decided_by": _ID,
            "decided_at": _TIME,
            "reason": _TEXT,
        },
        {"party_id": "parties", "hold_id": "ledger_holds", "sent_by": "people", "decided_by": "people", **origins},
        _check("payouts", "positive", "amount_minor > 0"),
        _check("payouts", "withheld_of_it", "withheld_minor >= 0 AND withheld_minor < amount_minor"),
        _check("payouts", "of_one_thing", "num_nonnulls(payment_id, receipt_id, claw_back_id) = 1"),
        _check("payouts", "two_people", "decided_by IS NULL OR decided_by <> sent_by"),
        sa.UniqueConstraint("hold_id", name=op.f("uq_payouts_hold_id")),
    )
    _index("payouts", "party_id", "payment_id")
    op.create_index("ix_payouts_status", "payouts", ["status", "id"])
    op.create_index(
        "uq_payouts_one_alive",
        "payouts",
        [sa.text("coalesce(payment_id, receipt_id, claw_back_id)"), "party_id"],
        unique=True,
        postgresql_where=sa.text("status NOT IN ('failed', 'bounced')"),
    )
    op.create_index(
        "uq_payouts_reference",
        "payouts",
        ["provider", "reference"],
        unique=True,
        postgresql_where=sa.text("reference IS NOT NULL"),
    )


def downgrade() -> None:
    for table, column in (("memberships", "permissions"), ("invites", "permissions"), ("api_keys", "scopes")):
        op.execute(f"UPDATE {table} SET {column} = array_remove({column}, '{PERMISSION}')")
    op.execute(f"ALTER POLICY reading ON events USING ({EVENTS.format(more='')})")
    for table in ("provider_notices", "payouts", "claw_backs", "receipts", "payments"):
        op.drop_table(table)
