"""What deals closed at, from the telling to fair prices, warnings and the public index."""

from datetime import date, timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from marketplace.core import db, ids
from marketplace.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from marketplace.core.money import Money
from marketplace.matching.pricing import price_learning
from marketplace.matching.pricing.models import DealPrice, DealSide, PriceIndexCell
from tests.make import bids as make
from tests.make import work
from tests.make.deals import closed_deals, confirm, fit, next_month, one_channel, record, seen, today, told
from tests.make.people import somebody
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")


def test_a_deal_takes_what_was_known_on_its_day() -> None:
    who, channel_id = one_channel(median_views_30d=7_000, expected_views=9_000, suggested_cpm_minor=4_000)
    row = record(who, channel_id, told(length_tier="21-60", settled_on=date(2026, 11, 2)))
    assert (row.list_minor, row.followers, row.expected_views, row.suggested_cpm_minor) == (
        900_000,
        50_000,
        9_000,
        4_000,
    )
    assert (row.vertical, row.platform, row.told_by, row.confirmed_by) == ("food", "douyin", DealSide.CREATOR, None)
    before = record(who, channel_id, told(length_tier="21-60", settled_on=date(2026, 10, 2)))
    assert (before.list_minor, before.followers, before.expected_views) == (None, None, None)


def test_only_the_two_sides_and_admins_read_a_price() -> None:
    brand, (who, channel_id) = somebody("brand"), one_channel()
    agency = make.agency_of(who.party_id)
    row = record(who, channel_id, told(brand_id=brand.party_id))
    for reader in (who, brand, agency, somebody("platform")):
        assert row.id in seen(reader)
    for stranger in (somebody("brand"), somebody("creator"), somebody("agency")):
        assert seen(stranger) == []
        with db.transaction(stranger.actor) as session:
            # The second net, under the policies in the code.
            assert session.scalar(sa.select(sa.func.count()).select_from(DealPrice)) == 0


def test_an_agency_reads_no_price_that_a_rival_told_or_made(client: FlaskClient) -> None:
    brand, (who, channel_id) = somebody("brand"), one_channel()
    before = record(who, channel_id, told(400_001, brand_id=brand.party_id))
    first, second = make.agency_of(who.party_id), make.agency_of(who.party_id)
    of_first = record(first, channel_id, told(511_117, brand_id=brand.party_id))
    in_person = record(who, channel_id, told(400_002, brand_id=brand.party_id))
    assert seen(first) == [in_person.id, of_first.id]
    assert seen(second) == [in_person.id]
    assert seen(who) == [in_person.id, of_first.id, before.id]
    url = f"/api/v1/deal-prices/{ids.show('dpr', of_first.id)}/confirm"
    assert client.post(url, headers=second.once()).status_code == 404
    # Telling the same gives nothing away: it is a report of its own, as any other price would be.
    same = record(second, channel_id, told(511_117, brand_id=brand.party_id))
    other = record(second, channel_id, told(511_118, brand_id=brand.party_id))
    assert (same.confirmed_by, other.confirmed_by) == (None, None)
    assert of_first.id not in (same.id, other.id)
    assert confirm(brand, of_first).confirmed_by == DealSide.BRAND


def test_a_price_that_a_brand_tells_is_that_of_the_agency_whose_bid_it_accepted() -> None:
    there = look.market()
    who, bid = look.offer(there)
    first, second = make.agency_of(who.party_id), make.agency_of(who.party_id)
    make.withdraw(who, bid.id)
    placed = make.place(there, first, bid.channel_id, **look.plain())
    make.close(there)
    make.accept(there, placed.id)
    row = record(there.brand, bid.channel_id, told(522_227))
    assert (row.agency_id, seen(first), seen(second)) == (first.party_id, [row.id], [])
    assert confirm(first, row).confirmed_by == DealSide.CREATOR


def test_a_price_may_name_the_accepted_bid_that_it_came_from(client: FlaskClient) -> None:
    there = look.market()
    who, bid = look.offer(there)
    make.close(there)
    with pytest.raises(InvalidInput) as refused:
        record(who, bid.channel_id, told(bid_id=bid.id))
    assert [fault.pointer for fault in refused.value.errors] == ["/bid_id"]
    make.accept(there, bid.id)
    for stranger_bid in ({"bid_id": bid.id, "brand_id": somebody("brand").party_id}, {"bid_id": UUID(int=7)}):
        with pytest.raises(InvalidInput):
            record(who, bid.channel_id, told(**stranger_bid))
    row = record(who, bid.channel_id, told(bid_id=bid.id))
    assert (row.bid_id, row.brand_id) == (bid.id, there.brand.party_id)
    shown = client.get("/api/v1/deal-prices", headers=there.brand.headers).json["data"]
    assert [one["bid_id"] for one in shown if one["id"] == ids.show("dpr", row.id)] == [ids.show("bid", bid.id)]


