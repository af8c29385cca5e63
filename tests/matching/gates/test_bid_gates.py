"""THE gates of a bid as a pure function: each closes for its own fact alone and says why, and what would open it."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.message import Bilingual
from marketplace.core.words.state_names import STATE_NAMES
from marketplace.matching.gates.bid_gates import BRANDS_OWN, GateFacts, shut_gates
from marketplace.matching.gates.messages import GATE_NAMES, GATES, OPENS_AFTER_CLOSE
from marketplace.matching.selection.messages import REASONS

OPEN = GateFacts(
    status="open",
    currency="CNY",
    budget=6_000_000,
    cost=1_000_000,
    people=100_000,
    intrusiveness=10.0,
    tolerance=40,
    per_thousand=9_000,
    ceiling=10_800,
)
SHUT: dict[str, dict[str, Any]] = {
    "declined": {"status": "declined"},
    "withdrawn": {"status": "withdrawn"},
    "void": {"status": "void"},
    "lapsed": {"status": "lapsed"},
    "party_suspended": {"is_suspended": True},
    "no_mandate": {"has_mandate": False},
    "channel_archived": {"is_archived": True},
    "channel_handed_over": {"is_handed_over": True},
    "claim_beaten": {"is_beaten": True},
    "same_account": {"is_same_account": True},
    "part_offer": {"is_part_offer": True},
    "older_version": {"stands_by_brief": False},
    "does_not_answer": {"mismatches": [Bilingual("要 2 条视频，报价 50 条。", "2 videos are asked for, 50 offered.")]},
    "review_rejected": {"review": "rejected", "review_reason": "粉丝为购买所得"},
    "review_held": {"review": "held", "review_reason": "等待平台核实"},
    "review_open": {"review": "open"},
    "review_needed": {"review": "deferred"},
    "price_below_market": {"is_far_below": True},
    "law_minors": {"law": "law_minors", "minors": 0.7},
    "exclusive_elsewhere": {"placement": "exclusive_elsewhere"},
    "pacing_full": {"placement": "pacing_full"},
    "no_audience_data": {"is_known": False},
    "no_reach": {"people": 0.0},
    "over_tolerance": {"intrusiveness": 40.5},
    "cost_unbounded": {"cost": math.inf},
    "over_ceiling": {"per_thousand": 10_801},
    "over_budget": {"committed": 5_000_001},
}


def codes(facts: GateFacts) -> list[str]:
    return [gate.code for gate in shut_gates(facts)]


def test_every_gate_is_tried_here_and_has_a_reason_in_selections() -> None:
    assert set(SHUT) == set(GATES) == set(GATE_NAMES)
    assert set(GATES) <= set(REASONS)
    # A status has one name, in the column of gates too.
    statuses = GATE_NAMES.keys() & STATE_NAMES.keys()
    assert statuses == {"declined", "withdrawn", "void", "lapsed"}
    assert all(GATE_NAMES[status] is STATE_NAMES[status] for status in statuses)


def test_a_sound_bid_passes_every_gate() -> None:
    assert codes(OPEN) == []
    for status in ("approved", "passed", "dropped", None):
        assert codes(replace(OPEN, review=status)) == []


@pytest.mark.parametrize("code", SHUT)
def test_each_gate_is_shut_by_its_own_fact_alone(code: str) -> None:
    [gate] = shut_gates(replace(OPEN, **SHUT[code]))
    assert (gate.code, gate.brands_own) == (code, code in BRANDS_OWN)
    for text in (gate.zh, gate.en, gate.opens_zh, gate.opens_en):
        assert text
        assert "{" not in text.replace("{id}", "")


@pytest.mark.parametrize("code", SHUT)
def test_after_the_close_no_gate_tells_of_a_revision(code: str) -> None:
    """A revised price, plan, cap or audience opens nothing any more."""
    [before] = shut_gates(replace(OPEN, **SHUT[code]))
    [after] = shut_gates(replace(OPEN, **SHUT[code], is_closed=True))
    assert (after.code, after.zh, after.en, after.brands_own) == (before.code, before.zh, before.en, before.brands_own)
    for door in (
        "lower price",
        "milder plan",
        "A cap opens",
        "A revision",
        "before the close opens",
        "Only another audience",
    ):
        assert door not in after.opens_en
    for door in ("更低的价格", "更温和", "设定封顶", "需求关闭前"):
        assert door not in after.opens_zh
    if code in OPENS_AFTER_CLOSE:
        assert (after.opens_zh, after.opens_en) == OPENS_AFTER_CLOSE[code] != (before.opens_zh, before.opens_en)
    if after.brands_own and code != "part_offer":
        assert "despite" in after.opens_en


@pytest.mark.parametrize(
    ("code", "figures"),
    [
        ("over_budget", ["CNY 10,000.00", "CNY 9,999.99"]),
        ("over_ceiling", ["CNY 108.01", "CNY 108.00"]),
        ("over_tolerance", ["40.5", "40"]),
        ("does_not_answer", ["50"]),
        ("review_rejected", ["粉丝为购买所得"]),
    ],
)
def test_a_gate_names_its_figures_in_both_languages(code: str, figures: list[str]) -> None:
    [gate] = shut_gates(replace(OPEN, **SHUT[code]))
    for figure in figures:
        assert figure in gate.zh
        assert figure in gate.en


def test_the_budget_that_is_left_is_not_asked_of_what_is_accepted() -> None:
    assert codes(replace(OPEN, committed=5_000_001)) == ["over_budget"]
    assert codes(replace(OPEN, committed=5_000_001, status="accepted")) == []


@pytest.mark.parametrize(
    "limit",
    [
        {"intrusiveness": 40.0},
        {"per_thousand": 10_800.0},
        {"per_thousand": 99_999.0, "ceiling": None},
        {"committed": 5_000_000},
        {"intrusiveness": None},
        {"per_thousand": None},
    ],
)
def test_a_limit_that_is_just_kept_or_not_known_shuts_nothing(limit: dict[str, Any]) -> None:
    assert codes(replace(OPEN, **limit)) == []


@given(st.sets(st.sampled_from(sorted(set(SHUT) - {"declined", "withdrawn", "void", "lapsed"}))))
def test_gates_do_not_hide_each_other(wanted: set[str]) -> None:
    changes: dict[str, Any] = {}
    for code in sorted(wanted):
        changes |= SHUT[code]
    found = set(codes(replace(OPEN, **changes)))
    # One review, one placement and one cost: of two codes for one fact the last one counts.
    one_of = [
        {"review_rejected", "review_held", "review_open", "review_needed"},
        {"exclusive_elsewhere", "pacing_full"},
        {"cost_unbounded", "over_budget"},
        {"no_audience_data", "no_reach"},
    ]
    for code in wanted - found:
        assert any(code in group and group & found for group in one_of), code
    assert found <= wanted
