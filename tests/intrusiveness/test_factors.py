"""The score of exact timelines: worked values, and what more or less of anything may do."""

import hashlib
import json
import math
from dataclasses import astuple, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from marketplace.intrusiveness import constants
from marketplace.intrusiveness.factors import (
    ad_seconds,
    depth,
    fitted_points,
    fitted_total,
    measure,
    points,
    raw,
    raw_bounds,
    share_seconds,
    spans,
    strength,
)
from marketplace.intrusiveness.plan_score import score_plan, score_range
from marketplace.intrusiveness.step_functions import TimeStep, area, steps
from marketplace.intrusiveness.timeline import Exposure, ExposureKind, Timeline, ValueInterval, exact
from tests.intrusiveness import make

QUICK = settings(max_examples=60, deadline=None)
ROUNDING = 1e-9


def score(timeline: Timeline, fit: float = 0.3) -> float:
    low, high = score_range(timeline, fit)
    assert low == pytest.approx(high, abs=ROUNDING)
    return high


def measured(timeline: Timeline, fit: float = 0.0) -> dict[str, float]:
    return dict(zip(constants.CODES, measure(timeline, "mid", fit), strict=True))


@pytest.mark.parametrize(
    ("timeline", "fit", "told"),
    [
        (make.CUP, 0.8, 7),
        (make.HERO, 0.8, 13.4),
        (make.HERO, 0.0, 17),
        (make.READ, 0.1, 65),
        (make.CARD, 0.0, 41),
        (make.PLUG, 0.2, 50.4),
    ],
)
def test_the_worked_values(timeline: Timeline, fit: float, told: float) -> None:
    assert score_plan(timeline, fit, what_ifs=False).point == pytest.approx(told, abs=0.5)


def test_a_worked_value_by_hand() -> None:
    place = 0.60 + 0.40 * (0.6 - 0.5) / 0.25
    attention = (0.06 / 0.5) ** 0.35 * 0.75 * place * (0.3 + 0.7 * 0.5)
    taken = attention * 6 / 60
    misplaced = attention**0.2
    wanted = (
        39 * 1.4 * taken / (taken + 0.4)
        + 19 * attention**0.5
        + 9 * misplaced**0.5 * (1 - math.exp(-6 * misplaced / 2))
        + 5 * (1 - math.exp(-max(0, 6 * attention - 2) / 20))
    )
    assert score(make.HERO, 0.0) == pytest.approx(wanted, abs=ROUNDING)


def test_points_make_a_hundred_and_every_number_tells_what_it_rests_on() -> None:
    assert sum(constants.POINTS) == 100
    assert all(factor.zh and factor.en and factor.evidence for factor in constants.FACTORS)
    assert all(one.unit and one.evidence for one in constants.TABLE.values())


def test_nothing_shown_scores_nothing() -> None:
    silent = make.video(60, brands=4, loudness_lu=9, occlusion_share=0.9)
    assert score(silent) == 0
    assert score_plan(silent, 0.5).reasons == ()


def test_an_appearance_takes_two_seconds_at_least_and_no_more_than_the_video_has() -> None:
    def seconds(length: float, start: float, lasting: float) -> float:
        return measured(make.video(length, make.said(start, lasting)))["time"]

    assert [seconds(60, 30, lasting) for lasting in (0.1, 1, 2, 3)] == pytest.approx([2, 2, 2, 3])
    assert seconds(60, 59, 1) == pytest.approx(1)


def test_many_flashes_are_many_interruptions() -> None:
    def flashes(count: int) -> Timeline:
        flash = {"centre": 1.0, "area_share": 0.8, "saliency": 0.9, "clarity": 1.0}
        return make.video(60, *(make.shown(3 + 4 * at, 0.3, **flash) for at in range(count)))

    scores = [score(flashes(count)) for count in (1, 2, 4, 8, 12)]
    assert all(more - less > 3 for less, more in pairwise(scores))


