"""Plans that disturb less: what holds of every point and every step, and what is found for plans known by hand."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings

from marketplace.cli.main import main
from marketplace.intrusiveness import constants
from marketplace.intrusiveness import frontier as f
from marketplace.intrusiveness.plan_score import score_range
from marketplace.intrusiveness.prominence import prominence, prominence_range
from marketplace.intrusiveness.timeline import Timeline, from_dict, to_dict
from tests.intrusiveness import make

ROUNDING = 1e-6
# Six exposures of every kind, with intervals that let them meet.
SIX = from_dict(
    {
        "duration_s": 60,
        "brands": {"low": 1, "high": 2},
        "loudness_lu": {"low": 1, "high": 3},
        "occlusion_share": {"low": 0, "high": 0.1},
        "exposures": [
            {
                "start_s": {"low": at, "high": at + 3},
                "seconds": {"low": long, "high": 2 * long},
                "kind": kind,
                "claims": claims,
                **({"mentions": 2} if kind == "speech" else {"area_share": size, "centre": place}),
            }
            for at, long, kind, claims, size, place in [
                (2, 4, "product", 0, "close-up", "centre"),
                (10, 4, "speech", 3, "", ""),
                (13, 3, "product", 0, "in-hand", "off-centre"),
                (25, 6, "product", 0, "in-hand", "centre"),
                (40, 2, "logo", 0, "corner-bug", "corner"),
                (50, 3, "text", 1, "caption-bar", "off-centre"),
            ]
        ],
    }
)


def no_less(now: tuple[float, float], was: tuple[float, float], by: float = 0.0) -> bool:
    return all(a >= b - by - ROUNDING for a, b in zip(now, was, strict=True))


@settings(max_examples=40, deadline=None)
@given(make.plans(most=5), make.SHARES)
def test_what_holds_of_every_point(plan: Timeline, fit: float) -> None:
    frontier = f.frontier(plan, fit)
    assert frontier.before == f.PlanStanding(score_range(plan, fit), prominence_range(plan))
    assert len(frontier.points) <= f.POINTS_MAX
    assert [point.kept for point in frontier.points] == sorted((point.kept for point in frontier.points), reverse=True)
    for one in frontier.points:
        assert from_dict(to_dict(one.plan)) == one.plan
        assert one.plan.source is plan.source
        assert one.kept == no_less(one.standing.prominence, frontier.before.prominence, constants.PROMINENCE_KEPT)
        assert sum(one.standing.prominence) >= constants.PROMINENCE_LEAST * sum(frontier.before.prominence) - ROUNDING
        assert 1 <= len(one.steps) <= f.STEPS_MAX
        assert one.steps[-1].change.plan == one.plan
        before = frontier.before
        for step in one.steps:
            really = f.PlanStanding(score_range(step.change.plan, fit), prominence_range(step.change.plan))
            assert step.after == really
            assert no_less(before.intrusiveness, really.intrusiveness)
            saved = sum(before.intrusiveness) - sum(really.intrusiveness)
            assert saved >= 2 * constants.STEP_LEAST - ROUNDING
            before = really
        assert one.standing == before


@settings(max_examples=40, deadline=None)
@given(make.plans(most=5), make.SHARES)
def test_none_is_beaten_by_another_or_by_the_plan_itself(plan: Timeline, fit: float) -> None:
    frontier = f.frontier(plan, fit)
    sides = [(sum(point.standing.intrusiveness), -sum(point.standing.prominence)) for point in frontier.points]
    for side in sides:
        assert not any(two != side and two[0] <= side[0] and two[1] <= side[1] for two in sides)
        assert side[0] < sum(frontier.before.intrusiveness)
    assert len(set(sides)) == len(sides)


@settings(max_examples=10, deadline=None)
@given(make.plans(most=4))
def test_the_same_plan_gives_the_same_plain_json(plan: Timeline) -> None:
    first, again = f.frontier(plan, float("nan")), f.frontier(from_dict(to_dict(plan)), float("nan"))
    assert first == again
    data = f.as_dict(first)
    assert json.loads(json.dumps(data, allow_nan=False)) == data


def test_a_plan_of_six_is_much_less_intrusive_with_the_same_prominence_and_found_at_once() -> None:
    began = time.process_time()
    frontier = f.frontier(SIX, 0.4)
    assert time.process_time() - began < 1
    assert 3 <= len(frontier.points) <= 6
    kept = [point for point in frontier.points if point.kept]
    before, after = frontier.before.intrusiveness, kept[-1].standing.intrusiveness
    assert sum(after) < 0.65 * sum(before)
    assert no_less(kept[-1].standing.prominence, frontier.before.prominence, 1)
    assert sum(frontier.points[-1].standing.intrusiveness) < sum(after)


def test_every_step_says_what_to_do_and_what_comes_of_it() -> None:
    for point in f.frontier(SIX, 0.4).points:
        assert ("基本不变" in point.zh, "stays" in point.en) == (point.kept, point.kept)
        for step in point.steps:
            assert re.search(r"[一-鿿]", step.zh)
            assert not re.search(r"[一-鿿]", step.en)
            assert step.zh.count("侵扰度由") == step.en.count("score goes from") == 1


def test_towards_the_edge_and_larger_is_noticed_as_well_as_before() -> None:
    [kept] = [point for point in f.frontier(make.HERO, 0.4).points if point.kept]
    [step] = kept.steps
    [was], [now] = make.HERO.exposures, kept.plan.exposures
    assert step.change.action == "edge_larger"
    assert (now.centre.low < was.centre.low, now.area_share.low > was.area_share.low) == (True, True)
    assert now.area_share.low <= constants.AREA_FULL
    assert prominence(kept.plan).point == pytest.approx(prominence(make.HERO).point, abs=0.05)
    assert prominence(kept.plan).point >= prominence(make.HERO).point


def test_nothing_to_say_where_nothing_helps() -> None:
    assert f.frontier(make.video(60), 0.4).points == ()
    calm = make.video(60, make.shown(30, 1, centre=0.1, area_share=0.01, clarity=0.5))
    assert f.frontier(calm, 0.4).points == ()


def test_times_of_what_is_changed_can_be_read() -> None:
    for point in f.frontier(SIX, 0.4).points:
        for exposure in point.plan.exposures:
            for value in (exposure.start_s, exposure.seconds):
                assert all(len(str(end).partition(".")[2]) <= 3 for end in (value.low, value.high))


def told(*words: str) -> Any:
    return CliRunner().invoke(main, list(words))


def test_a_plan_in_a_file_is_checked_without_a_server(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(to_dict(SIX)))
    frontier = f.frontier(SIX, 0.4)
    result = told("plan", str(path), "--fit", "0.4", "--language", "zh")
    assert result.exit_code == 0, result.output
    assert "intrusiveness 43.4–66.7" in result.output
    assert all(step.zh in result.output for point in frontier.points for step in point.steps)
    data = json.loads(told("--json", "plan", str(path), "--fit", "0.4").output)
    assert data["frontier"] == f.as_dict(frontier)
    assert data["plan"]["model_version"] == constants.MODEL_VERSION
    second = told("plan", str(path), "--fit", "0.4", "--number", "2")
    assert from_dict(json.loads(second.output)) == frontier.points[1].plan


def test_a_file_that_is_no_plan_is_told_what_to_mend(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    faults = (
        ("[1", "not JSON"),
        ('{"exposures": []}', "/duration_s: Say how long"),
        ('{"duration_s": 9, "duration_s": 90, "exposures": []}', "the name 'duration_s' stands twice in one object"),
    )
    for text, word in faults:
        path.write_text(text)
        refused = told("plan", str(path))
        assert (refused.exit_code, word in refused.output) == (2, True)
    path.write_text('{"duration_s": 9, "exposures": []}')
    assert "No change that is worth asking for" in told("plan", str(path)).output
    none = told("plan", str(path), "--number", "1")
    assert (none.exit_code, "0 better plans" in none.output) == (1, True)


def test_two_hundred_exposures_are_searched() -> None:
    many = [make.shown(at * 0.5, 3, centre=at % 7 / 7, area_share=0.01, clarity=1) for at in range(200)]
    frontier = f.frontier(make.video(120, *many), 0.2)
    for point in frontier.points:
        assert from_dict(to_dict(point.plan)) == point.plan
    assert frontier.points
