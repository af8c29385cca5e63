"""The API of closing a brief, and of scoring a closed one again."""

from typing import Any
from uuid import UUID

from marketplace.bids.bid_queries import ShownBid
from marketplace.bids.schemas import BidOut
from marketplace.briefs.schemas import BriefOut
from marketplace.briefs.service import ShownBrief
from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.request_handling import actor, session
from marketplace.matching.closing import review_round, service
from marketplace.matching.closing.schemas import BriefRescoreIn, CloseRecordOut
from marketplace.matching.scoring.models import CloseRecord

blueprint = GuardedBlueprint(
    "closing",
    __name__,
    tag="market",
    description="The end of bidding, what the bids are scored on, and who reviews them",
)


@blueprint.post(
    "/briefs/<id('brf'):brief_id>/close", allow=(Role.BRAND, Role.ADMIN), needs=Permission.BRIEFS, answers=BriefOut
)
def close_brief(brief_id: UUID) -> ShownBrief:
    """Take no more bids, before the deadline. What every bid is scored on is recorded at this moment."""
    return service.close(session(), actor(), brief_id)


@blueprint.post(
    "/briefs/<id('brf'):brief_id>/rescore",
    allow=(Role.ADMIN,),
    needs=Permission.BRIEFS,
    takes=BriefRescoreIn,
    answers=CloseRecordOut,
    status=201,
)
def rescore_brief(body: dict[str, Any], brief_id: UUID) -> CloseRecord:
    """Score a closed brief's bids again on what is known now, with a reason that both sides read."""
    return service.rescore(session(), actor(), brief_id, reason=body["reason"])


@blueprint.post(
    "/bids/<id('bid'):bid_id>/review", allow=(Role.BRAND, Role.ADMIN), needs=Permission.BIDS, answers=BidOut
)
def request_bid_review(bid_id: UUID) -> ShownBid:
    """Have a person of the platform look at a bid that was deferred, or that a rule let pass."""
    return review_round.ask_for_review(session(), actor(), bid_id)
