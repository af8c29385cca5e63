"""On-target shares and the ends that the lists allow."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.matching.audience.grid import (
    AGES_N,
    ALL_LISTS,
    EDUCATION_N,
    EDUCATION_PRIOR,
    GENDERS_N,
    INTERESTS_N,
    REGIONS_N,
    audience,
    readable_audience,
    region_indices,
)
from marketplace.matching.audience.priors import AGE_STARTS, CHINA, YEARS
from marketplace.matching.audience.share_columns import OLD_BYTES, filled_up, pack, unpack
from marketplace.matching.audience.targets import TargetShares, on_target, target_cells, target_weights
from marketplace.matching.audience.told_lists import BadAudience

YOUNG = {"18-23": 0.4, "24-30": 0.3, "31-40": 0.3}


def _ages(first: int, after: int) -> slice:
    return slice(AGE_STARTS.index(first), AGE_STARTS.index(after))


def shares_of(lists, content) -> TargetShares:
    """The on-target shares of a channel with these lists, stored and loaded, for a brief's document."""
    found = unpack(pack(readable_audience(lists), {}))
    target = target_weights(target_cells(content))
    return on_target(found.joint, found.regions, target, found.lists)


def ends(shares: TargetShares) -> tuple[float, float, float]:
    return float(shares.low[0]), float(shares.point[0]), float(shares.high[0])


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
    assert shares.point[0] == pytest.approx(table[_ages(18, 31), 0].sum(), abs=1e-12)


def test_three_parts_lie_between_frechets_ends() -> None:
    found = audience(YOUNG, {"female": 0.9, "male": 0.1}, {"CN-GD": 0.75, "US": 0.25})
    target = target_weights([{"ages": ["18-23", "24-30"], "genders": ["female"], "regions": ["CN"]}])
    shares = on_target(*_rows(found), target)
    assert shares.low[0] == pytest.approx(0.7 + 0.9 + 0.75 - 2, abs=1e-5)
    assert shares.high[0] == pytest.approx(0.7, abs=1e-5)
    assert shares.point[0] == pytest.approx(
        found.joint.reshape(AGES_N, GENDERS_N)[_ages(18, 31), 0].sum() * 0.75, abs=1e-9
    )


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
    assert one.weights[AGE_STARTS.index(24), 0, 0] == 1.0
    assert one.weights[AGE_STARTS.index(24), 1, 0] == 0.5
    assert one.weights[0, 0, 0] == 0.0
    covered = np.zeros((AGES_N, GENDERS_N, REGIONS_N))
    for box in one.boxes:
        covered[np.ix_(box.ages, box.genders, box.regions)] += box.weight
    assert np.array_equal(covered, one.weights)


@pytest.mark.parametrize(
    "cells",
    [
        [],
        [{"ages": [30, 20]}],
        [{"ages": [18, 30, 40]}],
        [{"education": ["wizard"]}],
        [{"interests": ["sorcery"]}],
        [{"interests": [one]} for one in ("food", "pets", "tech", "games", "cars")],
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
        "ages": st.sampled_from([[18, 30], [24, 24], [31, 40], [35, None], ["18-24", "45-54"], [19, 28]]),
        "genders": st.sampled_from([["female"], ["male"], ["female", "male"]]),
        "regions": st.sampled_from([["CN"], ["CN-GD", "US"], ["US"]]),
        "weight": st.floats(0, 1),
    },
)


def _worth(full, cells) -> float:
    """The worth of a table's people, each age spread over its years as the prior has them."""
    years = CHINA.years.sum(axis=1)
    age_of = np.array([sum(year >= start for start in AGE_STARTS) - 1 for year in YEARS])
    part = years / np.bincount(age_of, weights=years)[age_of]
    worth = np.zeros((len(YEARS), GENDERS_N, REGIONS_N))
    for cell in cells:
        given = cell.get("ages") or [13, None]
        if isinstance(given[0], str):
            spans = [tuple(map(int, band.split("-"))) for band in given]
        else:
            spans = [(given[0], given[1] or 99)]
        inside = [y - YEARS.start for y in YEARS if any(first <= y <= last for first, last in spans)]
        genders = [("female", "male").index(word) for word in cell.get("genders") or ("female", "male")]
        codes = cell.get("regions")
        regions = sorted({r for code in codes for r in region_indices(code)}) if codes else list(range(REGIONS_N))
        block = np.ix_(inside, genders, regions)
        worth[block] = np.maximum(worth[block], cell.get("weight", 1.0))
    return float((full[age_of] * part[:, None, None] * worth).sum())


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
    actual = _worth(full, cells)
    assert shares.low[0] - 1e-9 <= actual <= shares.high[0] + 1e-9


