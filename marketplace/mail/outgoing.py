"""What the market sends goes out from here: a process says once where to (`connect`), and jobs send.

Only jobs send mail, never a request: what is asked for in a transaction is sent if it commits, is tried again while the
mail server is away, and takes no time of whoever asked, which would show what is sent to whom.
"""

import email.policy
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from marketplace.core.clock import now
from marketplace.core.ids import new_id
from marketplace.core.message import Language
from marketplace.mail.folder_transport import FolderTransport
from marketplace.mail.smtp_transport import PORTS, MailEncryption, SmtpTransport
from marketplace.mail.transport import MailTransport

# A mail is tried for about a day: jobs wait up to five minutes between two tries.
TRIES = 300


@dataclass(frozen=True)
class OutgoingMail:
    """A mail to one address, in one language. Made where it is sent and kept nowhere: it may hold a secret."""

    recipient: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    language: Language


@dataclass(frozen=True)
class MailSettings:
    """Where mail goes, whom it says it is from, and how the market is reached ("" where nobody has said)."""

    transport: MailTransport
    sender: str
    public_url: str


_settings: list[MailSettings] = []


def connect(mail_url: str, *, sender: str, public_url: str) -> None:
    """Say where this process sends mail."""
    _settings[:] = [MailSettings(transport_of(mail_url), sender, public_url)]


def transport_of(mail_url: str) -> MailTransport:
    """Return what sends to `file://` a folder, or to a mail server, by the scheme of its address."""
    parts = urlsplit(mail_url)
    if parts.scheme == "file":
        return FolderTransport(Path(unquote(parts.path)))
    encryption = MailEncryption(parts.scheme)
    return SmtpTransport(
        parts.hostname or "",
        parts.port or PORTS[encryption],
        encryption,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


def public_url() -> str:
    """Return where clients reach the market, and never what a client said of it: a link in a mail must lead here."""
    return _settings[0].public_url


def send(mail: OutgoingMail) -> None:
    """Send a mail. When it returns, it is taken. Raises MailNotSent, RecipientRefused."""
    settings = _settings[0]
    settings.transport.send(_message(mail, settings.sender))


def _message(mail: OutgoingMail, sender: str) -> EmailMessage:
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = Address("Inlay", addr_spec=sender)
    message["To"] = Address(addr_spec=mail.recipient)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = f"<{new_id()}@{sender.rpartition('@')[2]}>"
    # No machine is to answer a machine (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    # As base64, for no line of a quoted text may be broken where a token is copied from.
    message.set_content(mail.text, charset="utf-8", cte="base64")
    message["Content-Language"] = {"zh": "zh-CN", "en": "en"}[mail.language]
    return message
