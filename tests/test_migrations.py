"""The schema: one line of migrations, no drift, down and up again."""

import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from marketplace import schema
from marketplace.bids import pricing_models
from marketplace.database_state import OPEN_TABLES, SEALED_TABLES
from marketplace.local.servers import LocalServers
from tests.market import clone_to_own


def test_there_is_one_line_of_numbered_files() -> None:
    scripts = ScriptDirectory.from_config(schema.alembic_config(""))
    assert len(scripts.get_heads()) == 1
    names = sorted(path.name for path in Path(scripts.versions).glob("*.py"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert all(re.fullmatch(r"[0-9]{4}_[a-z0-9_]+\.py", name) for name in names)


def test_models_and_migrations_tell_the_same_and_the_way_back_works(servers: LocalServers) -> None:
    url = clone_to_own(servers, "inlay_migrations")
    assert schema.current(url) == schema.head()
    command.check(schema.alembic_config(url))
    schema.downgrade(url, "base")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        left = set(sa.inspect(connection).get_table_names())
    assert left == {"alembic_version"}
    schema.upgrade(url)
    assert schema.current(url) == schema.head()


_GUARDS = sa.text(
    "SELECT relname, relrowsecurity AND relforcerowsecurity AS forced, ARRAY(SELECT polname::text || ' ' ||"
    " (polroles[1]::regrole)::text FROM pg_policy WHERE polrelid = c.oid ORDER BY 1) AS policies FROM pg_class c"
    " WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace ORDER BY relname"
)


def test_every_table_has_policies_for_actors_and_for_the_system_or_a_reason_why_not(servers: LocalServers) -> None:
    url = clone_to_own(servers, "inlay_rls")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        rows = connection.execute(_GUARDS).all()
    assert {row.relname for row in rows if not row.policies} == set(OPEN_TABLES)
    for row in rows:
        if row.relname not in OPEN_TABLES:
            assert row.forced, row.relname
            assert "service inlay_service" in row.policies, row.relname
            # What only the system reads has no other.
            of_actors = [policy for policy in row.policies if policy.endswith(" inlay_app")]
            assert bool(of_actors) == (row.relname not in ("close_draws", "password_resets", *SEALED_TABLES)), (
                row.relname
            )


def _yuan(amount: int) -> dict[str, Any]:
    return {"amount_minor": 100 * amount, "currency": "CNY"}


PRICES: tuple[dict[str, Any], ...] = (
    {"model": "flat", "amount": _yuan(500), "rights": {"usage": _yuan(7), "raw_files": None}},
    {"model": "barter", "value": _yuan(90), "rights": None},
    {"model": "cpm", "rate": _yuan(40), "floor": _yuan(100), "cap": _yuan(900), "rights": {"usage": _yuan(3)}},
    {"model": "cpm", "rate": _yuan(40), "floor": None, "cap": _yuan(900)},
    {"model": "cpv", "rate": _yuan(2), "cap": _yuan(900), "rights": {}},
    {"model": "cpa", "rate": _yuan(5), "cap": _yuan(900), "actions_per_thousand_views": 2.5},
    {"model": "cpa", "rate": _yuan(5), "cap": _yuan(900)},
    # A claim of no sales, which made the price free.
    {"model": "cpa", "rate": _yuan(5), "cap": _yuan(900), "actions_per_thousand_views": 0},
    {
        "model": "hybrid",
        "fixed": _yuan(200),
        "variable": {"model": "cpa", "rate": _yuan(4), "cap": _yuan(60), "actions_per_thousand_views": 0},
    },
    {
        "model": "commission",
        "basis_points": 500,
        "minimum": _yuan(10),
        "actions_per_thousand_views": 4,
        "order_value": _yuan(80),
    },
    {"model": "commission", "basis_points": 500},
    {"model": "hybrid", "fixed": _yuan(200), "variable": {"model": "cpm", "rate": _yuan(4), "cap": _yuan(60)}},
)
VERSION_ID, PRODUCT_YUAN = UUID(int=7), 49
OPTIONS = [{"amount": _yuan(1)}, {"amount": _yuan(700)}, {"amount": _yuan(50)}]
DELIVERABLES = [{"kind": "video", "count": 2}, {"kind": "live", "count": 1}, {"kind": "image", "count": 9}]


def test_prices_stored_before_terms_and_option_costs_get_the_same_as_new_ones(servers: LocalServers) -> None:
    url = clone_to_own(servers, "inlay_terms")
    schema.downgrade(url, "0002")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    columns = (
        "id, created_at, bid_id, number, brief_version_id, pricing_model, currency, price, options, deliverables, plan,"
        " salt, commitment, raw_low, raw_high, prominence_low, prominence_high, plan_version"
    )
    with engine.begin() as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))  # revisions alone, of no bid
        # Bartered goods count at the brief's own value of its product.
        connection.execute(
            sa.text(
                "INSERT INTO brief_versions (id, created_at, brief_id, number, title, category, currency, budget_minor,"
                " tolerance, bids_close_at, content) VALUES (:id, now(), gen_random_uuid(), 1, 't', 'food', 'CNY', 1,"
                " 40, now(), CAST(:content AS jsonb))"
            ),
            {"id": VERSION_ID, "content": json.dumps({"product": {"value": _yuan(PRODUCT_YUAN)}})},
        )
        for number, price in enumerate(PRICES):
            connection.execute(
                sa.text(
                    f"INSERT INTO bid_revisions ({columns}) VALUES (gen_random_uuid(), now(), gen_random_uuid(), :n,"
                    " :version, :model, 'CNY', CAST(:price AS jsonb), CAST(:options AS jsonb), "
                    " CAST(:told AS jsonb), '{}', 's',"
                    " 'c', '{}', '{}', 0, 0, 'p')"
                ),
                {
                    "n": number,
                    "model": price["model"],
                    "version": VERSION_ID,
                    "price": json.dumps(price),
                    "options": json.dumps(OPTIONS),
                    "told": json.dumps(DELIVERABLES if number else []),
                },
            )
    schema.upgrade(url)
    with engine.connect() as connection:
        stored = connection.execute(sa.text("SELECT terms, option_costs FROM bid_revisions ORDER BY number")).all()
    for number, ((terms, costs), price) in enumerate(zip(stored, PRICES, strict=True)):
        deliverables = DELIVERABLES if number else []
        value = 100 * PRODUCT_YUAN
        assert terms == pytest.approx(list(pricing_models.price_terms(price, deliverables, value)), nan_ok=True), price
        expected = pricing_models.option_costs(price, OPTIONS, deliverables, product_value_minor=value)
        assert costs == pytest.approx(expected, nan_ok=True), price


