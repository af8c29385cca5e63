"""claims and suspensions

A channel is a claim of its creator: several may stand for one account of a platform, at most one is proven, and what
was seen is kept. Parties have a time zone, in which the days of their mandates are counted, and may be verified;
parties and people may be suspended. Keys are of one kind.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ROLE = "inlay_app"
MINE = "= ANY (app_parties())"
PRESENT = "(pg_current_xact_id()::text)::bigint"
TIMEZONE = "Asia/Shanghai"

# Who may see and write the rows, beside the system and the platform's admins.
POLICIES = {
    "channel_proofs": f"creator_id {MINE}",
    "channel_transfers": f"from_creator_id {MINE} OR to_creator_id {MINE}",
    "party_verifications": "false",
}
# What changed -> where, and whose features it touches: what is searched by is read again by whoever keeps it elsewhere.
# A claim that is decided changes what the other claims of the account are worth.
FOLLOWED = {
    "channels": (
        "UPDATE OF status, discoverable, creator_id, region, claim_status, handle",
        "channel_id IN (SELECT c.id FROM channels c WHERE c.platform = NEW.platform AND c.account_key = NEW.account_key"
        " UNION SELECT c.id FROM channels c WHERE c.platform = NEW.platform AND c.handle_key = NEW.handle_key)",
    ),
    "parties": (
        "UPDATE OF status, timezone",
        "channel_id IN (SELECT c.id FROM channels c WHERE c.creator_id = NEW.id)",
    ),
}
FORMERLY_FOLLOWED = ("UPDATE OF status, discoverable, creator_id, region", "channel_id = NEW.id")

# A party takes the time zone of the person who sat down in it first, as its own people would have chosen it.
FILL_TIMEZONES = f"""
UPDATE parties p SET timezone = first.timezone FROM (
  SELECT DISTINCT ON (m.party_id) m.party_id, w.timezone FROM memberships m JOIN people w ON w.id = m.person_id
  ORDER BY m.party_id, m.created_at, m.id
) first WHERE first.party_id = p.id AND first.timezone <> '{TIMEZONE}'
AND first.timezone IN (SELECT name FROM pg_timezone_names)
"""

# SECURITY DEFINER where a caller may ask about a mandate or a party whose rows it may not read: the answer is yes or no.
FUNCTIONS = {
    "mandate_covers(first_day date, last_day date, zone text, moment timestamptz)": (
        "boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT first_day <= (moment AT TIME ZONE zone)::date"
        " AND (last_day IS NULL OR last_day >= (moment AT TIME ZONE zone)::date) $$"
    ),
    "mandate_holds(agency uuid, creator uuid, moment timestamptz)": (
        "boolean LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = public, pg_temp AS $$"
        " SELECT agency IS NULL OR EXISTS (SELECT 1 FROM mandates m JOIN parties c ON c.id = m.creator_id"
        " WHERE m.agency_id = agency AND m.creator_id = creator AND m.status = 'active'"
        " AND mandate_covers(m.starts_on, m.ends_on, c.timezone, moment)) $$"
    ),
    "party_is_suspended(party uuid)": (
        "boolean LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = public, pg_temp AS $$"
        " SELECT EXISTS (SELECT 1 FROM parties p WHERE p.id = party AND p.status = 'suspended') $$"
    ),
    "party_is_proven(party uuid)": (
        "boolean LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = public, pg_temp AS $$"
        " SELECT EXISTS (SELECT 1 FROM parties p WHERE p.id = party AND p.status <> 'suspended'"
        " AND (p.verified_at IS NOT NULL OR EXISTS"
        " (SELECT 1 FROM channels c WHERE c.creator_id = p.id AND c.claim_status = 'proven'))) $$"
    ),
}
# Whether somebody represents a creator is told with every channel; which mandates there are stays with their parties.
# The answer is the end of the last day at the creator's midnight, in days since 1970 (formerly the last day itself).
REPRESENTED = "LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = public, pg_temp AS $$ SELECT"
REPRESENTED_UNTIL = (
    "represented_until(creator uuid, begun_by timestamptz)",
    f"double precision {REPRESENTED} coalesce(max(extract(epoch FROM"
    " coalesce((m.ends_on + 1)::timestamp AT TIME ZONE c.timezone, timestamptz '9999-12-31 00:00:00Z'))"
    " / 86400), 0)::double precision FROM mandates m JOIN parties c ON c.id = m.creator_id WHERE m.creator_id = creator"
    " AND m.status = 'active' AND m.starts_on <= (begun_by AT TIME ZONE c.timezone)::date $$",
)
REPRESENTED_BEFORE = (
    "represented_until(creator uuid, begun_by date)",
    f"integer {REPRESENTED} coalesce(max(coalesce(ends_on, DATE '9999-12-31')), DATE '1970-01-01') - DATE '1970-01-01'"
    " FROM mandates WHERE creator_id = creator AND status = 'active' AND starts_on <= begun_by $$",
)


def upgrade() -> None:
    _parties_and_people()
    _claims()
    _proofs_and_transfers()
    op.drop_column("api_keys", "mode")
    for signature, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {signature} RETURNS {body}")
    op.execute(f"DROP FUNCTION {REPRESENTED_BEFORE[0]}")
    op.execute(f"CREATE FUNCTION {REPRESENTED_UNTIL[0]} RETURNS {REPRESENTED_UNTIL[1]}")
    _follow("channels", *FOLLOWED["channels"])
    _follow("parties", *FOLLOWED["parties"])
    for table, rule in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} TO {ROLE} USING ((SELECT app_all()) OR {rule})")
    op.execute(f"REVOKE UPDATE, DELETE ON party_verifications FROM {ROLE}")


def _follow(table: str, when: str, whose: str) -> None:
    op.execute(f"DROP TRIGGER IF EXISTS features_follow ON {table}")
    op.execute(
        f"CREATE OR REPLACE FUNCTION features_follow_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" UPDATE channel_features SET changed = {PRESENT} WHERE {whose}; RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER features_follow AFTER {when} ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION features_follow_{table}()"
    )


def _parties_and_people() -> None:
    op.add_column("parties", sa.Column("timezone", sa.Text(), server_default=TIMEZONE, nullable=False))
    op.execute(FILL_TIMEZONES)
    # Fails for a name that PostgreSQL does not know, which would otherwise fail in each question about a mandate.
    op.create_check_constraint(
        op.f("ck_parties_timezone_known"), "parties", "(timestamptz '2000-01-01' AT TIME ZONE timezone) IS NOT NULL"
    )
    op.add_column("parties", sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("people", sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False))
    op.add_column(
        "people",
        sa.Column(
            "status",
            sa.Enum("active", "suspended", name="personstatus", native_enum=False, length=None),
            server_default="active",
            nullable=False,
        ),
    )
    for table in ("parties", "people"):
        op.add_column(table, sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True))
        op.add_column(table, sa.Column("suspension_reason", sa.Text(), nullable=True))
    op.create_table(
        "party_verifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("evidence_sha256", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_party_verifications_party_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_party_verifications_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party_verifications")),
    )
    op.create_index(op.f("ix_party_verifications_party_id"), "party_verifications", ["party_id"])


def _claims() -> None:
    op.add_column(
        "channels",
        sa.Column(
            "claim_status",
            sa.Enum("claimed", "proven", "refused", name="claimstatus", native_enum=False, length=None),
            server_default="claimed",
            nullable=False,
        ),
    )
    op.add_column("channels", sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True))
    # Platforms ignore the case of a handle, and the @ is not part of it.
    op.add_column(
        "channels",
        sa.Column(
            "handle_key", sa.Text(), sa.Computed("lower(ltrim(btrim(handle), '@'))", persisted=True), nullable=False
        ),
    )
    op.drop_constraint(op.f("uq_channels_platform_account_key"), "channels")
    op.create_unique_constraint(
        op.f("uq_channels_platform_account_key_creator_id"), "channels", ["platform", "account_key", "creator_id"]
    )
    op.create_index(
        "uq_channels_one_proven",
        "channels",
        ["platform", "account_key"],
        unique=True,
        postgresql_where=sa.text("claim_status = 'proven'"),
    )
    op.create_index("ix_channels_platform_handle_key", "channels", ["platform", "handle_key"])


def _proofs_and_transfers() -> None:
    op.create_table(
        "channel_proofs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("code_in_profile", "platform_export", name="proofkind", native_enum=False, length=None),
            nullable=False,
        ),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "status",
            sa.Enum("asked", "accepted", "refused", "lapsed", name="proofstatus", native_enum=False, length=None),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("evidence_sha256", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'code_in_profile') = (code IS NOT NULL AND expires_at IS NOT NULL)",
            name=op.f("ck_channel_proofs_code_that_expires"),
        ),
        sa.CheckConstraint(
            "(kind = 'platform_export') = (import_id IS NOT NULL)", name=op.f("ck_channel_proofs_export_named")
        ),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_channel_proofs_channel_id")),
        sa.ForeignKeyConstraint(["creator_id"], ["parties.id"], name=op.f("fk_channel_proofs_creator_id")),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_channel_proofs_import_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_channel_proofs_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_proofs")),
    )
    op.create_index(op.f("ix_channel_proofs_channel_id"), "channel_proofs", ["channel_id"])
    op.create_index(
        "uq_channel_proofs_one_asked",
        "channel_proofs",
        ["channel_id"],
        unique=True,
        postgresql_where=sa.text("status = 'asked'"),
    )
    op.create_table(
        "channel_transfers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("from_creator_id", sa.Uuid(), nullable=False),
        sa.Column("to_creator_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "offered", "accepted", "declined", "withdrawn", name="transferstatus", native_enum=False, length=None
            ),
            nullable=False,
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("from_creator_id <> to_creator_id", name=op.f("ck_channel_transfers_to_another")),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_channel_transfers_channel_id")),
        sa.ForeignKeyConstraint(["from_creator_id"], ["parties.id"], name=op.f("fk_channel_transfers_from_creator_id")),
        sa.ForeignKeyConstraint(["to_creator_id"], ["parties.id"], name=op.f("fk_channel_transfers_to_creator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_transfers")),
    )
    for column in ("from_creator_id", "to_creator_id"):
        op.create_index(op.f(f"ix_channel_transfers_{column}"), "channel_transfers", [column])
    op.create_index(
        "uq_channel_transfers_one_offered",
        "channel_transfers",
        ["channel_id"],
        unique=True,
        postgresql_where=sa.text("status = 'offered'"),
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER features_follow ON parties")
    op.execute("DROP FUNCTION features_follow_parties()")
    for signature in (*reversed(FUNCTIONS), REPRESENTED_UNTIL[0]):
        op.execute(f"DROP FUNCTION {signature}")
    op.execute(f"CREATE FUNCTION {REPRESENTED_BEFORE[0]} RETURNS {REPRESENTED_BEFORE[1]}")
    for table in ("channel_transfers", "channel_proofs", "party_verifications"):
        op.drop_table(table)
    op.drop_index("ix_channels_platform_handle_key", "channels")
    op.drop_index("uq_channels_one_proven", "channels")
    op.drop_constraint(op.f("uq_channels_platform_account_key_creator_id"), "channels")
    # The schema before has room for one channel of an account: the others are put aside.
    op.execute(
        "UPDATE channels c SET account_key = c.account_key || ' ' || c.id::text, status = 'archived' WHERE EXISTS"
        " (SELECT 1 FROM channels o WHERE o.platform = c.platform AND o.account_key = c.account_key AND o.id <> c.id"
        " AND ((o.claim_status = 'proven') > (c.claim_status = 'proven')"
        " OR ((o.claim_status = 'proven') = (c.claim_status = 'proven') AND (o.created_at, o.id) < (c.created_at, c.id))))"
    )
    op.create_unique_constraint(op.f("uq_channels_platform_account_key"), "channels", ["platform", "account_key"])
    _follow("channels", *FORMERLY_FOLLOWED)
    for name in ("handle_key", "proven_at", "claim_status"):
        op.drop_column("channels", name)
    op.add_column("api_keys", sa.Column("mode", sa.Text(), server_default="live", nullable=False))
    op.alter_column("api_keys", "mode", server_default=None)
    for table in ("people", "parties"):
        op.drop_column(table, "suspension_reason")
        op.drop_column(table, "suspended_at")
    for name in ("status", "version"):
        op.drop_column("people", name)
    op.drop_column("parties", "verified_at")
    op.drop_constraint(op.f("ck_parties_timezone_known"), "parties")
    op.drop_column("parties", "timezone")
