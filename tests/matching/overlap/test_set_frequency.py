"""Reach and frequency of a set, against counting made-up people one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.matching.audience.arrays import Floats
from marketplace.matching.overlap import coverage, panel, set_frequency
from marketplace.matching.overlap.coverage import PeopleUnits

SHAPES = (0.25, 0.5, 1.0, 2.5)


@st.composite
def sets(draw: st.DrawFn) -> tuple[Floats, PeopleUnits]:
    n, count, seed = draw(st.integers(1, 8)), draw(st.integers(1, 5)), draw(st.integers(0, 10**6))
    rng = np.random.default_rng(seed)
    units = PeopleUnits(rng.uniform(1e3, 1e6, count), rng.choice(SHAPES, count))
    return coverage.rates(rng.uniform(0, 0.6, (n, count)), units.shapes), units


@settings(max_examples=60)
@given(sets())
def test_reach_lies_between_the_largest_and_the_sum(case: tuple[Floats, PeopleUnits]) -> None:
    rates, units = case
    shares = coverage.reached(rates, units.shapes)
    one = set_frequency.at_least_once(rates, units)
    assert one >= float(np.sum(units.weights * np.max(shares, axis=0))) - 1e-6
    assert (
        one
        <= set_frequency.independent(shares, units.weights) + 1e-6
        <= set_frequency.summed(shares, units.weights) + 1e-5
    )
    found = set_frequency.frequency(rates, units, 5)
    assert np.all(np.diff(found) <= 1e-6)
    assert found[0] == one
    # Everybody counted as often as reached is the sum over all frequencies.
    every = set_frequency.frequency(rates, units, len(rates))
    assert float(np.sum(every)) == pytest.approx(set_frequency.summed(shares, units.weights), rel=2e-3)


@settings(max_examples=40)
@given(sets())
def test_twice_by_quadrature_is_twice_in_closed_form(case: tuple[Floats, PeopleUnits]) -> None:
    rates, units = case
    for shape in np.unique(units.shapes):
        here = units.shapes == shape
        found = set_frequency._by_quadrature(rates[:, here], units.weights[here], float(shape), 2)
        part = PeopleUnits(units.weights[here], units.shapes[here])
        whole = float(np.sum(part.weights))
        assert abs(found[0] - set_frequency.at_least_once(rates[:, here], part)) < 2e-4 * whole
        assert abs(found[1] - set_frequency.at_least_twice(rates[:, here], part)) < 2e-4 * whole


@pytest.mark.parametrize("shape", SHAPES)
def test_the_panel_counts_what_the_closed_form_says(shape: float) -> None:
    rng = np.random.default_rng(7)
    units = PeopleUnits(rng.uniform(1e3, 1e5, 40), np.full(40, shape))
    rates = coverage.rates(rng.uniform(0, 0.4, (9, 40)), units.shapes)
    drawn = panel.draw(rates, units, seed=3, persons=4_096)
    for at_least, wanted in enumerate(set_frequency.frequency(rates, units, 4), start=1):
        counted = panel.count(drawn, at_least)
        assert abs(counted.people - wanted) < 3.5 * counted.error
        assert counted.error < 0.004 * float(np.sum(units.weights))


def test_the_same_seed_draws_the_same_panel() -> None:
    units = PeopleUnits(np.array([10.0, 20.0]), np.array([0.5, 1.0]))
    rates = coverage.rates(np.array([[0.3, 0.1], [0.2, 0.5]]), units.shapes)
    assert np.array_equal(panel.draw(rates, units, 1).seen, panel.draw(rates, units, 1).seen)
    assert not np.array_equal(panel.draw(rates, units, 1).seen, panel.draw(rates, units, 2).seen)
    assert panel.count(panel.draw(rates[:0], units, 1)).people == 0


def test_without_end_the_shape_is_independence_and_at_one_it_is_goergs_curve() -> None:
    shares = np.array([[0.1, 0.4], [0.3, 0.2]])
    wide = PeopleUnits(np.array([1.0, 1.0]), np.full(2, 1e7))
    wanted = set_frequency.independent(shares, wide.weights)
    assert set_frequency.at_least_once(coverage.rates(shares, wide.shapes), wide) == pytest.approx(wanted, rel=1e-6)
    one = PeopleUnits(np.array([1.0]), np.array([1.0]))
    rates = coverage.rates(np.array([[0.25]]), one.shapes)
    # x / (x + rho) with rho = 1 reached share's own odds: doubling the rate of 1/3 gives 2/3 over 5/3.
    assert set_frequency.at_least_once(np.concatenate([rates, rates]), one) == pytest.approx(0.4)
