"""videos

Video files that parties hand in, the parts of those that are still coming, and the permission to hand them in.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ROLE = "inlay_app"
MINE = "= ANY (app_parties())"
STATUSES = ("receiving", "kept", "refused")
PERMISSION = "videos:write"
TAKES_PART = "'channels:write', 'briefs:write', 'bids:write'"


def _first_columns() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )


def upgrade() -> None:
    op.create_table(
        "video_files",
        *_first_columns(),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("resumable", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("size_bytes", "received_bytes")),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("status", sa.Enum(*STATUSES, name="videofilestatus", native_enum=False, length=None), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "received_bytes >= 0 AND received_bytes <= size_bytes", name=op.f("ck_video_files_received")
        ),
        sa.CheckConstraint("(status = 'kept') = (sha256 IS NOT NULL)", name=op.f("ck_video_files_kept_under_its_hash")),
        sa.CheckConstraint("(status = 'kept') = (expires_at IS NULL)", name=op.f("ck_video_files_kept_or_expires")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_video_files_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video_files")),
    )
    for name in ("party_id", "sha256"):
        op.create_index(op.f(f"ix_video_files_{name}"), "video_files", [name])
    op.create_index(
        "ix_video_files_expires_at", "video_files", ["expires_at"], postgresql_where=sa.text("expires_at IS NOT NULL")
    )
    op.create_table(
        "video_parts",
        *_first_columns(),
        sa.Column("video_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("starts_at", "size_bytes")),
        sa.ForeignKeyConstraint(
            ["video_id"], ["video_files.id"], name=op.f("fk_video_parts_video_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video_parts")),
        sa.UniqueConstraint("video_id", "starts_at", name=op.f("uq_video_parts_video_id_starts_at")),
    )
    own_part = f"EXISTS (SELECT 1 FROM video_files f WHERE f.id = video_id AND f.party_id {MINE})"
    for table, rule in (("video_files", f"party_id {MINE}"), ("video_parts", own_part)):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} TO {ROLE} USING ((SELECT app_all()) OR {rule})")
    # Whoever may write for their party may hand in videos too. Keys get no more than they were made with.
    for table in ("memberships", "invites"):
        op.execute(
            f"UPDATE {table} SET permissions = array_append(permissions, '{PERMISSION}')"
            f" WHERE permissions && ARRAY[{TAKES_PART}]"
        )


def downgrade() -> None:
    for table, column in (("memberships", "permissions"), ("invites", "permissions"), ("api_keys", "scopes")):
        op.execute(f"UPDATE {table} SET {column} = array_remove({column}, '{PERMISSION}')")
    op.drop_table("video_parts")
    op.drop_table("video_files")
