"""row level security

The second net under the policies in the code: every transaction of the application takes the role
`inlay_app` and says who acts (`app.role`, `app.parties`). Unset means no rows.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROLE = "inlay_app"
MINE = "= ANY (app_parties())"

# table -> who may see and write its rows, beside the system and the platform's admins
POLICIES = {
    "memberships": f"party_id {MINE}",
    "invites": f"party_id {MINE}",
    "mandates": f"agency_id {MINE} OR creator_id {MINE}",
    "api_keys": f"party_id {MINE}",
    "console_sessions": f"party_id {MINE}",
    "imports": f"party_id {MINE}",
    "import_chunks": f"EXISTS (SELECT 1 FROM imports i WHERE i.id = import_id AND i.party_id {MINE})",
    "import_faults": f"EXISTS (SELECT 1 FROM imports i WHERE i.id = import_id AND i.party_id {MINE})",
    "bids": f"creator_id {MINE} OR brand_id {MINE} OR agency_id {MINE}",
    "bid_revisions": f"EXISTS (SELECT 1 FROM bids b WHERE b.id = bid_id"
    f" AND (b.creator_id {MINE} OR b.brand_id {MINE} OR b.agency_id {MINE}))",
    "matches": f"EXISTS (SELECT 1 FROM bids b WHERE b.id = bid_id"
    f" AND (b.creator_id {MINE} OR b.brand_id {MINE} OR b.agency_id {MINE}))",
    "reviews": "party_ids && app_parties()",
    "review_decisions": "false",
    "briefs": f"brand_id {MINE} OR status <> 'draft'",
    "brief_versions": f"EXISTS (SELECT 1 FROM briefs b WHERE b.id = brief_id AND (b.brand_id {MINE} OR b.status <> 'draft'))",
    "brand_assets": f"EXISTS (SELECT 1 FROM briefs b WHERE b.id = brief_id AND (b.brand_id {MINE} OR b.status <> 'draft'))",
    "idempotency_keys": f"party_id {MINE} OR party_id = '00000000-0000-0000-0000-000000000000'",
}
# Written for others to read (an event tells the other side), so only reading is narrowed.
READ_ONLY_POLICIES = {"events": "party_ids && app_parties()", "jobs": f"party_id {MINE}"}


def upgrade() -> None:
    op.execute(
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN"
        f" CREATE ROLE {ROLE} NOLOGIN; END IF; END $$"
    )
    op.execute(f"GRANT {ROLE} TO CURRENT_USER")
    op.execute(f"GRANT USAGE ON SCHEMA public TO {ROLE}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE}")
    op.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {ROLE}")
    # What happened stays as it was written.
    op.execute(f"REVOKE UPDATE, DELETE ON events, review_decisions, bid_revisions, audience_snapshots FROM {ROLE}")
    op.execute(f"GRANT UPDATE (relayed_at) ON events TO {ROLE}")
    op.execute(f"REVOKE ALL ON alembic_version FROM {ROLE}")
    op.execute(f"GRANT SELECT ON alembic_version TO {ROLE}")
    op.execute(
        "CREATE FUNCTION app_all() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS"
        " $$ SELECT coalesce(current_setting('app.role', true), '') IN ('system', 'admin') $$"
    )
    op.execute(
        "CREATE FUNCTION app_parties() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS"
        " $$ SELECT coalesce(nullif(current_setting('app.parties', true), ''), '{}')::uuid[] $$"
    )
    for table, rule in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} TO {ROLE} USING ((SELECT app_all()) OR {rule})")
    for table, rule in READ_ONLY_POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY reading ON {table} FOR SELECT TO {ROLE} USING ((SELECT app_all()) OR {rule})")
        op.execute(f"CREATE POLICY writing ON {table} FOR INSERT TO {ROLE} WITH CHECK (true)")
        op.execute(f"CREATE POLICY changing ON {table} FOR UPDATE TO {ROLE} USING ((SELECT app_all()) OR {rule})")
        op.execute(f"CREATE POLICY removing ON {table} FOR DELETE TO {ROLE} USING ((SELECT app_all()))")


def downgrade() -> None:
    for table in READ_ONLY_POLICIES:
        for name in ("reading", "writing", "changing", "removing"):
            op.execute(f"DROP POLICY {name} ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    for table in POLICIES:
        op.execute(f"DROP POLICY tenant ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    op.execute("DROP FUNCTION app_parties()")
    op.execute("DROP FUNCTION app_all()")
    op.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM {ROLE}")
    op.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {ROLE}")
    op.execute(f"REVOKE ALL ON SCHEMA public FROM {ROLE}")
