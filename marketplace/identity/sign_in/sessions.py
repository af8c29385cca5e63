"""Sign in to the console and out of it, and change the password."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, events, ids
from marketplace.core.actor import ROLE_NAMES_ZH, Actor
from marketplace.core.clock import now
from marketplace.core.errors import FieldError, InvalidInput, NotAllowed, NotFound, NotSignedIn
from marketplace.core.http import paging
from marketplace.core.http.paging import Page
from marketplace.core.message import Bilingual
from marketplace.identity import policy
from marketplace.identity.models import ConsoleSession, Membership, Party, PasswordReset, Person
from marketplace.identity.sign_in import account_mails, authentication, passwords, second_factors
from marketplace.identity.sign_in.account_mails import AccountNotice

OF_THE_PERSON = Bilingual(
    "会话由本人登录后查看和结束，不能用密钥。",
    "Sessions are seen and ended by the person, signed in, and not with a key.",
)
CHANGED_BY_THE_PERSON = Bilingual(
    "密码要由本人登录后修改，不能用密钥。", "A password is changed by the person, signed in, and not with a key."
)
WRONG = Bilingual("邮箱或密码不对。", "The e-mail address or the password is wrong.")


@dataclass(frozen=True)
class SignedIn:
    """A session that has begun. `token` is shown this once."""

    token: str
    row: ConsoleSession
    actor: Actor


def person_of(session: Session, email: str) -> Person | None:
    return session.scalar(sa.select(Person).where(sa.func.lower(Person.email) == sa.func.lower(email)))


def require_password(session: Session, person: Person | None, password: str) -> Person:
    """Return the person if the password is theirs. Raises NotSignedIn.

    It takes as long, and raises the same, for a person who does not exist.
    """
    fits = authentication.is_password(session, person.id if person else None, password)
    if person is None or not fits:
        raise NotSignedIn(WRONG)
    return person


def sign_in(
    session: Session, *, email: str, password: str, hours: int, party_id: UUID | None = None, code: str | None = None
) -> SignedIn:
    """Begin a session of `hours` for one of the person's parties.

    A suspended party's people may sign in, to read. Raises NotSignedIn; and, for the right password only, NotAllowed
    (the person is suspended, or has no seat anywhere), InvalidInput (which party?), SecondFactorNeeded and WrongCode.
    """
    with policy.unfiltered(session):
        person = require_password(session, person_of(session, email), password)
        authentication.refuse_suspended_person(person)
        party = _seat(session, person, party_id)
        second_factors.require_code(session, person, code)
        # As with a key, the part before the dot may be logged and counted; only the part after it is secret.
        public = "".join(secrets.choice(ids.ALPHABET) for _ in range(12))
        token = f"{authentication.SESSION_PREFIX}{public}.{authentication.new_token()}"
        at = now()
        row = ConsoleSession(
            person_id=person.id,
            party_id=party.id,
            token_hash=authentication.digest(token),
            expires_at=at + timedelta(hours=hours),
            last_seen_at=at,
        )
        session.add(row)
        session.flush()
        signed_in = authentication.authenticate(session, f"Bearer {token}")
        events.record(session, "console_sessions.create", row.id, signed_in, parties=[party.id])
    return SignedIn(token, row, signed_in)


def _seat(session: Session, person: Person, party_id: UUID | None) -> Party:
    query = (
        sa.select(Party)
        .join(Membership, Membership.party_id == Party.id)
        .where(Membership.person_id == person.id)
        .order_by(Party.id)
    )
    parties = list(session.scalars(query))
    if not parties:
        raise NotAllowed(Bilingual("您不在任何主体里。", "You have no seat in any party."))
    chosen = parties if party_id is None else [party for party in parties if party.id == party_id]
    if len(chosen) == 1:
        return chosen[0]
    choices = [FieldError("/party_id", _choice(party)) for party in parties[:50]]
    raise InvalidInput(
        Bilingual(
            "您在几个主体里都有席位。请用 party_id 说明代表哪一个。",
            "You sit in several parties. Say as party_id for which of these you act.",
        ),
        errors=choices,
    )


def _choice(party: Party) -> Bilingual:
    shown = ids.show("pty", party.id)
    return Bilingual(
        f"{shown}：{party.name}（{ROLE_NAMES_ZH[authentication.ROLES[party.kind]]}）",
        f"{shown}: {party.name} ({party.kind})",
    )


def sign_out(session: Session, actor: Actor, *, token: str) -> None:
    """End the session whose token this is. Raises NotFound for a caller with a key, who has none."""
    row = session.scalar(
        sa.select(ConsoleSession).where(
            ConsoleSession.token_hash == authentication.digest(token), ConsoleSession.person_id == actor.person_id
        )
    )
    if row is None:
        raise NotFound(
            Bilingual(
                "密钥没有可以结束的会话；请把它作为 API 密钥撤销。",
                "A key has no session to end. It is revoked as an API key.",
            )
        )
    row.revoked_at = now()
    events.record(session, "console_sessions.revoke", row.id, actor, parties=[row.party_id])


@dataclass(frozen=True)
class OwnSession:
    """A session of the person who asks: `current` is the one that asks."""

    row: ConsoleSession
    party: Party
    current: bool


def _live(person_id: UUID) -> sa.ColumnElement[bool]:
    live = sa.text(authentication.LIVE.format(s=ConsoleSession.__tablename__))
    return sa.and_(ConsoleSession.person_id == person_id, live.bindparams(**authentication.live(now())))


def own_sessions(
    session: Session, actor: Actor, *, limit: int, starting_after: UUID | None, token: str
) -> Page[OwnSession]:
    """Return the person's sessions that go on, newest first, in all their parties. Raises NotAllowed for a key."""
    person_id = policy.require_signed_in(actor, OF_THE_PERSON)
    current = authentication.digest(token)
    with policy.unfiltered(session):
        page = paging.page(
            session, sa.select(ConsoleSession).where(_live(person_id)), ConsoleSession, limit, starting_after
        )
        of_page = sa.select(Party).where(Party.id.in_({row.party_id for row in page.data}))
        parties = {party.id: party for party in session.scalars(of_page)}
    rows = [OwnSession(row, parties[row.party_id], row.token_hash == current) for row in page.data]
    return Page(rows, page.has_more)


