"""Sentences from stored numbers, and the fingerprint of what went in."""

import dataclasses
import json
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.core.estimate import Estimate
from marketplace.core.fingerprint import fingerprint
from marketplace.core.message import Message
from marketplace.matching.scoring.messages import floor_reason, reasons
from marketplace.matching.scoring.score_brief import MODEL_VERSIONS
from marketplace.matching.scoring.scored_bid import ForecastBasis, ScoredBid

BID = ScoredBid(
    stored={},
    currency="CNY",
    overall=Estimate(62.4, 31.0, 80.2),
    views=Estimate(120_000, 40_000, 360_000),
    videos_used=9,
    share=Estimate(0.31, 0.2, 0.4),
    people=Estimate(31_620, 6_800, 122_400),
    cost=Estimate(550_000, 550_000, 550_000),
    largest_cost=550_000,
    per_thousand=Estimate(17_394, 4_493, 80_882),
    ceiling_minor=10_000,
    ceiling_is_the_briefs=True,
    percentile=55.0,
    comparables=24,
    fit=0.7,
    fit_parts={"category": 0.9, "market": 0.2, "language": 1.0, "format": None, "length": 0.5, "sponsors": 0.5},
    quality=1.05,
    ad_load=None,
    intrusiveness=Estimate(28, 22, 35),
    tolerance=40,
    basis=ForecastBasis(),
    source="xingtu export",
    taken_on=date(2026, 11, 20),
    audience_flags=("regions_from_prior",),
    unknown_shares={"genders": 0.12, "ages": 0.0},
)
UNKNOWN = Estimate(None, None, None)


def _codes(bid: ScoredBid) -> dict[str, dict]:
    return {reason.code: reason.as_json() for reason in reasons(bid)}


@pytest.mark.parametrize(("cost", "is_floor"), [(550_000, False), (700_000, True)])
def test_the_way_from_people_to_the_score_is_told(cost: float, is_floor: bool) -> None:
    bid = dataclasses.replace(
        BID,
        counted_cost=cost,
        counted_people=20_000,
        suitability=1.2,
        fit_weight=0.5,
        noticing=Estimate(0.19, 0.19, 0.3),
    )
    told = _codes(bid)["counted"]
    numbers = {name: part["value"] for name, part in told["numbers"].items()}
    assert numbers["counted"] == pytest.approx(20_000 * 1.2 * 0.19 / 0.15)
    assert numbers["per_thousand"] == pytest.approx(1000 * cost / numbers["counted"])
    assert ("the least of what such deals settle at" in told["en"], "同类成交的低端" in told["zh"]) == (is_floor,) * 2


def test_a_bid_is_told_in_order_with_its_numbers() -> None:
    found = _codes(BID)
    assert list(found) == [
        "overall",
        "views_from_history",
        "people",
        "on_target_share",
        "unknown_genders",
        "regions_from_prior",
        "cost",
        "per_thousand_over_ceiling",
        "price_percentile",
        "fit",
        "fit_category_good",
        "fit_market_poor",
        "fit_language_good",
        "fit_format_unknown",
        "within_tolerance",
    ]
    assert found["views_from_history"]["numbers"]["views"] == {
        "value": 120_000,
        "unit": "views of one video",
        "low": 40_000,
        "high": 360_000,
        "interval": "80%",
        "count": 9,
        "source": "xingtu export",
        "date": "2026-11-20",
    }
    assert found["on_target_share"]["numbers"]["share"]["interval"] == "bounds"
    assert found["per_thousand_over_ceiling"]["en"] == (
        "CNY 173.94 (CNY 44.93–CNY 808.82, 80%) per 1,000 on-target people (at most CNY 5,500.00 over 31,620 people),"
        " over the brief's ceiling of CNY 100.00"
    )
    assert found["cost"]["en"] == "Expected cost CNY 5,500.00"
    assert found["unknown_genders"]["en"] == "Gender is undisclosed for 12.0% of the audience, spread in proportion"
    assert found["price_percentile"]["zh"] == "在 24 个同币种可比报价中，比 55% 的更贵"
    json.dumps([reason.as_json() for reason in reasons(BID)], allow_nan=False)


def test_every_sentence_has_both_languages_and_every_number_a_unit() -> None:
    for reason in (reason.as_json() for reason in reasons(BID)):
        assert set(reason) == {"code", "zh", "en", "numbers"}
        assert any("\u4e00" <= letter <= "\u9fff" for letter in reason["zh"])
        assert reason["en"].isprintable()
        assert all(number["unit"] and "value" in number for number in reason["numbers"].values())


def test_what_is_not_known_is_said() -> None:
    bare = dataclasses.replace(
        BID,
        overall=UNKNOWN,
        cost=UNKNOWN,
        per_thousand=UNKNOWN,
        percentile=None,
        comparables=8,
        intrusiveness=UNKNOWN,
        flags=("cost_unknown",),
        videos_used=0,
        fit_parts={},
        source=None,
        taken_on=None,
    )
    found = _codes(bare)
    assert {
        "cost_unknown",
        "views_from_followers",
        "too_few_comparables",
        "intrusiveness_unknown",
        "fit_category_unknown",
    } <= set(found)
    assert not {"overall", "cost", "price_percentile", "within_tolerance"} & set(found)
    assert "source" not in found["views_from_followers"]["numbers"]["views"]


