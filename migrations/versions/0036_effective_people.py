"""effective people

A selection's value and bound are of one unit: the people who notice the brand, by how well the content suits. Sets that
were chosen by these hold them in multiples of the usual share who notice; older ones count everybody whom they reach.
"""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

# A set that was chosen by who notices counted a person as one at this share.
UNIT = "CASE WHEN result -> 'reach' ? 'notice' THEN 0.15 ELSE 1 END"
SEARCHED = "(result #>> '{proof,searched}')::float8"
EFFECTIVE = "(result #>> '{proof,effective}')::float8"
CAREFUL = "(result #>> '{reach,careful}')::float8"


def upgrade() -> None:
    op.execute(
        f"UPDATE selections SET value = {SEARCHED} * {UNIT}, bound = bound * {UNIT} WHERE {SEARCHED} IS NOT NULL"
    )


def downgrade() -> None:
    op.execute(
        f"UPDATE selections SET value = {CAREFUL}, bound = bound / {UNIT}"
        f" WHERE coalesce({SEARCHED}, {EFFECTIVE}) IS NOT NULL"
    )
