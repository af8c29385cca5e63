"""counted figures

What a bidder expects of its own sales, and what it declares that bartered goods are worth, counts no more: prices by
actions or sales have no cost of a view of their own, goods count at the brief's value. Channels' features say what
flagged figures count at most and how much of a party's own word counts. Videos keep the last views that growth
explains, and their day.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_SALES = (
    "(pricing_model IN ('cpa', 'commission')"
    " OR pricing_model = 'hybrid' AND price -> 'variable' ->> 'model' IN ('cpa', 'commission'))"
)
# A claim of no sales made the floor the most that such a price could cost; the cap is.
NO_CLAIMED_SALES = f"""
UPDATE bid_revisions SET terms[2] = 'NaN', option_costs = CASE WHEN terms[2] = 0
  THEN (SELECT array_agg(cost + terms[4] - terms[3] ORDER BY position)
    FROM unnest(option_costs) WITH ORDINALITY o (cost, position))
  ELSE option_costs END
WHERE {_SALES}
"""
GOODS = """
UPDATE bid_revisions r SET terms[1] = goods.cost, option_costs = array_fill(goods.cost, ARRAY[cardinality(option_costs)])
FROM (SELECT r.id, coalesce(r.terms[1] - (r.price -> 'value' ->> 'amount_minor')::float8
    + (v.content -> 'product' -> 'value' ->> 'amount_minor')::float8, 'NaN') AS cost
  FROM bid_revisions r LEFT JOIN brief_versions v ON v.id = r.brief_version_id WHERE r.pricing_model = 'barter') goods
WHERE goods.id = r.id
"""
# The records of closed briefs keep the columns of features.
_FEATURES = ("channel_features", "close_features")


def upgrade() -> None:
    for table in _FEATURES:
        op.add_column(table, sa.Column("peers_upper", sa.Double(), nullable=True))
    op.add_column("channel_features", sa.Column("source_weight", sa.Double(), nullable=False, server_default="1"))
    op.add_column("close_features", sa.Column("source_weight", sa.Double(), nullable=True))
    op.execute("UPDATE close_features SET source_weight = 1 WHERE snapshot_id IS NOT NULL")
    op.execute(NO_CLAIMED_SALES)
    op.execute(GOODS)
    # When the figures of older rows were told is not known; their first day is taken, the earliest that it can be.
    op.add_column("videos", sa.Column("believed_views", sa.BigInteger(), nullable=True))
    op.add_column("videos", sa.Column("believed_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("videos", "believed_on")
    op.drop_column("videos", "believed_views")
    for table in _FEATURES:
        op.drop_column(table, "source_weight")
        op.drop_column(table, "peers_upper")
