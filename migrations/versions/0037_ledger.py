"""ledger

Accounts, and transfers of postings between them. The database keeps the balances, refuses an overdraft, and lets nobody
change or remove what was posted.
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

APP, SERVICE = "inlay_app", "inlay_service"
TABLES = ("ledger_accounts", "ledger_transfers", "ledger_postings")
# Rows of a party are its own to read; only the system writes.
OWN = "(SELECT app_all()) OR {party} = (SELECT app_party())"
OWN_ACCOUNT = f"EXISTS (SELECT 1 FROM ledger_accounts a WHERE a.id IN (source_id, target_id) AND ({OWN.format(party='a.party_id')}))"
READERS = {
    "ledger_accounts": OWN.format(party="party_id"),
    "ledger_postings": OWN_ACCOUNT,
    "ledger_transfers": "EXISTS (SELECT 1 FROM ledger_postings p WHERE p.transfer_id = ledger_transfers.id)",
}
DEFINER = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp"

FUNCTIONS = {
    "ledger_is_append_only()": "LANGUAGE plpgsql AS $$ BEGIN"
    " RAISE EXCEPTION 'what was posted is never changed: reverse it by another transfer'"
    " USING ERRCODE = 'integrity_constraint_violation'; END $$",
    # In the order of ids, so that two transfers between the same accounts wait for each other and do not dead-lock.
    # Accounts that many transfers meet in have no stored balance: theirs is the sum of their postings.
    "ledger_keep_balances()": f"{DEFINER} AS $$ DECLARE moved record; BEGIN"
    " FOR moved IN SELECT account, sum(amount) AS amount FROM ("
    "   SELECT source_id AS account, -amount_minor AS amount FROM posted"
    "   UNION ALL SELECT target_id, amount_minor FROM posted) AS sides"
    "   JOIN ledger_accounts a ON a.id = account AND a.balance_minor IS NOT NULL"
    "   GROUP BY account HAVING sum(amount) <> 0 ORDER BY account"
    " LOOP UPDATE ledger_accounts SET balance_minor = balance_minor + moved.amount WHERE id = moved.account; END LOOP;"
    " RETURN NULL; END $$",
    "ledger_transfer_has_postings()": f"{DEFINER} AS $$ BEGIN"
    " IF NOT EXISTS (SELECT 1 FROM ledger_postings p WHERE p.transfer_id = NEW.id) THEN"
    " RAISE EXCEPTION 'transfer % has no postings', NEW.id USING ERRCODE = 'integrity_constraint_violation';"
    " END IF; RETURN NULL; END $$",
    # A balance moves by postings alone: a statement of the application's own that sets one is refused.
    "ledger_account_is_fixed()": "LANGUAGE plpgsql AS $$ BEGIN"
    " IF (NEW.id, NEW.purpose, NEW.currency, NEW.party_id, NEW.reference, NEW.may_be_negative)"
    " IS DISTINCT FROM (OLD.id, OLD.purpose, OLD.currency, OLD.party_id, OLD.reference, OLD.may_be_negative)"
    " OR (NEW.balance_minor IS NULL) <> (OLD.balance_minor IS NULL)"
    " OR (NEW.balance_minor IS DISTINCT FROM OLD.balance_minor AND pg_trigger_depth() < 2) THEN"
    " RAISE EXCEPTION 'an account never changes, and its balance by postings alone'"
    " USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$",
}


def upgrade() -> None:
    _accounts()
    _transfers()
    for signature, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {signature} RETURNS trigger {body}")
    for table in ("ledger_transfers", "ledger_postings"):
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()"
        )
    op.execute(
        "CREATE TRIGGER never_removed BEFORE DELETE OR TRUNCATE ON ledger_accounts"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()"
    )
    op.execute(
        "CREATE TRIGGER fixed BEFORE UPDATE ON ledger_accounts FOR EACH ROW EXECUTE FUNCTION ledger_account_is_fixed()"
    )
    op.execute(
        "CREATE TRIGGER keep_balances AFTER INSERT ON ledger_postings REFERENCING NEW TABLE AS posted"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep_balances()"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER has_postings AFTER INSERT ON ledger_transfers DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION ledger_transfer_has_postings()"
    )
    for table, rule in READERS.items():
        op.execute(f"CREATE POLICY tenant ON {table} FOR SELECT TO {APP} USING ({rule})")
        op.execute(f"CREATE POLICY service ON {table} TO {SERVICE} USING (true)")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"REVOKE ALL ON {table} FROM {APP}")
        op.execute(f"GRANT SELECT ON {table} TO {APP}")
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {SERVICE}")


def _accounts() -> None:
    op.create_table(
        "ledger_accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "clearing", "escrow", "payable", "fee", "owed", name="accountpurpose", native_enum=False, length=None
            ),
            nullable=False,
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("may_be_negative", sa.Boolean(), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("may_be_negative OR balance_minor >= 0", name=op.f("ck_ledger_accounts_not_overdrawn")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_ledger_accounts_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_accounts")),
        sa.UniqueConstraint("id", "currency", name=op.f("uq_ledger_accounts_id_currency")),
        sa.UniqueConstraint(
            "purpose",
            "currency",
            "party_id",
            "reference",
            name=op.f("uq_ledger_accounts_purpose_currency_party_id_reference"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_ledger_accounts_party_id"), "ledger_accounts", ["party_id"])


def _transfers() -> None:
    op.create_table(
        "ledger_transfers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["reverses_id"], ["ledger_transfers.id"], name=op.f("fk_ledger_transfers_reverses_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transfers")),
        sa.UniqueConstraint("key", name=op.f("uq_ledger_transfers_key")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_ledger_transfers_reverses_id")),
    )
    op.create_table(
        "ledger_postings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transfer_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_ledger_postings_positive")),
        sa.CheckConstraint("source_id <> target_id", name=op.f("ck_ledger_postings_two_accounts")),
        sa.ForeignKeyConstraint(["transfer_id"], ["ledger_transfers.id"], name=op.f("fk_ledger_postings_transfer_id")),
        # With the currency, so that no posting joins accounts of two.
        sa.ForeignKeyConstraint(
            ["source_id", "currency"],
            ["ledger_accounts.id", "ledger_accounts.currency"],
            name=op.f("fk_ledger_postings_source_id_currency"),
        ),
        sa.ForeignKeyConstraint(
            ["target_id", "currency"],
            ["ledger_accounts.id", "ledger_accounts.currency"],
            name=op.f("fk_ledger_postings_target_id_currency"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_postings")),
        sa.UniqueConstraint("transfer_id", "position", name=op.f("uq_ledger_postings_transfer_id_position")),
    )
    for side in ("source_id", "target_id"):
        op.create_index(op.f(f"ix_ledger_postings_{side}"), "ledger_postings", [side])


def downgrade() -> None:
    op.execute("DROP POLICY tenant ON ledger_transfers")
    op.execute("DROP POLICY tenant ON ledger_postings")
    for table in reversed(TABLES):
        op.drop_table(table)
    for signature in FUNCTIONS:
        op.execute(f"DROP FUNCTION {signature}")
