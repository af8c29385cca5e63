"""Signing in and out, sessions' ends, and the password."""

import sys
from datetime import timedelta
from types import FrameType
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from marketplace.core import ids
from marketplace.core.clock import now
from marketplace.core.events import Event
from marketplace.core.ids import new_id
from marketplace.identity.models import ConsoleSession
from marketplace.identity.sign_in import authentication
from marketplace.identity.sign_in.credentials import CredentialKind
from tests.make import moments
from tests.make.people import PASSWORD, Somebody, console, kept, mandate, seat, somebody, with_password

URL = "/api/v1/sessions"
ME = "/api/v1/people/me"


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD, **more: Any) -> Any:
    return client.post(URL, json={"email": email, "password": password, **more})


def sessions_of(session: Session, who: Somebody) -> list[ConsoleSession]:
    session.expire_all()
    return list(session.scalars(sa.select(ConsoleSession).filter_by(person_id=who.person_id).order_by("id")))


def test_signing_in_gives_a_token_for_twelve_hours(client: FlaskClient, session: Session) -> None:
    agency, creator = somebody("agency"), somebody("creator")
    mandate(agency, creator.party_id)
    email = with_password(agency)
    before = now()

    answer = sign_in(client, email.upper())

    assert answer.status_code == 201, answer.text
    token = answer.get_json()["token"]
    assert token.startswith("inl_ses_")
    assert answer.get_json()["actor"]["role"] == "agency"
    assert answer.get_json()["actor"]["party_id"] == ids.show("pty", agency.party_id)
    assert answer.get_json()["actor"]["acts_for"] == [ids.show("pty", creator.party_id)]
    (row,) = sessions_of(session, agency)
    assert row.token_hash == authentication.digest(token)
    assert timedelta(hours=12) <= row.expires_at - before < timedelta(hours=12, minutes=1)
    assert client.get(ME, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    event = session.scalars(sa.select(Event).filter_by(subject_id=row.id)).one()
    assert (event.kind, event.party_ids, event.data) == ("console_sessions.create", [agency.party_id], {})


def test_a_wrong_password_and_an_unknown_address_cannot_be_told_apart(client: FlaskClient, session: Session) -> None:
    who = somebody("brand")
    email = with_password(who)

    steps, answers = [], []
    for address in (email, f"{new_id().hex}@example.org"):
        with _Steps() as taken:
            answers.append(sign_in(client, address, "not the password"))
        steps.append(taken.names)

    assert [answer.status_code for answer in answers] == [401, 401]
    told = [{name: value for name, value in answer.json.items() if name != "request_id"} for answer in answers]
    assert told[0] == told[1]
    assert "verify_secret" in steps[0]
    assert steps[0] == steps[1]
    assert sessions_of(session, who) == []


class _Steps:
    """The functions of ours and of Argon2 that run meanwhile in this thread, in their order."""

    def __enter__(self) -> "_Steps":
        self.names: list[str] = []
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, _: Any) -> None:
        module = frame.f_globals.get("__name__", "")
        if event == "call" and module.startswith(("marketplace.identity", "argon2")):
            self.names.append(frame.f_code.co_name)


def test_somebody_of_several_parties_says_for_which(client: FlaskClient, session: Session) -> None:
    who, other, stranger = somebody("brand", "First"), somebody("agency", "Second"), somebody("brand")
    seat(who, other.party_id)
    email = with_password(who)

    wrong = sign_in(client, email, "not the password")
    asked = sign_in(client, email)
    foreign = sign_in(client, email, party_id=ids.show("pty", stranger.party_id))

    assert wrong.status_code == 401
    assert "First" not in wrong.text
    assert (asked.status_code, foreign.status_code) == (422, 422)
    assert [fault["pointer"] for fault in asked.get_json()["errors"]] == ["/party_id", "/party_id"]
    assert [fault["detail"] for fault in asked.get_json()["errors"]] == [
        f"{ids.show('pty', who.party_id)}: First (brand)",
        f"{ids.show('pty', other.party_id)}: Second (agency)",
    ]
    assert sessions_of(session, who) == []

    chosen = sign_in(client, email, party_id=ids.show("pty", other.party_id))
    assert chosen.status_code == 201
    assert chosen.get_json()["actor"]["role"] == "agency"


def test_signing_out_ends_this_session_only(client: FlaskClient, session: Session) -> None:
    who = somebody("brand")
    one, two = console(who), console(who)

    assert client.delete(f"{URL}/current", headers=one).status_code == 204

    assert client.get(ME, headers=one).status_code == 401
    assert client.get(ME, headers=two).status_code == 200
    assert client.delete(f"{URL}/current", headers=who.headers).status_code == 404
    assert client.delete(f"{URL}/current").status_code == 401
    assert [row.revoked_at is None for row in sessions_of(session, who)] == [False, True]


