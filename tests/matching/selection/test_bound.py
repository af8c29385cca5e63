"""The bound lies above every set at every step, and is tight where it can be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.matching.selection.solver import bound, search
from marketplace.matching.selection.solver.problem import CannotKeep, SelectionProblem, prepare
from marketplace.matching.selection.solver.selection_market import SelectionLimits
from tests.matching.selection import markets


def small(data: st.DataObject) -> SelectionProblem | None:
    market = markets.market(
        data.draw(st.integers(1, 10)), data.draw(st.integers(1, 5)), data.draw(st.integers(0, 10**6))
    )
    try:
        return prepare(market, data.draw(markets.limits(market)))
    except CannotKeep:
        return None


@settings(max_examples=60)
@given(st.data(), st.integers(1, 6))
def test_every_step_bounds_every_set(data: st.DataObject, steps: int) -> None:
    problem = small(data)
    truth = problem and markets.best(problem)
    if not problem or not truth:
        return
    for start in (problem.must, truth[0]):
        assert bound.upper(problem, start, steps) >= truth[1]


@settings(max_examples=40)
@given(st.data())
def test_more_steps_never_loosen_the_bound(data: st.DataObject) -> None:
    problem = small(data)
    if problem is None or not len(problem):
        return
    bounds = [bound.best_tangent(problem, problem.must, steps).most for steps in (1, 3, 10, 40)]
    assert bounds == sorted(bounds, reverse=True)


@settings(max_examples=40)
@given(st.integers(1, 25), st.integers(0, 10**6), st.floats(0.4, 4))
def test_one_creator_never_counts_twice_in_the_bound(n: int, seed: int, times: float) -> None:
    """All bids are one creator's: the best set is the best single one, and the relaxation may only mix them."""
    market = markets.market(n, 3, seed, creators=np.zeros(n, dtype=np.int64), bids=np.arange(n), barred=(None,) * n)
    problem = prepare(market, SelectionLimits(budget=int(np.max(market.prices) * times)))
    if not len(problem):
        return
    best = float(np.max(problem.alone))
    mixed = float(np.sum(np.max(problem.rates, axis=0) * problem.units.weights))
    assert best <= bound.upper(problem, problem.must) <= mixed * (1 + 1e-6)


def test_a_budget_for_all_is_bounded_by_all() -> None:
    market = markets.market(20, 6, 4, two_options=False, creators=np.arange(20))
    problem = prepare(market, SelectionLimits(budget=int(np.sum(market.prices))))
    every = tuple(range(len(problem)))
    assert bound.upper(problem, every) == pytest.approx(problem.value(every), rel=1e-6)


@pytest.mark.parametrize("most", [1, 3, 6])
def test_a_limit_on_the_number_tightens_the_bound(most: int) -> None:
    market = markets.market(60, 12, 8)
    loose = search.choose(market, SelectionLimits(budget=int(np.sum(market.prices))))
    tight = search.choose(market, SelectionLimits(budget=int(np.sum(market.prices)), most=most))
    assert tight.value <= tight.bound < loose.value


@pytest.mark.parametrize("seed", range(4))
def test_where_many_bids_fit_the_bound_is_near(seed: int) -> None:
    market = markets.market(200, 20, seed)
    assert search.choose(market, SelectionLimits(budget=markets.budget(market, 30))).certificate > 0.96


def test_where_every_creator_has_to_be_in_nothing_is_left_to_choose() -> None:
    market = markets.market(1, 4, 3, barred=(None,))
    chosen = search.choose(market, SelectionLimits(budget=int(market.prices[0]), must=frozenset({0})))
    assert (chosen.options, chosen.certificate) == ((0,), pytest.approx(1.0))
    problem = prepare(market, SelectionLimits(budget=int(market.prices[0]), must=frozenset({0})))
    assert bound.hopeful(problem, problem.must).tolist() == [0]
