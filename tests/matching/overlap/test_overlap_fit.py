"""Lifts learnt from measured pairs: known ones are found again, few pairs hardly move the prior."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.matching.audience import channel_tags, grid, targets
from marketplace.matching.overlap import duplication, overlap_fit, units
from marketplace.matching.overlap.duplication import DuplicationModel, MarketDuplication
from marketplace.matching.overlap.markets import PEOPLE
from marketplace.matching.overlap.overlap_fit import AudiencePairs, fit_markets, fit_pairs, predicted
from marketplace.matching.overlap.units import CellAudiences, PeopleCells

EVERYBODY = targets.target_weights([{}])
PRIOR = duplication.prior(20e6)
NAMES = ("food", "games", "news")


def drawn(count: int, seed: int, truth: DuplicationModel, noise: float = 0.0) -> AudiencePairs:
    """Pairs of one market of twenty million people in eight cells, most of whose members show one thing."""
    rng = np.random.default_rng(seed)
    people = 20e6 * rng.dirichlet(np.full(8, 5.0))
    cells = PeopleCells(people, np.ones(8), np.zeros(8, dtype=np.int64), ("cn",))
    shares = np.minimum(
        np.exp(rng.normal(11, 1, 2 * count))[:, None] * rng.dirichlet(np.full(8, 5.0), 2 * count) / people, 0.5
    )
    content = np.eye(3)[rng.integers(0, 3, 2 * count)] * 0.8 + 0.2 / 3
    both = CellAudiences(cells, shares, content, np.full(2 * count, "zh"))
    one, other = np.split(np.arange(2 * count), 2)
    pairs = AudiencePairs(both.only(one), both.only(other), np.zeros(count))
    told = predicted(pairs, MarketDuplication({"cn": truth}), NAMES)
    return replace(pairs, both=told * np.exp(rng.normal(0, noise, count)))


@pytest.mark.parametrize("truth", [DuplicationModel(30.0, 2.0), DuplicationModel(4.0, 0.5)])
def test_known_lifts_are_found_again(truth: DuplicationModel) -> None:
    pairs = drawn(90, 1, truth, noise=0.1)
    found = fit_pairs(pairs, PRIOR, NAMES)
    assert found.measured == 90
    assert found.within == pytest.approx(truth.within, rel=0.2)
    assert found.across == pytest.approx(truth.across, rel=0.25)
    model = predicted(pairs, MarketDuplication({"cn": found}), NAMES)
    assert np.sum(model) == pytest.approx(np.sum(pairs.both), rel=0.05)
    assert found.doubt < PRIOR.doubt


def test_a_niche_with_pairs_of_its_own_gets_a_lift_of_its_own() -> None:
    truth = DuplicationModel(16.0, 1.0, {"news": 40.0})
    found = fit_pairs(drawn(90, 3, truth), PRIOR, NAMES)
    assert found.by_niche["news"] == pytest.approx(40, rel=0.2)
    assert found.by_niche["food"] == pytest.approx(16, rel=0.25)
    assert set(found.pairs) == set(NAMES)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_few_pairs_lie_between_the_prior_and_what_they_say(seed: int) -> None:
    pairs = drawn(12, seed, DuplicationModel(80.0, 1.0))
    alike = replace(pairs, other=replace(pairs.other, content=pairs.one.content))
    alike = replace(alike, both=predicted(alike, MarketDuplication({"cn": DuplicationModel(80.0, 1.0)}), NAMES))
    few, many = (fit_pairs(alike.only(np.arange(count)), PRIOR, NAMES).within for count in (1, 12))
    assert PRIOR.within < few < many < 81


def test_no_pairs_are_the_prior() -> None:
    pairs = drawn(1, 1, PRIOR)
    nobody = pairs.only(np.arange(0))
    assert fit_pairs(nobody, PRIOR, NAMES) == PRIOR
    assert fit_markets(nobody, NAMES).fitted == {}


def test_a_bound_counts_only_where_the_model_is_above_it() -> None:
    pairs = drawn(60, 5, DuplicationModel(30.0, 1.0))
    limit = float(np.quantile(pairs.both, 0.4))
    below = pairs.both < limit
    censored = replace(pairs, both=np.maximum(pairs.both, limit), at_most=below)
    as_measured = fit_pairs(replace(censored, at_most=None), PRIOR, NAMES)
    found = fit_pairs(censored, PRIOR, NAMES)
    truth = fit_pairs(pairs, PRIOR, NAMES)
    assert abs(np.log(found.across / truth.across)) < abs(np.log(as_measured.across / truth.across))
    assert found.within == pytest.approx(truth.within, rel=0.1)


def alike(count: int, people: float, share: float) -> AudiencePairs:
    """Pairs of beauty channels of one province, of which each has this share of the other's audience."""
    facts = grid.audience({"18-23": 0.5, "24-30": 0.4, "31-40": 0.1}, {"female": 0.8, "male": 0.2}, {"CN-GD": 1.0})
    one = units.lay(
        np.tile(facts.joint, (count, 1)),
        np.tile(facts.regions, (count, 1)),
        np.tile(channel_tags.tag_shares({"beauty": 1.0}), (count, 1)),
        np.full(count, people),
        EVERYBODY,
    )
    return AudiencePairs(one, one, np.full(count, share * people))


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2, 0.4, 0.7])
@pytest.mark.parametrize("people", [20_000.0, 200_000.0, 5_000_000.0])
def test_pairs_within_a_niche_overlap_as_measured(people: float, share: float) -> None:
    pairs = alike(28, people, share)
    found = fit_markets(pairs)
    assert set(found.fitted) == {"cn"}
    assert predicted(pairs, found) == pytest.approx(pairs.both, rel=0.15)
    assert overlap_fit.modelled(pairs, overlap_fit.own_lifts(pairs)) == pytest.approx(pairs.both, rel=1e-4)


