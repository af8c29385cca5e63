"""The step in which a bid's missing distance is told: its ends, and what it says without a winning price."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.matching.selection.band import STEPS, band


@pytest.mark.parametrize("step", range(1, len(STEPS)))
def test_a_change_at_the_end_of_a_step_is_told_by_that_step(step: int) -> None:
    """A bid that was 5 % too dear is told "0 to 5 %": "5 to 10 %" would ask for more than wins."""
    low, high = STEPS[step - 1], STEPS[step]
    told = band(1_000, 1_000 - 10 * high)
    assert (told.low, told.high) == (low, high)
    assert f"{low} to {high} %" in told.en
    assert f"{low}% 至 {high}%" in told.zh


@given(own=st.integers(1, 10**12), data=st.data())
def test_the_smallest_winning_change_is_in_its_step(own: int, data: st.DataObject) -> None:
    wins_at = data.draw(st.integers(0, own - 1))
    step = band(own, wins_at)
    assert step.low is not None
    assert step.high is not None
    assert step.low < 100 * (own - wins_at) / own <= step.high


def test_no_winning_price_has_no_step_and_one_above_the_bids_own_is_refused() -> None:
    never = band(1_000, None)
    assert (never.low, never.high) == (None, None)
    for wins_at in (1_000, 1_001, -1):
        with pytest.raises(ValueError, match="below its own price"):
            band(1_000, wins_at)
