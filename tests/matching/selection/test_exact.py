"""The exact solver: the best set, proved, the same in whatever order, and told how far it came when it is stopped."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.matching.overlap import coverage
from marketplace.matching.selection.solver import exact, search
from marketplace.matching.selection.solver.problem import CannotKeep, SelectionProblem, keeps, prepare
from marketplace.matching.selection.solver.selection_market import SelectionLimits
from tests.matching.selection import markets


@settings(max_examples=40)
@given(st.integers(1, 11), st.integers(1, 5), st.integers(0, 10**6), st.data())
def test_the_best_set_of_a_small_market_is_found_within_the_gap(
    n: int, units: int, seed: int, data: st.DataObject
) -> None:
    market = markets.market(n, units, seed)
    try:
        problem = prepare(market, data.draw(markets.limits(market)))
    except CannotKeep:
        return
    sets = list(markets.every_set(problem))
    if not sets or not problem.value(sets[-1]):
        return
    truth = max(problem.value(members) for members in sets)
    # From the worst start there is, so that the solver has to find the way itself.
    start = min((members for members in sets if problem.value(members) > 0), key=problem.value)
    result = exact.solve(problem, start, gap=1e-4)
    assert keeps(problem, result.members)
    assert result.value == problem.value(result.members)
    assert result.bound >= truth * (1 - 1e-9)
    assert result.stopped in ("proved", "gap")
    assert result.value >= truth * (1 - 1.1e-4)


def problem_of(seed: int, n: int = 60, times: float = 5) -> SelectionProblem:
    market = markets.market(n, 16, seed, two_options=False)
    return prepare(market, SelectionLimits(budget=markets.budget(market, times)))


@pytest.mark.parametrize("seed", range(3))
def test_the_search_is_within_a_hundredth_of_what_is_proved(seed: int) -> None:
    problem = problem_of(seed)
    members = search.search(problem)
    result = exact.solve(problem, members, gap=1e-3)
    assert result.stopped in ("proved", "gap")
    assert result.bound <= result.value * (1 + 1e-3)
    assert problem.value(members) >= 0.99 * result.value


def test_the_same_problem_has_the_same_answer() -> None:
    problem = problem_of(5)
    first, second = (exact.solve(problem, search.greedy(problem), gap=1e-3) for _ in range(2))
    assert first == second


def test_a_proved_set_stays_when_a_bid_that_was_not_chosen_goes() -> None:
    """Of a proved set this holds by nature: whatever is left to choose from, nothing in it reaches more."""
    gone = 0
    for seed in range(3):
        market = markets.market(24, 8, seed, two_options=False)
        limits = SelectionLimits(budget=markets.budget(market, 4))
        problem = prepare(market, limits)
        best = exact.solve(problem, search.search(problem), gap=1e-6)
        if best.bound > best.value * (1 + 1e-6):
            continue
        chosen = frozenset(problem.rows[list(best.members)].tolist())
        for row in sorted(set(problem.rows.tolist()) - chosen)[::4]:
            barred = tuple("gone" if one == row else gate for one, gate in enumerate(market.barred))
            less = prepare(dataclasses.replace(market, barred=barred), limits)
            again = exact.solve(less, search.search(less), gap=1e-6)
            assert frozenset(less.rows[list(again.members)].tolist()) == chosen
            gone += 1
    assert gone >= 5


def test_progress_is_told_and_a_refusal_stops_it() -> None:
    market = markets.market(400, 120, 3, shape=0.5)
    problem = prepare(market, SelectionLimits(budget=markets.budget(market, 20)))
    start = search.greedy(problem)
    reports: list[tuple[float, float, float]] = []

    def stop(seconds: float, bound: float, value: float) -> bool:
        reports.append((seconds, bound, value))
        return False

    result = exact.solve(problem, start, gap=0.0, time_limit_s=30, progress=stop)
    assert result.stopped == "cancelled"
    assert len(reports) == 1
    assert reports[0][1] >= reports[0][2] > 0
    assert result.bound >= result.value >= problem.value(start)


def test_time_is_kept_and_the_bound_still_holds() -> None:
    market = markets.market(400, 120, 3, shape=0.5)
    problem = prepare(market, SelectionLimits(budget=markets.budget(market, 20)))
    result = exact.solve(problem, search.greedy(problem), gap=0.0, time_limit_s=0.05)
    assert result.stopped == "time"
    assert np.isfinite(result.bound)
    proved = exact.solve(problem, search.search(problem), gap=1e-3)
    assert result.bound >= proved.value


def test_what_must_be_in_may_be_in_with_any_of_its_options() -> None:
    """The cheaper option reaches a tenth: a set with the dearer one is better, and "proved" says so of all options."""
    better = 0
    for seed in range(6):
        market = markets.market(12, 3, seed, barred=(None,) * 12)
        rates = market.rates.copy()
        cheap = 2 if market.prices[2] < market.prices[3] else 3
        rates[cheap] /= 10
        market = dataclasses.replace(market, rates=rates)
        limits = SelectionLimits(budget=markets.budget(market, 5), must=frozenset({2}))
        problem = prepare(market, limits)
        truth = markets.best(problem)
        assert truth is not None
        result = exact.solve(problem, search.search(problem))
        assert (result.stopped, result.value) == ("proved", pytest.approx(truth[1], rel=1e-12))
        chosen = search.choose(market, limits)
        assert chosen.value == pytest.approx(truth[1], rel=1e-12)
        better += cheap not in chosen.options
    assert better >= 4


def test_units_that_are_nearly_full_do_not_keep_small_markets_from_a_proof() -> None:
    for seed in range(4):
        market = markets.market(14, 3, seed, shape=0.25, barred=(None,) * 14)
        full = coverage.rates(np.full(market.rates.shape, 0.999) * (market.rates > 0), market.units.shapes)
        problem = prepare(dataclasses.replace(market, rates=full), SelectionLimits(budget=markets.budget(market, 4)))
        result = exact.solve(problem, search.greedy(problem), gap=0.0, time_limit_s=30)
        assert (result.stopped, result.bound) == ("proved", result.value)


def test_a_limit_on_contacts_that_only_the_empty_set_keeps_is_proved_at_once() -> None:
    market = markets.market(60, 8, 2, contacts=np.full(60, 1e12))
    problem = prepare(market, SelectionLimits(budget=markets.budget(market, 6), contacts_per_person=1.5))
    result = exact.solve(problem, ())
    assert (result.members, result.value, result.bound, result.stopped) == ((), 0.0, 0.0, "proved")