def test_the_middle_of_a_video_is_broken_into_most_and_its_end_least() -> None:
    depths = [depth(at, 100) for at in (0, 2.5, 5, 30, 60, 72.5, 85, 95)]
    assert depths == pytest.approx([0.55, 0.775, 1, 1, 1, 0.55, 0.1, 0.1])
    moved = [score(make.video(60, make.said(at, 5))) for at in (0, 25, 55)]
    assert moved[1] > moved[0] > moved[2]


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ({"area_share": 0.15}, {"area_share": 0.25}),
        ({"centre": 0.5}, {"centre": 0.75}),
        ({"centre": 0.0}, {"centre": 0.5}),
    ],
)
def test_a_large_picture_and_the_middle_third_take_more(less: dict[str, float], more: dict[str, float]) -> None:
    usual = {"area_share": 0.1, "centre": 0.6, "saliency": 0.5, "clarity": 1.0}
    one, other = (strength(make.shown(0, 1, **{**usual, **changed}), "mid") for changed in (less, more))
    assert other > 1.2 * one


def test_what_people_came_for_takes_little_and_the_plot_relieves_what_is_seen() -> None:
    shown = {"area_share": 0.1, "centre": 0.8, "saliency": 0.6, "clarity": 1.0}
    loose, tied = (make.video(60, make.shown(20, 10, **shown, plot=plot)) for plot in (0.0, 1.0))
    assert score(tied, 0.0) < score(loose, 0.0) - 8
    assert score(tied, 1.0) < 0.25 * score(loose, 0.0)
    # Neither alone relieves as much as both.
    saved = score(loose, 0.0) - score(tied, 1.0)
    assert saved > score(loose, 0.0) - score(tied, 0.0) > score(loose, 0.0) - score(loose, 1.0) > 0


def test_halving_what_fills_half_a_video_pays() -> None:
    for timeline in (make.video(60, make.said(15, 30)), make.video(16, make.shown(4, 8, area_share=0.2, centre=0.9))):
        [was] = timeline.exposures
        half = replace(timeline, exposures=(replace(was, seconds=exact(was.seconds.low / 2)),))
        assert score(timeline) - score(half) >= max(2, 0.05 * score(timeline))


def test_a_gap_of_one_second_belongs_to_the_run_and_a_longer_one_ends_it() -> None:
    def run(gap: float) -> float:
        return measured(make.video(60, make.said(10, 4), make.said(14 + gap, 5)))["run"]

    assert [run(0.0), run(1.0), run(1.01)] == pytest.approx([9, 9, 5])


def test_overlaps_count_once_and_at_the_strongest() -> None:
    seen = {"area_share": 0.5, "centre": 1.0, "saliency": 1.0}
    weak = strength(make.shown(0, 1, **seen), "mid")
    timeline = make.video(60, make.said(12, 4), make.shown(13, 9, **seen))
    assert weak == pytest.approx(0.5)
    assert measured(timeline)["time"] == pytest.approx(4 + 6 * weak)
    assert ad_seconds(timeline, "mid") == measured(timeline)["time"]


def test_the_same_exposure_listed_again_counts_once() -> None:
    one = make.video(60, make.said(10, 5, claims=2, mentions=3, cta=True), brands=2)
    assert score(replace(one, exposures=one.exposures * 3)) == score(one)
    # What is told at another time is told again.
    again = replace(one, exposures=(*one.exposures, make.said(30, 5, claims=2)))
    assert measured(again)["selling"] == pytest.approx(measured(one)["selling"] + 2)


def test_exposures_that_share_seconds_are_one_moment() -> None:
    found = spans(make.video(60, make.said(10, 5), make.shown(12, 6), make.shown(18, 2), make.said(30, 1)), "mid")
    assert [[span.exposure_index for span in group] for group in share_seconds(found)] == [[0, 1], [2], [3]]
    assert len(share_seconds(found, constants.RUN_GAP_S)) == 2


