"""Mail by SMTP (RFC 5321), encrypted unless the operator says otherwise: by TLS from the first byte (RFC 8314), or by
STARTTLS (RFC 3207), which is demanded and not only tried, so that nobody on the way can strip it.
"""

import contextlib
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import StrEnum

from marketplace.core.message import Bilingual
from marketplace.mail.transport import MailNotSent, RecipientRefused

# For each step of the talk. A server that is silent for longer is tried again later.
TIMEOUT_S = 10.0


class MailEncryption(StrEnum):
    """How the way to the mail server is encrypted, by the scheme of its address."""

    TLS = "smtps"
    STARTTLS = "smtp"
    NONE = "smtp+plain"


PORTS = {MailEncryption.TLS: 465, MailEncryption.STARTTLS: 587, MailEncryption.NONE: 25}


@dataclass(frozen=True)
class SmtpTransport:
    """Hands each message to one server, in a connection of its own."""

    host: str
    port: int
    encryption: MailEncryption
    user: str = ""
    password: str = field(default="", repr=False)
    timeout_s: float = TIMEOUT_S

    def send(self, message: EmailMessage) -> None:
        # What smtplib raises holds addresses and the server's words: no log and no job may keep them.
        try:
            self._hand_over(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = {code for code, _ in error.recipients.values()}
        except smtplib.SMTPResponseException as error:
            raise MailNotSent(f"the mail server answered {error.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise MailNotSent(f"the mail server cannot be used: {type(error).__name__}") from None
        else:
            return
        told = ", ".join(str(code) for code in sorted(codes))
        if min(codes) < 500:
            raise MailNotSent(f"the mail server does not take the address now ({told})")
        raise RecipientRefused(
            Bilingual(
                f"邮件服务器不接收发往这个地址的邮件（{told}）；请核对账户的邮箱。",
                f"The mail server takes no mail for this address ({told}). Check the account's address.",
            )
        )

    def _hand_over(self, message: EmailMessage) -> None:
        server = self._opened()
        try:
            if self.user:
                server.login(self.user, self.password)
            server.send_message(message)
            # Taken. Whatever becomes of the parting, it must not be sent again.
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.quit()
        finally:
            server.close()

    def _opened(self) -> smtplib.SMTP:
        if self.encryption == MailEncryption.TLS:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_s, context=ssl.create_default_context())
        server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_s)
        if self.encryption == MailEncryption.STARTTLS:
            try:
                server.starttls(context=ssl.create_default_context())
            except BaseException:
                server.close()
                raise
        return server
