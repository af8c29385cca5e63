"""The API of bids."""

from typing import Any
from uuid import UUID

from marketplace.bids import bid_queries, brief_changes, service
from marketplace.bids.bid_queries import ShownBid, ShownRevision
from marketplace.bids.example_bid import example_bid
from marketplace.bids.models import BidRevision, BidStatus
from marketplace.bids.policy import BIDDERS
from marketplace.bids.schemas import (
    BidCommitmentOut,
    BidCountOut,
    BidIn,
    BidOut,
    BidRevisionIn,
    BidRevisionOut,
    BriefConfirmIn,
)
from marketplace.briefs.assets import ASSET_BYTES_MAX, SUFFIXES, AssetFacts
from marketplace.briefs.schemas import BrandAssetOut, BrandAssetQuery, BriefCancelIn, BriefChange, BriefOut
from marketplace.briefs.service import ShownBrief
from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.bodies import ANY_FILE, RawBody, RawBodySpec
from marketplace.core.http.endpoint import SIGNED_IN
from marketplace.core.http.fields import IdField, one_of
from marketplace.core.http.paging import Page, page_of, page_query
from marketplace.core.http.request_handling import actor, session
from marketplace.reviews.decisions import WantedDecision
from marketplace.reviews.schemas import DecisionIn

blueprint = GuardedBlueprint(
    "bids", __name__, tag="market", description="Creators' offers on briefs, sealed until the brief is closed"
)

_STATUS = one_of(BidStatus, load_default=None)
_BIDS = page_of(BidOut)
_OFFERS: dict[str, Any] = {"allow": BIDDERS, "needs": Permission.BIDS, "answers": BidOut}
_DECIDES: dict[str, Any] = {"allow": (Role.BRAND,), "needs": Permission.BIDS, "answers": BidOut}
_READS: dict[str, Any] = {"allow": SIGNED_IN, "needs": Permission.READ}
_OVERSEES: dict[str, Any] = {"allow": (Role.BRAND, Role.ADMIN), "needs": Permission.READ}


@blueprint.post("/briefs/<id('brf'):brief_id>/bids", **_OFFERS, takes=BidIn, example=example_bid, status=201)
def place_bid(body: dict[str, Any], brief_id: UUID) -> ShownBid:
    """Bid on an open brief. Nobody but the creator's side sees it until the brief is closed."""
    channel_id = body.pop("channel_id")
    return service.place(session(), actor(), brief_id, channel_id=channel_id, loaded=body)


@blueprint.get("/briefs/<id('brf'):brief_id>/bids", **_OVERSEES, query=page_query("bid", status=_STATUS), answers=_BIDS)
def list_brief_bids(query: dict[str, Any], brief_id: UUID) -> Page[ShownBid]:
    """A closed brief's bids; 404 while they are sealed."""
    return bid_queries.list_brief_bids(session(), actor(), brief_id, **query)


@blueprint.get("/briefs/<id('brf'):brief_id>/bids/count", **_OVERSEES, answers=BidCountOut)
def count_brief_bids(brief_id: UUID) -> dict[str, int]:
    """How many bids are on the table, before the close too; from then on, how many were at the close."""
    return {"count": bid_queries.count_bids(session(), actor(), brief_id)}


@blueprint.get(
    "/briefs/<id('brf'):brief_id>/commitments", **_READS, query=page_query("rev"), answers=page_of(BidCommitmentOut)
)
def list_bid_commitments(query: dict[str, Any], brief_id: UUID) -> Page[BidRevision]:
    """Every offer's commitment and time, to show that none came late and none was changed."""
    return bid_queries.list_commitments(session(), actor(), brief_id, **query)


@blueprint.get(
    "/bids",
    allow=BIDDERS,
    needs=Permission.READ,
    query=page_query("bid", brief_id=IdField("brf", load_default=None), status=_STATUS),
    answers=_BIDS,
)
def list_bids(query: dict[str, Any]) -> Page[ShownBid]:
    """The bids of one's own side."""
    return bid_queries.list_bids(session(), actor(), **query)


@blueprint.get("/bids/<id('bid'):bid_id>", **_READS, answers=BidOut)
def get_bid(bid_id: UUID) -> ShownBid:
    """One bid in the wording that counts."""
    return bid_queries.find(session(), actor(), bid_id)


