"""Inputs of selections, drawn at random."""

import hashlib
from uuid import UUID

import numpy as np

from marketplace.core import ids
from marketplace.matching.selection.inputs import STRATA, ChoosableBid, OptionColumns, SetInputs


def some(bids: int, units: int, seed: int, options: int = 2) -> SetInputs:
    """Bids with up to so many options each, some creators with two bids, some with an agency."""
    rng = np.random.default_rng(seed)
    people = np.exp(rng.normal(9, 1, bids))
    weights = np.exp(rng.normal(10, 1, units))
    split = rng.dirichlet(np.full(units, 0.5), bids) if bids else np.zeros((0, units))
    shares = np.minimum(people[:, None] * split / weights, 0.9)
    counts = rng.integers(1, options + 1, bids)
    bid_of = np.repeat(np.arange(bids), counts)
    place = np.array([number for count in counts for number in range(count)], dtype=np.int64)
    prices = np.ceil(people[bid_of] * np.exp(rng.normal(0, 0.4, len(bid_of))) * 5).astype(np.int64)
    return SetInputs(
        currency="CNY",
        weights=weights,
        shapes=rng.choice([0.25, 0.5, 1.0], units),
        shares=shares.astype(np.float32).astype(np.float64),
        contacts=people * 1.2,
        spread=np.sort(np.exp(rng.normal(0.3, 0.6, (bids, STRATA))), axis=1).astype(np.float32).astype(np.float64),
        intrusiveness=rng.uniform(5, 60, bids),
        ad_load=rng.uniform(0, 0.5, bids),
        bids=[
            ChoosableBid(
                bid_id=ids.show("bid", UUID(int=number)),
                creator_id=ids.show("pty", UUID(int=number // 2 if number % 5 == 0 else 1000 + number)),
                agency_id=ids.show("pty", UUID(int=5000 + number % 3)) if number % 2 else "",
                platform=("douyin", "kuaishou")[number % 2],
                niche=("food", "comedy", "")[number % 3],
                channel_name=f"频道 {number}",
                tie_breaker=hashlib.sha256(f"{seed} {number}".encode()).hexdigest(),
                gate="over_tolerance" if number % 11 == 10 else "",
                status="open",
            )
            for number in range(bids)
        ],
        options=OptionColumns(bid_of, place, prices),
    )
