"""From audiences to groups of people: nobody is lost on the way, and niches overlap as the model says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.matching.audience import channel_tags, grid, targets
from marketplace.matching.audience.arrays import Floats
from marketplace.matching.audience.priors import PROVINCES, REGIONS, population
from marketplace.matching.audience.targets import TargetWeights
from marketplace.matching.overlap import coverage, set_frequency, units
from marketplace.matching.overlap.duplication import DuplicationModel, MarketDuplication

EVERYBODY = targets.target_weights([{"regions": ["CN"]}])
TARGETS = (
    EVERYBODY,
    targets.target_weights([{"ages": [18, 30], "genders": ["female"], "regions": ["CN-GD", "CN-SH"]}]),
    targets.target_weights(
        [{"ages": [18, 30], "weight": 1.0}, {"ages": [31, None], "regions": ["US"], "weight": 0.25}]
    ),
)


def audiences(n: int, seed: int) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    rng = np.random.default_rng(seed)
    joint = rng.dirichlet(np.ones(grid.AGES_N * grid.GENDERS_N), n)
    regions = rng.dirichlet(np.full(grid.REGIONS_N, 0.3), n)
    tags = np.zeros((n, len(channel_tags.VERTICALS) + 1))
    for row in range(n):
        tags[row, rng.integers(0, 6, 2)] = rng.dirichlet([1, 1])
    return joint, regions, tags, np.exp(rng.normal(11, 1, n)), rng.integers(1, 4, n).astype(float)


@settings(max_examples=30)
@given(st.integers(1, 12), st.integers(0, 10**6), st.sampled_from(TARGETS))
def test_what_a_bid_reaches_alone_is_its_people_on_target(n: int, seed: int, target: TargetWeights) -> None:
    joint, regions, tags, people, videos = audiences(n, seed)
    built = units.build(joint, regions, tags, people, np.ones(n), target)
    wanted = targets.on_target(joint, regions, target).point * people
    assert built.alone == pytest.approx(wanted, rel=1e-9)
    small = units.build(joint, regions, tags, people * 1e-3, np.ones(n), target)
    rates = coverage.rates(small.shares, small.units.shapes)
    assert coverage.people(rates, small.units) == pytest.approx(wanted * 1e-3, rel=1e-6, abs=1e-6)
    assert built.contacts == pytest.approx(wanted, rel=1e-9)
    more = units.build(joint, regions, tags, people, videos, target)
    assert np.all(more.alone >= built.alone * (1 - 1e-12))
    assert np.all(more.contacts >= more.alone * (1 - 1e-12))


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_a_bid_is_the_same_alone_and_among_others(seed: int) -> None:
    joint, regions, tags, people, videos = audiences(9, seed)
    together = units.build(joint, regions, tags, people, videos, EVERYBODY)
    pair = [2, 5]
    apart = units.build(joint[pair], regions[pair], tags[pair], people[pair], videos[pair], EVERYBODY)
    values = [
        set_frequency.at_least_once(coverage.rates(built.shares[rows], built.units.shapes), built.units)
        for built, rows in ((together, pair), (apart, [0, 1]))
    ]
    assert values[0] == pytest.approx(values[1], rel=1e-12)


@pytest.mark.parametrize(
    "model", [DuplicationModel(16.0, 1.0), DuplicationModel(116.0, 1.0), DuplicationModel(3.0, 2.0)]
)
def test_niches_share_as_many_people_as_the_lifts_say(model: DuplicationModel) -> None:
    joint = np.tile(grid.audience().joint, (3, 1))
    regions = np.tile(population().sum(axis=(0, 1)) * np.isin(REGIONS, list(PROVINCES)), (3, 1))
    regions /= regions.sum(axis=1, keepdims=True)
    tags = np.zeros((3, len(channel_tags.VERTICALS) + 1))
    tags[[0, 1, 2], [3, 3, 4]] = 1
    people = np.full(3, 1e4)
    built = units.build(joint, regions, tags, people, np.ones(3), EVERYBODY, MarketDuplication({"cn": model}))
    rates = coverage.rates(built.shares, built.units.shapes)
    shares, weights = built.audiences.shares, built.audiences.cells.weights
    by_chance = np.sum(weights * shares[0] * shares[1])
    both = [
        built.alone[i] + built.alone[j] - set_frequency.at_least_once(rates[[i, j]], built.units)
        for i, j in ((0, 1), (0, 2))
    ]
    assert both == pytest.approx([model.within * by_chance, model.across * by_chance], rel=0.05)


def test_a_strong_local_channel_loses_nobody_and_nobody_reaches_more_than_there_are() -> None:
    joint = grid.audience().joint[None]
    regions = np.array([[code == "MO" for code in REGIONS]], dtype=float)
    tags = channel_tags.tag_shares({"food": 1.0})[None]
    target = targets.target_weights([{"regions": ["MO"]}])
    there = float(np.sum(units.lay(joint, regions, tags, np.ones(1), target).cells.people))
    strong = units.build(joint, regions, tags, np.array([there / 8]), np.ones(1), target)
    reached = set_frequency.at_least_once(coverage.rates(strong.shares, strong.units.shapes), strong.units)
    assert reached == pytest.approx(there / 8, rel=1e-6)
    too_many = units.build(joint, regions, tags, np.array([there * 5]), np.ones(1), target)
    assert too_many.alone <= there


def test_cells_that_nobody_reaches_are_left_out_and_markets_are_apart() -> None:
    joint = np.tile(grid.audience().joint, (2, 1))
    regions = np.array([[float(code == place) for code in REGIONS] for place in ("US", "BR")])
    tags = np.tile(channel_tags.tag_shares({"games": 1.0}), (2, 1))
    built = units.build(joint, regions, tags, np.full(2, 1e6), np.ones(2), targets.target_weights([{}]))
    names = {built.audiences.cells.market_names[number] for number in built.audiences.cells.markets}
    assert names == {"us", "br"}
    assert len(built.audiences.cells) == 16
    assert not np.any(built.audiences.shares[0] * built.audiences.shares[1])
    assert built.cell_of.tolist() == sorted(built.cell_of.tolist())


def test_nobody_of_the_target_gives_no_units() -> None:
    nobody = targets.target_weights([{"regions": ["CN"], "weight": 0.0}])
    built = units.build(*audiences(3, 1), nobody)
    assert len(built.units) == 0
    assert np.all(built.alone == 0)
