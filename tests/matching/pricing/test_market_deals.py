"""An accepted bid teaches what it closed at; parties whom nobody has proven teach nothing."""

from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.bids.bid_queries import ShownBid
from marketplace.bids.models import Bid, BidStatus
from marketplace.core import db, ids
from marketplace.core.clock import now
from marketplace.core.money import Money
from marketplace.matching.pricing import market_deals, price_learning
from marketplace.matching.pricing.models import DealPrice, DealSide, DealSource, PriceIndexCell
from marketplace.matching.pricing.price_learning import load_prices
from tests.make import bids as make
from tests.make import work
from tests.make.deals import confirm, fit, next_month, one_channel, prove, record, told
from tests.make.people import Somebody, somebody
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")


def accepted(**changes: Any) -> tuple[make.Market, ShownBid]:
    there = look.market()
    _, bid = look.offer(there, **changes)
    make.close(there)
    return there, make.accept(there, bid.id)


def stored(bid_id: UUID) -> list[DealPrice]:
    with db.transaction() as session:
        return list(session.scalars(sa.select(DealPrice).where(DealPrice.bid_id == bid_id).order_by(DealPrice.id)))


def follow(bid_id: UUID) -> bool:
    with db.transaction() as session:
        return market_deals.follow_acceptance(session, bid_id)


def put(bid_id: UUID, status: BidStatus) -> None:
    with db.transaction() as session:
        session.execute(sa.update(Bid).where(Bid.id == bid_id).values(status=status))


def learnt() -> int:
    """How many deals the models of now have learnt from."""
    fit()
    with db.transaction() as session:
        return sum(model.deals for model in load_prices(session).models.values())


def shams(count: int) -> list[tuple[Somebody, UUID]]:
    return [one_channel() for _ in range(count)]


def published(row: DealPrice) -> tuple[float, float, float] | None:
    """Publish what is due next month, and return the numbers of the cell that tells of a deal."""
    with db.transaction() as session:
        price_learning.publish_index(session, next_month())
    with db.transaction() as session:
        cell = session.get(PriceIndexCell, session.get_one(DealPrice, row.id).cell_id or UUID(int=0))
        return None if cell is None else (cell.low, cell.median, cell.high)


def test_two_sham_creators_and_brands_around_a_victim_reveal_no_ratio() -> None:
    # The first of this file, while nothing else in its market waits to be published.
    listed = Money("CNY", 1_000_000)
    victim, honest = one_channel(), somebody("brand")
    brands, creators = [somebody("brand") for _ in range(2)], shams(2)
    prove(victim[0], honest)
    row = record(*victim, told(613_131, brand_id=honest.party_id, list_price=listed))
    confirm(honest, row)
    for number, brand in enumerate(brands):
        for who, channel_id in creators:
            deal = told(100_000 + 1_700_000 * number, brand_id=brand.party_id, list_price=listed)
            confirm(brand, record(who, channel_id, deal))
    assert published(row) is None
    # Not even if somebody had proven the shams.
    prove(*brands, *(who for who, _ in creators))
    assert published(row) is None
    for who, channel_id in shams(2):
        brand = somebody("brand")
        prove(who, brand)
        confirm(brand, record(who, channel_id, told(700_000, brand_id=brand.party_id, list_price=listed)))
    cell = published(row)
    assert cell is not None
    assert min(abs(number - 0.613131) for number in cell) > 0.025


def test_an_accepted_bid_is_a_deal_price_of_the_markets_own(client: FlaskClient, worker: ModuleType) -> None:
    there, bid = accepted()
    work.settle(worker)
    (row,) = stored(bid.id)
    assert (row.source, row.told_by, row.confirmed_by) == (DealSource.MARKET, DealSide.PLATFORM, DealSide.PLATFORM)
    videos = sum(line["count"] for line in bid.deliverables if line["kind"] != "image")
    rights = sum(amount["amount_minor"] for amount in bid.rights.values() if amount)
    assert row.deal_minor == round((bid.price["amount"]["amount_minor"] + rights) / videos)
    assert (row.brand_id, row.channel_id, row.settled_on) == (there.brand.party_id, bid.channel_id, now().date())
    shown = client.get("/api/v1/deal-prices", headers=there.brand.headers).json["data"]
    assert [(one["source"], one["bid_id"]) for one in shown] == [("market", ids.show("bid", bid.id))]
    assert client.get("/api/v1/deal-prices", headers=somebody("brand").headers).json["data"] == []


def test_a_second_run_changes_nothing_and_a_step_back_takes_the_price_away() -> None:
    there, bid = accepted()
    assert (follow(bid.id), follow(bid.id)) == (True, False)
    put(bid.id, BidStatus.OPEN)
    assert (follow(bid.id), follow(bid.id)) == (True, False)
    (row,) = stored(bid.id)
    assert row.removed_at is not None
    with db.transaction(there.brand.actor) as session:
        listed = market_deals.settled_deals.listed(session, there.brand.actor, limit=9, starting_after=None)
        assert list(listed.data) == []
    before = learnt()
    prove(there.brand)
    assert learnt() == before
    put(bid.id, BidStatus.ACCEPTED)
    assert follow(bid.id)
    assert [one.removed_at is None for one in stored(bid.id)] == [False, True]
    assert learnt() == before + 1


def test_a_variable_price_is_none_before_it_is_settled() -> None:
    price = {"model": "cpm", "rate": make.cny(2_000), "cap": make.cny(3_000_000)}
    _, bid = accepted(price=price, options=[])
    assert follow(bid.id) is False
    assert stored(bid.id) == []


def test_a_market_deal_counts_once_the_brand_is_proven_and_its_report_never_twice() -> None:
    before = learnt()
    there, bid = accepted()
    follow(bid.id)
    (row,) = stored(bid.id)
    assert learnt() == before
    prove(there.brand)
    assert learnt() == before + 1
    report = told(row.deal_minor, bid_id=bid.id, settled_on=row.settled_on)
    record(there.brand, bid.channel_id, report)
    assert learnt() == before + 1


def test_six_sham_parties_that_confirm_each_other_teach_nothing() -> None:
    before = learnt()
    brands = [somebody("brand") for _ in range(3)]
    creators = shams(3)
    for brand in brands:
        for who, channel_id in creators:
            row = record(who, channel_id, told(8_100_000, brand_id=brand.party_id, list_price=Money("CNY", 900_000)))
            assert confirm(brand, row).confirmed_by == DealSide.BRAND
    assert learnt() == before
    prove(*brands)
    assert learnt() == before
    prove(*(who for who, _ in creators))
    assert learnt() == before + 9
