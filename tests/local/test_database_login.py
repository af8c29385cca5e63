"""What the market logs in as owns nothing and cannot become who does, on embedded servers and on one's own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask

from marketplace import database_roles, schema
from marketplace.app import create_app
from marketplace.cli.main import main
from marketplace.core import db
from marketplace.core.config import Config
from marketplace.core.db import APP_ROLE
from marketplace.database_roles import ROLES
from marketplace.local import postgres
from marketplace.local.servers import LocalServers, start_servers
from tests.make.people import somebody
from tests.market import clone, connected, owner_of

pytestmark = pytest.mark.process


def plain(url: str, **parts: str) -> str:
    return sa.make_url(url).set(drivername="postgresql", **parts).render_as_string(hide_password=False)


@pytest.fixture
def login(database_url: str) -> Iterator["psycopg.Connection[Any]"]:
    """A connection of the market's login, as web and workers have it."""
    with psycopg.connect(plain(database_url), autocommit=True) as opened:
        yield opened


def test_the_login_has_no_power_and_owns_nothing(login: "psycopg.Connection[Any]") -> None:
    assert login.info.user == postgres.LOGIN
    powers = "rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolinherit"
    roles = [login.info.user, *ROLES]
    for role in roles:
        row = login.execute(f"SELECT {powers} FROM pg_roles WHERE rolname = %s", [role]).fetchone()  # type: ignore[arg-type]
        assert row is not None
        assert not any(row[:5]), role
    owned = "SELECT count(*) FROM pg_shdepend WHERE deptype = 'o' AND refobjid = ANY (%s::regrole[])"
    assert login.execute(owned, [roles]).fetchone() == (0,)
    ways = "SELECT rolname FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER') AND rolname <> session_user"
    assert {row[0] for row in login.execute(ways)} == set(ROLES)


@pytest.mark.parametrize("role", [None, *ROLES])
@pytest.mark.parametrize(
    "statement",
    [
        f"SET ROLE {postgres.NAME}",
        f"SET SESSION AUTHORIZATION {postgres.NAME}",
        "ALTER TABLE bids DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE bids NO FORCE ROW LEVEL SECURITY",
        "ALTER POLICY tenant ON bids USING (true)",
        "DROP POLICY tenant ON bids",
        f"CREATE POLICY open ON bids TO {APP_ROLE} USING (true)",
        "SELECT * FROM pg_authid",
        "SELECT rolpassword FROM pg_authid",
        f"ALTER ROLE {APP_ROLE} BYPASSRLS",
        f"ALTER ROLE {APP_ROLE} SUPERUSER",
        f"GRANT {postgres.NAME} TO {APP_ROLE}",
        "CREATE TABLE public.mine (id int)",
        "CREATE FUNCTION public.app_all() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "CREATE OR REPLACE FUNCTION app_all() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "TRUNCATE bids",
        "UPDATE events SET kind = 'parties.test'",
        "DELETE FROM bid_revisions",
        "SET session_replication_role = replica",
        "SET row_security = off; SELECT * FROM bids",
        "COPY bids TO PROGRAM 'cat'",
        "SELECT pg_read_file('PG_VERSION')",
    ],
)
def test_the_login_cannot_step_over_the_policies(
    login: "psycopg.Connection[Any]", role: str | None, statement: str
) -> None:
    if role:
        login.execute(f"SET ROLE {role}")  # type: ignore[arg-type]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        login.execute(statement)  # type: ignore[arg-type]


