"""A brief's scoring: one match for each open bid, the same inputs the same numbers, whatever else bids on the brief."""

import json
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core import db, ids
from marketplace.matching.scoring import score_brief
from marketplace.matching.scoring.score_brief import MODEL_VERSION
from tests.make import bids as make
from tests.make import work
from tests.make.people import Somebody, mandate, somebody
from tests.matching import look

pytestmark = pytest.mark.usefixtures("own_market")

OF_ALL_BIDS = ("price_percentile", "too_few_comparables")
CAP = {"cap": make.cny(5_000_000)}
PRICES: dict[str, dict[str, Any]] = {
    "flat": {"model": "flat", "amount": make.cny(3_000_000)},
    "cpm": {"model": "cpm", "rate": make.cny(5_000), **CAP},
    "cpv": {"model": "cpv", "rate": make.cny(4), **CAP},
    "cpa": {"model": "cpa", "rate": make.cny(500), "actions_per_thousand_views": 2.5, **CAP},
    "commission": {
        "model": "commission",
        "basis_points": 1_500,
        "actions_per_thousand_views": 2.5,
        "order_value": make.cny(9_900),
        **CAP,
    },
    "barter": {"model": "barter", "value": make.cny(50_000)},
    "hybrid": {
        "model": "hybrid",
        "fixed": make.cny(500_000),
        "variable": {"model": "cpm", "rate": make.cny(900), **CAP},
    },
}
PRODUCT = {"name": "扫地机器人", "category": "home", "value": make.cny(2_500_000)}


def own(found: dict[str, Any]) -> dict[str, Any]:
    """What a match says of its bid alone, told without the brief's other bids."""
    numbers = {name: found[name] for name in ("overall", "overall_low", "overall_high", "intrusiveness", "flags")}
    reasons = [reason for reason in found["reasons"] if reason["code"] not in OF_ALL_BIDS]
    return {**numbers, "reasons": reasons}


