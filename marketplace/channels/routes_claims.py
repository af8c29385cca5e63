"""The API of proofs, claims and transfers of channels."""

from typing import Any
from uuid import UUID

from marketplace.channels import claims, transfers
from marketplace.channels.claims import ShownClaim
from marketplace.channels.models import ChannelProof
from marketplace.channels.schemas_claims import (
    ClaimOut,
    ClaimProofIn,
    ClaimProofOut,
    ClaimProvenIn,
    ClaimQuery,
    ClaimRefusedIn,
    TransferIn,
    TransferOut,
    TransferQuery,
)
from marketplace.channels.transfers import ShownTransfer
from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.paging import Page, page_of, page_query
from marketplace.core.http.request_handling import actor, session

blueprint = GuardedBlueprint(
    "claims", __name__, tag="people", description="Whose an account is: claims, proofs, transfers"
)

_LOOKS: dict[str, Any] = {"allow": (Role.ADMIN,), "needs": Permission.READ}
_DECIDES: dict[str, Any] = {"allow": (Role.ADMIN,), "needs": Permission.REVIEWS, "answers": ClaimOut}
_HANDS_OVER: dict[str, Any] = {"allow": (Role.CREATOR,), "needs": Permission.PARTY, "answers": TransferOut}


@blueprint.post(
    "/channels/<id('chn'):channel_id>/proof",
    allow=(Role.CREATOR, Role.AGENCY),
    needs=Permission.CHANNELS,
    takes=ClaimProofIn,
    answers=ClaimProofOut,
    status=201,
)
def request_channel_proof(body: dict[str, Any], channel_id: UUID) -> ChannelProof:
    """Ask for a code to put into the account's profile, or name an imported export of the platform as proof."""
    return claims.ask(session(), actor(), channel_id, **body)


@blueprint.get(
    "/channels/<id('chn'):channel_id>/proofs",
    allow=(Role.CREATOR, Role.AGENCY, Role.ADMIN),
    needs=Permission.READ,
    query=page_query("prf"),
    answers=page_of(ClaimProofOut),
)
def list_channel_proofs(query: dict[str, Any], channel_id: UUID) -> Page[ChannelProof]:
    """What was offered as proof of the channel, and how it was decided."""
    return claims.list_proofs(session(), actor(), channel_id, **query)


@blueprint.get("/channel-claims", **_LOOKS, query=ClaimQuery, answers=page_of(ClaimOut))
def list_channel_claims(query: dict[str, Any]) -> Page[ShownClaim]:
    """The claims whose proof waits for a decision, each with its rivals."""
    return claims.queue(session(), actor(), **query)


@blueprint.get("/channel-claims/<id('chn'):channel_id>", **_LOOKS, answers=ClaimOut)
def get_channel_claim(channel_id: UUID) -> ShownClaim:
    """One claim with its proofs, their evidence, and its rivals."""
    return claims.find(session(), actor(), channel_id)


@blueprint.post("/channel-claims/<id('chn'):channel_id>/prove", **_DECIDES, takes=ClaimProvenIn)
def prove_channel_claim(body: dict[str, Any], channel_id: UUID) -> ShownClaim:
    """Accept the proof that waits; every other claim of the account is refused with it."""
    return claims.prove(session(), actor(), channel_id, **body)


@blueprint.post("/channel-claims/<id('chn'):channel_id>/refuse", **_DECIDES, takes=ClaimRefusedIn)
def refuse_channel_claim(body: dict[str, Any], channel_id: UUID) -> ShownClaim:
    """Refuse a claim with the proof that waits, or take back what was proven."""
    return claims.refuse(session(), actor(), channel_id, **body)


@blueprint.post("/channels/<id('chn'):channel_id>/transfer", **_HANDS_OVER, takes=TransferIn, status=201)
def offer_channel_transfer(body: dict[str, Any], channel_id: UUID) -> ShownTransfer:
    """Offer one's own proven channel to another creator, who has to accept."""
    return transfers.offer(session(), actor(), channel_id, **body)


@blueprint.get(
    "/channel-transfers",
    allow=(Role.CREATOR, Role.ADMIN),
    needs=Permission.READ,
    query=TransferQuery,
    answers=page_of(TransferOut),
)
def list_channel_transfers(query: dict[str, Any]) -> Page[ShownTransfer]:
    """The channels that one was offered, and those that one has offered."""
    return transfers.listing(session(), actor(), **query)


@blueprint.post("/channel-transfers/<id('ctr'):transfer_id>/accept", **_HANDS_OVER)
def accept_channel_transfer(transfer_id: UUID) -> ShownTransfer:
    """Take the channel over, with its facts and its proof."""
    return transfers.accept(session(), actor(), transfer_id)


@blueprint.post("/channel-transfers/<id('ctr'):transfer_id>/decline", **_HANDS_OVER)
def decline_channel_transfer(transfer_id: UUID) -> ShownTransfer:
    """Refuse to take the channel."""
    return transfers.decline(session(), actor(), transfer_id)


@blueprint.post("/channel-transfers/<id('ctr'):transfer_id>/withdraw", **_HANDS_OVER)
def withdraw_channel_transfer(transfer_id: UUID) -> ShownTransfer:
    """Take the offer back."""
    return transfers.withdraw(session(), actor(), transfer_id)
