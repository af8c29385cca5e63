"""Reset a forgotten password by mail (OWASP Forgot Password Cheat Sheet; NIST SP 800-63B, 4.2).

Whoever asks learns nothing: the same is written and answered for an address that somebody has and for one that nobody
has, and only the job that sends the mail finds out which it is. That job makes the token too; only its hash is kept.
"""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, events, jobs
from marketplace.core.actor import Actor, Role
from marketplace.core.clock import now
from marketplace.core.errors import NotFound
from marketplace.core.ids import new_id
from marketplace.core.message import Bilingual
from marketplace.identity import policy
from marketplace.identity.models import PasswordReset, Person, PersonStatus
from marketplace.identity.sign_in import account_mails, authentication, sessions
from marketplace.identity.sign_in.account_mails import AccountNotice
from marketplace.mail import outgoing
from marketplace.mail.outgoing import OutgoingMail

MAIL_RESET = "people.mail-reset"
MINUTES = 30
# Of one account, while they are good. A stranger who asks for more fills nobody's inbox, and the person has a good one.
MAILS_MAX = 3
_PREFIX = "inl_rst_"

# In one statement, which does as much for an address that nobody has.
_ASK = sa.text(
    "INSERT INTO password_resets (id, created_at, person_id) VALUES"
    " (:id, :now, coalesce((SELECT id FROM people WHERE lower(email) = lower(:email)), :nobody))"
)
_OVER = Bilingual(
    "这个重置密码的 token 不存在、已使用或已过期，密码没有改动。请重新请求一封邮件。",
    "This token is unknown, used or past its time, and no password was changed. Ask for another mail.",
)


def ask(session: Session, *, email: str) -> None:
    """Have a mail sent to whoever has this address, if anybody does."""
    reset_id = new_id()
    with policy.unfiltered(session):
        asked = {"id": reset_id, "now": now(), "email": email, "nobody": authentication.NOBODYS_ID}
        db.run(session, _ASK, asked)
    jobs.enqueue(session, MAIL_RESET, queue=jobs.MAIL, subject_id=reset_id, max_attempts=outgoing.TRIES)


def make_mail(session: Session, reset_id: UUID) -> OutgoingMail | None:
    """Return the mail of a reset, with a token that counts from now on in the place of any before it. As the system.

    None where nobody has the address, the person is suspended, the reset is over, or enough mails are good already.
    """
    person = _lock_person(session, PasswordReset.id == reset_id)
    if person is None or person.status == PersonStatus.SUSPENDED:
        return None
    reset = session.get_one(PasswordReset, reset_id, with_for_update=True, populate_existing=True)
    others = sa.select(sa.func.count()).where(
        PasswordReset.person_id == person.id, PasswordReset.id != reset.id, _counts()
    )
    if reset.ended_at is not None or session.scalars(others).one() >= MAILS_MAX:
        return None
    token = _PREFIX + authentication.new_token()
    reset.token_hash, reset.expires_at = authentication.digest(token), now() + timedelta(minutes=MINUTES)
    return account_mails.reset_mail(person, token, reset.expires_at)


def confirm(session: Session, *, token: str, password: str) -> str:
    """Set the new password, end every session of the person, and return their address.

    A second factor stays: signing in asks for its code. Raises NotFound (unknown, used or late), NotAllowed
    (suspended), InvalidInput (a password that guessers try first); what is refused uses nothing up.
    """
    with policy.unfiltered(session):
        is_this = PasswordReset.token_hash == authentication.digest(token)
        person = _lock_person(session, is_this)
        # Of two at once the second waits for the person above, and finds it used.
        if person is None or not session.scalar(sa.select(sa.exists().where(is_this, _counts()))):
            raise NotFound(_OVER)
        authentication.refuse_suspended_person(person)
        sessions.refuse_weak(password, person.email)
        ended = sessions.replace_password(session, person.id, password, AccountNotice.PASSWORD_RESET)
        # Nobody is signed in: it is the person who can read the mail.
        who = Actor(Role.NOBODY, person_id=person.id)
        events.record(session, "people.reset-password", person.id, who, parties=[], sessions_ended=ended)
        return person.email


def _counts() -> sa.ColumnElement[bool]:
    """Match resets whose token is good now."""
    return sa.and_(PasswordReset.ended_at.is_(None), PasswordReset.expires_at > now())


def _lock_person(session: Session, of_reset: sa.ColumnElement[bool]) -> Person | None:
    """Lock whoever the reset is of, always before the reset itself, as a change of the password does."""
    whose = sa.select(PasswordReset.person_id).where(of_reset).scalar_subquery()
    return session.scalar(sa.select(Person).where(Person.id == whose).with_for_update())