def test_a_row_has_the_same_bits_alone_and_in_a_batch() -> None:
    rng = np.random.default_rng(5)
    joint, regions = rng.dirichlet(np.ones(AGES_N * GENDERS_N), 101), rng.dirichlet(np.ones(REGIONS_N), 101)
    target = target_weights([{"ages": [18, 30], "regions": ["CN"]}, {"genders": ["female"], "weight": 0.3}])
    together = on_target(joint, regions, target)
    for row in (0, 50, 100):
        alone = on_target(joint[row : row + 1], regions[row : row + 1], target)
        assert (alone.point[0], alone.low[0], alone.high[0]) == (
            together.point[row],
            together.low[row],
            together.high[row],
        )


def test_cells_without_regions_mean_the_briefs_markets() -> None:
    young_americans = {"ages": YOUNG, "genders": {"female": 0.5, "male": 0.5}, "regions": {"US": 0.95}}
    target = [{"ages": {"from": 18, "to": 30}, "genders": [], "regions": [], "weight": 1.0}]
    low, point, high = ends(shares_of(young_americans, {"markets": ["CN"], "target": target}))
    assert point == pytest.approx(0.7 * 0.05, abs=1e-4)
    assert (low, high) == (pytest.approx(0.0), pytest.approx(0.05))
    assert ends(shares_of(young_americans, {"markets": ["CN"], "target": []}))[1] == pytest.approx(0.05)
    # A cell that names its regions keeps them.
    abroad = [{**target[0], "regions": ["US"]}]
    assert ends(shares_of(young_americans, {"markets": ["CN"], "target": abroad}))[1] == pytest.approx(0.665, abs=1e-4)


def test_what_a_region_list_leaves_out_has_bounds() -> None:
    americans = {"regions": {"US": 0.9}}
    low, point, high = ends(shares_of(americans, {"markets": ["GB"]}))
    assert (low, point, high) == (0.0, 0.0, pytest.approx(0.1))
    assert ends(shares_of(americans, {"markets": ["US"]})) == pytest.approx((0.9, 0.9, 0.9), abs=1e-6)
    whole = {"regions": {"US": 0.9, "CA": 0.1}}
    assert ends(shares_of(whole, {"markets": ["GB"]})) == (0.0, 0.0, 0.0)
    # The provinces of a country of which only the whole is stated.
    chinese = {"regions": {"CN": 0.9, "US": 0.1}}
    low, point, high = ends(shares_of(chinese, {"markets": ["CN"], "target": [{"regions": ["CN-GD"]}]}))
    assert (low, high) == (0.0, pytest.approx(0.9))
    assert 0 < point < 0.9
    assert ends(shares_of(chinese, {"markets": ["CN"]})) == pytest.approx((0.9, 0.9, 0.9), abs=1e-6)


@pytest.mark.parametrize(
    ("lists", "target", "rest"),
    [
        ({"ages": {"18-23": 0.0, "24-30": 0.0}}, {"ages": {"from": 18, "to": 30}}, {"ages": {"from": 31, "to": 40}}),
        ({"ages": {"18-23": 0.0, "51+": 0.6}}, {"ages": {"from": 18, "to": 23}}, {"ages": {"from": 24, "to": 50}}),
        ({"regions": {"CN-GD": 0.0, "CN-SH": 0.0}}, {"regions": ["CN-GD", "CN-SH"]}, {"regions": ["CN-BJ"]}),
        ({"regions": {"CN-GD": 0.3, "US": 0.0}}, {"regions": ["US"]}, {"regions": ["CN-BJ"]}),
        ({"regions": {"CN": 0.0, "US": 0.2}}, {"regions": ["CN"]}, {"regions": ["US"]}),
        ({"regions": {"CN": 0.2, "CN-GD": 0.2}}, {"regions": ["CN-BJ"]}, {"regions": ["CN-GD"]}),
        ({"education": {"bachelor": 0.0, "master": 0.0}}, {"education": ["bachelor"]}, {"education": ["college"]}),
    ],
)
def test_where_a_list_states_zero_nobody_is_and_the_rest_is_elsewhere(lists, target, rest) -> None:
    assert ends(shares_of(lists, {"target": [target]})) == pytest.approx((0, 0, 0), abs=1e-6)
    low, point, high = ends(shares_of(lists, {"target": [rest]}))
    assert low <= point <= high
    assert 0.005 < point < 0.9


