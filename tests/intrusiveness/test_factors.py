"""The score of exact timelines: worked values, and what more or less of anything may do."""

import hashlib
import json
from dataclasses import astuple, replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from marketplace.intrusiveness import constants
from marketplace.intrusiveness.factors import measure, points, raw_bounds, raw_point, relieved_total, spans, to_factors
from marketplace.intrusiveness.plan_score import score_plan, score_range
from marketplace.intrusiveness.step_functions import TimeStep, area, best_mean, steps
from marketplace.intrusiveness.timeline import Exposure, ExposureKind, Timeline, ValueInterval, exact
from tests.intrusiveness import make

QUICK = settings(max_examples=60, deadline=None)
ROUNDING = 1e-9


def score(timeline: Timeline, fit: float = 0.3) -> float:
    low, high = score_range(timeline, fit)
    assert low == pytest.approx(high, abs=ROUNDING)
    return high


def measured(timeline: Timeline) -> dict[str, float]:
    return dict(zip(constants.CODES, measure(timeline, "mid"), strict=True))


# Exact time moves none of the worked values, for all their edges lie on the half-second grid they were made with.
@pytest.mark.parametrize(
    ("timeline", "fit", "told"),
    [
        (make.CUP, 0.8, 6),
        (make.HERO, 0.8, 12.5),
        (make.HERO, 0.0, 15),
        (make.READ, 0.1, 53),
        (make.CARD, 0.0, 50),
        (make.PLUG, 0.2, 47),
    ],
)
def test_the_worked_values(timeline: Timeline, fit: float, told: float) -> None:
    assert score_plan(timeline, fit, what_ifs=False).point == pytest.approx(told, abs=0.5)


def test_a_worked_value_by_hand() -> None:
    seen = 0.45 * 0.6 + 0.3 * 0.5 + 0.15 * 0.6 + 0.1
    wanted = 15 * seen * 6 / 60 / 0.2 + 15 * seen + 10 * 4 / 31
    assert score(make.HERO, 0.0) == pytest.approx(wanted, abs=ROUNDING)


def test_units_make_a_hundred_points_and_names_are_whole() -> None:
    assert sum(factor.units for factor in constants.FACTORS) == 20
    assert sum(constants.POINTS) == 100
    assert all(factor.zh and factor.en and factor.evidence for factor in constants.FACTORS)
    assert all(one.unit and one.evidence for one in constants.TABLE.values())


def test_nothing_shown_scores_nothing() -> None:
    silent = make.video(60, brands=4, loudness_lu=9, occlusion_share=0.9)
    assert score(silent) == 0
    assert score_plan(silent, 0.5).reasons == ()


def test_a_video_shorter_than_the_window_is_its_own_window() -> None:
    short = make.video(1, make.shown(0, 1, centre=1))
    assert measured(short)["peak"] == pytest.approx(0.45)


def test_lengths_off_the_grid_count_for_what_they_last() -> None:
    lone = [measured(make.video(60, make.shown(30, seconds, centre=1))) for seconds in (0.2, 0.25, 0.74, 1.5)]
    assert [one["load"] for one in lone] == pytest.approx([0.09, 0.1125, 0.333, 0.675])
    assert [one["peak"] for one in lone] == pytest.approx([0.045, 0.05625, 0.1665, 0.3375])


def test_a_flash_at_the_start_counts_in_proportion() -> None:
    early = [measured(make.video(60, make.shown(0, seconds, centre=1)))["early"] for seconds in (0.1, 0.5, 3)]
    assert early == pytest.approx([0.09, 0.45, 0.45])


def test_a_gap_of_one_second_belongs_to_the_run_and_a_longer_one_ends_it() -> None:
    def run(gap: float) -> float:
        return measured(make.video(60, make.shown(10, 4), make.shown(14 + gap, 5)))["run"]

    assert [run(0.0), run(1.0), run(1.01)] == pytest.approx([9, 10, 5])


