"""deliverables

The work on what deals owe: scripts, drafts with their checks, changes asked for, publications, reports that a video was
taken down. A check may be made for a deliverable, and a price settled by one. Videos and checks that were submitted are
evidence as long as their deal lasts, and for a time after.
"""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

APP, SERVICE = "inlay_app", "inlay_service"
THROUGH = "EXISTS (SELECT 1 FROM deliverables d WHERE d.id = {table}.deliverable_id)"
POLICIES = {
    **{
        table: THROUGH.format(table=table)
        for table in ("deal_scripts", "deal_drafts", "deal_publications", "takedown_reports")
    },
    "change_requests": "EXISTS (SELECT 1 FROM deal_drafts d WHERE d.id = change_requests.draft_id)",
}
ONE_REPORT = "uq_deal_prices_one_report"
REPORTED = ("channel_id", "brand_key", "settled_on", "deal_minor", "currency", "told_by_id")
STANDING = "removed_at IS NULL AND source <> 'market'"
# Whoever asks, also who may not see the deal; the answer is yes or no. Several deals may have used one file.
EVIDENCE = (
    "CREATE FUNCTION {name}_is_evidence({name} uuid, ended_after timestamptz) RETURNS boolean LANGUAGE sql STABLE"
    " SECURITY DEFINER SET search_path = public, pg_temp AS $$ SELECT EXISTS (SELECT 1 FROM"
    " (SELECT deliverable_id FROM deal_drafts WHERE {column} = $1 UNION ALL"
    " SELECT deliverable_id FROM deal_publications WHERE {column} = $1) used"
    " JOIN deliverables v ON v.id = used.deliverable_id JOIN deals d ON d.id = v.deal_id"
    " WHERE d.ended_at IS NULL OR d.ended_at > ended_after) $$"
)

ME, ADMIN = "(SELECT app_party())", "(SELECT app_all())"
MINE = "= ANY ((SELECT app_parties())::uuid[])"

_ID, _TEXT, _NUMBER, _REAL = sa.Uuid(), sa.Text(), sa.BigInteger(), sa.Double()
_TIME, _DAY, _FLAG = sa.DateTime(timezone=True), sa.Date(), sa.Boolean()
_WHO = {"party_id": "parties", "person_id": "people", "decided_by": "people"}


def _table(
    table: str,
    columns: dict[str, tuple[sa.types.TypeEngine[object], bool]],
    references: dict[str, str],
    *constraints: sa.Constraint,
) -> None:
    """Make a table; each column is named with its type and whether it may be null."""
    op.create_table(
        table,
        sa.Column("id", _ID, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        *(sa.Column(name, kind, nullable=optional) for name, (kind, optional) in columns.items()),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{target}.id"],
                name=op.f(f"fk_{table}_{column}"),
                ondelete="SET NULL" if column == "video_id" else None,
            )
            for column, target in references.items()
        ),
        *constraints,
    )


def _status(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=None)


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _index(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def upgrade() -> None:
    _scripts()
    _drafts()
    _publications()
    for table, rule in POLICIES.items():
        op.execute(f"CREATE POLICY tenant ON {table} TO {APP} USING ({rule})")
        op.execute(f"CREATE POLICY service ON {table} TO {SERVICE} USING (true)")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"REVOKE DELETE, TRUNCATE ON {table} FROM {APP}, {SERVICE}")
    op.add_column("video_checks", sa.Column("deliverable_id", _ID, nullable=True))
    op.add_column("deal_prices", sa.Column("deliverable_id", _ID, nullable=True))
    for table in ("video_checks", "deal_prices"):
        key = op.f(f"fk_{table}_deliverable_id")
        op.create_foreign_key(key, table, "deliverables", ["deliverable_id"], ["id"])
    _index("video_checks", "deliverable_id")
    # An agency of the creator that the deal does not name sees nothing of it.
    _agencies_see_checks("agency_id IS NULL AND deliverable_id IS NULL")
    op.drop_index(ONE_REPORT, "deal_prices")
    _one_report(f"{STANDING} AND deliverable_id IS NULL")
    op.create_index(
        "uq_deal_prices_one_of_a_deliverable",
        "deal_prices",
        ["deliverable_id"],
        unique=True,
        postgresql_where=sa.text("deliverable_id IS NOT NULL"),
    )
    for name, column in (("video", "video_id"), ("video_check", "check_id")):
        op.execute(EVIDENCE.format(name=name, column=column))


def _agencies_see_checks(where: str) -> None:
    """Let agencies see those checks of their creators of which this holds, beside the ones that name them."""
    op.execute(
        f"ALTER POLICY tenant ON video_checks USING (party_id = {ME} OR agency_id = {ME}"
        f" OR ({where} AND party_id {MINE})"
        f" OR ({ADMIN} AND (bid_id IS NULL OR EXISTS (SELECT 1 FROM bids b WHERE b.id = video_checks.bid_id))))"
    )


def _one_report(where: str) -> None:
    op.create_index(
        ONE_REPORT,
        "deal_prices",
        REPORTED,
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text(where),
    )


def _scripts() -> None:
    _table(
        "deal_scripts",
        {
            "deliverable_id": (_ID, False),
            "number": (_NUMBER, False),
            "body": (_TEXT, False),
            "party_id": (_ID, False),
            "person_id": (_ID, True),
            "status": (_status("scriptstatus", "sent", "returned", "approved"), False),
            "reasons": (_TEXT, True),
            "decided_at": (_TIME, True),
            "decided_by": (_ID, True),
        },
        {"deliverable_id": "deliverables", **_WHO},
        _check("deal_scripts", "decided_at_a_time", "(status = 'sent') = (decided_at IS NULL)"),
        _check("deal_scripts", "returned_with_reasons", "(status = 'returned') = (reasons IS NOT NULL)"),
        sa.UniqueConstraint("deliverable_id", "number", name=op.f("uq_deal_scripts_deliverable_id_number")),
    )