def test_what_has_no_width_fills_nothing() -> None:
    alone = make.video(60, make.shown(0.375, 1))
    assert measured(make.video(60, make.shown(0.25, 1e-78), make.shown(0.375, 1))) == measured(alone)
    assert steps([TimeStep(1, 1, 0.9), TimeStep(1, 1, 0.5), TimeStep(3, 4, 0.2)]) == [TimeStep(3, 4, 0.2)]
    assert area([TimeStep(1, 1, 0.9), TimeStep(0, 2, 0.5), TimeStep(1, 4, 0.2)]) == pytest.approx(1.4)


parts = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12), st.floats(0, 1)), max_size=7)


@QUICK
@given(parts)
def test_an_area_agrees_with_a_fine_grid(some: list[tuple[int, int, float]]) -> None:
    found = [TimeStep(start / 4, (start + length) / 4, value) for start, length, value in some]
    grid = np.zeros(60)
    for start, length, value in some:
        grid[start : start + length] = np.maximum(grid[start : start + length], value)
    assert area(found) == pytest.approx(grid.sum() / 4, abs=ROUNDING)


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
    if timeline.exposures:
        assert score(_one_changed(timeline, data, "plot", a, 1)) <= score(timeline) + ROUNDING


def test_an_unknown_fit_relieves_nothing_and_a_fit_between_is_the_mean_of_its_ends() -> None:
    assert score(make.READ, float("nan")) == score(make.READ, 0.0)
    none, some, full = (score_plan(make.READ, fit).factors for fit in (0.0, 0.4, 1.0))
    for least, mean, most in zip(none, some, full, strict=True):
        assert mean.point == pytest.approx(0.6 * least.point + 0.4 * most.point)
        assert most.point < least.point or least.code in {"clutter", "loud", "occl"}


@QUICK
@given(make.exposures(61.3, sure=True), make.SHARES)
def test_a_lone_exposure_moved_later_past_the_opening_never_raises_the_score(one: Exposure, later: float) -> None:
    one = replace(one, start_s=exact(max(one.start_s.low, constants.OPENING_UNTIL * 61.3)))
    room = 61.3 - one.start_s.low - one.seconds.low
    moved = replace(one, start_s=exact(one.start_s.low + later * max(0.0, room)))
    assert score(make.video(61.3, moved)) <= score(make.video(61.3, one)) + 1e-6


@QUICK
@given(st.floats(6, 62), make.exposures(180.0, sure=True), st.floats(1.01, 10), make.SHARES)
def test_a_long_run_split_in_two_never_raises_the_score(seconds: float, like: Exposure, gap: float, fit: float) -> None:
    whole = replace(like, start_s=exact(9), cta=False, seconds=exact(seconds), claims=exact(0), mentions=exact(0))
    halves = (
        replace(whole, seconds=exact(seconds / 2)),
        replace(whole, start_s=exact(9 + seconds / 2 + gap), seconds=exact(seconds / 2)),
    )
    assert score(make.video(180, *halves), fit) <= score(make.video(180, whole), fit) + ROUNDING


@QUICK
@given(st.integers(2, 60), make.exposures(61.3, sure=True), st.floats(0, 0.19), make.SHARES)
def test_a_sight_cut_into_pieces_disturbs_no_less(pieces: int, like: Exposure, blink: float, fit: float) -> None:
    whole = replace(like, cta=False, claims=exact(0), mentions=exact(0))
    each = whole.seconds.low / pieces
    starts = [whole.start_s.low + part * each for part in range(pieces)]
    cut = [replace(whole, start_s=exact(start), seconds=exact(each)) for start in starts]
    assert score(make.video(61.3, *cut), fit) >= score(make.video(61.3, whole), fit) - 1e-6
    # Pieces that only a blink keeps apart break in as one, too.
    apart = [replace(one, start_s=exact(one.start_s.low + part * blink)) for part, one in enumerate(cut[:2])]
    named = constants.CODES.index("interrupt")
    first, both = (raw(make.video(61.3, *some), "mid")[named] for some in (cut[:1], apart))
    assert both >= first * (1.3 if each < constants.FLASH_S / 2 else 1) - 1e-9


