"""The API of acceptance."""

from typing import Any
from uuid import UUID

from marketplace.bids.bid_queries import ShownBid
from marketplace.bids.schemas import BidOut
from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.request_handling import actor, session
from marketplace.matching.gates import acceptance
from marketplace.matching.gates.schemas import AcceptIn

blueprint = GuardedBlueprint(
    "acceptance", __name__, tag="market", description="Accepting bids, where every gate is open"
)


@blueprint.post(
    "/bids/<id('bid'):bid_id>/accept", allow=(Role.BRAND,), needs=Permission.BIDS, takes=AcceptIn, answers=BidOut
)
def accept_bid(body: dict[str, Any], bid_id: UUID) -> ShownBid:
    """Accept a bid on one's closed brief, in a named option; several may be accepted. 409 names the gates that are
    shut."""
    return acceptance.accept(session(), actor(), bid_id, **body)
