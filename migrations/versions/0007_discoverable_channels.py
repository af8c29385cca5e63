"""discoverable channels, and features that say when they changed

`discoverable` is the owner's wish to be found by brands. `changed` is the transaction that last wrote a row of features,
or something about its channel that is searched by; a reader that keeps features elsewhere asks for those since the
oldest transaction that was still running at its last look, and misses none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

PRESENT = "(pg_current_xact_id()::text)::bigint"
# What changed -> where, and whose features it touches
SOURCES = {
    "channels": ("UPDATE OF status, discoverable, creator_id, region", "channel_id = NEW.id"),
    "mandates": (
        "INSERT OR UPDATE OF status, ends_on",
        "channel_id IN (SELECT c.id FROM channels c WHERE c.creator_id = NEW.creator_id)",
    ),
}


def upgrade() -> None:
    op.add_column("channels", sa.Column("discoverable", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column(
        "channel_features", sa.Column("changed", sa.BigInteger(), server_default=sa.text(PRESENT), nullable=False)
    )
    op.create_index("ix_channel_features_changed", "channel_features", ["changed"])
    for table, (when, whose) in SOURCES.items():
        op.execute(
            f"CREATE FUNCTION features_follow_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" UPDATE channel_features SET changed = {PRESENT} WHERE {whose}; RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER features_follow AFTER {when} ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION features_follow_{table}()"
        )
    # Whether somebody represents a creator is told with every bid; which mandates there are stays with their parties.
    op.execute(
        "CREATE FUNCTION represented_until(creator uuid, begun_by date) RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE"
        " SECURITY DEFINER SET search_path = public, pg_temp AS $$"
        " SELECT coalesce(max(coalesce(ends_on, DATE '9999-12-31')), DATE '1970-01-01') - DATE '1970-01-01'"
        " FROM mandates WHERE creator_id = creator AND status = 'active' AND starts_on <= begun_by $$"
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION represented_until(uuid, date)")
    for table in SOURCES:
        op.execute(f"DROP TRIGGER features_follow ON {table}")
        op.execute(f"DROP FUNCTION features_follow_{table}()")
    op.drop_index("ix_channel_features_changed", "channel_features")
    op.drop_column("channel_features", "changed")
    op.drop_column("channels", "discoverable")
