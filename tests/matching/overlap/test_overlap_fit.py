"""Duplication learnt from measured pairs: a known one is found again, few pairs hardly move the prior."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.matching.audience import channel_tags, grid
from marketplace.matching.overlap import coverage, units
from marketplace.matching.overlap.coverage import REACHED_MOST, SHAPE_LEAST, PeopleUnits
from marketplace.matching.overlap.overlap_fit import (
    FACTORS,
    AudiencePairs,
    OverlapAudiences,
    everybody,
    fit_pairs,
    modelled,
)
from marketplace.matching.overlap.units import PRIOR, DuplicationModel
from tests.matching.overlap.test_units import audiences


def drawn(count: int, seed: int, truth: DuplicationModel, noise: float = 0.0) -> AudiencePairs:
    rng = np.random.default_rng(seed)
    joint, regions, tags, people, _ = audiences(2 * count, seed)
    people = people * 20
    sides = [
        OverlapAudiences(joint[rows], regions[rows], tags[rows], people[rows])
        for rows in np.split(np.arange(2 * count), 2)
    ]
    pairs = AudiencePairs(sides[0], sides[1], np.zeros(count))
    return replace(pairs, both=modelled(pairs, truth)[:, 0] * np.exp(rng.normal(0, noise, count)))


@pytest.mark.parametrize("truth", [DuplicationModel(0.4, 0.5), DuplicationModel(3.0, 0.1)])
def test_a_known_duplication_is_found_again(truth: DuplicationModel) -> None:
    pairs = drawn(60, 1, truth, noise=0.1)
    found = fit_pairs(pairs)
    assert found.measured == 60
    assert np.log(found.shape) == pytest.approx(np.log(truth.shape), abs=0.25)
    assert found.own_niche == pytest.approx(truth.own_niche, abs=0.12)
    model = modelled(pairs, found)[:, 0]
    assert np.sum(model) == pytest.approx(np.sum(pairs.both), rel=0.1)
    assert abs(np.sum(model) - np.sum(pairs.both)) < abs(np.sum(modelled(pairs, PRIOR)[:, 0]) - np.sum(pairs.both))


def test_a_niche_with_pairs_of_its_own_gets_a_shape_of_its_own() -> None:
    pairs = drawn(40, 3, PRIOR)
    niches = [channel_tags.main_tag(tags) for tags in pairs.one.tags]
    same = replace(pairs.other, tags=pairs.one.tags)
    pairs = replace(pairs, other=same)
    told = modelled(pairs, PRIOR)[:, 0]
    name = max(set(niches), key=niches.count)
    more = np.where(np.array(niches) == name, 2.0, 1.0)
    found = fit_pairs(replace(pairs, both=told * more))
    others = [shape for niche, shape in found.by_niche.items() if niche != name]
    assert found.by_niche[name] < min(others)
    assert found.pairs[name] == niches.count(name)
    assert "" not in found.pairs


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_few_pairs_lie_between_the_prior_and_what_they_say(seed: int) -> None:
    truth = DuplicationModel(0.2, PRIOR.own_niche)
    one, many = (fit_pairs(drawn(count, seed, truth)).shape for count in (1, 12))
    assert truth.shape * 0.8 < many < one < PRIOR.shape


def test_no_pairs_are_the_prior() -> None:
    nobody = OverlapAudiences(*(values[:0] for values in audiences(1, 1)[:4]))
    assert fit_pairs(AudiencePairs(nobody, nobody, np.zeros(0))) == PRIOR


def test_overlaps_fall_with_the_factor_and_are_parts_of_both() -> None:
    pairs = drawn(8, 5, PRIOR)
    table = modelled(pairs, PRIOR, FACTORS)
    # Two factors make the shape smaller than the least one, and give what that gives.
    assert np.all(table[:, :2] == table[:, :1])
    assert np.all(np.diff(table[:, 2:], axis=1) < 0)
    assert np.all(table > 0)
    assert np.all(table <= np.minimum(pairs.one.people, pairs.other.people)[:, None])


def test_a_niche_of_its_own_shape_changes_nothing_for_the_others() -> None:
    joint, regions, tags, people, videos = audiences(6, 9)
    plain = units.build(joint, regions, tags, people, videos, everybody())
    told = units.build(
        joint,
        regions,
        tags,
        people,
        videos,
        everybody(),
        DuplicationModel(by_niche={channel_tags.VERTICALS[-1]: PRIOR.shape}),
    )
    assert plain.alone == pytest.approx(told.alone, rel=1e-12)
    assert np.sum(plain.units.weights) == pytest.approx(np.sum(told.units.weights), rel=1e-12)
    assert len(told.units) > len(plain.units)


def alike(count: int, people: float, share: float) -> AudiencePairs:
    """Pairs of beauty channels of one province, of which each has this share of the other's audience."""
    facts = grid.audience({"18-23": 0.5, "24-30": 0.4, "31-40": 0.1}, {"female": 0.8, "male": 0.2}, {"CN-GD": 1.0})
    one = OverlapAudiences(
        np.tile(facts.joint, (count, 1)),
        np.tile(facts.regions, (count, 1)),
        np.tile(channel_tags.tag_shares({"beauty": 1.0}), (count, 1)),
        np.full(count, people),
    )
    return AudiencePairs(one, one, np.full(count, share * people))


@pytest.mark.parametrize("share", [0.1, 0.2, 0.4])
@pytest.mark.parametrize("people", [200_000.0, 1_000_000.0, 5_000_000.0])
def test_pairs_within_a_niche_overlap_as_measured_when_no_others_were(people: float, share: float) -> None:
    pairs = alike(28, people, share)
    found = fit_pairs(pairs)
    assert found.shape >= SHAPE_LEAST
    assert modelled(pairs, found)[:, 0] == pytest.approx(pairs.both, rel=0.02)


def test_twenty_eight_overlaps_of_a_fifth_among_eight_channels_keep_every_number_finite() -> None:
    pairs = alike(28, 50_000.0, 0.2)
    found = fit_pairs(pairs)
    table = modelled(pairs, found, FACTORS)
    assert np.isfinite(table).all()
    assert modelled(pairs, found)[:, 0] == pytest.approx(pairs.both, rel=0.02)


@pytest.mark.parametrize("share", [0.0, 1e-12, 0.5, 1.0, 7.0])
@pytest.mark.parametrize("shape", [0.0, 1e-300, 0.0104, 0.05, 1.0, 1e9])
def test_reach_is_finite_for_any_shape_and_any_number_of_creators(shape: float, share: float) -> None:
    people_units = PeopleUnits(np.array([1e9]), np.array([shape]))
    one = coverage.rates(np.array([share]), people_units.shapes)
    for count in (1, 2, 500, 10_000):
        reach = coverage.people(count * one, people_units)
        assert 0 <= reach <= 1e9
        assert np.isfinite(coverage.slopes(count * one, people_units.shapes)).all()
    assert coverage.people(one, people_units) == pytest.approx(1e9 * min(share, REACHED_MOST), rel=1e-6, abs=1e-3)
