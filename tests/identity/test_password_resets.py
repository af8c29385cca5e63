"""A forgotten password is reset by whoever reads the mail, and by nobody else; whoever asks learns nothing."""

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from types import ModuleType
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from marketplace.app import create_app
from marketplace.core import db, ids, jobs
from marketplace.core.clock import now
from marketplace.core.config import Config
from marketplace.core.events import Event
from marketplace.core.http.failed_attempts import TRIES
from marketplace.core.ids import new_id
from marketplace.core.jobs import Job, JobState
from marketplace.identity.models import PasswordReset, Person
from marketplace.identity.sign_in import account_mails, password_resets
from marketplace.mail.smtp_transport import MailEncryption
from tests.mail import outbox, smtp_sink
from tests.make import moments, work
from tests.make.people import PASSWORD, Somebody, console, somebody, with_password
from tests.market import owning

API = "/api/v1"
ASK, CONFIRM = f"{API}/password-resets", f"{API}/password-resets/confirm"
ME, SESSIONS = f"{API}/people/me", f"{API}/sessions"
NEW = "nine quiet rivers run"


@pytest.fixture
def sink() -> Iterator[smtp_sink.Sink]:
    with smtp_sink.running() as running, outbox.to(f"{MailEncryption.NONE}://127.0.0.1:{running.port}"):
        yield running


@pytest.fixture(autouse=True)
def nothing_waits() -> Iterator[None]:
    yield
    work.forget()


class Inbox:
    """What the market has sent to one address so far, once its workers have nothing left to send."""

    def __init__(self, sink: smtp_sink.Sink, worker: ModuleType, email: str) -> None:
        self.sink, self.worker, self.email = sink, worker, email

    def read(self) -> list[EmailMessage]:
        with db.transaction() as session:  # where the test's clock is ahead of the database's
            fresh = Job.queue == jobs.MAIL, Job.state == JobState.QUEUED, Job.attempt == 0
            session.execute(sa.update(Job).where(*fresh).values(next_at=sa.func.now()))
        while self.worker.drain(jobs.MAIL):
            pass
        return [message for message in self.sink.messages if message["To"] == self.email]

    def token(self) -> str:
        """The newest token; a notice of something else may come after its mail."""
        found = [re.findall(r"--token (inl_rst_\S+)", outbox.text(mail)) for mail in self.read()]
        return [str(token) for tokens in found for token in tokens][-1]


@pytest.fixture
def who() -> Somebody:
    return somebody("brand")


@pytest.fixture
def inbox(sink: smtp_sink.Sink, worker: ModuleType, who: Somebody) -> Inbox:
    return Inbox(sink, worker, with_password(who))


def ask(client: FlaskClient, email: str) -> TestResponse:
    answer = client.post(ASK, json={"email": email})
    assert answer.status_code == 202, answer.text
    return answer


def confirm(client: FlaskClient, token: str, password: str = NEW) -> TestResponse:
    return client.post(CONFIRM, json={"token": token, "password": password})


def sign_in(client: FlaskClient, email: str, password: str = NEW) -> TestResponse:
    return client.post(SESSIONS, json={"email": email, "password": password})


def test_whoever_reads_the_mail_sets_a_new_password_and_every_session_ends(
    client: FlaskClient, session: Session, who: Somebody, inbox: Inbox
) -> None:
    before = [console(who), console(who)]
    assert ask(client, inbox.email.upper()).data == b""
    token = inbox.token()
    (mail,) = inbox.read()
    assert (mail["Subject"], mail["Content-Language"]) == ("重置您的 Inlay 密码", "zh-CN")
    assert outbox.PUBLIC_URL in outbox.text(mail)

    done = confirm(client, token)

    assert (done.status_code, done.data) == (204, b"")
    assert [client.get(ME, headers=one).status_code for one in before] == [401, 401]
    assert sign_in(client, inbox.email, PASSWORD).status_code == 401
    assert sign_in(client, inbox.email).status_code == 201
    assert client.get(ME, headers=who.headers).status_code == 200, "keys are programs', and stay"
    assert confirm(client, token).status_code == 404, "good once"
    _, notice = inbox.read()
    assert notice["Subject"] == "您的 Inlay 账户有改动"
    assert "通过邮件重置" in outbox.text(notice)
    (event,) = session.scalars(sa.select(Event).filter_by(kind="people.reset-password", subject_id=who.person_id))
    assert (event.party_ids, event.actor_person_id, event.actor_role) == ([], who.person_id, "nobody")
    assert event.data == {"sessions_ended": 2}


