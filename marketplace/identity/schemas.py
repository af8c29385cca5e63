"""What comes in and goes out of the identity part of the API. No Out field ever holds a hash or a password."""

import re
from datetime import date
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from marshmallow import Schema, ValidationError, fields, validate

from marketplace.core.actor import Permission, Role
from marketplace.core.http.fields import IdField, TextField, TimeField, WholeField, one_of
from marketplace.core.http.load_refusals import refusal
from marketplace.identity.models import TIMEZONE, MandateStatus, PartyKind, PartyStatus, PersonStatus
from marketplace.identity.sign_in import passwords

LOCALES = ("zh-CN", "en")
SIGN_UP_KINDS = (PartyKind.BRAND, PartyKind.CREATOR, PartyKind.AGENCY)

# An address as the HTML standard's input of type email takes it, with a dot in the domain.
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")


class EmailField(TextField):
    """An e-mail address of at most 254 letters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(254, shortest=3, metadata={"format": "email"}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not _EMAIL.fullmatch(text):
            raise ValidationError(refusal("这里应当是电子邮箱地址。", "Not an e-mail address."))
        return text


class DayField(fields.Date):
    """A day such as 2026-11-23, between 2000 and 2100."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        if not isinstance(value, str) or not re.fullmatch(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}", value, re.ASCII):
            raise ValidationError(refusal("这里应当是日期，例如 2026-11-23。", "Not a day such as 2026-11-23."))
        day: date = super()._deserialize(value, attr, data, **kwargs)
        if not 2000 <= day.year < 2100:
            raise ValidationError(
                refusal("年份必须在 2000 到 2099 之间。", "Must lie between the years 2000 and 2100.")
            )
        return day


class TimezoneField(TextField):
    """The name of a time zone in the IANA database."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(64, metadata={"example": "Asia/Shanghai"}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text not in _timezones():
            raise ValidationError(
                refusal("这里应当是时区，例如 Asia/Shanghai。", "Not a time zone such as Asia/Shanghai.")
            )
        return text


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _named(longest: int = 120, **kwargs: Any) -> TextField:
    return TextField(longest, pattern=r"^\s*\S", **kwargs)


def _new_password(**kwargs: Any) -> TextField:
    return TextField(passwords.LONGEST, shortest=passwords.SHORTEST, load_only=True, **kwargs)


def _password(**kwargs: Any) -> TextField:
    return TextField(passwords.LONGEST, load_only=True, **kwargs)


def _permissions(**kwargs: Any) -> fields.List[Any]:
    return fields.List(one_of(Permission), validate=validate.Length(min=1, max=len(Permission)), **kwargs)


def _secret(what: str) -> fields.String:
    shown = f"{what} Shown this once; null when the answer is replayed for its Idempotency-Key."
    return fields.String(required=True, allow_none=True, metadata={"description": shown})


class _IssuedSchema(Schema):
    """The fields of a row, and the secret that goes out with it."""

    _shown_once = "key"

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        if attr == self._shown_once:
            return obj.secret
        return super().get_attribute(obj.row, attr, default)


class PartyIn(Schema):
    kind = one_of(SIGN_UP_KINDS, required=True)
    name = _named(required=True)


class SignUpIn(Schema):
    email = EmailField(required=True)
    password = _new_password(required=True)
    name = _named(required=True)
    locale = one_of(LOCALES, load_default="zh-CN")
    timezone = TimezoneField(load_default=TIMEZONE)
    party = fields.Nested(PartyIn, required=True)


class PersonOut(Schema):
    id = IdField("per", required=True)
    email = fields.String(required=True)
    name = fields.String(required=True)
    locale = fields.String(required=True)
    timezone = fields.String(required=True)
    created_at = TimeField(required=True)


class PartyOut(Schema):
    id = IdField("pty", required=True)
    kind = one_of(PartyKind, required=True)
    name = fields.String(required=True)
    status = one_of(PartyStatus, required=True)
    timezone = fields.String(
        required=True, metadata={"description": "The days of a creator's mandates are days of this time zone."}
    )
    verified_at = TimeField(
        required=True,
        allow_none=True,
        metadata={"description": "Since when the platform knows that the party is who it says."},
    )
    suspended_at = TimeField(required=True, allow_none=True)
    version = fields.Integer(required=True)
    created_at = TimeField(required=True)


class PartyStandingOut(PartyOut):
    """A party as admins see it. Those on the other side of its mandates are not told why it is suspended."""

    suspension_reason = fields.String(required=True, allow_none=True)


class PartyChange(Schema):
    """What is left out stays as it is."""

    name = _named()
    timezone = TimezoneField()


class ReasonIn(Schema):
    reason = _named(500, required=True)


class SuspensionIn(Schema):
    reason = _named(
        500, required=True, metadata={"description": "Read by whoever is suspended, with each call that is refused."}
    )


class VerificationIn(ReasonIn):
    """What was seen. `evidence_sha256` is the hash of a file that is kept elsewhere; without it, that of the words."""

    evidence = _named(4000, required=True, metadata={"description": "What was seen, where, and of which day."})
    evidence_sha256 = TextField(64, pattern=r"^[0-9a-f]{64}$", load_default=None, allow_none=True)


class PersonStandingOut(Schema):
    id = IdField("per", required=True)
    name = fields.String(required=True)
    status = one_of(PersonStatus, required=True)
    suspended_at = TimeField(required=True, allow_none=True)
    suspension_reason = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)


class MembershipOut(Schema):
    id = IdField("mbr", required=True)
    party_id = IdField("pty", required=True)
    person_id = IdField("per", required=True)
    permissions = fields.List(one_of(Permission), required=True)
    created_at = TimeField(required=True)


class SeatOut(Schema):
    """A person, a party and the one's place in the other."""

    person = fields.Nested(PersonOut, required=True)
    party = fields.Nested(PartyOut, required=True)
    membership = fields.Nested(MembershipOut, required=True)


