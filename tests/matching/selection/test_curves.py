"""The curves rise: more money never reaches less, and more intrusiveness is only shown where it brings people."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from marketplace.matching.selection.solver import curves, search
from marketplace.matching.selection.solver.selection_market import SelectionLimits
from tests.matching.selection import markets


@pytest.mark.parametrize("seed", range(4))
def test_reach_rises_with_the_budget(seed: int) -> None:
    market = markets.market(40, 10, seed)
    limits = SelectionLimits(budget=markets.budget(market, 4), caps={"agency": 1})
    points = curves.budget_curve(market, limits)
    assert [point.factor for point in points] == list(curves.FACTORS)
    for before, after in pairwise(points):
        assert after.people >= before.people
    for point in points:
        assert point.spend <= point.budget == int(limits.budget * point.factor)
    now = next(point for point in points if point.factor == 1)
    assert now.people == pytest.approx(search.choose(market, limits).value, rel=0.01)


def test_the_sets_of_rising_budgets_grow_without_jumps() -> None:
    """With the work on deals counted, hardly any larger budget takes fewer bids, and then only a few."""
    falls = []
    for seed in range(4):
        market = markets.market(100, 8, seed, two_options=False)
        handling = int(np.median(market.prices) * 0.3)
        limits = SelectionLimits(budget=markets.budget(market, 15), handling=handling, smallest=3 * handling, share=0.6)
        points = curves.budget_curve(market, limits, factors=[step / 4 for step in range(1, 11)])
        falls += [len(before.options) - len(after.options) for before, after in pairwise(points)]
        assert [point.people for point in points] == sorted(point.people for point in points)
        for point in points:
            assert point.spend + handling * len(point.options) <= point.budget
    assert max(falls) <= 4
    assert sum(fall > 0 for fall in falls) <= len(falls) / 8


def test_the_number_of_bids_may_follow_the_budget() -> None:
    market = markets.market(60, 8, 3, two_options=False)
    limits = SelectionLimits(budget=markets.budget(market, 8), most=4)
    points = curves.budget_curve(
        market, limits, factors=(0.5, 1, 2), most_at=lambda budget: budget * 4 // limits.budget
    )
    assert [len(point.options) for point in points] == [2, 4, 8]


def test_budgets_that_cannot_keep_the_limits_have_no_point() -> None:
    market = markets.market(20, 6, 3, two_options=False)
    row = int(np.argsort(market.prices)[10])
    points = curves.budget_curve(
        market, SelectionLimits(budget=int(market.prices[row]), must=frozenset({int(market.bids[row])}))
    )
    assert points
    assert points[0].factor == 1


@pytest.mark.parametrize("seed", range(4))
def test_more_intrusiveness_is_shown_only_where_it_reaches_more(seed: int) -> None:
    market = markets.market(40, 10, seed)
    limits = SelectionLimits(budget=markets.budget(market, 4), intrusiveness=45.0)
    points = curves.frontier(market, limits)
    assert len(points) > 1
    for before, after in pairwise(points):
        assert after.people > before.people
        assert after.intrusiveness > before.intrusiveness
    assert points[-1].intrusiveness <= 45


def test_without_known_intrusiveness_there_is_no_frontier() -> None:
    market = markets.market(12, 4, 1)
    unknown = dataclasses.replace(market, intrusiveness=np.full(12, np.nan))
    assert curves.frontier(unknown, SelectionLimits(budget=markets.budget(market, 4))) == ()
