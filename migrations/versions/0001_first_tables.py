"""first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_table(
        "events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("party_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("actor_role", sa.Text(), nullable=False),
        sa.Column("actor_party_id", sa.Uuid(), nullable=True),
        sa.Column("actor_person_id", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("relayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_party_ids", "events", ["party_ids"], unique=False, postgresql_using="gin")
    op.create_index(op.f("ix_events_subject_id"), "events", ["subject_id"], unique=False)
    op.create_index("ix_events_waiting", "events", ["id"], unique=False, postgresql_where=sa.text("relayed_at IS NULL"))
    op.create_table(
        "forecast_models",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("channels", sa.BigInteger(), nullable=False),
        sa.Column("fitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forecast_models")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_forecast_models_fingerprint")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_keys")),
        sa.UniqueConstraint("party_id", "key", name=op.f("uq_idempotency_keys_party_id_key")),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], unique=False)
    op.create_table(
        "job_probes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_probes")),
    )
    op.create_index(op.f("ix_job_probes_job_id"), "job_probes", ["job_id"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("dedupe_key", sa.Text(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "state",
            sa.Enum("queued", "leased", "done", "dead", "cancelled", name="jobstate", native_enum=False, length=None),
            nullable=False,
        ),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("max_attempts", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("lease_s", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("cancel_asked", sa.Boolean(), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index("ix_jobs_dead", "jobs", ["id"], unique=False, postgresql_where=sa.text("state = 'dead'"))
    op.create_index(
        "ix_jobs_due",
        "jobs",
        ["queue", "priority", "next_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued', 'leased')"),
    )
    op.create_index(op.f("ix_jobs_party_id"), "jobs", ["party_id"], unique=False)
    op.create_index(op.f("ix_jobs_subject_id"), "jobs", ["subject_id"], unique=False)
    op.create_index(
        "uq_jobs_dedupe_key", "jobs", ["dedupe_key"], unique=True, postgresql_where=sa.text("state = 'queued'")
    )
    op.create_table(
        "parties",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("brand", "creator", "agency", "platform", name="partykind", native_enum=False, length=None),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("active", "unclaimed", "suspended", name="partystatus", native_enum=False, length=None),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parties")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    op.create_index("uq_people_email", "people", [sa.literal_column("lower(email)")], unique=True)
    op.create_table(
        "reviews",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=False),
        sa.Column("party_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("needs_two", sa.Boolean(), nullable=False),
        sa.Column("risks", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("seen_fingerprint", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "open", "held", "second", "approved", "rejected", name="reviewstatus", native_enum=False, length=None
            ),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("subject_kind", "subject_id", name=op.f("uq_reviews_subject_kind_subject_id")),
    )
    op.create_index(op.f("ix_reviews_about_id"), "reviews", ["about_id"], unique=False)
    op.create_index("ix_reviews_queue", "reviews", ["status", "priority", "id"], unique=False)
    op.create_table(
        "worker_beats",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("drained_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_beats")),
        sa.UniqueConstraint("name", name=op.f("uq_worker_beats_name")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_api_keys_party_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_api_keys_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("public_id", name=op.f("uq_api_keys_public_id")),
    )
    op.create_index(op.f("ix_api_keys_party_id"), "api_keys", ["party_id"], unique=False)
    op.create_table(
        "briefs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("bids_close_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "status",
            sa.Enum("draft", "published", "closed", "cancelled", name="briefstatus", native_enum=False, length=None),
            nullable=False,
        ),
        sa.Column("version_id", sa.Uuid(), nullable=True),
        sa.Column("version_number", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["parties.id"], name=op.f("fk_briefs_brand_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_briefs")),
    )
    op.create_index(op.f("ix_briefs_brand_id"), "briefs", ["brand_id"], unique=False)
    op.create_index(op.f("ix_briefs_status"), "briefs", ["status"], unique=False)
    op.create_table(
        "channels",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("account_key", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("verticals", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "status",
            sa.Enum("active", "archived", name="channelstatus", native_enum=False, length=None),
            nullable=False,
        ),
        sa.Column("snapshot_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["creator_id"], ["parties.id"], name=op.f("fk_channels_creator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channels")),
        sa.UniqueConstraint("platform", "account_key", name=op.f("uq_channels_platform_account_key")),
    )
    op.create_index(op.f("ix_channels_creator_id"), "channels", ["creator_id"], unique=False)
    op.create_table(
        "console_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_console_sessions_party_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_console_sessions_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_console_sessions_token_hash")),
    )
    op.create_index(op.f("ix_console_sessions_person_id"), "console_sessions", ["person_id"], unique=False)
    op.create_table(
        "imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("shape", sa.Text(), nullable=True),
        sa.Column(
            "mode",
            sa.Enum("all_or_nothing", "skip_bad_rows", name="importmode", native_enum=False, length=None),
            nullable=False,
        ),
        sa.Column("create_creators", sa.Boolean(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("received", "done", "failed", "cancelled", name="importstatus", native_enum=False, length=None),
            nullable=False,
        ),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("rows_done", sa.BigInteger(), nullable=False),
        sa.Column("rows_bad", sa.BigInteger(), nullable=False),
        sa.Column("channels_new", sa.BigInteger(), nullable=False),
        sa.Column("snapshots_new", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_imports_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_index(op.f("ix_imports_party_id"), "imports", ["party_id"], unique=False)
    op.create_table(
        "invites",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("permissions", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["invited_by"], ["people.id"], name=op.f("fk_invites_invited_by")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_invites_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invites")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invites_token_hash")),
    )
    op.create_index(op.f("ix_invites_party_id"), "invites", ["party_id"], unique=False)
    op.create_table(
        "mandates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("share_basis_points", sa.BigInteger(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("offered", "active", "declined", "ended", name="mandatestatus", native_enum=False, length=None),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("agency_id"), "="),
            (sa.column("creator_id"), "="),
            (sa.text("daterange(starts_on, ends_on, '[]')"), "&&"),
            where=sa.text("status IN ('offered', 'active')"),
            using="gist",
            name="ex_mandates_no_overlap",
        ),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_mandates_dates_in_order")),
        sa.CheckConstraint("share_basis_points BETWEEN 0 AND 10000", name=op.f("ck_mandates_share_range")),
        sa.ForeignKeyConstraint(["agency_id"], ["parties.id"], name=op.f("fk_mandates_agency_id")),
        sa.ForeignKeyConstraint(["creator_id"], ["parties.id"], name=op.f("fk_mandates_creator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mandates")),
    )
    op.create_index(op.f("ix_mandates_agency_id"), "mandates", ["agency_id"], unique=False)
    op.create_index(op.f("ix_mandates_creator_id"), "mandates", ["creator_id"], unique=False)
    op.create_table(
        "memberships",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("permissions", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_memberships_party_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_memberships_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
        sa.UniqueConstraint("person_id", "party_id", name=op.f("uq_memberships_person_id_party_id")),
    )
    op.create_index(op.f("ix_memberships_party_id"), "memberships", ["party_id"], unique=False)
    op.create_table(
        "review_decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("override", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("seen", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"], name=op.f("fk_review_decisions_review_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_decisions")),
    )
    op.create_index("ix_review_decisions_review_id", "review_decisions", ["review_id"], unique=False)
    op.create_table(
        "audience_snapshots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("evidence_hash", sa.Text(), nullable=False),
        sa.Column("followers", sa.BigInteger(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("margins", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rate_card", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("flags", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("series_hash", sa.Text(), nullable=True),
        sa.CheckConstraint("followers >= 0", name=op.f("ck_audience_snapshots_followers_not_negative")),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_audience_snapshots_channel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audience_snapshots")),
        sa.UniqueConstraint("channel_id", "evidence_hash", name=op.f("uq_audience_snapshots_channel_id_evidence_hash")),
    )
    op.create_index(op.f("ix_audience_snapshots_channel_id"), "audience_snapshots", ["channel_id"], unique=False)
    op.create_index(op.f("ix_audience_snapshots_series_hash"), "audience_snapshots", ["series_hash"], unique=False)
    op.create_table(
        "bids",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("brief_id", sa.Uuid(), nullable=False),
        sa.Column("brand_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("creator_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "open", "withdrawn", "accepted", "declined", "void", name="bidstatus", native_enum=False, length=None
            ),
            nullable=False,
        ),
        sa.Column("revision_id", sa.Uuid(), nullable=True),
        sa.Column("revision_number", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["parties.id"], name=op.f("fk_bids_agency_id")),
        sa.ForeignKeyConstraint(["brand_id"], ["parties.id"], name=op.f("fk_bids_brand_id")),
        sa.ForeignKeyConstraint(["brief_id"], ["briefs.id"], name=op.f("fk_bids_brief_id")),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_bids_channel_id")),
        sa.ForeignKeyConstraint(["creator_id"], ["parties.id"], name=op.f("fk_bids_creator_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bids")),
    )
    op.create_index(op.f("ix_bids_agency_id"), "bids", ["agency_id"], unique=False)
    op.create_index(op.f("ix_bids_brand_id"), "bids", ["brand_id"], unique=False)
    op.create_index("ix_bids_brief_status", "bids", ["brief_id", "status"], unique=False)
    op.create_index(op.f("ix_bids_channel_id"), "bids", ["channel_id"], unique=False)
    op.create_index(op.f("ix_bids_creator_id"), "bids", ["creator_id"], unique=False)
    op.create_index(
        "uq_bids_one_open", "bids", ["brief_id", "channel_id"], unique=True, postgresql_where=sa.text("status = 'open'")
    )
    op.create_table(
        "brand_assets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("brief_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["brief_id"], ["briefs.id"], name=op.f("fk_brand_assets_brief_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brand_assets")),
        sa.UniqueConstraint("brief_id", "sha256", name=op.f("uq_brand_assets_brief_id_sha256")),
    )
    op.create_index(op.f("ix_brand_assets_brief_id"), "brand_assets", ["brief_id"], unique=False)
    op.create_table(
        "brief_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("brief_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("budget_minor", sa.BigInteger(), nullable=False),
        sa.Column("ceiling_minor", sa.BigInteger(), nullable=True),
        sa.Column("tolerance", sa.BigInteger(), nullable=False),
        sa.Column("bids_close_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("budget_minor > 0", name=op.f("ck_brief_versions_budget_positive")),
        sa.ForeignKeyConstraint(["brief_id"], ["briefs.id"], name=op.f("fk_brief_versions_brief_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brief_versions")),
        sa.UniqueConstraint("brief_id", "number", name=op.f("uq_brief_versions_brief_id_number")),
    )
    op.create_index(op.f("ix_brief_versions_category"), "brief_versions", ["category"], unique=False)
    op.create_table(
        "import_chunks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_import_chunks_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_chunks")),
        sa.UniqueConstraint("import_id", "number", name=op.f("uq_import_chunks_import_id_number")),
    )
    op.create_table(
        "import_faults",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row_number", sa.BigInteger(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("message_zh", sa.Text(), nullable=False),
        sa.Column("message_en", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_import_faults_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_faults")),
    )
    op.create_index("ix_import_faults_place", "import_faults", ["import_id", "row_number"], unique=False)
    op.create_table(
        "videos",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("views", sa.BigInteger(), nullable=False),
        sa.Column("likes", sa.BigInteger(), nullable=True),
        sa.Column("comments", sa.BigInteger(), nullable=True),
        sa.Column("shares", sa.BigInteger(), nullable=True),
        sa.Column("duration_s", sa.Double(), nullable=True),
        sa.Column("sponsored", sa.Boolean(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_videos_channel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_videos")),
        sa.UniqueConstraint("channel_id", "external_id", name=op.f("uq_videos_channel_id_external_id")),
    )
    op.create_index("ix_videos_channel_published", "videos", ["channel_id", "published_at"], unique=False)
    op.create_table(
        "bid_revisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bid_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("brief_version_id", sa.Uuid(), nullable=False),
        sa.Column("pricing_model", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("price", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("deliverables", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("production_cost_minor", sa.BigInteger(), nullable=True),
        sa.Column("forecast_claim", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("commitment", sa.Text(), nullable=False),
        sa.Column("raw_low", postgresql.ARRAY(sa.Double()), nullable=False),
        sa.Column("raw_high", postgresql.ARRAY(sa.Double()), nullable=False),
        sa.Column("prominence_low", sa.Double(), nullable=False),
        sa.Column("prominence_high", sa.Double(), nullable=False),
        sa.Column("plan_version", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["bid_id"], ["bids.id"], name=op.f("fk_bid_revisions_bid_id")),
        sa.ForeignKeyConstraint(
            ["brief_version_id"], ["brief_versions.id"], name=op.f("fk_bid_revisions_brief_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bid_revisions")),
        sa.UniqueConstraint("bid_id", "number", name=op.f("uq_bid_revisions_bid_id_number")),
    )
    op.create_table(
        "channel_features",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("snapshot_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("log_centre", sa.Double(), nullable=False),
        sa.Column("scale", sa.Double(), nullable=False),
        sa.Column("df", sa.Double(), nullable=False),
        sa.Column("smear", sa.Double(), nullable=False),
        sa.Column("n_used", sa.BigInteger(), nullable=False),
        sa.Column("from_history", sa.Boolean(), nullable=False),
        sa.Column("tier", sa.BigInteger(), nullable=False),
        sa.Column("ad_load", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("age_gender", postgresql.ARRAY(sa.REAL()), nullable=False),
        sa.Column("regions", postgresql.ARRAY(sa.REAL()), nullable=False),
        sa.Column("unknown", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("audience_flags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_channel_features_channel_id")),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["audience_snapshots.id"], name=op.f("fk_channel_features_snapshot_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_features")),
        sa.UniqueConstraint("channel_id", name=op.f("uq_channel_features_channel_id")),
    )
    op.create_table(
        "matches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bid_id", sa.Uuid(), nullable=False),
        sa.Column("brief_id", sa.Uuid(), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("brief_version_id", sa.Uuid(), nullable=False),
        sa.Column("features_fingerprint", sa.Text(), nullable=True),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("overall", sa.Double(), nullable=True),
        sa.Column("overall_low", sa.Double(), nullable=True),
        sa.Column("overall_high", sa.Double(), nullable=True),
        sa.Column("intrusiveness_low", sa.Double(), nullable=True),
        sa.Column("intrusiveness_high", sa.Double(), nullable=True),
        sa.Column("parts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("flags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["bid_id"], ["bids.id"], name=op.f("fk_matches_bid_id")),
        sa.ForeignKeyConstraint(["brief_id"], ["briefs.id"], name=op.f("fk_matches_brief_id")),
        sa.ForeignKeyConstraint(["brief_version_id"], ["brief_versions.id"], name=op.f("fk_matches_brief_version_id")),
        sa.ForeignKeyConstraint(["revision_id"], ["bid_revisions.id"], name=op.f("fk_matches_revision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matches")),
        sa.UniqueConstraint("bid_id", name=op.f("uq_matches_bid_id")),
    )
    op.create_index("ix_matches_brief_rank", "matches", ["brief_id", "rank"], unique=False)

    op.create_foreign_key("fk_channels_snapshot_id", "channels", "audience_snapshots", ["snapshot_id"], ["id"])
    op.create_foreign_key("fk_briefs_version_id", "briefs", "brief_versions", ["version_id"], ["id"])
    op.create_foreign_key("fk_bids_revision_id", "bids", "bid_revisions", ["revision_id"], ["id"])


def downgrade() -> None:
    op.drop_constraint("fk_channels_snapshot_id", "channels")
    op.drop_constraint("fk_briefs_version_id", "briefs")
    op.drop_constraint("fk_bids_revision_id", "bids")
    op.drop_index("ix_matches_brief_rank", table_name="matches")
    op.drop_table("matches")
    op.drop_table("channel_features")
    op.drop_table("bid_revisions")
    op.drop_index("ix_videos_channel_published", table_name="videos")
    op.drop_table("videos")
    op.drop_index("ix_import_faults_place", table_name="import_faults")
    op.drop_table("import_faults")
    op.drop_table("import_chunks")
    op.drop_index(op.f("ix_brief_versions_category"), table_name="brief_versions")
    op.drop_table("brief_versions")
    op.drop_index(op.f("ix_brand_assets_brief_id"), table_name="brand_assets")
    op.drop_table("brand_assets")
    op.drop_index("uq_bids_one_open", table_name="bids", postgresql_where=sa.text("status = 'open'"))
    op.drop_index(op.f("ix_bids_creator_id"), table_name="bids")
    op.drop_index(op.f("ix_bids_channel_id"), table_name="bids")
    op.drop_index("ix_bids_brief_status", table_name="bids")
    op.drop_index(op.f("ix_bids_brand_id"), table_name="bids")
    op.drop_index(op.f("ix_bids_agency_id"), table_name="bids")
    op.drop_table("bids")
    op.drop_index(op.f("ix_audience_snapshots_series_hash"), table_name="audience_snapshots")
    op.drop_index(op.f("ix_audience_snapshots_channel_id"), table_name="audience_snapshots")
    op.drop_table("audience_snapshots")
    op.drop_index("ix_review_decisions_review_id", table_name="review_decisions")
    op.drop_table("review_decisions")
    op.drop_index(op.f("ix_memberships_party_id"), table_name="memberships")
    op.drop_table("memberships")
    op.drop_index(op.f("ix_mandates_creator_id"), table_name="mandates")
    op.drop_index(op.f("ix_mandates_agency_id"), table_name="mandates")
    op.drop_table("mandates")
    op.drop_index(op.f("ix_invites_party_id"), table_name="invites")
    op.drop_table("invites")
    op.drop_index(op.f("ix_imports_party_id"), table_name="imports")
    op.drop_table("imports")
    op.drop_index(op.f("ix_console_sessions_person_id"), table_name="console_sessions")
    op.drop_table("console_sessions")
    op.drop_index(op.f("ix_channels_creator_id"), table_name="channels")
    op.drop_table("channels")
    op.drop_index(op.f("ix_briefs_status"), table_name="briefs")
    op.drop_index(op.f("ix_briefs_brand_id"), table_name="briefs")
    op.drop_table("briefs")
    op.drop_index(op.f("ix_api_keys_party_id"), table_name="api_keys")
    op.drop_table("api_keys")
    op.drop_table("worker_beats")
    op.drop_index("ix_reviews_queue", table_name="reviews")
    op.drop_index(op.f("ix_reviews_about_id"), table_name="reviews")
    op.drop_table("reviews")
    op.drop_index("uq_people_email", table_name="people")
    op.drop_table("people")
    op.drop_table("parties")
    op.drop_index("uq_jobs_dedupe_key", table_name="jobs", postgresql_where=sa.text("state = 'queued'"))
    op.drop_index(op.f("ix_jobs_subject_id"), table_name="jobs")
    op.drop_index(op.f("ix_jobs_party_id"), table_name="jobs")
    op.drop_index("ix_jobs_due", table_name="jobs", postgresql_where=sa.text("state IN ('queued', 'leased')"))
    op.drop_index("ix_jobs_dead", table_name="jobs", postgresql_where=sa.text("state = 'dead'"))
    op.drop_table("jobs")
    op.drop_index(op.f("ix_job_probes_job_id"), table_name="job_probes")
    op.drop_table("job_probes")
    op.drop_index("ix_idempotency_keys_created_at", table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_table("forecast_models")
    op.drop_index("ix_events_waiting", table_name="events", postgresql_where=sa.text("relayed_at IS NULL"))
    op.drop_index(op.f("ix_events_subject_id"), table_name="events")
    op.drop_index("ix_events_party_ids", table_name="events", postgresql_using="gin")
    op.drop_table("events")
