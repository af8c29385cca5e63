"""A split loses no cent, and no share is a whole unit away from what is due to it."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.money import AMOUNT_MAX
from marketplace.ledger.split_amounts import split

WEIGHTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=12).filter(lambda weights: sum(weights) > 0)


@given(st.integers(0, AMOUNT_MAX), WEIGHTS)
def test_shares_sum_to_the_amount_and_are_within_a_unit_of_what_is_due(amount: int, weights: list[int]) -> None:
    shares = split(amount, weights)
    assert sum(shares) == amount
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - Fraction(amount * weight, sum(weights))) < 1


@pytest.mark.parametrize(
    ("amount", "weights", "shares"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (5, [7, 2, 1], [4, 1, 0]),  # 3.5, 1.0 and 0.5: of equal remainders the first
        (1, [0, 3], [0, 1]),
        (0, [2, 1], [0, 0]),
        (99_999, [1_000, 2_000, 7_000], [10_000, 20_000, 69_999]),
    ],
)
def test_the_largest_remainder_gets_the_next_unit(amount: int, weights: list[int], shares: list[int]) -> None:
    assert split(amount, weights) == shares


@pytest.mark.parametrize(("amount", "weights"), [(-1, [1]), (1, []), (1, [0, 0]), (1, [2, -1])])
def test_what_cannot_be_split_is_refused(amount: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="cannot be split"):
        split(amount, weights)
