"""What was promised against what was measured."""

from typing import Any

import pytest

from marketplace.intrusiveness.timeline import from_dict
from marketplace.vision import plan_comparison

PROMISED: dict[str, Any] = {
    "kind": "product",
    "start_s": {"low": 6, "high": 7},
    "seconds": {"low": 3, "high": 4},
    "area_share": "background",
    "centre": "edge",
    "plot": "tied",
}
KEPT: dict[str, Any] = {"kind": "product", "start_s": 6.4, "seconds": 3.6, "area_share": 0.01, "centre": 0.3}


def of(*exposures: dict[str, Any]) -> Any:
    return from_dict({"duration_s": 30, "exposures": list(exposures)})


def test_a_kept_plan_is_told_as_kept() -> None:
    comparison = plan_comparison.compare(of(PROMISED), of(KEPT))
    assert comparison["kept"]
    assert comparison["rows"][0]["off"] == []


def test_each_way_of_leaving_the_plan_is_named() -> None:
    made = {**KEPT, "start_s": 2.0, "seconds": 9.5, "area_share": 0.1, "centre": 0.95, "claims": 2}
    [row] = plan_comparison.compare(of(PROMISED), of(made))["rows"]
    assert row["off"] == ["longer", "earlier", "larger", "more_central", "more_claims"]
    assert "9.5 秒" in row["zh"]
    assert "longer than promised" in row["en"]


def test_what_is_missing_and_what_is_more_stand_in_rows_of_their_own() -> None:
    speech = {"kind": "speech", "start_s": 20, "seconds": 2, "mentions": 1}
    rows = plan_comparison.compare(of(PROMISED), of(speech))["rows"]
    assert [(row["planned"], row["measured"], row["kept"]) for row in rows] == [(0, None, False), (None, 0, False)]


@pytest.mark.parametrize(
    ("seconds", "off"), [(55, []), (58.25, []), (51.75, []), (58.3, ["longer"]), (51.7, ["shorter"]), (16, ["shorter"])]
)
def test_a_drafts_length_is_told_against_the_plans(seconds: float, off: list[str]) -> None:
    plan = from_dict({"duration_s": 55, "exposures": [PROMISED]})
    told = plan_comparison.compare(plan, from_dict({"duration_s": seconds, "exposures": [KEPT]}))
    assert (told["length"]["off"], told["kept"]) == (off, not off)
    assert told["rows"][0]["kept"]
    if seconds == 16:
        assert told["zh"].endswith("方案视频长 55 秒，成片长 16 秒：比承诺更短。")
        assert told["en"].endswith("The plan is for a video of 55 s, the draft has 16 s: shorter than promised.")


def test_what_the_plan_may_leave_out_is_not_missed() -> None:
    optional = {**PROMISED, "seconds": {"low": 0, "high": 4}}
    assert plan_comparison.compare(of(optional), of())["kept"]


def test_exposures_are_paired_by_time() -> None:
    second = {**KEPT, "start_s": 20}
    pairs = plan_comparison.pairs(of(PROMISED, {**PROMISED, "start_s": 20}).exposures, of(second, KEPT).exposures)
    assert pairs == [(0, 1), (1, 0)]


def test_a_caption_takes_no_packs_place_though_it_is_nearer() -> None:
    caption = {**KEPT, "kind": "text", "start_s": 11.0}
    pack = {**KEPT, "start_s": 14.0}
    plan = of(PROMISED).exposures
    assert plan_comparison.pairs(plan, of(caption, pack).exposures) == [(0, 1), (None, 0)]
    # A mark's picture may show a product or its logo; and where there is nothing else, a caption is what was made.
    assert plan_comparison.pairs(plan, of({**caption, "kind": "logo"}, pack).exposures)[0] == (0, 0)
    assert plan_comparison.pairs(plan, of(caption).exposures) == [(0, 0)]


def test_the_plans_word_for_the_story_is_taken_over() -> None:
    made = plan_comparison.with_plot(of(KEPT), of(PROMISED))
    assert (made.exposures[0].plot.low, made.exposures[0].plot.high) == (0.6, 1.0)


@pytest.mark.parametrize(
    ("seconds", "off"),
    [
        # Promised are 3 to 4 s. Edges may be off by 0.5 s in all, and the length by 5 % of 4 s.
        (4.65, []),
        (4.75, ["longer"]),
        (2.35, []),
        (2.25, ["shorter"]),
    ],
)
def test_a_length_may_leave_the_promise_by_its_edges_and_a_twentieth(seconds: float, off: list[str]) -> None:
    """A brand that was promised at most 4 s must not be billed 6 s as kept."""
    [row] = plan_comparison.compare(of(PROMISED), of({**KEPT, "seconds": seconds}))["rows"]
    assert row["off"] == off


@pytest.mark.parametrize(
    ("measured", "off"),
    [
        ({"start_s": 7.45}, []),
        ({"start_s": 7.55}, ["later"]),
        ({"start_s": 5.55}, []),
        ({"start_s": 5.45}, ["earlier"]),
        ({"area_share": 0.0225}, []),
        ({"area_share": 0.0235}, ["larger"]),
        ({"centre": 0.59}, []),
        ({"centre": 0.61}, ["more_central"]),
        ({"centre": 0.01}, []),
    ],
)
def test_start_size_and_position_have_their_own_slack(measured: dict[str, Any], off: list[str]) -> None:
    [row] = plan_comparison.compare(of(PROMISED), of({**KEPT, **measured}))["rows"]
    assert row["off"] == off


def test_what_is_seen_at_once_is_promised_and_measured_once() -> None:
    pack = {**KEPT, "start_s": 6, "seconds": 3}
    logo = {**pack, "kind": "logo", "start_s": 7, "seconds": 1}
    told = plan_comparison.compare(of(pack, logo), of(pack, logo, {**logo, "start_s": 8.5, "seconds": 2}))
    assert "promises 3 s of exposure in all; the draft measures 4.5 s" in told["en"]
