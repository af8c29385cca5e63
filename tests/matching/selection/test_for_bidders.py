"""What a bidder reads of why it is out fits the reason, and gives neither an amount nor a rival away."""

from typing import Any

import pytest

from marketplace.matching.selection import outcome
from marketplace.matching.selection.messages import REASONS

AMOUNT = {"amount_minor": 1_000_000, "currency": "CNY"}
WINS = {"amount_minor": 850_000, "currency": "CNY"}


def told(reason: str, wins_at: dict[str, Any] | None) -> outcome.OutcomeLine:
    line = {"bid_id": "bid_1", "reason": reason, "price": AMOUNT, "would_win_at": wins_at}
    return outcome.outcome_line({"chosen": [], "left_out": [line]}, "bid_1")


@pytest.mark.parametrize("wins_at", [None, WINS])
@pytest.mark.parametrize("reason", sorted(REASONS))
def test_no_line_speaks_against_itself(reason: str, wins_at: dict[str, Any] | None) -> None:
    line = told(reason, wins_at)
    assert "{" not in line.zh + line.en
    price_decides = reason in ("over_share", "too_small", "over_ceiling", "cost_unbounded")
    if price_decides or (reason in ("over_added_ceiling", "member_over_ceiling") and wins_at is None):
        assert "Not by its price" not in line.en
        assert "For the same money" not in line.en
        assert line.lower_percent_from is None


def test_a_bid_over_its_share_is_told_so() -> None:
    line = told("over_share", WINS)
    assert "预算" in line.zh
    assert "takes more of the budget" in line.en


def test_a_bid_too_dear_for_what_it_adds_is_told_so_and_how_far_off() -> None:
    line = told("over_added_ceiling", WINS)
    assert line.en.startswith("For the people whom it would add to the set it costs more than this brand pays.")
    assert line.lower_percent_from is not None
