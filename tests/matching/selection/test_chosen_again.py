"""The price that is told to a bid that is out is one at which the same choice takes it, and 1 % above it does not."""

import dataclasses
from types import ModuleType
from typing import Any

import pytest
from flask.testing import FlaskClient

from marketplace.matching.selection import outcome
from marketplace.matching.selection.inputs import SetInputs
from marketplace.matching.selection.solver.chosen_again import AskedPrice, PriceAsker
from marketplace.matching.selection.solver.selection_market import SelectionLimits
from tests.make import bids as make_bids
from tests.matching import look
from tests.matching.gates.test_acceptance import selection
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
    for seed in (0, 2):
        inputs = make.some(16, 4, seed, options=1)
        limits = limited(inputs) if has_ceiling else SelectionLimits(budget=int(inputs.options.prices.sum() / 5))
        rows = {bid.bid_id: row for row, bid in enumerate(inputs.bids)}
        lines = outcome.describe(inputs, limits, outcome.search(inputs, limits))["left_out"]
        for line in lines:
            if not line["would_win_settled"]:
                # What was not worked out is not shown.
                assert line["would_win_at"] is None
                assert ("may be asked for" in line["en"], "可以单独查询" in line["zh"]) == (True, True)
        for line in (one for one in lines if one["would_win_at"] is not None):
            told, row = line["would_win_at"]["amount_minor"], rows[line["bid_id"]]
            assert told < line["price"]["amount_minor"]
            assert told == 0 or ("same choice" in line["en"] and "同样的选择" in line["zh"])
            settled += 1
            assert chosen_at(inputs, limits, row, told)
            assert not chosen_at(inputs, limits, row, told * 101 // 100 + 1)
    assert settled >= 9


def test_the_price_of_one_bid_is_worked_out_where_it_is_asked_for() -> None:
    inputs = make.some(30, 6, 1, options=1)
    limits = SelectionLimits(budget=int(inputs.options.prices.sum() / 5))
    found = outcome.search(inputs, limits)
    lines = {
        line["bid_id"]: line
        for line in outcome.describe(inputs, limits, found, choices=0)["left_out"]
        if not line["would_win_settled"]
    }
    assert len(lines) > 3
    for bid in list(lines)[-2:]:
        line = outcome.left_out_bid(inputs, limits, bid)
        assert line is not None
        assert line["would_win_settled"]
        assert (line["reason"], line["price"]) == (lines[bid]["reason"], lines[bid]["price"])
        told, row = line["would_win_at"]["amount_minor"], [one.bid_id for one in inputs.bids].index(bid)
        assert chosen_at(inputs, limits, row, told)
        assert not chosen_at(inputs, limits, row, told * 101 // 100 + 1)
    chosen = inputs.bids[int(inputs.options.bid_of[found.options[0]])].bid_id
    assert outcome.left_out_bid(inputs, limits, chosen) is None


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
            assert found.price <= true < found.price * 1.0101 + 1
            assert len(asked) < 25
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
    assert not odd.is_chosen(0, found.price * 101 // 100 + 1)


@pytest.mark.usefixtures("own_market")
def test_a_price_that_was_not_worked_out_is_told_to_whoever_asks_for_it(
    client: FlaskClient, worker: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcome, "CHOICES_STORED", 0)
    there = look.market()
    for amount in (1_000_000, 1_500_000, 2_500_000, 4_000_000):
        look.offer(there, amount)
    make_bids.close(there)
    found = selection(client, worker, there, budget=make_bids.cny(3_000_000), largest_share=1, prove="never")
    out = [line for line in found["result"]["left_out"] if not line["would_win_settled"]]
    assert out
    assert outcome.outcome_line(found["result"], out[0]["bid_id"])[2:4] == (None, None)

    def price(bid: str) -> Any:
        return client.get(f"/api/v1/selections/{found['id']}/winning-prices/{bid}", headers=there.brand.headers)

    told = price(out[0]["bid_id"]).json
    assert (told["bid_id"], told["price"], told["reason"]) == tuple(
        out[0][name] for name in ("bid_id", "price", "reason")
    )
    assert told["would_win_settled"]
    assert 0 < told["would_win_at"]["amount_minor"] < told["price"]["amount_minor"]
    assert "same choice" in told["en"]
    refused = price(found["result"]["chosen"][0]["bid_id"])
    assert (refused.status_code, refused.json["state"]) == (409, "not_left_out")
