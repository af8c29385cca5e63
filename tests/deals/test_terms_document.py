"""The first version of terms, made of a bid: pure."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from marketplace.core import ids
from marketplace.deals.terms import terms_document
from marketplace.deals.terms.schemas_terms import faults
from marketplace.deals.terms.terms_document import BidOffer, first_terms, hash_of, own_prices, price_of, total_minor
from tests.make import bids as make_bids
from tests.make import briefs as make_briefs
from tests.make.briefs import cny

NAMED: dict[str, Any] = {
    "bid": {"bid_id": ids.show("bid", ids.new_id()), "revision_id": "rev_1", "revision_number": 1, "option": 0},
    "brief": {"brief_id": "brf_1", "version_id": "brv_1", "version_number": 2, "title": "软植入"},
    "brand": {"party_id": "pty_1", "name": "清泉"},
    "creator": {"party_id": "pty_2", "name": "画室"},
    "agency": None,
    "channel": {"channel_id": "chn_1", "platform": "douyin", "name": "频道", "handle": "h"},
}


def offer(option: int = 0, cost: int = 9_300_000, **changes: Any) -> BidOffer:
    wording, brief = make_bids.document(), make_briefs.document()
    brief["publish_window"] = {"from": "2027-01-31T16:00:00Z", "to": "2027-02-28T16:00:00Z"}
    wording["deliverables"][0] |= {"publish_starts_at": None, "publish_ends_at": "2027-02-10T18:30:00Z"}
    price = {**wording["price"], "rights": wording["rights"]}
    given: dict[str, Any] = {
        "named": NAMED,
        "brief": brief,
        "price": price,
        "options": wording["options"],
        "deliverables": wording["deliverables"],
        "plan": wording["plan"],
        "option": option,
        "cost_minor": cost,
        "currency": "CNY",
        "timezone": "Asia/Shanghai",
        **changes,
    }
    return BidOffer(**given)


def test_terms_hold_what_the_bid_and_its_brief_say_and_are_of_the_closed_schema() -> None:
    terms = first_terms(offer())
    assert faults(terms) == {}
    assert faults({**terms, "else": 1}) != {}
    assert [line["kind"] for line in terms["deliverables"]] == ["series"] * 4 + ["image"] * 2
    assert [line["position"] for line in terms["deliverables"]] == [1, 2, 3, 4, 5, 6]
    assert terms["rights"]["usage"] == {"days": 180, "channels": ["brand_social", "paid_ads"], "price_minor": 300_000}
    assert terms["rights"]["exclusivity"] == {"category": "food", "days": 60, "price_minor": 1_000_000}
    # Asked for and refused; neither asked for nor given.
    assert (terms["rights"]["raw_files"], terms["rights"]["likeness_for_ai"]) == (None, None)
    assert terms["plans"][0]["limits"] == {
        "intrusiveness_max": 35.0,
        "prominence_min": None,
        "brand_seconds_min": None,
    }
    assert terms["rounds"] == {"script": 1, "draft": 1, "one_more_minor": 155_000}
    assert (terms["keep_live_days"], terms["payment_days"], terms["split"]) == (90, 15, {"day": "publication"})
    assert terms["cancellation"] == {
        "before_script": 0,
        "after_script": 1000,
        "after_draft": 5000,
        "after_approval": 10000,
    }


def test_days_are_those_of_the_deals_time_zone_and_midnight_ends_the_day_before() -> None:
    there = first_terms(offer())["deliverables"]
    assert (there[0]["publish_starts_on"], there[0]["due_on"]) == ("2027-02-01", "2027-02-11")
    assert (there[5]["publish_starts_on"], there[5]["due_on"]) == ("2027-02-01", "2027-02-28")
    elsewhere = first_terms(offer(timezone="America/New_York"))["deliverables"]
    assert (elsewhere[0]["publish_starts_on"], elsewhere[0]["due_on"]) == ("2027-01-31", "2027-02-10")


def test_an_option_brings_its_own_length_and_amount() -> None:
    own, other = first_terms(offer()), first_terms(offer(option=1, cost=9_800_000))
    assert (own["price_minor"], own["pricing"]["amount"]) == (9_300_000, cny(8_000_000))
    assert (other["price_minor"], other["pricing"]["amount"]) == (9_800_000, cny(8_500_000))
    assert [line["length_tier"] for line in other["deliverables"]] == ["60+"] * 4 + [None] * 2


def test_goods_that_pay_are_no_money() -> None:
    rights = {"usage": cny(5_000), "raw_files": None}
    terms = first_terms(offer(price={"model": "barter", "value": cny(90_000), "rights": rights}, cost=95_000))
    assert (terms["price_minor"], terms["pricing"]) == (5_000, {"model": "barter", "value": cny(90_000)})


def test_a_plan_that_the_brand_accepts_above_its_tolerance_is_its_own_limit() -> None:
    loud = make_bids.plan(loudness_lu=6, brands=3)
    loud["exposures"][0] |= {"seconds": 30, "area_share": 0.8, "cta": True, "claims": 5}
    within, beyond = (
        first_terms(offer(plan=loud, tolerance_aside=aside))["plans"][0]["limits"]["intrusiveness_max"]
        for aside in (False, True)
    )
    assert within == 35.0
    assert beyond > 35.0


@given(st.integers(0, 10**12), st.integers(1, 1000))
def test_own_prices_sum_to_the_price_and_differ_by_one_at_most(price: int, count: int) -> None:
    found = own_prices(price, count)
    assert (sum(found), len(found)) == (price, count)
    assert max(found) - min(found) <= 1


def test_extras_are_paid_with_their_deliverable_and_nothing_is_lost() -> None:
    terms = first_terms(offer(cost=10_000_001))
    terms["extras"] = [
        {"name": "花絮", "price_minor": 70_000, "deliverable": 2},
        {"name": "直播切片", "price_minor": 5, "deliverable": 2},
    ]
    assert faults(terms) == {}
    assert total_minor(terms) == 10_070_006
    assert sum(price_of(terms, position) for position in range(1, 7)) == total_minor(terms)
    assert price_of(terms, 2) - price_of(first_terms(offer(cost=10_000_001)), 2) == 70_005
    assert terms_document.plan_of(terms, 6)["plan"] == make_bids.plan()


def test_a_hash_is_of_the_content_and_not_of_how_it_is_stored() -> None:
    terms = first_terms(offer())
    again = json.loads(json.dumps(dict(reversed(list(terms.items())))))
    assert hash_of(again) == hash_of(terms)
    assert hash_of({**terms, "price_minor": terms["price_minor"] - 1}) != hash_of(terms)