def test_a_missing_list_leaves_everything_open() -> None:
    for name, asked in (
        ("regions", {"markets": ["CN"]}),
        ("ages", {"target": [{"ages": {"from": 18, "to": 30}}]}),
        ("genders", {"target": [{"genders": ["female"]}]}),
        ("education", {"target": [{"education": ["bachelor", "master"]}]}),
        ("interests", {"target": [{"interests": ["online_shopping"]}]}),
    ):
        low, point, high = ends(shares_of({}, asked))
        assert (low, high) == (0.0, 1.0), name
        assert 0 < point <= 1, name


def test_the_documentary_channels_own_facts_answer_their_own_target() -> None:
    facts = {"ages": {"16-30": 0.7826}, "education": {"university": 0.8156}}
    young = [{"ages": {"from": 16, "to": 30}}]
    assert ends(shares_of(facts, {"target": young})) == pytest.approx((0.7826,) * 3, abs=1e-5)
    graduates = [{"education": ["bachelor", "master"]}]
    assert ends(shares_of(facts, {"target": graduates})) == pytest.approx((0.8156,) * 3, abs=1e-5)
    both = [{**young[0], **graduates[0]}]
    expected = (0.7826 + 0.8156 - 1, 0.7826 * 0.8156, 0.7826)
    assert ends(shares_of(facts, {"target": both})) == pytest.approx(expected, abs=1e-5)


def test_any_of_several_interests_lies_between_the_largest_and_the_sum() -> None:
    facts = {"interests": {"网购": 0.5, "beauty": 0.3}}
    one = shares_of(facts, {"target": [{"interests": ["online_shopping"]}]})
    assert ends(one) == pytest.approx((0.5, 0.5, 0.5))
    any_of = shares_of(facts, {"target": [{"interests": ["online_shopping", "beauty"]}]})
    assert ends(any_of) == pytest.approx((0.5, 1 - 0.5 * 0.7, 0.8), abs=1e-6)