def _drafts() -> None:
    _table(
        "deal_drafts",
        {
            "deliverable_id": (_ID, False),
            "number": (_NUMBER, False),
            "video_id": (_ID, True),
            "sha256": (_TEXT, False),
            "check_id": (_ID, False),
            "terms_id": (_ID, False),
            "party_id": (_ID, False),
            "person_id": (_ID, True),
            "answer_by": (_TIME, False),
            "silence_approves": (_FLAG, False),
            "note": (_TEXT, True),
            "status": (_status("draftstatus", "sent", "changes_asked", "approved"), False),
            "decided_at": (_TIME, True),
            "decided_by": (_ID, True),
            "by_silence": (_FLAG, False),
        },
        {
            "deliverable_id": "deliverables",
            "video_id": "video_files",
            "check_id": "video_checks",
            "terms_id": "deal_terms",
            **_WHO,
        },
        _check("deal_drafts", "decided_at_a_time", "(status = 'sent') = (decided_at IS NULL)"),
        _check("deal_drafts", "silence_approves_alone", "NOT by_silence OR (status = 'approved' AND silence_approves)"),
        sa.UniqueConstraint("deliverable_id", "number", name=op.f("uq_deal_drafts_deliverable_id_number")),
    )
    _index("deal_drafts", "video_id", "check_id", "sha256")
    op.create_index(
        "ix_deal_drafts_waiting",
        "deal_drafts",
        ["answer_by"],
        postgresql_where=sa.text("status = 'sent' AND silence_approves"),
    )
    _table(
        "change_requests",
        {
            "draft_id": (_ID, False),
            "position": (_NUMBER, False),
            "at_s": (_REAL, False),
            "until_s": (_REAL, True),
            "reason": (_TEXT, False),
        },
        {"draft_id": "deal_drafts"},
        _check("change_requests", "times_in_order", "at_s >= 0 AND (until_s IS NULL OR until_s >= at_s)"),
        sa.UniqueConstraint("draft_id", "position", name=op.f("uq_change_requests_draft_id_position")),
    )


def _publications() -> None:
    _table(
        "deal_publications",
        {
            "deliverable_id": (_ID, False),
            "draft_id": (_ID, False),
            "platform": (_TEXT, False),
            "url": (_TEXT, False),
            "published_at": (_TIME, False),
            "label_seconds": (_REAL, False),
            "keep_live_until": (_DAY, False),
            "proof": (_status("publicationproof", "same_file", "same_pictures"), False),
            "sha256": (_TEXT, False),
            "video_id": (_ID, True),
            "check_id": (_ID, True),
            "same_share": (_REAL, False),
            "party_id": (_ID, False),
            "person_id": (_ID, True),
        },
        {
            "deliverable_id": "deliverables",
            "draft_id": "deal_drafts",
            "video_id": "video_files",
            "check_id": "video_checks",
            "party_id": "parties",
            "person_id": "people",
        },
        _check("deal_publications", "label_not_negative", "label_seconds >= 0"),
        _check("deal_publications", "share_range", "same_share BETWEEN 0 AND 1"),
        _check("deal_publications", "pictures_by_a_check", "(proof = 'same_pictures') = (check_id IS NOT NULL)"),
        sa.UniqueConstraint("deliverable_id", name=op.f("uq_deal_publications_deliverable_id")),
    )
    _index("deal_publications", "video_id", "check_id")
    op.create_index("ix_deal_publications_keep_live_until", "deal_publications", ["keep_live_until"])
    _table(
        "takedown_reports",
        {
            "deliverable_id": (_ID, False),
            "seen_at": (_TIME, False),
            "reason": (_TEXT, False),
            "party_id": (_ID, False),
            "person_id": (_ID, True),
            "status": (_status("takedownstatus", "told", "upheld", "dismissed"), False),
            "decision": (_TEXT, True),
            "decided_at": (_TIME, True),
            "decided_by": (_ID, True),
        },
        {"deliverable_id": "deliverables", **_WHO},
        _check("takedown_reports", "decided_with_a_reason", "(status = 'told') = (decision IS NULL)"),
    )
    op.create_index(
        "uq_takedown_reports_one_open",
        "takedown_reports",
        ["deliverable_id"],
        unique=True,
        postgresql_where=sa.text("status = 'told'"),
    )


def downgrade() -> None:
    for name in ("video", "video_check"):
        op.execute(f"DROP FUNCTION {name}_is_evidence(uuid, timestamptz)")
    op.execute("DELETE FROM deal_prices WHERE deliverable_id IS NOT NULL")
    op.drop_index("uq_deal_prices_one_of_a_deliverable", "deal_prices")
    op.drop_index(ONE_REPORT, "deal_prices")
    _one_report(STANDING)
    _agencies_see_checks("agency_id IS NULL")
    op.drop_index(op.f("ix_video_checks_deliverable_id"), "video_checks")
    for table in ("deal_prices", "video_checks"):
        op.drop_constraint(op.f(f"fk_{table}_deliverable_id"), table, type_="foreignkey")
        op.drop_column(table, "deliverable_id")
    for table in ("takedown_reports", "deal_publications", "change_requests", "deal_drafts", "deal_scripts"):
        op.drop_table(table)
