"""Accounts, names and credentials that a former release stored, after the upgrade."""

import json
from uuid import uuid4

import sqlalchemy as sa

from marketplace import schema
from marketplace.local.servers import LocalServers
from tests.market import clone_to_own


def test_closed_briefs_and_proofs_of_before_keep_the_present_names_of_their_channels(servers: LocalServers) -> None:
    url = clone_to_own(servers, "inlay_names")
    schema.downgrade(url, "0022")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    ids = {"channel": uuid4(), "any": uuid4()}
    with engine.begin() as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))  # of no party, brief or bid
        for statement in (
            "INSERT INTO channels (id, created_at, creator_id, platform, account_key, handle, name, verticals, status,"
            " version) VALUES (:channel, now(), :any, 'douyin', '77', '@XiaoYu', '小雨', '{}', 'active', 1)",
            "INSERT INTO close_features (record_id, bid_id, channel_id) VALUES (:any, :any, :channel)",
            "INSERT INTO channel_proofs (id, created_at, channel_id, creator_id, kind, import_id, status, version)"
            " VALUES (:any, now(), :channel, :any, 'platform_export', :any, 'asked', 1)",
        ):
            connection.execute(sa.text(statement), ids)
    schema.upgrade(url)
    with engine.connect() as connection:
        names = "SELECT platform, account_key, handle, channel_name, handle_key FROM close_features"
        assert tuple(connection.execute(sa.text(names)).one()) == ("douyin", "77", "@XiaoYu", "小雨", "xiaoyu")
        assert connection.scalar(sa.text("SELECT handle FROM channel_proofs")) == "@XiaoYu"


def test_handles_that_look_alike_are_one_after_the_upgrade(servers: LocalServers) -> None:
    url = clone_to_own(servers, "inlay_seen")
    schema.downgrade(url, "0023")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    keys = sa.text("SELECT handle, handle_key, account_key FROM channels ORDER BY account_key")
    spellings = [("1", "XiaoYu"), ("2", "Xiao\u200bYu"), ("3", "ＸｉａｏＹｕ\u3164"), ("4", "Mei")]
    with engine.begin() as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))  # of no party
        for key, handle in spellings:
            connection.execute(
                sa.text(
                    "INSERT INTO channels (id, created_at, creator_id, platform, account_key, handle, name, verticals,"
                    " status, claim_status, version) VALUES (gen_random_uuid(), now(), gen_random_uuid(), 'douyin',"
                    " :key, :handle, 'X', '{}', 'active', 'proven', 1)"
                ),
                {"key": key, "handle": handle},
            )
        assert len({row.handle_key for row in connection.execute(keys)}) == 4
    schema.upgrade(url)
    with engine.connect() as connection:
        rows = connection.execute(keys).all()
    assert [(row.account_key, row.handle) for row in rows] == spellings
    assert [row.handle_key for row in rows] == ["xiaoyu", "xiaoyu", "xiaoyu", "mei"]


def test_credentials_leave_their_rows_and_none_is_lost(servers: LocalServers) -> None:
    url = clone_to_own(servers, "inlay_credentials")
    schema.downgrade(url, "0034")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    people = [f"00000000-0000-7000-8000-{number:012d}" for number in range(3)]
    stored = (
        "SELECT id::text, password_hash FROM people ORDER BY id",
        "SELECT id::text, secret_hash FROM api_keys",
        "SELECT person_id::text, secret, recovery_hashes, last_step FROM second_factors",
    )
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO parties (id, created_at, kind, name, status, version) VALUES"
                f" ('{people[0]}', now(), 'creator', 'A', 'active', 1);"
                " INSERT INTO people (id, created_at, email, name, password_hash, locale, timezone) VALUES"
                f" ('{people[0]}', now(), 'a@example.org', 'A', '$argon2id$one', 'en', 'UTC'),"
                f" ('{people[1]}', now(), 'b@example.org', 'B', '$argon2id$two', 'en', 'UTC'),"
                f" ('{people[2]}', now(), 'c@example.org', 'C', '-', 'en', 'UTC');"
                " INSERT INTO api_keys (id, created_at, party_id, person_id, name, public_id, secret_hash, scopes)"
                f" VALUES ('{people[0]}', now(), '{people[0]}', '{people[0]}', 'k', 'inl_1', 'h', '{{read}}');"
                " INSERT INTO second_factors (id, created_at, person_id, secret, recovery_hashes, last_step)"
                f" VALUES (gen_random_uuid(), now(), '{people[1]}', 'S', '{{r1,r2}}', 7)"
            )
        )
        before = [connection.execute(sa.text(query)).all() for query in stored]
    schema.upgrade(url)
    with engine.connect() as connection:
        apart = connection.execute(sa.text("SELECT owner_id::text, kind, secret FROM credentials")).all()
    assert sorted(tuple(row) for row in apart) == [
        (people[0], "api_key", "h"),
        (people[0], "password", "$argon2id$one"),
        (people[1], "app", "S"),
        (people[1], "password", "$argon2id$two"),
        (people[1], "recovery", "r1"),
        (people[1], "recovery", "r2"),
    ]
    schema.downgrade(url, "0034")
    with engine.connect() as connection:
        assert [connection.execute(sa.text(query)).all() for query in stored] == before
    schema.upgrade(url)