def test_a_brief_published_before_there_were_windows_still_takes_bids_until_its_deadline(servers: LocalServers) -> None:
    url = clone_to_own(servers, "inlay_windows")
    schema.downgrade(url, "0008")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))  # a brief alone, of no brand
        for status in ("draft", "published"):
            connection.execute(
                sa.text(
                    "INSERT INTO briefs (id, created_at, brand_id, bids_close_at, status, version_number, version)"
                    " VALUES (gen_random_uuid(), now(), gen_random_uuid(), '2099-01-01', :status, 1, 1)"
                ),
                {"status": status},
            )
        connection.execute(
            sa.text(
                "INSERT INTO brief_versions (id, created_at, brief_id, number, title, category, currency, budget_minor,"
                " tolerance, bids_close_at, content) VALUES (gen_random_uuid(), now(), gen_random_uuid(), 1, 't',"
                " 'food', 'CNY', 1, 1, '2099-01-01', '{}')"
            )
        )
    schema.upgrade(url)
    with engine.connect() as connection:
        drawn = "SELECT status, d.closes_at = bids_close_at FROM briefs LEFT JOIN close_draws d USING (id) ORDER BY 1"
        told = connection.execute(sa.text(drawn)).all()
        assert [tuple(row) for row in told] == [("draft", None), ("published", True)]
        assert connection.scalar(sa.text("SELECT content -> 'closing_window_s' FROM brief_versions")) == 0


REVIEW = (
    "INSERT INTO reviews (id, created_at, subject_kind, subject_id, about_id, party_ids, priority, needs_two, risks,"
    " seen_fingerprint, status, version) VALUES (:id, now(), 'bid', :bid, :brief, ARRAY[CAST(:party AS uuid)], 990,"
    " false, CAST(:risks AS jsonb), 'a', :status, 3)"
)
DECISION = (
    "INSERT INTO review_decisions (id, created_at, review_id, person_id, verdict, reason, override, seen)"
    " VALUES (gen_random_uuid(), now(), :id, :person, :verdict, :reason, CAST(:override AS jsonb),"
    " CAST(:seen AS jsonb))"
)
APPROVED = (
    "INSERT INTO events (id, created_at, kind, subject_id, party_ids, actor_role, data)"
    " VALUES (gen_random_uuid(), now(), 'reviews.approve', :id, '{}', 'admin',"
    " jsonb_build_object('override', CAST(:override AS jsonb)))"
)


