"""Mail into a folder, where no mail server is set: each message is a file that any mail program opens.

For a first run and for tests. Whoever reads the folder can reset passwords: it is open to its owner only.
"""

import email
import email.policy
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from marketplace.core.ids import new_id
from marketplace.mail.transport import MailNotSent

SUFFIX = ".eml"
_OWNER_ONLY = 0o600


@dataclass(frozen=True)
class FolderTransport:
    """Writes each message into a file of its own. Names sort by the time of writing."""

    folder: Path

    def send(self, message: EmailMessage) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            target = self.folder / f"{new_id()}{SUFFIX}"
            draft = target.with_suffix(".draft")
            # Whole or not at all, and on the disk before anybody relies on it.
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "wb") as file:
                file.write(message.as_bytes(policy=email.policy.SMTP))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
        except OSError as error:
            raise MailNotSent(f"the mail folder cannot be written: {error.strerror}") from None


@dataclass(frozen=True)
class KeptMail:
    """A message in the folder: its file's name without the suffix, its headers, and its text."""

    name: str
    sent_at: datetime | None
    recipient: str
    subject: str
    text: str


def kept_mails(folder: Path) -> Iterator[KeptMail]:
    """Yield what the folder holds, the newest first. Raises OSError where it cannot be read."""
    for path in sorted(folder.glob(f"*{SUFFIX}"), reverse=True):
        with path.open("rb") as file:
            message = email.message_from_binary_file(file, policy=email.policy.default)
        date, body = message["Date"], message.get_body(("plain",))
        yield KeptMail(
            name=path.stem,
            sent_at=getattr(date, "datetime", None),
            recipient=str(message["To"] or ""),
            subject=str(message["Subject"] or ""),
            text=str(body.get_content()) if body is not None else "",
        )
