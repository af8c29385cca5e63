"""The audience grid and the fitting of a platform's lists to it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.matching.audience.grid import (
    AGES_N,
    GENDERS_N,
    REGIONS_N,
    MarginsContradict,
    age_years,
    audience,
    fit_margins,
    margin_along,
    readable_audience,
    region_indices,
)
from marketplace.matching.audience.priors import ABROAD, AGE_STARTS, CHINA, PROVINCES, REGIONS, YEARS, on_grid
from marketplace.matching.audience.told_lists import BadAudience

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
    ("label", "years"),
    [
        ("18-23", (18, 23)),
        ("16-30", (16, 30)),
        ("20-30", (20, 30)),
        ("age25-34", (25, 34)),
        ("25+", (25, 99)),
        ("50+", (51, 99)),
        ("51+", (51, 99)),
        ("age65-", (65, 99)),
        ("<18", (13, 17)),
        ("0-17", (13, 17)),
        (" 41 - 50 ", (41, 50)),
    ],
)
def test_bands_are_whole_years_as_the_platform_writes_them(label, years) -> None:
    first, after = age_years(label)
    assert (YEARS[first], YEARS[after - 1]) == years


@pytest.mark.parametrize("label", ["30-18", "women", "18", "0-12"])
def test_what_is_no_band_of_people_from_thirteen_on_is_refused(label) -> None:
    with pytest.raises(BadAudience):
        age_years(label)


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
        first, after = age_years(label)
        inside = [place for place, start in enumerate(AGE_STARTS) if YEARS[first] <= start <= YEARS[after - 1]]
        assert by_age[inside].sum() == pytest.approx(share, abs=2e-6)
    assert by_age[:2].sum() == 0
    assert found.regions[region_indices("CN-GD")[0]] == pytest.approx(0.6)
    assert found.flags == ("education_unlisted", "interests_unlisted")
    assert found.unknown == {"ages": 0.0, "genders": 0.0, "regions": 0.0}


def test_missing_lists_follow_the_prior_and_are_flagged() -> None:
    found = audience()
    unlisted = ("education_unlisted", "interests_unlisted")
    assert found.flags == ("ages_from_prior", "genders_from_prior", "regions_from_prior", *unlisted)
    assert np.array_equal(found.joint, CHINA.joint.reshape(-1))
    assert np.array_equal(found.regions, CHINA.regions)
    only_women = audience(genders={"female": 1.0})
    assert only_women.flags == ("ages_from_prior", "regions_from_prior", *unlisted)
    assert only_women.joint.reshape(AGES_N, GENDERS_N)[:, 1].sum() == 0


def test_an_undisclosed_share_is_spread_in_proportion_and_reported() -> None:
    found = audience(genders={"女": 0.6, "男": 0.2, "未知": 0.2})
    assert found.unknown["genders"] == pytest.approx(0.2)
    assert found.joint.reshape(AGES_N, GENDERS_N).sum(axis=0) == pytest.approx([0.75, 0.25], abs=2e-6)
    short = audience(ages={"18-24": 0.5, "25-34": 0.4})
    assert short.unknown["ages"] == 0
    assert "ages_rest_from_prior" in short.flags
    by_age = short.joint.reshape(AGES_N, GENDERS_N).sum(axis=1)
    assert by_age[AGE_STARTS.index(35) :].sum() + by_age[:2].sum() == pytest.approx(0.1, abs=2e-6)
    everybody = audience(ages={"13-24": 0.5, "25+": 0.4})
    assert everybody.unknown["ages"] == pytest.approx(0.1)


def test_the_rest_of_a_short_region_list_goes_where_the_list_is_silent() -> None:
    found = audience(regions={"CN-GD": 0.5, "unknown": 0.1})
    guangdong = region_indices("CN-GD")[0]
    assert found.regions[guangdong] == pytest.approx(0.5 / 0.9)
    assert found.regions[region_indices("CN-SD")[0]] == pytest.approx(
        0.4 / 0.9 * CHINA.regions[region_indices("CN-SD")[0]] / (1 - CHINA.regions[guangdong])
    )
    assert found.unknown["regions"] == pytest.approx(0.1)
    assert "regions_rest_from_prior" in found.flags


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
        {"regions": {"Mars": 1.0}},
        {"regions": {"CN-XX": 1.0}},
        {"education": {"wizard": 1.0}},
        {"education": {"university": 0.5, "master": 0.1}},
        {"interests": {"sorcery": 0.2}},
        {"interests": {"food": 1.2}},
    ],
)
def test_lists_that_cannot_be_read_are_refused(lists) -> None:
    with pytest.raises(BadAudience):
        audience(**lists)


def test_names_of_regions_in_chinese_and_english_are_their_codes() -> None:
    named = audience(regions={"广东省": 0.12, "Jiangsu": 0.09, "美国": 0.3, "UK": 0.05})
    coded = audience(regions={"CN-GD": 0.12, "CN-JS": 0.09, "US": 0.3, "GB": 0.05})
    assert np.array_equal(named.regions, coded.regions)


def test_zeros_everywhere_say_nothing() -> None:
    for lists in (
        {"ages": {"13-17": 0.0, "18+": 0.0}},
        {"ages": {"18-23": 0.0, "unknown": 1.0}},
        {"ages": {"unknown": 0.0}},
        {"genders": {"female": 0.0, "male": 0.0}},
    ):
        with pytest.raises(BadAudience, match="discloses nothing"):
            audience(**lists)


def test_a_province_counts_towards_its_country() -> None:
    found = audience(regions={"CN": 0.9, "CN-GD": 0.3, "US": 0.1})
    assert found.regions[list(region_indices("CN"))].sum() == pytest.approx(0.9)
    assert found.regions[region_indices("CN-GD")[0]] == pytest.approx(0.3)


def test_a_share_of_china_is_spread_over_its_provinces_whatever_the_prior() -> None:
    found = audience(regions={"CN": 0.3, "US": 0.2}, prior=ABROAD)
    assert found.regions[list(region_indices("CN"))].sum() == pytest.approx(0.3)
    assert found.regions.sum() == pytest.approx(1)
    assert np.isfinite(found.regions).all()


def test_a_band_that_cuts_the_grid_is_split_by_the_years_of_the_prior() -> None:
    table = audience({"18-19": 0.5, "20+": 0.5}).joint.reshape(AGES_N, GENDERS_N).sum(axis=1)
    at = AGE_STARTS.index(18)
    years = CHINA.years.sum(axis=1)
    twenty = years[20 - YEARS.start] / years[20 - YEARS.start :].sum()
    assert table[at] == pytest.approx(0.5 + 0.5 * twenty, abs=2e-6)
    assert on_grid(CHINA.years) == pytest.approx(CHINA.joint)


def test_university_is_a_bachelors_degree_or_more_and_the_rest_is_below() -> None:
    found = audience(ages={"16-30": 0.7826}, education={"university": 0.8156})
    assert found.education[-2:].sum() == pytest.approx(0.8156)
    assert found.education.sum() == pytest.approx(1)
    table = found.joint.reshape(AGES_N, GENDERS_N).sum(axis=1)
    assert table[AGE_STARTS.index(16) : AGE_STARTS.index(31)].sum() == pytest.approx(0.7826, abs=2e-6)


def test_only_the_list_that_cannot_be_used_is_left_out_and_named() -> None:
    lists = {"ages": XINGTU, "genders": {"female": 0.7, "male": 0.3}, "regions": {"Mars": 0.4}}
    found = readable_audience(lists)
    assert [flag for flag in found.flags if flag.endswith("_unreadable")] == ["regions_unreadable"]
    assert np.array_equal(found.joint, audience(XINGTU, {"female": 0.7, "male": 0.3}).joint)
    assert np.array_equal(found.regions, CHINA.regions)
    overlapping = readable_audience({**lists, "ages": {"18-24": 0.5, "20-30": 0.5}, "regions": {"US": 1.0}})
    assert [flag for flag in overlapping.flags if flag.endswith("_unreadable")] == ["ages_unreadable"]
    assert overlapping.regions[region_indices("US")[0]] == 1


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
