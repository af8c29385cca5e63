"""Mail goes out whole, over ways that nobody reads or changes, and what fails tells nothing of it."""

import email
import email.policy
import shutil
import socket
from pathlib import Path

import pytest

from marketplace.core.config import Config
from marketplace.mail import folder_transport, outgoing
from marketplace.mail.folder_transport import FolderTransport
from marketplace.mail.outgoing import OutgoingMail
from marketplace.mail.smtp_transport import MailEncryption, SmtpTransport
from marketplace.mail.transport import MailNotSent, RecipientRefused
from tests.mail import outbox, smtp_sink

MAIL = OutgoingMail("mei@example.org", "重置密码 reset", "您好\n.\n" + "x" * 2000 + "\n", "zh")


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    return smtp_sink.certificate(tmp_path_factory.mktemp("tls"))


def address(sink: smtp_sink.Sink, scheme: MailEncryption, user: str = "") -> str:
    return f"{scheme}://{user}localhost:{sink.port}"


@pytest.mark.parametrize("scheme", [MailEncryption.TLS, MailEncryption.STARTTLS])
def test_a_mail_goes_out_encrypted_and_arrives_as_it_was_written(
    signed: dict[str, Path], scheme: MailEncryption, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(signed["certificate"]))
    at_once = scheme == MailEncryption.TLS
    with (
        smtp_sink.running(tls=signed, at_once=at_once) as sink,
        outbox.to(address(sink, scheme, "inlay:a%40b@")),
    ):
        outgoing.send(MAIL)
    (message,) = sink.messages
    assert (sink.encrypted, sink.logins) == ([True], [("inlay", "a@b")])
    assert (message["To"], message["Subject"]) == (MAIL.recipient, MAIL.subject)
    assert message["From"] == f"Inlay <{outbox.SENDER}>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert outbox.text(message) == MAIL.text


@pytest.mark.parametrize("scheme", [MailEncryption.TLS, MailEncryption.STARTTLS])
def test_nothing_is_said_to_a_server_whose_certificate_nobody_signed(
    signed: dict[str, Path], scheme: MailEncryption
) -> None:
    at_once = scheme == MailEncryption.TLS
    with (
        smtp_sink.running(tls=signed, at_once=at_once) as sink,
        outbox.to(address(sink, scheme, "inlay:secret@")),
        pytest.raises(MailNotSent) as refused,
    ):
        outgoing.send(MAIL)
    assert (sink.messages, sink.logins) == ([], [])
    assert "SSLCertVerificationError" in str(refused.value)


def test_a_server_without_starttls_gets_no_mail_in_the_clear() -> None:
    with smtp_sink.running() as sink:
        with outbox.to(address(sink, MailEncryption.STARTTLS, "inlay:secret@")), pytest.raises(MailNotSent):
            outgoing.send(MAIL)
        assert (sink.messages, sink.logins) == ([], [])
        with outbox.to(address(sink, MailEncryption.NONE)):
            outgoing.send(MAIL)
    assert len(sink.messages) == 1, "an operator may ask for it by name"


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"RCPT": "550 5.1.1 <mei@example.org> nobody"}, RecipientRefused),
        ({"RCPT": "450 4.2.1 <mei@example.org> later"}, MailNotSent),
        ({"DATA": "554 5.7.1 mei@example.org spam"}, MailNotSent),
        ({"MAIL": "421 too much"}, MailNotSent),
        ({"EHLO": "500 what", "HELO": "500 what"}, MailNotSent),
    ],
    ids=["never", "not now", "not this", "no time", "no hello"],
)
def test_what_a_server_refuses_is_told_without_its_words(answers: dict[str, str], error: type[Exception]) -> None:
    with (
        smtp_sink.running(answers=answers) as sink,
        outbox.to(address(sink, MailEncryption.NONE)),
        pytest.raises(error) as refused,
    ):
        outgoing.send(MAIL)
    assert sink.messages == []
    assert MAIL.recipient not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_a_mail_that_was_taken_is_not_sent_again_because_the_parting_failed() -> None:
    with smtp_sink.running(answers={"QUIT": "451 no"}) as sink, outbox.to(address(sink, MailEncryption.NONE)):
        outgoing.send(MAIL)
    assert len(sink.messages) == 1


def test_a_silent_server_and_none_at_all_are_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for encryption in MailEncryption:
            with pytest.raises(MailNotSent, match=r"TimeoutError|SMTPServerDisconnected"):
                SmtpTransport("127.0.0.1", port, encryption, timeout_s=0.1).send(outbox.message())
    with pytest.raises(MailNotSent, match="ConnectionRefusedError"):
        SmtpTransport("127.0.0.1", port, MailEncryption.NONE).send(outbox.message())


@pytest.mark.parametrize("recipient", ["a@example.org\r\nBcc: b@example.org", "a@example.org, b@example.org"])
def test_an_address_stays_one_address(tmp_path: Path, recipient: str) -> None:
    with outbox.to(tmp_path.as_uri()), pytest.raises((ValueError, IndexError)):
        outgoing.send(OutgoingMail(recipient, "s", "t", "en"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_keeps_what_any_mail_program_opens_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data 数据" / "mail"
    with outbox.to(folder.as_uri()):
        outgoing.send(MAIL)
        outgoing.send(OutgoingMail("lin@example.org", "second", "two\n", "en"))
    files = sorted(folder.iterdir())
    assert [file.stat().st_mode & 0o777 for file in (folder, *files)] == [0o700, 0o600, 0o600]
    opened = email.message_from_bytes(files[0].read_bytes(), policy=email.policy.default)
    assert (opened["Subject"], outbox.text(opened)) == (MAIL.subject, MAIL.text)
    assert [one.recipient for one in folder_transport.kept_mails(folder)] == ["lin@example.org", "mei@example.org"]


def test_a_folder_that_cannot_be_written_keeps_no_part(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MailNotSent, match="cannot be written"):
        FolderTransport(tmp_path / "file" / "mail").send(outbox.message())


NEEDED = {"DATABASE_URL": "d", "REDIS_URL": "r", "SECRET_KEY": "s", "MAIL_FROM": "inlay@example.com"}


@pytest.mark.parametrize(
    "url",
    ["http://h", "smtps://", "smtps://u:hidden@h:70000", "smtp://u:hidden@h/path", "smtp+plain://u:hidden@h", "mail"],
)
def test_an_address_of_no_mail_server_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(SystemExit) as refused:
        Config.from_env({**NEEDED, "MAIL_URL": url})
    assert str(refused.value).startswith("Inlay cannot start: MAIL_URL must ")
    assert "hidden" not in str(refused.value)


def test_whoever_sends_by_a_server_says_from_whom(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("smtps://u:p@mail.example.com\n")
    given = {**NEEDED, "MAIL_URL_FILE": str(tmp_path / "url")}
    config = Config.from_env(given)
    assert (config.mail_url, config.mail_from) == ("smtps://u:p@mail.example.com", "inlay@example.com")
    transport = outgoing.transport_of(config.mail_url)
    assert transport == SmtpTransport("mail.example.com", 465, MailEncryption.TLS, "u", "p")
    assert "'p'" not in repr(transport)
    del given["MAIL_FROM"]
    with pytest.raises(SystemExit, match="set MAIL_FROM"):
        Config.from_env(given)
