"""Markets of bids, drawn at random, for the tests of the selection; and the best set of a small one by trying all."""

import hashlib
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
from hypothesis import strategies as st

from marketplace.matching.overlap import coverage
from marketplace.matching.overlap.coverage import PeopleUnits
from marketplace.matching.selection.solver.problem import SelectionProblem, keeps
from marketplace.matching.selection.solver.selection_market import SelectionLimits, SelectionMarket

SHAPES = (0.25, 0.3, 0.5, 1.0, 2.0)


def market(
    n: int, units: int, seed: int, *, two_options: bool = True, shape: float | None = None, **changes: Any
) -> SelectionMarket:
    """n options: some bids have two at different prices, some creators have two bids, some bids are of an agency."""
    rng = np.random.default_rng(seed)
    people = np.exp(rng.normal(10, 1.2, n))
    weights = np.exp(rng.normal(11, 0.7, units))
    split = rng.dirichlet(np.full(units, 0.4), n) if n else np.zeros((0, units))
    shares = np.minimum(people[:, None] * split / weights, 0.8)
    bids = np.arange(n)
    if two_options and n > 3:
        bids[3::4] = bids[2::4][: len(bids[3::4])]
        shares[3::4] = shares[2::4][: len(shares[3::4])]
    shapes = np.full(units, shape) if shape is not None else rng.choice(SHAPES, units)
    values: dict[str, Any] = {
        "units": PeopleUnits(weights, shapes),
        "rates": coverage.rates(shares, shapes),
        "prices": np.ceil(people**0.7 * np.exp(rng.normal(0, 0.5, n)) * 20).astype(np.int64),
        "bids": bids,
        "creators": np.where(bids % 6 == 5, bids - 1, bids),
        "tie_breakers": tuple(hashlib.sha256(f"{seed} {row}".encode()).hexdigest() for row in range(n)),
        "contacts": people * 1.3,
        "intrusiveness": np.where(rng.random(n) < 0.1, np.nan, rng.uniform(0, 60, n)),
        "ad_load": rng.uniform(0, 0.5, n),
        "groups": {
            "agency": np.where(bids % 2 == 0, bids % 3, -1),
            "platform": bids % 2,
            "niche": bids % 4,
        },
        "barred": tuple("over_tolerance" if row % 13 == 12 else None for row in range(n)),
    }
    return SelectionMarket(**{**values, **changes})


def budget(selection_market: SelectionMarket, times: float) -> int:
    return int(np.median(selection_market.prices) * times) if len(selection_market) else 1


def ceiling(selection_market: SelectionMarket) -> float | None:
    """The cost per thousand people that half of the bids keep alone."""
    if not len(selection_market):
        return None
    people = coverage.people(selection_market.rates, selection_market.units)
    return float(np.median(1000 * selection_market.prices / people))


@st.composite
def limits(draw: st.DrawFn, selection_market: SelectionMarket) -> SelectionLimits:
    """Limits that bind now and then, each on or off."""
    bids = sorted(set(selection_market.bids.tolist()))
    usual = float(np.median(selection_market.prices)) if len(selection_market) else 1.0
    return SelectionLimits(
        budget=budget(selection_market, draw(st.floats(0.3, 6))),
        least=draw(st.sampled_from([0, 0, 2])),
        most=draw(st.sampled_from([None, None, 3])),
        caps=draw(st.sampled_from([{}, {}, {"agency": 1}, {"platform": 2, "niche": 1}])),
        must=frozenset(draw(st.sampled_from([[], [], bids[:1]]))),
        never=frozenset(draw(st.sampled_from([[], bids[1:3]]))),
        contacts_per_person=draw(st.sampled_from([None, None, 1.6])),
        intrusiveness=draw(st.sampled_from([None, 40.0])),
        ad_load=draw(st.sampled_from([None, 0.4])),
        handling=int(usual * draw(st.sampled_from([0, 0, 0.2]))),
        ceiling=draw(st.sampled_from([None, None, ceiling(selection_market)])),
        smallest=int(usual * draw(st.sampled_from([0, 0, 0.4]))),
        share=draw(st.sampled_from([None, None, 0.6])),
    )


def every_set(problem: SelectionProblem) -> Iterator[tuple[int, ...]]:
    rows = range(len(problem))
    for size in range(len(problem) + 1):
        for members in combinations(rows, size):
            if keeps(problem, members):
                yield members


def best(problem: SelectionProblem) -> tuple[tuple[int, ...], float] | None:
    """Return the best set by trying every one."""
    best_set = max(((problem.value(members), members) for members in every_set(problem)), default=None)
    return None if best_set is None else (best_set[1], best_set[0])
