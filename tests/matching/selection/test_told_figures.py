"""What is told of a set is the same wherever it is told, no more than its members together, and no finer than known."""

import dataclasses

import numpy as np
import pytest

from marketplace.matching.selection import outcome
from marketplace.matching.selection.solver.selection_market import SelectionLimits
from marketplace.matching.selection.telling.set_reach import ToldReach, describe
from tests.matching.selection import make


@pytest.mark.parametrize("seed", range(6))
def test_no_set_reaches_more_than_its_members_do_together(seed: int) -> None:
    inputs = make.some(12, 8, seed, options=1)
    for bids in ([0], [3, 1], [0, 2, 4, 6], list(range(12))):
        told = ToldReach(inputs, bids)
        union, summed = told.samples()
        assert np.all(union <= summed * (1 + 1e-9))
        values = describe(inputs, told, told.union.people / 9)
        assert values["point"] <= values["point_summed"]
        assert values["careful"] <= values["summed"] * (1 + 1e-9)
        assert f"{values['point_summed']:,.0f}" in values["en"]
        assert f"{values['point_summed']:,.0f}" in values["zh"]


def test_a_channel_draws_the_same_in_every_set_and_in_any_order() -> None:
    inputs = make.some(12, 8, 3, options=1)
    one, other = (describe(inputs, ToldReach(inputs, bids), 1.0) for bids in ([1, 5, 7], [7, 1, 5]))
    assert (one["point"], one["low"]) == (other["point"], other["low"])
    small, large = (ToldReach(inputs, bids).samples()[1] for bids in ([5], [5, 0]))
    alone = ToldReach(inputs, [0]).samples()[1]
    assert large == pytest.approx(small + alone)


def test_as_many_digits_are_told_as_the_draws_allow() -> None:
    inputs = make.some(12, 8, 4, options=1)
    wide = dataclasses.replace(inputs, spread=inputs.spread**3)
    for some in (inputs, wide):
        values = describe(some, ToldReach(some, [0, 1, 2, 3]), 1.0)
        for name in ("low", "point", "high"):
            digits = f"{values[name]:.0f}".rstrip("0")
            assert len(digits) <= 4, name
        assert values["low"] <= values["point"] <= values["high"]


def test_people_and_per_cent_of_a_costly_limit_are_of_one_quantity() -> None:
    found = 0
    for seed in range(4):
        inputs = make.some(30, 8, seed, options=1)
        limits = SelectionLimits(budget=int(inputs.options.prices.sum() / 3), most=4)
        result = outcome.describe(inputs, limits, outcome.search(inputs, limits), choices=4)
        for line in result["costly"]:
            found += 1
            more = line["effective"] / result["reach"]["effective"] - 1
            assert line["percent_more"] == pytest.approx(100 * more)
            assert f"{line['effective']:,.0f}" in line["en"]
            assert line["percent_more"] > 5
    assert found