def test_stepping_back_from_a_role_leads_to_the_login_alone(login: "psycopg.Connection[Any]") -> None:
    for back in ("RESET ROLE", "SET ROLE NONE", "RESET SESSION AUTHORIZATION"):
        login.execute(f"SET ROLE {APP_ROLE}")
        login.execute(back)  # type: ignore[arg-type]
        now = login.execute("SELECT session_user, current_user").fetchone()
        assert now == (postgres.LOGIN, postgres.LOGIN), back
    for table in ("bids", "parties", "alembic_version"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            login.execute(f"SELECT * FROM {table}")  # type: ignore[arg-type]


def test_a_folder_from_before_the_login_comes_up(tmp_path: Path) -> None:
    """It has one login, the superuser, and tables that the application's role may read."""
    with (
        start_servers(tmp_path, valkey=False, fsync=False) as servers,
        psycopg.connect(plain(servers.owner_url), autocommit=True) as owner,
    ):
        for role in (postgres.LOGIN, *ROLES):
            owner.execute(f"DROP ROLE {role}")  # type: ignore[arg-type]
        owner.execute(f"CREATE ROLE {APP_ROLE} NOLOGIN")
        owner.execute("CREATE TABLE kept AS SELECT 7 AS id")
        owner.execute(f"GRANT SELECT ON kept TO {APP_ROLE}")
    for _ in range(2):
        with (
            start_servers(tmp_path, valkey=False, fsync=False) as servers,
            psycopg.connect(plain(servers.database_url), autocommit=True) as login,
        ):
            login.execute(f"SET ROLE {APP_ROLE}")
            assert login.execute("SELECT id FROM kept").fetchall() == [(7,)]


MANAGED, THEIRS, PASSWORD = "managed", "theirs", "p'a\"ss %w"


def migrate(owner_url: str, login_url: str) -> Result:
    environment = {"DATABASE_URL": login_url, "REDIS_URL": "redis://none/0", "SECRET_KEY": "x"}
    return CliRunner().invoke(
        main, ["migrate"], env={**environment, "MIGRATION_DATABASE_URL": owner_url}, catch_exceptions=False
    )


@pytest.fixture
def managed(servers: LocalServers) -> Iterator[str]:
    """The owner's URL of an empty database as a provider makes it: of a login that is no superuser."""
    with psycopg.connect(plain(servers.owner_url), autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {MANAGED} LOGIN CREATEROLE NOSUPERUSER")
        for role in ROLES:  # the server has them already, of the other databases
            admin.execute(f"GRANT {role} TO {MANAGED} WITH ADMIN OPTION")  # type: ignore[arg-type]
        admin.execute(f"CREATE DATABASE {MANAGED} OWNER {MANAGED}")
        yield sa.make_url(servers.owner_url).set(username=MANAGED, database=MANAGED).render_as_string()
        admin.execute(f"DROP DATABASE {MANAGED} WITH (FORCE)")
        for role in (THEIRS, MANAGED):
            admin.execute(f"DROP ROLE IF EXISTS {role}")  # type: ignore[arg-type]


def test_migrations_run_as_an_owner_without_power_and_make_the_login(managed: str, app: Flask, config: Config) -> None:
    login_url = sa.make_url(managed).set(username=THEIRS, password=PASSWORD).render_as_string(hide_password=False)
    for _ in range(2):
        done = migrate(managed, login_url)
        assert (done.exit_code, done.stderr) == (0, ""), done.output
    with connected(login_url, 2):
        ready = create_app(config).test_client().get("/readyz")
        assert (ready.status_code, ready.json) == (
            200,
            {"status": "ok", "database": "ok", "broker": "ok", "storage": "ok"},
        )
        with db.transaction(somebody("brand").actor) as session:
            assert session.execute(sa.text("SELECT count(*) FROM jobs")).scalar() == 0
    with psycopg.connect(plain(managed, username=postgres.NAME)) as admin:
        stored = admin.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [THEIRS]).fetchone()
    assert stored is not None
    assert stored[0].startswith("SCRAM-SHA-256$")


def test_a_schema_that_is_the_newest_needs_no_owner(managed: str) -> None:
    """Neither `inlay migrate` nor `inlay up`; an older one does, and both say whom to name."""
    login_url = sa.make_url(managed).set(username=THEIRS, password=PASSWORD).render_as_string(hide_password=False)
    assert migrate(managed, login_url).exit_code == 0
    done = migrate("", login_url)
    assert (done.exit_code, schema.head() in done.stdout) == (0, True), done.output
    assert schema.migrate("", login_url) == schema.head()
    before_it = f"{int(schema.head() or 0) - 1:04}"
    schema.downgrade(managed, before_it)
    refused = migrate("", login_url)
    assert refused.exit_code == 1
    assert f"is {before_it} and this release needs {schema.head()}" in refused.output
    assert "MIGRATION_DATABASE_URL" in refused.output
    with pytest.raises(schema.OwnerUnnamed):
        schema.migrate("", login_url)
    assert schema.current(managed) == before_it
    assert migrate(managed, login_url).exit_code == 0


def test_a_login_that_owns_the_tables_is_named_in_one_sentence(
    servers: LocalServers, app: Flask, config: Config
) -> None:
    owner = owner_of(clone(servers, "inlay_one_login"))
    done = migrate("", owner)
    assert done.exit_code == 0
    assert "name another login in DATABASE_URL" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    with connected(owner, 2):
        ready = create_app(config).test_client().get("/readyz")
        assert ready.status_code == 200, "it works as before"
        assert [sentence.rstrip() for sentence in ready.json["advice"]] == [done.stderr.rstrip()]


def test_an_owner_who_may_make_no_roles_is_told_what_to_run(servers: LocalServers) -> None:
    with psycopg.connect(plain(servers.owner_url), autocommit=True) as admin:
        admin.execute("CREATE ROLE weak LOGIN")
        try:
            weak = sa.make_url(servers.owner_url).set(username="weak", database="postgres").render_as_string()
            done = migrate(weak, sa.make_url(weak).set(username="absent").render_as_string())
        finally:
            admin.execute("DROP ROLE weak")
    assert done.exit_code == 1
    assert f"GRANT {', '.join(ROLES)} TO weak, absent" in done.output


def test_two_hosts_may_prepare_at_once(servers: LocalServers, tmp_path: Path) -> None:
    login = plain(servers.owner_url, username="at_once")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: database_roles.prepare(servers.owner_url, login), range(4)))
    with psycopg.connect(plain(servers.owner_url), autocommit=True) as admin:
        admin.execute("DROP ROLE at_once")
