"""The API of rankings."""

from typing import Any
from uuid import UUID

from flask import Response

from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.endpoint import SIGNED_IN
from marketplace.core.http.paging import page_query
from marketplace.core.http.request_handling import actor, session
from marketplace.matching.ranking import bid_pictures, service
from marketplace.matching.ranking.schemas import BidMatchOut, RankingOut
from marketplace.matching.ranking.service import BriefRanking, PlannedMatch
from marketplace.matching.scoring.schemas import SVG, BidPictureQuery

blueprint = GuardedBlueprint(
    "ranking", __name__, tag="market", description="A closed brief's bids in one order, with their gates"
)


@blueprint.get(
    "/briefs/<id('brf'):brief_id>/ranking",
    allow=(Role.BRAND, Role.ADMIN),
    needs=Permission.READ,
    query=page_query("mtc"),
    answers=RankingOut,
)
def get_ranking(query: dict[str, Any], brief_id: UUID) -> BriefRanking:
    """The matches by rank, scored on what was known at the close, each with the gates that are shut now."""
    return service.ranking(session(), actor(), brief_id, **query)


@blueprint.get(
    "/bids/<id('bid'):bid_id>/match",
    allow=SIGNED_IN,
    needs=Permission.READ,
    answers=BidMatchOut,
    then=service.with_plan_score,
)
def get_bid_match(bid_id: UUID) -> PlannedMatch:
    """One bid's scores with every reason, and what its plan could change."""
    return service.planned_match(session(), actor(), bid_id)


@blueprint.get(
    "/bids/<id('bid'):bid_id>/picture", allow=SIGNED_IN, needs=Permission.READ, query=BidPictureQuery, media_type=SVG
)
def get_bid_picture(query: dict[str, Any], bid_id: UUID) -> Response:
    """One picture of a scored bid, as SVG. The brief's other bids are drawn for its brand and the admins alone."""
    return Response(bid_pictures.draw(session(), actor(), bid_id, **query), content_type=SVG)
