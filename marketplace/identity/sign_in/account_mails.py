"""The mails about an account: what a reset needs, and notices of what was changed (NIST SP 800-63B, 4.2.3).

They are made as they are sent, in the person's language. What a stranger may have chosen is not in them (nobody's name,
no host of a request), for whoever signs up with another's address would have the market send their words there.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from marketplace.core import jobs
from marketplace.core.clock import now
from marketplace.core.message import Bilingual, Language
from marketplace.identity.models import Person
from marketplace.mail import outgoing
from marketplace.mail.outgoing import OutgoingMail

NOTICE = "people.mail-notice"


class AccountNotice(StrEnum):
    """What was changed about an account, of which its person is told."""

    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - no password
    PASSWORD_RESET = "password-reset"  # noqa: S105 - no password
    FACTOR_ADDED = "second-factor-added"
    FACTOR_REMOVED = "second-factor-removed"
    FACTOR_RESET = "second-factor-reset"


_DONE = {
    AccountNotice.PASSWORD_CHANGED: Bilingual(
        "密码已修改，其他登录都已结束", "your password was changed, and every other session of yours has ended"
    ),
    AccountNotice.PASSWORD_RESET: Bilingual(
        "密码已通过邮件重置，所有登录都已结束", "your password was reset by mail, and every session of yours has ended"
    ),
    AccountNotice.FACTOR_ADDED: Bilingual(
        "已启用第二因素，登录时需要验证码", "a second factor was added, and signing in asks for a code from now on"
    ),
    AccountNotice.FACTOR_REMOVED: Bilingual(
        "第二因素已移除，登录只需要密码", "the second factor was removed, and your password alone signs you in"
    ),
    AccountNotice.FACTOR_RESET: Bilingual(
        "管理员已重置第二因素，登录只需要密码",
        "an admin reset the second factor, and your password alone signs you in",
    ),
}


def ask_for_notice(session: Session, person_id: UUID, notice: AccountNotice) -> None:
    """Have the person told by mail, when this transaction has committed."""
    told = {"notice": str(notice), "at": now().isoformat()}
    jobs.enqueue(session, NOTICE, queue=jobs.MAIL, subject_id=person_id, payload=told, max_attempts=outgoing.TRIES)


def notice_mail(person: Person, notice: AccountNotice, at: datetime) -> OutgoingMail:
    """Return the notice of what was changed at that time."""
    what, when = _DONE[notice], _shown(person, at)
    subject = Bilingual("您的 Inlay 账户有改动", "Your Inlay account was changed")
    text = Bilingual(
        f"您好：\n\n{_place().zh}您的账户于 {when}：{what.zh}。\n\n"
        "如果是您本人操作，无需理会。\n"
        "如果不是，请马上重置密码（inlay passwords ask --email 您的邮箱），"
        "检查登录（inlay sessions list），并联系平台。\n",
        f"Hello,\n\n{_place().en}at {when} {what.en}.\n\n"
        "If this was you, there is nothing to do.\n"
        "If it was not, reset your password at once (inlay passwords ask --email YOUR-ADDRESS),\n"
        "look at your sessions (inlay sessions list), and tell the platform.\n",
    )
    return _mail(person, subject, text)


def reset_mail(person: Person, token: str, until: datetime) -> OutgoingMail:
    """Return the mail with which the person sets a new password until that time."""
    when = _shown(person, until)
    subject = Bilingual("重置您的 Inlay 密码", "Reset your Inlay password")
    text = Bilingual(
        f"您好：\n\n{_place().zh}有人请求重置您账户的密码。如果是您本人，请在 {when} 之前运行：\n\n"
        f"    inlay passwords reset --token {token}\n\n"
        "或把这个 token 和新密码发送到 POST /api/v1/password-resets/confirm。它只能用一次；"
        "用过之后，您的所有登录都会结束。启用了第二因素的账户，登录时仍需要验证码。\n\n"
        "如果不是您本人，请不要理会，也不要把这封邮件给任何人：密码没有改动。\n",
        f"Hello,\n\n{_place().en}somebody asked to reset the password of your account.\n"
        f"If it was you, run before {when}:\n\n"
        f"    inlay passwords reset --token {token}\n\n"
        "or send this token with a new password to POST /api/v1/password-resets/confirm. It is good once;\n"
        "every session of yours ends then. Where the account has a second factor, signing in still asks for a code.\n\n"
        "If it was not you, do nothing, and show this mail to nobody: your password is as it was.\n",
    )
    return _mail(person, subject, text)


def _place() -> Bilingual:
    """Return at which market: as its operator says, and not as a request said."""
    url = outgoing.public_url()
    return Bilingual(f"在 {url}，", f"at {url}: ") if url else Bilingual("", "")


def _shown(person: Person, at: datetime) -> str:
    """Return a time as the person's calendar and clock show it."""
    return f"{at.astimezone(ZoneInfo(person.timezone)):%Y-%m-%d %H:%M} ({person.timezone})"


def _mail(person: Person, subject: Bilingual, text: Bilingual) -> OutgoingMail:
    language: Language = "en" if person.locale == "en" else "zh"
    return OutgoingMail(person.email, subject.said_in(language), text.said_in(language), language)
