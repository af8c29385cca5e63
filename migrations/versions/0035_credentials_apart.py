"""credentials apart

Hashes of passwords and keys, secrets of apps and hashes of recovery codes leave the rows that are read for other
reasons, for a table that no role of the market has a right to. People, with their names and addresses, get policies.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

APP, SERVICE = "inlay_app", "inlay_service"
DEFINER = "SECURITY DEFINER SET search_path = public, pg_temp"
FUNCTIONS = {
    "keep_credentials(owner uuid, its_kind text, secrets text[])": f"void LANGUAGE sql {DEFINER} AS"
    " $$ DELETE FROM credentials c WHERE c.owner_id = owner AND c.kind = its_kind;"
    " INSERT INTO credentials (id, created_at, owner_id, kind, secret)"
    " SELECT uuidv7(), now(), owner, its_kind, one FROM unnest(secrets) one $$",
    "read_credential(owner uuid, its_kind text)": f"text LANGUAGE sql STABLE {DEFINER} AS"
    " $$ SELECT c.secret FROM credentials c WHERE c.owner_id = owner AND c.kind = its_kind"
    " AND its_kind IN ('password', 'app') $$",
    "credential_fits(owner uuid, its_kind text, its_secret text)": f"boolean LANGUAGE sql STABLE {DEFINER} AS"
    " $$ SELECT EXISTS (SELECT 1 FROM credentials c WHERE c.owner_id = owner AND c.kind = its_kind"
    " AND c.secret = its_secret) $$",
    "spend_credential(owner uuid, its_kind text, its_secret text)": f"boolean LANGUAGE sql {DEFINER} AS"
    " $$ WITH spent AS (DELETE FROM credentials c WHERE c.owner_id = owner AND c.kind = its_kind"
    " AND c.secret = its_secret RETURNING 1) SELECT EXISTS (SELECT 1 FROM spent) $$",
}
FORMER = (
    # Accounts without a usable password have a word there that is no hash.
    ("password", "people", "id", "password_hash", "password_hash LIKE '$argon2%'"),
    ("api_key", "api_keys", "id", "secret_hash", "true"),
    ("app", "second_factors", "person_id", "secret", "true"),
    ("recovery", "second_factors", "person_id", "unnest(recovery_hashes)", "true"),
)
PEOPLE = (
    "id = (SELECT app_person()) OR (SELECT app_all())"
    # Whoever sits in a party of the actor: the policy of memberships applies within.
    " OR EXISTS (SELECT 1 FROM memberships m WHERE m.person_id = people.id)"
)


def upgrade() -> None:
    op.create_table(
        "credentials",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credentials")),
        sa.UniqueConstraint("owner_id", "kind", "secret", name=op.f("uq_credentials_owner_id_kind_secret")),
    )
    op.execute(f"REVOKE ALL ON credentials FROM {APP}, {SERVICE}")
    for kind, table, owner, secret, where in FORMER:
        op.execute(
            "INSERT INTO credentials (id, created_at, owner_id, kind, secret)"
            f" SELECT uuidv7(), now(), {owner}, '{kind}', {secret} FROM {table} WHERE {where}"
        )
    for signature, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {signature} RETURNS {body}")
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO {SERVICE}")
    op.drop_column("people", "password_hash")
    op.drop_column("api_keys", "secret_hash")
    op.drop_column("second_factors", "secret")
    op.drop_column("second_factors", "recovery_hashes")
    op.execute(f"CREATE POLICY tenant ON people TO {APP} USING ({PEOPLE})")
    for table in ("credentials", "people"):
        # The owner of the tables is held to policies too, and has that of the system; the rights to `credentials` are
        # the owner's alone.
        op.execute(f"CREATE POLICY service ON {table} TO {SERVICE} USING (true)")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.execute("ALTER TABLE people NO FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE people DISABLE ROW LEVEL SECURITY")
    for policy in ("tenant", "service"):
        op.execute(f"DROP POLICY {policy} ON people")
    op.add_column("people", sa.Column("password_hash", sa.Text(), nullable=False, server_default="-"))
    op.add_column("api_keys", sa.Column("secret_hash", sa.Text(), nullable=False, server_default="-"))
    op.add_column("second_factors", sa.Column("secret", sa.Text(), nullable=False, server_default="-"))
    op.add_column("second_factors", sa.Column("recovery_hashes", ARRAY(sa.Text()), nullable=False, server_default="{}"))
    op.execute(
        "UPDATE people p SET password_hash = c.secret FROM credentials c WHERE c.owner_id = p.id AND c.kind = 'password'"
    )
    op.execute(
        "UPDATE api_keys k SET secret_hash = c.secret FROM credentials c WHERE c.owner_id = k.id AND c.kind = 'api_key'"
    )
    op.execute(
        "UPDATE second_factors f SET secret = c.secret FROM credentials c WHERE c.owner_id = f.person_id"
        " AND c.kind = 'app'"
    )
    op.execute(
        "UPDATE second_factors f SET recovery_hashes = ARRAY(SELECT c.secret FROM credentials c"
        " WHERE c.owner_id = f.person_id AND c.kind = 'recovery' ORDER BY c.secret)"
    )
    for table, columns in (
        ("people", ("password_hash",)),
        ("api_keys", ("secret_hash",)),
        ("second_factors", ("secret", "recovery_hashes")),
    ):
        for column in columns:
            op.alter_column(table, column, server_default=None)
    for signature in FUNCTIONS:
        op.execute(f"DROP FUNCTION {signature}")
    op.drop_table("credentials")
