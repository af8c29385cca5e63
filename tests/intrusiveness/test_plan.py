"""What is said about a plan: reasons, what would lower the score, exposures, flags."""

import json
import math
import re

import pytest
from hypothesis import assume, given, settings

from marketplace.intrusiveness import constants
from marketplace.intrusiveness.plan_score import PlanScore, as_dict, band, score_plan, score_range
from marketplace.intrusiveness.timeline import (
    Exposure,
    ExposureKind,
    Timeline,
    ValueInterval,
    exact,
    from_dict,
    to_dict,
)
from tests.intrusiveness import make

QUICK = settings(max_examples=40, deadline=None)
# Every factor counts here.
LOUD = Timeline(
    60,
    (
        Exposure(
            ValueInterval(1, 3),
            ValueInterval(6, 9),
            ExposureKind.PRODUCT,
            ValueInterval(0.06, 0.2),
            centre=ValueInterval(0.75, 1),
            saliency=exact(0.8),
            clarity=exact(1),
            claims=exact(2),
        ),
        Exposure(
            ValueInterval(8, 9),
            exact(9),
            ExposureKind.SPEECH,
            claims=ValueInterval(1, 2),
            mentions=exact(3),
            plot=exact(0.1),
        ),
        Exposure(
            exact(50), exact(3), ExposureKind.LOGO, exact(0.3), centre=exact(1), saliency=exact(0.9), clarity=exact(1)
        ),
    ),
    brands=exact(3),
    loudness_lu=ValueInterval(2, 6),
    occlusion_share=ValueInterval(0.1, 0.25),
)


def reasons(told: PlanScore) -> dict[str, tuple[str, str]]:
    return {reason.code: (reason.zh, reason.en) for reason in told.reasons}


def test_every_factor_speaks_both_languages_with_times_numbers_and_evidence() -> None:
    score = score_plan(LOUD, 0.4)
    said = reasons(score)
    assert set(said) == set(constants.CODES)
    values = {
        "time": "60",
        "interrupt": "%",
        "misplaced": "%",
        "selling": "2.7–3.6",
        "run": "7.9–12.3",
        "named": "2.6",
        "clutter": "1.8",
        "loud": "2–6",
        "occl": "10–25%",
    }
    for reason in score.reasons:
        for text in (reason.zh, reason.en):
            assert re.search(r"\d\d:\d\d–\d\d:\d\d", text)
            assert re.search(r"product|speech|logo|产品|口播|标识", text)
            assert values[reason.code] in text
            assert f"{reason.low:.1f}".removesuffix(".0") in text
            assert f"{reason.high:.1f}".removesuffix(".0") in text
        assert re.search(r"[一-鿿]", reason.zh)
        assert not re.search(r"[一-鿿]", reason.en)
        assert reason.evidence == next(factor.evidence for factor in constants.FACTORS if factor.code == reason.code)
        assert reason.what_if is not None


def test_the_sentence_of_a_read_advertisement_says_when_and_how_long() -> None:
    zh, en = reasons(score_plan(make.READ, 0.1))["time"]
    assert zh == "00:20–00:40 的产品和口播：全片 60 秒里占用观众 19.6 秒的注意力（32.7%），计 24.5 分。"
    assert en == (
        "The product and the speech at 00:20–00:40: viewers give it 19.6 of the 60 s of their attention (32.7%); "
        "24.5 points."
    )


def test_reasons_come_by_weight_and_only_where_points_are() -> None:
    score = score_plan(make.READ, 0.1)
    point = {factor.code: factor.point for factor in score.factors}
    order = [point[reason.code] for reason in score.reasons]
    assert order == sorted(order, reverse=True)
    assert {reason.code for reason in score.reasons} == {factor.code for factor in score.factors if factor.high > 0}


@settings(max_examples=25, deadline=None)
@given(make.plans(most=4), make.SHARES)
def test_a_change_is_a_valid_plan_that_really_scores_what_is_told(plan: Timeline, fit: float) -> None:
    score = score_plan(plan, fit)
    for reason in score.reasons:
        assert reason.zh
        assert reason.en
        if reason.what_if is None:
            continue
        changed = reason.what_if.change.plan
        assert from_dict(to_dict(changed)) == changed
        assert score_range(changed, fit) == (reason.what_if.score_low, reason.what_if.score_high)
        assert reason.what_if.score_low + reason.what_if.score_high < score.low + score.high
        assert reason.what_if.zh.count("侵扰度由") == reason.what_if.en.count("score goes from") == 1


