"""policies that know the seal

The system takes a role of its own, `inlay_service`; the policies of `inlay_app` know which party acts (`app.party`), for
whom it acts (`app.parties`), who acts (`app.person`), and until when bids are sealed. What a bid costs to make and when a
brief's bidding ends stand in tables of their own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

APP, SERVICE = "inlay_app", "inlay_service"
DEFINER = "STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = public, pg_temp"

# Evaluated once a statement, not once a row.
ME, PERSON, ADMIN = "(SELECT app_party())", "(SELECT app_person())", "(SELECT app_all())"
MINE = "= ANY ((SELECT app_parties())::uuid[])"  # the party's own, and for an agency those of its creators

# One that was called off while it took bids never closed, and unseals nothing.
CLOSED = "f.closed_at IS NOT NULL AND (f.cancelled_at IS NULL OR f.closed_at < f.cancelled_at)"

FUNCTIONS = {
    "app_party()": "uuid LANGUAGE sql STABLE PARALLEL SAFE AS"
    " $$ SELECT nullif(current_setting('app.party', true), '')::uuid $$",
    "app_person()": "uuid LANGUAGE sql STABLE PARALLEL SAFE AS"
    " $$ SELECT nullif(current_setting('app.person', true), '')::uuid $$",
    "app_bids()": "boolean LANGUAGE sql STABLE PARALLEL SAFE AS"
    " $$ SELECT coalesce(current_setting('app.role', true), '') IN ('creator', 'agency') $$",
    # Of everybody's parties and drawn ends of bidding, which the caller may not read: the answer is yes or no.
    "names_other_agency(named uuid[], agency uuid)": f"boolean LANGUAGE sql {DEFINER} AS"
    " $$ SELECT EXISTS (SELECT 1 FROM parties p WHERE p.id = ANY (named) AND p.kind = 'agency' AND p.id <> agency) $$",
    "brief_takes_bids(brief uuid, moment timestamptz)": f"boolean LANGUAGE sql {DEFINER} AS"
    " $$ SELECT EXISTS (SELECT 1 FROM briefs f JOIN close_draws d ON d.id = f.id"
    " WHERE f.id = brief AND f.status = 'published' AND moment < d.closes_at) $$",
    # Whether bids of a brief are sealed no more, asked once for a brand's own briefs, and row by row for everybody else.
    "app_closed_briefs()": f"uuid[] LANGUAGE sql {DEFINER} AS $$ SELECT coalesce(array_agg(f.id), '{{}}') FROM briefs f"
    f" WHERE f.brand_id = app_party() AND {CLOSED} $$",
    "brief_was_closed(brief uuid)": f"boolean LANGUAGE sql {DEFINER} AS"
    f" $$ SELECT EXISTS (SELECT 1 FROM briefs f WHERE f.id = brief AND {CLOSED}) $$",
    "was_withdrawn_later(brief uuid, moment timestamptz)": f"boolean LANGUAGE sql {DEFINER} AS"
    " $$ SELECT EXISTS (SELECT 1 FROM briefs f WHERE f.id = brief AND moment >= f.closed_at) $$",
    # How many others claim an account: their rows are their own.
    "rival_claims(channel uuid, its_platform text, its_account text, its_handle text)": f"bigint LANGUAGE sql {DEFINER} AS"
    " $$ SELECT count(*) FROM channels d WHERE d.platform = its_platform AND d.id <> channel AND d.status = 'active'"
    " AND d.claim_status <> 'refused' AND (d.account_key = its_account OR d.handle_key = its_handle) $$",
}


def own_bid(alias: str) -> str:
    """A bid of the actor's own side: an agency sees none that another agency placed for the same creator."""
    return (
        f"({alias}.creator_id = {ME} OR {alias}.agency_id = {ME}"
        f" OR ({alias}.agency_id IS NULL AND {alias}.creator_id {MINE}))"
    )


OF_CLOSED = "brief_id = ANY ((SELECT app_closed_briefs())::uuid[])"
# The brand sees what was on the table when it could first look.
BID = (
    f"{own_bid('bids')} OR (brand_id = {ME} AND {OF_CLOSED}"
    " AND (status <> 'withdrawn' OR was_withdrawn_later(brief_id, withdrawn_at)))"
    f" OR ({ADMIN} AND brief_was_closed(brief_id))"
)
# What happens to a party's people, seats, keys, sessions and mandates is never read by way of a mandate.
OF_THE_PARTY_ITSELF = "'parties', 'people', 'memberships', 'invites', 'mandates', 'api_keys', 'console_sessions'"


def through(table: str, alias: str, where: str) -> str:
    """Rows that whoever sees a row of another table sees: that table's own policy applies within."""
    return f"EXISTS (SELECT 1 FROM {table} {alias} WHERE {where})"


