"""A second factor: codes are good once and for a short time, nobody goes on guessing, and a lost phone has its ways."""

from datetime import timedelta
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from marketplace.core import db, ids
from marketplace.core.clock import now
from marketplace.core.events import Event
from marketplace.identity.models import SecondFactor
from marketplace.identity.sign_in.credentials import CredentialKind
from tests.make import moments
from tests.make.people import PASSWORD, Somebody, console, kept, somebody, with_password

OWN, SESSIONS, ME = "/api/v1/people/me/second-factor", "/api/v1/sessions", "/api/v1/people/me"


class Phone:
    """The person's app, and what they wrote on paper."""

    def __init__(self, client: FlaskClient, who: Somebody, clock: Any) -> None:
        self.client, self.who, self.clock, self.email = client, who, clock, with_password(who)
        self.headers = console(who)
        begun = client.post(OWN, headers=self.headers)
        assert begun.status_code == 201, begun.text
        self.app = pyotp.parse_uri(begun.json["uri"])
        assert self.app.secret == begun.json["secret"]
        done = client.post(f"{OWN}/confirm", headers=self.headers, json={"code": self.code()})
        assert done.status_code == 200, done.text
        self.recovery: list[str] = done.json["recovery_codes"]
        self.later()

    def code(self, ago_s: int = 0) -> str:
        assert isinstance(self.app, pyotp.TOTP)
        return self.app.at(now() - timedelta(seconds=ago_s))

    def later(self, seconds: int = 31) -> None:
        self.clock.move_to(now() + timedelta(seconds=seconds))

    def sign_in(self, code: str | None = None, password: str = PASSWORD) -> Any:
        body = {"email": self.email, "password": password} | ({} if code is None else {"code": code})
        return self.client.post(SESSIONS, json=body)


@pytest.fixture
def phone(client: FlaskClient) -> Any:
    with moments.travel(now(), tick=False) as clock:
        yield Phone(client, somebody("brand"), clock)


def kind(answer: Any) -> str:
    return str(answer.json["type"]).rpartition("#")[2]


def test_signing_in_asks_for_a_code_that_is_good_once(phone: Phone) -> None:
    asked = phone.sign_in()
    assert (asked.status_code, kind(asked)) == (401, "second-factor-needed")
    code = phone.code()
    first = phone.sign_in(code)
    assert first.status_code == 201, first.text
    again = phone.sign_in(code)
    assert (again.status_code, kind(again)) == (401, "wrong-code")
    phone.later()
    spaced = phone.code()
    assert phone.sign_in(f"{spaced[:3]} {spaced[3:]}").status_code == 201
    # Without the right password nobody learns that there is one.
    wrong = phone.sign_in(phone.code(), password="not the password")
    assert (wrong.status_code, kind(wrong)) == (401, "not-signed-in")
    told = phone.client.get(ME, headers=phone.headers).json
    assert told["second_factor"] is True


@pytest.mark.parametrize(("ago_s", "good"), [(0, True), (30, True), (-30, True), (90, False), (-90, False)])
def test_clocks_may_differ_by_half_a_minute(phone: Phone, ago_s: int, good: bool) -> None:
    phone.later(300)
    assert (phone.sign_in(phone.code(ago_s)).status_code == 201) is good


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "0" * 40])
def test_what_is_no_code_lets_nobody_in(phone: Phone, code: str) -> None:
    assert phone.sign_in(code).status_code in (401, 422)


def test_nobody_goes_on_guessing_also_from_where_the_person_was_signed_in(phone: Phone) -> None:
    assert phone.sign_in(phone.code()).status_code == 201
    phone.later()
    right = phone.code()
    wrong = f"{(int(right) + 500_000) % 10**6:06d}"
    assert [phone.sign_in(wrong).status_code for _ in range(10)] == [401] * 10
    refused = phone.sign_in(right)
    assert (refused.status_code, "验证码" in refused.json["detail"] or "codes" in refused.json["detail"]) == (429, True)


def test_a_recovery_code_is_good_once_and_stored_as_a_hash(phone: Phone, session: Session) -> None:
    code = phone.recovery[3]
    assert len(set(phone.recovery)) == 10
    assert phone.sign_in(f"{code[:8]}-{code[8:].upper()}").status_code == 201
    assert phone.sign_in(code).status_code == 401
    stored = kept(session, phone.who.person_id, CredentialKind.RECOVERY)
    assert len(stored) == 9
    assert not set(phone.recovery) & set(stored)


def test_it_is_taken_away_with_password_and_code(phone: Phone, session: Session) -> None:
    body = {"password": PASSWORD, "code": phone.code()}
    for wrong in ({"password": "not the password"}, {"code": "000000"}):
        refused = phone.client.post(f"{OWN}/remove", headers=phone.headers, json=body | wrong)
        assert refused.status_code == 422, refused.text
    assert phone.client.post(OWN, headers=phone.headers).status_code == 409
    assert phone.client.post(f"{OWN}/remove", headers=phone.headers, json=body).status_code == 204
    assert phone.sign_in().status_code == 201
    query = sa.select(Event.kind).filter_by(subject_id=phone.who.person_id).order_by(Event.created_at)
    assert [one for one in session.scalars(query) if "factor" in one] == [
        "people.add-second-factor",
        "people.remove-second-factor",
    ]


def test_an_unconfirmed_one_asks_for_nothing_and_a_wrong_first_code_confirms_nothing(client: FlaskClient) -> None:
    who = somebody("creator")
    email, headers = with_password(who), console(who)
    assert client.post(f"{OWN}/confirm", headers=headers, json={"code": "000000"}).status_code == 404
    first = client.post(OWN, headers=headers).json["secret"]
    assert client.post(OWN, headers=headers).json["secret"] != first
    refused = client.post(f"{OWN}/confirm", headers=headers, json={"code": pyotp.TOTP(first).now()})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/code")
    assert client.post(SESSIONS, json={"email": email, "password": PASSWORD}).status_code == 201


def test_another_admin_resets_a_lost_one(phone: Phone, session: Session) -> None:
    admin = somebody("platform")
    path = f"/api/v1/people/{ids.show('per', phone.who.person_id)}/reset-second-factor"
    assert phone.client.post(path, headers=phone.who.once(), json={"reason": "lost"}).status_code == 403
    done = phone.client.post(path, headers=admin.once(), json={"reason": "seen in a call"})
    assert done.status_code == 204, done.text
    assert phone.client.get(ME, headers=phone.headers).status_code == 401
    assert phone.sign_in().status_code == 201
    own = f"/api/v1/people/{ids.show('per', admin.person_id)}/reset-second-factor"
    assert phone.client.post(own, headers=admin.once(), json={"reason": "mine"}).status_code == 403
    query = sa.select(Event).filter_by(kind="people.reset-second-factor", subject_id=phone.who.person_id)
    event = session.scalars(query).one()
    assert event.data["reason"] == "seen in a call"


def test_neither_a_party_nor_an_admin_reads_the_secret(phone: Phone) -> None:
    for who in (phone.who, somebody("platform"), somebody("brand")):
        with db.transaction(who.actor) as session:
            assert session.scalar(sa.select(sa.func.count()).select_from(SecondFactor)) == 0