def test_the_other_side_confirms_by_telling_the_same() -> None:
    there = look.market()
    who, bid = look.offer(there)
    make.close(there)
    first = record(who, bid.channel_id, told(brand_id=there.brand.party_id))
    second = record(there.brand, bid.channel_id, told())
    assert (second.id, second.told_by, second.confirmed_by) == (first.id, DealSide.CREATOR, DealSide.BRAND)
    with pytest.raises(Conflict):
        record(there.brand, bid.channel_id, told())
    with pytest.raises(Conflict):
        record(who, bid.channel_id, told(brand_id=there.brand.party_id))


def test_nobody_confirms_what_their_own_side_told() -> None:
    brand, (who, channel_id) = somebody("brand"), one_channel()
    row = record(who, channel_id, told(brand_id=brand.party_id))
    with pytest.raises(NotAllowed):
        confirm(who, row)
    with pytest.raises(NotFound):
        confirm(somebody("brand"), row)
    assert confirm(brand, row).confirmed_by == DealSide.BRAND
    with pytest.raises(Conflict):
        confirm(somebody("platform"), row)


def test_an_admins_word_is_the_platforms() -> None:
    _, channel_id = one_channel()
    row = record(somebody("platform"), channel_id, told(brand_name="Tea House"))
    assert (row.source, row.confirmed_by, row.brand_id) == ("admin", DealSide.PLATFORM, None)
    assert "Tea" not in row.brand_key


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"settled_on": today() + timedelta(days=2)}, "/settled_on"),
        ({"settled_on": date(1999, 1, 1)}, "/settled_on"),
        ({"list_price": Money("USD", 1)}, "/list_price/currency"),
        ({"exclusivity_days": 30}, "/exclusivity_days"),
        ({"rights": ["exclusivity"]}, "/exclusivity_days"),
        ({"brand_id": UUID(int=7)}, "/brand_id"),
    ],
)
def test_a_wrong_price_is_refused_and_changes_nothing(changes: dict[str, Any], pointer: str) -> None:
    who, channel_id = one_channel()
    with pytest.raises(InvalidInput) as refused:
        record(who, channel_id, told(**changes))
    assert [fault.pointer for fault in refused.value.errors] == [pointer]
    assert seen(who) == []


def test_a_brand_tells_of_channels_that_dealt_with_it_alone() -> None:
    _, channel_id = one_channel()
    with pytest.raises(NotFound):
        record(somebody("brand"), channel_id, told())
    with pytest.raises(NotFound):
        record(somebody("creator"), channel_id, told())


def test_a_told_price_is_never_changed() -> None:
    who, channel_id = one_channel()
    row = record(who, channel_id, told())
    with pytest.raises(ProgrammingError), db.transaction(who.actor) as session:
        session.execute(sa.update(DealPrice).where(DealPrice.id == row.id).values(deal_minor=1))
    with pytest.raises(ProgrammingError), db.transaction(who.actor) as session:
        session.execute(sa.delete(DealPrice).where(DealPrice.id == row.id))


def test_deals_are_told_over_the_api_and_listed(client: FlaskClient) -> None:
    who, channel_id = one_channel()
    body = {
        "channel_id": ids.show("chn", channel_id),
        "deal_price": {"amount_minor": 510_000, "currency": "CNY"},
        "list_price": {"amount_minor": 900_000, "currency": "CNY"},
        "settled_on": "2026-11-02",
        "length_tier": "21-60",
        "rights": ["usage", "exclusivity"],
        "exclusivity_days": 30,
        "brand_name": "茶馆",
        "evidence": "合同 17",
    }
    answer = client.post("/api/v1/deal-prices", json=body, headers=who.once())
    assert answer.status_code == 201, answer.json
    (shown,) = client.get("/api/v1/deal-prices", headers=who.headers).json["data"]
    assert shown == answer.json
    assert shown["deal_price"] == body["deal_price"]
    assert (shown["rights"], shown["confirmed_by"], shown["source"]) == (["exclusivity", "usage"], None, "party")
    assert client.post("/api/v1/deal-prices", json=body, headers=who.once()).status_code == 409


def test_a_ceiling_under_every_bid_is_told_after_the_close(client: FlaskClient, worker: ModuleType) -> None:
    tight, wide = look.market(ceiling_per_thousand=make.cny(1)), look.market(ceiling_per_thousand=make.cny(90_000_000))
    for there in (tight, wide):
        look.offer(there)
        work.settle(worker)
        assert look.ranking(client, there)["warnings"] == []
        make.close(there)
        work.settle(worker)
    (warning,) = look.ranking(client, tight)["warnings"]
    assert warning["code"] == "ceiling_under_every_price"
    assert warning["numbers"]["cheapest"]["count"] == 1
    assert look.ranking(client, wide)["warnings"] == []


