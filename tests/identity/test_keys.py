"""API keys: shown once, narrowed, rotated, revoked."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from marketplace.core import ids
from marketplace.core.actor import EVERYTHING, Permission
from marketplace.core.clock import now
from marketplace.core.events import Event
from marketplace.identity.models import ApiKey, ConsoleSession, Membership
from marketplace.identity.sign_in import authentication
from marketplace.identity.sign_in.credentials import CredentialKind
from tests.make import moments
from tests.make.people import Somebody, console, kept, membership_of, somebody

URL = "/api/v1/api-keys"
ME = "/api/v1/people/me"


def make(client: FlaskClient, who: Somebody, headers: dict[str, str] | None = None, **changes: Any) -> Any:
    body = {"name": "erp", "scopes": ["read"], **changes}
    return client.post(URL, json=body, headers=who.once(**(headers or {})))


def signed(answer: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.get_json()['key']}"}


def live(session: Session, who: Somebody, name: str = "erp") -> int:
    query = sa.select(sa.func.count()).select_from(ApiKey).filter_by(party_id=who.party_id, name=name, revoked_at=None)
    return session.scalar(query) or 0


def test_a_key_works_and_is_never_shown_again(client: FlaskClient, session: Session) -> None:
    who = somebody("brand")

    made = make(client, who, scopes=["read", "party:manage"])

    assert made.status_code == 201, made.text
    assert made.get_json()["key"].startswith(made.get_json()["public_id"] + ".")
    assert re.fullmatch("inl_[0-9a-z]{12}", made.get_json()["public_id"])
    assert client.get(ME, headers=signed(made)).get_json()["actor"]["permissions"] == ["party:manage", "read"]
    row = session.get_one(ApiKey, ids.read("key", made.get_json()["id"]))
    secret = made.get_json()["key"].partition(".")[2][:-8]
    [stored] = kept(session, row.id, CredentialKind.API_KEY)
    assert stored == authentication.digest(secret)
    assert row.person_id == who.person_id
    assert row.last_used_at is not None
    listed = client.get(URL, headers=who.headers)
    assert made.get_json()["id"] in [one["id"] for one in listed.get_json()["data"]]
    assert made.get_json()["key"].partition(".")[2] not in listed.text
    assert stored not in listed.text
    event = session.scalars(sa.select(Event).filter_by(subject_id=row.id)).one()
    assert (event.kind, event.data) == ("api_keys.create", {"scopes": ["party:manage", "read"]})


@pytest.mark.parametrize("kind", ["live", "test"])
def test_keys_of_the_former_two_kinds_go_on_as_one(client: FlaskClient, session: Session, kind: str) -> None:
    who = somebody("brand")
    made = make(client, who, scopes=["read", "party:manage"])
    key, public_id = made.get_json()["key"], made.get_json()["public_id"]
    former = public_id.replace("inl_", f"inl_{kind}_")
    session.execute(sa.update(ApiKey).filter_by(public_id=public_id).values(public_id=former))
    session.commit()

    answer = client.get(ME, headers={"Authorization": f"Bearer {key.replace(public_id, former)}"})

    assert (answer.status_code, answer.get_json()["actor"]["permissions"]) == (200, ["party:manage", "read"])
    assert "mode" not in client.get(URL, headers=who.headers).get_json()["data"][0]


def test_a_replay_holds_no_key(client: FlaskClient) -> None:
    who = somebody("brand")
    headers, body = who.once(), {"name": "erp", "scopes": ["read"]}

    first, second = (client.post(URL, json=body, headers=headers) for _ in range(2))

    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.get_json() == {**first.get_json(), "key": None}


def test_two_keys_of_a_name_are_live_so_that_one_takes_the_others_place(client: FlaskClient, session: Session) -> None:
    who = somebody("brand")
    old, new = make(client, who), make(client, who)

    third = make(client, who)
    assert third.status_code == 409
    assert live(session, who) == 2
    assert make(client, who, name="crm").status_code == 201

    assert client.delete(f"{URL}/{old.get_json()['id']}", headers=who.headers).status_code == 204
    assert client.get(ME, headers=signed(old)).status_code == 401
    assert client.get(ME, headers=signed(new)).status_code == 200
    assert make(client, who).status_code == 201


def test_a_key_past_its_time_makes_room(client: FlaskClient) -> None:
    who = somebody("brand")
    begun = now()
    made = make(client, who, expires_at=(begun + timedelta(hours=1)).isoformat())
    make(client, who)
    with moments.travel(begun + timedelta(hours=1), tick=False):
        assert client.get(ME, headers=signed(made)).status_code == 401
        assert make(client, who).status_code == 201
    assert client.get(ME, headers=signed(made)).status_code == 200


def test_of_many_at_once_two_get_a_key(app: Flask, session: Session) -> None:
    who = somebody("brand")
    with ThreadPoolExecutor(8) as crowd:
        found = sorted(crowd.map(lambda _: make(app.test_client(), who).status_code, range(8)))

    assert found == [201] * 2 + [409] * 6
    assert live(session, who) == 2


def test_a_revoked_key_is_refused_at_once_and_stays_revoked(client: FlaskClient, session: Session) -> None:
    who = somebody("brand")
    made = make(client, who)
    url = f"{URL}/{made.get_json()['id']}"

    assert [client.delete(url, headers=who.headers).status_code for _ in range(2)] == [204, 204]

    assert client.get(ME, headers=signed(made)).status_code == 401
    kinds = session.scalars(sa.select(Event.kind).filter_by(subject_id=ids.read("key", made.get_json()["id"]))).all()
    assert sorted(kinds) == ["api_keys.create", "api_keys.revoke"]


def test_a_key_that_made_a_key_gives_no_more_than_it_has(client: FlaskClient, session: Session) -> None:
    who = somebody("brand")
    first = make(client, who, name="first", scopes=["read", "party:manage"])

    wide = make(client, who, signed(first), name="second", scopes=["read", "briefs:write"])
    assert (wide.status_code, wide.get_json()["errors"][0]["pointer"]) == (422, "/scopes")
    assert live(session, who, "second") == 0
    narrow = make(client, who, signed(first), name="second", scopes=["read"])
    assert narrow.status_code == 201
    assert make(client, who, signed(narrow), name="third").status_code == 403


def test_a_key_has_never_more_than_its_persons_seat(client: FlaskClient, session: Session) -> None:
    who = somebody("brand")
    made = make(client, who, scopes=sorted(EVERYTHING))
    session.execute(sa.update(Membership).filter_by(id=membership_of(who)).values(permissions=["read", "gone"]))
    session.commit()

    assert client.get(ME, headers=signed(made)).get_json()["actor"]["permissions"] == ["read"]
    assert make(client, who, console(who), name="more").status_code == 403


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["everything"]}, "/scopes/0"),
        ({"scopes": ["read"] * (len(EVERYTHING) + 1)}, "/scopes"),
        ({"name": "\t"}, "/name"),
        ({"mode": "test"}, "/mode"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "2027-01-01T00:00:00"}, "/expires_at"),
        ({"secret_hash": "x"}, "/secret_hash"),
    ],
)
def test_keys_that_cannot_be(client: FlaskClient, session: Session, changes: dict[str, Any], pointer: str) -> None:
    who = somebody("brand")

    answer = make(client, who, **changes)

    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]
    assert session.scalar(sa.select(sa.func.count()).select_from(ApiKey).filter_by(party_id=who.party_id)) == 1


def test_keys_are_their_partys_alone(client: FlaskClient, session: Session) -> None:
    who, stranger, admin = somebody("creator"), somebody("creator"), somebody("platform")
    reader = somebody("creator", scopes=frozenset({Permission.READ}), party_id=who.party_id)
    url = f"{URL}/{ids.show('key', who.key_id)}"

    assert client.delete(url, headers=stranger.headers).status_code == 404
    assert client.delete(url, headers=reader.headers).status_code == 403
    assert client.delete(url).status_code == 401
    assert make(client, reader).status_code == 403
    assert client.get(URL, headers=reader.headers).status_code == 403
    assert session.get_one(ApiKey, who.key_id).revoked_at is None
    listed = [one["id"] for one in client.get(URL, headers=stranger.headers).get_json()["data"]]
    assert listed == [ids.show("key", stranger.key_id)]
    assert client.delete(url, headers=admin.headers).status_code == 204
    assert client.get(ME, headers=who.headers).status_code == 401


@pytest.mark.parametrize("spoilt", ["x", "", "1234567", "é"])
def test_a_mistyped_key_is_told_from_an_unknown_one(client: FlaskClient, spoilt: str) -> None:
    who = somebody("brand")
    whole = who.headers["Authorization"]
    assert client.get(ME, headers={"Authorization": whole[:-8] + spoilt}).status_code == 401
    assert client.get(ME, headers={"Authorization": whole.replace("Bearer", "Basic")}).status_code == 401
    _, unknown, _ = authentication.new_key()
    assert client.get(ME, headers={"Authorization": f"Bearer {unknown}"}).status_code == 401


def test_a_long_request_holds_up_no_other_of_the_same_key_or_session(client: FlaskClient, session: Session) -> None:
    who = somebody("brand")
    signed_in = console(who)
    session.execute(sa.select(ApiKey.id).filter_by(id=who.key_id).with_for_update())
    session.execute(sa.select(ConsoleSession.id).filter_by(person_id=who.person_id).with_for_update())

    with moments.travel(now() + timedelta(minutes=6)):  # when both would be marked as used again
        found = [client.get(ME, headers=headers).status_code for headers in (who.headers, signed_in)]

    assert found == [200, 200]
