"""A second factor: one-time codes of an app (RFC 6238), and recovery codes for the day on which the app is lost."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import pyotp
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, events, ids
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.errors import (
    Conflict,
    FieldError,
    InvalidInput,
    NotAllowed,
    NotFound,
    SecondFactorNeeded,
    WrongCode,
)
from marketplace.core.message import Bilingual
from marketplace.identity import policy
from marketplace.identity.models import ConsoleSession, Person, SecondFactor
from marketplace.identity.sign_in import account_mails, authentication, credentials
from marketplace.identity.sign_in.account_mails import AccountNotice
from marketplace.identity.sign_in.credentials import CredentialKind

ISSUER = "Inlay"
STEP_S = 30
# Clocks of phones differ: the code of the step before and of the one after count too (RFC 6238, section 5.2).
WINDOW = 1
RECOVERY_CODES = 10
_RECOVERY_LETTERS = 16

CODE_NEEDED = Bilingual(
    "密码正确；请一并发送验证器应用中的 6 位验证码（`code`），或一个恢复码。",
    "The password is right. Send the six digits that your app shows as `code` too, or a recovery code.",
)
OF_THE_PERSON = Bilingual(
    "第二因素由本人登录后设置，不能用密钥。", "A second factor is set up by the person, signed in, and not with a key."
)
WRONG = Bilingual(
    "验证码不对，或已经用过；请等应用显示下一个再试。",
    "The code is wrong, or was used already. Wait for the next one that your app shows.",
)


@dataclass(frozen=True)
class NewFactor:
    """What an app needs: the secret to type, or the address that it reads from a picture. Shown this once."""

    secret: str
    uri: str


@dataclass(frozen=True)
class RecoveryCodes:
    """Codes to keep on paper; each lets the person in once. Shown this once."""

    recovery_codes: Sequence[str]


def begin(session: Session, actor: Actor) -> NewFactor:
    """Make a secret for the person's app; it counts once `confirm` was given a first code.

    Raises NotAllowed for a key, and Conflict where there is one that counts.
    """
    person_id = policy.require_signed_in(actor, OF_THE_PERSON)
    with policy.unfiltered(session):
        person = db.lock(session, Person, person_id)
        factor = _factor(session, person_id)
        if factor is not None and factor.confirmed_at is not None:
            raise Conflict(
                Bilingual(
                    "已经启用了第二因素；要换新的，请先移除。",
                    "There is one already. Remove it to set up another.",
                )
            )
        secret = pyotp.random_base32()
        if factor is None:
            session.add(SecondFactor(person_id=person_id))
        session.flush()
        credentials.keep(session, person_id, CredentialKind.APP, [secret])
        return NewFactor(secret, pyotp.TOTP(secret).provisioning_uri(name=person.email, issuer_name=ISSUER))


def confirm(session: Session, actor: Actor, *, code: str) -> RecoveryCodes:
    """Let the factor count from now on, and return its recovery codes. Raises NotAllowed, NotFound, InvalidInput."""
    person_id = policy.require_signed_in(actor, OF_THE_PERSON)
    with policy.unfiltered(session):
        db.lock(session, Person, person_id)
        factor = _factor(session, person_id)
        if factor is None or factor.confirmed_at is not None:
            raise NotFound(Bilingual("没有待确认的第二因素。", "There is no second factor to confirm."))
        if not _take_step(session, factor, code):
            raise InvalidInput(errors=[FieldError("/code", WRONG)])
        codes = ["".join(secrets.choice(ids.ALPHABET) for _ in range(_RECOVERY_LETTERS)) for _ in range(RECOVERY_CODES)]
        hashes = [authentication.digest(one) for one in codes]
        credentials.keep(session, person_id, CredentialKind.RECOVERY, hashes)
        factor.confirmed_at = now()
        _record(session, actor, person_id, "people.add-second-factor")
        account_mails.ask_for_notice(session, person_id, AccountNotice.FACTOR_ADDED)
        return RecoveryCodes(codes)


def remove(session: Session, actor: Actor, *, password: str, code: str) -> None:
    """Take the factor away. Raises NotAllowed for a key, NotFound, and InvalidInput for a wrong password or code."""
    person_id = policy.require_signed_in(actor, OF_THE_PERSON)
    with policy.unfiltered(session):
        person = db.lock(session, Person, person_id)
        factor = _confirmed(session, person_id)
        if factor is None:
            raise NotFound(Bilingual("没有启用第二因素。", "There is no second factor."))
        authentication.require_present_password(session, person.id, password, "/password")
        if not _take(session, factor, code):
            raise InvalidInput(errors=[FieldError("/code", WRONG)])
        _forget(session, factor)
        _record(session, actor, person_id, "people.remove-second-factor")
        account_mails.ask_for_notice(session, person_id, AccountNotice.FACTOR_REMOVED)


def reset(session: Session, actor: Actor, person_id: UUID, *, reason: str) -> None:
    """Take somebody else's factor away, as an admin who has made sure of who asks. Raises NotAllowed, NotFound.

    Their sessions end, so that whoever has the lost phone is out.
    """
    if person_id == actor.person_id:
        raise NotAllowed(
            Bilingual("自己的第二因素请另一位管理员重置。", "Another admin resets yours; remove it with a code.")
        )
    with policy.unfiltered(session):
        person = db.lock(session, Person, person_id)
        factor = _confirmed(session, person.id)
        if factor is None:
            raise NotFound(Bilingual("此人没有启用第二因素。", "This person has no second factor."))
        _forget(session, factor)
        live = ConsoleSession.person_id == person.id, ConsoleSession.revoked_at.is_(None)
        session.execute(sa.update(ConsoleSession).where(*live).values(revoked_at=now()))
        events.record(session, "people.reset-second-factor", person.id, actor, parties=[], reason=reason)
        account_mails.ask_for_notice(session, person.id, AccountNotice.FACTOR_RESET)


def has_one(session: Session, person_id: UUID) -> bool:
    """Return whether signing in asks the person for a code."""
    with policy.unfiltered(session):
        return _confirmed(session, person_id) is not None


def require_code(session: Session, person: Person, code: str | None) -> None:
    """Take the code of somebody who signs in, as the system, if their account asks for one.

    Raises SecondFactorNeeded without one, and WrongCode.
    """
    factor = session.scalar(
        sa.select(SecondFactor)
        .where(SecondFactor.person_id == person.id, SecondFactor.confirmed_at.is_not(None))
        .with_for_update()
    )
    if factor is None:
        return
    if code is None:
        raise SecondFactorNeeded(CODE_NEEDED)
    if not _take(session, factor, code):
        raise WrongCode(WRONG)


def _factor(session: Session, person_id: UUID) -> SecondFactor | None:
    return session.scalar(sa.select(SecondFactor).where(SecondFactor.person_id == person_id))


def _confirmed(session: Session, person_id: UUID) -> SecondFactor | None:
    factor = _factor(session, person_id)
    return factor if factor is not None and factor.confirmed_at is not None else None


def _forget(session: Session, factor: SecondFactor) -> None:
    session.delete(factor)
    for kind in (CredentialKind.APP, CredentialKind.RECOVERY):
        credentials.keep(session, factor.person_id, kind, [])


def _take(session: Session, factor: SecondFactor, code: str) -> bool:
    """Take a code of the app or a recovery code, so that neither is good again; return whether it was good."""
    if _take_step(session, factor, code):
        return True
    hashed = authentication.digest(code.strip().lower().replace("-", ""))
    return credentials.spend(session, factor.person_id, CredentialKind.RECOVERY, hashed)


def _take_step(session: Session, factor: SecondFactor, code: str) -> bool:
    digits = "".join(code.split())
    if len(digits) != 6 or not digits.isascii() or not digits.isdecimal():
        return False
    secret = credentials.read(session, factor.person_id, CredentialKind.APP)
    if secret is None:
        return False
    app, present = pyotp.TOTP(secret, interval=STEP_S), int(now().timestamp()) // STEP_S
    for step in range(present - WINDOW, present + WINDOW + 1):
        if step > factor.last_step and hmac.compare_digest(app.generate_otp(step), digits):
            factor.last_step = step
            return True
    return False


def _record(session: Session, actor: Actor, person_id: UUID, kind: str) -> None:
    events.record(session, kind, person_id, actor, parties=actor.parties - actor.acts_for)