def test_channels_keys_and_parties_from_before_claims_come_up_as_they_should(servers: LocalServers) -> None:
    url = clone_to_own(servers, "inlay_claims")
    schema.downgrade(url, "0016")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    columns = "id, created_at, creator_id, platform, account_key, handle, name, verticals, status, version"
    party, person, lonely = (f"00000000-0000-7000-8000-{number:012d}" for number in range(3))
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO parties (id, created_at, kind, name, status, version) VALUES"
                f" ('{party}', now(), 'creator', 'A', 'active', 1),"
                f" ('{lonely}', now(), 'creator', 'B', 'suspended', 1);"
                " INSERT INTO people (id, created_at, email, name, password_hash, locale, timezone) VALUES"
                f" ('{person}', now(), 'a@example.org', 'A', '-', 'en', 'America/New_York');"
                " INSERT INTO memberships (id, created_at, person_id, party_id, permissions) VALUES"
                f" (gen_random_uuid(), now(), '{person}', '{party}', '{{}}');"
                f" INSERT INTO channels ({columns}) VALUES"
                f" (gen_random_uuid(), now(), '{party}', 'douyin', 'x', ' @XiaoYu', 'X', '{{}}', 'active', 1);"
                " INSERT INTO api_keys"
                " (id, created_at, party_id, person_id, name, public_id, secret_hash, scopes, mode) VALUES"
                f" (gen_random_uuid(), now(), '{party}', '{person}', 'k', 'inl_test_1', 'h', '{{read}}', 'test')"
            )
        )
    schema.upgrade(url)
    with engine.begin() as connection:
        zones = connection.execute(sa.text("SELECT timezone, status, verified_at FROM parties ORDER BY name")).all()
        claims = connection.execute(sa.text("SELECT claim_status, proven_at, handle_key FROM channels")).all()
        people = connection.execute(sa.text("SELECT status, version FROM people")).all()
        kept = connection.scalar(sa.text("SELECT public_id FROM api_keys"))
        # A second claim, which the schema before has no room for.
        connection.execute(
            sa.text(
                f"INSERT INTO channels ({columns}) VALUES"
                f" (gen_random_uuid(), now(), '{lonely}', 'douyin', 'x', 'x', 'Y', '{{}}', 'active', 1)"
            )
        )
    assert [tuple(row) for row in zones] == [("America/New_York", "active", None), ("Asia/Shanghai", "suspended", None)]
    assert [tuple(row) for row in claims] == [("claimed", None, "xiaoyu")]
    assert [tuple(row) for row in people] == [("active", 1)]
    assert kept == "inl_test_1"
    schema.downgrade(url, "0016")
    with engine.connect() as connection:
        left = connection.execute(sa.text("SELECT account_key, status FROM channels ORDER BY name")).all()
    assert [(row.account_key[:1], row.status) for row in left] == [("x", "active"), ("x", "archived")]
    schema.upgrade(url)


_CHANNEL = (
    "INSERT INTO channels (id, created_at, creator_id, platform, account_key, handle, name, verticals, status,"
    " claim_status, version) VALUES (:id, now(), :creator, :platform, :key, :key, 'n', '{}', 'active', :claim, 1)"
)
_BRIEF_VERSION = (
    "INSERT INTO brief_versions (id, created_at, brief_id, number, title, category, currency, budget_minor, tolerance,"
    " bids_close_at, content) VALUES (:id, now(), :id, 1, 't', 'food', 'CNY', 1, 1, now(), CAST(:content AS jsonb))"
)


def test_platforms_of_other_spellings_get_their_code_and_no_channel_is_lost(servers: LocalServers) -> None:
    url = clone_to_own(servers, "inlay_platforms")
    schema.downgrade(url, "0042")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    one, two, other = uuid4(), uuid4(), uuid4()
    stored = [  # creator, platform, account, claim, the platform afterwards
        (one, "tik_tok", "a", "claimed", "tiktok"),
        (one, "tiktok", "b", "claimed", "tiktok"),
        (one, "t_iktok", "b", "claimed", "t_iktok"),  # its creator has the account under the code already
        (two, "tik_tok", "b", "proven", "tiktok"),
        (other, "t_ik_tok", "b", "proven", "t_ik_tok"),  # of two that are proven the older one
        (other, "yt", "c", "claimed", "youtube"),
        (other, "twitch", "c", "claimed", "twitch"),
        (other, "twi_tch", "c", "claimed", "twi_tch"),
        (other, "twi_tch", "d", "proven", "twitch"),
    ]
    rows = [
        {"id": uuid4(), "creator": creator, "platform": platform, "key": key, "claim": claim}
        for creator, platform, key, claim, _ in stored
    ]
    rows[3]["id"], rows[4]["id"] = sorted((rows[3]["id"], rows[4]["id"]))
    lines = [{"kind": "video", "count": 1, "platform": name} for name in ("bili_bili", None, "twi_tch")]
    version = {"id": uuid4(), "content": json.dumps({"deliverables": lines, "title": "t"})}
    with engine.begin() as connection:
        connection.execute(sa.text("SET session_replication_role = replica"))  # the tables reference each other
        connection.execute(sa.text(_CHANNEL), rows)
        connection.execute(sa.text(_BRIEF_VERSION), version)
    schema.upgrade(url)
    with engine.connect() as connection:
        found = {row.id: row.platform for row in connection.execute(sa.text("SELECT id, platform FROM channels"))}
        content = connection.scalar(sa.text("SELECT content FROM brief_versions"))
    assert found == {row["id"]: after for row, (*_, after) in zip(rows, stored, strict=True)}
    assert [line["platform"] for line in content["deliverables"]] == ["bilibili", None, "twitch"]
    assert content["title"] == "t"
