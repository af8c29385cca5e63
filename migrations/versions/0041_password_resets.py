"""password resets

That somebody asked to reset the password of an address, with the hash of the token that the mail shows. Only the system
reads it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

APP, SERVICE = "inlay_app", "inlay_service"


def upgrade() -> None:
    op.create_table(
        "password_resets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_resets")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_password_resets_token_hash")),
    )
    op.create_index(op.f("ix_password_resets_person_id"), "password_resets", ["person_id"])
    op.execute(f"REVOKE ALL ON password_resets FROM {APP}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON password_resets TO {SERVICE}")
    op.execute(f"CREATE POLICY service ON password_resets TO {SERVICE} USING (true)")
    op.execute("ALTER TABLE password_resets ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE password_resets FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.drop_table("password_resets")
