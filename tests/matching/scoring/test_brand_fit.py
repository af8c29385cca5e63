"""How well a brief suits a channel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.matching.audience.channel_tags import KINSHIPS, affinity, category_nearness, tag_shares
from marketplace.matching.audience.grid import audience
from marketplace.matching.scoring.brand_fit import (
    PARTS,
    WEIGHTS,
    category_part,
    fit,
    language_part,
    length_part,
    market_part,
)


def test_weights_sum_to_one_and_affinity_is_the_same_both_ways() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1)
    words = sorted({word for kin in KINSHIPS for word in kin})
    table = np.stack([affinity(word, words) for word in words])
    assert np.array_equal(table, table.T)
    assert np.array_equal(np.diag(table), np.ones(len(words)))


def test_a_category_meets_the_channels_content() -> None:
    assert affinity("beauty", ["beauty", "fashion", "cars", "unheard-of"]).tolist() == [1, 0.6, 0.15, 0.15]
    tagged = np.stack([tag_shares(tags) for tags in ({"beauty": 0.5, "fashion": 0.25, "unheard-of": 0.25}, {})])
    found = category_part(tagged, category_nearness("beauty"))
    assert found[0] == pytest.approx(0.6875)
    assert np.isnan(found[1])
    assert np.isnan(category_part(np.zeros((1, 2)), np.ones(2)))[0]


def test_market_language_and_length() -> None:
    found = audience(regions={"CN-GD": 0.5, "CN-BJ": 0.2, "US": 0.3})
    assert market_part(found.regions[None, :], ["CN"])[0] == pytest.approx(0.7)
    assert market_part(found.regions[None, :], ["CN", "US"])[0] == pytest.approx(1)
    assert language_part(["zh-CN", "en", None], ["zh", "ja"])[:2].tolist() == [1, 0]
    assert np.isnan(language_part(["zh", None], [])).all()
    got = length_part(np.array([30.0, 10, 120, np.nan]), 20, 60)
    assert got[:3].tolist() == [1, 0.5, 0.5]
    assert np.isnan(got[3])


def test_a_part_that_is_not_known_is_left_out_not_counted_as_nought() -> None:
    got = fit({"category": np.array([1.0, np.nan, np.nan]), "market": np.array([0.4, 0.4, np.nan])}, 3)
    assert got.value == pytest.approx([(0.4 * 1 + 0.2 * 0.4) / 0.6, 0.4, 0.5])
    assert np.isnan(got.parts).sum(axis=1).tolist() == [4, 5, 6]
    with pytest.raises(ValueError, match="'charm'"):
        fit({"charm": np.ones(3)}, 3)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 1) | st.just(float("nan")), min_size=6, max_size=6), st.integers(0, 5), st.floats(0, 1))
def test_the_value_stays_in_bounds_and_rises_with_each_part(parts, which, better) -> None:
    table = {name: np.array([part]) for name, part in zip(PARTS, parts, strict=True)}
    before = fit(table, 1).value[0]
    assert 0 <= before <= 1
    if not np.isnan(parts[which]):
        table[PARTS[which]] = np.array([max(parts[which], better)])
        assert fit(table, 1).value[0] >= before - 1e-12
