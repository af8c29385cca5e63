"""The audience grid and the fitting of a platform's lists to it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.matching.audience.grid import (
    AGES_N,
    GENDERS_N,
    REGIONS_N,
    BadAudience,
    MarginsContradict,
    age_band,
    audience,
    fit_margins,
    margin_along,
    region_indices,
)
from marketplace.matching.audience.priors import AGE_STARTS, CHINA, PROVINCES, REGIONS

XINGTU = {"18-23": 0.35, "24-30": 0.30, "31-40": 0.20, "41-50": 0.10, "50+": 0.05}


def test_a_two_by_two_table_keeps_its_odds_ratio_and_meets_both_margins() -> None:
    prior = np.array([[4.0, 1.0], [1.0, 1.0]])
    rows, columns = np.array([0.5, 0.5]), np.array([0.6, 0.4])
    table = fit_margins(prior, [margin_along((2, 2), (0,), rows), margin_along((2, 2), (1,), columns)])
    # x (x - 0.1) = 4 (0.5 - x) (0.6 - x) for the first cell x
    x = (4.3 - np.sqrt(4.3**2 - 4 * 3 * 1.2)) / 6
    assert table == pytest.approx(np.array([[x, 0.5 - x], [0.6 - x, x - 0.1]]), abs=3e-6)


def test_a_flat_prior_gives_the_product_in_three_dimensions() -> None:
    shares = [np.array([0.2, 0.8]), np.array([0.1, 0.4, 0.5]), np.array([0.7, 0.3])]
    margins = [margin_along((2, 3, 2), (axis,), part) for axis, part in enumerate(shares)]
    table = fit_margins(np.ones((2, 3, 2)), margins)
    assert table == pytest.approx(np.einsum("i,j,k->ijk", *shares), abs=1e-12)


def test_a_two_way_margin_is_met_exactly() -> None:
    wanted = np.array([[0.1, 0.2], [0.3, 0.4]])
    table = fit_margins(np.arange(1.0, 9.0).reshape(2, 2, 2), [margin_along((2, 2, 2), (0, 2), wanted)])
    assert table.sum(axis=1) == pytest.approx(wanted, abs=1e-12)


def test_margins_that_ask_for_people_where_the_prior_has_none_are_refused() -> None:
    with pytest.raises(MarginsContradict, match="nobody in group 1"):
        fit_margins(np.array([[1.0, 1.0], [0.0, 0.0]]), [margin_along((2, 2), (0,), np.array([0.5, 0.5]))])


def test_margins_that_zeros_make_impossible_together_are_refused() -> None:
    prior = np.array([[1.0, 0.0], [0.0, 1.0]])
    margins = [
        margin_along((2, 2), (0,), np.array([0.5, 0.5])),
        margin_along((2, 2), (1,), np.array([0.9, 0.1])),
    ]
    with pytest.raises(MarginsContradict, match="still off by"):
        fit_margins(prior, margins)


def test_margins_that_are_not_shares_are_refused() -> None:
    with pytest.raises(MarginsContradict, match="shares that sum to 1"):
        fit_margins(np.ones((2, 2)), [margin_along((2, 2), (0,), np.array([0.6, 0.5]))])


@pytest.mark.parametrize(
    ("label", "starts"),
    [
        ("18-23", (18,)),
        ("18-24", (18, 24)),
        ("age25-34", (25, 31)),
        ("50+", (51, 55, 65)),
        ("51+", (51, 55, 65)),
        ("age65-", (65,)),
        ("<18", (13,)),
        ("0-17", (13,)),
        (" 41 - 50 ", (41, 45)),
    ],
)
def test_bands_of_the_platforms_fall_on_the_grid(label, starts) -> None:
    first, after = age_band(label)
    assert AGE_STARTS[first:after] == starts


@pytest.mark.parametrize("label", ["20-30", "18-22", "30-18", "women", "50-60", "18"])
def test_a_band_off_the_grid_is_refused(label) -> None:
    with pytest.raises(BadAudience):
        age_band(label)


def test_a_country_with_provinces_is_all_of_them() -> None:
    assert [REGIONS[place] for place in region_indices("cn")] == list(PROVINCES)
    assert len(PROVINCES) == 31
    assert [REGIONS[place] for place in region_indices("CN-HK")] == ["HK"]
    with pytest.raises(BadAudience, match="'XX'"):
        region_indices("XX")


def test_the_prior_is_shares() -> None:
    assert CHINA.joint.shape == (AGES_N, GENDERS_N)
    assert CHINA.joint.sum() == pytest.approx(1)
    assert CHINA.regions.sum() == pytest.approx(1)
    assert (CHINA.joint > 0).all()
    assert CHINA.regions[region_indices("US")[0]] == 0


def test_a_channels_lists_come_back_as_margins_of_the_fit() -> None:
    found = audience(XINGTU, {"female": 0.7, "male": 0.3}, {"CN-GD": 0.6, "CN-BJ": 0.4})
    table = found.joint.reshape(AGES_N, GENDERS_N)
    assert table.sum(axis=0) == pytest.approx([0.7, 0.3], abs=2e-6)
    by_age = table.sum(axis=1)
    for label, share in XINGTU.items():
        first, after = age_band(label)
        assert by_age[first:after].sum() == pytest.approx(share, abs=2e-6)
    assert by_age[0] == 0
    assert found.regions[region_indices("CN-GD")[0]] == pytest.approx(0.6)
    assert found.flags == ()
    assert found.unknown == {"ages": 0.0, "genders": 0.0, "regions": 0.0}


def test_missing_lists_follow_the_prior_and_are_flagged() -> None:
    found = audience()
    assert found.flags == ("ages_from_prior", "genders_from_prior", "regions_from_prior")
    assert np.array_equal(found.joint, CHINA.joint.reshape(-1))
    assert np.array_equal(found.regions, CHINA.regions)
    only_women = audience(genders={"female": 1.0})
    assert only_women.flags == ("ages_from_prior", "regions_from_prior")
    assert only_women.joint.reshape(AGES_N, GENDERS_N)[:, 1].sum() == 0


def test_an_undisclosed_share_is_spread_in_proportion_and_reported() -> None:
    found = audience(genders={"女": 0.6, "男": 0.2, "未知": 0.2})
    assert found.unknown["genders"] == pytest.approx(0.2)
    assert found.joint.reshape(AGES_N, GENDERS_N).sum(axis=0) == pytest.approx([0.75, 0.25], abs=2e-6)
    short = audience(ages={"18-24": 0.5, "25-34": 0.4})
    assert short.unknown["ages"] == pytest.approx(0.1)


def test_the_rest_of_a_short_region_list_goes_where_the_list_is_silent() -> None:
    found = audience(regions={"CN-GD": 0.5, "unknown": 0.1})
    guangdong = region_indices("CN-GD")[0]
    assert found.regions[guangdong] == pytest.approx(0.5 / 0.9)
    assert found.regions[region_indices("CN-SD")[0]] == pytest.approx(
        0.4 / 0.9 * CHINA.regions[region_indices("CN-SD")[0]] / (1 - CHINA.regions[guangdong])
    )
    assert found.unknown["regions"] == pytest.approx(0.1)
    assert found.flags[-1] == "regions_rest_from_prior"


def test_regions_off_the_list_count_as_elsewhere_and_states_as_their_country() -> None:
    found = audience(regions={"US-CA": 0.5, "IS": 0.3, "other": 0.2})
    assert found.regions[region_indices("US")[0]] == pytest.approx(0.5)
    assert found.regions[region_indices("ZZ")[0]] == pytest.approx(0.5)
    assert "regions_off_the_list" in found.flags


@pytest.mark.parametrize(
    "lists",
    [
        {"ages": {"18-24": 60.0, "25-34": 40.0}},
        {"ages": {"18-24": 0.5, "24-30": 0.5}},
        {"ages": {"18-24": -0.1, "25-34": 1.0}},
        {"genders": {"unknown": 1.0}},
        {"genders": {"robots": 1.0}},
        {"regions": {"Guangdong": 1.0}},
        {"regions": {"CN-XX": 1.0}},
    ],
)
def test_lists_that_cannot_be_read_are_refused(lists) -> None:
    with pytest.raises(BadAudience):
        audience(**lists)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(0.01, 1), min_size=5, max_size=5),
    st.floats(0.01, 0.99),
    st.lists(st.floats(0.0, 1), min_size=3, max_size=3).filter(lambda shares: sum(shares) > 0.1),
)
def test_any_lists_give_shares_that_sum_to_one(ages, female, regions) -> None:
    found = audience(
        dict(zip(XINGTU, np.array(ages) / sum(ages), strict=True)),
        {"female": female, "male": 1 - female},
        dict(zip(("CN-GD", "CN-ZJ", "US"), np.array(regions) / sum(regions), strict=True)),
    )
    assert found.joint.sum() == pytest.approx(1, abs=1e-6)
    assert found.regions.sum() == pytest.approx(1, abs=1e-9)
    assert found.joint.min() >= 0
    assert found.regions.shape == (REGIONS_N,)
