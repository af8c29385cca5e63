"""What a bid may say: every limit with its pointer, and what is accepted comes back as it was sent."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.bids import commitment
from marketplace.bids.pricing_models import RIGHTS
from marketplace.bids.schemas import VIEWS_MAX
from tests.bids.look import API, everything, pointers
from tests.bids.test_sealed import offer
from tests.make import bids as make
from tests.make import briefs as make_briefs
from tests.make.briefs import cny


@pytest.fixture(scope="module")
def there(app: Flask) -> make.Market:
    """A market in which nothing is accepted, so that one brief serves every refusal."""
    return make.market()


def put(document: dict[str, Any], pointer: str, value: Any) -> dict[str, Any]:
    """Set one place of a document, named as in a problem."""
    *way, last = pointer.strip("/").split("/")
    place: Any = document
    for step in way:
        place = place[int(step) if isinstance(place, list) else step]
    place[int(last) if isinstance(place, list) else last] = value
    return document


USD = {"amount_minor": 1, "currency": "USD"}
PART = {"rate": cny(40), "cap": cny(90)}
ORDER_VALUE = "/price/order_value/amount_minor"
BAD: list[tuple[str, Any, str]] = [
    # (place, value, pointer of the fault)
    ("/channel_id", "brf_1", "/channel_id"),
    ("/channel_id", None, "/channel_id"),
    ("/salt", "x", "/salt"),
    ("/price", None, "/price"),
    ("/price", {"amount": cny(5)}, "/price/model"),
    ("/price/model", "auction", "/price/model"),
    ("/price/amount", None, "/price/amount"),
    ("/price/amount", 5, "/price/amount"),
    ("/price/amount/amount_minor", 0, "/price/amount/amount_minor"),
    ("/price/amount/amount_minor", 10**12 + 1, "/price/amount/amount_minor"),
    ("/price/amount/currency", "USD", "/price/amount/currency"),
    ("/price/rate", cny(5), "/price/rate"),
    ("/price/cap", cny(5), "/price/cap"),
    ("/price/fee", 1, "/price/fee"),
    ("/price/amount", cny(20_000_001), "/price/amount"),
    ("/price", {"model": "cpm", "rate": cny(4)}, "/price/cap"),
    ("/price", {"model": "cpv", "cap": cny(4)}, "/price/rate"),
    ("/price", {"model": "cpm", **PART, "floor": cny(91)}, "/price/cap"),
    ("/price", {"model": "cpm", "rate": cny(4), "cap": cny(20_000_001)}, "/price/cap"),
    ("/price", {"model": "cpv", "rate": cny(4), "cap": cny(20_000_001)}, "/price/cap"),
    ("/price", {"model": "cpa", "rate": cny(4), "cap": cny(20_000_001)}, "/price/cap"),
    ("/price", {"model": "cpa", "rate": cny(4)}, "/price/cap"),
    ("/price", {"model": "cpa", **PART, "actions_per_thousand_views": 0}, "/price/actions_per_thousand_views"),
    ("/price", {"model": "cpv", **PART, "floor": cny(1)}, "/price/floor"),
    ("/price", {"model": "cpa", **PART, "order_value": cny(1)}, "/price/order_value"),
    ("/price", {"model": "cpa", **PART, "actions_per_thousand_views": 1001}, "/price/actions_per_thousand_views"),
    ("/price", {"model": "commission", "basis_points": 10_001}, "/price/basis_points"),
    ("/price", {"model": "commission", "cap": cny(1)}, "/price/basis_points"),
    ("/price", {"model": "commission", "basis_points": 1}, "/price/cap"),
    ("/price", {"model": "commission", "basis_points": 1, "cap": cny(20_000_001)}, "/price/cap"),
    ("/price", {"model": "commission", "basis_points": 1, "cap": cny(9), "minimum": cny(10)}, "/price/cap"),
    ("/price", {"model": "commission", "basis_points": 1, "cap": cny(9), "order_value": cny(0)}, ORDER_VALUE),
    (
        "/price",
        {"model": "commission", "basis_points": 1, "cap": cny(9), "actions_per_thousand_views": 0},
        "/price/actions_per_thousand_views",
    ),
    ("/price", {"model": "commission", "basis_points": 1, "cap": cny(9)}, "/options"),
    (
        "/price",
        {
            "model": "hybrid",
            "fixed": cny(12_000_000),
            "variable": {"model": "cpv", "rate": cny(1), "cap": cny(9_000_000)},
        },
        "/price/variable/cap",
    ),
    (
        "/price",
        {"model": "hybrid", "fixed": cny(1), "variable": {"model": "commission", "basis_points": 9_000}},
        "/price/variable/cap",
    ),
    (
        "/price",
        {"model": "hybrid", "fixed": cny(1), "variable": {"model": "cpa", **PART, "actions_per_thousand_views": 0}},
        "/price/variable/actions_per_thousand_views",
    ),
    ("/price", {"model": "barter"}, "/price/value"),
    ("/price", {"model": "hybrid", "fixed": cny(1)}, "/price/variable"),
    ("/price", {"model": "hybrid", "variable": {"model": "cpm", **PART}}, "/price/fixed"),
    (
        "/price",
        {"model": "hybrid", "fixed": cny(8_000_000), "variable": {"model": "flat", **PART}},
        "/price/variable/model",
    ),
    (
        "/price",
        {"model": "hybrid", "fixed": cny(1), "variable": {"model": "cpv", "rate": cny(1)}},
        "/price/variable/cap",
    ),
    (
        "/price",
        {"model": "hybrid", "fixed": cny(8_000_000), "variable": {"model": "cpv", "rate": cny(1), "cap": USD}},
        "/price/variable/cap/currency",
    ),
    ("/rights/usage", USD, "/rights/usage/currency"),
    ("/rights/usage", cny(-1), "/rights/usage/amount_minor"),
    ("/rights/usage", cny(20_000_001), "/rights/usage"),
    ("/rights/likeness_for_ai", cny(1), "/rights/likeness_for_ai"),
    ("/rights", {"likeness": cny(1)}, "/rights/likeness"),
    ("/rights", None, "/rights"),
    ("/options/0/amount", cny(7), "/options/0/amount"),
    ("/options/0/length_tier", "60+", "/options"),
    ("/options/1/length_tier", "1-20", "/options/1/length_tier"),
    ("/options/1/amount", None, "/options/1/amount"),
    ("/options/1/amount", cny(20_000_001), "/options/1/amount"),
    ("/options/1/amount", USD, "/options/1/amount/currency"),
    ("/options", [{"length_tier": "60+", "amount": cny(8_000_000)}], "/options/0/length_tier"),
    ("/options", [{"length_tier": "90", "amount": cny(8_000_000)}], "/options/0/length_tier"),
    ("/deliverables", [], "/deliverables"),
    ("/deliverables/0/kind", "live", "/deliverables/0/kind"),
    ("/deliverables/0/kind", "song", "/deliverables/0/kind"),
    ("/deliverables/0/count", 51, "/deliverables/0/count"),
    ("/deliverables/0/count", 50, "/deliverables/0/count"),
    ("/deliverables/0/count", 5, "/deliverables/0/count"),
    ("/deliverables/0/count", 1, "/deliverables/0/count"),
    ("/deliverables/1/count", 1, "/deliverables/1/count"),
    ("/deliverables", [{"kind": "series", "count": 4}], "/deliverables"),
    ("/deliverables", [*make.minimal()["deliverables"], {"kind": "series", "count": 1}], "/deliverables/2/count"),
    ("/deliverables/0/length_tier", "1-20", "/deliverables/0/length_tier"),
    ("/deliverables/1/length_tier", "60+", "/deliverables/1/length_tier"),
    ("/deliverables/0/publish_starts_at", make_briefs.moment(days=19), "/deliverables/0/publish_starts_at"),
    ("/deliverables/0/publish_ends_at", make_briefs.moment(days=41), "/deliverables/0/publish_ends_at"),
    ("/deliverables/0/publish_ends_at", make_briefs.moment(days=20, hours=1), "/deliverables/0/publish_ends_at"),
    ("/deliverables/0/publish_ends_at", "soon", "/deliverables/0/publish_ends_at"),
    ("/plan", None, "/plan"),
    ("/plan", {"exposures": []}, "/plan/duration_s"),
    ("/plan/duration_s", 0, "/plan/duration_s"),
    ("/plan/duration_s", 900, "/plan/duration_s"),
    ("/plan/duration_s", 61, "/plan/duration_s"),
    ("/plan/exposures", [], "/plan/exposures"),
    ("/plan/exposures/1/seconds", 0, "/plan/exposures/1/seconds"),
    ("/plan/exposures/0/seconds", {"low": 0, "high": 0}, "/plan/exposures/0/seconds"),
    ("/plan/exposures/1/start_s", 60, "/plan/exposures/1/start_s"),
    ("/plan/exposures/0/start_s", {"low": 54, "high": 56}, "/plan/exposures/0/start_s"),
    ("/plan/exposures/0/area_share", 0, "/plan/exposures/0/area_share"),
    ("/plan/exposures/0/clarity", 0, "/plan/exposures/0/clarity"),
    ("/plan/exposures/0/start_s", 54, "/plan/exposures/0/start_s"),
    ("/plan/exposures/1/kind", "smell", "/plan/exposures/1/kind"),
    ("/plan/exposures/0/plot/high", 0.1, "/plan/exposures/0/plot"),
    ("/plan/exposures/0/price", 1, "/plan/exposures/0/price"),
    ("/plan/exposures/1/kind", "speech", "/plan/exposures/1/kind"),
    ("/plan/exposures/1/kind", "text", "/plan/exposures/1/kind"),
    ("/plan/exposures/0/description", "a\x00b", "/plan/exposures/0/description"),
    ("/plan/exposures/0/description", "\ud800", "/plan/exposures/0/description"),
    ("/plan/source", "measured", "/plan/source"),
    ("/plan/" + "k" * 500, 1, ("/plan/" + "k" * 500)[:200]),
    ("/plan/\ud800", 1, "/plan/?"),
    ("/production_cost", USD, "/production_cost/currency"),
    ("/production_cost", 5, "/production_cost"),
    ("/forecast_claim", {}, "/forecast_claim/views"),
    ("/forecast_claim/views/high", 1, "/forecast_claim/views/high"),
    ("/forecast_claim/views", {"low": 0, "high": 0}, "/forecast_claim/views/high"),
    ("/forecast_claim/views/high", VIEWS_MAX + 1, "/forecast_claim/views/high"),
    ("/message", "字" * 2001, "/message"),
    ("/message", " ", "/message"),
    ("/answers", [], "/answers"),
    ("/answers", ["a", "b"], "/answers"),
    ("/answers/0", "", "/answers/0"),
    ("/answers/0", "字" * 1001, "/answers/0"),
]


@pytest.mark.parametrize(("place", "value", "pointer"), BAD, ids=range(len(BAD)))
def test_each_limit_is_refused_with_its_pointer(
    client: FlaskClient, there: make.Market, place: str, value: Any, pointer: str
) -> None:
    body = put(there.body(), place, value)
    if place.startswith(("/price", "/deliverables")) and pointer != "/options":
        body["options"] = []
    headers = there.creator.once(**{"Content-Type": "application/json"})
    answer = client.post(there.offers, data=json.dumps(body), headers=headers)
    assert (answer.status_code, pointers(answer)) == (422, [pointer])
    assert everything(there.brief_id) == []


@pytest.mark.parametrize("name", sorted(set(make.minimal()) - {"rights"}))
def test_what_is_required_is_missed(client: FlaskClient, there: make.Market, name: str) -> None:
    body = there.body()
    del body[name]
    answer = client.post(there.offers, json=body, headers=there.creator.once())
    assert (answer.status_code, pointers(answer)) == (422, [f"/{name}"])
    assert everything(there.brief_id) == []


def test_the_budget_is_named_where_the_price_is_above_it(client: FlaskClient, there: make.Market) -> None:
    price = {"model": "hybrid", "fixed": cny(18_699_911), "variable": {"model": "cpm", **PART, "floor": cny(2)}}
    answer = client.post(there.offers, json=there.body(price=price, options=[]), headers=there.creator.once())
    assert answer.json["errors"] == [
        {
            "pointer": "/price/variable/cap",
            "detail": "The brief's whole budget is CNY 200,000.00; with its rights this costs up to CNY 200,000.01.",
        }
    ]


def test_a_right_that_nobody_asks_for_is_refused(client: FlaskClient) -> None:
    there = make.market(rights={"usage": {"days": 9, "channels": ["tv"]}})
    answer = client.post(there.offers, json=there.body(), headers=there.creator.once())
    assert (answer.status_code, pointers(answer)) == (422, ["/rights/exclusivity", "/rights/whitelisting"])
    assert everything(there.brief_id) == []


def test_what_is_left_out_is_shown_with_its_value(client: FlaskClient) -> None:
    there = make.market(questions=[])
    body = {"channel_id": there.body()["channel_id"], **make.minimal(answers=[])}
    shown = client.post(there.offers, json=body, headers=there.creator.once()).json
    assert {name: shown[name] for name in ("options", "production_cost", "forecast_claim", "message", "answers")} == {
        "options": [],
        "production_cost": None,
        "forecast_claim": None,
        "message": None,
        "answers": [],
    }
    assert set(shown["rights"].values()) == {None}
    assert shown["price"] == {"model": "flat", "amount": cny(8_000_000)}
    assert shown["deliverables"][0]["publish_starts_at"] is None


def test_a_revision_is_held_to_the_same_limits(client: FlaskClient) -> None:
    market = make.market()
    bid = client.post(market.offers, json=market.body(), headers=market.creator.once()).json
    before = everything(market.brief_id)
    changes: list[tuple[dict[str, Any], str]] = [
        ({"answers": []}, "/answers"),
        ({"plan": make.plan(duration_s=10)}, "/plan/exposures/0/start_s"),
        ({"channel_id": bid["channel_id"]}, "/channel_id"),
    ]
    for change, pointer in changes:
        answer = client.post(
            f"{API}/{bid['id']}/revisions", json=make.document(**change), headers=market.creator.once()
        )
        assert (answer.status_code, pointer in pointers(answer)) == (422, True)
    assert everything(market.brief_id) == before


def fixed(**parts: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(parts)


def line(longest: int) -> st.SearchStrategy[str]:
    return st.text(st.sampled_from("aé字 \n\"\\\x7f\u2028🎬<%'"), min_size=1, max_size=longest).filter(
        lambda text: bool(text.strip())
    )


def money(most: int = 10**12, least: int = 1) -> st.SearchStrategy[dict[str, Any]]:
    return st.integers(least, most).map(cny)


# With rights of 1,000,000 each, no price costs more than the budget of 20,000,000.
SURE, CAP = money(4_000_000), money(11_000_000, 4_000_000)
PER_THOUSAND = st.none() | st.floats(0.001, 1000)
CPM = fixed(model=st.just("cpm"), rate=money(), floor=st.none() | SURE, cap=CAP)
CPV = fixed(model=st.just("cpv"), rate=money(), cap=CAP)
CPA = fixed(model=st.just("cpa"), rate=money(), cap=CAP, actions_per_thousand_views=PER_THOUSAND)
COMMISSION = fixed(
    model=st.just("commission"),
    basis_points=st.integers(1, 10_000),
    minimum=st.none() | SURE,
    cap=CAP,
    actions_per_thousand_views=PER_THOUSAND,
    order_value=st.none() | money(),
)
FOLLOWING = CPM | CPV | CPA | COMMISSION
PRICE = (
    FOLLOWING
    | fixed(model=st.just("flat"), amount=SURE)
    | fixed(model=st.just("barter"), value=SURE)
    | fixed(model=st.just("hybrid"), fixed=SURE, variable=FOLLOWING)
)


def number(low: float, high: float) -> st.SearchStrategy[Any]:
    plain = st.floats(low, high) | st.integers(math.ceil(low), int(high))
    return plain | st.tuples(plain, plain).map(lambda pair: {"low": min(pair), "high": max(pair)})


EXPOSURE = fixed(
    kind=st.sampled_from(["product", "logo"]),
    start_s=number(0, 30),
    seconds=number(0.5, 20),
    area_share=number(0.01, 1) | st.sampled_from(["background", "close-up"]),
    centre=number(0, 1),
    plot=number(0, 1),
    saliency=number(0, 1),
    claims=number(0, 100),
    cta=st.booleans(),
    description=st.just("") | line(12),
)
DOCUMENT = fixed(
    price=PRICE,
    rights=fixed(
        **{name: st.none() if name == "likeness_for_ai" else st.none() | money(1_000_000, 0) for name in RIGHTS}
    ),
    plan=fixed(
        duration_s=st.floats(50, 60),
        exposures=st.lists(EXPOSURE, min_size=1, max_size=3),
        brands=number(1, 50),
        loudness_lu=number(-60, 60),
        occlusion_share=number(0, 1),
        sample_step_s=st.floats(0.01, 10),
    ),
    production_cost=st.none() | money(least=0),
    message=st.none() | line(30),
    answers=st.tuples(line(20)).map(list),
    forecast_claim=st.none()
    | st.tuples(st.integers(0, VIEWS_MAX), st.integers(1, VIEWS_MAX)).map(
        lambda pair: {"views": {"low": min(pair), "high": max(pair)}}
    ),
)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(document=DOCUMENT)
def test_whatever_is_accepted_comes_back_equal_and_as_committed_to(
    app: Flask, markets: Callable[[], make.Market], document: dict[str, Any]
) -> None:
    market = markets()
    client = app.test_client()
    body = market.body(**document, options=[])
    placed = client.post(market.offers, json=body, headers=market.creator.once())
    assert placed.status_code == 201, placed.json.get("errors")
    shown = client.get(f"{API}/{placed.json['id']}", headers=market.creator.headers).json
    assert {name: shown[name] for name in body} == body
    assert commitment.verify(offer(shown), shown["salt"], shown["commitment"])
    client.post(f"{API}/{shown['id']}/withdraw", headers=market.creator.once())


@pytest.fixture(scope="module")
def markets(app: Flask) -> Callable[[], make.Market]:
    one = make.market()
    # A channel of its own for each wording: a channel has but a few on one brief.
    return lambda: replace(one, channel_id=make.channel(one.creator.party_id))