def test_more_in_common_than_both_have_is_the_largest_lift_and_none_is_no_lift() -> None:
    pairs = alike(2, 50_000.0, 0.0)
    impossible, none = overlap_fit.own_lifts(replace(pairs, both=np.array([60_000.0, 0.0])))
    assert impossible > 1e8
    assert none == 0
    assert fit_markets(replace(pairs, both=np.full(2, 60_000.0))).fitted["cn"].within < 1e9


def test_languages_and_markets_are_part_of_what_makes_two_alike() -> None:
    joint, tags = np.tile(grid.audience().joint, (4, 1)), np.tile(channel_tags.tag_shares({"games": 1.0}), (4, 1))
    regions = np.array(
        [np.array([code == place for code in grid.REGIONS], dtype=float) for place in ["US", "US", "US", "JP"]]
    )
    laid = units.lay(joint, regions, tags, np.full(4, 1e5), EVERYBODY, ["en-US", "en", "es", "ja"])
    shared = predicted(
        AudiencePairs(laid.only(np.zeros(3, dtype=np.int64)), laid.only(np.array([1, 2, 3])), np.zeros(3)),
        MarketDuplication(),
    )
    assert shared[1] == pytest.approx(duplication.OTHER_LANGUAGE * shared[0], rel=0.05)
    assert shared[2] == 0


def test_priors_are_those_of_creators_and_say_how_little_is_known_elsewhere() -> None:
    small, same, china = (duplication.prior(people) for people in (5e6, 20e6, PEOPLE["cn"]))
    assert (small.within, same.within) == (4, 16)
    assert same.doubt == duplication.SET_DOUBT
    # Communities that grow with the market, and such that stay as large: the prior's range has both.
    assert china.within / china.doubt < 16 < PEOPLE["cn"] / duplication.COMMUNITY_PEOPLE < china.within * china.doubt
    assert 16 < china.within < PEOPLE["cn"] / duplication.COMMUNITY_PEOPLE


def test_a_fit_of_an_older_release_keeps_its_overlaps() -> None:
    former = {"shape": 1.0, "own_niche": 0.22, "by_niche": {"food": 0.5}, "pairs": {"food": 3, "": 2}}
    found = duplication.of_former(former, 37)
    assert found.of("cn").within == pytest.approx(5.48, abs=0.01)
    assert found.of("us").across == pytest.approx(1.90, abs=0.01)
    assert found.of("jp").by_niche["food"] == pytest.approx(8.23, abs=0.01)
    assert found.measured == 5
