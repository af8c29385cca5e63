"""ledger holds

Money of an account that is set aside until its hold is posted, voided or expired, each once. The database keeps what is
held beside the balance, so that nothing spends it twice.
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

APP, SERVICE = "inlay_app", "inlay_service"
TABLES = ("ledger_holds", "ledger_hold_ends")
READERS = {
    "ledger_holds": "EXISTS (SELECT 1 FROM ledger_accounts a WHERE a.id = account_id"
    " AND ((SELECT app_all()) OR a.party_id = (SELECT app_party())))",
    "ledger_hold_ends": "EXISTS (SELECT 1 FROM ledger_holds h WHERE h.id = hold_id)",
}
DEFINER = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp"
REFUSED = "USING ERRCODE = 'integrity_constraint_violation'"

FUNCTIONS = {
    # In the order of accounts' ids, as balances are kept.
    "ledger_keep_holds()": f"{DEFINER} AS $$ DECLARE moved record; BEGIN"
    " FOR moved IN SELECT account_id, sum(amount_minor) AS amount FROM placed GROUP BY account_id ORDER BY account_id"
    " LOOP UPDATE ledger_accounts SET held_minor = held_minor + moved.amount WHERE id = moved.account_id; END LOOP;"
    " RETURN NULL; END $$",
    "ledger_end_holds()": f"{DEFINER} AS $$ DECLARE moved record; BEGIN"
    " IF EXISTS (SELECT 1 FROM ended e JOIN ledger_holds h ON h.id = e.hold_id"
    "   WHERE (e.how = 'expired') <> (h.expires_at IS NOT NULL AND h.expires_at <= e.created_at)) THEN"
    f" RAISE EXCEPTION 'a hold expires when its time is over, and is posted or voided before' {REFUSED}; END IF;"
    " FOR moved IN SELECT h.account_id, sum(h.amount_minor) AS amount FROM ended e JOIN ledger_holds h ON h.id = e.hold_id"
    "   GROUP BY h.account_id ORDER BY h.account_id"
    " LOOP UPDATE ledger_accounts SET held_minor = held_minor - moved.amount WHERE id = moved.account_id; END LOOP;"
    " RETURN NULL; END $$",
    "ledger_posts_within_hold()": f"{DEFINER} AS $$ DECLARE held bigint; taken bigint; BEGIN"
    " IF NEW.transfer_id IS NULL THEN RETURN NULL; END IF;"
    " SELECT h.amount_minor, coalesce(sum(p.amount_minor), 0) INTO held, taken FROM ledger_holds h"
    "   LEFT JOIN ledger_postings p ON p.transfer_id = NEW.transfer_id AND p.source_id = h.account_id"
    "   WHERE h.id = NEW.hold_id GROUP BY h.amount_minor;"
    " IF taken = 0 OR taken > held THEN"
    f" RAISE EXCEPTION 'hold % is posted by another amount than it holds', NEW.hold_id {REFUSED};"
    " END IF; RETURN NULL; END $$",
}
# Whoever ends a hold by a transfer locks all accounts first, in the order of ids.
LOCK = (
    "CREATE FUNCTION ledger_lock_accounts(ids uuid[]) RETURNS void LANGUAGE sql SECURITY DEFINER"
    " SET search_path = public, pg_temp AS $$ SELECT 1 FROM (SELECT id FROM ledger_accounts"
    " WHERE id = ANY(ids) AND balance_minor IS NOT NULL ORDER BY id FOR NO KEY UPDATE) AS locked $$"
)
FIXED = (
    "CREATE OR REPLACE FUNCTION ledger_account_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " IF (NEW.id, NEW.purpose, NEW.currency, NEW.party_id, NEW.reference, NEW.may_be_negative)"
    " IS DISTINCT FROM (OLD.id, OLD.purpose, OLD.currency, OLD.party_id, OLD.reference, OLD.may_be_negative)"
    " OR (NEW.balance_minor IS NULL) <> (OLD.balance_minor IS NULL)"
    " OR ({moved} AND pg_trigger_depth() < 2) THEN"
    " RAISE EXCEPTION 'an account never changes, and its balance by postings alone'"
    " USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$"
)
NOT_OVERDRAWN = "ck_ledger_accounts_not_overdrawn"


def upgrade() -> None:
    op.add_column("ledger_accounts", sa.Column("held_minor", sa.BigInteger(), nullable=False, server_default="0"))
    op.drop_constraint(op.f(NOT_OVERDRAWN), "ledger_accounts")
    op.create_check_constraint(op.f(NOT_OVERDRAWN), "ledger_accounts", "may_be_negative OR balance_minor >= held_minor")
    op.create_check_constraint(
        op.f("ck_ledger_accounts_may_hold"),
        "ledger_accounts",
        "held_minor = 0 OR (held_minor > 0 AND balance_minor IS NOT NULL AND NOT may_be_negative)",
    )
    _tables()
    for signature, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {signature} RETURNS trigger {body}")
    op.execute(LOCK)
    op.execute("REVOKE ALL ON FUNCTION ledger_lock_accounts(uuid[]) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION ledger_lock_accounts(uuid[]) TO {SERVICE}")
    op.execute(
        FIXED.format(moved="(NEW.balance_minor, NEW.held_minor) IS DISTINCT FROM (OLD.balance_minor, OLD.held_minor)")
    )
    for table, rule in READERS.items():
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()"
        )
        op.execute(f"CREATE POLICY tenant ON {table} FOR SELECT TO {APP} USING ({rule})")
        op.execute(f"CREATE POLICY service ON {table} TO {SERVICE} USING (true)")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"REVOKE ALL ON {table} FROM {APP}")
        op.execute(f"GRANT SELECT ON {table} TO {APP}")
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {SERVICE}")
    op.execute(
        "CREATE TRIGGER keep_holds AFTER INSERT ON ledger_holds REFERENCING NEW TABLE AS placed"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep_holds()"
    )
    op.execute(
        "CREATE TRIGGER end_holds AFTER INSERT ON ledger_hold_ends REFERENCING NEW TABLE AS ended"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_end_holds()"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER posts_within AFTER INSERT ON ledger_hold_ends DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION ledger_posts_within_hold()"
    )


def _tables() -> None:
    op.create_table(
        "ledger_holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_ledger_holds_positive")),
        sa.ForeignKeyConstraint(["account_id"], ["ledger_accounts.id"], name=op.f("fk_ledger_holds_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_holds")),
        sa.UniqueConstraint("key", name=op.f("uq_ledger_holds_key")),
    )
    op.create_index(op.f("ix_ledger_holds_account_id"), "ledger_holds", ["account_id"])
    op.create_table(
        "ledger_hold_ends",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("hold_id", sa.Uuid(), nullable=False),
        sa.Column(
            "how",
            sa.Enum("posted", "voided", "expired", name="holdending", native_enum=False, length=None),
            nullable=False,
        ),
        sa.Column("transfer_id", sa.Uuid(), nullable=True),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "(how = 'posted') = (transfer_id IS NOT NULL)", name=op.f("ck_ledger_hold_ends_posted_by_a_transfer")
        ),
        sa.ForeignKeyConstraint(["hold_id"], ["ledger_holds.id"], name=op.f("fk_ledger_hold_ends_hold_id")),
        # The hold ends first, so that its money is free for the transfer.
        sa.ForeignKeyConstraint(
            ["transfer_id"],
            ["ledger_transfers.id"],
            name=op.f("fk_ledger_hold_ends_transfer_id"),
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_hold_ends")),
        sa.UniqueConstraint("hold_id", name=op.f("uq_ledger_hold_ends_hold_id")),
        sa.UniqueConstraint("key", name=op.f("uq_ledger_hold_ends_key")),
        sa.UniqueConstraint("transfer_id", name=op.f("uq_ledger_hold_ends_transfer_id")),
    )


def downgrade() -> None:
    op.execute("DROP POLICY tenant ON ledger_hold_ends")
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("DROP FUNCTION ledger_lock_accounts(uuid[])")
    for signature in FUNCTIONS:
        op.execute(f"DROP FUNCTION {signature}")
    op.execute(FIXED.format(moved="NEW.balance_minor IS DISTINCT FROM OLD.balance_minor"))
    op.drop_constraint(op.f("ck_ledger_accounts_may_hold"), "ledger_accounts")
    op.drop_constraint(op.f(NOT_OVERDRAWN), "ledger_accounts")
    op.create_check_constraint(op.f(NOT_OVERDRAWN), "ledger_accounts", "may_be_negative OR balance_minor >= 0")
    op.drop_column("ledger_accounts", "held_minor")
