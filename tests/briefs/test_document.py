"""What a brief may say: every limit with its pointer, and what is accepted comes back as it was sent."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from marketplace.briefs import brief_document, vocabulary
from marketplace.channels.facts import provenance
from marketplace.channels.facts.audience_vocabulary import INTERESTS, LEVELS
from marketplace.core.http.fields import TextField
from marketplace.matching.audience import targets
from marketplace.matching.forecast import view_forecast
from marketplace.matching.overlap import units
from marketplace.matching.scoring import brand_fit, rank
from marketplace.matching.scoring.worth import noticing
from tests.briefs.look import API, count_briefs, everything, path, pointers
from tests.make import briefs as make
from tests.make.people import Somebody, somebody


@pytest.fixture(scope="module")
def brand(app: Flask) -> Somebody:
    return somebody("brand")


def put(document: dict[str, Any], pointer: str, value: Any) -> dict[str, Any]:
    """Set one place of a document, named as in a problem."""
    *way, last = pointer.strip("/").split("/")
    place: Any = document
    for step in way:
        place = place[int(step) if isinstance(place, list) else step]
    place[int(last) if isinstance(place, list) else last] = value
    return document


LONG = "长" * 2001
BAD: list[tuple[str, Any]] = [
    ("/title", "字" * 121),
    ("/title", ""),
    ("/title", "  \n"),
    ("/title", 5),
    ("/title", None),
    ("/title", "a\x00b"),
    ("/product", None),
    ("/product/name", "字" * 81),
    ("/product/description", LONG),
    ("/product/category", "tobacco"),
    ("/product/link", "javascript:alert(1)"),
    ("/product/link", "https://"),
    ("/product/link", "https://a b.com"),
    ("/product/link", "https://[x"),
    ("/product/value/amount_minor", -1),
    ("/product/value/currency", "XXX"),
    ("/product/value/currency", "USD"),
    ("/brand/names", []),
    ("/brand/names", ["x"] * 2),
    ("/brand/names", [str(n) for n in range(11)]),
    ("/brand/names/0", "字" * 61),
    ("/brand/aliases", [str(n) for n in range(21)]),
    ("/brand/spoken_forms/0", " "),
    ("/markets", []),
    ("/markets", ["CN", "CN"]),
    ("/markets/0", "XX"),
    ("/markets/0", "CN-GD"),
    ("/markets", list(vocabulary.MARKETS[:21])),
    ("/target/0/ages/from", 12),
    ("/target/0/ages/from", 99.5),
    ("/target/0/education", ["wizard"]),
    ("/target/0/interests", ["sorcery"]),
    ("/target/0/interests", ["food", "美食"]),
    ("/target", [{"interests": [one]} for one in ("food", "pets", "tech", "games", "cars")]),
    ("/target/0/regions/0", "Mars"),
    ("/target/0/ages/to", 17),
    ("/target/0/ages/to", 100),
    ("/target/0/ages/from", 18.5),
    ("/target/0/genders/0", "other"),
    ("/target/0/regions/0", "CN-XX"),
    ("/target/0/regions/0", "US-CA"),
    ("/target/0/weight", 1.01),
    ("/target/0/weight", -0.1),
    ("/target/0/weight", "1"),
    ("/target", [{"weight": 0}]),
    ("/target", [{"weight": (n + 1) / 21} for n in range(21)]),
    ("/placement_kinds", []),
    ("/placement_kinds/0", "subliminal"),
    ("/tolerance", 101),
    ("/tolerance", -1),
    ("/tolerance", True),
    ("/budget/amount_minor", 0),
    ("/budget/amount_minor", 10**12 + 1),
    ("/budget/amount_minor", 1.5),
    ("/budget/currency", "cny"),
    ("/ceiling_per_thousand/currency", "USD"),
    ("/ceiling_per_thousand/amount_minor", 0),
    ("/deliverables", []),
    ("/deliverables/0/kind", "song"),
    ("/deliverables/0/count", 0),
    ("/deliverables/0/count", 51),
    ("/deliverables/0/length_tiers/0", "90"),
    ("/deliverables/0/platform", "抖音"),
    ("/deliverables/1/length_tiers", ["1-20"]),
    ("/publish_window/starts_at", "yesterday"),
    ("/publish_window/starts_at", "2026-11-23T08:00:00"),
    ("/keep_live_days", 0),
    ("/keep_live_days", 366),
    ("/rights/usage", {"channels": ["tv"]}),
    ("/rights/usage/channels", []),
    ("/rights/usage/channels/0", "moon"),
    ("/rights/whitelisting/days", 0),
    ("/rights/raw_files", "yes"),
    ("/rights/exclusivity", {"category": "food"}),
    ("/rights/exclusivity/category", "salt"),
    ("/rights/exclusivity/days", 366),
    ("/must", [str(n) for n in range(21)]),
    ("/must/0", "字" * 301),
    ("/must_not/0", "瓶身正面朝向镜头"),
    ("/must_not", [str(n) for n in range(21)]),
    ("/disclosure/text", ""),
    ("/disclosure/required", 1),
    ("/buying_link", None),
    ("/sample", {"to_return": True}),
    ("/terms/revision_rounds", 11),
    ("/terms/payment_days", 181),
    ("/terms/scope_changes", "字" * 501),
    ("/terms/disputes", ""),
    ("/terms/may_be_shown", 0),
    ("/questions", [str(n) for n in range(6)]),
    ("/questions/0", ""),
    ("/note", LONG),
    ("/bids_close_at", 5),
    ("/secret", 1),
    ("/product/secret", 1),
]
# Where the place that is wrong lies inside or beside the value that was set.
ELSEWHERE = {
    ("/target/0/education", "['wizard']"): "/target/0/education/0",
    ("/target/0/interests", "['sorcery']"): "/target/0/interests/0",
    ("/rights/usage", "{'channels': ['tv']}"): "/rights/usage/days",
    ("/rights/exclusivity", "{'category': 'food'}"): "/rights/exclusivity/days",
    ("/sample", "{'to_return': True}"): "/sample/to_return",
}


@pytest.mark.parametrize(("pointer", "value"), BAD, ids=range(len(BAD)))
def test_each_limit_is_refused_with_its_pointer(client: FlaskClient, brand: Somebody, pointer: str, value: Any) -> None:
    before = count_briefs(brand.party_id)
    answer = client.post(API, json=put(make.document(), pointer, value), headers=brand.once())
    assert answer.status_code == 422
    assert pointers(answer) == [ELSEWHERE.get((pointer, str(value)), pointer)]
    assert count_briefs(brand.party_id) == before


@pytest.mark.parametrize("name", sorted(make.minimal()))
def test_what_is_required_is_missed(client: FlaskClient, brand: Somebody, name: str) -> None:
    document = make.minimal()
    del document[name]
    before = count_briefs(brand.party_id)
    answer = client.post(API, json=document, headers=brand.once())
    assert (answer.status_code, pointers(answer)) == (422, [f"/{name}"])
    assert count_briefs(brand.party_id) == before


def window(first_days: int, last_days: int) -> dict[str, Any]:
    return {"publish_window": {"starts_at": make.moment(days=first_days), "ends_at": make.moment(days=last_days)}}


WRONG_TIMES: list[tuple[str, Callable[[], dict[str, Any]]]] = [
    ("/bids_close_at", lambda: {"bids_close_at": make.moment(seconds=3)}),
    ("/bids_close_at", lambda: {"bids_close_at": make.moment(days=-1)}),
    (
        "/bids_close_at",
        lambda: {
            "bids_close_at": make.moment(days=181),
            "publish_window": {"starts_at": make.moment(days=190), "ends_at": make.moment(days=200)},
        },
    ),
    (
        "/publish_window/ends_at",
        lambda: window(30, 20),
    ),
    (
        "/publish_window/ends_at",
        lambda: window(20, 201),
    ),
    (
        "/publish_window/starts_at",
        lambda: window(9, 40),
    ),
]


@pytest.mark.parametrize(("pointer", "wrong"), WRONG_TIMES)
def test_times_out_of_order_are_refused(
    client: FlaskClient, brand: Somebody, pointer: str, wrong: Callable[[], dict[str, Any]]
) -> None:
    before = count_briefs(brand.party_id)
    answer = client.post(API, json=make.document(**wrong()), headers=brand.once())
    assert (answer.status_code, pointers(answer)) == (422, [pointer])
    assert count_briefs(brand.party_id) == before


def test_bidding_may_be_as_short_as_seconds(client: FlaskClient, brand: Somebody) -> None:
    answer = client.post(API, json=make.document(bids_close_at=make.moment(seconds=8)), headers=brand.once())
    assert answer.status_code == 201


def test_a_currency_without_a_usual_ceiling_needs_one(client: FlaskClient, brand: Somebody) -> None:
    budget = {"amount_minor": 900_000, "currency": "JPY"}
    answer = client.post(API, json=make.minimal(budget=budget), headers=brand.once())
    assert (answer.status_code, pointers(answer)) == (422, ["/ceiling_per_thousand"])
    ceiling = {"amount_minor": 2_000, "currency": "JPY"}
    answer = client.post(API, json=make.minimal(budget=budget, ceiling_per_thousand=ceiling), headers=brand.once())
    assert answer.status_code == 201


def test_what_is_left_out_is_shown_with_its_value(client: FlaskClient, brand: Somebody) -> None:
    shown = client.post(API, json=make.minimal(), headers=brand.once()).json
    assert {name: shown[name] for name in ("target", "tolerance", "ceiling_per_thousand", "keep_live_days")} == {
        "target": [],
        "tolerance": 40,
        "ceiling_per_thousand": None,
        "keep_live_days": 30,
    }
    assert shown["rights"] == {
        "usage": None,
        "whitelisting": None,
        "raw_files": False,
        "exclusivity": None,
        "likeness_for_ai": False,
    }
    assert shown["disclosure"] == {"required": True, "text": "广告"}
    assert shown["terms"]["revision_rounds"] == 2
    assert shown["product"] == {"name": "气泡水", "description": None, "category": "food", "link": None, "value": None}
    assert shown["deliverables"] == [{"kind": "video", "count": 1, "length_tiers": [], "platform": None}]


def fixed(**parts: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(parts)


def line(longest: int) -> st.SearchStrategy[str]:
    letters = st.characters(codec="utf-8", exclude_characters="\x00")
    return st.text(letters, min_size=1, max_size=min(longest, 12)).filter(_keeps)


def _keeps(text: str) -> bool:
    try:
        return bool(text.strip()) and TextField(12).deserialize(text) == text
    except ValidationError:
        return False


def some(inner: st.SearchStrategy[Any], most: int, least: int = 0) -> st.SearchStrategy[list[Any]]:
    return st.lists(inner, min_size=least, max_size=most, unique_by=lambda one: json.dumps(one, sort_keys=True))


def codes(table: Any, most: int, least: int = 0) -> st.SearchStrategy[list[str]]:
    return some(st.sampled_from(sorted(table)), most, least)


AGES = st.tuples(st.integers(13, 99), st.none() | st.integers(13, 99)).filter(
    lambda pair: pair[1] is None or pair[0] <= pair[1]
)
CELL = fixed(
    ages=st.none() | AGES.map(lambda pair: {"from": pair[0], "to": pair[1]}),
    genders=codes(vocabulary.GENDERS, 2),
    regions=codes({code for code in vocabulary.REGIONS if code not in ("CN-HK", "CN-MO", "CN-TW")}, 4),
    education=st.sets(st.sampled_from(LEVELS)).map(lambda levels: sorted(levels, key=LEVELS.index)),
    interests=codes(INTERESTS, 3),
    weight=st.floats(0.001, 1),
)
DOCUMENTS = fixed(
    title=line(120),
    tolerance=st.integers(0, 100),
    keep_live_days=st.integers(1, 365),
    buying_link=st.booleans(),
    product=fixed(
        name=line(80),
        description=st.none() | line(2000),
        category=st.sampled_from(sorted(vocabulary.CATEGORIES)),
        link=st.sampled_from([None, "https://example.com/商品?a=1#b"]),
        value=st.none() | st.integers(0, 10**12).map(make.cny),
    ),
    brand=fixed(names=some(line(60), 3, 1), aliases=some(line(60), 3), spoken_forms=some(line(60), 3)),
    markets=codes(vocabulary.MARKETS, 20, 1),
    target=some(CELL, 3),
    placement_kinds=codes(vocabulary.PLACEMENT_KINDS, 8, 1),
    budget=st.integers(1, 10**12).map(make.cny),
    ceiling_per_thousand=st.none() | st.integers(1, 10**12).map(make.cny),
    deliverables=some(
        fixed(
            kind=st.sampled_from(["video", "series", "live"]),
            count=st.integers(1, 50),
            length_tiers=codes(vocabulary.LENGTH_TIERS, 3),
            platform=st.sampled_from([None, "bilibili"]),
        ),
        3,
        1,
    ),
    rights=fixed(
        usage=st.none() | fixed(days=st.integers(1, 3650), channels=codes(vocabulary.USAGE_CHANNELS, 8, 1)),
        whitelisting=st.none() | fixed(days=st.integers(1, 365)),
        raw_files=st.booleans(),
        exclusivity=st.none()
        | fixed(category=st.sampled_from(sorted(vocabulary.CATEGORIES)), days=st.integers(1, 365)),
        likeness_for_ai=st.booleans(),
    ),
    must=some(line(300), 3),
    disclosure=fixed(required=st.booleans(), text=line(40)),
    questions=some(line(300), 5),
    sample=fixed(provided=st.just(True), to_return=st.booleans()),
    note=st.none() | line(2000),
    terms=fixed(
        revision_rounds=st.integers(0, 10),
        payment_days=st.integers(0, 180),
        scope_changes=st.none() | line(500),
        disputes=st.none() | line(500),
        may_be_shown=st.booleans(),
    ),
)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(document=DOCUMENTS)
def test_whatever_is_accepted_comes_back_equal(app: Flask, brand: Somebody, document: dict[str, Any]) -> None:
    document = make.document(**document, must_not=[])
    client = app.test_client()
    made = client.post(API, json=document, headers=brand.once())
    assert made.status_code == 201, made.json.get("errors")
    read = client.get(f"{API}/{made.json['id']}", headers=brand.headers).json
    assert {name: read[name] for name in document} == document
    back = client.patch(
        f"{API}/{made.json['id']}", json=document, headers={**brand.headers, "If-Match": made.headers["ETag"]}
    )
    assert (back.status_code, back.json) == (200, read)


@settings(deadline=None, max_examples=100)
@given(cells=st.lists(CELL, min_size=1, max_size=4))
def test_every_target_that_is_accepted_can_be_forecast(cells: list[dict[str, Any]]) -> None:
    asked = [
        {**cell, "ages": None if cell["ages"] is None else [cell["ages"]["from"], cell["ages"]["to"]]} for cell in cells
    ]
    assert max(box.most for box in targets.target_weights(asked).boxes) == max(cell["weight"] for cell in cells)


def test_the_lists_are_those_that_scoring_reads() -> None:
    assert set(vocabulary.CURRENCIES_WITH_DEFAULT_CEILING) == set(rank.DEFAULT_CEILING_MINOR)
    assert brand_fit.market_part(np.ones((1, 91)) / 91, vocabulary.MARKETS)[0] == pytest.approx(90 / 91)
    rule = brief_document.SCORING_RULES[brief_document.SCORING_RULE]
    assert (rule["quality_low"], rule["quality_high"]) == (rank.QUALITY_LOW, rank.QUALITY_HIGH)
    assert f"videos^{units.SEVERAL_VIDEOS} * noticing / {noticing.REFERENCE}" in rule["formula"]
    assert f"by default {brief_document.FIT_WEIGHT}" in rule["en"]
    assert f"fit_weight, 0 to {brief_document.FIT_WEIGHT_MAX}" in rule["en"]
    assert rule["tau"] == view_forecast.CAREFUL
    assert provenance.OWN_WORD == 0.75


def test_a_change_is_held_to_the_same_limits(client: FlaskClient, brand: Somebody) -> None:
    brief = make.draft(brand)
    before = everything(brief.id)
    headers = {**brand.headers, "If-Match": '"1"'}
    for body, pointer in (
        ({"tolerance": 101}, "/tolerance"),
        ({"ceiling_per_thousand": {"amount_minor": 1, "currency": "USD"}}, "/ceiling_per_thousand/currency"),
        ({"bids_close_at": make.moment(days=30)}, "/publish_window/starts_at"),
        ({"product": {"name": "only a name"}}, "/product/category"),
        ({"title": None}, "/title"),
        ({"status": "published"}, "/status"),
    ):
        answer = client.patch(path(brief.id), json=body, headers=headers)
        assert (answer.status_code, pointers(answer)) == (422, [pointer])
    assert everything(brief.id) == before


def test_the_options_are_public(client: FlaskClient) -> None:
    shown = client.get("/api/v1/brief-options").json
    assert {"code": "beauty", "zh": "美妆护肤", "en": "Beauty and skin care"} in shown["categories"]
    assert [kind["code"] for kind in shown["placement_kinds"]] == list(vocabulary.PLACEMENT_KINDS)
    assert shown["regions"] == list(vocabulary.REGIONS)
    assert (shown["scoring_rule"]["version"], shown["scoring_rule"]["tau"]) == ("score/3", 0.3)


def test_the_weight_of_the_fit_is_half_unless_the_brief_says_otherwise(client: FlaskClient, brand: Somebody) -> None:
    def posted(**said: Any) -> Any:
        return client.post(API, json={**make.minimal(), **said}, headers=brand.once())

    assert posted().json["fit_weight"] == 0.5
    assert posted(fit_weight=0).json["fit_weight"] == 0
    for weight in (0.71, -0.1, None, "half"):
        answer = posted(fit_weight=weight)
        assert (answer.status_code, pointers(answer)) == (422, ["/fit_weight"])