OWN_CHECK = f"c.party_id = {ME} OR c.agency_id = {ME} OR (c.agency_id IS NULL AND c.party_id {MINE}) OR {ADMIN}"

# table -> whose rows they are, to see and to write
POLICIES = {
    "bids": BID,
    # A brand was never offered an earlier wording.
    "bid_revisions": through(
        "bids", "b", f"b.id = bid_revisions.bid_id AND (b.brand_id <> {ME} OR b.revision_id = bid_revisions.id)"
    ),
    "bid_costs": through("bids", "b", f"b.id = bid_costs.bid_id AND {own_bid('b')}"),
    # A place in a ranking says something of rivals, so a bidder too sees its own after the close only.
    "matches": f"({OF_CLOSED} OR brief_was_closed(brief_id)) AND {through('bids', 'b', 'b.id = matches.id')}",
    "close_features": through("bids", "b", "b.id = close_features.bid_id"),
    "close_records": through("briefs", "f", f"f.id = close_records.brief_id AND (f.brand_id = {ME} OR {ADMIN})"),
    "briefs": f"brand_id = {ME} OR {ADMIN} OR (published_at IS NOT NULL AND (SELECT app_bids()))",
    "brief_versions": through("briefs", "f", "f.id = brief_versions.brief_id"),
    "brand_assets": through("briefs", "f", "f.id = brand_assets.brief_id"),
    "selections": f"brand_id = {ME} OR {ADMIN}",
    "selection_inputs": through("selections", "s", "s.id = selection_inputs.selection_id"),
    # The sides of a deal ask for one and read what follows from it.
    "reviews": f"{ME} = ANY (party_ids) OR {ADMIN}",
    "review_decisions": ADMIN,
    "party_verifications": ADMIN,
    "deal_prices": f"creator_id = {ME} OR brand_id = {ME} OR told_by_id = {ME} OR agency_id = {ME} OR {ADMIN}"
    f" OR (agency_id IS NULL AND told_by_id = creator_id AND creator_id {MINE})",
    "exclusivity_windows": f"creator_id = {ME} OR agency_id = {ME} OR {ADMIN}"
    f" OR (agency_id IS NULL AND creator_id {MINE})",
    "audience_overlaps": f"creator_id = {ME} OR told_by_id = {ME} OR {ADMIN}"
    f" OR (told_by_id = creator_id AND creator_id {MINE})",
    "audience_sketches": f"creator_id = {ME} OR told_by_id = {ME} OR {ADMIN}"
    f" OR (told_by_id = creator_id AND creator_id {MINE})",
    "video_files": f"party_id {MINE} OR {ADMIN}",
    "video_parts": through("video_files", "v", "v.id = video_parts.video_id"),
    "video_checks": f"party_id = {ME} OR agency_id = {ME} OR (agency_id IS NULL AND party_id {MINE})"
    f" OR ({ADMIN} AND (bid_id IS NULL OR {through('bids', 'b', 'b.id = video_checks.bid_id')}))",
    # Of a check that is shared the brand reads the result alone.
    "video_check_steps": through("video_checks", "c", f"c.id = video_check_steps.check_id AND ({OWN_CHECK})"),
    "video_corrections": through("video_checks", "c", f"c.id = video_corrections.check_id AND ({OWN_CHECK})"),
    "memberships": f"party_id = {ME} OR person_id = {PERSON} OR {ADMIN}",
    "invites": f"party_id = {ME} OR invited_by = {PERSON} OR {ADMIN}",
    "mandates": f"agency_id = {ME} OR creator_id = {ME} OR {ADMIN}",
    "api_keys": f"party_id = {ME} OR {ADMIN}",
    "console_sessions": f"person_id = {PERSON} OR {ADMIN}",
    "imports": f"party_id {MINE} OR {ADMIN}",
    "import_chunks": through("imports", "i", "i.id = import_chunks.import_id"),
    "import_faults": through("imports", "i", "i.id = import_faults.import_id"),
    "channel_proofs": f"creator_id {MINE} OR {ADMIN}",
    "channel_transfers": f"from_creator_id = {ME} OR to_creator_id = {ME} OR {ADMIN}",
    # Answers that are kept for a replay are the caller's own, or of callers who are not signed in.
    "idempotency_keys": f"party_id = coalesce({ME}, '00000000-0000-0000-0000-000000000000')",
    "event_links": f"chain = {ME}",
}
# Written for others to read (an event tells the other side), so only reading is narrowed.
READ_POLICIES = {
    "events": f"party_ids @> ARRAY[{ME}]"
    f" OR ({ADMIN} AND (kind NOT LIKE 'bids.%' OR {through('bids', 'b', 'b.id = events.subject_id')}))"
    " OR (party_ids && (SELECT app_parties()) AND"
    f" split_part(kind, '.', 1) NOT IN ({OF_THE_PARTY_ITSELF})"
    f" AND NOT names_other_agency(party_ids || actor_party_id, {ME}))",
    # When a brief's bidding ends is a secret, and the job that ends it is due then.
    "jobs": f"(party_id = {ME} OR {ADMIN} OR (queue = 'imports' AND party_id {MINE}))"
    " AND NOT (payload ? 'secret_time' AND state IN ('queued', 'leased'))",
}
# Only the system reads and writes these.
CLOSED_TABLES = ("close_draws", "second_factors")
SHARED = f"shared_at IS NOT NULL AND brand_id = {ME}"


