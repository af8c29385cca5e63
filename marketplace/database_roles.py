"""The roles of a market's database, and the login that its programs use.

A transaction takes `inlay_app`, of which the policies speak, for whoever is asking, and `inlay_service` for the system
itself. The login may take both and has no rights of its own: it owns nothing, inherits nothing, and cannot become the
owner of the tables, under which migrations run.
"""

from typing import Any, LiteralString, cast

import psycopg
import sqlalchemy as sa
from psycopg import sql

from marketplace.core import db
from marketplace.core.db import APP_ROLE, SERVICE_ROLE
from marketplace.core.message import Bilingual

ROLES = (APP_ROLE, SERVICE_ROLE)

_EXISTS = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)"
_GROUP = "CREATE ROLE {} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
_LOGIN = "CREATE ROLE {} LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD {}"
_INHERITS: LiteralString = (
    "DO $$ BEGIN IF NOT pg_has_role('inlay_service', 'inlay_app', 'USAGE') THEN"
    " GRANT inlay_app TO inlay_service WITH INHERIT TRUE; END IF; END $$"
)
_OWNS = sa.text(
    "SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = session_user)"
    " OR EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    " AND pg_has_role(session_user, relowner, 'MEMBER'))"
)

# The table's name where it is there and the role may be taken.
_READABLE = sa.text(
    "SELECT to_regclass('public.alembic_version') FROM pg_roles WHERE rolname = :role AND pg_has_role(oid, 'SET')"
)
_TAKE = sa.text("SELECT set_config('role', :role, true)")


class OwnerNeeded(Exception):
    """The login that was named may not do what has to be done; `text` says what somebody who may has to do."""

    def __init__(self, text: Bilingual) -> None:
        self.text = text
        super().__init__(text.en)


class RolesMissing(OwnerNeeded):
    """The owner may not make the roles or the login."""

    def __init__(self, owner: str, login: str) -> None:
        roles = ", ".join(ROLES)
        text = Bilingual(
            f"账号 {owner} 无权创建角色：请以超级用户 CREATE ROLE {roles} 并创建账号 {login}，"
            f"再 GRANT {roles} TO {owner}, {login}。",
            f"The login {owner} may not make roles: as a superuser, CREATE ROLE {roles} and the login {login}, and"
            f" GRANT {roles} TO {owner}, {login}.",
        )
        super().__init__(text)


def prepare(owner_url: str, login_url: str = "") -> None:
    """Make what is missing of the roles and of the login that `login_url` names, and let the two logins take the roles.

    A login that exists keeps its password. Raises RolesMissing.
    """
    login = sa.make_url(login_url) if login_url else None
    engine = sa.create_engine(owner_url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        db.wait_to_own(connection, "roles")
        opened = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
        try:
            _prepare(opened, login)
        except psycopg.errors.InsufficientPrivilege as error:
            owner = opened.info.user
            raise RolesMissing(owner, str((login and login.username) or owner)) from error


def _prepare(opened: "psycopg.Connection[Any]", login: sa.URL | None) -> None:
    for role in ROLES:
        if not _exists(opened, role):
            opened.execute(sql.SQL(_GROUP).format(sql.Identifier(role)))
        # The owner inherits, so that it sees all rows although it is held to the policies too.
        opened.execute(sql.SQL("GRANT {} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE").format(sql.Identifier(role)))
    opened.execute(_INHERITS)
    if login is None or not login.username or login.username == opened.info.user:
        return
    if not _exists(opened, login.username):
        # Only its hash is sent, so that no log of statements has the password.
        given = str(login.password or "").encode()
        hashed = opened.pgconn.encrypt_password(given, login.username.encode(), b"scram-sha-256") if given else None
        password = sql.Literal(hashed.decode()) if hashed else sql.NULL
        opened.execute(sql.SQL(_LOGIN).format(sql.Identifier(login.username), password))
    for role in ROLES:
        grant = sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE")
        opened.execute(grant.format(sql.Identifier(role), sql.Identifier(login.username)))


def _exists(opened: "psycopg.Connection[Any]", role: str) -> bool:
    row = opened.execute(_EXISTS, [role]).fetchone()
    return bool(row and row[0])


def revision_for_login(login_url: str) -> str | None:
    """Return the schema's revision for a login that is the market's and not the owner's. None where the login owns the
    tables, or where there is no market that it may work for."""
    engine = sa.create_engine(login_url, poolclass=sa.NullPool)
    try:
        with engine.begin() as connection:
            if login_owns(connection) or connection.execute(_READABLE, {"role": APP_ROLE}).scalar() is None:
                return None
            connection.execute(_TAKE, {"role": APP_ROLE})
            found: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
            return found
    finally:
        engine.dispose()


def login_owns(connection: sa.Connection) -> bool:
    """Return whether the login of this connection owns the market's tables, or may become who does."""
    return bool(connection.execute(_OWNS).scalar())