def test_gates_are_told_with_the_limit() -> None:
    held = dataclasses.replace(BID, flags=("over_tolerance", "no_reach"), tolerance=20)
    found = _codes(held)
    assert found["over_tolerance"]["en"] == "Intrusiveness 28 (22–35) is over the brief's tolerance of 20 (0-100)"
    assert "no_reach" in found
    assert "within_tolerance" not in found


def test_only_the_floor_reason_speaks_of_the_making() -> None:
    assert floor_reason("CNY", 100_000, 100_000) is None
    warning = floor_reason("CNY", 100_000, 80_000)
    assert warning is not None
    assert warning.numbers["below"] == {"value": 20.0, "unit": "%"}
    assert "CNY 800.00" in warning.en
    assert "under_own_cost" not in _codes(BID)


class Colour(StrEnum):
    RED = "red"


def test_a_fingerprint_is_that_of_one_canonical_text() -> None:
    assert fingerprint({"b": 1, "a": "中"}) == fingerprint({"a": "中", "b": 1.0})
    assert fingerprint({"a": 1}) == "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
    assert fingerprint((1, 2.5, None, True)) == fingerprint(np.array([1, 2.5, None, True], dtype=object))
    assert fingerprint(np.float64(0.1)) == fingerprint(0.1)
    assert fingerprint(-0.0) == fingerprint(0)
    assert fingerprint(Colour.RED) == fingerprint("red")
    assert fingerprint(ForecastBasis(True, 2.0)) == fingerprint([True, 2.0, 0.0, None, 0, 0])
    message = Message("code", "zh", "en", {"n": {"value": 1}})
    assert fingerprint(message) == fingerprint(message.as_json())
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert fingerprint(noon) == fingerprint(noon.astimezone(timezone(timedelta(hours=8))))
    assert fingerprint(UUID(int=5)) == fingerprint(str(UUID(int=5)))
    assert fingerprint([1, 2]) != fingerprint([2, 1])
    assert fingerprint(MODEL_VERSIONS) != fingerprint({**MODEL_VERSIONS, "rank": "rank/0"})


@pytest.mark.parametrize("bad", [float("nan"), [np.inf]])
def test_a_fingerprint_refuses_what_has_no_json(bad) -> None:
    with pytest.raises(ValueError, match="None"):
        fingerprint(bad)


@pytest.mark.parametrize("bad", [{1: 2}, object(), datetime(2026, 1, 1), {1, 2}])  # noqa: DTZ001 the naive time is the point
def test_a_fingerprint_refuses_what_has_no_plain_form(bad) -> None:
    with pytest.raises(TypeError):
        fingerprint(bad)


PLAIN = st.none() | st.integers(-9, 9) | st.floats(-1e9, 1e9) | st.text(max_size=5)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.text(max_size=3), PLAIN | st.lists(PLAIN, max_size=3), max_size=4))
def test_a_fingerprint_lives_through_json(value) -> None:
    assert fingerprint(json.loads(json.dumps(value))) == fingerprint(value)


def test_a_pause_is_told_from_two_weeks_on() -> None:
    for days, told in ((None, False), (13.0, False), (120.0, True)):
        found = _codes(dataclasses.replace(BID, idle_days=days))
        assert ("channel_idle" in found) == told
    idle = _codes(dataclasses.replace(BID, idle_days=120.0))["channel_idle"]
    assert "120 天没有发布视频" in idle["zh"]
    assert "idle for 120 days" in idle["en"]
    assert "channel_idle" not in _codes(dataclasses.replace(BID, idle_days=120.0, videos_used=0))


@pytest.mark.parametrize(("times", "said"), [(100.0, "100 times the median"), (0.05, "1/20 of the median")])
def test_a_newest_video_far_off_is_told(times: float, said: str) -> None:
    assert "newest_far_off" not in _codes(dataclasses.replace(BID, newest_times=times))
    found = _codes(dataclasses.replace(BID, newest_times=times, flags=("newest_far_off",)))
    assert said in found["newest_far_off"]["en"]


def test_people_that_begin_at_nobody_are_told_with_what_would_mend_it() -> None:
    bid = dataclasses.replace(BID, people=Estimate(31_620, 0.0, 122_400), flags=("too_little_known",))
    found = _codes(bid)
    assert "0 到 122,400" in found["people_from_nobody"]["zh"]
    assert "(0 to 122,400)" in found["people_from_nobody"]["en"]
    assert "too_little_known" not in found, "the views themselves are known well enough"
    wide = _codes(dataclasses.replace(bid, people=BID.people, views=Estimate(5_000, 100, 90_000)))
    assert {"too_little_known"} == {"too_little_known", "people_from_nobody"} & set(wide)