def end_session(session: Session, actor: Actor, session_id: UUID) -> None:
    """End one of the person's sessions at once. Raises NotAllowed for a key, and NotFound."""
    person_id = policy.require_signed_in(actor, OF_THE_PERSON)
    with policy.unfiltered(session):
        row = db.lock(session, ConsoleSession, session_id, _live(person_id))
        row.revoked_at = now()
        events.record(session, "console_sessions.revoke", row.id, actor, parties=[row.party_id])


def change_password(session: Session, actor: Actor, *, old: str, new: str, token: str) -> None:
    """Set a new password and end every other session of the person, in all their parties.

    Raises NotAllowed for a key, which is a program's and not the person, and InvalidInput.
    """
    person_id = policy.require_signed_in(actor, CHANGED_BY_THE_PERSON)
    with policy.unfiltered(session):
        person = db.lock(session, Person, person_id)
        authentication.require_present_password(session, person.id, old, "/old")
        refuse_weak(new, person.email, "/new")
        ended = replace_password(session, person.id, new, AccountNotice.PASSWORD_CHANGED, but_for=token)
        events.record(
            session,
            "people.change-password",
            person.id,
            actor,
            parties=actor.parties - actor.acts_for,
            sessions_ended=ended,
        )


def replace_password(
    session: Session, person_id: UUID, password: str, notice: AccountNotice, *, but_for: str | None = None
) -> int:
    """Let the person, whose row is locked, sign in with the new password alone. As the system.

    Their sessions end, but for that of the token `but_for`, and so does each reset that they asked for; they are told
    by mail. Return how many sessions ended. Raises Unavailable where too many passwords are being hashed already.
    """
    authentication.keep_password(session, person_id, authentication.hash_password(password))
    live = [ConsoleSession.person_id == person_id, ConsoleSession.revoked_at.is_(None)]
    if but_for is not None:
        live.append(ConsoleSession.token_hash != authentication.digest(but_for))
    ended = session.execute(sa.update(ConsoleSession).where(*live).values(revoked_at=now()))
    asked = PasswordReset.person_id == person_id, PasswordReset.ended_at.is_(None)
    session.execute(sa.update(PasswordReset).where(*asked).values(ended_at=now()))
    account_mails.ask_for_notice(session, person_id, notice)
    return int(ended.rowcount)  # type: ignore[attr-defined]


def refuse_weak(password: str, email: str, pointer: str = "/password") -> None:
    """Raise InvalidInput for a password that guessers try first."""
    weak = passwords.weakness(password, email)
    if weak is not None:
        raise InvalidInput(
            Bilingual("请换一个密码；什么都没有改动。", "Choose another password; nothing was changed."),
            errors=[FieldError(pointer, weak)],
        )
