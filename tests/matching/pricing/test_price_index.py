"""The public ratios of paid to listed prices: nobody can be made out in them, by whatever subtraction."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.matching.pricing.price_index import (
    DIMENSIONS,
    STEP,
    IndexCell,
    PriceRatios,
    cells,
    large_enough,
    rounded,
)

JANUARY = 2026 * 12


def ratios(rows: list[tuple[float, int, int, int, int, str]]) -> PriceRatios:
    """(ratio, creator, brand, month, tier, vertical) of each deal, all on one platform."""
    ratio, creators, brands, months, tiers, verticals = zip(*rows, strict=True)
    groups = {"tier": tiers, "vertical": verticals, "platform": ["douyin"] * len(rows)}
    numbers = (np.array(values, dtype=np.int64) for values in (creators, brands, months))
    return PriceRatios(np.array(ratio), *numbers, groups)


def block(
    count: int, month: int = JANUARY, tier: int = 1, vertical: str = "food", first: int = 0
) -> list[tuple[float, int, int, int, int, str]]:
    """Deals of as many creators with as many brands, paid at 50 %, 52 % ... of the list."""
    return [(0.5 + 0.02 * n, first + n, first + n, month, tier, vertical) for n in range(count)]


def test_five_deals_of_five_sides_are_told_with_their_quartiles() -> None:
    (cell,) = cells(ratios(block(5)), JANUARY + 1)
    assert dict(cell.by) == {"tier": 1, "vertical": "food", "platform": "douyin"}
    assert (cell.first, cell.last, cell.deals) == (JANUARY, JANUARY, 5)
    assert (cell.low, cell.median, cell.high) == (0.5, 0.55, 0.6)


def test_a_month_that_is_not_over_is_not_told() -> None:
    assert cells(ratios(block(5)), JANUARY) == []


def test_four_deals_wait_for_the_next_month() -> None:
    rows = block(4) + block(1, JANUARY + 1, first=4)
    assert cells(ratios(rows), JANUARY + 1) == []
    (cell,) = cells(ratios(rows), JANUARY + 2)
    assert (cell.first, cell.last) == (JANUARY, JANUARY + 1)


def test_too_few_of_a_vertical_are_told_with_the_tier() -> None:
    rows = block(3) + block(3, vertical="tech", first=3)
    (cell,) = cells(ratios(rows), JANUARY + 1)
    assert dict(cell.by) == {"tier": 1}


def test_what_a_finer_cell_told_is_in_no_coarser_one() -> None:
    rows = block(6) + block(3, vertical="tech", first=6) + block(3, vertical="cars", first=9)
    fine, coarse = cells(ratios(rows), JANUARY + 1)
    assert dict(fine.by)["vertical"] == "food"
    assert dict(coarse.by) == {"tier": 1}
    assert not set(fine.rows) & set(coarse.rows)
    assert coarse.deals == 5


@pytest.mark.parametrize(
    ("creators", "brands", "told"),
    [
        ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], True),
        ([1, 2, 3, 4], [1, 2, 3, 4], False),
        ([1, 1, 2, 2, 2], [1, 2, 3, 4, 5], False),
        ([1, 2, 3, 4, 5], [1, 1, 2, 2, 2], False),
        ([1, 2, 3, 4, 5], [-1, -1, -1, 1, 2], False),
        # Two sham creators with two sham brands around one victim.
        ([1, 1, 2, 2, 9], [1, 2, 1, 2, 9], False),
        ([1, 1, 2, 2, 9, 8, 7], [1, 2, 1, 2, 9, 8, 7], True),
        # Without the deals of brands 1 and 2 two creators would be left.
        ([1, 2, 3, 4, 5, 6], [1, 1, 2, 2, 5, 6], False),
        ([1, 2, 3, 4, 5, 6, 7], [1, 1, 2, 2, 5, 6, 7], True),
        ([1, 1, 2, 2, 3, 4, 5], [1, 2, 3, 4, 5, 5, 5], False),
        # Whoever dealt with two alone leaves with both of them, and with one of them stays.
        ([1, 2, 3, 3, 4, 4, 5, 6], [1, 2, 1, 2, 1, 2, 3, 4], False),
        ([1, 2, 3, 3, 4, 4, 5, 6, 7], [1, 2, 1, 2, 1, 2, 3, 4, 5], True),
        ([1, 1, 2, 2, 3, 3, 4, 4, 5, 5], [1, 2, 2, 3, 3, 4, 4, 5, 5, 1], True),
    ],
)
def test_how_many_of_each_side_there_must_be(creators: list[int], brands: list[int], told: bool) -> None:
    assert large_enough(np.array(creators), np.array(brands)) is told


def test_a_creators_many_deals_weigh_as_one() -> None:
    many = [(0.1, 0, 100 + n, JANUARY, 1, "food") for n in range(40)]
    (cell,) = cells(ratios(block(9, first=1) + many), JANUARY + 1)
    assert cell.median >= 0.55


@pytest.mark.parametrize(
    ("ratio", "outwards", "shown"),
    [(0.62, 0, 0.6), (0.63, 0, 0.65), (0.62, -1, 0.6), (0.62, 1, 0.65), (0.6, 1, 0.6), (0.6, -1, 0.6)],
)
def test_ratios_are_shown_in_steps(ratio: float, outwards: int, shown: float) -> None:
    assert rounded(ratio, outwards) == shown


deals = st.lists(
    st.tuples(
        st.floats(0.05, 2),
        st.integers(0, 9),
        st.integers(-1, 7),
        st.integers(JANUARY, JANUARY + 4),
        st.integers(0, 2),
        st.sampled_from(["food", "tech", "cars"]),
    ),
    min_size=1,
    max_size=60,
)


def sides(rows: PriceRatios, members: set[int]) -> tuple[int, int]:
    own = sorted(members)
    return len(set(rows.creators[own].tolist())), len({one for one in rows.brands[own].tolist() if one >= 0})


@given(deals)
@settings(max_examples=200)
def test_no_answer_is_of_too_few(rows: list[tuple[float, int, int, int, int, str]]) -> None:
    waiting = ratios(rows)
    for cell in cells(waiting, JANUARY + 5):
        assert len(cell.rows) >= 5
        assert min(sides(waiting, set(cell.rows))) >= 3
        assert cell.low <= cell.median <= cell.high
        for number in (cell.low, cell.median, cell.high):
            assert number / STEP == pytest.approx(round(number / STEP))
        assert cell.deals <= len(cell.rows)
        for row in cell.rows:
            assert cell.first <= waiting.months[row] <= cell.last
            assert all(waiting.groups[name][row] == value for name, value in cell.by.items() if name in DIMENSIONS)


@given(deals)
@settings(max_examples=200)
def test_no_difference_of_answers_is_of_too_few(rows: list[tuple[float, int, int, int, int, str]]) -> None:
    """Answers of any two days, each told while the market went on."""
    waiting = ratios(rows)
    told: list[IndexCell] = [cell for day in range(1, 6) for cell in _days_answers(waiting, JANUARY + day)]
    for one, other in combinations({cell.rows for cell in told}, 2):
        for left in (set(one) - set(other), set(other) - set(one), set(one) & set(other)):
            assert not left or (len(left) >= 5 and min(sides(waiting, left)) >= 3)


@given(deals)
@settings(max_examples=100)
def test_what_was_told_stays_as_it_was_told(rows: list[tuple[float, int, int, int, int, str]]) -> None:
    waiting = ratios(rows)
    before: list[IndexCell] = []
    for day in range(1, 6):
        now = _days_answers(waiting, JANUARY + day)
        assert now[: len(before)] == before
        before = now


def _days_answers(waiting: PriceRatios, before: int) -> list[IndexCell]:
    """The answers of a day on which only the deals of months before were known."""
    known = [row for row in range(len(waiting)) if waiting.months[row] < before]
    if not known:
        return []
    groups = {name: [values[row] for row in known] for name, values in waiting.groups.items()}
    seen = PriceRatios(
        waiting.ratio[known], waiting.creators[known], waiting.brands[known], waiting.months[known], groups
    )
    return [IndexCell(**{**vars(cell), "rows": tuple(known[row] for row in cell.rows)}) for cell in cells(seen, before)]
