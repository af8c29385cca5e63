"""video checks

What was measured in a video: checks, the answers of their steps, people's corrections, and hashes of pictures.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ROLE = "inlay_app"
MINE = "= ANY (app_parties())"
STATUSES = ("queued", "running", "done", "refused", "failed", "cancelled")
JSON = postgresql.JSONB(astext_type=sa.Text())


def _stamps(*names: str, nullable: bool = False) -> list[sa.Column]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=nullable) for name in names]


def upgrade() -> None:
    op.create_table(
        "video_checks",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_stamps("created_at"),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("video_id", sa.Uuid(), nullable=True),
        sa.Column("bid_id", sa.Uuid(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("names", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("asset_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("terms", JSON, nullable=False),
        sa.Column(
            "status", sa.Enum(*STATUSES, name="videocheckstatus", native_enum=False, length=None), nullable=False
        ),
        *(sa.Column(name, JSON, nullable=True) for name in ("refusal", "result", "corrected")),
        sa.Column("version", sa.BigInteger(), nullable=False),
        *_stamps("finished_at", nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_video_checks_party_id")),
        sa.ForeignKeyConstraint(["bid_id"], ["bids.id"], name=op.f("fk_video_checks_bid_id")),
        sa.ForeignKeyConstraint(
            ["video_id"], ["video_files.id"], name=op.f("fk_video_checks_video_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video_checks")),
        sa.CheckConstraint("(status = 'done') = (result IS NOT NULL)", name=op.f("ck_video_checks_done_with_a_result")),
    )
    for column in ("party_id", "video_id", "bid_id", "sha256"):
        op.create_index(f"ix_video_checks_{column}", "video_checks", [column])
    op.create_table(
        "video_check_steps",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_stamps("created_at"),
        sa.Column("check_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "key")),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["check_id"], ["video_checks.id"], name=op.f("fk_video_check_steps_check_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video_check_steps")),
        sa.UniqueConstraint("check_id", "name", name=op.f("uq_video_check_steps_check_id_name")),
    )
    op.create_table(
        "video_step_answers",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_stamps("created_at"),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("key", "sha256", "name")),
        sa.Column("answer", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video_step_answers")),
        sa.UniqueConstraint("key", name=op.f("uq_video_step_answers_key")),
    )
    op.create_table(
        "video_corrections",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_stamps("created_at"),
        sa.Column("check_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        *(sa.Column(name, JSON, nullable=False) for name in ("timeline", "labels")),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["check_id"], ["video_checks.id"], name=op.f("fk_video_corrections_check_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video_corrections")),
    )
    op.create_index("ix_video_corrections_check_id", "video_corrections", ["check_id"])
    op.create_table(
        "video_pictures",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_stamps("created_at"),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("sha256", "view")),
        sa.Column("at_s", sa.Double(), nullable=False),
        sa.Column("bits", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(bits) = 32", name=op.f("ck_video_pictures_256_bits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video_pictures")),
        sa.UniqueConstraint("sha256", "at_s", "view", name=op.f("uq_video_pictures_sha256_at_s_view")),
    )
    own = f"EXISTS (SELECT 1 FROM video_checks c WHERE c.id = check_id AND c.party_id {MINE})"
    for table, rule in (
        ("video_checks", f"party_id {MINE}"),
        ("video_check_steps", own),
        ("video_corrections", own),
    ):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} TO {ROLE} USING ((SELECT app_all()) OR {rule})")
    op.execute(f"REVOKE UPDATE ON video_step_answers, video_pictures FROM {ROLE}")
    op.execute(f"REVOKE UPDATE, DELETE ON video_corrections FROM {ROLE}")


def downgrade() -> None:
    for name in ("video_pictures", "video_corrections", "video_step_answers", "video_check_steps", "video_checks"):
        op.drop_table(name)
