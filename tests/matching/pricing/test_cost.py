"""What a bid costs under each pricing model, and how it stands to others and to its own making."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.bids.pricing_models import PriceTerms, price_terms
from marketplace.matching.audience.arrays import Floats
from marketplace.matching.forecast.view_forecast import GRID_TAUS, ViewForecast, quantiles, stack
from marketplace.matching.pricing.cost import (
    by_prior_rates,
    cost_at,
    expected_cost,
    floor_check,
    largest_cost,
    per_thousand,
    percentiles,
    terms_from_rows,
)
from tests.make.briefs import cny

ONE = stack([ViewForecast(9.0, 0.8, 4.0, 8, 1.4, "history")])


def _terms(price: dict[str, Any], videos: int = 1, rows: int = 1) -> PriceTerms[Floats]:
    """Return one price as the terms of so many bids."""
    return terms_from_rows(np.array([price_terms(price, [{"kind": "video", "count": videos}])] * rows))


def _cost(price: dict[str, Any], forecasts=ONE):
    grid = quantiles(forecasts, GRID_TAUS)
    ends = quantiles(forecasts, [0.1, 0.9])
    return expected_cost(_terms(price, rows=len(forecasts)), grid, ends[:, 0], ends[:, 1])


def test_a_flat_price_costs_what_it_says_and_goods_what_the_brief_says() -> None:
    flat = _terms({"model": "flat", "amount": cny(250_000)})
    goods = terms_from_rows(np.array([price_terms({"model": "barter", "value": cny(1)}, [], 250_000)]))
    ends = quantiles(ONE, [0.1, 0.9])
    for terms in (flat, goods):
        cost = expected_cost(terms, quantiles(ONE, GRID_TAUS), ends[:, 0], ends[:, 1])
        assert cost.expected[0] == pytest.approx(250_000)
        assert (cost.low[0], cost.high[0], cost.known[0]) == (250_000, 250_000, True)


def test_a_price_by_views_follows_the_views_of_all_videos() -> None:
    views = np.array([[10_000.0]])
    assert cost_at(_terms({"model": "cpm", "rate": cny(4_600)}), views)[0, 0] == 46_000
    assert cost_at(_terms({"model": "cpv", "rate": cny(3)}, videos=2), views)[0, 0] == 60_000
    bounded = _terms({"model": "cpm", "rate": cny(4_600), "floor": cny(50_000), "cap": cny(60_000)}, videos=2)
    assert cost_at(bounded, np.array([[10.0, 6_000.0, 1e9]]))[0] == pytest.approx([50_000, 55_200, 60_000])


def test_floor_and_cap_are_averaged_over_the_views_and_not_taken_at_their_mean() -> None:
    price = {"model": "cpm", "rate": cny(5_000), "floor": cny(30_000), "cap": cny(60_000)}
    views = np.exp(9.0 + 0.8 * np.random.default_rng(2).standard_t(4.0, 2_000_000))
    drawn = np.clip(5 * views, 30_000, 60_000)
    cost = _cost(price)
    assert cost.expected[0] == pytest.approx(drawn.mean(), rel=2e-3)
    assert cost.low[0] == pytest.approx(np.quantile(drawn, 0.1), rel=0.01)
    assert cost.high[0] == 60_000
    at_the_mean = np.clip(5 * views.mean(), 30_000, 60_000)
    assert abs(at_the_mean - drawn.mean()) > 0.1 * drawn.mean()


def test_sales_count_at_the_verticals_rates_and_never_at_the_bidders() -> None:
    views = np.array([[10_000.0]])
    claims = (None, 0, 0.0001, 2.0, 1000.0)
    cpa = [
        _terms({"model": "cpa", "rate": cny(500), "cap": cny(9_000), "actions_per_thousand_views": claim})
        for claim in claims
    ]
    sold = [by_prior_rates(terms, np.array([500.0]), np.zeros(1), "food", "CNY") for terms in cpa]
    # 0.2 orders per 1,000 views, times 0.65 for food.
    assert [cost_at(terms, views)[0, 0] for terms in sold] == pytest.approx([10 * 0.2 * 0.65 * 500] * len(claims))
    share = {"model": "commission", "basis_points": 2_000, "cap": cny(10**9), "order_value": cny(1)}
    sold_share = by_prior_rates(_terms(share), np.zeros(1), np.array([0.2]), "food", "CNY")
    assert cost_at(sold_share, views)[0, 0] == pytest.approx(0.2 * 10 * 0.2 * 0.65 * 11_400)
    flat = _terms({"model": "flat", "amount": cny(7)})
    assert cost_at(by_prior_rates(flat, np.zeros(1), np.zeros(1), "food", "CNY"), views)[0, 0] == 7


def test_the_most_that_a_price_can_cost() -> None:
    prices: list[tuple[dict[str, Any], float]] = [
        ({"model": "flat", "amount": cny(7)}, 7),
        ({"model": "cpm", "rate": cny(4), "cap": cny(900)}, 900),
        ({"model": "cpa", "rate": cny(4), "cap": cny(900), "actions_per_thousand_views": 0}, 900),
        ({"model": "commission", "basis_points": 9}, np.inf),
        ({"model": "hybrid", "fixed": cny(5), "variable": {"model": "cpa", "rate": cny(4), "cap": cny(90)}}, 95),
    ]
    assert [largest_cost(_terms(price))[0] for price, _ in prices] == [most for _, most in prices]
    assert np.isnan(largest_cost(_terms({"model": "barter", "value": cny(1)}))[0])


def test_a_hybrid_is_its_fixed_part_and_its_variable_one() -> None:
    variable = {"model": "cpm", "rate": cny(1_000), "cap": cny(5_000)}
    terms = _terms({"model": "hybrid", "fixed": cny(20_000), "variable": variable})
    assert cost_at(terms, np.array([[2_000.0, 90_000.0]]))[0].tolist() == [22_000, 25_000]


def test_a_thousand_people() -> None:
    cost = np.array([50_000.0, 50_000.0, np.nan, 50_000.0])
    got = per_thousand(cost, np.array([10_000.0, 0.0, 10.0, np.nan]))
    assert got[:2].tolist() == [5_000, np.inf]
    assert np.isnan(got[2:]).all()


def test_a_percentile_needs_nine_others() -> None:
    nine = np.arange(1.0, 10.0)
    hidden, count = percentiles(nine)
    assert np.isnan(hidden).all()
    assert (count == 8).all()
    ten, count = percentiles(np.arange(1.0, 11.0))
    assert ten[[0, 9]].tolist() == [0, 100]
    assert (count == 9).all()


def test_percentiles_count_ties_half_and_leave_out_what_is_not_known() -> None:
    closed = np.array([1.0, 2, 3, 4, 5, 5, 7, 8, 9, 10, np.nan, np.inf])
    got, count = percentiles(np.array([5.0, 0.5, 99.0, np.nan]), closed)
    assert got[:3].tolist() == [50, 0, 100]
    assert np.isnan(got[3])
    assert (count == 10).all()


def test_the_floor_is_the_making_with_the_shares_of_others_on_top() -> None:
    check = floor_check(
        np.array([80_000.0, 80_000.0, np.nan]),
        np.array([2.0, 1.0, 1.0]),
        np.array([3_000.0, 0.0, 0.0]),
        np.array([1_000.0, 2_000.0, 0.0]),
        np.array([240_000.0, 120_000.0, 5.0]),
    )
    assert check.floor[:2] == pytest.approx([160_000 / 0.6, 100_000])
    assert check.margin[:2] == pytest.approx([-0.1, 0.2])
    assert np.isnan(check.margin[2])
    assert check.under.tolist() == [True, False, False]
    with pytest.raises(ValueError, match="nothing"):
        floor_check(np.ones(1), np.ones(1), np.array([9_000.0]), np.array([1_000.0]), np.ones(1))


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 10**6),
    st.floats(0.01, 1e5),
    st.integers(0, 10**6),
    st.integers(0, 10**7),
    st.floats(-1, 1),
    st.floats(0.05, 1.5),
)
def test_cost_rises_with_views_cost_a_head_falls_and_ends_hold_the_middle(
    fixed, rate, floor, room, shift, scale
) -> None:
    variable = {"model": "cpm", "rate": {"amount_minor": rate}, "floor": cny(floor), "cap": cny(floor + room)}
    price = {"model": "hybrid", "fixed": cny(fixed), "variable": variable}
    views = np.exp(np.linspace(0, 15, 40))[None, :]
    cost = cost_at(_terms(price), views)[0]
    assert (np.diff(cost) >= 0).all()
    assert (np.diff(cost / views[0]) <= 1e-9 * (cost / views[0])[:-1]).all()
    got = _cost(price, stack([ViewForecast(9 + shift, scale, 5.0, 8, 1.4, "history")]))
    assert fixed + floor - 1e-6 <= got.low[0] <= got.high[0] <= fixed + floor + room + 1e-6
    assert fixed + floor <= got.expected[0] * (1 + 1e-9)
    assert got.expected[0] <= (fixed + floor + room) * (1 + 1e-9)
