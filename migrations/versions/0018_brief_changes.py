"""brief changes

A bid says by which version of its brief its side stands, how many wordings it may have, and whether it offers all that
is asked. A brief says when it was called off, when it last changed in what matters, and when open bids lapse.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# The version that the current wording answered; a bid without a wording never was, for both are written at once.
STANDS_BY = """
UPDATE bids b SET brief_version_id = r.brief_version_id FROM bid_revisions r WHERE r.id = b.revision_id
"""
# For each kind that the version asks of the channel's platform, the bid offers fewer.
IN_PART = """
UPDATE bids b SET answers_in_part = true
FROM bid_revisions r, brief_versions v, channels c
WHERE r.id = b.revision_id AND v.id = r.brief_version_id AND c.id = b.channel_id AND EXISTS (
  SELECT 1 FROM (
    SELECT line ->> 'kind' AS kind, sum((line ->> 'count')::bigint) AS count
    FROM jsonb_array_elements(v.content -> 'deliverables') line
    WHERE coalesce(line ->> 'platform', c.platform) = c.platform GROUP BY 1) asked
  WHERE asked.count > coalesce((
    SELECT sum((line ->> 'count')::bigint) FROM jsonb_array_elements(r.deliverables) line
    WHERE line ->> 'kind' = asked.kind), 0))
"""
# Bidders of closed briefs have read of no end of their offers so far, so their time begins now.
LAPSE = """
UPDATE briefs SET bids_lapse_at = greatest(closed_at, now()) + interval '14 days' WHERE status = 'closed'
"""


def upgrade() -> None:
    for name in ("cancelled_at", "changed_at", "bids_lapse_at"):
        op.add_column("briefs", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE briefs SET cancelled_at = closed_at WHERE status = 'cancelled'")
    op.execute(LAPSE)
    op.add_column("bids", sa.Column("brief_version_id", sa.Uuid(), nullable=True))
    op.add_column("bids", sa.Column("revisions_max", sa.BigInteger(), nullable=False, server_default="3"))
    op.add_column("bids", sa.Column("answers_in_part", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(STANDS_BY)
    op.execute(IN_PART)
    op.alter_column("bids", "brief_version_id", nullable=False)
    op.alter_column("bids", "revisions_max", server_default=None)
    op.alter_column("bids", "answers_in_part", server_default=None)
    op.create_foreign_key(op.f("fk_bids_brief_version_id"), "bids", "brief_versions", ["brief_version_id"], ["id"])


def downgrade() -> None:
    op.drop_constraint(op.f("fk_bids_brief_version_id"), "bids", type_="foreignkey")
    for name in ("answers_in_part", "revisions_max", "brief_version_id"):
        op.drop_column("bids", name)
    for name in ("bids_lapse_at", "changed_at", "cancelled_at"):
        op.drop_column("briefs", name)
