"""Why a bid is out, and the price that would have won: checked by choosing again at that price."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.matching.selection.solver import exchange, explain, search
from marketplace.matching.selection.solver.problem import CannotKeep, keeps, prepare
from marketplace.matching.selection.solver.selection_market import SelectionLimits, SelectionMarket
from tests.matching.selection import markets


def priced(made: SelectionMarket, row: int, price: int) -> SelectionMarket:
    prices = made.prices.copy()
    prices[row] = price
    return dataclasses.replace(made, prices=prices)


def bettered(made: SelectionMarket, limits: SelectionLimits, options: tuple[int, ...], row: int) -> bool:
    """Return whether an exchange that brings the row in reaches more than the options, by trying every one."""
    problem = prepare(made, limits)
    place = {one: number for number, one in enumerate(problem.rows.tolist())}
    if row not in place:
        return False
    members = tuple(sorted(place[one] for one in options))
    gaps = exchange.gaps(problem, members)
    sets = (tuple(sorted({*members, place[row]} - set(out))) for out in gaps.removed)
    return any(keeps(problem, one) and problem.value(one) > problem.value(members) * (1 + 1e-12) for one in sets)


@settings(max_examples=60)
@given(st.integers(2, 14), st.integers(1, 6), st.integers(0, 10**6), st.data())
def test_the_price_that_would_have_won_is_exact_to_one_minor_unit(
    n: int, units: int, seed: int, data: st.DataObject
) -> None:
    made = markets.market(n, units, seed)
    limits = data.draw(markets.limits(made))
    try:
        found = search.choose(made, limits)
    except CannotKeep:
        return
    for line in explain.explain(made, limits, found.options):
        if int(made.bids[line.row]) in limits.must:
            continue
        if line.wins_at is None:
            assert not bettered(priced(made, line.row, 0), limits, found.options, line.row)
            continue
        assert 0 <= line.wins_at < made.prices[line.row]
        assert bettered(priced(made, line.row, line.wins_at), limits, found.options, line.row)
        assert not bettered(priced(made, line.row, line.wins_at + 1), limits, found.options, line.row)


@pytest.mark.parametrize("seed", range(3))
def test_choosing_again_at_that_price_reaches_more(seed: int) -> None:
    made = markets.market(40, 10, seed)
    limits = SelectionLimits(budget=markets.budget(made, 5))
    found = search.choose(made, limits)
    lines = [line for line in explain.explain(made, limits, found.options) if line.wins_at is not None]
    assert len(lines) > 5
    for line in lines[::4]:
        again = search.choose(priced(made, line.row, line.wins_at or 0), limits, also=found.options)
        assert again.value > found.value


def test_every_row_is_chosen_or_has_one_reason() -> None:
    made = markets.market(40, 10, 2)
    limits = SelectionLimits(
        budget=markets.budget(made, 4),
        most=4,
        caps={"agency": 1},
        never=frozenset({8}),
        intrusiveness=50.0,
        ad_load=0.45,
    )
    found = search.choose(made, limits)
    lines = explain.explain(made, limits, found.options)
    assert sorted([*found.options, *(line.row for line in lines)]) == list(range(40))
    reasons = {line.row: line.reason for line in lines}
    for row, reason in reasons.items():
        if made.barred[row]:
            assert reason == made.barred[row]
        elif made.bids[row] == 8:
            assert reason == "never"
        elif made.prices[row] > limits.budget:
            assert reason == "over_budget"
        elif np.isnan(made.intrusiveness[row]):
            assert reason == "unknown_intrusiveness"
        elif made.intrusiveness[row] > 50:
            assert reason == "over_intrusiveness"
    assert {"over_intrusiveness", "unknown_intrusiveness", "never", "over_ad_load"} <= set(reasons.values())
    assert all(line.wins_at is None for line in lines if line.reason.startswith(("over_in", "over_ad", "never")))
    assert all(line.numbers == {"limit": 50.0} for line in lines if line.reason == "over_intrusiveness")


def test_an_option_dearer_than_the_budget_has_its_price_too() -> None:
    made = markets.market(20, 6, 9, two_options=False, barred=(None,) * 20)
    dearest = int(np.argmax(np.sum(made.rates, axis=1)))
    limits = SelectionLimits(budget=markets.budget(made, 4))
    dear = priced(made, dearest, limits.budget * 10)
    found = search.choose(dear, limits)
    line = next(one for one in explain.explain(dear, limits, found.options) if one.row == dearest)
    assert (line.reason, line.numbers) == ("over_budget", {"budget": limits.budget})
    assert line.wins_at is not None
    assert search.choose(priced(dear, dearest, line.wins_at), limits, also=found.options).value > found.value


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"caps": {"platform": 1}}, "platform_full"),
        ({"most": 2}, "set_full"),
        ({"contacts_per_person": 1.02}, "contacts"),
        ({}, "others_bring_more"),
    ],
)
def test_the_limit_that_stands_in_the_way_is_named(limits: dict[str, object], reason: str) -> None:
    made = markets.market(24, 8, 4, two_options=False)
    plenty = int(np.sum(made.prices)) if limits else markets.budget(made, 3)
    asked = SelectionLimits(budget=plenty, **limits)  # type: ignore[arg-type]
    if reason == "contacts":
        made = dataclasses.replace(made, contacts=made.contacts * 0.8)
    found = search.choose(made, asked)
    assert reason in {line.reason for line in explain.explain(made, asked, found.options)}


def test_what_a_chosen_bid_adds_is_what_the_set_loses_without_it() -> None:
    made = markets.market(30, 8, 6)
    limits = SelectionLimits(budget=markets.budget(made, 5))
    found = search.choose(made, limits)
    parts = explain.parts(made, limits, found.options)
    problem = prepare(made, limits)
    place = {row: number for number, row in enumerate(problem.rows.tolist())}
    assert tuple(part.row for part in parts) == found.options
    for part in parts:
        rest = [place[row] for row in found.options if row != part.row]
        assert part.people == found.value - problem.value(rest)
        assert part.price_per_thousand == pytest.approx(1000 * made.prices[part.row] / part.people)
    # Together they add less than the whole: some people see more than one.
    assert sum(part.people for part in parts) <= found.value


def test_the_picks_add_up_to_the_whole() -> None:
    made = markets.market(40, 8, 7)
    found = search.choose(made, SelectionLimits(budget=markets.budget(made, 6), must=frozenset({4})))
    assert {pick.row for pick in found.picks} == set(found.options)
    assert made.bids[found.picks[0].row] == 4
    assert found.picks[-1].people == found.value
    assert sum(pick.gain for pick in found.picks) == pytest.approx(found.value)
    ratios = [pick.gain / made.prices[pick.row] for pick in found.picks[1:]]
    assert ratios == sorted(ratios, reverse=True)
