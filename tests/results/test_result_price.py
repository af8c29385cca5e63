"""What a video is paid by its model and its figures: exact, never above the cap, never below the floor."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.deals.terms.terms_document import own_prices, total_minor
from marketplace.deliverables.results.models import ResultMeasure
from marketplace.deliverables.results.result_price import FinalFigures, due_price, measure_of
from marketplace.payments.payment_shares import shares_of
from tests.make.briefs import cny

RIGHTS: dict[str, Any] = dict.fromkeys(("usage", "whitelisting", "raw_files", "exclusivity", "likeness_for_ai"))
CPM = {"model": "cpm", "rate": cny(5_000), "floor": cny(100_000), "cap": cny(1_000_000)}


def terms(pricing: dict[str, Any], prices: list[int], **more: Any) -> dict[str, Any]:
    lines = [{"position": place, "price_minor": price} for place, price in enumerate(prices, start=1)]
    return {
        "pricing": pricing,
        "deliverables": lines,
        "price_minor": sum(prices),
        "rights": RIGHTS,
        "extras": [],
    } | more


def due(content: dict[str, Any], position: int = 1, **figures: int) -> int:
    return due_price(content, position, FinalFigures(**figures)).due_minor


@pytest.mark.parametrize(
    ("views", "expected"),
    [(0, 100_000), (19_999, 100_000), (20_000, 100_000), (20_001, 100_005), (123_457, 617_285), (10**9, 1_000_000)],
)
def test_a_price_by_the_thousand_lies_between_floor_and_cap(views: int, expected: int) -> None:
    assert due(terms(CPM, [1_000_000]), views=views) == expected


def test_shares_of_a_unit_are_cut_off() -> None:
    assert due(terms({**CPM, "rate": cny(1), "floor": None}, [1_000_000]), views=1_999) == 1


def test_a_price_by_the_view_by_orders_and_by_sales() -> None:
    cpv = {"model": "cpv", "rate": cny(3), "cap": cny(50_000)}
    assert [due(terms(cpv, [50_000]), views=views) for views in (0, 1_000, 20_000)] == [0, 3_000, 50_000]
    cpa = {"model": "cpa", "rate": cny(700), "cap": cny(50_000)}
    assert [due(terms(cpa, [50_000]), actions=orders) for orders in (0, 10, 100)] == [0, 7_000, 50_000]
    share = {"model": "commission", "basis_points": 1_250, "cap": cny(50_000), "minimum": cny(2_000)}
    assert [due(terms(share, [50_000]), sales_minor=sales) for sales in (0, 100_007, 9_999_999)] == [
        2_000,
        12_500,
        50_000,
    ]


def test_a_hybrid_price_is_its_fixed_part_and_what_the_rest_comes_to() -> None:
    share = {"model": "commission", "basis_points": 1_000, "cap": cny(30_000)}
    content = terms({"model": "hybrid", "fixed": cny(20_000), "variable": share}, [50_000])
    assert [due(content, sales_minor=sales) for sales in (0, 100_000, 10**9)] == [20_000, 30_000, 50_000]
    assert measure_of(content) == ResultMeasure.ORDERS


def test_a_flat_price_and_goods_follow_nothing() -> None:
    for pricing in ({"model": "flat", "amount": cny(5)}, {"model": "barter", "value": cny(9)}):
        content = terms(pricing, [5])
        assert (measure_of(content), due(content)) == (None, 5)


def test_rights_and_extras_are_due_whatever_comes_of_it() -> None:
    rights = {**RIGHTS, "usage": {"price_minor": 200_000}}
    extras = [{"name": "花絮", "price_minor": 30_000, "deliverable": 1}]
    content = terms(CPM, [1_200_000], rights=rights, extras=extras)
    assert due(content) == 200_000 + 100_000 + 30_000
    assert due(content, views=10**9) == 1_230_000


def test_a_counter_that_lowered_the_price_lowered_the_cap() -> None:
    content = terms(CPM, [60_000])
    assert [due(content, views=views) for views in (0, 10**9)] == [60_000, 60_000]


amounts = st.integers(0, 10**7)


@st.composite
def deals(draw: Any) -> dict[str, Any]:
    """Terms of some videos by some model, at or below the price of the sealed bid, with rights and extras."""
    cap, floor, fixed, right = draw(amounts), draw(amounts), draw(amounts), draw(amounts)
    model = draw(st.sampled_from(["cpm", "cpv", "cpa", "commission"]))
    part: dict[str, Any] = {"model": model, "cap": cny(max(cap, floor))}
    part |= {"basis_points": draw(st.integers(1, 10_000))} if model == "commission" else {"rate": cny(draw(amounts))}
    if model in ("cpm", "commission"):
        part["floor" if model == "cpm" else "minimum"] = cny(floor)
    is_hybrid = draw(st.booleans())
    pricing = {"model": "hybrid", "fixed": cny(fixed), "variable": part} if is_hybrid else part
    sealed = max(cap, floor) + (fixed if is_hybrid else 0) + right
    price, count = draw(st.integers(0, sealed)), draw(st.integers(1, 6))
    weights = draw(st.lists(st.integers(0, 5), min_size=count, max_size=count))
    prices = own_prices(price, count)
    if sum(weights):
        cut = [price * weight // sum(weights) for weight in weights]
        prices = [cut[0] + price - sum(cut), *cut[1:]]
    extra = draw(st.integers(1, 10**6))
    extras = [{"name": "x", "price_minor": extra, "deliverable": draw(st.integers(1, count))}] if extra % 2 else []
    return terms(pricing, prices, rights={**RIGHTS, "usage": {"price_minor": right}}, extras=extras)


@given(deals(), st.lists(st.integers(0, 10**8), min_size=6, max_size=6))
def test_of_any_deal_the_parts_sum_and_stay_between_what_is_sure_and_the_cap(
    content: dict[str, Any], came: list[int]
) -> None:
    pricing = content["pricing"]
    part = pricing["variable"] if pricing["model"] == "hybrid" else pricing
    rights = content["rights"]["usage"]["price_minor"]
    sure = rights + (pricing["fixed"]["amount_minor"] if pricing["model"] == "hybrid" else 0)
    least_of_part = (part.get("floor") or part.get("minimum") or cny(0))["amount_minor"]
    extras = sum(extra["price_minor"] for extra in content["extras"])
    found = [
        due_price(
            content, line["position"], FinalFigures(views=came[place], actions=came[place], sales_minor=came[place])
        )
        for place, line in enumerate(content["deliverables"])
    ]
    assert all(0 <= one.least_minor <= one.due_minor <= one.most_minor for one in found)
    assert sum(one.most_minor for one in found) == total_minor(content)
    least = min(sure + least_of_part, content["price_minor"]) + extras
    assert sum(one.least_minor for one in found) == least
    assert sum(one.extras_minor for one in found) == extras
    for one in found:  # what is due and what goes back is the payment, to the fen
        shares = shares_of(
            one.most_minor, due_minor=one.due_minor, fee_basis_points=500, agency_share_basis_points=3_000
        )
        assert sum((shares.maker_minor, shares.agency_minor, shares.fee_minor)) == one.due_minor
        assert one.due_minor + shares.returned_minor == one.most_minor


@given(deals(), st.integers(0, 10**8), st.integers(0, 10**8))
def test_more_views_or_sales_never_pay_less(content: dict[str, Any], few: int, more: int) -> None:
    less, larger = sorted((few, more))
    assert due(content, views=less, actions=less, sales_minor=less) <= due(
        content, views=larger, actions=larger, sales_minor=larger
    )
