"""The port of outgoing mail: something that takes a whole message, and keeps it or hands it on, before it returns."""

from email.message import EmailMessage
from typing import Protocol

from marketplace.core.errors import DomainError
from marketplace.core.message import Bilingual


class MailTransport(Protocol):
    """Takes messages for good: whoever calls may forget a message once `send` has returned."""

    def send(self, message: EmailMessage) -> None:
        """Send a message to the one address in its To. Raises MailNotSent, RecipientRefused."""


class MailNotSent(Exception):
    """The message was not taken, and may be at another time. Tells nothing of the message, nor of its address."""


class RecipientRefused(DomainError):
    """The mail server will never take mail for this address."""

    status = 422
    code = "recipient-refused"
    title = Bilingual("邮件服务器拒收", "The mail server refuses the address")
