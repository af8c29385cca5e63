"""facts of channels are their own side's

Audience snapshots, features and readings of a channel are read by its own side, and by a brand that may see a bid with it;
why a party or a person is suspended, by whom it concerns.
"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

APP, SERVICE = "inlay_app", "inlay_service"
ME, PERSON, ADMIN = "(SELECT app_party())", "(SELECT app_person())", "(SELECT app_all())"
MINE = "= ANY ((SELECT app_parties())::uuid[])"

# What marks the features of channels as changed, whoever it is that changes something about them.
FOLLOWING = ("channels", "mandates", "parties")
TABLES = ("audience_snapshots", "channel_features", "video_readings")


def of_channel(table: str) -> str:
    return (
        f"{ADMIN} OR channel_id IN (SELECT c.id FROM channels c WHERE c.creator_id {MINE})"
        # The policy of bids applies within: a brand sees none before the close.
        f" OR EXISTS (SELECT 1 FROM bids b WHERE b.channel_id = {table}.channel_id AND b.brand_id = {ME})"
    )


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"CREATE POLICY tenant ON {table} TO {APP} USING ({of_channel(table)})")
        _guard(table)
    for table in FOLLOWING:
        op.execute(f"ALTER FUNCTION features_follow_{table}() SECURITY DEFINER SET search_path = public, pg_temp")
    op.create_table(
        "suspension_reasons",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspension_reasons")),
        sa.UniqueConstraint("subject_id", name=op.f("uq_suspension_reasons_subject_id")),
    )
    for table in ("parties", "people"):
        op.execute(
            "INSERT INTO suspension_reasons (id, created_at, subject_id, reason)"
            f" SELECT uuidv7(), coalesce(suspended_at, now()), id, suspension_reason FROM {table}"
            " WHERE suspension_reason IS NOT NULL"
        )
        op.drop_column(table, "suspension_reason")
    op.execute(f"CREATE POLICY tenant ON suspension_reasons TO {APP} USING ({ADMIN})")
    op.execute(
        f"CREATE POLICY reading ON suspension_reasons FOR SELECT TO {APP} USING (subject_id = ANY (ARRAY[{ME}, {PERSON}]))"
    )
    _guard("suspension_reasons")


def _guard(table: str) -> None:
    op.execute(f"CREATE POLICY service ON {table} TO {SERVICE} USING (true)")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.execute("ALTER TABLE suspension_reasons NO FORCE ROW LEVEL SECURITY")
    for table in ("parties", "people"):
        op.add_column(table, sa.Column("suspension_reason", sa.Text(), nullable=True))
        op.execute(
            f"UPDATE {table} t SET suspension_reason = r.reason FROM suspension_reasons r WHERE r.subject_id = t.id"
        )
    op.drop_table("suspension_reasons")
    for table in FOLLOWING:
        op.execute(f"ALTER FUNCTION features_follow_{table}() SECURITY INVOKER RESET search_path")
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        for policy in ("tenant", "service"):
            op.execute(f"DROP POLICY {policy} ON {table}")
