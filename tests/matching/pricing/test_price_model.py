"""The price model recovers what made-up deals were made with, and says how sure it is, or nothing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.quality import prices
from benchmarks.quality.deals import PLATFORMS, TRUE, VERTICALS, ask, records
from marketplace.matching.pricing.price_fit import PriceRecords, fit, suggestions, weights
from marketplace.matching.pricing.price_model import (
    BASES,
    POOLED,
    VIEWS_DOUBT,
    PricedDeliverables,
    PriceModel,
    SuggestedPrices,
    blended,
)

SUGGESTED = {name: SuggestedPrices(50.0, 30.0, 70.0, 20) for name in PLATFORMS}


def test_known_coefficients_are_recovered() -> None:
    model = fit(records(np.random.default_rng(1), 3_000, 1_000), {})
    found = model.point.coefficients
    for name in ("views", "followers", "1-20", "60+", "usage", "whitelisting", "raw_files", "exclusivity_month"):
        assert found[name] == pytest.approx(TRUE[name], abs=0.06), name
    assert found["rate_card"] == pytest.approx(TRUE["rate_card"], abs=0.15)
    apart = found["vertical:beauty"] - found["vertical:food"]
    assert apart == pytest.approx(VERTICALS["beauty"] - VERTICALS["food"], abs=0.08)


def test_rights_and_exclusivity_are_ratios_of_their_own_with_interval_and_count() -> None:
    made = records(np.random.default_rng(2), 2_000)
    model = fit(made, {})
    for place, name in enumerate(("usage", "whitelisting", "raw_files")):
        term = model.terms[name]
        assert term.low < np.exp(TRUE[name]) < term.high
        assert term.low < term.ratio < term.high
        assert term.count == int(made.deliverables.rights[:, place].sum())
    nobody = replace(made, deliverables=replace(made.deliverables, rights=np.zeros((len(made), 3), dtype=bool)))
    unbought = fit(nobody, {}).terms["raw_files"]
    assert (unbought.ratio, unbought.count) == (pytest.approx(np.exp(0.34)), 0)
    assert unbought.low < 1.1 < 1.8 < unbought.high


@pytest.mark.parametrize("deals", [40, 120])
def test_four_in_five_of_deals_held_out_fall_into_the_interval(deals: int) -> None:
    rng, covered = np.random.default_rng(deals), []
    for _ in range(40):
        model, held = fit(records(rng, deals), {}), records(rng, 300)
        told = ask(model, held.deliverables)
        covered.append(np.mean((told.low <= held.prices) & (held.prices <= told.high)))
    assert 0.78 <= np.mean(covered) <= 0.82


def test_a_tier_with_fifty_deals_has_an_interval_of_its_own() -> None:
    rng = np.random.default_rng(5)
    made = records(rng, 400)
    model = fit(made, {})
    own = [count for _, _, count in model.ends[:POOLED]]
    assert model.ends[POOLED][2] == 400
    assert sum(own) == 400
    assert len(set(model.ends)) == POOLED + 1
    few = fit(made.some(np.arange(400) < 60), {})
    assert all(count == 0 or count >= 50 for _, _, count in few.ends[:POOLED])
    told = ask(few, made.deliverables)
    assert set(told.count) <= {60.0, *(float(count) for _, _, count in few.ends)}


@pytest.mark.parametrize("deals", [0, 1, 8])
def test_under_nine_deals_no_number_is_shown_but_the_count(deals: int) -> None:
    rng = np.random.default_rng(6)
    model = fit(records(rng, deals), {})
    told = ask(model, records(rng, 3).deliverables)
    assert np.isnan([told.point, told.low, told.high]).all()
    assert told.count.tolist() == [deals] * 3
    assert [BASES[int(told.basis[place])] for place in range(3)] == ["none"] * 3


def test_nine_deals_of_one_creator_are_not_nine() -> None:
    made = replace(records(np.random.default_rng(7), 9), creators=np.zeros(9, dtype=np.int64))
    assert np.isnan(ask(fit(made, {}), made.deliverables).low).all()


def test_nine_deals_tell_with_their_count_and_basis() -> None:
    made = records(np.random.default_rng(8), 9)
    told = ask(fit(made, {}), made.deliverables)
    assert np.all(told.low <= told.point)
    assert np.all(told.point <= told.high)
    assert set(told.count) == {9.0}
    assert BASES[int(told.basis[0])] == "settled"


def test_without_deals_the_platforms_suggestion_tells_with_its_spread() -> None:
    rng = np.random.default_rng(9)
    made = records(rng, 0, 40)
    told = ask(fit(made, SUGGESTED), made.deliverables)
    assert {BASES[int(told.basis[place])] for place in range(40)} == {"platform_cpm"}
    np.testing.assert_allclose(told.point, 50 * made.deliverables.views / 1000)
    # The span of suggestions, and the doubt of the views: of a channel's own where it is known.
    both = np.exp(-np.hypot(np.log(0.6), VIEWS_DOUBT))
    np.testing.assert_allclose(told.low / told.point, both)
    known = ask(fit(made, SUGGESTED), made.deliverables, views_doubt=np.full(40, 0.2))
    np.testing.assert_allclose(known.low / known.point, np.exp(-np.hypot(np.log(0.6), 0.2)))
    assert set(told.count) == {20.0}
    own = ask(fit(made, SUGGESTED), made.deliverables, suggested_cpm=np.full(40, 90.0))
    np.testing.assert_allclose(own.point, 90 * made.deliverables.views / 1000)
    np.testing.assert_allclose(own.high / own.point, np.exp(VIEWS_DOUBT))


def test_without_deals_and_suggestions_rate_cards_tell_as_lists() -> None:
    made = records(np.random.default_rng(10), 0, 40)
    told = ask(fit(made, {}), made.deliverables)
    assert {BASES[int(told.basis[place])] for place in range(40)} == {"rate_cards"}
    assert set(told.count) == {40.0}
    unseen = ask(fit(made, SUGGESTED), made.deliverables, views=np.full(40, np.nan))
    assert {BASES[int(unseen.basis[place])] for place in range(40)} == {"rate_cards"}


def test_the_suggestion_fades_as_deals_of_the_vertical_come() -> None:
    made = records(np.random.default_rng(11), 300)
    beauty = np.flatnonzero(made.deliverables.verticals == "beauty")
    shares = []
    for count in (0, 10, 20, 30):
        members = made.deliverables.verticals != "beauty"
        members[beauty[:count]] = True
        one = made.deliverables.some(beauty[:1])
        shares.append(float(ask(fit(made.some(members), SUGGESTED), one).share[0]))
    assert shares == sorted(shares)
    assert 0.2 < shares[0] < 0.6
    assert shares[-1] > 0.8


@pytest.mark.parametrize(("kind", "least", "most"), [("unrelated", 0.85, 1.0), ("good", 0.0, 0.4)])
def test_a_suggestion_counts_by_how_far_it_has_been_from_deals(kind: str, least: float, most: float) -> None:
    rng = np.random.default_rng(13)
    model = fit(prices.suggested(rng, records(rng, 80), kind), {})
    shares = ask(model, prices.suggested(rng, records(rng, 200), kind).deliverables).share
    assert least < shares.min()
    assert shares.max() < most


def test_an_unrelated_suggestion_widens_no_interval() -> None:
    none, unrelated = (prices.figures(80, kind, 10) for kind in ("none", "unrelated"))
    assert unrelated["width"] < 1.1 * none["width"]
    assert abs(unrelated["covers"] - none["covers"]) < 0.02


def test_a_model_from_before_the_suggestion_was_judged_predicts_as_it_did() -> None:
    """Thirty deals of the vertical outweigh it: closed briefs keep the prices of their close."""
    point = fit(records(np.random.default_rng(11), 60), SUGGESTED).point
    old = replace(point, noise=None, estimate=None, suggestion=None, settled={"beauty": 15.0})
    made = records(np.random.default_rng(14), 50)
    _, share = blended(old, SUGGESTED, made.deliverables)
    assert share == pytest.approx(np.where(made.deliverables.verticals == "beauty", 0.5, 0.0))


def test_a_suggestion_that_is_always_off_is_moved_to_where_deals_lie() -> None:
    made = records(np.random.default_rng(12), 200)
    made = replace(made, prices=5 * 50 * made.deliverables.views / 1000)
    model = fit(made, SUGGESTED)
    assert np.exp(model.point.above_suggestion) == pytest.approx(5, rel=0.05)


def test_prices_in_another_unit_give_predictions_in_that_unit() -> None:
    made = records(np.random.default_rng(13), 60, 60)
    what, times = made.deliverables, 137.0
    scaled = {
        name: SuggestedPrices(one.median * times, one.low * times, one.high * times, one.count)
        for name, one in SUGGESTED.items()
    }
    for of in (SUGGESTED, {}):
        first = ask(fit(made, of), what)
        second = ask(fit(replace(made, prices=made.prices * times), scaled if of else {}), what)
        for name in ("point", "low", "high"):
            np.testing.assert_allclose(getattr(second, name), times * getattr(first, name), rtol=1e-6)


def test_a_creators_thousand_deals_weigh_as_one() -> None:
    rng = np.random.default_rng(14)
    honest = records(rng, 60)
    flood = replace(records(rng, 1_000), prices=np.full(1_000, 1e9), creators=np.full(1_000, 10_000))
    both = _joined(honest, flood)
    assert weights(both)[60:].sum() == pytest.approx(1)
    before, after = ask(fit(honest, {}), honest.deliverables), ask(fit(both, {}), honest.deliverables)
    assert np.all(np.abs(np.log(after.point / before.point)) < 0.25)


def test_what_one_side_alone_tells_counts_less_and_sets_no_interval() -> None:
    made = records(np.random.default_rng(15), 40)
    alone = replace(made, confirmed=np.zeros(40, dtype=bool))
    assert weights(alone) == pytest.approx(weights(made) / 4)
    assert np.isnan(ask(fit(alone, {}), made.deliverables).low).all()


def test_an_absurd_price_moves_little() -> None:
    made = records(np.random.default_rng(16), 100)
    prices = made.prices.copy()
    prices[0] = 1.0
    before, after = (ask(fit(one, {}), made.deliverables) for one in (made, replace(made, prices=prices)))
    assert np.all(np.abs(np.log(after.point / before.point)) < 0.2)


def test_suggestions_need_nine_channels() -> None:
    platforms = np.array(["douyin"] * 9 + ["tiktok"] * 8)
    found = suggestions(platforms, np.append(np.arange(10.0, 100.0, 10.0), np.full(8, 5.0)))
    assert list(found) == ["douyin"]
    assert found["douyin"] == SuggestedPrices(50.0, 10.0, 90.0, 9)


def test_an_empty_market_tells_nothing() -> None:
    told = ask(PriceModel(), records(np.random.default_rng(17), 2).deliverables)
    assert np.isnan(told.point).all()
    assert told.count.tolist() == [0, 0]


MADE = records(np.random.default_rng(18), 80, 30)
MODEL = fit(MADE, SUGGESTED)
CARDS_ALONE = fit(MADE.some(~MADE.settled), SUGGESTED)


@given(st.lists(st.integers(0, 109), min_size=1, max_size=20))
@settings(max_examples=50)
def test_a_prediction_is_the_same_alone_and_in_a_batch(rows: list[int]) -> None:
    whole = ask(MODEL, MADE.deliverables)
    some = ask(MODEL, MADE.deliverables.some(np.array(rows)))
    for name in ("point", "low", "high", "count", "basis", "share"):
        np.testing.assert_array_equal(getattr(some, name), getattr(whole, name)[rows])


@given(st.floats(1, 1e9), st.one_of(st.just(np.nan), st.floats(0, 1e9)), st.floats(0, 400), st.floats(1, 1e6))
def test_a_number_never_comes_without_its_interval(views: float, followers: float, days: float, cpm: float) -> None:
    what = PricedDeliverables(
        np.array([views, np.nan]),
        np.array([followers, followers]),
        np.array(["beauty", "unheard"]),
        np.array(["douyin", "elsewhere"]),
        np.array(["60+", ""]),
        np.zeros((2, 3), dtype=bool),
        np.array([days, days]),
        np.array([cpm, np.nan]),
    )
    for model in (MODEL, PriceModel(), CARDS_ALONE):
        told = ask(model, what)
        known = np.isfinite(told.point)
        assert np.array_equal(known, np.isfinite(told.low) & np.isfinite(told.high))
        assert np.all(told.low[known] <= told.point[known])
        assert np.all(told.point[known] <= told.high[known])
        assert np.all(told.count[known] >= 9)
        assert np.all(known == (told.basis != BASES.index("none")))


def _joined(one: PriceRecords, other: PriceRecords) -> PriceRecords:
    what = PricedDeliverables(
        **{
            name: np.concatenate([values, getattr(other.deliverables, name)])
            for name, values in vars(one.deliverables).items()
            if values is not None
        }
    )
    names = ("prices", "creators", "settled", "confirmed")
    return PriceRecords(what, *(np.concatenate([getattr(one, name), getattr(other, name)]) for name in names))