def test_a_short_exposure_inside_a_long_one_does_not_cut_its_run() -> None:
    timeline = make.video(60, make.shown(10, 20), make.shown(12, 1), make.shown(30.5, 2))
    assert measured(timeline)["run"] == pytest.approx(22.5)


def test_overlaps_count_once_and_at_the_higher_weight() -> None:
    timeline = make.video(60, make.shown(10, 4, centre=1), make.said(12, 4), make.shown(13, 9, clarity=1))
    assert measured(timeline)["load"] == pytest.approx(2 * 0.45 + 4 + 6 * 0.1)


def test_the_peak_is_found_between_edges() -> None:
    timeline = make.video(60, make.shown(10, 1, centre=1), make.shown(11.5, 1, centre=1))
    assert measured(timeline)["peak"] == pytest.approx(0.45 * 1.5 / 2)


def test_what_has_no_width_fills_nothing() -> None:
    alone = make.video(60, make.shown(0.375, 1))
    assert measure(make.video(60, make.shown(0.25, 1e-78), make.shown(0.375, 1)), "mid") == measure(alone, "mid")
    assert steps([TimeStep(1, 1, 0.9), TimeStep(1, 1, 0.5), TimeStep(3, 4, 0.2)]) == [TimeStep(3, 4, 0.2)]
    assert area([TimeStep(1, 1, 0.9), TimeStep(0, 2, 0.5), TimeStep(1, 4, 0.2)]) == pytest.approx(1.4)


parts = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12), st.floats(0, 1)), max_size=7)


@QUICK
@given(parts)
def test_area_and_best_mean_agree_with_a_fine_grid(some: list[tuple[int, int, float]]) -> None:
    found = [TimeStep(start / 4, (start + length) / 4, value) for start, length, value in some]
    grid = np.zeros(60)
    for start, length, value in some:
        grid[start : start + length] = np.maximum(grid[start : start + length], value)
    assert area(found) == pytest.approx(grid.sum() / 4, abs=ROUNDING)
    best = max(grid[at : at + 8].mean() for at in range(53))
    assert best_mean(steps(found), 2.0, 15.0) == pytest.approx(best, abs=ROUNDING)


@QUICK
@given(make.plans(sure=True), make.SHARES)
def test_the_score_is_the_sum_of_its_points_and_lies_in_0_to_100(timeline: Timeline, fit: float) -> None:
    score = score_plan(timeline, fit, what_ifs=False)
    assert -ROUNDING <= score.point <= 100 + ROUNDING
    assert score.point == pytest.approx(sum(factor.point for factor in score.factors), abs=ROUNDING)
    assert score.low == pytest.approx(score.high, abs=ROUNDING)
    assert all(
        0 <= factor.point <= most + ROUNDING for factor, most in zip(score.factors, constants.POINTS, strict=True)
    )


@QUICK
@given(make.plans(sure=True), st.data())
def test_one_exposure_more_never_lowers_the_score(timeline: Timeline, data: st.DataObject) -> None:
    extra = data.draw(make.exposures(timeline.duration_s, sure=True))
    at = data.draw(st.integers(0, len(timeline.exposures)))
    more = replace(timeline, exposures=(*timeline.exposures[:at], extra, *timeline.exposures[at:]))
    assert score(more) >= score(timeline) - ROUNDING


def _one_changed(timeline: Timeline, data: st.DataObject, field: str, by: float, most: float) -> Timeline:
    at = data.draw(st.integers(0, len(timeline.exposures) - 1))
    was = timeline.exposures[at]
    value = exact(min(most, getattr(was, field).low + by))
    changed = replace(was, **{field: value})
    return replace(timeline, exposures=(*timeline.exposures[:at], changed, *timeline.exposures[at + 1 :]))


@pytest.mark.parametrize(
    ("field", "most"),
    [
        ("centre", 1),
        ("saliency", 1),
        ("area_share", 1),
        ("clarity", 1),
        ("seconds", 500),
        ("claims", 100),
        ("mentions", 100),
    ],
)
@settings(max_examples=30, deadline=None)
@given(timeline=make.plans(sure=True), by=st.floats(0, 3), data=st.data())
def test_more_of_an_exposure_never_lowers_the_score(
    field: str, most: float, timeline: Timeline, by: float, data: st.DataObject
) -> None:
    assume(timeline.exposures)
    assert score(_one_changed(timeline, data, field, by, most)) >= score(timeline) - ROUNDING


