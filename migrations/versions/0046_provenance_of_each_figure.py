"""provenance of each figure

Where a figure comes from is kept with the figure: with a snapshot's numbers and with its lists, with a video's counts
and with its length, with a channel's verticals. What jumps count as until a person has looked stands beside them. The
features of channels tell how much of each counts, and how long the channel's videos are.
"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

FEATURES = ("channel_features", "close_features")
WEIGHTS = ("lists_weight", "details_weight", "length_weight")
FIGURES = ("length_low", "length_high", "length_most", "minors")
WORD = sa.Enum(
    "platform_export",
    "own_file",
    "typed_by_creator",
    "typed_by_agency",
    "typed_by_admin",
    name="provenance",
    native_enum=False,
    length=None,
)
# Who typed earlier rows is not known; whoever did, counts the same.
OF_SOURCE = (
    "CASE {s}.source WHEN 'typed' THEN 'typed_by_creator' WHEN 'inlay' THEN 'own_file' ELSE 'platform_export' END"
)
TOLD = {
    "audience_snapshots": ("provenance", "lists_provenance"),
    "videos": ("provenance", "details_provenance"),
    "channels": ("details_provenance",),
}


def upgrade() -> None:
    for table, columns in TOLD.items():
        for column in columns:
            op.add_column(table, sa.Column(column, WORD, nullable=False, server_default="typed_by_creator"))
    op.add_column("videos", sa.Column("explained_views", sa.BigInteger()))
    op.add_column("audience_snapshots", sa.Column("explained_followers", sa.BigInteger()))
    of_source = OF_SOURCE.format(s="s")
    op.execute(f"UPDATE audience_snapshots s SET provenance = {of_source}, lists_provenance = {of_source}")
    newest = "FROM channels c JOIN audience_snapshots s ON s.id = c.snapshot_id WHERE"
    op.execute(
        f"UPDATE videos v SET provenance = {of_source}, details_provenance = {of_source} {newest} c.id = v.channel_id"
    )
    op.execute(f"UPDATE channels k SET details_provenance = {of_source} {newest} c.id = k.id")
    for table in FEATURES:
        is_recorded = table == "close_features"
        for name in WEIGHTS:
            default = None if is_recorded else "1"
            op.add_column(table, sa.Column(name, sa.Double(), nullable=is_recorded, server_default=default))
        for name in FIGURES:
            op.add_column(table, sa.Column(name, sa.Double()))
        default = None if is_recorded else "0"
        op.add_column(table, sa.Column("length_videos", sa.BigInteger(), nullable=is_recorded, server_default=default))


def downgrade() -> None:
    for table in FEATURES:
        for name in (*WEIGHTS, *FIGURES, "length_videos"):
            op.drop_column(table, name)
    op.drop_column("audience_snapshots", "explained_followers")
    op.drop_column("videos", "explained_views")
    for table, columns in TOLD.items():
        for column in columns:
            op.drop_column(table, column)
