"""Channels for a brief and briefs for a channel, as the routes tell them."""

from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.channels.models import Channel
from marketplace.core import db, ids
from marketplace.matching.forecast import features
from marketplace.matching.pricing.models import PriceModelRow
from tests.make import bids as make
from tests.make import briefs as make_briefs
from tests.make import deals as make_deals
from tests.make import work
from tests.make.people import Somebody, mandate, somebody
from tests.matching import look
from tests.matching.selection.test_held_back import window

pytestmark = pytest.mark.usefixtures("own_market")


def refresh() -> None:
    with db.transaction() as session:
        while features.refresh(session):
            pass


def discover(client: FlaskClient, there: make.Market, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(look.path(there.brief_id, "discover"), query_string=query, headers=there.brand.headers)
    assert answer.status_code == 200, answer.json
    found: list[dict[str, Any]] = answer.json["data"]
    return found


def names(found: list[dict[str, Any]]) -> list[str]:
    return [one["channel_id"] for one in found]


def shown(channel_id: UUID) -> str:
    return ids.show("chn", channel_id)


def open_briefs(client: FlaskClient, who: Somebody, channel_id: UUID, **query: Any) -> Any:
    path = f"/api/v1/channels/{shown(channel_id)}/open-briefs"
    answer = client.get(path, query_string=query, headers=who.headers)
    assert answer.status_code == 200, answer.json
    return answer.json


def test_the_best_for_the_money_come_first_and_every_number_says_what_it_is_made_of(client: FlaskClient) -> None:
    there, who = look.market(), somebody("creator")
    lines = [{"length_tier": "21-60", "amount_minor": amount, "currency": "CNY"} for amount in (4_000_000, 1_000_000)]
    dear, cheap = (look.channel(who, rate_card=[line]) for line in lines)
    refresh()
    found = [one for one in discover(client, there, limit=50) if one["channel_id"] in (shown(dear), shown(cheap))]
    assert names(found) == [shown(cheap), shown(dear)]
    best = found[0]
    assert best["price"] == {"point": 1_000_000, "low": 1_000_000, "high": 1_000_000}
    assert best["price_basis"] == "rate_card"
    assert best["overall"]["low"] <= best["overall"]["point"] <= best["overall"]["high"]
    assert best["people"]["low"] < best["people"]["point"] < best["people"]["high"]
    told = look.told(best)
    price = told["price_from_rate_card"]
    assert price["numbers"]["price"] == {
        "value": 1_000_000,
        "unit": "CNY minor per video",
        "basis": "rate_card",
        "count": 1,
        "source": "typed",
        "date": "2026-11-01",
    }
    assert {"overall", "views_from_history", "people", "on_target_share", "fit"} <= set(told)
    assert not {"cost", "price_percentile", "too_few_comparables", "intrusiveness_unknown"} & set(told)
    assert all(reason["zh"] and reason["en"] for reason in best["reasons"])
    assert best["fit"] == found[1]["fit"]


def test_the_score_is_that_of_a_bid_at_the_same_price(client: FlaskClient, worker: ModuleType) -> None:
    there, who = look.market(), somebody("creator")
    line = {"length_tier": "21-60", "amount_minor": 3_000_000, "currency": "CNY"}
    own = look.channel(who, rate_card=[line])
    work.settle(worker)  # the model is fitted anew once, and not between the two
    (before,) = [one for one in discover(client, there, limit=50) if one["channel_id"] == shown(own)]
    make.place(there, who, own, **look.plain(3_000_000))
    assert shown(own) in names(discover(client, there, limit=50))
    make.close(there)
    assert shown(own) not in names(discover(client, there, limit=50))
    work.settle(worker)
    (match,) = [one for one in look.ranking(client, there)["data"] if one["channel_id"] == shown(own)]
    for name in ("views", "people", "per_thousand", "share"):
        assert list(before[name].values()) == pytest.approx(match["parts"][name])
    assert before["fit"] == match["parts"]["fit"]


def test_an_identical_draft_finds_what_the_published_brief_finds_until_the_close(client: FlaskClient) -> None:
    there, who = look.market(), somebody("creator")
    bidding, standing_by = look.channel(who), look.channel(somebody("creator"))
    refresh()
    copy = make.Market(there.brand, there.creator, make_briefs.draft(there.brand, **look.BRIEF).id, there.channel_id)
    make.place(there, who, bidding, **look.plain())
    found, of_draft = (discover(client, one, limit=50) for one in (there, copy))
    assert found == of_draft
    assert {shown(bidding), shown(standing_by)} <= set(names(found))
    make.close(there)
    after = names(discover(client, there, limit=50))
    assert set(names(found)) - set(after) == {shown(bidding)}


@pytest.mark.parametrize("end", [make.cancel, make.close], ids=["called off", "withdrawn before the close"])
def test_whose_bid_its_brand_may_not_see_is_found_like_anybody_else(
    client: FlaskClient, end: Callable[[make.Market], None]
) -> None:
    there, who = look.market(), somebody("creator")
    bidding = look.channel(who)
    refresh()
    bid = make.place(there, who, bidding, **look.plain())
    if end is make.close:
        make.withdraw(who, bid.id)
    end(there)
    assert shown(bidding) in names(discover(client, there, limit=50))


def test_open_briefs_lack_those_alone_that_the_asking_side_has_bid_on(client: FlaskClient) -> None:
    there, who = look.market(), somebody("creator")
    own, admin = look.channel(who), somebody("platform")
    first, second = make.agency_of(who.party_id), make.agency_of(who.party_id)
    refresh()
    make.place(there, first, own, **look.plain())

    def offered(reader: Somebody) -> bool:
        found = open_briefs(client, reader, own, limit=50)["data"]
        return ids.show("brf", there.brief_id) in [one["brief_id"] for one in found]

    assert (offered(who), offered(first)) == (False, False)
    assert (offered(second), offered(admin)) == (True, True)


def test_a_channel_that_does_not_want_to_be_found_is_not(client: FlaskClient) -> None:
    there, who, stranger = look.market(), somebody("creator"), somebody("creator")
    own = look.channel(who)
    refresh()
    assert shown(own) in names(discover(client, there, limit=50))
    path = f"/api/v1/channels/{shown(own)}"
    read = client.get(path, headers=who.headers)
    assert read.json["discoverable"] is True
    headers = {"If-Match": read.headers["ETag"]}
    assert client.patch(path, json={"discoverable": False}, headers={**stranger.headers, **headers}).status_code == 404
    assert client.patch(path, json={"discoverable": "no"}, headers={**who.headers, **headers}).status_code == 422
    changed = client.patch(path, json={"discoverable": False}, headers={**who.headers, **headers})
    assert changed.json["discoverable"] is False
    assert shown(own) not in names(discover(client, there, limit=50))


def test_a_beaten_claim_and_a_suspended_creator_are_not_found_and_the_rest_says_what_is_proven(
    client: FlaskClient,
) -> None:
    there, owner, impostor, admin = look.market(), somebody("creator"), somebody("creator"), somebody("platform")
    true, false = look.channel(owner), look.channel(impostor)
    with db.transaction() as session:
        handle = session.get_one(Channel, true).handle
        session.get_one(Channel, false).handle = handle.upper()
    refresh()

    def left() -> dict[str, str]:
        found = {one["channel_id"]: one["claim_status"] for one in discover(client, there, limit=50)}
        return {name: found[name] for name in (shown(true), shown(false)) if name in found}

    assert left() == {shown(true): "claimed", shown(false): "claimed"}
    client.post(f"/api/v1/channels/{shown(true)}/proof", json={}, headers=owner.once())
    seen = {"reason": "the code is there", "evidence": "the profile, today"}
    proven = client.post(f"/api/v1/channel-claims/{shown(true)}/prove", json=seen, headers=admin.once())
    assert proven.status_code == 200, proven.text
    assert left() == {shown(true): "proven"}
    party = f"/api/v1/parties/{ids.show('pty', owner.party_id)}"
    client.post(f"{party}/suspend", json={"reason": "reported"}, headers=admin.once())
    assert left() == {}
    client.post(f"{party}/reinstate", json={"reason": "cleared"}, headers=admin.once())
    assert left() == {shown(true): "proven"}


def test_filters_narrow_the_search_and_bad_ones_say_what_to_mend(client: FlaskClient) -> None:
    there, who, agency = look.market(), somebody("creator"), somebody("agency")
    lone = somebody("creator")
    mine, other = look.channel(who, followers=5_000_001), look.channel(lone, followers=4_000)
    mandate(agency, who.party_id)
    refresh()

    def left(**query: Any) -> set[str]:
        return set(names(discover(client, there, limit=50, **query))) & {shown(mine), shown(other)}

    assert left() == {shown(mine), shown(other)}
    assert left(represented="true") == {shown(mine)}
    assert left(represented="false") == {shown(other)}
    assert left(followers_min=5_000_001) == {shown(mine)}
    assert left(followers_min=5_000_002) == set()
    assert left(followers_max=4_000) == {shown(other)}
    assert left(platform="bilibili") == set()
    assert left(vertical="food", language="zh-Hans", platform="douyin") == left()
    assert left(vertical="knitting") == left(language="en") == left(price_max=1) == left(reach_min=10**9) == set()
    assert left(told_within_days=3650, price_max=900_000) == left()
    for query in ({"limit": 51}, {"platform": "Douyin"}, {"ad_load_max": "nan"}, {"price_max": -1}, {"size": 1}):
        answer = client.get(look.path(there.brief_id, "discover"), query_string=query, headers=there.brand.headers)
        assert answer.status_code == 422
        assert answer.json["errors"][0]["pointer"] == f"query:/{next(iter(query))}"


def test_a_vertical_without_a_column_of_its_own_is_told_apart_from_others(client: FlaskClient) -> None:
    there, who = look.market(), somebody("creator")
    made = [
        look.make_channels.channel(who.party_id, language="zh-CN", verticals={vertical: 1.0}).id
        for vertical in ("knitting", "woodwork")
    ]
    for number, channel_id in enumerate(made):
        videos = look.make_channels.videos(50_000 + number, 61_000, 70_000 + number)
        look.make_channels.told(who, channel_id, videos=videos)
    refresh()
    assert names(discover(client, there, vertical="knitting")) == [shown(made[0])]


def test_nothing_of_what_a_creator_keeps_to_himself_is_told(client: FlaskClient) -> None:
    there = look.market()
    _, bid = look.offer(there)
    refresh()
    answer = client.get(look.path(there.brief_id, "discover"), query_string={"limit": 50}, headers=there.brand.headers)
    assert answer.status_code == 200
    assert str(make.PRODUCTION_COST_MINOR) not in answer.text
    assert ids.show("bid", bid.id) not in answer.text


def test_open_briefs_come_by_what_the_channel_would_score_on_them(client: FlaskClient) -> None:
    who = somebody("creator")
    own = look.channel(who)
    refresh()
    plain = {"markets": ["CN"], "placement_kinds": ["background"]}
    rich = look.market(**plain, ceiling_per_thousand=make_briefs.cny(40_000))
    poor = look.market(**plain, ceiling_per_thousand=make_briefs.cny(2_000), budget=make_briefs.cny(1_000_000))
    lipstick = {"product": {"name": "口红", "category": "beauty"}, "placement_kinds": ["hand_prop"]}
    other = look.market(**{**plain, **lipstick})
    told = {one["brief_id"]: one for one in open_briefs(client, who, own, limit=50)["data"]}
    mine = [ids.show("brf", there.brief_id) for there in (rich, poor, other)]
    assert [one for one in told if one in mine[:2]] == mine[:2]
    best = told[mine[0]]
    assert best["ceiling_per_thousand"] == 40_000
    assert best["worth_at_ceiling"] == pytest.approx(best["people"]["point"] * 40)
    assert best["price"]["point"] == 900_000
    assert 9 < best["days_left"] <= 10
    codes = set(look.told(best))
    assert {"price_from_rate_card", "days_left", "people", "fit"} <= codes
    assert codes & {"price_within_ceiling", "price_over_ceiling"}

    def left(**query: Any) -> list[str]:
        return [
            one["brief_id"]
            for one in open_briefs(client, who, own, limit=50, **query)["data"]
            if one["brief_id"] in mine
        ]

    assert left(category="beauty") == [mine[2]]
    assert left(placement_kind="hand_prop") == [mine[2]]
    assert mine[1] not in left(budget_min=1_000_001)
    assert left(market="US") == left(currency="USD") == left(closing_before=make_briefs.moment(days=9)) == []
    assert len(left(closing_before=make_briefs.moment(days=11), market="CN")) == 3
    make.place(rich, who, own, **look.plain())
    make.close(poor)
    assert left() == [mine[2]]


def test_open_briefs_are_for_the_channels_own_side(client: FlaskClient) -> None:
    who, agency, stranger = somebody("creator"), somebody("agency"), somebody("creator")
    own, blank = look.channel(who), make.channel(who.party_id)
    refresh()
    look.market()
    path = f"/api/v1/channels/{shown(own)}/open-briefs"
    assert client.get(path, headers=agency.headers).status_code == 404
    mandate(agency, who.party_id)
    assert client.get(path, headers=agency.headers).status_code == 200
    assert client.get(path, headers=stranger.headers).status_code == 404
    answer = client.get(f"/api/v1/channels/{shown(blank)}/open-briefs", headers=who.headers)
    assert answer.status_code == 409
    assert "snapshot" in answer.json["detail"]


def test_discovery_prices_by_the_deals_of_the_night_before(client: FlaskClient) -> None:
    there, who = look.market(), somebody("creator")
    line = {"length_tier": "21-60", "amount_minor": 9_000_000, "currency": "CNY"}
    channel_id = look.channel(who, rate_card=[line])
    make_deals.closed_deals(12)
    refresh()
    assert make_deals.fit()

    def priced() -> dict[str, Any]:
        (found,) = [one for one in discover(client, there, limit=50) if one["channel_id"] == shown(channel_id)]
        return found

    assert priced()["price_basis"] == "rate_card"
    with db.transaction() as session:
        session.execute(sa.update(PriceModelRow).values(fitted_at=PriceModelRow.fitted_at - timedelta(days=1)))
    found = priced()
    assert found["price_basis"] == "settled_deals"
    assert found["price_count"] >= 12
    assert found["price"]["low"] <= found["price"]["point"] <= found["price"]["high"] < 9_000_000
    assert found["price"]["low"] < found["price"]["high"]
    told = look.told(found)["price_from_settled_deals"]
    assert told["numbers"]["listed"]["value"] == 9_000_000
    assert told["numbers"]["price"]["interval"] == "80%"
    assert "90,000" in told["zh"]
    fair = client.get(f"/api/v1/channels/{shown(channel_id)}/price", headers=who.headers).json["fair"]
    assert {part: fair[part] for part in found["price"]} == found["price"]


def test_what_would_keep_a_bid_out_is_said_before_anybody_bids(client: FlaskClient) -> None:
    there, who = look.market(product={"name": "米酒", "category": "alcohol"}), somebody("creator")
    free, promised = look.channel(who), look.channel(who)
    young = look.channel(who, ages={"13-17": 0.7, "18-23": 0.3})
    window(who, promised, category="alcohol", holder="别家")
    refresh()
    gates = {one["channel_id"]: one["gates"] for one in discover(client, there, limit=50)}
    assert [gates[shown(channel)] and gates[shown(channel)][0]["code"] for channel in (free, promised, young)] == [
        [],
        "exclusive_elsewhere",
        "law_minors",
    ]
    for gate in (*gates[shown(promised)], *gates[shown(young)]):
        assert gate["opens_zh"]
        assert gate["opens_en"]
