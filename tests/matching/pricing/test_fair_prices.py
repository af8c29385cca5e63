"""Fair prices of a market with deals: of channels, beside bids, and over ceilings."""

from datetime import date
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.core import db, ids
from marketplace.matching.pricing import price_learning
from marketplace.matching.pricing.models import PriceModelRow
from tests.make import bids as make
from tests.make import work
from tests.make.deals import closed_deals, fit, one_channel, today
from tests.make.people import Somebody
from tests.matching import look


@pytest.fixture(scope="module", autouse=True)
def deals(own_market: None) -> None:
    """Twelve settled deals of twelve creators."""
    closed_deals(12, length_tier="21-60", settled_on=date(2026, 11, 3))
    assert fit()
    assert not fit()


def price(client: FlaskClient, who: Somebody, channel_id: UUID, **query: Any) -> Any:
    path = f"/api/v1/channels/{ids.show('chn', channel_id)}/price"
    answer = client.get(path, query_string=query, headers=who.headers)
    assert answer.status_code == 200, answer.json
    return answer.json


def test_the_model_is_kept_with_what_it_was_learnt_from() -> None:
    with db.transaction() as session:
        row = session.scalars(sa.select(PriceModelRow)).one()
        model = price_learning.load_prices(session).of("CNY")
    assert row.deals >= 12
    assert model.deals >= 12
    assert model.per_thousand["food"][1] >= 12


def test_a_channel_has_a_fair_price_with_interval_count_and_basis(client: FlaskClient) -> None:
    who, channel_id = one_channel()
    found = price(client, who, channel_id)
    fair = found["fair"]
    assert (fair["basis"], fair["interval"], fair["currency"]) == ("settled", "80%", "CNY")
    assert fair["low"] <= fair["point"] <= fair["high"]
    assert fair["count"] >= 12
    assert fair["fitted_on"] == today().isoformat()
    (reason,) = found["reasons"]
    assert reason["code"] == "fair_price"
    assert str(fair["count"]) in reason["en"]
    assert "80%" in reason["zh"]
    assert reason["numbers"]["fair"]["value"] == fair["point"]


def test_rights_are_told_apart_from_the_price(client: FlaskClient) -> None:
    who, channel_id = one_channel()
    bare = price(client, who, channel_id)
    more = price(client, who, channel_id, rights="raw_files,usage", exclusivity_days=60, length_tier="60+")
    codes = [reason["code"] for reason in more["reasons"]]
    assert codes == ["fair_price", "term_60+", "term_usage", "term_raw_files", "term_exclusivity_month"]
    assert more["fair"]["point"] > bare["fair"]["point"]
    term = more["terms"]["raw_files"]
    assert term["low"] < term["ratio"] < term["high"]
    assert term["count"] == 0
    assert "a prior alone" in more["reasons"][3]["en"]


def test_another_currency_has_no_price_and_says_why(client: FlaskClient) -> None:
    who, channel_id = one_channel()
    found = price(client, who, channel_id, currency="USD")
    assert (found["fair"]["point"], found["fair"]["low"], found["fair"]["count"]) == (None, None, 0)
    assert [reason["code"] for reason in found["reasons"]] == ["fair_price_unknown"]


def test_a_strange_right_is_refused(client: FlaskClient) -> None:
    who, channel_id = one_channel()
    path = f"/api/v1/channels/{ids.show('chn', channel_id)}/price?rights=moon"
    answer = client.get(path, headers=who.headers)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "query:/rights"


def test_a_match_tells_the_fair_price_beside_its_own(client: FlaskClient, worker: ModuleType) -> None:
    there = look.market()
    _, fairly = look.offer(there, 550_000)
    _, dearly = look.offer(there, 18_000_000)
    make.close(there)
    work.settle(worker)
    ranked = look.ranking(client, there)
    found = {ids.read("bid", match["bid_id"]): match for match in ranked["data"]}
    codes = {key: {reason["code"]: reason for reason in match["reasons"]} for key, match in found.items()}
    assert "within_fair_price" in codes[fairly.id]
    assert "over_fair_price" in codes[dearly.id]
    fair = found[fairly.id]["parts"]["fair_price"]
    assert fair["low"] <= 550_000 <= fair["high"]
    assert fair["basis"] == "settled"
    assert codes[dearly.id]["over_fair_price"]["numbers"]["asked"]["value"] == 18_000_000


def test_a_ceiling_under_the_market_is_told_of_before_any_bid(client: FlaskClient) -> None:
    low, high = (look.market(ceiling_per_thousand=make.cny(amount)) for amount in (100, 900_000))
    for there, codes in ((low, ["ceiling_under_the_market"]), (high, [])):
        answer = client.get(look.path(there.brief_id, "price-check"), headers=there.brand.headers)
        assert [reason["code"] for reason in answer.json["warnings"]] == codes
        look_up = client.get(look.path(there.brief_id, "price-check"), headers=there.creator.headers)
        assert look_up.status_code == 403
    (reason,) = client.get(look.path(low.brief_id, "price-check"), headers=low.brand.headers).json["warnings"]
    told_of = reason["numbers"]["nine_in_ten_over"]
    assert told_of["count"] >= 12
    # Some 510,000 for some 900,000 views, in two digits.
    assert 500 <= told_of["value"] <= 640
    assert told_of["value"] % 10 == 0