def test_the_creators_side_alone_reads_of_its_costs(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    who, bid = look.offer(there, 3_000_000, production_cost=make.cny(5_000_000))
    make.close(there)
    work.settle(worker)
    own = look.told(look.match(client, who, bid.id))
    assert own["under_own_cost"]["numbers"]["floor"]["value"] == 5_000_000
    paid = own["platform_pays_anyway"]["numbers"]["paid"]
    assert paid["low"] < paid["value"] < paid["high"]
    for other in (there.brand, somebody("platform")):
        shown = look.match(client, other, bid.id)
        assert not {"under_own_cost", "platform_pays_anyway"} & set(look.told(shown))
        assert "5_000_000" not in str(shown)
        assert "50,000" not in str(shown["reasons"])


def test_an_agencys_share_raises_the_floor(client: FlaskClient, worker: ModuleType) -> None:
    there, creator = look.market(), somebody("creator")
    agency = make.agency_of(creator.party_id)  # takes 30 %
    channel_id = look.channel(creator)
    bid = make.place(there, agency, channel_id, **look.plain(3_000_000, production_cost=make.cny(2_500_000)))
    work.settle(worker)
    floor = look.told(look.match(client, agency, bid.id))["under_own_cost"]["numbers"]["floor"]["value"]
    assert floor == pytest.approx(2_500_000 / 0.7)


def test_new_deals_and_rate_cards_ask_for_a_fitting(worker: ModuleType) -> None:
    work.settle(worker)
    before = len(work.of("matching.fit-prices"))
    who, channel_id = one_channel()
    record(who, channel_id, told())
    work.settle(worker)
    after = work.of("matching.fit-prices")
    assert len(after) > before
    assert {job.state for job in after} == {"done"}


def publish(today: date) -> int:
    with db.transaction() as session:
        return price_learning.publish_index(session, today)


def test_the_index_is_told_to_anyone_once_and_of_nobody(client: FlaskClient, session: Session) -> None:
    publish(next_month())
    known = set(session.scalars(sa.select(PriceIndexCell.id)))
    session.rollback()
    rows = closed_deals(6, list_price=Money("CNY", 1_000_000))
    with_rights = closed_deals(6, list_price=Money("CNY", 1_000_000), rights=["usage"])
    alone = [
        record(who, channel_id, told(list_price=Money("CNY", 1_000_000), brand_id=somebody("brand").party_id))
        for who, channel_id in (one_channel() for _ in range(6))
    ]
    assert publish(today()) == 0
    assert publish(next_month()) == 1
    assert publish(next_month()) == 0
    answer = client.get("/api/v1/price-index")
    assert answer.status_code == 200
    (cell,) = [one for one in answer.json["data"] if ids.read("pic", one["id"]) not in known]
    assert (cell["median"], cell["low"], cell["high"], cell["interval"]) == (0.55, 0.5, 0.55, "quartiles")
    assert (cell["deals"], cell["vertical"], cell["tier"], cell["platform"]) == (5, "food", 1, "douyin")
    assert cell["first_month"] == today().replace(day=1).isoformat()
    assert set(cell) == {
        "id",
        "first_month",
        "last_month",
        "tier",
        "vertical",
        "platform",
        "median",
        "low",
        "high",
        "interval",
        "deals",
        "published_at",
    }
    told_of = {row.id: row.cell_id for row in session.execute(sa.select(DealPrice.id, DealPrice.cell_id))}
    assert {told_of[row.id] for row in rows} == {ids.read("pic", cell["id"])}
    assert {told_of[row.id] for row in (*with_rights, *alone)} == {None}
    other = client.get("/api/v1/price-index", query_string={"vertical": "beauty"}).json["data"]
    assert all(one["vertical"] == "beauty" for one in other)


def test_what_was_told_to_everybody_cannot_be_changed() -> None:
    with pytest.raises(ProgrammingError), db.transaction() as session:
        session.execute(sa.update(PriceIndexCell).values(median=1.0))


def test_rate_cards_alone_teach_a_model_of_lists(client: FlaskClient) -> None:
    creators = [
        one_channel(rate_card=[{"length_tier": "21-60", "amount_minor": 300 + 10 * n, "currency": "EUR"}])
        for n in range(10)
    ]
    fit()
    who, channel_id = creators[0]
    path = f"/api/v1/channels/{ids.show('chn', channel_id)}/price"
    fair = client.get(path, headers=who.headers).json["fair"]
    assert (fair["currency"], fair["basis"], fair["count"]) == ("EUR", "rate_cards", 10)
    assert fair["low"] < fair["high"]
