"""payment shares

Who got how much of a settled payment, in a table that the brand does not read. The database holds at the end of each
transaction that what was shared and what was returned sum to the payment. Postings are read by the platform alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

APP, SERVICE = "inlay_app", "inlay_service"
ME, ADMIN = "(SELECT app_party())", "(SELECT app_all())"
DEFINER = "SECURITY DEFINER SET search_path = public, pg_temp"
SETTLED = "('released', 'split', 'owed')"

PAYMENT_BEFORE = f"{ME} = ANY (ARRAY[brand_id, creator_id, agency_id, share_agency_id]) OR {ADMIN}"
PAYMENT = (
    f"{ME} = ANY (ARRAY[brand_id, creator_id, agency_id]) OR {ADMIN}"
    f" OR EXISTS (SELECT 1 FROM payment_shares s WHERE s.payment_id = payments.id AND s.agency_id = {ME})"
)
OWN_ACCOUNT = (
    f"EXISTS (SELECT 1 FROM ledger_accounts a WHERE a.id IN (source_id, target_id) AND ({ADMIN} OR a.party_id = {ME}))"
)
ITS_POSTINGS = "EXISTS (SELECT 1 FROM ledger_postings p WHERE p.transfer_id = ledger_transfers.id)"
# Whoever's account a transfer moved reads that there was one; the postings tell who else had a part in it.
MOVES = (
    f"CREATE FUNCTION ledger_moves_for(transfer uuid, party uuid) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$"
    " SELECT EXISTS (SELECT 1 FROM ledger_postings p JOIN ledger_accounts a ON a.id IN (p.source_id, p.target_id)"
    " WHERE p.transfer_id = $1 AND a.party_id = $2) $$"
)
SUMS = (
    f"CREATE FUNCTION payment_shares_sum() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$"
    " DECLARE named uuid := (to_jsonb(NEW) ->> TG_ARGV[0])::uuid; BEGIN"
    " IF EXISTS (SELECT 1 FROM payments p LEFT JOIN payment_shares s ON s.payment_id = p.id WHERE p.id = named"
    f" AND ((s.id IS NOT NULL) <> (p.status IN {SETTLED})"
    "   OR p.returned_minor + coalesce(s.maker_minor + s.agency_minor + s.fee_minor, 0)"
    "     <> CASE WHEN p.status = 'returned' OR s.id IS NOT NULL THEN p.amount_minor ELSE 0 END)) THEN"
    " RAISE EXCEPTION 'the shares of payment % do not sum to it', named"
    " USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NULL; END $$"
)
CHECKS = {
    "agency_share_range": "agency_share_basis_points BETWEEN 0 AND 10000",
    "shares_not_negative": "least(maker_minor, agency_minor, fee_minor, returned_minor) >= 0",
    "shares_sum_to_the_amount": "maker_minor + agency_minor + fee_minor + returned_minor = CASE"
    " WHEN status IN ('released', 'returned', 'split', 'owed') THEN amount_minor ELSE 0 END",
}
CLAWS = "claws_back_what_was_released"
CLAWS_BEFORE = "clawed_minor BETWEEN 0 AND maker_minor + agency_minor + fee_minor"
CLAWS_NOW = "clawed_minor BETWEEN 0 AND CASE WHEN status = 'owed' THEN amount_minor - returned_minor ELSE 0 END"
RETURNS = "returned_minor BETWEEN 0 AND amount_minor"
AMOUNTS = ("maker_minor", "agency_minor", "fee_minor")
MOVED = ("share_agency_id", "agency_share_basis_points", *AMOUNTS)


def _check(name: str, condition: str) -> None:
    op.create_check_constraint(op.f(f"ck_payments_{name}"), "payments", condition)


def _drop_check(name: str) -> None:
    op.drop_constraint(op.f(f"ck_payments_{name}"), "payments")


def upgrade() -> None:
    _table()
    op.execute(
        "INSERT INTO payment_shares (id, created_at, payment_id, creator_id, agency_id, share_basis_points, maker_minor,"
        " agency_minor, fee_minor) SELECT uuidv7(), coalesce(moved_at, created_at), id, creator_id, share_agency_id,"
        f" agency_share_basis_points, maker_minor, agency_minor, fee_minor FROM payments WHERE status IN {SETTLED}"
    )
    for name in (*CHECKS, CLAWS):
        _drop_check(name)
    op.execute(f"ALTER POLICY tenant ON payments USING ({PAYMENT})")
    for column in MOVED:
        op.drop_column("payments", column)
    _check("returns_of_it", RETURNS)
    _check(CLAWS, CLAWS_NOW)
    op.execute(SUMS)
    for table, column in (("payments", "id"), ("payment_shares", "payment_id")):
        op.execute(
            f"CREATE CONSTRAINT TRIGGER sum_to_the_amount AFTER INSERT OR UPDATE ON {table}"
            f" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION payment_shares_sum('{column}')"
        )
    op.execute(MOVES)
    op.execute(f"ALTER POLICY tenant ON ledger_transfers USING ({ADMIN} OR ledger_moves_for(id, {ME}))")
    op.execute(f"ALTER POLICY tenant ON ledger_postings USING ({ADMIN})")


def _table() -> None:
    number, a_time = sa.BigInteger(), sa.DateTime(timezone=True)
    op.create_table(
        "payment_shares",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", a_time, nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=True),
        sa.Column("share_basis_points", number, nullable=False),
        *(sa.Column(name, number, nullable=False) for name in AMOUNTS),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_shares")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_payment_shares_payment_id")),
        sa.ForeignKeyConstraint(["creator_id"], ["parties.id"], name=op.f("fk_payment_shares_creator_id")),
        sa.ForeignKeyConstraint(["agency_id"], ["parties.id"], name=op.f("fk_payment_shares_agency_id")),
        sa.CheckConstraint("share_basis_points BETWEEN 0 AND 10000", name=op.f("ck_payment_shares_share_range")),
        sa.CheckConstraint(
            "least(maker_minor, agency_minor, fee_minor) >= 0", name=op.f("ck_payment_shares_not_negative")
        ),
        sa.CheckConstraint(
            "agency_id IS NOT NULL OR (agency_minor = 0 AND share_basis_points = 0)",
            name=op.f("ck_payment_shares_of_an_agency"),
        ),
        sa.UniqueConstraint("payment_id", name=op.f("uq_payment_shares_payment_id")),
    )
    for column in ("creator_id", "agency_id"):
        op.create_index(op.f(f"ix_payment_shares_{column}"), "payment_shares", [column])
    op.execute(
        f"CREATE POLICY tenant ON payment_shares FOR SELECT TO {APP}"
        f" USING (creator_id = {ME} OR agency_id = {ME} OR {ADMIN})"
    )
    op.execute(f"CREATE POLICY service ON payment_shares TO {SERVICE} USING (true)")
    op.execute("ALTER TABLE payment_shares ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE payment_shares FORCE ROW LEVEL SECURITY")
    op.execute(f"REVOKE ALL ON payment_shares FROM {APP}, {SERVICE}")
    op.execute(f"GRANT SELECT ON payment_shares TO {APP}")
    op.execute(f"GRANT SELECT, INSERT ON payment_shares TO {SERVICE}")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_shares"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only()"
    )


def downgrade() -> None:
    op.execute(f"ALTER POLICY tenant ON ledger_postings USING ({OWN_ACCOUNT})")
    op.execute(f"ALTER POLICY tenant ON ledger_transfers USING ({ITS_POSTINGS})")
    op.execute("DROP FUNCTION ledger_moves_for(uuid, uuid)")
    op.execute("DROP TRIGGER sum_to_the_amount ON payments")
    for name in (CLAWS, "returns_of_it"):
        _drop_check(name)
    op.add_column("payments", sa.Column("share_agency_id", sa.Uuid(), nullable=True))
    for column in MOVED[1:]:
        op.add_column("payments", sa.Column(column, sa.BigInteger(), nullable=False, server_default="0"))
    op.create_foreign_key(op.f("fk_payments_share_agency_id"), "payments", "parties", ["share_agency_id"], ["id"])
    op.create_index(op.f("ix_payments_share_agency_id"), "payments", ["share_agency_id"])
    op.execute(
        "UPDATE payments p SET share_agency_id = s.agency_id, agency_share_basis_points = s.share_basis_points,"
        " maker_minor = s.maker_minor, agency_minor = s.agency_minor, fee_minor = s.fee_minor"
        " FROM payment_shares s WHERE s.payment_id = p.id"
    )
    for column in MOVED[1:]:
        op.alter_column("payments", column, server_default=None)
    op.execute(f"ALTER POLICY tenant ON payments USING ({PAYMENT_BEFORE})")
    for name, condition in (*CHECKS.items(), (CLAWS, CLAWS_BEFORE)):
        _check(name, condition)
    op.drop_table("payment_shares")
    op.execute("DROP FUNCTION payment_shares_sum()")
