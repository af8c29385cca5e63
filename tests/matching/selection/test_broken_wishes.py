"""Each wish of a selection is broken by the accepted bids that pass it, and by no others."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from marketplace.matching.selection import constraints
from marketplace.matching.selection.broken_wishes import broken_wishes
from marketplace.matching.selection.inputs import SetInputs
from marketplace.matching.selection.schemas import SelectionIn
from marketplace.matching.selection.solver.selection_market import GROUPS
from marketplace.matching.selection.telling.set_reach import ToldReach
from tests.matching.selection import make

BUDGET = 10**12


def accepted(**changes: Any) -> SetInputs:
    """Three accepted bids of different creators, all of one agency, platform and niche; a fourth is only open."""
    inputs = make.some(4, 5, 1, options=1)
    bids = [
        bid._replace(
            status="open" if number == 3 else "accepted",
            gate="over_ceiling",
            creator_id=f"creator {number}",
            agency_id="agency",
            platform="douyin",
            niche="food",
        )
        for number, bid in enumerate(inputs.bids)
    ]
    return replace(inputs, bids=bids, intrusiveness=np.array([10.0, 20, 30, 99]), ad_load=np.full(4, 0.2), **changes)


def money(minor: int) -> dict[str, Any]:
    return {"amount_minor": minor, "currency": "CNY"}


def wishes(inputs: SetInputs, **wanted: Any) -> dict[str, Any]:
    """The wishes of a request that lifts every limit that has a default, but for those that are wanted."""
    lifted = {"handling_per_deal": money(0), "smallest_bid": money(0), "largest_share": 1, "bids_max": 1_000}
    stored = constraints.document(SelectionIn().load(lifted), inputs.currency, BUDGET)
    return {**stored, **wanted, "caps": {**stored["caps"], **wanted.get("caps", {})}}


def told(inputs: SetInputs, settled: tuple[int, ...] = (), **wanted: Any) -> list[tuple[str, int | None]]:
    number_of = constraints.rows_of(inputs)
    named = [inputs.bids[row].bid_id for row in settled]
    found = broken_wishes(wishes(inputs, **wanted), inputs, named)
    return [(one.code, None if one.bid_id is None else number_of[one.bid_id]) for one in found]


def test_without_wishes_nothing_is_broken_and_gates_are_asked_elsewhere() -> None:
    assert told(accepted()) == []


@pytest.mark.parametrize(
    ("keeps", "breaks", "code"),
    [
        ({"bids_max": 3}, {"bids_max": 2}, "most"),
        ({"bids_min": 3}, {"bids_min": 4}, "least"),
        *(({"caps": {group: 3}}, {"caps": {group: 2}}, group) for group in GROUPS),
        ({"contacts_per_person_max": 100}, {"contacts_per_person_max": 1}, "contacts"),
    ],
)
def test_a_wish_for_the_whole_set(keeps: dict[str, Any], breaks: dict[str, Any], code: str) -> None:
    inputs = accepted()
    assert told(inputs, **keeps) == []
    # Members that were accepted before count for the whole set too.
    for settled in ((), (0, 1, 2)):
        assert told(inputs, settled, **breaks) == [(code, None)]


def test_the_budget_holds_to_the_last_minor_unit() -> None:
    inputs = accepted()
    spend = int(inputs.options.prices[:3].sum())
    for handling in (0, 70):
        wanted = {"handling_per_deal": money(handling)}
        assert told(inputs, budget=money(spend + 3 * handling), **wanted) == []
        less = money(spend + 3 * handling - 1)
        assert told(inputs, budget=less, **wanted) == [("budget", None)]
        assert broken_wishes(wishes(inputs, budget=less, **wanted), inputs, [], budget_binds=False) == []
    # What was accepted before may pass the budget by its handling, as in a choice, but not by its prices.
    assert told(inputs, (0, 1, 2), budget=money(spend), handling_per_deal=money(70)) == []
    assert told(inputs, (0, 1, 2), budget=money(spend - 1), handling_per_deal=money(70)) == [("budget", None)]


def test_the_sizes_of_bids_and_what_they_add_bind_those_that_are_not_settled() -> None:
    inputs = accepted()
    prices = inputs.options.prices[:3]
    least, largest = int(np.argmin(prices)), int(np.argmax(prices))
    small = {"smallest_bid": money(int(prices[least]) + 1)}
    assert told(inputs, **small) == [("too_small", least)]
    assert told(inputs, (least,), **small) == []
    budget = int(prices.sum())
    large = {"budget": money(budget), "largest_share": (int(prices[largest]) - 0.5) / budget}
    assert told(inputs, **large) == [("over_share", largest)]
    assert told(inputs, (largest,), **large) == []
    per_thousand = 1000 * prices / ToldReach(inputs, [0, 1, 2]).lost()
    dearest = int(np.argmax(per_thousand))
    ceiling = {"ceiling_per_thousand": money(int(np.sort(per_thousand)[1]) + 1)}
    assert int(np.sort(per_thousand)[1]) + 1 < per_thousand[dearest]
    assert told(inputs, **ceiling) == [("over_added_ceiling", dearest)]
    assert told(inputs, (dearest,), **ceiling) == []


def test_a_default_number_of_bids_gives_way_to_what_is_accepted_and_old_wishes_have_none() -> None:
    inputs = accepted()
    assert told(inputs, bids_max=2, by_default=["bids_max"]) == []
    old = wishes(inputs, bids_max=None)
    for name in ("handling_per_deal", "smallest_bid", "largest_share", "ceiling_per_thousand", "by_default"):
        del old[name]
    assert broken_wishes(old, inputs, []) == []


@pytest.mark.parametrize(
    ("wanted", "codes"),
    [
        ({"intrusiveness_max": 30}, []),
        ({"intrusiveness_max": 19.5}, [("over_intrusiveness", 1), ("over_intrusiveness", 2)]),
        ({"ad_load_max": 0.19}, [("over_ad_load", row) for row in range(3)]),
    ],
)
def test_a_wish_for_each_bid_binds_those_that_are_not_settled(
    wanted: dict[str, Any], codes: list[tuple[str, int]]
) -> None:
    inputs = accepted()
    assert told(inputs, **wanted) == codes
    assert told(inputs, (0, 2), **wanted) == [(code, row) for code, row in codes if row == 1]
    assert told(inputs, must=[bid.bid_id for bid in inputs.bids[:3]], **wanted) == []


def test_an_unknown_value_keeps_no_limit() -> None:
    inputs = replace(accepted(), ad_load=np.array([np.nan, 0.2, 0.2, 0.2]))
    assert told(inputs, ad_load_max=0.3) == [("unknown_ad_load", 0)]
    assert told(inputs) == []


def test_a_bid_to_leave_out_is_named_and_one_that_is_gone_is_not() -> None:
    inputs = accepted()
    named = [inputs.bids[2].bid_id, inputs.bids[3].bid_id, "bid_gone"]
    assert told(inputs, never=named) == [("never", 2)]
