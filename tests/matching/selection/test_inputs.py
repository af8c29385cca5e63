"""What a selection was made from comes back as it was stored, to the bit."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.matching.selection import inputs
from marketplace.matching.selection.inputs import BadInputs, SetInputs
from tests.matching.selection.make import some


@given(st.integers(0, 30), st.integers(1, 20), st.integers(0, 2**31))
def test_stored_inputs_are_the_same_to_the_bit(bids: int, units: int, seed: int) -> None:
    inputs_ = some(bids, units, seed)
    data = inputs.pack(inputs_)
    again = inputs.unpack(data)
    assert inputs.pack(again) == data
    for field in dataclasses.fields(SetInputs):
        before, after = getattr(inputs_, field.name), getattr(again, field.name)
        for old, new in zip(
            *([part] if isinstance(part, np.ndarray) else part for part in (before, after)), strict=True
        ):
            if isinstance(old, np.ndarray):
                narrow = np.float32 if field.name in ("shares", "spread") else old.dtype
                np.testing.assert_array_equal(old.astype(narrow).astype(old.dtype), new)
            else:
                assert old == new


def test_the_name_of_inputs_changes_with_every_part() -> None:
    inputs_ = some(6, 5, 1)
    names = {inputs.hash_of(inputs.pack(inputs_))}
    for change in (
        {"currency": "EUR"},
        {"weights": inputs_.weights + 1},
        {"options": inputs_.options._replace(prices=inputs_.options.prices + 1)},
        {"bids": [bid._replace(gate="declined") for bid in inputs_.bids]},
        {"bids": [bid._replace(commitment=bid.commitment[::-1]) for bid in inputs_.bids]},
        {"shares": inputs_.shares * 0.5},
        {"spread": inputs_.spread * 2},
    ):
        names.add(inputs.hash_of(inputs.pack(dataclasses.replace(inputs_, **change))))
    assert len(names) == 8


def test_what_was_not_packed_is_refused() -> None:
    data = inputs.pack(some(3, 4, 2))
    for broken in (b"", b"nothing", data[:-20], data[:10] + b"x" + data[11:]):
        with pytest.raises(BadInputs):
            inputs.unpack(broken)


def test_every_option_of_a_bid_has_its_rates_and_its_creator() -> None:
    inputs = some(8, 5, 3)
    market = inputs.market()
    assert len(market) == len(inputs.options.prices)
    for row, bid in enumerate(inputs.options.bid_of.tolist()):
        np.testing.assert_array_equal(market.rates[row], inputs.rates()[bid])
        assert market.contacts[row] == inputs.contacts[bid]
        assert (market.groups["agency"][row] == -1) == (inputs.bids[bid].agency_id == "")
    by_creator = {}
    for row, bid in enumerate(inputs.options.bid_of.tolist()):
        by_creator.setdefault(inputs.bids[bid].creator_id, set()).add(int(market.creators[row]))
    assert all(len(numbers) == 1 for numbers in by_creator.values())
    assert len(set(market.commitments)) == len(market)
