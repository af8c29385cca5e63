"""The API of disputes: a side opens one, both show what they have, two people of the platform decide in amounts."""

from typing import Any
from uuid import UUID

from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.paging import Page, page_of
from marketplace.core.http.request_handling import actor, session
from marketplace.deals import policy
from marketplace.deliverables.models import TakedownReport
from marketplace.deliverables.schemas import TakedownDecisionIn, TakedownReportOut
from marketplace.stopping.disputes import deciding, service
from marketplace.stopping.disputes.deciding import DecidedAmount
from marketplace.stopping.disputes.models import DisputeOutcome
from marketplace.stopping.disputes.schemas import (
    DisputeConfirmIn,
    DisputeEvidenceIn,
    DisputeIn,
    DisputeOut,
    DisputeProposalIn,
    DisputesQuery,
)
from marketplace.stopping.disputes.service import ShownDispute

blueprint = GuardedBlueprint("disputes", __name__, tag="deals", description="Disputes of deals, and what is decided")

_READS: dict[str, Any] = {"allow": (*policy.SIDES, Role.ADMIN), "needs": Permission.READ}
_SIDES: dict[str, Any] = {"allow": policy.SIDES, "needs": Permission.DEALS, "answers": DisputeOut, "status": 201}
_DECIDES: dict[str, Any] = {"allow": (Role.ADMIN,), "needs": Permission.MONEY, "answers": DisputeOut}
_DISPUTE = "/disputes/<id('dsp'):dispute_id>"


@blueprint.post("/deals/<id('dea'):deal_id>/disputes", **_SIDES, takes=DisputeIn)
def open_dispute(body: dict[str, Any], deal_id: UUID) -> ShownDispute:
    """Dispute what a deal owes, with a reason that both sides read. The work stands still; what is held for it stays
    where it is until two people of the platform have decided. Both sides have seven days to show what they have."""
    return _told(service.open_one(session(), actor(), deal_id, **body).id)


@blueprint.get("/disputes", **_READS, query=DisputesQuery, answers=page_of(DisputeOut))
def list_disputes(query: dict[str, Any]) -> Page[ShownDispute]:
    """The disputes of your party's deals, the newest first; all of them for administrators."""
    return service.listing(session(), actor(), **query)


@blueprint.get(_DISPUTE, **_READS, answers=DisputeOut)
def get_dispute(dispute_id: UUID) -> ShownDispute:
    """A dispute with what both sides have shown, and its decision once it is made."""
    return _told(dispute_id)


@blueprint.post(f"{_DISPUTE}/evidence", **_SIDES, takes=DisputeEvidenceIn)
def add_dispute_evidence(body: dict[str, Any], dispute_id: UUID) -> ShownDispute:
    """Show, as a side, words and a script, draft, check or publication of the deal. Both sides read it."""
    return _told(service.show(session(), actor(), dispute_id, **body).id)


@blueprint.post(f"{_DISPUTE}/propose", **_DECIDES, takes=DisputeProposalIn)
def propose_decision(body: dict[str, Any], dispute_id: UUID) -> ShownDispute:
    """Propose a decision in amounts, once both sides were heard or their time is over. Another person confirms it."""
    amounts = [DecidedAmount(**one) for one in body["amounts"]]
    given = {**body, "amounts": amounts, "outcome": DisputeOutcome(body["outcome"])}
    return _told(deciding.propose(session(), actor(), dispute_id, **given).id)


@blueprint.post(f"{_DISPUTE}/confirm", **_DECIDES, takes=DisputeConfirmIn)
def confirm_decision(body: dict[str, Any], dispute_id: UUID) -> ShownDispute:
    """Confirm, as another person, what is proposed: the money moves, and both sides read the decision and why."""
    return _told(deciding.confirm(session(), actor(), dispute_id, **body).id)


@blueprint.post(f"{_DISPUTE}/drop-proposal", **_DECIDES)
def drop_proposed_decision(dispute_id: UUID) -> ShownDispute:
    """Drop what is proposed, so that the sides may show more and somebody proposes anew."""
    return _told(deciding.drop_proposal(session(), actor(), dispute_id).id)


@blueprint.post(
    "/deliverables/<id('dlv'):deliverable_id>/publication/decide",
    allow=(Role.ADMIN,),
    needs=Permission.DEALS,
    takes=TakedownDecisionIn,
    answers=TakedownReportOut,
)
def decide_takedown(body: dict[str, Any], deliverable_id: UUID) -> TakedownReport:
    """Decide, as the platform, on a report: upheld, the video is missed, and its dispute is opened, in which both sides
    are heard; else it goes on."""
    return service.decide_takedown(session(), actor(), deliverable_id, **body)


def _told(dispute_id: UUID) -> ShownDispute:
    return service.find(session(), actor(), dispute_id)
