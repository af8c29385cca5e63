"""Invitations, and creators who claim what others entered for them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from marketplace.core import db, ids
from marketplace.core.actor import EVERYTHING, Permission
from marketplace.core.clock import now
from marketplace.core.events import Event
from marketplace.core.ids import new_id
from marketplace.identity import service
from marketplace.identity.models import Invite, Membership, Party, PartyStatus, Person
from tests.make import moments
from tests.make.people import PASSWORD, Somebody, somebody, with_password

URL = "/api/v1/invites"


def invite(client: FlaskClient, who: Somebody, **changes: Any) -> Any:
    body = {"email": f"{new_id().hex}@example.org", "permissions": ["read", "bids:write"], **changes}
    return client.post(URL, json=body, headers=who.once())


def accept(client: FlaskClient, token: str, **body: Any) -> Any:
    asked = {"token": token, "password": PASSWORD, **body}
    return client.post(f"{URL}/accept", json=asked)


def row_of(answer: Any) -> Any:
    return ids.read("inv", answer.get_json()["id"])


def test_a_new_person_takes_the_seat_with_what_was_offered(client: FlaskClient, session: Session) -> None:
    who = somebody("agency")
    made = invite(client, who)
    assert made.status_code == 201, made.text

    taken = accept(client, made.get_json()["token"], name="李雷")

    assert taken.status_code == 201, taken.text
    assert taken.get_json()["person"]["email"] == made.get_json()["email"]
    assert taken.get_json()["party"]["id"] == ids.show("pty", who.party_id)
    assert taken.get_json()["membership"]["permissions"] == ["bids:write", "read"]
    assert session.get_one(Invite, row_of(made)).accepted_at is not None
    kinds = session.scalars(sa.select(Event.kind).filter_by(subject_id=row_of(made)).order_by(Event.id)).all()
    assert kinds == ["invites.create", "invites.accept"]

    assert accept(client, made.get_json()["token"], name="李雷").status_code == 404
    assert client.delete(f"{URL}/{made.get_json()['id']}", headers=who.headers).status_code == 409


def test_somebody_with_an_account_takes_it_with_their_password(client: FlaskClient, session: Session) -> None:
    who, guest = somebody("brand"), somebody("creator")
    made = invite(client, who, email=with_password(guest).upper())

    wrong = accept(client, made.get_json()["token"], password="not the password", name="Thief")
    assert wrong.status_code == 401
    assert session.get_one(Invite, row_of(made)).accepted_at is None
    right = accept(client, made.get_json()["token"])

    assert right.status_code == 201, right.text
    assert right.get_json()["person"]["id"] == ids.show("per", guest.person_id)
    seats = session.scalars(sa.select(Membership.party_id).filter_by(person_id=guest.person_id)).all()
    assert set(seats) == {who.party_id, guest.party_id}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/name"),
        ({"name": "X", "password": "short 7"}, "/password"),
        ({"name": "X", "password": "password123"}, "/password"),
        ({"name": "\u202e"}, "/name"),
    ],
)
def test_a_seat_that_is_not_taken(client: FlaskClient, session: Session, body: dict[str, str], pointer: str) -> None:
    made = invite(client, somebody("brand"))

    answer = accept(client, made.get_json()["token"], **body)

    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]
    assert session.get_one(Invite, row_of(made)).accepted_at is None
    assert session.scalar(sa.select(Person.id).filter_by(email=made.get_json()["email"])) is None


def test_an_invitation_is_good_for_a_week(client: FlaskClient, session: Session) -> None:
    made = invite(client, somebody("brand"))
    with moments.travel(now() + timedelta(days=7, seconds=1)):
        assert accept(client, made.get_json()["token"], name="Late").status_code == 404
    assert session.get_one(Invite, row_of(made)).accepted_at is None


def test_a_replay_holds_no_token(client: FlaskClient) -> None:
    who = somebody("brand")
    headers, body = who.once(), {"email": f"{new_id().hex}@example.org", "permissions": ["read"]}

    first, second = (client.post(URL, json=body, headers=headers) for _ in range(2))

    assert first.get_json()["token"].startswith("inl_inv_")
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.get_json() == {**first.get_json(), "token": None}


def test_nobody_gives_more_than_they_have(client: FlaskClient, session: Session) -> None:
    who = somebody("brand", scopes=frozenset({Permission.READ, Permission.PARTY}))

    answer = invite(client, who, permissions=["read", "briefs:write"])

    assert answer.status_code == 422
    assert answer.get_json()["errors"] == [
        {"pointer": "/permissions", "detail": "You cannot give what you do not have: briefs:write."}
    ]
    assert session.scalar(sa.select(Invite.id).filter_by(party_id=who.party_id)) is None
    assert invite(client, who, permissions=["read"]).status_code == 201


def test_invitations_that_are_not_written(client: FlaskClient, session: Session) -> None:
    who, stranger = somebody("brand"), somebody("brand")
    reader = somebody("brand", scopes=frozenset({Permission.READ}), party_id=who.party_id)
    sits = with_password(who)

    assert invite(client, reader).status_code == 403
    assert client.get(URL, headers=reader.headers).status_code == 403
    assert client.post(URL, json={}).status_code == 401
    assert invite(client, who, email=sits.upper()).status_code == 409
    assert invite(client, who, party_id=ids.show("pty", stranger.party_id)).status_code == 404
    for body, pointer in (({"permissions": []}, "/permissions"), ({"email": "x"}, "/email")):
        assert invite(client, who, **body).get_json()["errors"][0]["pointer"] == pointer
    assert invite(client, who, permissions=["root"]).get_json()["errors"][0]["pointer"] == "/permissions/0"
    query = sa.select(Invite.id).where(Invite.party_id.in_([who.party_id, stranger.party_id]))
    assert session.scalar(query) is None


def test_an_invitation_is_listed_and_taken_back_by_its_party(client: FlaskClient, session: Session) -> None:
    who, stranger = somebody("brand"), somebody("brand")
    made = invite(client, who)
    url = f"{URL}/{made.get_json()['id']}"

    listed = client.get(URL, headers=who.headers).get_json()["data"]
    assert [one["id"] for one in listed] == [made.get_json()["id"]]
    assert "token" not in listed[0]
    assert client.get(URL, headers=stranger.headers).get_json()["data"] == []
    assert client.delete(url, headers=stranger.headers).status_code == 404
    assert session.get(Invite, row_of(made)) is not None

    assert client.delete(url, headers=who.headers).status_code == 204
    assert accept(client, made.get_json()["token"], name="X").status_code == 404
    session.expire_all()
    assert session.get(Invite, row_of(made)) is None


def test_a_creator_claims_what_the_agency_entered(client: FlaskClient, session: Session) -> None:
    agency = somebody("agency")
    with db.transaction() as inner:
        creator_id = service.enter_creator(inner, agency.actor, name="小雨").party.id
    wanted = {"party_id": ids.show("pty", creator_id), "permissions": sorted(EVERYTHING)}
    powerless = invite(client, agency, **wanted | {"permissions": ["read"]})
    assert (powerless.status_code, powerless.get_json()["errors"][0]["pointer"]) == (422, "/permissions")
    first, second = invite(client, agency, **wanted), invite(client, agency, **wanted)
    assert invite(client, somebody("agency"), **wanted).status_code == 404

    taken = accept(client, first.get_json()["token"], name="小雨")

    assert taken.status_code == 201, taken.text
    assert taken.get_json()["party"]["status"] == "active"
    assert session.get_one(Party, creator_id).status == PartyStatus.ACTIVE
    kinds = session.scalars(sa.select(Event.kind).filter_by(subject_id=creator_id).order_by(Event.id)).all()
    assert kinds == ["parties.enter", "parties.claim"]
    # From here on the agency acts for the creator, and seats are the creator's own business.
    assert accept(client, second.get_json()["token"], name="Straw man").status_code == 404
    assert invite(client, agency, **wanted).status_code == 403
    members = client.get(f"/api/v1/parties/{wanted['party_id']}/members", headers=agency.headers)
    assert members.status_code == 403


def test_of_two_claims_at_once_one_is_taken(app: Flask, session: Session) -> None:
    agency, client = somebody("agency"), app.test_client()
    with db.transaction() as inner:
        creator_id = service.enter_creator(inner, agency.actor, name="小雨").party.id
    wanted = {"party_id": ids.show("pty", creator_id), "permissions": sorted(EVERYTHING)}
    tokens = [invite(client, agency, **wanted).get_json()["token"] for _ in range(4)]

    with ThreadPoolExecutor(4) as crowd:
        found = sorted(crowd.map(lambda token: accept(app.test_client(), token, name="小雨").status_code, tokens))

    assert found == [201, 404, 404, 404]
    assert session.scalar(sa.select(sa.func.count()).select_from(Membership).filter_by(party_id=creator_id)) == 1
