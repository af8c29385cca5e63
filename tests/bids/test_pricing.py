"""What prices cost as numbers, and the one form of JSON that commitments are made of."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rfc8785 import CanonicalizationError

from marketplace.bids.commitment import canonical, seal, verify
from marketplace.bids.pricing_models import (
    HEADLINE,
    PriceTerms,
    PricingModel,
    largest_cost,
    option_costs,
    price_terms,
    sure_minor,
    validation_errors,
)
from tests.make.briefs import cny

ONE = [{"kind": "video", "count": 1}]
RIGHTS = {"usage": cny(30), "whitelisting": None, "raw_files": cny(0), "exclusivity": cny(4)}
INF, NAN = math.inf, math.nan
PRODUCT_VALUE = 2_500
CASES: list[tuple[dict[str, Any], PriceTerms[float]]] = [
    ({"model": "flat", "amount": cny(500)}, PriceTerms(500, 0, 0, INF, 1)),
    ({"model": "flat", "amount": cny(500), "rights": RIGHTS}, PriceTerms(534, 0, 0, INF, 1)),
    # Bartered goods count at the brief's value of its product, 2,500 in these tests, whatever the bidder declares.
    ({"model": "barter", "value": cny(70), "rights": RIGHTS}, PriceTerms(2_534, 0, 0, INF, 1)),
    (
        {"model": "cpm", "rate": cny(40), "floor": cny(7), "cap": cny(90)},
        PriceTerms(0, 0.04, 7, 90, 1),
    ),
    (
        {"model": "cpm", "rate": cny(40), "floor": None, "cap": cny(90), "rights": RIGHTS},
        PriceTerms(34, 0.04, 0, 90, 1),
    ),
    ({"model": "cpv", "rate": cny(2), "cap": cny(90)}, PriceTerms(0, 2, 0, 90, 1)),
    (
        {"model": "cpa", "rate": cny(900), "cap": cny(9000), "actions_per_thousand_views": 4.0},
        PriceTerms(0, NAN, 0, 9000, 1),
    ),
    (
        {
            "model": "commission",
            "basis_points": 1500,
            "minimum": cny(8),
            "cap": cny(700),
            "actions_per_thousand_views": 2,
            "order_value": cny(4900),
        },
        PriceTerms(0, NAN, 8, 700, 1),
    ),
    (
        {
            "model": "hybrid",
            "fixed": cny(60),
            "variable": {"model": "cpv", "rate": cny(3), "cap": cny(50)},
            "rights": RIGHTS,
        },
        PriceTerms(94, 3, 0, 50, 1),
    ),
]


@pytest.mark.parametrize(("price", "terms"), CASES)
def test_a_stored_price_is_read(price: dict[str, Any], terms: PriceTerms[float]) -> None:
    assert price_terms(price, ONE, PRODUCT_VALUE) == pytest.approx(terms, rel=1e-12, nan_ok=True)


def test_a_price_covers_every_video_and_no_image() -> None:
    price = {"model": "flat", "amount": cny(500)}
    images = {"kind": "image", "count": 9}
    assert price_terms(price, [{"kind": "series", "count": 4}, images, {"kind": "live", "count": 2}]).videos == 6
    assert price_terms(price, [images]).videos == 1


def test_a_rate_counts_for_every_video_of_the_price() -> None:
    price = {"model": "cpm", "rate": cny(40), "cap": cny(90)}
    assert price_terms(price, [{"kind": "video", "count": 3}]).unit == 0.12


@pytest.mark.parametrize("claim", [None, 0, 0.0001, 2, 1000])
def test_what_a_bidder_expects_of_its_own_sales_counts_nowhere(claim: float | None) -> None:
    for price in (
        {"model": "cpa", "rate": cny(5), "cap": cny(900)},
        {"model": "commission", "basis_points": 10_000, "order_value": cny(1), "cap": cny(900)},
    ):
        terms = price_terms({**price, "actions_per_thousand_views": claim}, ONE)
        assert math.isnan(terms.unit)
        assert largest_cost(terms) == 900


def test_goods_without_a_value_in_the_brief_have_no_price() -> None:
    price = {"model": "barter", "value": cny(1)}
    assert math.isnan(price_terms(price, ONE).fixed)
    assert [math.isnan(cost) for cost in option_costs(price, OPTIONS, ONE)] == [True] * 3


def test_a_variable_price_needs_a_cap_that_its_least_does_not_exceed() -> None:
    assert [error.pointer for error in validation_errors({"model": "commission", "basis_points": 500})] == [
        "/price/cap"
    ]
    price = {"model": "commission", "basis_points": 500, "minimum": cny(9), "cap": cny(8)}
    assert [error.pointer for error in validation_errors(price)] == ["/price/cap"]


@pytest.mark.parametrize(
    "price",
    [
        {"model": "hybrid", "fixed": cny(10), "variable": {"model": "flat", "amount": cny(1)}},
        {"model": "cpm", "rate": cny(0), "cap": cny(5)},
        {"model": "cpm", "rate": cny(5), "floor": cny(10), "cap": cny(9)},
        {"model": "cpm", "rate": cny(5), "floor": cny(-1), "cap": cny(9)},
        {"model": "flat", "amount": cny(-1)},
    ],
)
def test_a_price_whose_parts_do_not_fit_is_refused(price: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\."):
        price_terms(price, ONE)


OPTIONS = [{"amount": cny(1)}, {"amount": cny(700)}, {"amount": cny(50)}]


@pytest.mark.parametrize(
    ("price", "costs"),
    [
        # The amount of an option replaces the headline; rights and the variable part stay.
        ({"model": "flat", "amount": cny(500), "rights": RIGHTS}, [534, 734, 84]),
        ({"model": "barter", "value": cny(70)}, [2_500, 2_500, 2_500]),
        (CASES[8][0], [144, 784, 134]),
        # A rate changes no upper end: the cap bounds it.
        ({"model": "cpm", "rate": cny(40), "floor": cny(7), "cap": cny(90)}, [90, 90, 90]),
        # Nobody knows what becomes of a view, and the cap holds.
        ({"model": "cpa", "rate": cny(900), "cap": cny(9000)}, [9000, 9000, 9000]),
        # A claim of no sales makes nothing free: the cap counts.
        ({"model": "cpa", "rate": cny(900), "cap": cny(9000), "actions_per_thousand_views": 0}, [9000, 9000, 9000]),
        # A share of sales has no headline; an old one without a cap has no upper end.
        (CASES[7][0], [700]),
        ({"model": "commission", "basis_points": 1500, "actions_per_thousand_views": 0}, [INF]),
    ],
)
def test_the_most_that_each_option_can_cost(price: dict[str, Any], costs: list[float]) -> None:
    assert option_costs(price, OPTIONS, ONE, product_value_minor=PRODUCT_VALUE) == costs


@pytest.mark.parametrize(
    ("price", "sure"),
    [(CASES[0][0], 500), (CASES[3][0], 7), (CASES[5][0], 0), (CASES[6][0], 0), (CASES[7][0], 8), (CASES[8][0], 60)],
)
def test_what_is_paid_at_the_least(price: dict[str, Any], sure: int) -> None:
    assert sure_minor(price) == sure


def test_every_model_but_commission_has_an_amount_that_options_replace() -> None:
    assert set(HEADLINE) == set(PricingModel) - {PricingModel.COMMISSION}


# Sources: RFC 8785, section 3.2.2 (the example's numbers and text) and appendix B.
RFC = [
    (333333333.33333329, "333333333.3333333"),
    (1e30, "1e+30"),
    (4.50, "4.5"),
    (2e-3, "0.002"),
    (0.000000000000000000000000001, "1e-27"),
    (0.0, "0"),
    (-0.0, "0"),
    (5e-324, "5e-324"),
    (1e21, "1e+21"),
    (9.999999999999997e22, "9.999999999999997e+22"),
    (999999999999999900000.0, "999999999999999900000"),
    (1e-06, "0.000001"),
    (1e-07, "1e-7"),
    (9.999999999999997e-7, "9.999999999999997e-7"),
    (55.0, "55"),
    (-2.5, "-2.5"),
    (295147905179352830000.0, "295147905179352830000"),
    ([None, True, False], "[null,true,false]"),
    ({"b": 1, "a": {"d": [], "c": '€$\x0f\nA\'B"\\"/'}}, '{"a":{"c":"€$\\u000f\\nA\'B\\"\\\\\\"/","d":[]},"b":1}'),
]


@pytest.mark.parametrize(("value", "text"), RFC)
def test_json_is_written_as_rfc_8785_says(value: Any, text: str) -> None:
    assert canonical(value) == text


# Computed by the version that sealed the first bids, before a package wrote the JSON.
OFFER = {
    "brief_id": "brf_01",
    "number": 3,
    "price": {"model": "cpm", "rate": {"amount": 10**12, "currency": "CNY"}, "cap": None},
    "plan": [
        {
            "start_s": 0.1,
            "seconds": 12.0,
            "share": 1e-07,
            "far": 1e16,
            "further": 1e21,
            "near": 1.5e-05,
            "negative": -0.0,
        }
    ],
    "message": '植入《长歌》 \U0001f600 \u007f \u2028 \x1f\n"\\/',
    "answers": [True, False, None, ""],
    "exact": 2**53 - 1,
    "least": -(2**53) + 1,
}


def test_stored_commitments_keep_their_bytes() -> None:
    assert seal(OFFER, "00" * 32) == "dbf0270236f5003c34e1c7d380e21c05a9b4fe825cf358db8cc0150c9e211049"


def test_names_are_sorted_by_utf_16_code_units() -> None:
    assert canonical({"\ue000": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ue000":1}'


@pytest.mark.parametrize("value", [2**53, -(2**53), float("nan"), float("inf"), {1}, {1: 2}, "\ud800"])
def test_what_json_cannot_say_exactly_is_refused(value: Any) -> None:
    with pytest.raises(CanonicalizationError):
        seal({"a": value}, "salt")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(value=JSON)
def test_canonical_json_says_the_same_and_is_its_own_canonical_form(value: Any) -> None:
    read = json.loads(canonical(value), parse_int=float)  # as other languages read numbers
    assert read == value
    assert canonical(read) == canonical(value)


def test_a_commitment_is_what_it_says() -> None:
    # printf '{"a":1}salt' | sha256sum
    known = "906a426d9f2a02eea5352a4fe98cffdfa27b34297e5277506cf07bb792b34f30"
    assert seal({"a": 1}, "salt") == known
    assert verify({"a": 1.0}, "salt", known)
    assert not verify({"a": 1}, "tlas", known)