def test_a_person_sees_where_they_are_signed_in_and_ends_it(client: FlaskClient, session: Session) -> None:
    who, other, stranger = somebody("brand", "First"), somebody("agency", "Second"), somebody("brand")
    seat(who, other.party_id)
    here, there, strangers = console(who), console(who, party_id=other.party_id), console(stranger)
    over = console(who, hours=0)
    listed = client.get(URL, headers=here).get_json()["data"]
    assert [(row["party"]["name"], row["current"]) for row in listed] == [("Second", False), ("First", True)]

    path = f"{URL}/{listed[0]['id']}"
    assert client.delete(path, headers=strangers).status_code == 404
    assert client.delete(path, headers=who.headers).status_code == 403  # a key is no person
    assert client.get(URL, headers=who.headers).status_code == 403
    assert client.get(ME, headers=there).status_code == 200
    assert client.delete(path, headers=here).status_code == 204
    assert client.get(ME, headers=there).status_code == 401
    assert client.get(ME, headers=over).status_code == 401
    assert client.delete(path, headers=here).status_code == 404
    assert [row["current"] for row in client.get(URL, headers=here).get_json()["data"]] == [True]
    ended = [row.id for row in sessions_of(session, who) if row.revoked_at is not None]
    (event,) = session.scalars(sa.select(Event).filter_by(kind="console_sessions.revoke", subject_id=ended[0]))
    assert event.party_ids == [other.party_id]


def test_a_session_ends_after_two_idle_hours(client: FlaskClient) -> None:
    who = somebody("brand")
    begun = now()
    with moments.travel(begun, tick=False) as clock:
        signed = console(who)
        for hours in (1.9, 3.8, 5.7):
            clock.move_to(begun + timedelta(hours=hours))
            assert client.get(ME, headers=signed).status_code == 200
        clock.move_to(begun + timedelta(hours=7.71))
        assert client.get(ME, headers=signed).status_code == 401


def test_a_session_in_use_ends_after_its_hours(client: FlaskClient) -> None:
    who = somebody("brand")
    begun = now()
    with moments.travel(begun, tick=False) as clock:
        signed = console(who, hours=3)
        for minutes in (100, 179):
            clock.move_to(begun + timedelta(minutes=minutes))
            assert client.get(ME, headers=signed).status_code == 200
        clock.move_to(begun + timedelta(minutes=180))
        assert client.get(ME, headers=signed).status_code == 401


def test_a_new_password_ends_every_other_session_in_all_parties(client: FlaskClient, session: Session) -> None:
    who, other = somebody("brand"), somebody("agency")
    seat(who, other.party_id)
    with_password(who)
    here, there = console(who), console(who)
    away = console(Somebody(other.party_id, who.person_id, other.key_id, {}, other.actor))
    strangers = console(other)

    answer = client.post(f"{ME}/password", json={"old": PASSWORD, "new": "another long phrase"}, headers=here)

    assert answer.status_code == 204, answer.text
    assert [client.get(ME, headers=one).status_code for one in (here, there, away, strangers)] == [200, 401, 401, 200]
    [hashed] = kept(session, who.person_id, CredentialKind.PASSWORD)
    assert authentication.check_password(hashed, "another long phrase")
    event = session.scalars(sa.select(Event).filter_by(subject_id=who.person_id)).one()
    assert (event.kind, event.data) == ("people.change-password", {"sessions_ended": 2})


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"old": "not the old one", "new": "another long phrase"}, "/old"),
        ({"old": PASSWORD, "new": "password123"}, "/new"),
        ({"old": PASSWORD, "new": "short"}, "/new"),
        ({"old": PASSWORD}, "/new"),
    ],
)
def test_a_password_that_is_not_changed(
    client: FlaskClient, session: Session, body: dict[str, str], pointer: str
) -> None:
    who = somebody("brand")
    with_password(who)
    here, there = console(who), console(who)
    before = kept(session, who.person_id, CredentialKind.PASSWORD)

    answer = client.post(f"{ME}/password", json=body, headers=here)

    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]
    assert kept(session, who.person_id, CredentialKind.PASSWORD) == before
    assert client.get(ME, headers=there).status_code == 200


def test_a_key_changes_no_password(client: FlaskClient) -> None:
    who = somebody("brand")
    with_password(who)
    body = {"old": PASSWORD, "new": "another long phrase"}

    assert client.post(f"{ME}/password", headers=who.headers, json=body).status_code == 403
    assert client.post(f"{ME}/password", json=body).status_code == 401
    assert sign_in(client, with_password(who)).status_code == 201


def test_guesses_at_one_account_are_counted_whatever_addresses_they_come_from(client: FlaskClient) -> None:
    """180 guesses from several addresses took nine seconds, and none was refused."""
    right = {"email": f"{new_id().hex}@example.org", "password": "a long enough password"}
    nobody = {"email": f"{new_id().hex}@example.org", "password": "whatever it may be"}
    party = {"kind": "brand", "name": new_id().hex}
    assert client.post("/api/v1/sign-up", json={**right, "name": "Lin", "party": party}).status_code == 201

    def tried(body: dict[str, str], address: str) -> int:
        return client.post("/api/v1/sessions", json=body, environ_base={"REMOTE_ADDR": address}).status_code

    assert tried(right, "198.51.100.1") == 201
    for body in ({**right, "password": "a wrong password"}, nobody):
        statuses = [tried(body, f"203.0.113.{number}") for number in range(14)]
        assert statuses == [401] * 10 + [429] * 4, "the same for an account that is there and for one that is not"
    upper = {**right, "email": f" {right['email'].upper()} "}
    assert tried(upper, "203.0.113.99") in (422, 429), "the same account however it is written"
    assert tried(right, "203.0.113.99") == 429, "also with the right password: nobody learns that it was right"
    assert tried(right, "198.51.100.1") == 201, "its owner signs in from where they did before"
