"""The identity part of the API."""

from datetime import date
from typing import Any
from uuid import UUID

from flask import current_app, request

from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.endpoint import ANYONE, SIGNED_IN
from marketplace.core.http.failed_attempts import FailedAttempts
from marketplace.core.http.fields import one_of
from marketplace.core.http.paging import Page, page_of, page_query
from marketplace.core.http.request_handling import actor, keep_for_replay, session
from marketplace.identity import api_keys, invites, mandates, service
from marketplace.identity.api_keys import IssuedKey
from marketplace.identity.mandates import MandateTerms
from marketplace.identity.models import ApiKey, Invite, Mandate, MandateStatus, Party, PartyKind
from marketplace.identity.schemas import (
    ApiKeyIn,
    ApiKeyIssuedOut,
    ApiKeyOut,
    CreatorIn,
    CreatorOut,
    InviteAcceptIn,
    InviteIn,
    InviteIssuedOut,
    InviteOut,
    MandateEndIn,
    MandateIn,
    MandateOut,
    MemberOut,
    MeOut,
    PartyChange,
    PartyOut,
    PasswordIn,
    SeatOut,
    SessionOut,
    SignedInOut,
    SignInIn,
    SignUpIn,
)
from marketplace.identity.service import CurrentUser, EnteredCreator, PartySeat
from marketplace.identity.sign_in import second_factors, sessions
from marketplace.identity.sign_in.second_factor_schemas import (
    RecoveryCodesOut,
    SecondFactorCodeIn,
    SecondFactorOut,
    SecondFactorRemoval,
)
from marketplace.identity.sign_in.second_factors import NewFactor, RecoveryCodes
from marketplace.identity.sign_in.sessions import OwnSession, SignedIn

blueprint = GuardedBlueprint(
    "identity", __name__, tag="people", description="Parties, their people, mandates, sessions and API keys"
)

_READS: dict[str, Any] = {"allow": SIGNED_IN, "needs": Permission.READ}
_MANAGES: dict[str, Any] = {"allow": SIGNED_IN, "needs": Permission.PARTY}
# Open to the world, so counted strictly; and without an Idempotency-Key, under which a quick hash of the body, with
# the password in it, would be kept.
_OPEN: dict[str, Any] = {"allow": ANYONE, "once": False, "status": 201}
_ANSWERS: dict[str, Any] = {"allow": (Role.CREATOR,), "needs": Permission.PARTY, "answers": MandateOut}


def _token() -> str:
    return request.headers.get("Authorization", "").partition(" ")[2]


def _terms(body: dict[str, Any]) -> MandateTerms:
    return MandateTerms(body["starts_on"], body["ends_on"], body["share_basis_points"])


@blueprint.post("/sign-up", **_OPEN, counted="sign-up", takes=SignUpIn, answers=SeatOut)
def sign_up(body: dict[str, Any]) -> PartySeat:
    """Make an account and the party that it acts for."""
    party = body.pop("party")
    return service.sign_up(session(), **body, party_name=party["name"], kind=party["kind"])


@blueprint.post("/sessions", **_OPEN, counted="sign-in", takes=SignInIn, answers=SignedInOut)
def sign_in(body: dict[str, Any]) -> SignedIn:
    """Sign in for one party; the token goes into `Authorization: Bearer`."""
    hours: int = current_app.extensions["config"].session_hours
    attempts: FailedAttempts = current_app.extensions["failed_attempts"]
    with attempts.counted(body["email"], request.remote_addr or "-"):
        return sessions.sign_in(session(), **body, hours=hours)


@blueprint.get("/sessions", **_READS, to_set_up=True, query=page_query("ses"), answers=page_of(SessionOut))
def list_sessions(query: dict[str, Any]) -> Page[OwnSession]:
    """Where you are signed in, in all your parties. For the person, signed in, and not for a key."""
    return sessions.own_sessions(session(), actor(), **query, token=_token())


