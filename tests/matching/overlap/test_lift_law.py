"""The union from one lift: its bounds, what it becomes at the ends, and that adding anybody never takes people away."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.matching.audience.arrays import Floats
from marketplace.matching.overlap import coverage, lift_law

LIFTS = (0.0, 0.3, 1.0, 1.5, 4.0, 16.0, 300.0, 1e6, 1e9)
SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def column(shares: list[float]) -> Floats:
    return np.array(shares)[:, None]


@given(SHARES, st.sampled_from(LIFTS))
def test_a_union_lies_between_its_largest_member_and_the_sum_and_within_the_people(
    shares: list[float], lift: float
) -> None:
    [union] = lift_law.union(column(shares), lift)
    assert max(shares) * (1 - 1e-11) <= union <= min(1.0, sum(shares))


@given(SHARES, st.floats(0, 1), st.floats(0, 1), st.sampled_from(LIFTS))
def test_whoever_joins_takes_nobody_away_and_adds_no_more_to_more(
    shares: list[float], new: float, other: float, lift: float
) -> None:
    def union(*more: float) -> float:
        return float(lift_law.union(column([*shares, *more]), lift)[0])

    assert union(new) >= union() - 1e-9
    assert union(other, new) - union(other) <= union(new) - union() + 1e-9


@given(st.lists(st.floats(0.001, 0.9), min_size=2, max_size=8))
def test_more_lift_is_a_smaller_union_from_the_sum_to_the_largest(shares: list[float]) -> None:
    unions = [float(lift_law.union(column(shares), lift)[0]) for lift in LIFTS]
    assert np.all(np.diff(unions) <= 1e-12)
    assert unions[0] == pytest.approx(min(1.0, sum(shares)))
    assert unions[-1] == pytest.approx(max(shares), rel=1e-4)
    assert unions[LIFTS.index(1.0)] == pytest.approx(1 - np.prod(1 - np.array(shares)), rel=1e-6)


@given(st.lists(st.floats(1e-9, 0.9), min_size=1, max_size=8), st.sampled_from([1.5, 4.0, 16.0]))
def test_it_is_the_union_of_coverage_where_that_has_digits(shares: list[float], lift: float) -> None:
    shapes = np.array([1 / (lift - 1)])
    known = coverage.reached(np.sum(coverage.rates(column(shares), shapes), axis=0), shapes)
    assert lift_law.union(column(shares), lift) == pytest.approx(known, rel=1e-6, abs=1e-15)


@pytest.mark.parametrize("lift", [0.0, 0.5, 1.0, 4.0, 300.0])
def test_small_audiences_share_lift_times_as_many_as_by_chance(lift: float) -> None:
    both = lift_law.common(np.array([2e-5]), np.array([3e-5]), lift)
    assert both == pytest.approx(lift * 2e-5 * 3e-5, rel=0.02, abs=1e-18)


def test_each_cell_may_have_its_own_lift() -> None:
    shares = np.full((3, 2), 0.2)
    apart = [float(lift_law.union(shares[:, :1], lift)[0]) for lift in (0.5, 8.0)]
    assert lift_law.union(shares, np.array([0.5, 8.0])).tolist() == apart


def test_the_union_of_nobody_is_nobody() -> None:
    assert lift_law.union(np.zeros((0, 3)), 4.0).tolist() == [0.0, 0.0, 0.0]


@given(st.floats(0.01, 1e6))
def test_the_lift_that_made_a_number_is_found(lift: float) -> None:
    one, other = np.array([1e-7]), np.array([4e-7])
    wanted = float(lift_law.common(one, other, lift)[0])
    found = lift_law.solve(lambda trial: float(lift_law.common(one, other, trial)[0]), wanted)
    assert found == pytest.approx(lift, rel=1e-3)
    assert lift_law.solve(lambda trial: trial, -1.0) == lift_law.LIFT_LEAST
