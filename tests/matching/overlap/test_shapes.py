"""Shapes learnt from measured pairs: they give the pairs back, and foretell unions of made-up people."""

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
from marketplace.matching.overlap import shapes
from marketplace.matching.overlap.shapes import NicheShapes, ReachPairs

KS = (0.2, 0.5, 1.0, 3.0, 50.0)


@given(st.lists(st.tuples(st.floats(0.01, 0.6), st.floats(0.01, 0.6)), min_size=1, max_size=30), st.sampled_from(KS))
def test_the_shape_that_made_the_pairs_is_found(shares: list[tuple[float, float]], k: float) -> None:
    one, other = (np.array(side) for side in zip(*shares, strict=True))
    pairs = ReachPairs(one, other, shapes.common(one, other, k))
    found = shapes.fit(pairs, prior=k)
    assert found == pytest.approx(k, rel=1e-3)
    # A few pairs move the shape from its prior by less than many do.
    few = shapes.fit(ReachPairs(one[:1], other[:1], pairs.both[:1]), prior=k * 10)
    assert k <= few <= k * 10


@given(st.lists(st.floats(0.01, 0.5), min_size=2, max_size=20), st.sampled_from(KS))
def test_a_set_matched_to_its_pairs_has_its_union(shares: list[float], k: float) -> None:
    own = np.array(shares)
    niches = [frozenset({"food"})] * len(own)
    total = shapes.predicted(own, niches, NicheShapes({"food": k}))
    found = shapes.matched(own, total)
    assert shapes.union(own, found) == pytest.approx(shapes.union(own, k), rel=1e-6)
    assert max(shares) - 1e-9 <= shapes.union(own, found) <= min(1.0, float(own.sum())) + 1e-9


def test_more_overlap_than_chance_makes_the_union_smaller() -> None:
    own = np.full(6, 0.2)
    unions = [shapes.union(own, k) for k in KS]
    assert unions == sorted(unions)
    assert shapes.union(own, 1e4) == pytest.approx(1 - 0.8**6, rel=1e-3)
    assert shapes.matched(own, 0.0) == pytest.approx(1e4, rel=1e-6)


def test_niches_that_are_shared_count_and_others_are_across() -> None:
    fitted = NicheShapes({"food": 0.5, "travel": 0.25}, across=2.0)
    assert fitted.of({"food"}, {"food"}) == 0.5
    assert fitted.of({"food", "travel"}, {"travel", "food"}) == pytest.approx(2 / (2 + 4))
    assert fitted.of({"food"}, {"travel"}) == fitted.of(set(), set()) == 2.0


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
    assert told["ours_all_pairs"]["overall"] < 5
    assert told["ours_30_niche_pairs"]["overall"] < 12
    assert told["ours_30_niche_pairs"]["overall"] < told["sainsbury"]["overall"] < told["sum"]["overall"]
    bad = subprocess.run([*command, "--niches", str(tmp_path / "seen")], capture_output=True, text=True, check=False)
    assert (bad.returncode, bad.stdout) == (2, "")
    assert "vehicle, niche" in bad.stderr
