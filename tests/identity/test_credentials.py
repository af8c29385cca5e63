"""Nothing that proves who somebody is can be read out of the database by the market's own login."""

from collections.abc import Iterator

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from marketplace.core import db
from marketplace.core.actor import SYSTEM, Actor
from marketplace.identity.sign_in.credentials import CredentialKind
from tests.make.people import PASSWORD, Somebody, console, kept, somebody, with_password

FACTOR = "/api/v1/people/me/second-factor"
STATEMENTS = (
    "SELECT * FROM credentials",
    "SELECT count(*) FROM credentials",
    "SELECT secret FROM credentials WHERE kind = 'password' LIMIT 1",
    "INSERT INTO credentials (id, created_at, owner_id, kind, secret) VALUES"
    " (gen_random_uuid(), now(), gen_random_uuid(), 'password', 'x')",
    "UPDATE credentials SET secret = 'x'",
    "DELETE FROM credentials",
)
CALLS = (
    "SELECT read_credential(:owner, 'password')",
    "SELECT credential_fits(:owner, 'api_key', 'x')",
    "SELECT spend_credential(:owner, 'recovery', 'x')",
    "SELECT keep_credentials(:owner, 'password', ARRAY['x'])",
)


def protect(client: FlaskClient, who: Somebody) -> list[str]:
    """Let the person have a password, an app and recovery codes beside their key, and return these codes."""
    with_password(who)
    headers = console(who)
    secret = client.post(FACTOR, headers=headers).get_json()["secret"]
    confirmed = client.post(f"{FACTOR}/confirm", json={"code": pyotp.TOTP(secret).now()}, headers=headers)
    assert confirmed.status_code == 200, confirmed.text
    codes: list[str] = confirmed.get_json()["recovery_codes"]
    return codes


@pytest.fixture
def protected(client: FlaskClient) -> Somebody:
    who = somebody("brand")
    protect(client, who)
    return who


def stored(session: Session, who: Somebody) -> list[str]:
    of_person = (CredentialKind.PASSWORD, CredentialKind.APP, CredentialKind.RECOVERY)
    found = [one for kind in of_person for one in kept(session, who.person_id, kind)]
    assert len(found) == 12
    [of_key] = kept(session, who.key_id, CredentialKind.API_KEY)
    return [*found, of_key]


def actors(who: Somebody) -> Iterator[Actor]:
    yield from (who.actor, somebody("platform").actor, SYSTEM)


def test_no_role_reads_or_writes_the_table(app: Flask, protected: Somebody) -> None:
    for actor in actors(protected):
        for statement in STATEMENTS:
            with db.transaction(actor) as session, pytest.raises(sa.exc.ProgrammingError) as refused:
                session.execute(sa.text(statement))
            assert "permission denied" in str(refused.value), statement


def test_no_caller_asks_the_functions(app: Flask, protected: Somebody) -> None:
    for actor in list(actors(protected))[:-1]:
        for statement in CALLS:
            with db.transaction(actor) as session, pytest.raises(sa.exc.ProgrammingError) as refused:
                session.execute(sa.text(statement), {"owner": protected.person_id})
            assert "permission denied" in str(refused.value), statement


def test_every_row_of_every_table_together_has_none_of_them(app: Flask, session: Session, protected: Somebody) -> None:
    secrets = stored(session, protected)
    readable = sa.text(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        " AND has_table_privilege(current_user, oid, 'SELECT')"
    )
    with db.transaction() as reading:
        for table in list(reading.scalars(readable)):
            for row in reading.execute(sa.text(f'SELECT t::text FROM "{table}" t')):
                assert not any(secret in row[0] for secret in secrets), table


def test_hashes_that_are_only_compared_are_given_to_nobody(app: Flask, session: Session, protected: Somebody) -> None:
    with db.transaction() as reading:
        for owner, kind in ((protected.key_id, "api_key"), (protected.person_id, "recovery")):
            told = reading.execute(sa.text("SELECT read_credential(:owner, :kind)"), {"owner": owner, "kind": kind})
            assert told.scalar() is None, kind


def test_taking_the_factor_away_forgets_its_secret_and_its_codes(client: FlaskClient, session: Session) -> None:
    who = somebody("brand")
    code = protect(client, who)[0]
    gone = client.post(f"{FACTOR}/remove", json={"password": PASSWORD, "code": code}, headers=console(who))
    assert gone.status_code == 204, gone.text
    assert kept(session, who.person_id, CredentialKind.APP) == []
    assert kept(session, who.person_id, CredentialKind.RECOVERY) == []
    assert len(kept(session, who.person_id, CredentialKind.PASSWORD)) == 1
