"""option costs

A revision keeps the most that each of its options can cost, so that choosing a set reads no price document again.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# The first option is the bid's own price: its fixed part, and the floor where nothing follows the views, else the cap.
# Another length replaces the headline amount: that of a flat, barter or hybrid price is part of the fixed one, that of
# the others is a rate, which the cap bounds whatever it is. A share of sales has no headline and no other options.
COSTS = """
UPDATE bid_revisions r SET option_costs = ARRAY[own.cost] || CASE WHEN r.pricing_model = 'commission' THEN '{}' ELSE
  coalesce((SELECT array_agg(own.cost + CASE WHEN r.pricing_model IN ('flat', 'barter', 'hybrid')
      THEN (item.value -> 'amount' ->> 'amount_minor')::float8
        - (coalesce(r.price -> 'amount', r.price -> 'value', r.price -> 'fixed') ->> 'amount_minor')::float8
      ELSE 0 END ORDER BY item.position)
    FROM jsonb_array_elements(r.options) WITH ORDINALITY item (value, position) WHERE item.position > 1), '{}')
  END
FROM (SELECT id, terms[1] + CASE WHEN terms[2] = 0 THEN terms[3] ELSE terms[4] END AS cost FROM bid_revisions) own
WHERE own.id = r.id
"""


def upgrade() -> None:
    op.add_column("bid_revisions", sa.Column("option_costs", postgresql.ARRAY(sa.Double()), nullable=True))
    op.execute(COSTS)
    op.alter_column("bid_revisions", "option_costs", nullable=False)


def downgrade() -> None:
    op.drop_column("bid_revisions", "option_costs")