@blueprint.delete("/sessions/<id('ses'):session_id>", allow=SIGNED_IN, while_suspended=True, to_set_up=True)
def end_session(session_id: UUID) -> None:
    """End one of your sessions, such as one that you do not know. For the person, signed in, and not for a key."""
    sessions.end_session(session(), actor(), session_id)


@blueprint.delete("/sessions/current", allow=SIGNED_IN, while_suspended=True, to_set_up=True)
def sign_out() -> None:
    """End the session that asks."""
    sessions.sign_out(session(), actor(), token=_token())


@blueprint.get("/people/me", **_READS, to_set_up=True, answers=MeOut)
def get_me() -> CurrentUser:
    """Who asks, for which party, with what permissions."""
    return service.me(session(), actor())


@blueprint.post(
    "/people/me/password",
    allow=SIGNED_IN,
    once=False,
    counted="sign-in",
    takes=PasswordIn,
    status=204,
    while_suspended=True,
    to_set_up=True,
)
def change_password(body: dict[str, Any]) -> None:
    """Change the password; every other session of the person ends."""
    sessions.change_password(session(), actor(), **body, token=_token())


_OWN_FACTOR: dict[str, Any] = {
    "allow": SIGNED_IN,
    "once": False,
    "counted": "sign-in",
    "while_suspended": True,
    "to_set_up": True,
}


@blueprint.post("/people/me/second-factor", **_OWN_FACTOR, answers=SecondFactorOut, status=201)
def begin_second_factor() -> NewFactor:
    """Begin to set up a second factor; it counts once a first code was confirmed."""
    return second_factors.begin(session(), actor())


@blueprint.post(
    "/people/me/second-factor/confirm", **_OWN_FACTOR, takes=SecondFactorCodeIn, answers=RecoveryCodesOut, status=200
)
def confirm_second_factor(body: dict[str, Any]) -> RecoveryCodes:
    """Confirm the second factor with a first code, and get the recovery codes."""
    return second_factors.confirm(session(), actor(), **body)


@blueprint.post("/people/me/second-factor/remove", **_OWN_FACTOR, takes=SecondFactorRemoval, status=204)
def remove_second_factor(body: dict[str, Any]) -> None:
    """Take the second factor away, with the password and a code."""
    second_factors.remove(session(), actor(), **body)


@blueprint.get(
    "/parties", **_READS, query=page_query("pty", kind=one_of(PartyKind, load_default=None)), answers=page_of(PartyOut)
)
def list_parties(query: dict[str, Any]) -> Page[Party]:
    """One's own party and those on the other side of its mandates; all of them for the platform."""
    return service.listing(session(), actor(), **query)


@blueprint.get("/parties/<id('pty'):party_id>", **_READS, answers=PartyOut)
def get_party(party_id: UUID) -> Party:
    """One party."""
    return service.find(session(), actor(), party_id)


@blueprint.patch("/parties/<id('pty'):party_id>", **_MANAGES, takes=PartyChange, answers=PartyOut)
def update_party(body: dict[str, Any], party_id: UUID, version: int) -> Party:
    """Change the name or the time zone."""
    return service.change(session(), actor(), party_id, values=body, version=version)


@blueprint.get("/parties/<id('pty'):party_id>/members", **_READS, query=page_query("mbr"), answers=page_of(MemberOut))
def list_members(query: dict[str, Any], party_id: UUID) -> Page[PartySeat]:
    """Who sits in the party."""
    return service.members(session(), actor(), party_id, **query)


@blueprint.delete("/parties/<id('pty'):party_id>/members/<id('mbr'):membership_id>", **_MANAGES)
def remove_member(party_id: UUID, membership_id: UUID) -> None:
    """Take a seat away, with its keys and sessions."""
    service.remove_member(session(), actor(), party_id, membership_id)


@blueprint.post("/invites", **_MANAGES, takes=InviteIn, answers=InviteIssuedOut, status=201)
def create_invite(body: dict[str, Any]) -> IssuedKey[Invite]:
    """Open a seat for somebody; hand them the token, which is good for 7 days."""
    made = invites.create(session(), actor(), **body)
    keep_for_replay(InviteIssuedOut(), made.kept())
    return made


