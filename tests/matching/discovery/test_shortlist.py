"""The first pass loses none of the exact best, whatever the world, the brief and the filters."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.quality import deals
from benchmarks.speed.scoring import bid_features
from marketplace.briefs.models import BriefVersion
from marketplace.matching.audience import share_columns
from marketplace.matching.discovery import (
    brief_columns,
    candidates,
    column_store,
    first_pass,
    market_columns,
    shortlist,
)
from marketplace.matching.discovery.column_store import DiscoveryModels, Rows
from marketplace.matching.discovery.market_columns import ChannelColumns, code
from marketplace.matching.discovery.shortlist import ChannelFilters
from marketplace.matching.forecast import flags
from marketplace.matching.forecast.view_forecast import UNIQUE_PER_VIEW
from marketplace.matching.pricing import price_fit
from marketplace.matching.pricing.asking_price import BASES, SETTLED, TIERS, asking_price
from marketplace.matching.pricing.price_learning import UNFITTED, FittedPrices
from marketplace.matching.scoring import brand_fit, rank
from marketplace.matching.scoring.worth.content_fit import fit_of
from tests.make import worlds
from tests.make.worlds import DAY

BEST = 50
FILTERS: dict[str, Any] = {
    "platform": st.sampled_from(worlds.PLATFORM_CODES),
    "vertical": st.sampled_from(["food", "beauty"]),
    "region": st.sampled_from(["CN", "CN-GD", "US"]),
    "language": st.sampled_from(["zh", "en"]),
    "followers_min": st.integers(0, 200_000),
    "followers_max": st.integers(10_000, 10**7),
    "ad_load_max": st.floats(0.05, 0.6),
    "price_max": st.integers(10_000, 10**6),
    "reach_min": st.integers(0, 20_000),
    "reach_max": st.integers(1_000, 10**6),
    "represented": st.booleans(),
    "told_within_days": st.integers(10, 200),
}


def some(rows: Rows, places: Any) -> Rows:
    return {name: np.ascontiguousarray(column[places]) for name, column in rows.items()}


def table(rows: Rows) -> ChannelColumns:
    return ChannelColumns(rows["channel_id"], column_store.values_of(rows, DiscoveryModels()))


def best_of(version: BriefVersion, filters: ChannelFilters, rows: Rows) -> list[bytes]:
    """The best by exact scores."""
    wanted = candidates.wants_of(version, filters)
    found = candidates.score_rows(version, wanted, rows, DiscoveryModels())
    shown = candidates.admitted(found, wanted, DiscoveryModels())
    places = [place for place in found.order.tolist() if shown[place]][:BEST]
    return [rows["channel_id"][place].tobytes() for place in places]


@settings(max_examples=12)
@given(
    seed=st.integers(0, 10**6),
    count=st.sampled_from([1, 60, 3_000, 20_000]),
    alike=st.sampled_from([0.0, 0.5]),
    asked=st.fixed_dictionaries({}, optional=FILTERS),
)
def test_the_first_pass_never_loses_one_of_the_exact_best(
    seed: int, count: int, alike: float, asked: dict[str, Any]
) -> None:
    rows, version = worlds.rows(seed, count, alike), worlds.version(seed)
    filters = ChannelFilters(day=DAY, **asked)
    handed_on = shortlist.first_pass(table(rows), candidates.wants_of(version, filters), BEST, 256)
    assert len(set(handed_on.tolist())) == len(handed_on)
    assert best_of(version, filters, some(rows, handed_on)) == best_of(version, filters, rows)


@settings(max_examples=12)
@given(seed=st.integers(0, 10**6), tolerance=st.sampled_from([0.0, 0.5, 15.0, 40.0, 100.0]))
def test_the_look_at_bids_loses_none_of_the_best_either(seed: int, tolerance: float) -> None:
    dice = np.random.default_rng(seed)
    count, ceiling = 20_000, float(dice.uniform(500, 50_000))
    told = {
        "careful": np.exp(dice.normal(10, 2, count)),
        "share": dice.random(count),
        "valid": 1 - 0.2 * dice.random(count),
        "intrusiveness": dice.uniform(0, 60, count),
        "ad_load": dice.random(count),
    }
    cost = np.exp(dice.normal(12, 1, count))
    parts = np.where(
        dice.random((count, len(brand_fit.PARTS))) < 0.3, np.nan, dice.random((count, len(brand_fit.PARTS)))
    )
    suits, weight = brand_fit.fit(dict(zip(brand_fit.PARTS, parts.T, strict=True)), count), float(dice.choice([0, 0.7]))
    features = bid_features({**told, "per_cost": 1 / cost}, parts)
    look = first_pass.BidLook(ceiling, tolerance, ad_load_max=0.5, fit_weight=weight)
    rows = look.best(features, BEST, 256)
    people = told["careful"] * told["share"] * told["valid"] * UNIQUE_PER_VIEW
    careful = 1000 * cost / (people * rank.suitability(suits.category, weight))
    ends = (careful, careful, careful)
    ranking = rank.rank(ceiling, *ends, suits.rest, told["intrusiveness"], tolerance)
    order = [place for place in rank.order(ranking, np.arange(count)) if not ranking.gates[place].any()]
    right = [place for place in order if told["ad_load"][place] <= 0.5][:BEST]
    assert set(right) <= set(rows.tolist())
    held = ranking.gates.any(axis=1) | (told["ad_load"] > 0.5)
    assert not held[rows].any()
    assert look.scores(features) == pytest.approx(np.where(held, 0, ranking.overall), rel=1e-4, abs=1e-5)


def test_what_the_filters_leave_is_what_they_ask_for() -> None:
    rows, version = worlds.rows(7, 4_000), worlds.version(7)
    asked: dict[str, tuple[Any, Any]] = {
        "platform": ("bilibili", rows["platform"] == b"bilibili".ljust(30)),
        "region": ("CN", np.char.startswith(rows["region"], b"CN")),
        "language": ("en", rows["language"] == b"en".ljust(8)),
        "followers_min": (50_000, rows["followers"] >= 50_000),
        "ad_load_max": (0.25, rows["ad_load"] <= np.float32(0.25)),
        "represented": (False, rows["agency_until"] <= DAY),
        "told_within_days": (30, rows["taken_on"] >= DAY - 30),
    }
    for name, (wanted_value, right) in asked.items():
        wanted = candidates.wants_of(version, ChannelFilters(day=DAY, **{name: wanted_value}))
        let_through = shortlist.admitted(table(rows).values, wanted)
        assert 0 < let_through.sum() < len(right)
        assert np.array_equal(let_through, right & rows["live"]), name


def test_those_without_a_price_come_last_by_reach() -> None:
    rows, version = worlds.rows(3, 500), worlds.version(3)
    found = candidates.score_rows(
        version, candidates.wants_of(version, ChannelFilters(day=DAY)), rows, DiscoveryModels()
    )
    order = found.order[found.scores.people.point[found.order] > 0]
    unknown = np.isnan(found.asking.point[order])
    first = int(np.argmax(unknown))
    assert 0 < first < len(unknown)
    assert unknown[first:].all()
    assert (np.diff(found.scores.people.point[order][first:]) <= 0).all()


def test_the_price_rests_on_the_nearest_thing_known_and_says_so() -> None:
    nan = float("nan")
    card = np.array([[500.0, 1_000.0, nan], [nan, 1_000.0, nan], [400.0, nan, 2_000.0], [nan] * 3, [nan] * 3])
    views = [np.full(5, some_views) for some_views in (1_000.0, 5_000.0, 20_000.0)]
    cpm = np.array([4_600.0, nan, nan, 4_600.0, nan])
    found = asking_price(card, cpm, *views, np.full(5, 9.0), TIERS.index("1-20"))
    assert [BASES[basis] for basis in found.basis] == [
        "rate_card",
        "rate_card_other_length",
        "rate_card",
        "suggested_cpm",
        "unknown",
    ]
    assert found.point.tolist()[:4] == pytest.approx([500, 780, 400, 23_000])
    assert found.low.tolist()[:4] == pytest.approx([500, 500, 400, 4_600])
    assert found.high.tolist()[:4] == pytest.approx([500, 1_000, 400, 92_000])
    assert found.count.tolist() == [1, 1, 1, 9, 0]
    assert np.isnan(found.point[4])


@settings(max_examples=5)
@given(seed=st.integers(0, 10**6))
def test_one_channel_against_many_briefs_is_many_briefs_against_one_channel(seed: int) -> None:
    rows = worlds.rows(seed, 1)
    rows["live"][:] = True
    versions = [worlds.version(seed + number) for number in range(40)]
    own = table(rows)
    best = brief_columns.best_briefs(own, [brief_columns.brief_row(version) for version in versions], 10)
    scored = {}
    for place, version in enumerate(versions):
        found = candidates.score_rows(
            version, candidates.wants_of(version, ChannelFilters(day=DAY)), rows, DiscoveryModels()
        )
        if found.scores.people.point[0] > 0:
            scored[place] = float(np.nan_to_num(found.scores.ranking.overall[0]))
    least = sorted(scored.values(), reverse=True)[: len(best)]
    assert len(best) == min(10, len(scored))
    assert sorted((scored[place] for place in best.tolist()), reverse=True) == pytest.approx(least, rel=1e-3)


def test_a_code_is_a_whole_number_that_a_single_holds() -> None:
    for text in ("douyin", "CN-GD", "zh", ""):
        assert float(np.float32(code(text))) == code(text)
    assert code("") == 0
    assert code("zh") > 0


def settled(seed: int) -> FittedPrices:
    """A model of sixty deals in each currency."""
    model = price_fit.fit(deals.records(np.random.default_rng(seed), 60), {})
    return FittedPrices({"CNY": model, "USD": model}, None)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_what_deals_close_at_comes_first_with_its_ends_and_count_alone_and_among_others(seed: int) -> None:
    rows, prices = worlds.rows(seed, 40), settled(3)
    seen = market_columns.views(rows, None)
    found = column_store.price_rows(rows, seen, 1, prices)
    assert (found.basis == SETTLED).all()
    assert (found.low <= found.point).all()
    assert (found.point <= found.high).all()
    assert (found.count >= 50).all()
    assert np.array_equal(found.listed > 0, rows["card"][:, 1] > 0)
    # Two digits: no deal's own amount can be read from it.
    assert max(len(str(int(point)).rstrip("0")) for point in found.point) <= 2
    for place in (0, 17, 39):
        alone = column_store.price_rows(some(rows, [place]), seen[[place]], 1, prices)
        for part in ("point", "low", "high", "basis", "count"):
            assert getattr(alone, part)[0] == getattr(found, part)[place]


def test_too_few_deals_leave_the_listed_price() -> None:
    rows = worlds.rows(5, 300)
    few = FittedPrices({"CNY": price_fit.fit(deals.records(np.random.default_rng(1), 8), {})}, None)
    seen = market_columns.views(rows, None)
    plain, told = (column_store.price_rows(rows, seen, 1, prices) for prices in (UNFITTED, few))
    for part in ("point", "low", "high", "basis", "count"):
        assert np.array_equal(getattr(plain, part), getattr(told, part), equal_nan=True)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_first_pass_loses_none_of_the_best_by_settled_prices(seed: int) -> None:
    rows, version, by = worlds.rows(seed, 3_000), worlds.version(seed), DiscoveryModels(None, settled(4))
    wanted = candidates.wants_of(version, ChannelFilters(day=DAY))
    own = ChannelColumns(rows["channel_id"], column_store.values_of(rows, by))
    handed_on = {rows["channel_id"][row].tobytes() for row in shortlist.first_pass(own, wanted, BEST, 256)}
    found = candidates.score_rows(version, wanted, rows, by)
    shown = candidates.admitted(found, wanted, by)
    best = [place for place in found.order.tolist() if shown[place]][:BEST]
    assert {rows["channel_id"][place].tobytes() for place in best} <= handed_on


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_first_pass_fits_a_channel_as_the_exact_score_does(seed: int) -> None:
    """Of channels without regions of their own too, for whom the market is left out of the fit."""
    rows, version = worlds.rows(seed, 500), worlds.version(seed)
    assert flags.holds(rows["flags"], "regions_from_prior").any()
    wants = candidates.wants_of(version, ChannelFilters(day=DAY))
    suits = fit_of(version, rows, share_columns.unpack(rows["shares"].tobytes()))
    with np.errstate(divide="ignore", invalid="ignore"):  # a channel of which nothing is known
        quick = shortlist.fit_function(wants)(shortlist.ColumnBlock(table(rows).values))
    for half, exact in zip(quick, (suits.category, suits.rest), strict=True):
        assert half == pytest.approx(exact, abs=1e-5)
    brief = brief_columns.brief_row(version)
    for index in range(20):
        own = table(some(rows, [index]))
        one = brief_columns.fits(own, [brief])
        assert (one.category[0], one.rest[0]) == pytest.approx((suits.category[index], suits.rest[index]), abs=1e-5)
