"""deals

Deals with their terms, signatures and deliverables, the bookings of channels' days, and the permission to deal. Terms
and signatures are never changed. A deal is read by whom it names, and by nobody for a mandate that came later.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

APP, SERVICE = "inlay_app", "inlay_service"
ME, ADMIN = "(SELECT app_party())", "(SELECT app_all())"
MINE = "= ANY ((SELECT app_parties())::uuid[])"
PERMISSION = "deals:write"
TAKES_PART = "'channels:write', 'briefs:write', 'bids:write'"
DEAL = ("offered", "agreed", "active", "paused", "cancelling", "cancelled", "disputed", "completed", "lapsed")
DELIVERABLE = (
    *("planned", "script_sent", "script_approved", "draft_sent", "changes_asked"),
    *("approved", "live", "done", "missed", "cancelled"),
)
THROUGH_DEAL = "EXISTS (SELECT 1 FROM deals d WHERE d.id = {table}.deal_id)"
POLICIES = {
    "deals": f"{ME} = ANY (ARRAY[brand_id, creator_id, agency_id]) OR {ADMIN}",
    **{table: THROUGH_DEAL.format(table=table) for table in ("deal_terms", "deal_signatures", "deliverables")},
    # Days that are taken are the channel's side's; which deal took them is not another agency's business.
    "pacing_bookings": f"{ME} = ANY (ARRAY[creator_id, agency_id]) OR {ADMIN}",
}
NEVER_CHANGED = ("deal_terms", "deal_signatures")
# What no mandate shows: what happens to the party itself, and deals, which name everybody whose they are.
OF_THE_PARTY = "'parties', 'people', 'memberships', 'invites', 'mandates', 'api_keys', 'console_sessions'"
OF_A_DEAL = "'deals', 'deliverables'"
EVENTS = (
    f"party_ids @> ARRAY[{ME}]"
    f" OR ({ADMIN} AND (kind NOT LIKE 'bids.%' OR EXISTS (SELECT 1 FROM bids b WHERE b.id = events.subject_id)))"
    " OR (party_ids && (SELECT app_parties()) AND split_part(kind, '.', 1) NOT IN ({nouns})"
    f" AND NOT names_other_agency(party_ids || actor_party_id, {ME}))"
)


def _columns(**kinds: tuple[sa.types.TypeEngine[object], bool]) -> list[sa.Column[object]]:
    made: list[sa.Column[object]] = [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    ]
    return [*made, *(sa.Column(name, kind, nullable=optional) for name, (kind, optional) in kinds.items())]


def _keys(table: str, **targets: str) -> list[sa.Constraint]:
    return [
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *(
            sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))
            for column, target in targets.items()
        ),
    ]


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=None)


_ID, _TEXT, _NUMBER, _JSON = sa.Uuid(), sa.Text(), sa.BigInteger(), JSONB(astext_type=sa.Text())
_TIME, _DAY = sa.DateTime(timezone=True), sa.Date()
_SIDE = _enum("dealparty", "brand", "maker")


def upgrade() -> None:
    _deals()
    _terms()
    _deliverables()
    _bookings()
    op.execute(
        "CREATE FUNCTION deal_terms_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'terms and signatures are never changed: propose another version'"
        " USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for table in NEVER_CHANGED:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION deal_terms_are_append_only()"
        )
    for table, rule in POLICIES.items():
        op.execute(f"CREATE POLICY tenant ON {table} TO {APP} USING ({rule})")
        op.execute(f"CREATE POLICY service ON {table} TO {SERVICE} USING (true)")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        kept = "UPDATE, DELETE, TRUNCATE" if table in NEVER_CHANGED else "DELETE, TRUNCATE"
        op.execute(f"REVOKE {kept} ON {table} FROM {APP}" + ("" if table == "pacing_bookings" else f", {SERVICE}"))
    op.execute(f"REVOKE INSERT, UPDATE ON pacing_bookings FROM {APP}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON pacing_bookings TO {SERVICE}")
    op.add_column("exclusivity_windows", sa.Column("deal_id", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_exclusivity_windows_deal_id"), "exclusivity_windows", ["deal_id"])
    op.execute(f"ALTER POLICY reading ON events USING ({EVENTS.format(nouns=f'{OF_THE_PARTY}, {OF_A_DEAL}')})")
    # Whoever may write for their party may deal too. Keys get no more than they were made with.
    for table in ("memberships", "invites"):
        op.execute(
            f"UPDATE {table} SET permissions = array_append(permissions, '{PERMISSION}')"
            f" WHERE permissions && ARRAY[{TAKES_PART}]"
        )


def _deals() -> None:
    parties = dict.fromkeys(("brand_id", "creator_id", "agency_id"), "parties")
    op.create_table(
        "deals",
        *_columns(
            bid_id=(_ID, False),
            bid_revision_id=(_ID, False),
            brief_id=(_ID, False),
            brief_version_id=(_ID, False),
            option=(_NUMBER, False),
            brand_id=(_ID, False),
            creator_id=(_ID, False),
            agency_id=(_ID, True),
            channel_id=(_ID, False),
            currency=(_TEXT, False),
            timezone=(_TEXT, False),
            status=(_enum("dealstatus", *DEAL), False),
            turn=(_SIDE, True),
            answer_by=(_TIME, True),
            brand_counters=(_NUMBER, False),
            maker_counters=(_NUMBER, False),
            terms_id=(_ID, True),
            terms_number=(_NUMBER, False),
            agreed_at=(_TIME, True),
            fund_by=(_TIME, True),
            split_rule=(_JSON, True),
            ended_at=(_TIME, True),
            version=(_NUMBER, False),
        ),
        sa.CheckConstraint(
            "brand_counters BETWEEN 0 AND 3 AND maker_counters BETWEEN 0 AND 3",
            name=op.f("ck_deals_counters_bounded"),
        ),
        sa.CheckConstraint(
            "(status = 'offered') = (turn IS NOT NULL)", name=op.f("ck_deals_somebodys_turn_while_offered")
        ),
        sa.CheckConstraint("(turn IS NULL) = (answer_by IS NULL)", name=op.f("ck_deals_answered_by_a_time")),
        *_keys(
            "deals",
            bid_id="bids",
            bid_revision_id="bid_revisions",
            brief_id="briefs",
            brief_version_id="brief_versions",
            channel_id="channels",
            **parties,
        ),
    )
    op.create_index(
        "uq_deals_one_of_a_bid", "deals", ["bid_id"], unique=True, postgresql_where=sa.text("status <> 'lapsed'")
    )
    for column in ("answer_by", "fund_by"):
        op.create_index(f"ix_deals_status_{column}", "deals", ["status", column])
    for column in ("bid_id", "brief_id", "channel_id", *parties):
        op.create_index(op.f(f"ix_deals_{column}"), "deals", [column])


def _terms() -> None:
    op.create_table(
        "deal_terms",
        *_columns(
            deal_id=(_ID, False),
            number=(_NUMBER, False),
            content=(_JSON, False),
            content_hash=(_TEXT, False),
            proposed_side=(_SIDE, False),
            proposed_by_id=(_ID, True),
            person_id=(_ID, True),
            note=(_TEXT, True),
        ),
        *_keys("deal_terms", deal_id="deals", proposed_by_id="parties", person_id="people"),
        sa.UniqueConstraint("deal_id", "number", name=op.f("uq_deal_terms_deal_id_number")),
        sa.UniqueConstraint("id", "content_hash", name=op.f("uq_deal_terms_id_content_hash")),
    )
    op.create_foreign_key("fk_deals_terms_id", "deals", "deal_terms", ["terms_id"], ["id"])
    op.create_table(
        "deal_signatures",
        *_columns(
            deal_id=(_ID, False),
            terms_id=(_ID, False),
            side=(_SIDE, False),
            content_hash=(_TEXT, False),
            typed_name=(_TEXT, True),
            party_id=(_ID, False),
            person_id=(_ID, True),
            key_id=(_ID, True),
            key_kind=(_enum("signaturekey", "session", "api_key"), False),
            signed_at=(_TIME, False),
        ),
        *_keys("deal_signatures", deal_id="deals", party_id="parties", person_id="people"),
        sa.ForeignKeyConstraint(
            ["terms_id", "content_hash"],
            ["deal_terms.id", "deal_terms.content_hash"],
            name=op.f("fk_deal_signatures_terms_id_content_hash"),
        ),
        sa.UniqueConstraint("terms_id", "side", name=op.f("uq_deal_signatures_terms_id_side")),
    )
    op.create_index(op.f("ix_deal_signatures_deal_id"), "deal_signatures", ["deal_id"])


def _deliverables() -> None:
    op.create_table(
        "deliverables",
        *_columns(
            deal_id=(_ID, False),
            position=(_NUMBER, False),
            kind=(_TEXT, False),
            title=(_TEXT, True),
            channel_id=(_ID, False),
            status=(_enum("deliverablestatus", *DELIVERABLE), False),
            price_minor=(_NUMBER, False),
            due_on=(_DAY, False),
            script_rounds_used=(_NUMBER, False),
            draft_rounds_used=(_NUMBER, False),
            terms_id=(_ID, False),
            late_since=(_TIME, True),
            version=(_NUMBER, False),
        ),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_deliverables_price_not_negative")),
        sa.CheckConstraint(
            "script_rounds_used >= 0 AND draft_rounds_used >= 0", name=op.f("ck_deliverables_rounds_not_negative")
        ),
        *_keys("deliverables", deal_id="deals", channel_id="channels", terms_id="deal_terms"),
        sa.UniqueConstraint("deal_id", "position", name=op.f("uq_deliverables_deal_id_position")),
    )
    op.create_index(op.f("ix_deliverables_channel_id"), "deliverables", ["channel_id"])
    op.create_index("ix_deliverables_status_due_on", "deliverables", ["status", "due_on"])


def _bookings() -> None:
    op.create_table(
        "pacing_bookings",
        *_columns(
            channel_id=(_ID, False),
            creator_id=(_ID, False),
            agency_id=(_ID, True),
            bid_id=(_ID, False),
            deal_id=(_ID, False),
            position=(_NUMBER, False),
            first_on=(_DAY, False),
            last_on=(_DAY, False),
            plan=(_JSON, False),
        ),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_pacing_bookings_days_in_order")),
        *_keys("pacing_bookings", channel_id="channels", creator_id="parties", agency_id="parties"),
        sa.UniqueConstraint("deal_id", "position", name=op.f("uq_pacing_bookings_deal_id_position")),
    )
    for column in ("channel_id", "bid_id"):
        op.create_index(op.f(f"ix_pacing_bookings_{column}"), "pacing_bookings", [column])


def downgrade() -> None:
    for table, column in (("memberships", "permissions"), ("invites", "permissions"), ("api_keys", "scopes")):
        op.execute(f"UPDATE {table} SET {column} = array_remove({column}, '{PERMISSION}')")
    op.execute(f"ALTER POLICY reading ON events USING ({EVENTS.format(nouns=OF_THE_PARTY)})")
    op.drop_index(op.f("ix_exclusivity_windows_deal_id"), "exclusivity_windows")
    op.drop_column("exclusivity_windows", "deal_id")
    op.drop_table("pacing_bookings")
    op.drop_table("deliverables")
    op.drop_constraint("fk_deals_terms_id", "deals", type_="foreignkey")
    for table in ("deal_signatures", "deal_terms"):
        op.drop_table(table)
    op.drop_table("deals")
    op.execute("DROP FUNCTION deal_terms_are_append_only()")
