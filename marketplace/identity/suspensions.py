"""Suspend parties and people, reinstate them, and verify that a party is who it says. All of it is for admins.

A suspended party reads what is its own and changes nothing; its open bids pass no gate; agencies act for it no longer.
A suspended person's sessions end, and their keys stop for as long as it lasts.
"""

import hashlib
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.core import db, events
from marketplace.core.actor import Actor
from marketplace.core.clock import now
from marketplace.core.errors import NotAllowed, WrongState
from marketplace.core.message import Bilingual
from marketplace.core.states import apply_transition
from marketplace.core.words.state_names import state_name
from marketplace.identity.models import (
    ConsoleSession,
    Membership,
    Party,
    PartyKind,
    PartyStatus,
    PartyVerification,
    Person,
    PersonStatus,
    SuspensionReason,
)
from marketplace.identity.states import PARTY_TRANSITIONS, PERSON_TRANSITIONS


def suspend_party(session: Session, actor: Actor, party_id: UUID, *, reason: str) -> Party:
    """Let a party only read from now on. Raises NotAllowed for the platform's own, WrongState."""
    party = _other_party(session, party_id)
    apply_transition(session, party, PARTY_TRANSITIONS, "suspend", actor, parties=[party.id], reason=reason)
    party.suspended_at = now()
    _tell(session, party, reason)
    return party


def reinstate_party(session: Session, actor: Actor, party_id: UUID, *, reason: str) -> Party:
    """Let a suspended party act again: as before, unclaimed if nobody sits in it. Raises WrongState."""
    party = _other_party(session, party_id)
    seated = session.scalar(sa.select(sa.exists().where(Membership.party_id == party.id)))
    name = "reinstate" if seated or party.kind != PartyKind.CREATOR else "reinstate-unclaimed"
    apply_transition(session, party, PARTY_TRANSITIONS, name, actor, parties=[party.id], reason=reason)
    party.suspended_at = None
    _tell(session, party, None)
    return party


def _other_party(session: Session, party_id: UUID) -> Party:
    party = db.lock(session, Party, party_id)
    if party.kind == PartyKind.PLATFORM:
        raise NotAllowed(
            Bilingual(
                "平台自己的主体既不会被暂停，也不用核验。",
                "The platform's own party is neither suspended nor verified.",
            )
        )
    return party


def suspend_person(session: Session, actor: Actor, person_id: UUID, *, reason: str) -> Person:
    """Shut a person out: their sessions end, their keys are refused.

    Raises NotFound, NotAllowed for oneself, WrongState.
    """
    if person_id == actor.person_id:
        raise NotAllowed(
            Bilingual(
                "您不能暂停自己：要由另一位管理员来做。",
                "You cannot suspend yourself: another administrator has to do it.",
            )
        )
    # One after the other: of two admins who suspend each other at once, one has to be left.
    db.lock_name(session, "suspended-people")
    if actor.person_id is not None and _status(session, actor.person_id) == PersonStatus.SUSPENDED:
        raise NotAllowed(Bilingual("在此期间您已被暂停。", "You have been suspended meanwhile."))
    person = db.lock(session, Person, person_id)
    _move(session, actor, person, "suspend", reason)
    person.suspended_at = now()
    _tell(session, person, reason)
    session.execute(
        sa.update(ConsoleSession)
        .where(ConsoleSession.person_id == person.id, ConsoleSession.revoked_at.is_(None))
        .values(revoked_at=now())
    )
    return person


def reinstate_person(session: Session, actor: Actor, person_id: UUID, *, reason: str) -> Person:
    """Let a person in again; their keys work as before, and they sign in anew. Raises NotFound, WrongState."""
    person = db.lock(session, Person, person_id)
    _move(session, actor, person, "reinstate", reason)
    person.suspended_at = None
    _tell(session, person, None)
    return person


def _tell(session: Session, subject: Party | Person, reason: str | None) -> None:
    """Keep the reason where only whom it concerns reads it; with None, forget it."""
    session.execute(sa.delete(SuspensionReason).where(SuspensionReason.subject_id == subject.id))
    if reason is not None:
        session.add(SuspensionReason(subject_id=subject.id, reason=reason))
    session.flush()
    session.expire(subject, ["_why"])


def _status(session: Session, person_id: UUID) -> PersonStatus | None:
    return session.scalar(sa.select(Person.status).where(Person.id == person_id))


def _move(session: Session, actor: Actor, person: Person, name: str, reason: str) -> None:
    """Record it for the platform with the reason, and for each party of the person without: it may be a private one."""
    platform = [actor.party_id] if actor.party_id else []
    apply_transition(session, person, PERSON_TRANSITIONS, name, actor, parties=platform, reason=reason)
    for seat in session.scalars(sa.select(Membership).where(Membership.person_id == person.id).order_by(Membership.id)):
        events.record(session, f"memberships.{name}", seat.id, actor, parties=[seat.party_id], person_id=str(person.id))


def verify(
    session: Session, actor: Actor, party_id: UUID, *, reason: str, evidence: str, evidence_sha256: str | None
) -> Party:
    """Note that a brand or an agency is who it says, with what was seen.

    Raises NotFound, NotAllowed (the platform), WrongState (a creator, whom channels prove; verified or suspended).
    """
    party = _other_party(session, party_id)
    if party.kind == PartyKind.CREATOR:
        raise WrongState(
            Bilingual("创作者凭已证实的账号来证明。", "A creator is proven by a proven channel."),
            state=str(party.status),
        )
    if party.status == PartyStatus.SUSPENDED or party.verified_at is not None:
        state = "suspended" if party.status == PartyStatus.SUSPENDED else "verified"
        name = state_name(state)
        raise WrongState(
            Bilingual(f"这个主体现在的状态是“{name.zh}”。", f"This party is {name.en} at present."), state=state
        )
    return _note(
        session, actor, party, True, reason, evidence, evidence_sha256 or hashlib.sha256(evidence.encode()).hexdigest()
    )


def unverify(session: Session, actor: Actor, party_id: UUID, *, reason: str) -> Party:
    """Take a verification back; what it rested on stays on record. Raises NotFound, WrongState."""
    party = _other_party(session, party_id)
    if party.verified_at is None:
        raise WrongState(Bilingual("这个主体没有核验。", "This party is not verified."), state=str(party.status))
    return _note(session, actor, party, False, reason, None, None)


def _note(
    session: Session, actor: Actor, party: Party, verified: bool, reason: str, evidence: str | None, sha256: str | None
) -> Party:
    if actor.person_id is None:
        raise NotAllowed(Bilingual("主体要由人来核验。", "A party is verified by a person."))
    row = PartyVerification(
        party_id=party.id,
        decided_by=actor.person_id,
        verified=verified,
        reason=reason,
        evidence=evidence,
        evidence_sha256=sha256,
    )
    session.add(row)
    party.verified_at = now() if verified else None
    party.version += 1
    kind = "parties.verify" if verified else "parties.unverify"
    events.record(session, kind, party.id, actor, parties=[party.id], reason=reason, evidence_sha256=sha256)
    return party