def _former_review(connection: sa.Connection, status: str, codes: tuple[str, ...], *decided: tuple[str, Any]) -> Any:
    """Insert a review of the former program with its decisions (verdict, override), and return its columns."""
    risks = [{"code": code, "zh": code, "en": code, "figure": 1, "limit": 0} for code in codes]
    names = ("id", "bid", "brief", "party")
    row = {**{name: uuid4() for name in names}, "status": status, "risks": json.dumps(risks)}
    connection.execute(sa.text(REVIEW), row)
    for number, (verdict, override) in enumerate(decided):
        decision = {"id": row["id"], "person": uuid4(), "verdict": verdict, "override": json.dumps(override)}
        decision |= {"reason": f"{verdict} {number}", "seen": json.dumps({"version": number})}
        connection.execute(sa.text(DECISION), decision)
    if status == "approved":
        agreed = next((override for _, override in reversed(decided) if override), None)
        connection.execute(sa.text(APPROVED), {"id": row["id"], "override": json.dumps(agreed)})
    return row


def test_reviews_of_a_former_market_keep_their_decisions_and_calm_ones_pass(servers: LocalServers) -> None:
    url = clone_to_own(servers, "inlay_reviews")
    schema.downgrade(url, "0020")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    override = {"overall": 5.0, "intrusiveness": 95.0, "flags_cleared": False}
    with engine.begin() as connection:
        rows = {
            "calm": _former_review(connection, "open", ("first_time", "far_over_ceiling")),
            "bare": _former_review(connection, "open", ()),
            "risky": _former_review(connection, "open", ("suspicious_figures", "first_time")),
            "accepted": _former_review(connection, "open", ("large_amount",)),
            "reopened": _former_review(connection, "open", ("first_time",), ("approve", None)),
            "held": _former_review(connection, "held", ("first_time",), ("hold", None)),
            "rejected": _former_review(connection, "rejected", (), ("hold", None), ("reject", None)),
            "approved": _former_review(connection, "approved", (), ("approve", None)),
            "overridden": _former_review(connection, "approved", (), ("override", override), ("approve", None)),
        }
        connection.execute(sa.text("SET session_replication_role = replica"))  # a bid alone, of no brief
        accepted = {"id": rows["accepted"]["bid"]}
        connection.execute(
            sa.text(
                "INSERT INTO bids (id, created_at, brief_id, brief_version_id, brand_id, channel_id, creator_id,"
                " status, revision_number, revisions_max, answers_in_part, version)"
                " VALUES (:id, now(), :id, :id, :id, :id, :id, 'accepted', 1, 3, false, 2)"
            ),
            accepted,
        )
    schema.upgrade(url)
    query = sa.text("SELECT id, status, reason, override, decided_at IS NOT NULL AS decided, risks FROM reviews")
    with engine.connect() as connection:
        found = {row.id: row for row in connection.execute(query)}
        events = connection.execute(sa.text("SELECT kind, subject_id, party_ids FROM events WHERE kind LIKE '%pass%'"))
        told = {(event.kind, event.subject_id): event.party_ids for event in events}
        decisions = connection.scalar(sa.text("SELECT count(*) FROM review_decisions"))
    after = {name: found[row["id"]] for name, row in rows.items()}
    assert {name: (row.status, row.reason, row.decided) for name, row in after.items()} == {
        "calm": ("passed", None, False),
        "bare": ("passed", None, False),
        "risky": ("open", None, False),
        "accepted": ("dropped", None, False),
        "reopened": ("open", None, False),
        "held": ("held", "hold 0", True),
        "rejected": ("rejected", "reject 1", True),
        "approved": ("approved", None, True),
        "overridden": ("approved", "override 0", True),
    }
    assert [risk["asks"] for risk in after["risky"].risks] == [True, False]
    agreed = dict(after["overridden"].override)
    assert len(set(agreed.pop("by"))) == 2
    assert agreed.pop("decided_at")
    assert agreed == {**override, "reason": "override 0"}
    assert [name for name, row in after.items() if row.override] == ["overridden"]
    passed = [rows[name] for name in ("calm", "bare")]
    assert told == {
        **{("reviews.pass", row["id"]): [] for row in passed},
        **{("bids.pass_review", row["bid"]): [row["party"]] for row in passed},
    }
    assert decisions == 7
    schema.downgrade(url, "0016")
    with engine.connect() as connection:
        states = {row.id: row.status for row in connection.execute(sa.text("SELECT id, status FROM reviews"))}
    assert (states[rows["calm"]["id"]], states[rows["held"]["id"]]) == ("open", "held")