class MemberPersonOut(Schema):
    id = IdField("per", required=True)
    name = fields.String(required=True)
    email = fields.String(required=True)
    status = one_of(PersonStatus, required=True)


class MemberOut(Schema):
    id = IdField("mbr", attribute="membership.id", required=True)
    person = fields.Nested(MemberPersonOut, required=True)
    permissions = fields.List(one_of(Permission), attribute="membership.permissions", required=True)
    created_at = TimeField(attribute="membership.created_at", required=True)


class SignInIn(Schema):
    email = EmailField(required=True)
    password = _password(required=True)
    party_id = IdField("pty", load_default=None, allow_none=True)
    code = TextField(
        40,
        load_default=None,
        allow_none=True,
        load_only=True,
        metadata={"description": "Of an account with a second factor: what its app shows, or a recovery code."},
    )


class ActorOut(Schema):
    role = one_of(Role, required=True)
    party_id = IdField("pty", required=True)
    person_id = IdField("per", required=True)
    permissions = fields.List(one_of(Permission), required=True)
    acts_for = fields.List(IdField("pty"), required=True, metadata={"description": "Creators with a mandate today."})
    suspended = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why the party may only read at present; null where it may act."},
    )

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        found = super().get_attribute(obj, attr, default)
        return sorted(found) if isinstance(found, frozenset) else found


class SignedInOut(Schema):
    token = fields.String(required=True, metadata={"description": "Shown this once."})
    id = IdField("ses", attribute="row.id", required=True)
    expires_at = TimeField(attribute="row.expires_at", required=True)
    actor = fields.Nested(ActorOut, required=True)


class SessionOut(Schema):
    """One of your sessions; it ends at `expires_at`, or two hours after it was last used."""

    id = IdField("ses", attribute="row.id", required=True)
    party = fields.Nested(PartyOut, required=True)
    created_at = TimeField(attribute="row.created_at", required=True)
    last_seen_at = TimeField(attribute="row.last_seen_at", required=True)
    expires_at = TimeField(attribute="row.expires_at", required=True)
    current = fields.Boolean(required=True, metadata={"description": "Whether it is the one that asks."})