def upgrade() -> None:
    for role in (APP, SERVICE):
        op.execute(
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN"
            f" CREATE ROLE {role} NOLOGIN; END IF; END $$"
        )
        # With FORCE the owner needs a policy too: for migrations, dumps and functions that answer on its behalf.
        op.execute(f"GRANT {role} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE")
    op.execute(
        f"DO $$ BEGIN IF NOT pg_has_role('{SERVICE}', '{APP}', 'USAGE') THEN"
        f" GRANT {APP} TO {SERVICE} WITH INHERIT TRUE; END IF; END $$"
    )
    op.execute(f"GRANT USAGE ON SCHEMA public TO {SERVICE}")
    _costs()
    _draws()
    for signature, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {signature} RETURNS {body}")
    for table, rule in POLICIES.items():
        op.execute(f"DROP POLICY IF EXISTS tenant ON {table}")
        op.execute(f"CREATE POLICY tenant ON {table} TO {APP} USING ({rule})")
        _service(table)
    for table, rule in READ_POLICIES.items():
        op.execute(f"DROP POLICY reading ON {table}")
        op.execute(f"CREATE POLICY reading ON {table} FOR SELECT TO {APP} USING ({rule})")
        _service(table)
    op.execute("DROP POLICY shared ON video_checks")
    op.execute(f"CREATE POLICY shared ON video_checks FOR SELECT TO {APP} USING ({SHARED})")
    for table in CLOSED_TABLES:
        _service(table)


def _service(table: str) -> None:
    op.execute(f"CREATE POLICY service ON {table} TO {SERVICE} USING (true)")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def _costs() -> None:
    op.create_table(
        "bid_costs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bid_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("production_cost_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["bid_id"], ["bids.id"], name=op.f("fk_bid_costs_bid_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bid_costs")),
        sa.UniqueConstraint("bid_id", "number", name=op.f("uq_bid_costs_bid_id_number")),
    )
    op.execute(f"REVOKE UPDATE, DELETE ON bid_costs FROM {APP}")
    op.execute(
        "INSERT INTO bid_costs (id, created_at, bid_id, number, production_cost_minor)"
        " SELECT id, created_at, bid_id, number, production_cost_minor FROM bid_revisions"
        " WHERE production_cost_minor IS NOT NULL"
    )
    op.drop_column("bid_revisions", "production_cost_minor")


def _draws() -> None:
    op.create_table(
        "close_draws",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seed", sa.Text(), nullable=True),
        sa.Column("version_id", sa.Uuid(), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["briefs.id"], name=op.f("fk_close_draws_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_close_draws")),
    )
    op.execute(f"REVOKE ALL ON close_draws FROM {APP}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON close_draws TO {SERVICE}")
    op.add_column("briefs", sa.Column("close_commitment", sa.Text(), nullable=True))
    op.execute(
        "UPDATE briefs SET close_commitment = encode(sha256(convert_to(close_seed, 'UTF8')), 'hex')"
        " WHERE close_seed IS NOT NULL"
    )
    # Those that were published before there were windows have a time and no seed.
    op.execute(
        "INSERT INTO close_draws (id, created_at, seed, version_id, closes_at)"
        " SELECT id, now(), close_seed, close_version_id, coalesce(closes_at, bids_close_at) FROM briefs"
        " WHERE status = 'published'"
    )
    op.execute(
        "UPDATE briefs SET closes_at = NULL, close_seed = NULL, close_version_id = NULL WHERE status = 'published'"
    )