def test_bids_stored_before_briefs_could_change_stand_by_the_version_that_they_answered(servers: LocalServers) -> None:
    url = clone_to_own(servers, "inlay_changes")
    schema.downgrade(url, "0016")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    ids = {name: uuid4() for name in ("party", "channel", "closed", "cancelled", "version", "bid", "whole", "revision")}
    asked = {"deliverables": [{"kind": "video", "count": 2, "platform": None}, ELSEWHERE], "title": "t"}
    written = {**ids, "asked": json.dumps(asked), "whole_revision": uuid4()}
    with engine.begin() as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))  # the tables reference each other
        for statement in _OLD_BIDS:
            connection.execute(sa.text(statement), written)
    schema.upgrade(url)
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT id, brief_version_id, revisions_max, answers_in_part FROM bids ORDER BY created_at")
        ).all()
        assert [tuple(row) for row in rows] == [
            (ids["bid"], ids["version"], 3, True),
            (ids["whole"], ids["version"], 3, False),
        ]
        ends = connection.execute(
            sa.text(
                "SELECT status, cancelled_at = closed_at, bids_lapse_at - now() BETWEEN '13 days' AND '14 days'"
                " FROM briefs ORDER BY status"
            )
        ).all()
        assert [tuple(row) for row in ends] == [("cancelled", True, None), ("closed", None, True)]


ELSEWHERE = {"kind": "video", "count": 5, "platform": "tiktok"}
_OLD_BRIEF = (
    "INSERT INTO briefs (id, created_at, brand_id, bids_close_at, status, version_id, version_number, version,"
    " closed_at) VALUES (:{0}, now(), :party, now(), '{0}', :version, 1, 1, now() - interval '40 days')"
)
_OLD_BID = (
    "INSERT INTO bids (id, created_at, brief_id, brand_id, channel_id, creator_id, status, revision_id,"
    " revision_number, version)"
    " VALUES (:{0}, now() + interval '{2} s', :closed, :party, :channel, :party, '{3}', :{1}, 1, 1)"
)
_OLD_REVISION = (
    "INSERT INTO bid_revisions (id, created_at, bid_id, number, brief_version_id, pricing_model, currency, price,"
    " terms, option_costs, options, deliverables, plan, salt, commitment, raw_low, raw_high, prominence_low,"
    " prominence_high, plan_version)"
    " VALUES (:{1}, now(), :{0}, 1, :version, 'flat', 'CNY', '{{}}', '{{}}', '{{}}', '[]',"
    """ '[{{"kind": "video", "count": {2}}}]', '{{}}', 's', 'c', '{{}}', '{{}}', 0, 0, 'p')"""
)
_OLD_BIDS = (
    "INSERT INTO parties (id, created_at, kind, name, status, version)"
    " VALUES (:party, now(), 'creator', 'p', 'active', 1)",
    "INSERT INTO channels (id, created_at, creator_id, platform, account_key, handle, name, verticals, status, version)"
    " VALUES (:channel, now(), :party, 'douyin', 'a', 'a', 'a', '{}', 'active', 1)",
    "INSERT INTO brief_versions (id, created_at, brief_id, number, title, category, currency, budget_minor, tolerance,"
    " bids_close_at, content) VALUES (:version, now(), :closed, 1, 't', 'food', 'CNY', 1, 1, now(),"
    " CAST(:asked AS jsonb))",
    *(_OLD_BRIEF.format(status) for status in ("closed", "cancelled")),
    *(
        _OLD_BID.format(*names)
        for names in (("bid", "revision", 0, "open"), ("whole", "whole_revision", 1, "declined"))
    ),
    *(_OLD_REVISION.format(*names) for names in (("bid", "revision", 1), ("whole", "whole_revision", 2))),
)