@blueprint.get("/invites", **_MANAGES, query=page_query("inv"), answers=page_of(InviteOut))
def list_invites(query: dict[str, Any]) -> Page[Invite]:
    """The party's invitations."""
    return invites.listing(session(), actor(), **query)


@blueprint.delete("/invites/<id('inv'):invite_id>", **_MANAGES)
def withdraw_invite(invite_id: UUID) -> None:
    """Take an invitation back."""
    invites.withdraw(session(), actor(), invite_id)


@blueprint.post("/invites/accept", **_OPEN, counted="sign-in", takes=InviteAcceptIn, answers=SeatOut)
def accept_invite(body: dict[str, Any]) -> PartySeat:
    """Take the seat, with one's account or a new one."""
    return invites.accept(session(), **body)


@blueprint.post(
    "/creators",
    allow=(Role.AGENCY, Role.ADMIN),
    needs=Permission.PARTY,
    takes=CreatorIn,
    answers=CreatorOut,
    status=201,
)
def create_creator(body: dict[str, Any]) -> EnteredCreator:
    """Enter a creator who has not signed up; an agency with the mandate it holds, from today if left out."""
    terms = _terms(body["mandate"]) if body["mandate"] else None
    return service.enter_creator(session(), actor(), name=body["name"], terms=terms)


@blueprint.post(
    "/mandates", allow=(Role.AGENCY,), needs=Permission.PARTY, takes=MandateIn, answers=MandateOut, status=201
)
def offer_mandate(body: dict[str, Any]) -> Mandate:
    """Ask a creator for a mandate."""
    return mandates.offer(session(), actor(), creator_id=body["creator_id"], terms=_terms(body))


@blueprint.get(
    "/mandates",
    **_READS,
    query=page_query("mnd", status=one_of(MandateStatus, load_default=None)),
    answers=page_of(MandateOut),
)
def list_mandates(query: dict[str, Any]) -> Page[Mandate]:
    """The party's mandates, from either side."""
    return mandates.listing(session(), actor(), **query)


@blueprint.post("/mandates/<id('mnd'):mandate_id>/accept", **_ANSWERS)
def accept_mandate(mandate_id: UUID) -> Mandate:
    """Let the agency act for you, from the first to the last day."""
    return mandates.accept(session(), actor(), mandate_id)


@blueprint.post("/mandates/<id('mnd'):mandate_id>/decline", **_ANSWERS)
def decline_mandate(mandate_id: UUID) -> Mandate:
    """Refuse the offer."""
    return mandates.decline(session(), actor(), mandate_id)


@blueprint.post(
    "/mandates/<id('mnd'):mandate_id>/end",
    allow=(Role.AGENCY, Role.CREATOR),
    needs=Permission.PARTY,
    takes=MandateEndIn,
    answers=MandateOut,
)
def end_mandate(body: dict[str, date], mandate_id: UUID) -> Mandate:
    """Bring the last day nearer, or end it today."""
    return mandates.end(session(), actor(), mandate_id, ends_on=body["ends_on"])


@blueprint.post("/api-keys", **_MANAGES, takes=ApiKeyIn, answers=ApiKeyIssuedOut, status=201)
def create_api_key(body: dict[str, Any]) -> IssuedKey[ApiKey]:
    """Make a key; at most two of a name are live, so that one can take the other's place."""
    made = api_keys.create(session(), actor(), **body)
    keep_for_replay(ApiKeyIssuedOut(), made.kept())
    return made


@blueprint.get("/api-keys", **_MANAGES, query=page_query("key"), answers=page_of(ApiKeyOut))
def list_api_keys(query: dict[str, Any]) -> Page[ApiKey]:
    """The party's keys, never with their secrets."""
    return api_keys.listing(session(), actor(), **query)


@blueprint.delete("/api-keys/<id('key'):key_id>", **_MANAGES)
def revoke_api_key(key_id: UUID) -> None:
    """Revoke a key at once."""
    api_keys.revoke(session(), actor(), key_id)