# What held before, without the word for the system and the admins.
WAS_MINE = "= ANY (app_parties())"
WAS_BID = f"(b.creator_id {WAS_MINE} OR b.brand_id {WAS_MINE} OR b.agency_id {WAS_MINE})"
WAS_BRIEF = f"(f.brand_id {WAS_MINE} OR f.status <> 'draft')"
FORMER = {
    **dict.fromkeys(("api_keys", "console_sessions", "imports", "memberships", "invites"), f"party_id {WAS_MINE}"),
    **dict.fromkeys(("video_checks", "video_files"), f"party_id {WAS_MINE}"),
    **dict.fromkeys(("audience_overlaps", "audience_sketches", "channel_proofs"), f"creator_id {WAS_MINE}"),
    "exclusivity_windows": f"creator_id {WAS_MINE}",
    "bids": f"creator_id {WAS_MINE} OR brand_id {WAS_MINE} OR agency_id {WAS_MINE}",
    "bid_revisions": through("bids", "b", f"b.id = bid_revisions.bid_id AND {WAS_BID}"),
    "matches": through("bids", "b", f"b.id = matches.id AND {WAS_BID}"),
    "close_features": through("bids", "b", f"b.id = close_features.bid_id AND {WAS_BID}"),
    "close_records": through("briefs", "f", f"f.id = close_records.brief_id AND f.brand_id {WAS_MINE}"),
    "briefs": f"brand_id {WAS_MINE} OR status <> 'draft'",
    "brief_versions": through("briefs", "f", f"f.id = brief_versions.brief_id AND {WAS_BRIEF}"),
    "brand_assets": through("briefs", "f", f"f.id = brand_assets.brief_id AND {WAS_BRIEF}"),
    "selections": f"brand_id {WAS_MINE}",
    "selection_inputs": through("selections", "s", f"s.id = selection_inputs.selection_id AND s.brand_id {WAS_MINE}"),
    "channel_transfers": f"from_creator_id {WAS_MINE} OR to_creator_id {WAS_MINE}",
    "deal_prices": f"creator_id {WAS_MINE} OR brand_id {WAS_MINE}",
    "mandates": f"agency_id {WAS_MINE} OR creator_id {WAS_MINE}",
    "import_chunks": through("imports", "i", f"i.id = import_chunks.import_id AND i.party_id {WAS_MINE}"),
    "import_faults": through("imports", "i", f"i.id = import_faults.import_id AND i.party_id {WAS_MINE}"),
    "video_parts": through("video_files", "f", f"f.id = video_parts.video_id AND f.party_id {WAS_MINE}"),
    "video_check_steps": through("video_checks", "c", f"c.id = video_check_steps.check_id AND c.party_id {WAS_MINE}"),
    "video_corrections": through("video_checks", "c", f"c.id = video_corrections.check_id AND c.party_id {WAS_MINE}"),
    "party_verifications": "false",
    "review_decisions": "false",
    "reviews": "party_ids && app_parties()",
    "idempotency_keys": f"party_id {WAS_MINE} OR party_id = '00000000-0000-0000-0000-000000000000'",
    "event_links": f"chain {WAS_MINE}",
}
FORMER_READING = {"events": "party_ids && app_parties()", "jobs": f"party_id {WAS_MINE}"}


def downgrade() -> None:
    for table in (*POLICIES, *READ_POLICIES, "second_factors"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"DROP POLICY service ON {table}")
    for table in POLICIES:
        op.execute(f"DROP POLICY tenant ON {table}")
    for table in READ_POLICIES:
        op.execute(f"DROP POLICY reading ON {table}")
    op.execute("DROP POLICY shared ON video_checks")
    for name in (signature.partition("(")[0] for signature in FUNCTIONS):
        op.execute(f"DROP FUNCTION {name}")
    op.add_column("bid_revisions", sa.Column("production_cost_minor", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE bid_revisions r SET production_cost_minor = c.production_cost_minor FROM bid_costs c"
        " WHERE c.bid_id = r.bid_id AND c.number = r.number"
    )
    op.drop_table("bid_costs")
    op.execute(
        "UPDATE briefs f SET closes_at = d.closes_at, close_seed = d.seed,"
        " close_version_id = CASE WHEN d.seed IS NOT NULL THEN d.version_id END"
        " FROM close_draws d WHERE d.id = f.id AND f.status = 'published'"
    )
    op.drop_table("close_draws")
    op.drop_column("briefs", "close_commitment")
    for table, rule in FORMER.items():
        op.execute(f"CREATE POLICY tenant ON {table} TO {APP} USING ({ADMIN} OR {rule})")
    for table, rule in FORMER_READING.items():
        op.execute(f"CREATE POLICY reading ON {table} FOR SELECT TO {APP} USING ({ADMIN} OR {rule})")
    shared = f"shared_at IS NOT NULL AND brand_id {WAS_MINE}"
    op.execute(f"CREATE POLICY shared ON video_checks FOR SELECT TO {APP} USING ({shared})")
    op.execute(f"REVOKE USAGE ON SCHEMA public FROM {SERVICE}")
