"""More money never lowers the figure that a set is chosen and told by, and one figure stands in every place."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from marketplace.matching.selection import buyer_limits, outcome
from marketplace.matching.selection.inputs import SetInputs
from marketplace.matching.selection.solver.selection_market import SelectionLimits
from marketplace.matching.selection.telling.other_sets import ComparedSet
from marketplace.matching.selection.telling.set_reach import ToldReach
from tests.matching.selection import make


def noticed(seed: int, bids: int = 24) -> SetInputs:
    """Bids that people notice differently, with content that suits more or less."""
    inputs, rng = make.some(bids, 10, seed), np.random.default_rng(seed + 1000)
    return replace(
        inputs,
        noticing=np.where(rng.random(bids) < 0.1, np.nan, np.clip(rng.lognormal(-3, 0.8, bids), 0, 1)),
        suitability=rng.uniform(0.67, 1.33, bids),
        suits_most=np.array([4 / 3]),
    )


def limits(inputs: SetInputs, part: float, ceiling: float | None) -> SelectionLimits:
    budget = int(part * inputs.options.prices.sum())
    handling = int(np.median(inputs.options.prices) / 8)
    most = buyer_limits.bids_most(budget, handling)
    return SelectionLimits(budget=budget, handling=handling, share=0.6, most=most, ceiling=ceiling)


def described(inputs: SetInputs, asked: SelectionLimits) -> dict[str, Any]:
    return outcome.describe(inputs, asked, outcome.search(inputs, asked), ("bids_max",))


@pytest.mark.parametrize("seed", range(6))
def test_what_is_asked_with_more_money_has_no_fewer_effective_people(seed: int) -> None:
    inputs = noticed(seed)
    ceiling = float(np.median(inputs.options.prices)) / 6 if seed % 2 else None
    found = [outcome.search(inputs, limits(inputs, part, ceiling)).value for part in (0.05, 0.08, 0.13, 0.2, 0.3, 0.5)]
    assert found[0] > 0
    for less, more in pairwise(found):
        assert more >= less * (1 - 1e-12)


@pytest.mark.parametrize("seed", range(2))
def test_the_curve_the_headline_and_the_proof_tell_one_figure(seed: int) -> None:
    inputs = noticed(seed)
    result = described(inputs, limits(inputs, 0.15, None))
    effective = result["reach"]["effective"]
    assert result["proof"]["effective"] == effective <= result["proof"]["bound"]
    assert f"{effective:,.0f}" in result["reach"]["zh"]
    assert f"{effective:,.0f}" in result["reach"]["en"]
    [now] = [point for point in result["budget_curve"] if point["factor"] == 1]
    assert (now["effective"], now["careful"]) == (effective, pytest.approx(result["reach"]["careful"]))
    for less, more in pairwise(result["budget_curve"]):
        assert less["effective"] <= more["effective"]
    assert result["budget_curve"][0]["effective"] < effective
    for point in (*result["budget_curve"], *result["frontier"]):
        assert 0 < point["effective"] < point["careful"]


def test_every_point_tells_what_its_own_set_reaches() -> None:
    inputs = noticed(3)
    asked = limits(inputs, 0.15, None)
    found = outcome.search(inputs, asked)
    compared = ComparedSet(inputs, inputs.market(), asked, found.options, found.value)
    equal = 0
    for point in compared.budget_curve(buyer_limits.most_at(asked)):
        there = outcome.search(inputs, limits(inputs, 0.15 * point["factor"], None))
        # A search from fewer starts finds nearly what the whole one does.
        assert point["effective"] == pytest.approx(there.value, rel=0.01)
        if point["effective"] == there.value:
            equal += 1
            bids = inputs.options.bid_of[list(there.options)].tolist()
            assert point["careful"] == pytest.approx(ToldReach(inputs, bids).union.people)
    assert equal > 4


def test_effective_people_are_those_who_notice_by_how_well_the_content_suits() -> None:
    """One bid in one cell that hardly anybody has left to share: people x share who notice x suitability."""
    inputs = noticed(2, bids=1)
    inputs = replace(inputs, shares=inputs.shares / 1e4, noticing=np.array([0.08]), suitability=np.array([0.9]))
    found = outcome.search(inputs, SelectionLimits(budget=int(inputs.options.prices.max())))
    people = float(np.sum(inputs.shares[0] * inputs.weights))
    assert found.value == pytest.approx(0.08 * 0.9 * people, rel=1e-3)
    unknown = replace(inputs, noticing=np.array([np.nan]))
    # Where the share is not known, the usual one counts.
    assert outcome.search(unknown, SelectionLimits(budget=int(inputs.options.prices.max()))).value == pytest.approx(
        0.15 * 0.9 * people, rel=1e-3
    )
