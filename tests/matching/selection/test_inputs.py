"""What a selection was made from comes back as it was stored, to the bit."""

import dataclasses
import json
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.matching.overlap import coverage
from marketplace.matching.selection import inputs
from marketplace.matching.selection.inputs import BadInputs, SetInputs
from marketplace.matching.selection.telling import set_reach
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
        {"bids": [bid._replace(tie_breaker=bid.tie_breaker[::-1]) for bid in inputs_.bids]},
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


def test_inputs_of_an_older_release_are_still_read() -> None:
    """Without cells, content, languages and lifts, and with the model's people of pairs in the middle of the file."""
    new = some(4, 3, 5)
    raw = zlib.decompress(inputs.pack(new))
    start = 8 + int.from_bytes(raw[:8], "big")
    head = json.loads(raw[8:start])
    shapes = head["shapes_of"]
    added = sum(
        int(np.prod(shapes.pop(name))) * width
        for name, width in (("pair_lifts", 8), ("cell_of", 8), ("cell_markets", 8), ("content", 4))
    )
    del head["languages"]
    options = sum(int(np.prod(shapes[name])) * 8 for name in ("bid_of", "place", "prices"))
    body = raw[start : len(raw) - added]
    pair = np.array([[0, 1]]).tobytes() + np.array([9.0]).tobytes() + np.arange(13.0).tobytes()
    shapes |= {"pair_bids": [1, 2], "pair_people": [1], "pair_modelled": [1, 13]}
    text = json.dumps(head, sort_keys=True).encode()
    old = len(text).to_bytes(8, "big") + text + body[:-options] + pair + body[-options:]
    found = inputs.unpack(zlib.compress(old))
    assert np.array_equal(found.options.prices, new.options.prices)
    assert np.array_equal(found.shares, new.shares)
    assert len(found.pairs.bids) == 0
    told = set_reach.ToldReach(found, [0, 1, 2])
    assert np.max(told.union.alone()) <= told.union.people <= np.sum(told.union.alone())
    assert told.union.people == set_reach.ToldReach(new, [0, 1, 2]).union.people


def test_every_option_of_a_bid_has_its_rates_and_its_creator() -> None:
    inputs = some(8, 5, 3)
    market = inputs.market()
    assert len(market) == len(inputs.options.prices)
    for row, bid in enumerate(inputs.options.bid_of.tolist()):
        np.testing.assert_array_equal(market.rates[row], coverage.rates(inputs.shares, inputs.shapes)[bid])
        assert market.contacts[row] == inputs.contacts[bid]
        assert (market.groups["agency"][row] == -1) == (inputs.bids[bid].agency_id == "")
    by_creator = {}
    for row, bid in enumerate(inputs.options.bid_of.tolist()):
        by_creator.setdefault(inputs.bids[bid].creator_id, set()).add(int(market.creators[row]))
    assert all(len(numbers) == 1 for numbers in by_creator.values())
    assert len(set(market.tie_breakers)) == len(market)
