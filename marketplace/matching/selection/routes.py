"""The API of selections."""

from typing import Any
from uuid import UUID

from flask import Response

from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.paging import Page, page_of, page_query
from marketplace.core.http.request_handling import actor, session
from marketplace.matching.scoring.schemas import SVG
from marketplace.matching.selection import selection_pictures, service, shown_selection, winning_prices
from marketplace.matching.selection.collusion_signals import collusion_audit
from marketplace.matching.selection.collusion_signals.collusion_audit import CollusionSignals
from marketplace.matching.selection.collusion_signals.signal_schemas import SignalsOut
from marketplace.matching.selection.models import Selection
from marketplace.matching.selection.schemas import (
    ConfirmIn,
    LeftOutOut,
    OutcomeOfBidOut,
    PictureQuery,
    SelectionHeadOut,
    SelectionIn,
    SelectionOut,
    VerificationOut,
    WhatIfIn,
    WhatIfOut,
)
from marketplace.matching.selection.service import BidOutcome, HypotheticalWishes
from marketplace.matching.selection.set_verification import Verification
from marketplace.matching.selection.shown_selection import ShownSelection
from marketplace.matching.selection.winning_prices import PriceQuestion

blueprint = GuardedBlueprint(
    "selections", __name__, tag="market", description="The best set of bids for a brief, with its reasons"
)

_READS: dict[str, Any] = {"allow": (Role.BRAND, Role.ADMIN), "needs": Permission.READ}
_CHANGES: dict[str, Any] = {"allow": (Role.BRAND,), "needs": Permission.BRIEFS}


@blueprint.post(
    "/briefs/<id('brf'):brief_id>/selections", **_CHANGES, takes=SelectionIn, answers=SelectionOut, status=202
)
def create_selection(body: dict[str, Any], brief_id: UUID) -> ShownSelection:
    """Ask for the best set of a closed brief's bids. Its job tells how far it is; the result is kept."""
    return shown_selection.shown(session(), service.start(session(), actor(), brief_id, body))


@blueprint.get(
    "/briefs/<id('brf'):brief_id>/selections",
    **_READS,
    query=page_query("sel"),
    answers=page_of(SelectionHeadOut),
)
def list_selections(query: dict[str, Any], brief_id: UUID) -> Page[Selection]:
    """A brief's selections without their results, the newest first."""
    return service.listing(session(), actor(), brief_id, **query)


@blueprint.post(
    "/briefs/<id('brf'):brief_id>/what-if",
    **_READS,
    takes=WhatIfIn,
    answers=WhatIfOut,
    once=False,
    then=service.hypothetical,
)
def compute_what_if(body: dict[str, Any], brief_id: UUID) -> HypotheticalWishes:
    """Which set it would be with another budget, target or other limits. Nothing is stored."""
    return service.what_if(session(), actor(), brief_id, body)


@blueprint.get("/selections/<id('sel'):selection_id>", **_READS, answers=SelectionOut)
def get_selection(selection_id: UUID) -> ShownSelection:
    """A selection with its result, as far as it has come, and what keeps each member from being accepted now."""
    return shown_selection.shown(session(), service.find(session(), actor(), selection_id))


@blueprint.post("/selections/<id('sel'):selection_id>/confirm", **_CHANGES, takes=ConfirmIn, answers=SelectionOut)
def confirm_selection(body: dict[str, Any], selection_id: UUID) -> ShownSelection:
    """Make it the brief's choice and accept its bids, in one act. Each is checked now: 409 names what has changed or
    which gate is shut. From then on each bidder may read how its own bid fared."""
    return shown_selection.shown(session(), service.confirm(session(), actor(), selection_id, **body))


@blueprint.get("/selections/<id('sel'):selection_id>/verification", **_READS, answers=VerificationOut)
def verify_selection(selection_id: UUID) -> Verification:
    """Choose again from the stored inputs and compare; count the set's people by a synthetic panel."""
    return service.verify(session(), actor(), selection_id)


@blueprint.get(
    "/selections/<id('sel'):selection_id>/winning-prices/<id('bid'):bid_id>",
    **_READS,
    answers=LeftOutOut,
    then=winning_prices.answer,
)
def get_winning_price(selection_id: UUID, bid_id: UUID) -> PriceQuestion:
    """Why a bid is out of a set, and at which price the same choice would have taken it, worked out to 1 %."""
    return winning_prices.question(session(), actor(), selection_id, bid_id)


@blueprint.get("/selections/<id('sel'):selection_id>/picture", **_READS, query=PictureQuery, media_type=SVG)
def get_selection_picture(query: dict[str, Any], selection_id: UUID) -> Response:
    """One picture of the result, as SVG."""
    selection = service.find(session(), actor(), selection_id)
    tolerance = service.tolerance_of(session(), selection)
    return Response(selection_pictures.draw(selection, tolerance, **query), content_type=SVG)


@blueprint.get(
    "/briefs/<id('brf'):brief_id>/collusion-signals", allow=(Role.ADMIN,), needs=Permission.READ, answers=SignalsOut
)
def list_collusion_signals(brief_id: UUID) -> CollusionSignals:
    """Signs of collusion among a closed brief's bids, each with its numbers."""
    return collusion_audit.signals(session(), actor(), brief_id)


@blueprint.get(
    "/bids/<id('bid'):bid_id>/outcome",
    allow=(Role.CREATOR, Role.AGENCY),
    needs=Permission.READ,
    answers=OutcomeOfBidOut,
)
def get_bid_outcome(bid_id: UUID) -> BidOutcome:
    """How the bid fared once the brand has confirmed a selection, for its own side: chosen, or why not and how far."""
    return service.outcome_of_bid(session(), actor(), bid_id)
