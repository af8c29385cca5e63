"""The API of deals: read one and its terms, and answer them."""

from typing import Any
from uuid import UUID

from flask import Response

from marketplace.bids.bid_queries import ShownBid
from marketplace.bids.schemas import BidOut, StepBackIn
from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.paging import Page, page_of
from marketplace.core.http.request_handling import actor, session
from marketplace.deals import lapsing, policy, service, shown_deals
from marketplace.deals.schemas import (
    ContractQuery,
    DealConfirmIn,
    DealCounterIn,
    DealOut,
    DealReasonIn,
    DealsQuery,
    DealTermsOut,
)
from marketplace.deals.shown_deals import ShownDeal, ShownTerms
from marketplace.deals.terms import contract

blueprint = GuardedBlueprint(
    "deals",
    __name__,
    tag="deals",
    description="Deals: the terms of accepted bids, until both sides have confirmed them",
)

_READS: dict[str, Any] = {"allow": (*policy.SIDES, Role.ADMIN), "needs": Permission.READ}
_ANSWERS: dict[str, Any] = {"allow": policy.SIDES, "needs": Permission.DEALS, "answers": DealOut}
_DEAL = "/deals/<id('dea'):deal_id>"


@blueprint.get("/deals", **_READS, query=DealsQuery, answers=page_of(DealOut))
def list_deals(query: dict[str, Any]) -> Page[ShownDeal]:
    """Your party's deals, the newest first."""
    return shown_deals.listing(session(), actor(), **query)


@blueprint.get(_DEAL, **_READS, answers=DealOut)
def get_deal(deal_id: UUID) -> ShownDeal:
    """A deal: whose turn it is, what it costs, who has confirmed, what is owed."""
    return shown_deals.find(session(), actor(), deal_id)


@blueprint.get(f"{_DEAL}/terms", **_READS, answers=page_of(DealTermsOut))
def list_deal_terms(deal_id: UUID) -> Page[ShownTerms]:
    """All versions of a deal's terms, the first one first, each with what differs from the one before."""
    return shown_deals.versions(session(), actor(), deal_id)


@blueprint.get(f"{_DEAL}/contract", **_READS, query=ContractQuery, media_type=contract.MEDIA_TYPE)
def get_deal_contract(query: dict[str, Any], deal_id: UUID) -> Response:
    """The contract as a page to read and print, in Chinese and English: numbered clauses, the hash, the signatures."""
    page = contract.of_deal(session(), actor(), deal_id, **query)
    return Response(page, content_type=f"{contract.MEDIA_TYPE}; charset=utf-8")


@blueprint.post(f"{_DEAL}/counter", **_ANSWERS, takes=DealCounterIn)
def counter_deal(body: dict[str, Any], deal_id: UUID) -> ShownDeal:
    """Answer the other side's terms with other ones, at most three times. For the same scope the price never rises
    above the sealed bid's (422): new scope is an extra with a price of its own. The turn passes, for 72 hours."""
    return _told(service.counter(session(), actor(), deal_id, **body).id)


@blueprint.post(f"{_DEAL}/confirm", **_ANSWERS, takes=DealConfirmIn)
def confirm_deal(body: dict[str, Any], deal_id: UUID) -> ShownDeal:
    """Confirm the terms of this hash, with your name typed: the deal is agreed, and the channel's days are booked.
    Of terms that are no longer the present ones 409 tells what differs."""
    return _told(service.confirm(session(), actor(), deal_id, **body).id)


@blueprint.post(f"{_DEAL}/decline", **_ANSWERS, takes=DealReasonIn)
def decline_deal(body: dict[str, Any], deal_id: UUID) -> ShownDeal:
    """Turn the other side's terms down: the deal lapses, and its bid is open again."""
    return _told(service.decline(session(), actor(), deal_id, **body).id)


@blueprint.post(f"{_DEAL}/withdraw", **_ANSWERS, takes=DealReasonIn)
def withdraw_deal(body: dict[str, Any], deal_id: UUID) -> ShownDeal:
    """Take back terms that you have confirmed and the other side has not: it lapses, and its bid is open again."""
    return _told(service.withdraw(session(), actor(), deal_id, **body).id)


@blueprint.post(
    "/bids/<id('bid'):bid_id>/step-back",
    tag="market",
    allow=policy.SIDES,
    needs=Permission.BIDS,
    takes=StepBackIn,
    answers=BidOut,
)
def step_back_from_bid(body: dict[str, Any], bid_id: UUID) -> ShownBid:
    """Step back from an acceptance, with a reason, and from its deal in one act: the brand's step leaves the bid open,
    the bidder's takes it back. A deal that both sides have confirmed stands."""
    return lapsing.step_back(session(), actor(), bid_id, reason=body["reason"])


def _told(deal_id: UUID) -> ShownDeal:
    return shown_deals.find(session(), actor(), deal_id)