@pytest.mark.parametrize("field", ["brands", "loudness_lu", "occlusion_share"])
@settings(max_examples=30, deadline=None)
@given(timeline=make.plans(sure=True), by=st.floats(0, 3))
def test_more_of_the_whole_never_lowers_the_score(field: str, timeline: Timeline, by: float) -> None:
    more = replace(timeline, **{field: exact(getattr(timeline, field).low + by)})
    assert score(more) >= score(timeline) - ROUNDING


@QUICK
@given(make.plans(sure=True), make.SHARES, make.SHARES, st.data())
def test_more_fit_or_plot_never_raises_the_score(timeline: Timeline, a: float, b: float, data: st.DataObject) -> None:
    assert score(timeline, max(a, b)) <= score(timeline, min(a, b)) + ROUNDING
    assert score(timeline, 1.0) >= (1 - constants.RELIEF_MAX) * score(timeline, 0.0) - ROUNDING
    if timeline.exposures:
        assert score(_one_changed(timeline, data, "plot", a, 1)) <= score(timeline) + ROUNDING


def test_an_unknown_fit_relieves_nothing_and_load_is_never_relieved() -> None:
    assert score(make.READ, float("nan")) == score(make.READ, 0.0)
    relieved = [factor.code for factor in constants.FACTORS if factor.relieved]
    assert relieved == ["peak", "early", "info", "run", "clutter", "spoken", "repeat"]
    none, full = (score_plan(make.READ, fit).factors for fit in (0.0, 1.0))
    for before, after in zip(none, full, strict=True):
        assert after.point == pytest.approx(before.point * (0.7 if before.code in relieved else 1))


@QUICK
@given(make.exposures(61.3, sure=True), make.SHARES)
def test_a_lone_exposure_moved_later_never_raises_the_score(one: Exposure, later: float) -> None:
    room = 61.3 - one.start_s.low - one.seconds.low
    moved = replace(one, start_s=exact(one.start_s.low + later * max(0.0, room)))
    assert score(make.video(61.3, moved)) <= score(make.video(61.3, one)) + 1e-6


# Above 62 s both halves count as fully long runs, and the extra hit costs 0.56 points before relief.
@QUICK
@given(st.floats(6, 62), make.exposures(180.0, sure=True), st.floats(1.01, 10), make.SHARES)
def test_a_long_run_split_in_two_never_raises_the_score(seconds: float, like: Exposure, gap: float, fit: float) -> None:
    whole = replace(like, start_s=exact(5), seconds=exact(seconds), claims=exact(0), mentions=exact(0))
    halves = (
        replace(whole, seconds=exact(seconds / 2)),
        replace(whole, start_s=exact(5 + seconds / 2 + gap), seconds=exact(seconds / 2)),
    )
    assert score(make.video(180, *halves), fit) <= score(make.video(180, whole), fit) + ROUNDING


@settings(max_examples=80, deadline=None)
@given(make.plans(), st.data(), make.SHARES)
def test_every_plan_inside_the_intervals_scores_inside_the_range(
    plan: Timeline, data: st.DataObject, fit: float
) -> None:
    score = score_plan(plan, fit, what_ifs=False)
    assert score.low - ROUNDING <= score.point <= score.high + ROUNDING
    low, high = measure(plan, "low"), measure(plan, "high")
    for _ in range(4):
        one = data.draw(make.inside(plan))
        values = measure(one, "mid")
        if spans(one, "mid"):
            for code, least, value, most in zip(constants.CODES, low, values, high, strict=True):
                if code not in {"clutter", "loud"}:
                    assert least - 1e-6 <= value <= most + 1e-6, code
        total = sum(points(to_factors(values, plan.duration_s), fit))
        assert score.low - ROUNDING * 10 <= total <= score.high + ROUNDING * 10


