"""The price that is told to a bid that is out is one at which the same choice takes it, and 2 % above it does not."""

import dataclasses

import pytest

from marketplace.matching.selection import outcome
from marketplace.matching.selection.inputs import SetInputs
from marketplace.matching.selection.solver.chosen_again import AskedPrice, PriceAsker
from marketplace.matching.selection.solver.selection_market import SelectionLimits
from tests.matching.selection import make
from tests.matching.selection.test_told_ceiling import limited


def chosen_at(inputs: SetInputs, limits: SelectionLimits, row: int, price: int) -> bool:
    prices = inputs.options.prices.copy()
    prices[row] = price
    there = dataclasses.replace(inputs, options=inputs.options._replace(prices=prices))
    return row in outcome.search(there, limits).options


@pytest.mark.parametrize("has_ceiling", [False, True])
def test_choosing_again_at_the_told_price_takes_the_bid_and_above_it_does_not(has_ceiling: bool) -> None:
    settled = 0
    for seed in range(2):
        inputs = make.some(30, 6, seed, options=1)
        limits = limited(inputs) if has_ceiling else SelectionLimits(budget=int(inputs.options.prices.sum() / 5))
        rows = {bid.bid_id: row for row, bid in enumerate(inputs.bids)}
        lines = outcome.describe(inputs, limits, outcome.search(inputs, limits))["left_out"]
        for line in (one for one in lines if one["would_win_at"] is not None):
            told, row = line["would_win_at"]["amount_minor"], rows[line["bid_id"]]
            assert told < line["price"]["amount_minor"]
            assert line["would_win_settled"] == ("same choice" in line["en"]) == ("同样的选择" in line["zh"])
            assert line["would_win_settled"] or ("about" in line["en"] and "约" in line["zh"])
            if not line["would_win_settled"]:
                continue
            settled += 1
            assert chosen_at(inputs, limits, row, told)
            assert not chosen_at(inputs, limits, row, told * 51 // 50 + 1)
    assert settled >= 6


def test_a_price_is_asked_both_ways_and_only_so_often() -> None:
    asked: list[int] = []

    def up_to(most: int) -> PriceAsker:
        asked.clear()
        return PriceAsker(lambda _, price: asked.append(price) or price <= most, 100)  # type: ignore[func-returns-value]

    for true in (10_000, 54_321, 99_999):
        for about in (20_000, 54_000, 90_000):
            found = up_to(true).price(0, about, 5_000, 100_000)
            assert found.settled
            assert found.price is not None
            assert found.price <= true < found.price * 1.0201 + 1
            assert len(asked) < 20
    assert up_to(4_999).price(0, 50_000, 5_000, 100_000) == AskedPrice(None, True)
    assert up_to(200_000).price(0, 50_000, 5_000, 100_000) == AskedPrice(100_000, True)
    few = PriceAsker(lambda _, price: price <= 10_000, 2)
    assert few.price(0, 50_000, 5_000, 100_000) == AskedPrice(50_000, False)
    # A choice that takes the bid again far above: the price that is told is still one that was asked.
    odd = PriceAsker(lambda _, price: price <= 10_000 or 30_000 <= price <= 31_000, 100)
    found = odd.price(0, 30_500, 5_000, 100_000)
    assert found.settled
    assert found.price is not None
    assert odd.is_chosen(0, found.price)
    assert not odd.is_chosen(0, found.price * 51 // 50)
