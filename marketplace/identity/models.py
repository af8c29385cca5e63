"""Who takes part: parties, the people in them, agencies' mandates, keys and sessions."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.core.db import Base

TIMEZONE = "Asia/Shanghai"  # of whoever names no other


class PartyKind(StrEnum):
    BRAND = "brand"
    CREATOR = "creator"
    AGENCY = "agency"
    PLATFORM = "platform"


class PartyStatus(StrEnum):
    ACTIVE = "active"
    UNCLAIMED = "unclaimed"  # a creator entered by an agency or the platform, whom nobody has signed in as yet
    SUSPENDED = "suspended"


class PersonStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"


class MandateStatus(StrEnum):
    OFFERED = "offered"
    ACTIVE = "active"
    DECLINED = "declined"
    ENDED = "ended"


class SuspensionReason(Base):
    """Why a party or a person is suspended: read by whom it concerns and by admins, not by all who see them."""

    __tablename__ = "suspension_reasons"

    # Of either kind, so without a foreign key.
    subject_id: Mapped[UUID] = mapped_column(unique=True)
    reason: Mapped[str]


class _Suspendable:
    """What can be suspended, and why it is."""

    _why: SuspensionReason | None

    @property
    def suspension_reason(self) -> str | None:
        """Return the reason while it is suspended, for whoever may read it."""
        return None if self._why is None else self._why.reason


class Party(_Suspendable, Base):
    """An organisation (or a person alone) that acts.

    The days of a creator's mandates are days of its `timezone`. `verified_at`: since when an admin knows that the party
    is who it says.
    """

    __tablename__ = "parties"
    __table_args__ = (
        sa.CheckConstraint("(timestamptz '2000-01-01' AT TIME ZONE timezone) IS NOT NULL", name="timezone_known"),
    )

    kind: Mapped[PartyKind]
    name: Mapped[str]
    status: Mapped[PartyStatus] = mapped_column(default=PartyStatus.ACTIVE)
    timezone: Mapped[str] = mapped_column(default=TIMEZONE, server_default=TIMEZONE)
    verified_at: Mapped[datetime | None] = mapped_column(default=None)
    suspended_at: Mapped[datetime | None] = mapped_column(default=None)
    _why: Mapped[SuspensionReason | None] = relationship(
        primaryjoin="Party.id == foreign(SuspensionReason.subject_id)", viewonly=True, init=False, repr=False
    )
    version: Mapped[int] = mapped_column(default=1)


class Person(_Suspendable, Base):
    """Somebody who signs in."""

    __tablename__ = "people"
    __table_args__ = (sa.Index("uq_people_email", sa.text("lower(email)"), unique=True),)

    email: Mapped[str]
    name: Mapped[str]
    locale: Mapped[str] = mapped_column(default="zh-CN")
    timezone: Mapped[str] = mapped_column(default=TIMEZONE)
    status: Mapped[PersonStatus] = mapped_column(default=PersonStatus.ACTIVE, server_default="active")
    suspended_at: Mapped[datetime | None] = mapped_column(default=None)
    _why: Mapped[SuspensionReason | None] = relationship(
        primaryjoin="Person.id == foreign(SuspensionReason.subject_id)", viewonly=True, init=False, repr=False
    )
    version: Mapped[int] = mapped_column(default=1, server_default=sa.text("1"))


class PartyVerification(Base):
    """An admin's decision that a party is, or is no longer known to be, who it says. Never changed."""

    __tablename__ = "party_verifications"

    party_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    decided_by: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id"))
    verified: Mapped[bool]
    reason: Mapped[str]
    evidence: Mapped[str | None] = mapped_column(default=None)
    evidence_sha256: Mapped[str | None] = mapped_column(default=None)


class Membership(Base):
    """A person's place in a party, with what they may do there."""

    __tablename__ = "memberships"
    __table_args__ = (sa.UniqueConstraint("person_id", "party_id"),)

    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id"))
    party_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    permissions: Mapped[list[str]]


class Invite(Base):
    """An open seat in a party, taken with the token that was shown once."""

    __tablename__ = "invites"

    party_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    email: Mapped[str]
    permissions: Mapped[list[str]]
    token_hash: Mapped[str] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    invited_by: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id"))
    accepted_at: Mapped[datetime | None] = mapped_column(default=None)


class Mandate(Base):
    """An agency's right to act for a creator, from a day to a day (the last one included)."""

    __tablename__ = "mandates"
    __table_args__ = (
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="dates_in_order"),
        sa.CheckConstraint("share_basis_points BETWEEN 0 AND 10000", name="share_range"),
        ExcludeConstraint(
            (sa.column("agency_id"), "="),
            (sa.column("creator_id"), "="),
            (sa.text("daterange(starts_on, ends_on, '[]')"), "&&"),
            where=sa.text("status IN ('offered', 'active')"),
            using="gist",
            name="ex_mandates_no_overlap",
        ),
    )

    agency_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    creator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None] = mapped_column(default=None)
    share_basis_points: Mapped[int] = mapped_column(default=0)
    status: Mapped[MandateStatus] = mapped_column(default=MandateStatus.OFFERED)
    version: Mapped[int] = mapped_column(default=1)


class ApiKey(Base):
    """A program's credential: a public id, looked up, and a secret, of which `sign_in.credentials` keeps the hash."""

    __tablename__ = "api_keys"

    party_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id"))
    name: Mapped[str]
    public_id: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[str]]
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
    last_used_at: Mapped[datetime | None] = mapped_column(default=None)


class ConsoleSession(Base):
    """Somebody signed in, acting for one of their parties. The token is a reference of which the hash is kept."""

    __tablename__ = "console_sessions"

    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id"), index=True)
    party_id: Mapped[UUID] = mapped_column(sa.ForeignKey("parties.id"))
    token_hash: Mapped[str] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class SecondFactor(Base):
    """That a person's app makes codes, of a secret that `sign_in.credentials` keeps.

    It counts from `confirmed_at` on, when a first code was right.
    """

    __tablename__ = "second_factors"

    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("people.id"), unique=True)
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    # The 30-second step of the newest code that was taken: none is good twice.
    last_step: Mapped[int] = mapped_column(default=0)


class PasswordReset(Base):
    """That somebody asked to reset the password of an address. Only the hash of the token is kept.

    The token is made as the mail is sent, and counts until `expires_at`, once. `ended_at`: since when it is over, for
    it was used, or the password was changed otherwise.
    """

    __tablename__ = "password_resets"

    # No foreign key: of an address that nobody has it is nobody's, and the same is done for both.
    person_id: Mapped[UUID] = mapped_column(index=True)
    token_hash: Mapped[str | None] = mapped_column(default=None, unique=True)
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


class Credential(Base):
    """A hash or a secret by which somebody is known (see sign_in.credentials). No role of the market may read it.

    `owner_id` is a person's id, or a key's.
    """

    __tablename__ = "credentials"
    __table_args__ = (sa.UniqueConstraint("owner_id", "kind", "secret"),)

    owner_id: Mapped[UUID]
    kind: Mapped[str]
    secret: Mapped[str]
