"""Let this process send its mail elsewhere for a while, and read what was sent."""

import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage, Message
from typing import cast

from marketplace.mail import outgoing

SENDER = "inlay@market.example"
PUBLIC_URL = "https://market.example"


@contextmanager
def to(mail_url: str, public_url: str = PUBLIC_URL) -> Iterator[None]:
    """Send to this address within; afterwards as before."""
    before = [*outgoing._settings]
    outgoing.connect(mail_url, sender=SENDER, public_url=public_url)
    try:
        yield
    finally:
        outgoing._settings[:] = before


def text(message: Message) -> str:
    """Return the text of a message, with its lines as they were written."""
    return str(cast(EmailMessage, message).get_content()).replace("\r\n", "\n")


def message() -> EmailMessage:
    made = EmailMessage(policy=email.policy.SMTP)
    made["From"], made["To"], made["Subject"] = SENDER, "mei@example.org", "s"
    made.set_content("t")
    return made