def test_bounds_are_tight_where_exposures_cannot_meet() -> None:
    def on(low: float, high: float) -> Exposure:
        return Exposure(ValueInterval(low, high), exact(4), ExposureKind.PRODUCT, centre=exact(1))

    apart = Timeline(60, (on(5, 10), on(30, 34)))
    low, high = measure(apart, "low"), measure(apart, "high")
    assert (low[0], high[0]) == pytest.approx((3.6, 3.6))
    assert (low[4], high[4]) == (4, 4)
    meeting = Timeline(60, (on(30, 34), on(32, 36)))
    low, high = measure(meeting, "low"), measure(meeting, "high")
    # They lie on one another at 32..36 or 34..38, or side by side at 30..34 and 36..40, never within a second.
    assert (low[4], high[4]) == (4, 9)
    assert 1.8 <= low[0] <= high[0] == pytest.approx(3.6)


def test_exposures_that_nothing_can_part_form_one_run() -> None:
    def run(*found: tuple[float, float, float]) -> tuple[float, float]:
        on = tuple(
            Exposure(ValueInterval(low, high), exact(seconds), ExposureKind.PRODUCT) for low, high, seconds in found
        )
        return measure(Timeline(60, on), "low")[4], measure(Timeline(60, on), "high")[4]

    # The first ends at 18 or later, the second begins by 17: from 12 to 23 at least, from 10 to 25 at most.
    assert run((10, 12, 8), (15, 17, 8)) == (11, 15)
    assert run((10, 12, 8), (9, 17, 9)) == (9, 17)
    # Begun at 10 and at 20 they are two.
    assert run((10, 12, 8), (15, 20, 8)) == (8, 17)


def test_the_most_striking_window_may_reach_over_a_hole_between_two() -> None:
    def on(low: float, high: float) -> Exposure:
        return Exposure(ValueInterval(low, high), exact(1), ExposureKind.PRODUCT, centre=exact(1))

    two = Timeline(60, (on(10, 10.5), on(12, 12.5)))
    assert measure(two, "high")[1] == pytest.approx(0.45 * 1.5 / 2)
    assert measure(two, "low")[1] == pytest.approx(0.45 / 2)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(make.plans(most=3), st.one_of(make.SHARES, st.just(float("nan")))), min_size=1, max_size=8))
def test_stored_factors_and_fit_give_the_same_scores(batch: list[tuple[Timeline, float]]) -> None:
    raw = [raw_bounds(plan) for plan, _ in batch]
    fits = np.array([fit for _, fit in batch])
    low, high = relieved_total(np.stack([one for one, _ in raw]), np.stack([one for _, one in raw]), fits)
    wanted = np.array([score_range(plan, fit) for plan, fit in batch])
    assert np.stack([low, high], axis=1) == pytest.approx(wanted, abs=1e-9)
    points_now, _ = relieved_total(np.stack([raw_point(plan) for plan, _ in batch]), low[:, None] * np.zeros(10), fits)
    assert points_now == pytest.approx([score_plan(plan, fit, what_ifs=False).point for plan, fit in batch], abs=1e-9)


def test_a_number_does_not_change_without_its_version() -> None:
    """Stored scores are worked out again by the version they name. Whoever changes a number raises the version of what
    it belongs to, and then pins both here."""
    versions = (
        constants.MODEL_VERSION,
        constants.PROMINENCE_VERSION,
        constants.FRONTIER_VERSION,
        constants.AD_LOAD_VERSION,
        constants.CHANNEL_VERSION,
        constants.PACING_VERSION,
    )
    numbers = {
        "table": {name: one.value for name, one in constants.TABLE.items()},
        "factors": [(factor.code, factor.units, factor.relieved) for factor in constants.FACTORS],
        "ramps": {
            name: [value for value in astuple(ramp) if isinstance(value, int)] for name, ramp in constants.RAMPS.items()
        },
    }
    digest = hashlib.sha256(json.dumps([versions, numbers], sort_keys=True).encode()).hexdigest()
    assert digest[:16] == "12e0ec9e972feff0"
