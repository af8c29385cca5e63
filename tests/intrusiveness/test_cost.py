"""What a plan costs to score: counted in steps of the program, so that a plan of many exposures holds nobody up."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.intrusiveness import frontier
from marketplace.intrusiveness.factors import ENDS, measure_spans, measures_without, spans
from marketplace.intrusiveness.notice import notice_share
from marketplace.intrusiveness.overlaps import End, TimePart, area_once, seconds_by_level, told_once
from marketplace.intrusiveness.plan_score import score_plan
from marketplace.intrusiveness.prominence import prominence
from marketplace.intrusiveness.timeline import EXPOSURES_MAX, Exposure, ExposureKind, Timeline, ValueInterval, exact
from tests.intrusiveness import make

QUICK = settings(max_examples=60, deadline=None)
# Twice the exposures may take little more than twice the steps: sorting adds a few, looking at pairs doubles them.
TWICE = 2.7


def _shown(start: ValueInterval, seconds: ValueInterval, area_share: float) -> Exposure:
    return Exposure(
        start,
        seconds,
        ExposureKind.PRODUCT,
        exact(area_share),
        centre=exact(0.9),
        saliency=exact(0.5),
        clarity=exact(1),
        claims=exact(1),
        mentions=ValueInterval(1, 2),
    )


def _apart(number: int) -> Timeline:
    every = 7_200 / number
    return Timeline(7_200, tuple(_shown(exact(every * at), exact(every / 2), 0.05) for at in range(number)))


def _open(number: int) -> Timeline:
    every = 7_200 / number
    starts = (ValueInterval(every * at, every * at + every / 4) for at in range(number))
    return Timeline(7_200, tuple(_shown(start, ValueInterval(5, every / 2), 0.05) for start in starts))


def _crowded(number: int) -> Timeline:
    sizes = ((at, 0.02 + 0.1 * at / number) for at in range(number))
    return Timeline(55, tuple(_shown(exact(20 * at / number), exact(25), size) for at, size in sizes))


def steps_of(work: Callable[[], Any]) -> int:
    """Return how many instructions of this project's own code some work takes: the same on every machine."""
    counted = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal counted
        if "marketplace" not in frame.f_code.co_filename:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        counted += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return counted


@pytest.mark.parametrize("made", [_apart, _open, _crowded])
def test_scoring_twice_as_many_exposures_takes_about_twice_the_steps(made: Callable[[int], Timeline]) -> None:
    few, many = made(EXPOSURES_MAX // 4), made(EXPOSURES_MAX // 2)
    steps = steps_of(lambda: score_plan(few, 0.5))
    assert steps > 10_000
    assert steps_of(lambda: score_plan(many, 0.5)) <= TWICE * steps
    assert steps_of(lambda: prominence(many)) <= TWICE * steps_of(lambda: prominence(few))


def test_a_search_asks_of_few_plans_who_notices_them_and_is_made_once() -> None:
    plan = _open(EXPOSURES_MAX)
    asked = notice_share.cache_info().misses
    found = frontier.frontier(plan, 0.5)
    assert found.points
    # Of the plan itself, of the few that keep prominence, and of those that are shown.
    assert 0 < notice_share.cache_info().misses - asked <= 1 + frontier.NOTICED_LEAST + frontier.POINTS_MAX
    assert frontier.frontier(plan, 0.5) is found


@QUICK
@given(make.plans(most=14, sure=True), make.SHARES)
def test_what_is_measured_without_each_one_is_what_the_rest_measures(plan: Timeline, fit: float) -> None:
    some = spans(plan, "mid")
    for at, told in enumerate(measures_without(plan, some, fit)):
        assert told == pytest.approx(measure_spans(plan, some[:at] + some[at + 1 :], "mid", fit), abs=1e-8)


@pytest.mark.parametrize("made", [_apart, _crowded])
def test_many_at_once_are_measured_without_each_one(made: Callable[[int], Timeline]) -> None:
    plan = made(30)
    some = spans(plan, "mid")
    for at, told in enumerate(measures_without(plan, some, 0.3)):
        assert told == pytest.approx(measure_spans(plan, some[:at] + some[at + 1 :], "mid", 0.3), abs=1e-8)


def _are_the_same(one: Exposure, other: Exposure, end: End) -> bool:
    pairs = ((one.start_s, other.start_s), (one.seconds, other.seconds))
    if end == "low":
        alike = all(a.low <= b.high and b.low <= a.high for a, b in pairs)
    elif end == "mid":
        alike = all(a.mid == b.mid for a, b in pairs)
    else:
        alike = all(a == b and a.low == a.high for a, b in pairs)
    return alike and one.kind is other.kind


@QUICK
@given(make.plans(most=14))
def test_what_is_listed_again_is_found_among_all_others(plan: Timeline) -> None:
    twice = [(one, one.mentions.high) for one in (*plan.exposures, *plan.exposures[::2])]
    for end in ENDS:
        groups: list[tuple[Exposure, float]] = []
        for one, amount in twice:
            same = [group for group in groups if amount > 0 and _are_the_same(one, group[0], end)]
            groups = [group for group in groups if group not in same]
            groups.append((one, max([amount, *(told for _, told in same)])))
        assert told_once(twice, end) == pytest.approx(sum(amount for _, amount in groups))


@QUICK
@given(make.plans(most=14), st.lists(st.sampled_from([0.0, 0.2, 0.5, 1.0]), min_size=14, max_size=14))
def test_seconds_by_level_are_those_of_what_reaches_it(plan: Timeline, values: list[float]) -> None:
    for end in ENDS:
        parts = [
            TimePart(span.earliest, span.latest, span.seconds, values[span.exposure_index]) for span in spans(plan, end)
        ]
        heights = sorted({part.value for part in parts if part.value > 0}, reverse=True)
        levels = seconds_by_level(parts, end, plan.duration_s)
        assert sum(rise for rise, _ in levels) == pytest.approx(max(heights, default=0.0))
        assert len(levels) == len(heights)
        for height, (_, seconds) in zip(heights, levels, strict=True):
            reaching = [part._replace(value=1.0) for part in parts if part.value >= height]
            assert seconds == pytest.approx(area_once(reaching, end, plan.duration_s), abs=1e-8)