@settings(max_examples=80, deadline=None)
@given(make.plans(), st.data(), make.SHARES)
def test_every_plan_inside_the_intervals_scores_inside_the_range(
    plan: Timeline, data: st.DataObject, fit: float
) -> None:
    score = score_plan(plan, fit, what_ifs=False)
    assert score.low - ROUNDING <= score.point <= score.high + ROUNDING
    low, high = raw_bounds(plan)
    for _ in range(4):
        one = raw(data.draw(make.inside(plan)), "mid")
        for least, value, most in zip(low, one, high, strict=True):
            assert least - ROUNDING <= value <= most + ROUNDING
        assert score.low - ROUNDING * 10 <= sum(points(one, fit)) <= score.high + ROUNDING * 10


def said(low: float, high: float, seconds: float) -> Exposure:
    return Exposure(ValueInterval(low, high), exact(seconds), ExposureKind.SPEECH)


def bounds(code: str, *found: Exposure) -> tuple[float, float]:
    at = constants.CODES.index(code)
    low, high = (measure(Timeline(60, found), end, 0.0)[at] for end in ("low", "high"))
    return low, high


def test_bounds_are_tight_where_exposures_cannot_meet() -> None:
    apart = (said(5, 10, 4), said(30, 34, 4))
    assert bounds("time", *apart) == pytest.approx((8, 8))
    assert bounds("run", *apart) == pytest.approx((4, 4))
    meeting = (said(30, 34, 4), said(32, 36, 4))
    # They lie on one another at 32..36 or 34..38, or side by side at 30..34 and 36..40.
    assert bounds("time", *meeting) == pytest.approx((4, 8))
    assert bounds("run", *meeting) == pytest.approx((4, 8))


def test_exposures_that_nothing_can_part_form_one_run() -> None:
    # The first ends at 18 or later, the second begins by 17: from 12 to 23 at least, from 10 to 25 at most.
    assert bounds("run", said(10, 12, 8), said(15, 17, 8)) == (11, 15)
    assert bounds("run", said(10, 12, 8), said(9, 17, 9)) == (9, 17)
    # Begun at 10 and at 20 they are two.
    low, high = bounds("run", said(10, 12, 8), said(15, 20, 8))
    assert low == 8
    assert high == 16


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(make.plans(most=3), st.one_of(make.SHARES, st.just(float("nan")))), min_size=1, max_size=8))
def test_stored_factors_and_fit_give_the_same_scores(batch: list[tuple[Timeline, float]]) -> None:
    stored = [raw_bounds(plan) for plan, _ in batch]
    lows, highs = (np.stack([ends[end] for ends in stored]) for end in (0, 1))
    fits = np.array([fit for _, fit in batch])
    low, high = fitted_total(lows, highs, fits)
    wanted = np.array([score_range(plan, fit) for plan, fit in batch])
    assert np.stack([low, high], axis=1) == pytest.approx(wanted, abs=1e-9)
    told = np.array([[factor.low for factor in score_plan(plan, fit, what_ifs=False).factors] for plan, fit in batch])
    assert fitted_points(lows, fits) == pytest.approx(told, abs=1e-9)
    # A row has the same bits alone and among others.
    alone = [fitted_total(lows[row : row + 1], highs[row : row + 1], fits[row : row + 1]) for row in range(len(fits))]
    assert np.array_equal(np.concatenate([one for one, _ in alone]), low)
    assert np.array_equal(np.concatenate([one for _, one in alone]), high)


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
        "factors": [(factor.code, factor.points) for factor in constants.FACTORS],
        "ramps": {
            name: [value for value in astuple(ramp) if isinstance(value, int)] for name, ramp in constants.RAMPS.items()
        },
    }
    digest = hashlib.sha256(json.dumps([versions, numbers], sort_keys=True).encode()).hexdigest()
    assert digest[:16] == "abcb05684dcb9770"
