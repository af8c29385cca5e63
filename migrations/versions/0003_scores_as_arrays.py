"""scores as arrays

What a scoring reads and writes gets one width for each column, so that a brief's bids go through it as one array. A bid
keeps its price as five numbers beside the document. Features and matches are made from other rows: both tables are made
anew and filled by the next catch-up. A match takes its bid's id, and has no foreign keys: its ids are read from the
bid's own rows in the transaction that writes it, bids are never deleted, and checking each again would cost more than
the scoring.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

DOUBLES = postgresql.ARRAY(sa.Double())
TEXTS = postgresql.ARRAY(sa.Text())
ROLE = "inlay_app"
POLICY = (
    "(SELECT app_all()) OR EXISTS (SELECT 1 FROM bids b WHERE b.id = {} AND (b.creator_id = ANY (app_parties())"
    " OR b.brand_id = ANY (app_parties()) OR b.agency_id = ANY (app_parties())))"
)

# The price document as fixed, unit, floor, cap and videos (bids.pricing.terms, as it was when this was written).
TERMS = """
UPDATE bid_revisions r SET terms = ARRAY[t.fixed, t.unit, t.floor, t.cap, t.videos] FROM (
  SELECT d.id, d.videos,
    d.rights + CASE WHEN d.follows ->> 'model' IN ('flat', 'barter')
      THEN (coalesce(d.price -> 'amount', d.price -> 'value') ->> 'amount_minor')::float8
      ELSE coalesce((d.price -> 'fixed' ->> 'amount_minor')::float8, 0) END AS fixed,
    d.videos * CASE d.follows ->> 'model'
      WHEN 'cpm' THEN d.rate / 1000 WHEN 'cpv' THEN d.rate WHEN 'cpa' THEN d.rate * d.actions
      WHEN 'commission' THEN (d.follows ->> 'basis_points')::float8 / 10000 * d.actions
        * coalesce((d.follows -> 'order_value' ->> 'amount_minor')::float8, 'NaN')
      ELSE 0 END AS unit,
    coalesce((coalesce(nullif(d.follows -> 'floor', 'null'), nullif(d.follows -> 'minimum', 'null'))
      ->> 'amount_minor')::float8, 0) AS floor,
    coalesce((d.follows -> 'cap' ->> 'amount_minor')::float8, 'Infinity') AS cap
  FROM (
    SELECT id, price, CASE WHEN pricing_model = 'hybrid' THEN price -> 'variable' ELSE price END AS follows,
      ((CASE WHEN pricing_model = 'hybrid' THEN price -> 'variable' ELSE price END) -> 'rate' ->> 'amount_minor')::float8
        AS rate,
      coalesce(((CASE WHEN pricing_model = 'hybrid' THEN price -> 'variable' ELSE price END)
        ->> 'actions_per_thousand_views')::float8 / 1000, 'NaN') AS actions,
      coalesce((SELECT sum((value ->> 'amount_minor')::float8)
        FROM jsonb_each(CASE jsonb_typeof(price -> 'rights') WHEN 'object' THEN price -> 'rights' ELSE '{}' END)
        WHERE value <> 'null'), 0) AS rights,
      greatest(1, coalesce((SELECT sum((one ->> 'count')::float8) FROM jsonb_array_elements(deliverables) one
        WHERE one ->> 'kind' <> 'image'), 1)) AS videos
    FROM bid_revisions
  ) d
) t WHERE t.id = r.id
"""


def upgrade() -> None:
    op.add_column("bid_revisions", sa.Column("terms", DOUBLES, nullable=True))
    op.execute(TERMS)
    op.alter_column("bid_revisions", "terms", nullable=False)
    op.drop_table("matches")
    op.drop_table("channel_features")
    op.create_table(
        "channel_features",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("snapshot_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=False) for name in ("log_centre", "scale", "df", "smear")),
        sa.Column("n_used", sa.BigInteger(), nullable=False),
        sa.Column("from_history", sa.Boolean(), nullable=False),
        sa.Column("tier", sa.BigInteger(), nullable=False),
        sa.Column("ad_load", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("shares", sa.LargeBinary(), nullable=False),
        sa.Column("flags", sa.BigInteger(), nullable=False),
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
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("id", "brief_id", "revision_id")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("brief_version_id", sa.Uuid(), nullable=False),
        sa.Column("snapshot_id", sa.Uuid(), nullable=True),
        sa.Column("features_fingerprint", sa.Text(), nullable=True),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=True) for name in ("overall", "overall_low", "overall_high")),
        sa.Column("numbers", DOUBLES, nullable=False),
        sa.Column("peers", sa.Text(), nullable=False),
        sa.Column("flags", sa.BigInteger(), nullable=False),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matches")),
    )
    op.create_index("ix_matches_brief_rank", "matches", ["brief_id", "rank"], unique=False)
    op.execute("ALTER TABLE matches ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON matches TO {ROLE} USING ({POLICY.format('matches.id')})")


def downgrade() -> None:
    op.drop_table("matches")
    op.drop_table("channel_features")
    op.drop_column("bid_revisions", "terms")
    op.create_table(
        "channel_features",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel_id", sa.Uuid(), sa.ForeignKey("channels.id"), nullable=False, unique=True),
        sa.Column("snapshot_id", sa.Uuid(), sa.ForeignKey("audience_snapshots.id"), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=False) for name in ("log_centre", "scale", "df", "smear")),
        sa.Column("n_used", sa.BigInteger(), nullable=False),
        sa.Column("from_history", sa.Boolean(), nullable=False),
        sa.Column("tier", sa.BigInteger(), nullable=False),
        sa.Column("ad_load", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        *(sa.Column(name, postgresql.ARRAY(sa.REAL()), nullable=False) for name in ("age_gender", "regions")),
        sa.Column("unknown", postgresql.JSONB(), nullable=False),
        sa.Column("audience_flags", TEXTS, nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_features")),
    )
    uuids = ("id", "bid_id", "brief_id", "revision_id", "brief_version_id")
    op.create_table(
        "matches",
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in uuids),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("features_fingerprint", sa.Text(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("model_version", "fingerprint")),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=True) for name in ("overall", "overall_low", "overall_high")),
        *(sa.Column(name, sa.Double(), nullable=True) for name in ("intrusiveness_low", "intrusiveness_high")),
        sa.Column("parts", postgresql.JSONB(), nullable=False),
        *(sa.Column(name, TEXTS, nullable=False) for name in ("reasons", "flags")),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["bid_id"], ["bids.id"], name=op.f("fk_matches_bid_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matches")),
        sa.UniqueConstraint("bid_id", name=op.f("uq_matches_bid_id")),
    )
    op.create_index("ix_matches_brief_rank", "matches", ["brief_id", "rank"], unique=False)
    op.execute("ALTER TABLE matches ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON matches TO {ROLE} USING ({POLICY.format('bid_id')})")