class PasswordIn(Schema):
    old = _password(required=True)
    new = _new_password(required=True)


class MySeatOut(Schema):
    id = IdField("mbr", attribute="membership.id", required=True)
    party = fields.Nested(PartyOut, required=True)
    permissions = fields.List(one_of(Permission), attribute="membership.permissions", required=True)


class MeOut(Schema):
    person = fields.Nested(PersonOut, required=True)
    memberships = fields.List(fields.Nested(MySeatOut), attribute="seats", required=True)
    actor = fields.Nested(ActorOut, required=True)
    second_factor = fields.Boolean(
        required=True, metadata={"description": "Whether signing in asks you for a code too."}
    )


class InviteIn(Schema):
    email = EmailField(required=True)
    permissions = _permissions(required=True)
    party_id = IdField(
        "pty",
        load_default=None,
        allow_none=True,
        metadata={"description": "A creator whom nobody has claimed; left out, it is your own party."},
    )


class InviteOut(Schema):
    id = IdField("inv", required=True)
    party_id = IdField("pty", required=True)
    email = fields.String(required=True)
    permissions = fields.List(one_of(Permission), required=True)
    invited_by = IdField("per", required=True)
    created_at = TimeField(required=True)
    expires_at = TimeField(required=True)
    accepted_at = TimeField(required=True, allow_none=True)


class InviteIssuedOut(_IssuedSchema, InviteOut):
    _shown_once = "token"

    token = _secret("What the invited person accepts with.")


class InviteAcceptIn(Schema):
    token = TextField(100, required=True, load_only=True)
    name = _named(load_default=None, allow_none=True, metadata={"description": "For a new account."})
    password = _password(required=True, metadata={"description": "Of the account, or for the new one (8 or more)."})


class MandateTermsIn(Schema):
    starts_on = DayField(required=True)
    ends_on = DayField(
        load_default=None,
        allow_none=True,
        metadata={"description": "The last day, included, to midnight in the creator's time zone."},
    )
    share_basis_points = WholeField(
        0, 10_000, required=True, metadata={"description": "Of 10,000: the agency's share."}
    )


class MandateIn(MandateTermsIn):
    creator_id = IdField("pty", required=True)


class MandateEndIn(Schema):
    ends_on = DayField(required=True, metadata={"description": "Today, in the creator's time zone, ends it at once."})


class MandateOut(Schema):
    id = IdField("mnd", required=True)
    agency_id = IdField("pty", required=True)
    creator_id = IdField("pty", required=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True, allow_none=True)
    share_basis_points = fields.Integer(required=True)
    status = one_of(MandateStatus, required=True)
    version = fields.Integer(required=True)
    created_at = TimeField(required=True)


class CreatorIn(Schema):
    name = _named(required=True)
    mandate = fields.Nested(
        MandateTermsIn, load_default=None, allow_none=True, metadata={"description": "Of an agency only."}
    )


class CreatorOut(Schema):
    party = fields.Nested(PartyOut, required=True)
    mandate = fields.Nested(MandateOut, required=True, allow_none=True)


class ApiKeyIn(Schema):
    name = _named(60, required=True)
    scopes = _permissions(required=True)
    expires_at = TimeField(load_default=None, allow_none=True)


class ApiKeyOut(Schema):
    id = IdField("key", required=True)
    party_id = IdField("pty", required=True)
    person_id = IdField("per", required=True)
    name = fields.String(required=True)
    public_id = fields.String(required=True, metadata={"description": "The part of the key before the dot."})
    scopes = fields.List(one_of(Permission), required=True)
    created_at = TimeField(required=True)
    expires_at = TimeField(required=True, allow_none=True)
    revoked_at = TimeField(required=True, allow_none=True)
    last_used_at = TimeField(required=True, allow_none=True)


class ApiKeyIssuedOut(_IssuedSchema, ApiKeyOut):
    _shown_once = "key"

    key = _secret("The whole key.")
