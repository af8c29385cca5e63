"""The part of the API with which admins suspend and reinstate parties and people, and verify parties."""

from typing import Any
from uuid import UUID

from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.request_handling import actor, session
from marketplace.identity import suspensions
from marketplace.identity.models import Party, Person
from marketplace.identity.schemas import PartyStandingOut, PersonStandingOut, ReasonIn, SuspensionIn, VerificationIn
from marketplace.identity.sign_in import second_factors

blueprint = GuardedBlueprint("standing", __name__, tag="people", description="Who is suspended, and who is verified")

_DECIDES: dict[str, Any] = {"allow": (Role.ADMIN,), "needs": Permission.PARTY}


@blueprint.post("/parties/<id('pty'):party_id>/suspend", **_DECIDES, takes=SuspensionIn, answers=PartyStandingOut)
def suspend_party(body: dict[str, Any], party_id: UUID) -> Party:
    """Let a party read and no longer act; the reason is shown to it."""
    return suspensions.suspend_party(session(), actor(), party_id, **body)


@blueprint.post("/parties/<id('pty'):party_id>/reinstate", **_DECIDES, takes=ReasonIn, answers=PartyStandingOut)
def reinstate_party(body: dict[str, Any], party_id: UUID) -> Party:
    """Let a suspended party act again."""
    return suspensions.reinstate_party(session(), actor(), party_id, **body)


@blueprint.post("/parties/<id('pty'):party_id>/verify", **_DECIDES, takes=VerificationIn, answers=PartyStandingOut)
def verify_party(body: dict[str, Any], party_id: UUID) -> Party:
    """Note that a brand or an agency is who it says, with what was seen."""
    return suspensions.verify(session(), actor(), party_id, **body)


@blueprint.post("/parties/<id('pty'):party_id>/unverify", **_DECIDES, takes=ReasonIn, answers=PartyStandingOut)
def unverify_party(body: dict[str, Any], party_id: UUID) -> Party:
    """Take a verification back."""
    return suspensions.unverify(session(), actor(), party_id, **body)


@blueprint.post("/people/<id('per'):person_id>/suspend", **_DECIDES, takes=SuspensionIn, answers=PersonStandingOut)
def suspend_person(body: dict[str, Any], person_id: UUID) -> Person:
    """End a person's sessions and stop their keys; the reason is shown to them."""
    return suspensions.suspend_person(session(), actor(), person_id, **body)


@blueprint.post("/people/<id('per'):person_id>/reinstate", **_DECIDES, takes=ReasonIn, answers=PersonStandingOut)
def reinstate_person(body: dict[str, Any], person_id: UUID) -> Person:
    """Let a suspended person in again."""
    return suspensions.reinstate_person(session(), actor(), person_id, **body)


@blueprint.post("/people/<id('per'):person_id>/reset-second-factor", **_DECIDES, takes=ReasonIn, status=204)
def reset_second_factor(body: dict[str, Any], person_id: UUID) -> None:
    """Take away the second factor of somebody who has lost it; their sessions end. Make sure of who asks first."""
    second_factors.reset(session(), actor(), person_id, **body)