def test_the_changes_are_those_a_creator_can_make() -> None:
    found = {reason.code: reason.what_if.change.action for reason in score_plan(LOUD, 0.4).reasons if reason.what_if}
    assert found == {
        "time": "shorten",
        "interrupt": "off_centre",
        "misplaced": "tie_to_plot",
        "selling": "fewer_claims",
        "run": "shorten",
        "named": "fewer_mentions",
        "clutter": "fewer_brands",
        "loud": "quieter",
        "occl": "uncover",
    }


@QUICK
@given(make.plans(sure=True), make.SHARES)
def test_leaving_an_exposure_out_saves_its_marginal(timeline: Timeline, fit: float) -> None:
    score = score_plan(timeline, fit, what_ifs=False)
    assert [exposure.index for exposure in score.exposures] == list(range(len(timeline.exposures)))
    for one in score.exposures:
        kept = tuple(was for at, was in enumerate(timeline.exposures) if at != one.index)
        rest = Timeline(timeline.duration_s, kept, timeline.brands, timeline.loudness_lu, timeline.occlusion_share)
        lone = Timeline(
            timeline.duration_s,
            timeline.exposures[one.index : one.index + 1],
            timeline.brands,
            timeline.loudness_lu,
            timeline.occlusion_share,
        )
        assert one.marginal == pytest.approx(score.point - score_range(rest, fit)[1], abs=1e-8)
        assert one.marginal >= 0
        assert one.alone == pytest.approx(score_range(lone, fit)[1], abs=1e-8)


@pytest.mark.parametrize(
    ("score", "name"),
    [
        (0, "low"),
        (24.99, "low"),
        (25, "moderate"),
        (44.99, "moderate"),
        (45, "high"),
        (64.99, "high"),
        (65, "severe"),
        (100, "severe"),
    ],
)
def test_bands(score: float, name: str) -> None:
    assert band(score) == name


def test_disclosure_raises_a_flag_and_never_moves_the_score() -> None:
    silent = score_plan(make.HERO, 0.5)
    hidden = score_plan(make.HERO, 0.5, buying_link=True, disclosed=False)
    score = score_plan(make.HERO, 0.5, buying_link=True, disclosed=True)
    unknown = score_plan(make.HERO, 0.5, buying_link=True)
    assert [veto.code for veto in hidden.vetoes] == ["undisclosed_buying_link"]
    assert silent.vetoes == score.vetoes == unknown.vetoes == ()
    assert {(one.low, one.point, one.high) for one in (silent, hidden, score, unknown)} == {
        (silent.low, silent.point, silent.high)
    }


def test_flags_for_covering_and_loudness_say_whether_they_are_certain() -> None:
    flags = {veto.code: veto.certain for veto in score_plan(LOUD, 0.4).vetoes}
    assert flags == {"covers_face_or_subtitle": False, "too_loud": False}
    sure = score_plan(make.video(60, make.shown(9, 3), occlusion_share=0.3, loudness_lu=5.5), 0.4).vetoes
    assert [(one.code, one.certain) for one in sure] == [("covers_face_or_subtitle", True), ("too_loud", True)]
    assert "30%" in sure[0].zh
    assert "5.5 LU" in sure[1].en
    at_the_limit = make.video(60, make.shown(9, 3), occlusion_share=0.2, loudness_lu=5)
    assert score_plan(at_the_limit, 0.4).vetoes == ()


@QUICK
@given(make.plans(most=3), make.SHARES)
def test_the_same_plan_gives_the_same_score_and_plain_json(plan: Timeline, fit: float) -> None:
    assume(plan.exposures)
    first = score_plan(plan, fit)
    again = score_plan(from_dict(json.loads(json.dumps(to_dict(plan)))), fit)
    assert first == again
    data = as_dict(first)
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert data["model_version"] == constants.MODEL_VERSION


def test_two_hundred_exposures_are_scored() -> None:
    many = [make.shown(at * 0.5, 3, centre=at % 7 / 7) for at in range(200)]
    score = score_plan(make.video(120, *many), 0.2)
    assert len(score.exposures) == 200
    assert all(math.isfinite(exposure.marginal) for exposure in score.exposures)
