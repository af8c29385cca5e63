"""The rules of risk: each at its limit, and that worse facts never look better."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.core.money import MINOR_DIGITS
from marketplace.reviews.risk import CODES, LARGE_MINOR, RULES, RiskFacts, assess, got_worse
from tests.make.reviews import facts

WEIGHTS = {rule.code: rule.weight for rule in RULES}

# facts, the risk that fires with (figure, limit), whether two people look
FIRING: list[tuple[dict[str, Any], str, float, float, bool]] = [
    ({"intrusiveness_high": 65, "tolerance": 100}, "severe_intrusiveness", 65, 65, True),
    ({"intrusiveness_high": 45, "tolerance": 100}, "high_intrusiveness", 45, 45, False),
    ({"intrusiveness_high": 64.9, "tolerance": 100}, "high_intrusiveness", 64.9, 45, False),
    ({"intrusiveness_high": 30.5}, "over_tolerance", 30.5, 30, False),
    ({"intrusiveness_low": 31, "intrusiveness_high": 40}, "surely_over_tolerance", 31, 30, False),
    ({"snapshot_flags": ("spike", "round")}, "suspicious_figures", 2, 0, True),
    ({"amount_minor": 10_000_000}, "large_amount", 10_000_000, 10_000_000, True),
    ({"currency": "JPY", "amount_minor": 2_000_000}, "large_amount", 2_000_000, 2_000_000, True),
    ({"below_market": True}, "price_below_market", 0, 1, False),
    ({"shared_people": 1}, "related_parties", 1, 0, True),
    ({"minors": 0.51}, "for_children", 0.51, 0.5, False),
    ({"asked_for": True}, "asked_for", 1, 0, False),
    ({"percentile": 4.9}, "price_far_from_peers", 4.9, 5, False),
    ({"percentile": 95.1}, "price_far_from_peers", 95.1, 95, False),
    ({"over_ceiling": 2.01}, "far_over_ceiling", 2.01, 2, False),
    ({"snapshot_age_days": None}, "no_audience_data", 0, 1, False),
    ({"snapshot_age_days": 91}, "stale_data", 91, 90, False),
    ({"margins_missing": 1}, "missing_margins", 1, 0, False),
    ({"first_time": True}, "first_time", 0, 1, False),
]


@pytest.mark.parametrize(("changes", "code", "figure", "limit", "needs_two"), FIRING)
def test_a_rule_fires_alone(changes: dict[str, Any], code: str, figure: float, limit: float, needs_two: bool) -> None:
    found = assess(facts(**changes))
    [risk] = found.risks
    assert (risk.code, risk.figure, risk.limit) == (code, figure, limit)
    assert (found.needs_two, found.priority) == (needs_two, 1000 - 10 * WEIGHTS[code])


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"intrusiveness_high": 44.9, "tolerance": 44.9},
        {"intrusiveness_low": 30, "intrusiveness_high": 30},
        {"amount_minor": 9_999_999},
        {"amount_minor": None},
        {"percentile": 5},
        {"percentile": 95},
        {"percentile": None, "comparables": 3},
        {"over_ceiling": 2},
        {"minors": 0.5},
        {"minors": None},
        {"over_ceiling": None},
        {"snapshot_age_days": 90},
        {"snapshot_age_days": 0},
    ],
)
def test_nothing_fires_short_of_its_limit(changes: dict[str, Any]) -> None:
    assert assess(facts(**changes)) == assess(facts())
    assert (assess(facts()).priority, assess(facts()).needs_two, assess(facts()).risks) == (1000, False, ())


def test_every_rule_is_tried_and_says_where_it_comes_from() -> None:
    assert {code for _, code, *_ in FIRING} == set(CODES)
    assert len(set(CODES)) == len(RULES)
    assert all(rule.origin and rule.weight > 0 for rule in RULES)


def test_a_person_is_asked_only_where_one_is_needed() -> None:
    assert {rule.code for rule in RULES if rule.asks} == {
        "severe_intrusiveness",
        "suspicious_figures",
        "large_amount",
        "related_parties",
        "price_below_market",
        "for_children",
        "asked_for",
    }
    assert all(rule.asks for rule in RULES if rule.needs_two)
    # Every other says why it is only a note.
    assert all(rule.asks or "a note, because" in rule.origin for rule in RULES)


@pytest.mark.parametrize(("changes", "code"), [(changes, code) for changes, code, *_ in FIRING])
def test_a_note_alone_asks_nobody(changes: dict[str, Any], code: str) -> None:
    asks = {rule.code: rule.asks for rule in RULES}
    found = assess(facts(**changes))
    assert (found.asks, found.risks[0].asks) == (asks[code], asks[code])


def test_every_currency_has_a_large_amount() -> None:
    assert set(LARGE_MINOR) == set(MINOR_DIGITS)


def test_a_risk_is_told_in_both_languages_with_its_figures() -> None:
    shown = [risk.as_json() for risk in assess(facts(amount_minor=12_345_678, snapshot_flags=("spike",))).risks]
    assert shown == [
        {
            "code": "suspicious_figures",
            "zh": "受众数据有 1 处可疑：spike",
            "en": "1 suspicious figures in the audience data: spike",
            "figure": 1,
            "limit": 0,
            "asks": True,
        },
        {
            "code": "large_amount",
            "zh": "金额 CNY 123,456.78 达到双人复核线 CNY 100,000.00",
            "en": "The amount of CNY 123,456.78 reaches CNY 100,000.00, from which two people look",
            "figure": 12_345_678,
            "limit": 10_000_000,
            "asks": True,
        },
    ]


def test_the_worst_is_the_most_urgent() -> None:
    worst = facts(
        intrusiveness_low=70,
        intrusiveness_high=90,
        tolerance=20,
        snapshot_flags=("spike",),
        amount_minor=10**9,
        percentile=100,
        below_market=True,
        shared_people=1,
        asked_for=True,
        minors=0.9,
        over_ceiling=5,
        snapshot_age_days=None,
        margins_missing=3,
        first_time=True,
    )
    found = assess(worst)
    assert found.needs_two
    assert [risk.code for risk in found.risks] == [
        code for code in CODES if code not in ("high_intrusiveness", "over_tolerance", "stale_data")
    ]
    assert found.priority == 1000 - 10 * (4 + 3 + 4 + 3 + 4 + 3 + 4 + 2 + 2 + 2 + 2 + 1 + 1)


POINTS = st.floats(0, 100)


@st.composite
def any_facts(draw: st.DrawFn) -> RiskFacts:
    low, high = sorted([draw(POINTS), draw(POINTS)])
    return RiskFacts(
        currency=draw(st.sampled_from(sorted(MINOR_DIGITS))),
        amount_minor=draw(st.none() | st.floats(0, 1e12)),
        snapshot_flags=tuple(draw(st.lists(st.sampled_from("abcde"), unique=True))),
        snapshot_age_days=draw(st.none() | st.integers(0, 4000)),
        margins_missing=draw(st.integers(0, 4)),
        intrusiveness_low=low,
        intrusiveness_high=high,
        tolerance=draw(POINTS),
        percentile=draw(st.none() | POINTS),
        comparables=draw(st.integers(0, 500)),
        over_ceiling=draw(st.none() | st.floats(0, 50)),
        first_time=draw(st.booleans()),
        below_market=draw(st.booleans()),
        shared_people=draw(st.integers(0, 3)),
        minors=draw(st.none() | st.floats(0, 1)),
    )


@st.composite
def facts_and_worse(draw: st.DrawFn) -> tuple[RiskFacts, RiskFacts]:
    """Two sets of facts of which the second is at least as bad in everything."""
    one = draw(any_facts())
    percentile = one.percentile
    if percentile is not None:
        percentile = draw(st.floats(percentile, 100) if percentile >= 50 else st.floats(0, percentile))
    older = st.none() if one.snapshot_age_days is None else st.none() | st.integers(one.snapshot_age_days, 5000)
    low = draw(st.floats(one.intrusiveness_low, 100))
    return one, replace(
        one,
        amount_minor=draw(st.floats(one.amount_minor or 0, 1e12)),
        snapshot_flags=one.snapshot_flags + tuple(draw(st.lists(st.sampled_from("vwxyz"), unique=True))),
        snapshot_age_days=draw(older),
        margins_missing=one.margins_missing + draw(st.integers(0, 4)),
        intrusiveness_low=low,
        intrusiveness_high=draw(st.floats(max(low, one.intrusiveness_high), 100)),
        tolerance=draw(st.floats(0, one.tolerance)),
        percentile=percentile,
        over_ceiling=draw(st.floats(one.over_ceiling or 0, 100)),
        first_time=one.first_time or draw(st.booleans()),
        below_market=one.below_market or draw(st.booleans()),
        shared_people=one.shared_people + draw(st.integers(0, 3)),
        minors=draw(st.floats(one.minors or 0, 1)),
    )


@settings(deadline=None, max_examples=150)
@given(facts_and_worse())
def test_worse_facts_are_never_less_urgent_and_never_need_fewer_people(pair: tuple[RiskFacts, RiskFacts]) -> None:
    one, worse = map(assess, pair)
    assert worse.priority <= one.priority
    assert worse.needs_two >= one.needs_two
    assert worse.asks >= one.asks


ADDED: list[tuple[str, dict[str, Any]]] = [
    ("suspicious_figures", {"snapshot_flags": ("spike",)}),
    ("large_amount", {"amount_minor": 1e9}),
    ("related_parties", {"shared_people": 2}),
    ("price_below_market", {"below_market": True}),
    ("for_children", {"minors": 0.9}),
    ("price_far_from_peers", {"percentile": 99.0}),
    ("far_over_ceiling", {"over_ceiling": 3.0}),
    ("missing_margins", {"margins_missing": 1}),
    ("first_time", {"first_time": True}),
]


@settings(deadline=None, max_examples=150)
@given(any_facts(), st.sampled_from(ADDED))
def test_one_more_risk_never_takes_the_second_person_away(known: RiskFacts, added: tuple[str, dict[str, Any]]) -> None:
    code, changes = added
    before, after = assess(known), assess(replace(known, **changes))
    had, has = ({risk.code for risk in found.risks} for found in (before, after))
    assert has == had | {code}
    assert after.needs_two == (before.needs_two or code in ("suspicious_figures", "large_amount", "related_parties"))
    assert after.priority == before.priority - 10 * WEIGHTS[code] * (code not in had)


@settings(deadline=None, max_examples=150)
@given(any_facts())
def test_the_priority_is_the_sum_of_what_fired(known: RiskFacts) -> None:
    found = assess(known)
    assert found.priority == 1000 - 10 * sum(WEIGHTS[risk.code] for risk in found.risks)
    assert found.needs_two == any(rule.needs_two for rule in RULES if rule.code in {one.code for one in found.risks})
    assert assess(known) == found
    for risk in found.risks:
        assert risk.zh
        assert risk.en
        assert "{" not in risk.zh + risk.en


def shown(**changes: Any) -> list[dict[str, Any]]:
    return [risk.as_json() for risk in assess(facts(**changes)).risks]


@pytest.mark.parametrize(
    ("then", "now", "worse"),
    [
        ({}, {"below_market": True}, True),
        ({"below_market": True}, {}, False),
        ({"below_market": True}, {"shared_people": 1}, True),  # nobody has seen it
        ({}, {"first_time": True}, False),  # a note calls nobody back
        ({"first_time": True}, {"margins_missing": 3}, False),
        ({"snapshot_age_days": 91}, {"snapshot_age_days": 120}, False),
        ({"snapshot_flags": ("a",)}, {"snapshot_flags": ("a", "b")}, True),
        ({"snapshot_flags": ("a", "b")}, {"snapshot_flags": ("a",)}, False),
        ({"snapshot_flags": ("a", "b")}, {"snapshot_flags": ("a", "b")}, False),  # decided already, as many as then
        ({"intrusiveness_high": 66}, {"intrusiveness_high": 66.1}, False),
        ({"intrusiveness_high": 40}, {"intrusiveness_low": 31, "intrusiveness_high": 40}, False),
        ({"intrusiveness_high": 64}, {"intrusiveness_high": 66}, True),
        ({"intrusiveness_high": 66}, {"intrusiveness_high": 66}, False),
    ],
)
def test_what_counts_as_worse(then: dict[str, Any], now: dict[str, Any], worse: bool) -> None:
    assert got_worse(shown(**then), shown(**now)) is worse
