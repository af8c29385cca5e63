"""On-target shares and the ends that the lists allow."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.matching.audience.grid import AGES_N, GENDERS_N, REGIONS_N, BadAudience, audience
from marketplace.matching.audience.targets import on_target, target_weights

YOUNG = {"18-23": 0.4, "24-30": 0.3, "31-40": 0.3}


def _rows(*found):
    return np.stack([one.joint for one in found]), np.stack([one.regions for one in found])


def test_everybody_is_all_of_it_with_no_width() -> None:
    shares = on_target(*_rows(audience(YOUNG)), target_weights([{}]))
    assert shares.point == pytest.approx([1], abs=1e-6)
    assert (shares.low[0], shares.high[0]) == (pytest.approx(1, abs=1e-6), 1.0)


def test_two_parts_lie_between_frechets_ends() -> None:
    found = audience(YOUNG, {"female": 0.8, "male": 0.2})
    shares = on_target(*_rows(found), target_weights([{"ages": [18, 30], "genders": ["female"]}]))
    assert shares.low[0] == pytest.approx(0.7 + 0.8 - 1, abs=1e-5)
    assert shares.high[0] == pytest.approx(0.7, abs=1e-5)
    table = found.joint.reshape(AGES_N, GENDERS_N)
    assert shares.point[0] == pytest.approx(table[1:4, 0].sum(), abs=1e-12)


def test_three_parts_lie_between_frechets_ends() -> None:
    found = audience(YOUNG, {"female": 0.9, "male": 0.1}, {"CN-GD": 0.75, "US": 0.25})
    target = target_weights([{"ages": ["18-23", "24-30"], "genders": ["female"], "regions": ["CN"]}])
    shares = on_target(*_rows(found), target)
    assert shares.low[0] == pytest.approx(0.7 + 0.9 + 0.75 - 2, abs=1e-5)
    assert shares.high[0] == pytest.approx(0.7, abs=1e-5)
    assert shares.point[0] == pytest.approx(found.joint.reshape(AGES_N, GENDERS_N)[1:4, 0].sum() * 0.75, abs=1e-9)


def test_the_low_end_does_not_fall_under_zero() -> None:
    found = audience(YOUNG, {"female": 0.1, "male": 0.9})
    shares = on_target(*_rows(found), target_weights([{"ages": [18, 23], "genders": ["female"]}]))
    assert shares.low[0] == 0
    assert shares.high[0] == pytest.approx(0.1, abs=1e-5)


def test_one_list_alone_leaves_no_doubt() -> None:
    shares = on_target(*_rows(audience(YOUNG)), target_weights([{"ages": [18, 30]}]))
    assert shares.low == pytest.approx(shares.high, abs=1e-9)
    assert shares.point[0] == pytest.approx(0.7, abs=1e-5)


def test_where_cells_overlap_the_highest_weight_holds_in_any_order() -> None:
    cells = [{"ages": [18, 40], "weight": 0.5}, {"ages": [24, 30], "genders": ["female"], "weight": 1.0}]
    one, other = target_weights(cells), target_weights(cells[::-1])
    assert np.array_equal(one.weights, other.weights)
    assert one.boxes == other.boxes
    assert one.weights[2, 0, 0] == 1.0
    assert one.weights[2, 1, 0] == 0.5
    assert one.weights[0, 0, 0] == 0.0
    covered = np.zeros((AGES_N, GENDERS_N, REGIONS_N))
    for box in one.boxes:
        covered[np.ix_(box.ages, box.genders, box.regions)] += box.weight
    assert np.array_equal(covered, one.weights)


@pytest.mark.parametrize(
    "cells",
    [
        [],
        [{"ages": [20, 30]}],
        [{"ages": [18, 30, 40]}],
        [{"weight": 1.5}],
        [{"sex": ["female"]}],
        [{"regions": ["Mars"]}],
        [{"genders": ["all"]}],
    ],
)
def test_targets_off_the_grid_are_refused(cells) -> None:
    with pytest.raises(BadAudience):
        target_weights(cells)


CELLS = st.fixed_dictionaries(
    {},
    optional={
        "ages": st.sampled_from([[18, 30], [24, 24], [31, 40], [35, None], ["18-24", "45-54"]]),
        "genders": st.sampled_from([["female"], ["male"], ["female", "male"]]),
        "regions": st.sampled_from([["CN"], ["CN-GD", "US"], ["US"]]),
        "weight": st.floats(0, 1),
    },
)


@settings(deadline=None, max_examples=80)
@given(st.lists(CELLS, min_size=1, max_size=4), st.integers(0, 2**32 - 1))
def test_ends_hold_the_point_and_any_table_with_the_same_lists(cells, seed) -> None:
    rng = np.random.default_rng(seed)
    true = rng.dirichlet(np.full(AGES_N * GENDERS_N * 3, 0.2)).reshape(AGES_N, GENDERS_N, 3)
    full = np.zeros((AGES_N, GENDERS_N, REGIONS_N))
    full[:, :, [0, 5, 33]] = true
    product = np.outer(full.sum(axis=(1, 2)), full.sum(axis=(0, 2))).reshape(1, -1)
    target = target_weights(cells)
    shares = on_target(product, full.sum(axis=(0, 1))[None, :], target)
    assert 0 <= shares.low[0] <= shares.point[0] <= shares.high[0] <= 1
    actual = float((full * target.weights).sum())
    assert shares.low[0] - 1e-9 <= actual <= shares.high[0] + 1e-9


def test_a_row_has_the_same_bits_alone_and_in_a_batch() -> None:
    rng = np.random.default_rng(5)
    joint, regions = rng.dirichlet(np.ones(22), 101), rng.dirichlet(np.ones(REGIONS_N), 101)
    target = target_weights([{"ages": [18, 30], "regions": ["CN"]}, {"genders": ["female"], "weight": 0.3}])
    together = on_target(joint, regions, target)
    for row in (0, 50, 100):
        alone = on_target(joint[row : row + 1], regions[row : row + 1], target)
        assert (alone.point[0], alone.low[0], alone.high[0]) == (
            together.point[row],
            together.low[row],
            together.high[row],
        )