def test_cells_with_different_interests_count_nobody_twice() -> None:
    facts = {"genders": {"female": 0.5, "male": 0.5}, "interests": {"food": 0.4, "games": 0.5}}
    cells = [{"interests": ["food"], "weight": 1.0}, {"interests": ["games"], "weight": 0.5}]
    low, point, high = ends(shares_of(facts, {"target": cells}))
    assert point == pytest.approx(0.4 + 0.5 * (0.5 * 0.6), abs=1e-6)
    assert low <= point <= high
    assert low >= 0.4 - 1e-6


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["ages", "genders", "regions", "education", "interests"]))
def test_bounds_hold_the_point_and_shrink_when_more_is_known(seed, left_out) -> None:
    rng = np.random.default_rng(seed)
    first = int(rng.integers(13, 40))
    bands = rng.dirichlet(np.ones(3))
    lists = {
        "ages": {f"13-{first}": bands[0], f"{first + 1}-{first + 9}": bands[1], f"{first + 10}+": bands[2]},
        "genders": dict(zip(("female", "male"), rng.dirichlet(np.ones(2)), strict=True)),
        "regions": dict(zip(("CN-GD", "US", "CN"), rng.dirichlet(np.ones(4))[:3], strict=True)),
        "education": dict(zip(("university", "大专", "高中及以下"), rng.dirichlet(np.ones(3)), strict=True)),
        "interests": {"food": rng.random(), "games": rng.random()},
    }
    content = {
        "markets": ["CN"],
        "target": [
            {"ages": {"from": int(rng.integers(13, 30)), "to": int(rng.integers(31, 99))}, "interests": ["food"]},
            {"genders": ["female"], "education": ["bachelor"], "weight": float(rng.random())},
            {"regions": ["US", "CN-GD"], "interests": ["games", "cars"], "weight": float(rng.random())},
        ],
    }
    assert set(lists) == set(ALL_LISTS)
    more = ends(shares_of(lists, content))
    less = ends(shares_of({name: given for name, given in lists.items() if name != left_out}, content))
    for low, point, high in (more, less):
        assert 0 <= low <= point <= high <= 1
    assert less[0] <= more[0] + 1e-6
    assert more[2] <= less[2] + 1e-6


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_bounds_hold_any_people_with_the_same_lists(seed) -> None:
    """People drawn one by one, in whom everything may depend on everything."""
    rng = np.random.default_rng(seed)
    count = 200
    ages, genders = rng.integers(13, 90, count), rng.integers(0, 2, count)
    places, levels = rng.integers(0, 3, count), rng.integers(0, EDUCATION_N, count)
    wants = rng.random((count, 2)) < np.where(ages < 30, 0.8, 0.2)[:, None]
    cut = int(rng.integers(20, 60))
    lists = {
        "ages": {f"13-{cut}": np.mean(ages <= cut), f"{cut + 1}+": np.mean(ages > cut)},
        "genders": {"female": np.mean(genders == 0), "male": np.mean(genders == 1)},
        "regions": {"US": np.mean(places == 0), "CN-GD": np.mean(places == 1)},
        "education": {"university": np.mean(levels >= 3)},
        "interests": {"food": np.mean(wants[:, 0]), "games": np.mean(wants[:, 1])},
    }
    first, last = sorted(rng.integers(13, 90, 2).tolist())
    target = [
        {"ages": {"from": first, "to": last}, "genders": ["female"], "regions": ["US"], "education": ["master"]},
        {"regions": ["CN-GD", "GB"], "interests": ["food", "games"], "weight": 0.5},
    ]
    low, _, high = ends(shares_of(lists, {"markets": [], "target": target}))
    one = (ages >= first) & (ages <= last) & (genders == 0) & (places == 0) & (levels == 4)
    # The third place is GB, which the list of regions leaves out.
    two = (places > 0) & wants.any(axis=1)
    actual = float(np.mean(np.maximum(one * 1.0, two * 0.5)))
    assert low - 1e-6 <= actual <= high + 1e-6


def test_rows_stored_before_there_were_lists_are_still_read() -> None:
    rng = np.random.default_rng(3)
    old_ages = (13, 18, 24, 25, 31, 35, 41, 45, 51, 55, 65)
    joint, regions = rng.dirichlet(np.ones(22), 2), rng.dirichlet(np.ones(REGIONS_N), 2)
    tags = len(unpack(pack(audience(), {})).tags[0])
    rows = np.concatenate([joint, regions, np.zeros((2, tags + 3))], axis=1).astype("<f4")
    assert rows[0].nbytes == OLD_BYTES
    new = pack(audience(YOUNG), {})
    found = unpack(b"".join([filled_up(rows[0].tobytes()), new, filled_up(rows[1].tobytes())]))
    by_age = found.joint[[0, 2]].reshape(2, AGES_N, GENDERS_N)
    for place, start in enumerate(old_ages):
        inside = [age for age, first in enumerate(AGE_STARTS) if first >= start and first < (*old_ages, 999)[place + 1]]
        expected = joint.reshape(2, 11, GENDERS_N)[:, place]
        assert by_age[:, inside].sum(axis=1) == pytest.approx(expected, abs=1e-6)
    assert found.regions[[0, 2]] == pytest.approx(regions, abs=1e-6)
    target = target_weights([{"ages": [18, 30], "regions": ["US"]}])
    shares = on_target(found.joint, found.regions, target, found.lists)
    assert np.all((shares.low <= shares.point) & (shares.point <= shares.high))
    assert np.isnan(found.lists.interests[0]).all()
    assert found.lists.education[0] == pytest.approx(EDUCATION_PRIOR)
    assert found.interests().shape == (3, INTERESTS_N)


def test_interests_of_which_one_set_holds_another_leave_no_box_without_people() -> None:
    """Discovery reads a box without terms as everybody's: its first pass counted such a part twice over."""
    cells = [{"interests": ["food", "games"], "weight": 0.7}, {"interests": ["food"], "weight": 0.5}]
    boxes = target_weights(cells).boxes
    assert [box.interests.is_everybody or bool(box.interests.terms) for box in boxes] == [True] * len(boxes)
