"""Signs of collusion: found where bids were arranged, and rare where they were not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.matching.selection.collusion_signals import collusion


@given(st.integers(10_000, 10_000_000), st.integers(5_000, 500_000), st.integers(5, 12))
def test_prices_in_equal_steps_are_a_ladder(first: int, step: int, count: int) -> None:
    prices = [first + step * place for place in range(count)]
    signal = collusion.ladder([f"bid_{place}" for place in range(count)], prices)
    assert signal is not None
    assert (signal.code, signal.numbers["kind"], len(signal.bids)) == ("ladder", "equal steps", count)


@given(st.integers(1_000_000, 10_000_000), st.floats(1.1, 1.8), st.integers(5, 10))
def test_prices_in_equal_factors_are_a_ladder(first: int, factor: float, count: int) -> None:
    prices = [round(first * factor**place) for place in range(count)]
    signal = collusion.ladder([str(place) for place in range(count)], prices)
    assert signal is not None
    assert signal.numbers["kind"] == "equal factors"


@pytest.mark.parametrize("count", [4, 6, 10, 40])
def test_honest_prices_are_hardly_ever_a_ladder(count: int) -> None:
    """At most four in a thousand honest briefs, with prices as they are: skewed, and rounded to tens."""
    rng = np.random.default_rng(count)
    ladders = 0
    for _ in range(1_000):
        prices = np.round(np.exp(rng.normal(13, 0.8, count)), -3).astype(int)
        ladders += collusion.ladder([str(place) for place in range(count)], prices.tolist()) is not None
    assert ladders <= 4


def test_few_or_equal_prices_are_no_ladder() -> None:
    assert collusion.ladder(["a", "b", "c"], [1_000, 2_000, 3_000]) is None
    assert collusion.ladder(["a", "b", "c", "d", "e"], [5_000] * 5) is None


def test_words_count_where_sides_differ_and_there_are_enough() -> None:
    text = "我们会把汽水放在女主角的桌上，第二集再出现一次，不影响剧情。"
    rows = [("b1", "one", text), ("b2", "two", f"  {text} "), ("b3", "one", text), ("b4", "x", "好"), ("b5", "y", "好")]
    (signal,) = collusion.same_wording(rows)
    assert (signal.bids, signal.numbers["sides"]) == (("b1", "b2", "b3"), 2)
    assert collusion.same_wording([("b1", "one", text), ("b2", "one", text)]) == []


def test_a_person_on_two_sides_is_told_once() -> None:
    rows = [("p", "one", "b1"), ("p", "two", "b2"), ("q", "one", "b1"), ("r", "one", "b1"), ("r", "two", "b2")]
    (signal,) = collusion.shared_people(rows)
    assert (signal.code, signal.bids) == ("shared_people", ("b1", "b2"))


def test_an_agencys_bids_are_one_bidder() -> None:
    (signal,) = collusion.one_agency([("b1", "a"), ("b2", "a"), ("b3", ""), ("b4", ""), ("b5", "c")])
    assert signal.bids == ("b1", "b2")
