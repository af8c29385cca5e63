"""withdrawn bids stay sealed

What was withdrawn before the close was never on the table: admins do not see it, no more than the brand does.
"""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

ME, ADMIN = "(SELECT app_party())", "(SELECT app_all())"
MINE = "= ANY ((SELECT app_parties())::uuid[])"
AT_CLOSE = "unsealed_at IS NOT NULL AND (status <> 'withdrawn' OR withdrawn_at >= unsealed_at)"
# Whoever acts is asked for once: each question to a setting is a plan of its own, in every statement.
BID = (
    f"{ME} = ANY (ARRAY[creator_id, agency_id, CASE WHEN {AT_CLOSE} THEN brand_id END])"
    f" OR (agency_id IS NULL AND creator_id {MINE})"
)


def upgrade() -> None:
    op.execute(f"ALTER POLICY tenant ON bids USING ({BID} OR ({AT_CLOSE} AND {ADMIN}))")


def downgrade() -> None:
    op.execute(f"ALTER POLICY tenant ON bids USING ({BID} OR (unsealed_at IS NOT NULL AND {ADMIN}))")
