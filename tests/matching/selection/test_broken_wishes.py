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


def wishes(inputs: SetInputs, **wanted: Any) -> dict[str, Any]:
    stored = constraints.document(SelectionIn().load({}), inputs.currency, BUDGET)
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
    budget = {"amount_minor": spend, "currency": "CNY"}
    assert told(inputs, budget=budget) == []
    less = {**budget, "amount_minor": spend - 1}
    assert told(inputs, budget=less) == [("budget", None)]
    assert broken_wishes(wishes(inputs, budget=less), inputs, [], budget_binds=False) == []


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
