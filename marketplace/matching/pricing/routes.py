"""The API of prices: what deals closed at, fair prices, and the public index."""

from typing import Any
from uuid import UUID

from marketplace.channels.records import VERTICALS
from marketplace.core.actor import Permission, Role
from marketplace.core.http.blueprint import GuardedBlueprint
from marketplace.core.http.endpoint import ANYONE, SIGNED_IN
from marketplace.core.http.fields import one_of
from marketplace.core.http.paging import Page, page_of, page_query
from marketplace.core.http.request_handling import actor, session
from marketplace.matching.pricing import service as fair
from marketplace.matching.pricing import settled_deals
from marketplace.matching.pricing.models import DealPrice, PriceIndexCell
from marketplace.matching.pricing.schemas import (
    ChannelPriceOut,
    ChannelPriceQuery,
    DealPriceIn,
    DealPriceOut,
    IndexCellOut,
    PriceCheckOut,
)
from marketplace.matching.pricing.service import ChannelPrice
from marketplace.matching.pricing.settled_deals import ReportedDeal

blueprint = GuardedBlueprint(
    "prices", __name__, tag="money", description="What deals closed at, what is fair, and paid over listed prices"
)

_TELLS: dict[str, Any] = {"allow": SIGNED_IN, "needs": Permission.BIDS, "answers": DealPriceOut}


@blueprint.get(
    "/price-index",
    allow=ANYONE,
    query=page_query("pic", vertical=one_of(sorted(VERTICALS), load_default=None)),
    answers=page_of(IndexCellOut),
)
def get_price_index(query: dict[str, Any]) -> Page[PriceIndexCell]:
    """Settled over listed prices, for anyone: medians with quartiles of at least five deals of at least five creators
    and five brands, all of them proven. Each deal is told in one cell only, once."""
    return settled_deals.index(session(), **query)


@blueprint.post("/deal-prices", **_TELLS, takes=DealPriceIn, status=201)
def report_deal_price(body: dict[str, Any]) -> DealPrice:
    """Tell what a deal of one's own closed at. The same told by the other side confirms it. An accepted bid with a flat
    price is recorded by the market itself, with the source `market`."""
    channel_id = body.pop("channel_id")
    return settled_deals.record(session(), actor(), channel_id, ReportedDeal(**body))


@blueprint.get(
    "/deal-prices", allow=SIGNED_IN, needs=Permission.READ, query=page_query("dpr"), answers=page_of(DealPriceOut)
)
def list_deal_prices(query: dict[str, Any]) -> Page[DealPrice]:
    """What one's own deals closed at; nobody else's. An agency sees those that it told or that were made through it,
    and what its creators told in person since its mandate."""
    return settled_deals.listed(session(), actor(), **query)


@blueprint.post("/deal-prices/<id('dpr'):deal_price_id>/confirm", **_TELLS)
def confirm_deal_price(deal_price_id: UUID) -> DealPrice:
    """Stand by a price that the other side told; only confirmed ones count in the index."""
    return settled_deals.confirm(session(), actor(), deal_price_id)


@blueprint.get(
    "/channels/<id('chn'):channel_id>/price",
    tag="market",
    allow=SIGNED_IN,
    needs=Permission.READ,
    query=ChannelPriceQuery,
    answers=ChannelPriceOut,
)
def get_channel_price(query: dict[str, Any], channel_id: UUID) -> ChannelPrice:
    """The fair price of one video of a channel, with its interval, count and basis, and never whose deals they are."""
    return fair.channel_price(session(), actor(), channel_id, **query)


@blueprint.get(
    "/briefs/<id('brf'):brief_id>/price-check",
    tag="market",
    allow=(Role.BRAND, Role.ADMIN),
    needs=Permission.READ,
    answers=PriceCheckOut,
)
def check_brief_price(brief_id: UUID) -> dict[str, Any]:
    """How the brief's ceiling stands to what like channels were bought for. Speaks of no bid on it."""
    return {"warnings": fair.past_price_warnings(session(), actor(), brief_id)}