@blueprint.get("/bids/<id('bid'):bid_id>/revisions", **_READS, query=page_query("rev"), answers=page_of(BidRevisionOut))
def list_bid_revisions(query: dict[str, Any], bid_id: UUID) -> Page[ShownRevision]:
    """A bid's wordings, the newest first; the brand sees the one that counts."""
    return bid_queries.list_revisions(session(), actor(), bid_id, **query)


@blueprint.post("/bids/<id('bid'):bid_id>/revisions", **_OFFERS, takes=BidRevisionIn, status=201)
def revise_bid(body: dict[str, Any], bid_id: UUID) -> ShownBid:
    """Put a new wording in place of the last while the brief is open: at most twice, and once more for each change of
    the brief that matters."""
    return service.revise(session(), actor(), bid_id, loaded=body)


@blueprint.post("/bids/<id('bid'):bid_id>/withdraw", **_OFFERS)
def withdraw_bid(bid_id: UUID) -> ShownBid:
    """Take a bid back, until it is accepted."""
    return service.withdraw(session(), actor(), bid_id)


@blueprint.post("/bids/<id('bid'):bid_id>/decline", **_DECIDES)
def decline_bid(bid_id: UUID) -> ShownBid:
    """Turn a bid down."""
    return service.decline(session(), actor(), bid_id)


@blueprint.post("/bids/<id('bid'):bid_id>/confirm-brief", **_OFFERS, takes=BriefConfirmIn)
def confirm_brief_change(body: dict[str, Any], bid_id: UUID) -> ShownBid:
    """Stand by an open bid after its brief has changed in something that matters; until then it is not ranked."""
    return service.confirm_brief(session(), actor(), bid_id, brief_version_id=body["brief_version_id"])


@blueprint.patch(
    "/briefs/<id('brf'):brief_id>",
    allow=(Role.BRAND,),
    needs=Permission.BRIEFS,
    takes=BriefChange,
    answers=BriefOut,
)
def update_brief(body: dict[str, Any], brief_id: UUID, version: int) -> ShownBrief:
    """Change a draft in place; a published brief gets a new version. A change that matters to bids tells every bidder,
    gives each bid one wording more and leaves 24 hours; a bid counts again once its side has confirmed the version."""
    return brief_changes.change(session(), actor(), brief_id, loaded=body, version=version)


@blueprint.post(
    "/briefs/<id('brf'):brief_id>/assets",
    allow=(Role.BRAND,),
    needs=Permission.BRIEFS,
    takes_raw=RawBodySpec(ASSET_BYTES_MAX, (*SUFFIXES, ANY_FILE)),
    query=BrandAssetQuery,
    answers=BrandAssetOut,
    status=201,
)
def upload_brand_asset(body: RawBody, query: dict[str, Any], brief_id: UUID) -> AssetFacts:
    """Keep a reference image: the body is the PNG, JPEG or WebP itself, at most 2 MiB, at most 12 a brief. On a
    published brief it is a change that matters to bids."""
    stated = None if body.media_type == ANY_FILE else body.media_type
    return brief_changes.add_image(
        session(), actor(), brief_id, name=query["name"], data=body.whole(), content_type=stated
    )


@blueprint.post(
    "/briefs/<id('brf'):brief_id>/cancel",
    allow=(Role.BRAND, Role.ADMIN),
    needs=Permission.BRIEFS,
    takes=BriefCancelIn,
    answers=BriefOut,
)
def cancel_brief(body: dict[str, Any], brief_id: UUID) -> ShownBrief:
    """Call the brief off, before its close or after it, with a reason that every bidder reads; its bids are void, but
    for those whose deal both sides have confirmed."""
    return brief_changes.cancel(session(), actor(), brief_id, reason=body["reason"])


@blueprint.post(
    "/bids/<id('bid'):bid_id>/review/reopen",
    tag="people",
    allow=(Role.ADMIN,),
    needs=Permission.REVIEWS,
    takes=DecisionIn,
    answers=BidOut,
)
def reopen_bid_review(body: dict[str, Any], bid_id: UUID) -> ShownBid:
    """Take back what was decided on a bid, while it is open, with a reason that both sides read."""
    return service.reopen_review(session(), actor(), bid_id, WantedDecision("reopen", **body))
