"""The exact solver: the best set, proved, the same in whatever order, and told how far it came when it is stopped."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.matching.selection.solver import exact, search
from marketplace.matching.selection.solver.problem import CannotKeep, SelectionProblem, keeps, prepare
from marketplace.matching.selection.solver.selection_market import SelectionLimits
from tests.matching.selection import markets


@settings(max_examples=40)
@given(st.integers(1, 11), st.integers(1, 5), st.integers(0, 10**6), st.data())
def test_the_best_set_of_a_small_market_is_found_within_the_gap(
    n: int, units: int, seed: int, data: st.DataObject
) -> None:
    made = markets.market(n, units, seed)
    try:
        problem = prepare(made, data.draw(markets.limits(made)))
    except CannotKeep:
        return
    sets = list(markets.every_set(problem))
    if not sets or not problem.value(sets[-1]):
        return
    truth = max(problem.value(members) for members in sets)
    # From the worst start there is, so that the solver has to find the way itself.
    start = min((members for members in sets if problem.value(members) > 0), key=problem.value)
    found = exact.solve(problem, start, gap=1e-4)
    assert keeps(problem, found.members)
    assert found.value == problem.value(found.members)
    assert found.bound >= truth * (1 - 1e-9)
    assert found.stopped in ("proved", "gap")
    assert found.value >= truth * (1 - 1.1e-4)


def problem_of(seed: int, n: int = 60, times: float = 5) -> SelectionProblem:
    made = markets.market(n, 16, seed, two_options=False)
    return prepare(made, SelectionLimits(budget=markets.budget(made, times)))


@pytest.mark.parametrize("seed", range(3))
def test_the_search_is_within_a_hundredth_of_what_is_proved(seed: int) -> None:
    problem = problem_of(seed)
    members = search.search(problem)
    found = exact.solve(problem, members, gap=1e-3)
    assert found.stopped in ("proved", "gap")
    assert found.bound <= found.value * (1 + 1e-3)
    assert problem.value(members) >= 0.99 * found.value


def test_the_same_problem_has_the_same_answer() -> None:
    problem = problem_of(5)
    first, second = (exact.solve(problem, search.greedy(problem), gap=1e-3) for _ in range(2))
    assert first == second


def test_a_proved_set_stays_when_a_bid_that_was_not_chosen_goes() -> None:
    """Of a proved set this holds by nature: whatever is left to choose from, nothing in it reaches more."""
    gone = 0
    for seed in range(3):
        made = markets.market(24, 8, seed, two_options=False)
        limits = SelectionLimits(budget=markets.budget(made, 4))
        problem = prepare(made, limits)
        best = exact.solve(problem, search.search(problem), gap=1e-6)
        if best.bound > best.value * (1 + 1e-6):
            continue
        chosen = frozenset(problem.rows[list(best.members)].tolist())
        for row in sorted(set(problem.rows.tolist()) - chosen)[::4]:
            barred = tuple("gone" if one == row else gate for one, gate in enumerate(made.barred))
            less = prepare(dataclasses.replace(made, barred=barred), limits)
            again = exact.solve(less, search.search(less), gap=1e-6)
            assert frozenset(less.rows[list(again.members)].tolist()) == chosen
            gone += 1
    assert gone >= 5


def test_progress_is_told_and_a_refusal_stops_it() -> None:
    made = markets.market(400, 120, 3, shape=0.5)
    problem = prepare(made, SelectionLimits(budget=markets.budget(made, 8)))
    start = search.greedy(problem)
    told: list[tuple[float, float, float]] = []

    def stop(seconds: float, bound: float, value: float) -> bool:
        told.append((seconds, bound, value))
        return False

    found = exact.solve(problem, start, gap=0.0, time_limit_s=30, progress=stop)
    assert found.stopped == "cancelled"
    assert len(told) == 1
    assert told[0][1] >= told[0][2] > 0
    assert found.bound >= found.value >= problem.value(start)


def test_time_is_kept_and_the_bound_still_holds() -> None:
    made = markets.market(400, 120, 3, shape=0.5)
    problem = prepare(made, SelectionLimits(budget=markets.budget(made, 8)))
    found = exact.solve(problem, search.greedy(problem), gap=0.0, time_limit_s=0.05)
    assert found.stopped == "time"
    assert np.isfinite(found.bound)
    proved = exact.solve(problem, search.search(problem), gap=1e-3)
    assert found.bound >= proved.value