def test_every_open_bid_has_one_match_in_the_order_of_its_score(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    amounts = (9_000_000, 1_000_000, 5_000_000)
    bids = {look.offer(there, amount)[1].id: amount for amount in amounts}
    work.settle(worker)
    make.close(there)
    work.settle(worker)
    data = look.ranking(client, there)["data"]
    assert [bids[ids.read("bid", one["bid_id"])] for one in data] == sorted(amounts)
    assert [one["rank"] for one in data] == [1, 2, 3]
    assert [one["overall"] for one in data] == sorted((one["overall"] for one in data), reverse=True)
    assert {one["model_version"] for one in data} == {MODEL_VERSION}
    for one in data:
        assert 0 <= one["overall_low"] <= one["overall"] <= one["overall_high"] <= 100


def test_the_same_inputs_write_nothing_the_second_time(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    for amount in (2_000_000, 4_000_000):
        look.offer(there, amount)
    make.close(there)
    work.settle(worker)
    before = look.ranking(client, there)
    work.ask("matching.apply-overrides", there.brief_id)
    work.settle(worker)
    assert work.of("matching.apply-overrides", there.brief_id)[-1].result == {"bids": 2, "changed": 0}
    # Not even the time of scoring.
    assert look.ranking(client, there) == before


def test_a_bid_has_the_same_own_numbers_alone_and_among_others(client: FlaskClient, worker: ModuleType) -> None:
    alone, among = look.market(), look.market()
    who = somebody("creator")
    channel_id = look.channel(who)
    bids = [make.place(there, who, channel_id, **look.plain()) for there in (alone, among)]
    for amount in range(500_000, 6_000_000, 500_000):
        look.offer(among, amount)
    for there in (alone, among):
        make.close(there)
    work.settle(worker)
    one, other = (look.match(client, who, bid.id) for bid in bids)
    assert own(one) == own(other)
    assert one["fingerprint"] != other["fingerprint"]  # it names the brief's version too
    assert ("too_few_comparables" in look.told(one), "price_percentile" in look.told(other)) == (True, True)
    assert look.told(other)["price_percentile"]["numbers"]["percentile"]["count"] == 11


def test_a_bid_that_leaves_keeps_its_place_and_moves_nobody(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    people = [look.offer(there, amount) for amount in (4_000_000, 5_000_000, 6_000_000)]
    make.close(there)
    work.settle(worker)
    before = look.ranking(client, there)["data"]
    make.withdraw(people[0][0], people[0][1].id)
    work.settle(worker)
    after = look.ranking(client, there)
    assert (after["total"], after["fresh"]) == (3, 3)
    # It keeps its place and says what became of it: nobody is moved by another's decision.
    assert [(one["rank"], one["bid_id"]) for one in after["data"]] == [(one["rank"], one["bid_id"]) for one in before]
    assert [one["bid_status"] for one in after["data"]] == ["withdrawn", "open", "open"]
    assert [own(one) for one in after["data"][1:]] == [own(one) for one in before[1:]]


@pytest.mark.parametrize("model", PRICES)
def test_every_way_to_price_a_bid_is_scored(client: FlaskClient, worker: ModuleType, model: str) -> None:
    there = look.market(product=PRODUCT)
    who, bid = look.offer(there, price=PRICES[model])
    work.settle(worker)
    found = look.match(client, who, bid.id)
    assert found["flags"] == ["too_little_known"], "its lists do not exclude that nobody is on target"
    cost = look.told(found)["cost"]["numbers"]["cost"]
    assert cost["unit"] == "CNY minor"
    assert 0 < cost["low"] <= cost["value"] <= cost["high"]
    # What follows the views has ends, what is fixed has none.
    assert (cost["low"] < cost["high"]) == (model in ("cpm", "cpv", "cpa", "commission", "hybrid"))


def test_amounts_are_told_in_the_briefs_own_currency(client: FlaskClient, worker: ModuleType) -> None:
    yen = {"currency": "JPY", "amount_minor": 4_000_000}
    there = look.market(
        budget=yen, ceiling_per_thousand={**yen, "amount_minor": 2_400}, product={"name": "气泡水", "category": "food"}
    )
    wording = look.plain(price={"model": "flat", "amount": yen}, production_cost=None)
    who = somebody("creator")
    bid = make.place(there, who, look.channel(who), **wording)
    work.settle(worker)
    cost = look.told(look.match(client, who, bid.id))["cost"]
    assert (cost["numbers"]["cost"]["unit"], cost["numbers"]["cost"]["value"]) == ("JPY minor", 4_000_000)
    assert cost["en"] == "Expected cost JPY 4,000,000"


def test_a_plan_over_the_tolerance_is_held_and_says_by_how_much(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market(tolerance=3)
    who, bid = look.offer(there)
    work.settle(worker)
    found = look.match(client, who, bid.id)
    assert found["flags"] == ["over_tolerance", "too_little_known"]
    numbers = look.told(found)["over_tolerance"]["numbers"]
    assert numbers["tolerance"]["value"] == 3 < numbers["intrusiveness"]["value"]
    assert "within_tolerance" not in look.told(found)
    assert found["plan"]["reasons"]


def test_a_brief_without_bids_is_scored_too(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    make.close(there)
    work.settle(worker)
    told = look.ranking(client, there)
    assert (told["sealed"], told["total"], told["fresh"], told["data"], told["has_more"]) == (False, 0, 0, [], False)


def test_every_number_says_its_unit_and_every_interval_which_it_is(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    for price in PRICES.values():
        look.offer(there, price=price)
    make.place(there, **look.plain())
    make.close(there)
    work.settle(worker)
    data = look.ranking(client, there)["data"]
    assert len(data) == len(PRICES) + 1
    numbers = []
    for match in data:
        for reason in match["reasons"]:
            assert reason["zh"]
            assert reason["en"]
            assert reason["zh"] != reason["en"]
            numbers += reason["numbers"].values()
    assert len(numbers) > 10 * len(data)
    for number in numbers:
        assert number["unit"]
        assert ("low" in number) == ("high" in number) == ("interval" in number)
        if "low" in number:
            assert number["low"] <= number["value"] <= number["high"]
            assert number["interval"] in ("80%", "bounds", "range", "plausible range")
        if number["unit"] in ("views of one video", "people", "share of the audience") and "source" in number:
            assert (number["source"], number["date"]) == ("typed", "2026-11-01")


def test_what_making_it_costs_reaches_the_brand_nowhere(client: FlaskClient, worker: ModuleType) -> None:
    cost = str(make.PRODUCTION_COST_MINOR)
    there = look.market()
    who, bid = look.offer(there)
    agency, admin = somebody("agency"), somebody("platform")
    mandate(agency, who.party_id)
    make.close(there)
    work.settle(worker)
    shown = ids.show("bid", bid.id)
    pages = [
        look.path(there.brief_id, "ranking"),
        f"/api/v1/bids/{shown}/match",
        f"/api/v1/bids/{shown}",
        look.path(there.brief_id, "bids"),
        "/api/v1/events?limit=100",
        "/api/v1/jobs?limit=100",
    ]

    def read(reader: Somebody, *more: str) -> str:
        answers = [client.get(page, headers=reader.headers) for page in (*pages, *more)]
        assert [answer.status_code for answer in answers] == [200] * len(answers)
        return json.dumps([answer.json for answer in answers])

    for text in (read(there.brand), read(admin, "/api/v1/reviews?limit=100")):
        assert shown in text
        assert cost not in text
        assert "production" not in text.replace('"production_cost": null', "")
    # It is stored, and its own side reads it.
    assert cost in client.get(f"/api/v1/bids/{shown}", headers=who.headers).text


def test_briefs_scored_in_one_transaction_keep_their_own_matches(client: FlaskClient, worker: ModuleType) -> None:
    one, other = look.market(), look.market()
    for there, count in ((one, 2), (other, 3)):
        for _ in range(count):
            look.offer(there)
    work.settle(worker)
    with db.transaction() as session:
        session.execute(sa.text("DELETE FROM matches"))
        done = [score_brief.score_brief(session, there.brief_id) for there in (one, other)]
    assert [(one.bids, one.written) for one in done] == [(2, 2), (3, 3)]
    assert (look.fresh(one.brief_id), look.fresh(other.brief_id)) == ((2, 2), (3, 3))
