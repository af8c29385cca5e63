"""close records

From its close on a brief's bids are scored on what was known then. Briefs that are closed already keep what is known of
their channels now, as nothing older is stored. An accepted bid names its option and the most that it costs.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ROLE = "inlay_app"
OF_BRAND = "EXISTS (SELECT 1 FROM briefs f WHERE f.id = {} AND f.brand_id = ANY (app_parties()))"
FEATURES = (
    sa.Column("snapshot_id", sa.Uuid()),
    sa.Column("fingerprint", sa.Text()),
    *(sa.Column(name, sa.Double()) for name in ("log_centre", "scale", "df", "smear")),
    sa.Column("n_used", sa.BigInteger()),
    sa.Column("from_history", sa.Boolean()),
    sa.Column("tier", sa.BigInteger()),
    sa.Column("ad_load", sa.Double()),
    sa.Column("seconds", sa.Double()),
    sa.Column("language", sa.Text()),
    sa.Column("shares", sa.LargeBinary()),
    sa.Column("flags", sa.BigInteger()),
    sa.Column("computed_at", sa.DateTime(timezone=True)),
    sa.Column("from_median", sa.Boolean()),
    *(
        sa.Column(name, sa.Double())
        for name in ("platform_views", "platform_weight", "sponsored_gap", "sponsored_low", "sponsored_high")
    ),
    sa.Column("sponsored_videos", sa.BigInteger()),
    sa.Column("other_videos", sa.BigInteger()),
)

# One measurement of a pair counts, as in matching.overlap.service: the newest of the most reliable method.
RECORDS = """
INSERT INTO close_records (id, created_at, brief_id, number, brief_version_id, forecast_model, price_model,
  overlap_model, pairs)
SELECT gen_random_uuid(), coalesce(f.closed_at, now()), f.id, 1, f.version_id,
  (SELECT fingerprint FROM forecast_models ORDER BY id DESC LIMIT 1),
  (SELECT fingerprint FROM price_models ORDER BY id DESC LIMIT 1),
  (SELECT fingerprint FROM overlap_models ORDER BY id DESC LIMIT 1),
  coalesce((SELECT jsonb_agg(jsonb_build_array(p.channel_id, p.other_channel_id, p.people, p.other_people, p.value))
    FROM (SELECT DISTINCT ON (least(o.channel_id, o.other_channel_id), greatest(o.channel_id, o.other_channel_id)) o.*
      FROM audience_overlaps o WHERE o.confirmed_at IS NOT NULL
      AND o.channel_id IN (SELECT channel_id FROM bids WHERE brief_id = f.id)
      AND o.other_channel_id IN (SELECT channel_id FROM bids WHERE brief_id = f.id)
      ORDER BY least(o.channel_id, o.other_channel_id), greatest(o.channel_id, o.other_channel_id),
        array_position(ARRAY['measured_ids', 'panel', 'platform_report', 'comment_sample', 'tool_estimate'],
          o.method::text), o.measured_on DESC, o.id DESC) p), '[]')
FROM briefs f WHERE f.status = 'closed'
"""


def upgrade() -> None:
    op.create_table(
        "close_records",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("brief_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("brief_version_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("forecast_model", "price_model", "overlap_model")),
        sa.Column("pairs", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["brief_id"], ["briefs.id"], name=op.f("fk_close_records_brief_id")),
        sa.ForeignKeyConstraint(
            ["brief_version_id"], ["brief_versions.id"], name=op.f("fk_close_records_brief_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_close_records")),
        sa.UniqueConstraint("brief_id", "number", name=op.f("uq_close_records_brief_id_number")),
    )
    op.create_table(
        "close_features",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("bid_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        *FEATURES,
        sa.ForeignKeyConstraint(["record_id"], ["close_records.id"], name=op.f("fk_close_features_record_id")),
        sa.ForeignKeyConstraint(["bid_id"], ["bids.id"], name=op.f("fk_close_features_bid_id")),
        sa.PrimaryKeyConstraint("record_id", "bid_id", name=op.f("pk_close_features")),
    )
    op.create_index(op.f("ix_close_features_bid_id"), "close_features", ["bid_id"])
    op.add_column("matches", sa.Column("computed", postgresql.JSONB(), nullable=True))
    op.add_column("bids", sa.Column("accepted_option", sa.BigInteger(), nullable=True))
    op.add_column("bids", sa.Column("accepted_cost_minor", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE bids b SET accepted_option = 0, accepted_cost_minor = CASE WHEN r.option_costs[1] < 9e15"
        " THEN ceil(r.option_costs[1]) END FROM bid_revisions r WHERE r.id = b.revision_id AND b.status = 'accepted'"
    )
    op.execute(RECORDS)
    names = ", ".join(column.name for column in FEATURES)
    op.execute(
        f"INSERT INTO close_features (record_id, bid_id, channel_id, {names}) SELECT k.id, b.id, b.channel_id,"
        f" {', '.join(f'c.{column.name}' for column in FEATURES)} FROM close_records k JOIN bids b"
        " ON b.brief_id = k.brief_id AND b.status IN ('open', 'accepted', 'declined')"
        " LEFT JOIN channel_features c ON c.channel_id = b.channel_id"
    )
    # A record is its brand's to read; a bid's features are its own side's too.
    rules = {
        "close_records": OF_BRAND.format("brief_id"),
        "close_features": "EXISTS (SELECT 1 FROM bids b WHERE b.id = bid_id AND (b.creator_id = ANY (app_parties())"
        " OR b.brand_id = ANY (app_parties()) OR b.agency_id = ANY (app_parties())))",
    }
    for table, rule in rules.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} TO {ROLE} USING ((SELECT app_all()) OR {rule})")


def downgrade() -> None:
    op.drop_column("bids", "accepted_cost_minor")
    op.drop_column("bids", "accepted_option")
    op.drop_column("matches", "computed")
    op.drop_table("close_features")
    op.drop_table("close_records")
