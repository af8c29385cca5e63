"""A set's people by what its pairs share: measured pairs replace predicted ones, and the benchmark calls the same."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.matching.audience.arrays import Bools
from marketplace.matching.overlap import lift_law, set_union
from marketplace.matching.overlap.duplication import DuplicationModel, MarketDuplication
from marketplace.matching.overlap.units import CellAudiences, PeopleCells

NAMES = ("food", "games")
MARKET = MarketDuplication({"all": DuplicationModel(6.0, 1.5)})


def audiences(count: int, seed: int, niches: int = 2) -> CellAudiences:
    rng = np.random.default_rng(seed)
    cells = PeopleCells(rng.uniform(1e5, 1e6, 4), rng.uniform(0.2, 1, 4), np.zeros(4, dtype=np.int64), ("all",))
    content = np.eye(2)[rng.integers(0, niches, count)]
    return CellAudiences(cells, rng.uniform(0, 0.3, (count, 4)), content, np.full(count, ""))


def union(some: CellAudiences, measured: dict[tuple[int, int], float], factor: float = 1.0) -> set_union.SetUnion:
    return set_union.matched(some, set_union.pairs_of(some, MARKET, measured, NAMES), factor)


@given(st.integers(1, 9), st.integers(0, 10**6))
def test_the_parts_of_a_set_add_up_and_its_bounds_hold(count: int, seed: int) -> None:
    some = audiences(count, seed)
    found = union(some, {})
    alone, added, lost = found.alone(), found.added(), found.lost()
    assert np.sum(added) == pytest.approx(found.people)
    assert np.max(alone) * (1 - 1e-9) <= found.people <= np.sum(alone) * (1 + 1e-9)
    assert found.people <= np.sum(some.cells.weights)
    assert np.all(lost <= added + 1e-6 * found.people)
    assert np.all(added <= alone * (1 + 1e-9))


@given(st.integers(2, 9), st.integers(0, 10**6))
def test_one_niche_keeps_its_lift_and_the_order_means_nothing(count: int, seed: int) -> None:
    some = audiences(count, seed, niches=1)
    assert union(some, {}).lift == pytest.approx(6, rel=1e-4)
    mixed = audiences(count, seed)
    backwards = mixed.only(np.arange(count)[::-1])
    assert union(mixed, {}).people == pytest.approx(union(backwards, {}).people, rel=1e-9)


def test_measured_pairs_count_as_they_were_measured() -> None:
    some = audiences(4, 3)
    every = [(one, other) for one in range(4) for other in range(one + 1, 4)]
    pairs = set_union.pairs_of(some, MARKET, dict.fromkeys(every, 9.0), NAMES)
    assert pairs.measured == len(pairs) == 6
    assert set_union.matched(some, pairs).lift == pytest.approx(9, rel=1e-4)
    assert union(some, {every[0]: 50.0}).people < union(some, {}).people < union(some, {every[0]: 0.0}).people


def test_more_shared_is_fewer_people_down_to_the_largest() -> None:
    some = audiences(6, 4)
    people = [union(some, {}, factor).people for factor in (0.0, 0.2, 1.0, 3.0, 1e6)]
    assert np.all(np.diff(people) <= 1e-9 * people[0])
    largest = np.sum(some.cells.weights * np.max(some.shares, axis=0))
    assert people[-1] == pytest.approx(largest, rel=1e-3)


def test_some_pairs_stand_for_those_of_a_large_set() -> None:
    some = audiences(90, 5)
    few = set_union.pairs_of(some, MARKET, {}, NAMES)
    assert set_union.PAIRS_MOST / 2 < len(few) <= set_union.PAIRS_MOST
    first, second = np.triu_indices(90, 1)
    same = np.argmax(some.content[first], axis=1) == np.argmax(some.content[second], axis=1)
    lifts = np.where(same, 6.0, 1.5)[:, None]
    shared = float(np.sum(some.cells.weights * lift_law.common(some.shares[first], some.shares[second], lifts)))
    every = set_union.SetPairs(first, second, lifts[:, 0], 0)
    assert set_union.matched(some, few).people == pytest.approx(set_union.matched(some, every).people, rel=0.01)
    assert shared > 0


def crowd(seed: int) -> tuple[Bools, list[str]]:
    """People with one activity for everything and one for each niche, and what they saw; a vehicle has one niche."""
    rng = np.random.default_rng(seed)
    niches = [f"n{number % 4}" for number in range(100)]
    overall = rng.gamma(2.0, 0.5, 1_500)
    each = rng.gamma(0.8, 1.25, (4, 1_500))
    popular = np.exp(rng.normal(-2.5, 0.8, 100))
    rates = popular[:, None] * overall * each[[int(name[1]) for name in niches]]
    return rng.random(rates.shape) < 1 - np.exp(-rates), niches


def test_the_command_foretells_the_unions_of_a_made_up_crowd(tmp_path: Path) -> None:
    seen, niches = crowd(5)
    for name, head, rows in (
        ("seen", ("person", "vehicle"), [(person, vehicle) for vehicle, person in np.argwhere(seen)]),
        ("niches", ("vehicle", "niche"), list(enumerate(niches))),
    ):
        with (tmp_path / name).open("w", newline="") as file:
            csv.writer(file).writerows([head, *rows])
    command = [sys.executable, "-m", "benchmarks.quality.union_backtest", "--incidence", str(tmp_path / "seen")]
    done = subprocess.run([*command, "--niches", str(tmp_path / "niches")], capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)["mape_percent"]
    assert told["product_all_pairs"]["overall"] < 5
    assert told["product_30_niche_pairs"]["overall"] < 8
    assert told["product_30_niche_pairs"]["overall"] < told["sainsbury"]["overall"] < told["sum"]["overall"]
    bad = subprocess.run([*command, "--niches", str(tmp_path / "seen")], capture_output=True, text=True, check=False)
    assert (bad.returncode, bad.stdout) == (2, "")
    assert "vehicle, niche" in bad.stderr
