"""Signing up."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from marketplace.app import create_app
from marketplace.core import db, ids
from marketplace.core.actor import EVERYTHING, Permission, Role
from marketplace.core.config import Config
from marketplace.core.errors import Conflict, NotAllowed
from marketplace.core.events import Event
from marketplace.core.ids import new_id
from marketplace.identity import service
from marketplace.identity.models import Membership, Party, PartyKind, Person
from marketplace.identity.sign_in import authentication
from marketplace.identity.sign_in.credentials import CredentialKind
from tests.make.people import PASSWORD, kept, somebody, with_password

URL = "/api/v1/sign-up"


def asked(**changes: Any) -> dict[str, Any]:
    return {
        "email": f"{new_id().hex}@example.org",
        "password": "three small boats at sea",
        "name": "王芳",
        "locale": "zh-CN",
        "timezone": "Asia/Shanghai",
        "party": {"kind": "brand", "name": "山野茶"},
        **changes,
    }


def people(session: Session, email: str) -> int:
    return session.scalar(sa.select(sa.func.count()).where(sa.func.lower(Person.email) == email.lower())) or 0


def test_signing_up_makes_a_person_who_may_do_everything_in_a_new_party(client: FlaskClient, session: Session) -> None:
    body = asked()

    answer = client.post(URL, json=body)

    assert answer.status_code == 201, answer.text
    found = answer.get_json()
    assert found["person"]["email"] == body["email"]
    assert found["person"]["name"] == "王芳"
    assert set(found["person"]) == {"id", "email", "name", "locale", "timezone", "created_at"}
    assert found["party"]["name"] == "山野茶"
    assert (found["party"]["kind"], found["party"]["status"]) == ("brand", "active")
    assert found["membership"]["permissions"] == sorted(EVERYTHING)
    person = session.get_one(Person, ids.read("per", found["person"]["id"]))
    [hashed] = kept(session, person.id, CredentialKind.PASSWORD)
    assert hashed.startswith("$argon2id$")
    assert authentication.check_password(hashed, body["password"])
    event = session.scalars(sa.select(Event).filter_by(subject_id=ids.read("pty", found["party"]["id"]))).one()
    assert (event.kind, event.actor_role, event.actor_person_id) == ("parties.sign-up", "brand", person.id)
    assert event.data == {"party_kind": "brand"}


def test_a_known_address_is_refused_however_it_is_written_and_nothing_is_left(
    client: FlaskClient, session: Session
) -> None:
    email = with_password(somebody("creator"))
    body = asked(email=email.upper(), party={"kind": "brand", "name": f"Left over {email}"})

    answer = client.post(URL, json=body)

    assert answer.status_code == 409
    assert answer.get_json()["detail"] == "This cannot be signed up. If you have an account already, sign in."
    assert email not in answer.text.lower()
    assert people(session, email) == 1
    assert session.scalar(sa.select(Party.id).filter_by(name=f"Left over {email}")) is None


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"password": "short 7"}, "/password"),
        ({"password": "x" * 129}, "/password"),
        ({"password": "qwertyuiop"}, "/password"),
        ({"email": "nobody"}, "/email"),
        ({"email": "a@b.example\n"}, "/email"),
        ({"email": 7}, "/email"),
        ({"name": "  "}, "/name"),
        ({"locale": "tlh"}, "/locale"),
        ({"timezone": "Mars/Olympus"}, "/timezone"),
        ({"timezone": "../../etc/passwd"}, "/timezone"),
        ({"party": {"kind": "platform", "name": "Inlay"}}, "/party/kind"),
        ({"party": {"kind": "brand"}}, "/party/name"),
        ({"party": {"kind": "brand", "name": "x", "status": "active"}}, "/party/status"),
        ({"permissions": ["read"]}, "/permissions"),
    ],
)
def test_what_cannot_be_is_named(client: FlaskClient, session: Session, changes: dict[str, Any], pointer: str) -> None:
    body = asked(**changes)

    answer = client.post(URL, json=body)

    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]
    assert people(session, str(body["email"])) == 0


def test_the_address_itself_is_no_password(client: FlaskClient, session: Session) -> None:
    body = asked()
    answer = client.post(URL, json={**body, "password": body["email"].upper()})

    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/password"
    assert people(session, body["email"]) == 0


def test_of_many_at_once_with_one_address_one_gets_it(app: Flask, session: Session) -> None:
    body = asked()

    def try_it(number: int) -> int:
        return (
            app.test_client()
            .post(URL, json={**body, "party": {"kind": "brand", "name": f"{number} {body['email']}"}})
            .status_code
        )

    with ThreadPoolExecutor(20) as crowd:
        found = sorted(crowd.map(try_it, range(20)))

    # Whoever came while four passwords were being hashed is told to come back.
    assert (found.count(201), set(found) <= {201, 409, 503}) == (1, True)
    assert people(session, body["email"]) == 1
    assert session.scalar(sa.select(sa.func.count()).where(Party.name.endswith(body["email"]))) == 1


def test_attempts_are_counted_by_address(config: Config, app: Flask) -> None:
    client = create_app(replace(config, sign_ins_per_minute=3)).test_client()
    one, two = ({"REMOTE_ADDR": f"2001:db8::{new_id().hex[-4:]}:{number}"} for number in (1, 2))

    found = [client.post(URL, json={}, environ_overrides=one).status_code for _ in range(8)]

    # Of eight, because the minute may turn meanwhile.
    assert found[:3] == [422] * 3
    assert 429 in found
    assert client.post(URL, json={}, environ_overrides=two).status_code == 422


def test_the_platforms_people_are_made_by_a_function_only(session: Session) -> None:
    email = f"{new_id().hex}@example.org"
    with db.transaction() as inner:
        made = service.make_platform_admin(inner, email, "Root", PASSWORD)
    with pytest.raises(Conflict), db.transaction() as inner:
        service.make_platform_admin(inner, email, "Root again", PASSWORD)
    with pytest.raises(NotAllowed), db.transaction() as inner:
        service.sign_up(inner, email=f"x{email}", password=PASSWORD, name="X", party_name="X", kind="platform")

    membership = session.get_one(Membership, made.membership.id)
    assert session.get_one(Party, membership.party_id).kind == PartyKind.PLATFORM
    assert Permission.PARTY in membership.permissions
    assert people(session, email) == 1
    assert people(session, f"x{email}") == 0
    assert authentication.ROLES["platform"] == Role.ADMIN
