"""Duplication learnt from measured pairs: a known one is found again, few pairs hardly move the prior."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.matching.audience import channel_tags
from marketplace.matching.overlap import units
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
    assert np.all(np.diff(table, axis=1) < 0)
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