def test_mails_are_in_the_language_of_the_person_and_hold_no_word_of_a_strangers(
    client: FlaskClient, who: Somebody, inbox: Inbox
) -> None:
    with db.transaction() as session:
        person = session.get_one(Person, who.person_id)
        person.locale, person.timezone, person.name = "en", "Europe/Berlin", "CALL +1 555 0100 NOW"
    client.post(ASK, json={"email": inbox.email}, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    (mail,) = inbox.read()
    said = outbox.text(mail)
    assert (mail["Subject"], mail["Content-Language"]) == ("Reset your Inlay password", "en")
    assert "(Europe/Berlin)" in said
    assert "555" not in mail.as_string() + said
    assert "evil" not in mail.as_string() + said


def statements(client: FlaskClient, email: str) -> list[tuple[str, int]]:
    """Everything that one request sends to the database: SQL, and how many values."""
    engine: sa.Engine = db.Sessions.kw["bind"]
    sent: list[tuple[str, int]] = []

    def note(_: Any, __: Any, sql: str, values: Any, *___: Any) -> None:
        sent.append((sql, len(values)))

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        ask(client, email)
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    return sent


def test_nobody_learns_whether_an_address_has_an_account(client: FlaskClient, who: Somebody, inbox: Inbox) -> None:
    stranger = f"{new_id().hex}@example.org"
    answers = [ask(client, email) for email in (stranger, inbox.email)]
    shown = [{name: value for name, value in one.headers if name not in ("X-Request-Id", "Date")} for one in answers]
    assert shown[0].keys() == shown[1].keys()
    assert {one["Content-Length"] for one in shown} == {"0"}
    unknown, known = statements(client, stranger), statements(client, inbox.email)
    assert unknown == known
    assert len(known) >= 2
    assert len(inbox.read()) == 2
    assert all(message["To"] != stranger for message in inbox.sink.messages)
    told = work.of(password_resets.MAIL_RESET)[-4:]
    assert {(job.state, job.payload == {}, job.result, job.party_id, job.attempt) for job in told} == {
        (JobState.DONE, True, None, None, 1)
    }


def test_a_suspended_person_gets_no_mail_and_uses_none(client: FlaskClient, who: Somebody, inbox: Inbox) -> None:
    admin = somebody("platform")

    def decide(verb: str) -> None:
        path = f"{API}/people/{ids.show('per', who.person_id)}/{verb}"
        assert client.post(path, json={"reason": "spam"}, headers=admin.once()).status_code == 200

    ask(client, inbox.email)
    token = inbox.token()
    decide("suspend")
    refused = confirm(client, token)
    assert (refused.status_code, "spam" in refused.text) == (403, True)
    ask(client, inbox.email)
    assert len(inbox.read()) == 1
    decide("reinstate")
    assert confirm(client, token).status_code == 204, "nothing was used up"


def test_a_weak_password_is_refused_and_uses_nothing_up(client: FlaskClient, inbox: Inbox) -> None:
    ask(client, inbox.email)
    token = inbox.token()
    for weak in ("password123", inbox.email, "short"):
        refused = confirm(client, token, weak)
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/password")
    assert sign_in(client, inbox.email, PASSWORD).status_code == 201
    assert confirm(client, token).status_code == 204


@pytest.mark.parametrize("token", ["", "inl_rst_", "inl_rst_" + "x" * 43, "x" * 100, "%s"])
def test_what_is_no_token_resets_nothing(client: FlaskClient, token: str) -> None:
    refused = confirm(client, token)
    assert refused.status_code == 404 if token else 422
    assert "request" in refused.text or not token


def test_a_token_is_good_for_half_an_hour_from_when_it_was_sent(client: FlaskClient, inbox: Inbox) -> None:
    with moments.travel(now(), tick=False) as clock:
        ask(client, inbox.email)
        clock.move_to(now() + timedelta(hours=5))  # the mail server was away
        token = inbox.token()
        clock.move_to(now() + timedelta(minutes=29))
        assert confirm(client, token, "password123").status_code == 422, "it is still good"
        clock.move_to(now() + timedelta(minutes=1))
        assert confirm(client, token).status_code == 404


def test_an_account_gets_three_mails_while_they_are_good(client: FlaskClient, inbox: Inbox) -> None:
    with moments.travel(now(), tick=False) as clock:
        for _ in range(5):
            ask(client, inbox.email)
        assert len(inbox.read()) == password_resets.MAILS_MAX
        clock.move_to(now() + timedelta(minutes=password_resets.MINUTES))
        ask(client, inbox.email)
        assert len(inbox.read()) == password_resets.MAILS_MAX + 1
        assert confirm(client, inbox.token()).status_code == 204


def test_an_address_asks_so_often_a_minute(config: Config) -> None:
    client = create_app(replace(config, sign_ins_per_minute=2)).test_client()
    for path, body in ((ASK, {"email": "a@example.org"}), (CONFIRM, {"token": "x", "password": NEW})):
        where = {"REMOTE_ADDR": f"198.51.100.{len(path)}"}
        codes = [client.post(path, json=body, environ_base=where).status_code for _ in range(5)]
        # A minute may begin between two of them.
        assert 429 in codes


def test_a_second_factor_is_still_asked_for(client: FlaskClient, who: Somebody, inbox: Inbox) -> None:
    factor, signed = f"{ME}/second-factor", console(who)
    app = pyotp.parse_uri(client.post(factor, headers=signed).json["uri"])
    assert isinstance(app, pyotp.TOTP)
    assert client.post(f"{factor}/confirm", headers=signed, json={"code": app.now()}).status_code == 200
    ask(client, inbox.email)
    assert confirm(client, inbox.token()).status_code == 204
    asked = sign_in(client, inbox.email)
    assert (asked.status_code, "second-factor-needed" in asked.text) == (401, True)


def test_a_changed_password_ends_what_was_asked_for_before(client: FlaskClient, who: Somebody, inbox: Inbox) -> None:
    ask(client, inbox.email)
    token = inbox.token()
    ask(client, inbox.email)  # its mail is not sent yet
    changed = client.post(f"{ME}/password", json={"old": PASSWORD, "new": NEW}, headers=console(who))
    assert changed.status_code == 204
    assert confirm(client, token, "ten quiet rivers run").status_code == 404
    subjects = [mail["Subject"] for mail in inbox.read()]
    assert subjects == ["重置您的 Inlay 密码", "您的 Inlay 账户有改动"]


def test_a_reset_lets_in_whom_wrong_passwords_had_locked_out(client: FlaskClient, inbox: Inbox) -> None:
    for _ in range(TRIES):
        assert sign_in(client, inbox.email, "not the password").status_code == 401
    assert sign_in(client, inbox.email, PASSWORD).status_code == 429
    ask(client, inbox.email)
    assert confirm(client, inbox.token()).status_code == 204
    assert sign_in(client, inbox.email).status_code == 201


def test_of_two_at_once_with_one_token_one_sets_the_password(app: Flask, client: FlaskClient, inbox: Inbox) -> None:
    ask(client, inbox.email)
    token, codes = inbox.token(), dict[str, int]()
    passwords = [f"{number} quiet rivers run" for number in range(1, 3)]

    def run(password: str) -> None:
        codes[password] = confirm(app.test_client(), token, password).status_code

    threads = [threading.Thread(target=run, args=(password,)) for password in passwords]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes.values()) == [204, 404]
    assert {password: sign_in(client, inbox.email, password).status_code for password in passwords} == {
        password: 201 if code == 204 else 401 for password, code in codes.items()
    }


