import time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core import ids
from marketplace.core.money import Money


@given(st.uuids())
def test_a_public_id_reads_back(value: UUID) -> None:
    assert ids.read("brf", ids.show("brf", value)) == value


@pytest.mark.parametrize(
    "word",
    ["", "brf_", "bid_00000000000000000000000000", "brf_8zzzzzzzzzzzzzzzzzzzzzzzzz", "brf_0000000000000000000000000I"],
)
def test_other_words_are_no_ids(word: str) -> None:
    with pytest.raises(ValueError, match="starts with brf_"):
        ids.read("brf", word)


def test_ids_sort_by_time_in_both_forms() -> None:
    first = ids.new_id()
    time.sleep(0.002)
    second = ids.new_id()
    assert first.version == 7
    assert first < second
    assert ids.show("bid", first) < ids.show("bid", second)


def test_money_adds_only_its_own_kind_and_shows_its_digits() -> None:
    assert Money("CNY", 1) + Money("CNY", 2) == Money("CNY", 3)
    assert Money("CNY", 123450).show() == "CNY 1,234.50"
    assert Money("JPY", 1234).show() == "JPY 1,234"
    with pytest.raises(ValueError, match="USD is not CNY"):
        Money("USD", 1) + Money("CNY", 1)


@given(st.integers(0, 10**12), st.integers(0, 10_000))
def test_a_share_and_its_rest_make_the_whole(amount: int, basis_points: int) -> None:
    whole = Money("CNY", amount)
    part = whole.share(basis_points)
    assert part + (whole - part) == whole
    assert 0 <= part.amount <= amount
