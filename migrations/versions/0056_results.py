"""results

What videos with a variable price have come to: figures that were told, answers to them, the orders of files, and the
result of each video, open until its figures are final. What was told and answered is never changed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

APP, SERVICE = "inlay_app", "inlay_service"
OF_DELIVERABLE = "EXISTS (SELECT 1 FROM deliverables d WHERE d.id = {table}.deliverable_id)"
POLICIES = {
    **{table: OF_DELIVERABLE.format(table=table) for table in ("deliverable_results", "told_figures", "told_orders")},
    "figure_answers": "EXISTS (SELECT 1 FROM told_figures f WHERE f.id = figure_answers.figure_id)",
}
NEVER_CHANGED = ("told_figures", "figure_answers", "told_orders")
FINAL_DAYS = 30
# Videos that are live already wait as those do that are published from now on.
OPEN = (
    "INSERT INTO deliverable_results (id, created_at, deliverable_id, measure, final_on, look_at)"
    " SELECT gen_random_uuid(), now(), v.id,"
    " CASE WHEN coalesce(t.content->'pricing'->'variable'->>'model', t.content->'pricing'->>'model')"
    " IN ('cpm', 'cpv') THEN 'views' ELSE 'orders' END,"
    f" (p.published_at AT TIME ZONE d.timezone)::date + {FINAL_DAYS},"
    f" ((p.published_at AT TIME ZONE d.timezone)::date + {FINAL_DAYS + 1}) AT TIME ZONE d.timezone"
    " FROM deliverables v JOIN deals d ON d.id = v.deal_id JOIN deal_terms t ON t.id = v.terms_id"
    " JOIN (SELECT deliverable_id, max(published_at) AS published_at FROM deal_publications GROUP BY 1) p"
    " ON p.deliverable_id = v.id WHERE v.status = 'live'"
    " AND t.content->'pricing'->>'model' IN ('cpm', 'cpv', 'cpa', 'commission', 'hybrid')"
    " ON CONFLICT DO NOTHING"
)

_ID, _TEXT, _NUMBER, _FLAG = sa.Uuid(), sa.Text(), sa.BigInteger(), sa.Boolean()
_TIME, _DAY = sa.DateTime(timezone=True), sa.Date()
_WHO = {"party_id": "parties", "person_id": "people"}
_Columns = dict[str, tuple[sa.types.TypeEngine[object], bool]]


def _table(table: str, columns: _Columns, references: dict[str, str], *constraints: sa.Constraint) -> None:
    """Make a table; each column is named with its type and whether it may be null."""
    op.create_table(
        table,
        sa.Column("id", _ID, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        *(sa.Column(name, kind, nullable=optional) for name, (kind, optional) in columns.items()),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *(
            sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))
            for column, target in references.items()
        ),
        *constraints,
    )


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=None)


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def upgrade() -> None:
    _results()
    _figures()
    _orders()
    op.execute(
        "CREATE FUNCTION told_figures_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'what was told and answered is never changed: tell another figure'"
        " USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for table in NEVER_CHANGED:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION told_figures_are_append_only()"
        )
    for table, rule in POLICIES.items():
        op.execute(f"CREATE POLICY tenant ON {table} TO {APP} USING ({rule})")
        op.execute(f"CREATE POLICY service ON {table} TO {SERVICE} USING (true)")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        # Only the system writes here: by what was told money moves.
        op.execute(f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {table} FROM {APP}")
        op.execute(f"REVOKE ALL ON {table} FROM {SERVICE}")
        given = "SELECT, INSERT" if table in NEVER_CHANGED else "SELECT, INSERT, UPDATE"
        op.execute(f"GRANT {given} ON {table} TO {SERVICE}")
    op.execute(OPEN)


def _results() -> None:
    _table(
        "deliverable_results",
        {
            "deliverable_id": (_ID, False),
            "measure": (_enum("resultmeasure", "views", "orders"), False),
            "final_on": (_DAY, False),
            "look_at": (_TIME, True),
            "final_at": (_TIME, True),
            "views": (_NUMBER, True),
            "actions": (_NUMBER, True),
            "sales_minor": (_NUMBER, True),
            "due_minor": (_NUMBER, True),
        },
        {"deliverable_id": "deliverables"},
        _check("deliverable_results", "due_once_final", "(final_at IS NULL) = (due_minor IS NULL)"),
        _check("deliverable_results", "figures_not_negative", "least(views, actions, sales_minor, due_minor) >= 0"),
        _unique("deliverable_results", "deliverable_id"),
    )
    op.create_index(
        "ix_deliverable_results_open",
        "deliverable_results",
        ["look_at"],
        postgresql_where=sa.text("final_at IS NULL"),
    )


def _figures() -> None:
    _table(
        "told_figures",
        {
            "deliverable_id": (_ID, False),
            "number": (_NUMBER, False),
            "measure": (_enum("resultmeasure", "views", "orders"), False),
            "source": (_enum("figuresource", "platform_export", "maker", "brand", "admin"), False),
            "counted_on": (_DAY, False),
            "views": (_NUMBER, True),
            "evidence": (_TEXT, False),
            "evidence_sha256": (_TEXT, True),
            "odd": (_TEXT, True),
            "party_id": (_ID, False),
            "person_id": (_ID, True),
        },
        {"deliverable_id": "deliverables", **_WHO},
        _check("told_figures", "views_not_negative", "views >= 0"),
        _check("told_figures", "views_of_views", "(measure = 'views') = (views IS NOT NULL)"),
        _unique("told_figures", "deliverable_id", "number"),
    )
    _table(
        "figure_answers",
        {
            "figure_id": (_ID, False),
            "kind": (_enum("figureanswerkind", "confirm", "contest", "decide"), False),
            "side": (_enum("dealparty", "brand", "maker"), True),
            "party_id": (_ID, False),
            "person_id": (_ID, True),
            "views": (_NUMBER, True),
            "counts": (_FLAG, True),
            "reason": (_TEXT, True),
        },
        {"figure_id": "told_figures", **_WHO},
        _check("figure_answers", "the_platform_decides", "(kind = 'decide') = (side IS NULL)"),
        _check("figure_answers", "views_not_negative", "views >= 0"),
        _unique("figure_answers", "figure_id", "side"),
    )
    op.create_index(
        "uq_figure_answers_one_decision",
        "figure_answers",
        ["figure_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'decide'"),
    )


def _orders() -> None:
    _table(
        "told_orders",
        {
            "figure_id": (_ID, False),
            "deliverable_id": (_ID, False),
            "order_id": (_TEXT, False),
            "ordered_at": (_TIME, False),
            "amount_minor": (_NUMBER, False),
            "returned_order_id": (_TEXT, True),
        },
        {"figure_id": "told_figures", "deliverable_id": "deliverables"},
        _check("told_orders", "amount_not_negative", "amount_minor >= 0"),
        _unique("told_orders", "figure_id", "order_id"),
    )
    op.create_index("ix_told_orders_deliverable_id_order_id", "told_orders", ["deliverable_id", "order_id"])


def downgrade() -> None:
    for table in ("told_orders", "figure_answers", "told_figures", "deliverable_results"):
        op.drop_table(table)
    op.execute("DROP FUNCTION told_figures_are_append_only()")
