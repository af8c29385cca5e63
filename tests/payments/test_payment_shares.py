"""A payment's shares sum to it exactly, whatever it is, and each is within a unit of what is due."""

from fractions import Fraction
from random import Random

import pytest

from marketplace.payments.payment_shares import PaymentShares, clawed_back, shares_of


def test_shares_by_hand() -> None:
    def of(amount: int, due: int, fee: int, agency: int) -> PaymentShares:
        return shares_of(amount, due_minor=due, fee_basis_points=fee, agency_share_basis_points=agency)

    assert of(100_000, 100_000, 500, 3_000) == PaymentShares(66_500, 28_500, 5_000, 0)
    assert of(100_000, 100_000, 500, 0) == PaymentShares(95_000, 0, 5_000, 0)
    assert of(100_000, 50_000, 500, 3_000) == PaymentShares(33_250, 14_250, 2_500, 50_000)
    assert of(100_000, 0, 500, 3_000) == PaymentShares(0, 0, 0, 100_000)
    # One fen cannot be split: it goes to whom the most of it is due.
    assert of(1, 1, 500, 3_000) == PaymentShares(1, 0, 0, 0)
    assert of(3, 3, 5_000, 5_000) == PaymentShares(1, 1, 1, 0)  # 0.75, 0.75, 1.5
    assert of(10, 10, 10_000, 3_000) == PaymentShares(0, 0, 10, 0)


def test_no_fen_is_made_or_lost() -> None:
    draw = Random(5)
    for _ in range(20_000):
        amount = draw.choice([draw.randint(1, 50), draw.randint(1, 10**12)])
        due = draw.choice([0, amount, draw.randint(0, amount)])
        fee, agency = (draw.choice([0, 10_000, draw.randint(0, 10_000)]) for _ in range(2))
        shares = shares_of(amount, due_minor=due, fee_basis_points=fee, agency_share_basis_points=agency)
        assert shares.total_minor == amount
        assert shares.returned_minor == amount - due
        exact_fee = Fraction(due * fee, 10_000)
        exact_agency = (due - exact_fee) * Fraction(agency, 10_000)
        for share, exact in (
            (shares.fee_minor, exact_fee),
            (shares.agency_minor, exact_agency),
            (shares.maker_minor, due - exact_fee - exact_agency),
        ):
            assert share >= 0
            assert abs(share - exact) < 1


def test_what_is_taken_back_is_paid_as_it_was_got() -> None:
    assert clawed_back([66_500, 28_500, 5_000], 100_000) == [66_500, 28_500, 5_000]
    assert clawed_back([66_500, 28_500, 5_000], 1_000) == [665, 285, 50]
    draw = Random(6)
    for _ in range(5_000):
        released = [draw.randint(0, 1_000), draw.randint(0, 1_000), draw.randint(1, 1_000)]
        amount = draw.randint(1, sum(released))
        back = clawed_back(released, amount)
        assert sum(back) == amount
        assert all(0 <= one <= got for one, got in zip(back, released, strict=True))


@pytest.mark.parametrize(
    ("amount", "due", "fee", "agency"), [(10, 11, 0, 0), (10, -1, 0, 0), (10, 5, 10_001, 0), (10, 5, 0, -1)]
)
def test_shares_that_are_none_are_refused(amount: int, due: int, fee: int, agency: int) -> None:
    with pytest.raises(ValueError, match=r"due|share"):
        shares_of(amount, due_minor=due, fee_basis_points=fee, agency_share_basis_points=agency)
    with pytest.raises(ValueError, match="taken back"):
        clawed_back([5, 5], 11)
