"""handles as seen

Handles are compared without the letters that nobody sees and in NFKC. Channels that differ in these alone have one
handle from now on, like others that several have entered; what each was entered as stays.
"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

INVISIBLE = (
    r"[\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u2800\u3164"
    r"\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A\U000E0000-\U000E0FFF]"
)
SEEN = f"lower(ltrim(btrim(normalize(regexp_replace(handle, '{INVISIBLE}', '', 'g'), NFKC)), '@'))"
STORED = "lower(ltrim(btrim(handle), '@'))"


def upgrade() -> None:
    _compute(SEEN)


def downgrade() -> None:
    _compute(STORED)


def _compute(expression: str) -> None:
    for table in ("channels", "close_features"):
        op.execute(f"ALTER TABLE {table} ALTER COLUMN handle_key SET EXPRESSION AS ({expression})")