def test_each_change_of_how_one_signs_in_is_told_by_mail(client: FlaskClient, who: Somebody, inbox: Inbox) -> None:
    factor, signed, admin = f"{ME}/second-factor", console(who), somebody("platform")
    with moments.travel(now(), tick=False) as clock:

        def add() -> pyotp.TOTP:
            clock.move_to(now() + timedelta(seconds=60))
            made = pyotp.parse_uri(client.post(factor, headers=signed).json["uri"])
            assert isinstance(made, pyotp.TOTP)
            assert client.post(f"{factor}/confirm", headers=signed, json={"code": made.at(now())}).status_code == 200
            clock.move_to(now() + timedelta(seconds=60))
            return made

        code = add().at(now())
        gone = client.post(f"{factor}/remove", headers=signed, json={"password": PASSWORD, "code": code})
        assert gone.status_code == 204
        add()
        path = f"{API}/people/{ids.show('per', who.person_id)}/reset-second-factor"
        assert client.post(path, json={"reason": "lost"}, headers=admin.once()).status_code == 204
        said = "".join(outbox.text(mail) for mail in inbox.read())
    assert len(inbox.read()) == 4
    for word in ("已启用第二因素", "第二因素已移除", "管理员已重置第二因素"):
        assert word in said


def test_a_mail_waits_for_the_mail_server_and_what_failed_names_nobody(
    client: FlaskClient, session: Session, who: Somebody, inbox: Inbox
) -> None:
    inbox.sink.answers["RCPT"] = f"451 <{inbox.email}> later"
    ask(client, inbox.email)
    assert inbox.read() == []
    (waiting,) = [job for job in work.of(password_resets.MAIL_RESET) if job.state == JobState.QUEUED]
    assert "451" in (waiting.last_error or "")
    assert inbox.email not in (waiting.last_error or "")
    del inbox.sink.answers["RCPT"]
    work.due(waiting.id)
    assert confirm(client, inbox.token()).status_code == 204
    inbox.sink.answers["RCPT"] = f"550 <{inbox.email}> nobody"
    assert len(inbox.read()) == 1, "the notice is refused for good"
    dead = session.scalars(sa.select(Job).filter_by(kind=account_mails.NOTICE, state=JobState.DEAD)).all()
    assert [inbox.email in (job.last_error or "") for job in dead if job.subject_id == who.person_id] == [False]


def test_only_the_hash_of_a_token_is_kept(client: FlaskClient, session: Session, who: Somebody, inbox: Inbox) -> None:
    ask(client, inbox.email)
    token = inbox.token()
    with owning() as everything:
        for name in db.Base.metadata.tables:
            held = sa.text(f"SELECT count(*) FROM {name} t WHERE row_to_json(t)::text LIKE :it")
            assert everything.scalar(held, {"it": f"%{token}%"}) == 0, name
    (row,) = session.scalars(sa.select(PasswordReset).filter_by(person_id=who.person_id))
    assert row.token_hash is not None
