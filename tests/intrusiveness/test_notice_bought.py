"""Noticing cannot be bought: what a viewer sees and hears counts, however a plan tells it."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from marketplace.intrusiveness.notice import LAW, NoticeLaw, notice_share, sure_seconds
from marketplace.intrusiveness.timeline import Exposure, ExposureKind, Timeline, ValueInterval, exact
from tests.intrusiveness import make

MANY = settings(max_examples=40, deadline=None)
# Every constant at its middle, so that a plan of exact numbers has one share.
MIDDLE_LAW = NoticeLaw(**{name: (middle,) * 3 for name, (_, middle, _) in vars(LAW).items()})
SLACK = 0.01
UNITS = st.floats(0, 1)


def share(plan: Timeline) -> float:
    return notice_share(plan, MIDDLE_LAW).middle


def with_exposures(plan: Timeline, *exposures: Exposure) -> Timeline:
    return replace(plan, exposures=exposures)


def is_same(one: float, other: float) -> bool:
    return abs(one - other) <= SLACK * max(one, other) + 2e-6


def is_no_more(now: float, before: float) -> bool:
    return now <= before * (1 + SLACK / 2) + 2e-6


@st.composite
def edited(draw: st.DrawFn, plan: Timeline) -> Timeline:
    """The plan told in another way: a viewer sees and hears the same."""
    at = draw(st.integers(0, len(plan.exposures) - 1))
    was = plan.exposures[at]
    is_seen = was.kind is not ExposureKind.SPEECH
    kind = draw(st.sampled_from(["cut", "again", "order", "part", "too small", "unnamed", "in writing"]))
    told = {
        "cut": lambda: cut(was, sorted(draw(st.lists(UNITS, min_size=1, max_size=6)))),
        "again": lambda: [was] * draw(st.integers(2, 4)),
        "order": lambda: [was],
        "part": lambda: [was, part_of(draw, was)],
        "too small": lambda: [was, *_unseen(plan, draw(st.floats(0, 0.0004)))],
        "unnamed": lambda: [was, make.said(draw(st.floats(0, plan.duration_s)), draw(st.floats(0.1, 60)), claims=3)],
        "in writing": lambda: [replace(was, mentions=exact(draw(st.floats(0, 100)))) if is_seen else was],
    }[kind]()
    found = [*plan.exposures[:at], *told, *plan.exposures[at + 1 :]]
    return with_exposures(plan, *(draw(st.permutations(found)) if kind == "order" else found))


def cut(was: Exposure, places: list[float]) -> list[Exposure]:
    """Adjacent pieces of an exposure; what it tells is spread over them."""
    return [_piece(was, first, last) for first, last in pairwise([0.0, *places, 1.0]) if last > first]


def part_of(draw: st.DrawFn, was: Exposure) -> Exposure:
    """A part of an exposure and no more of it."""
    names = ("area_share", "centre", "saliency", "clarity", "plot")
    first, last = sorted((draw(UNITS), draw(UNITS)))
    less = {name: exact(getattr(was, name).low * draw(UNITS)) for name in names}
    return replace(_piece(was, first, last), **less)


def _piece(was: Exposure, first: float, last: float) -> Exposure:
    start, seconds = was.start_s.low, was.seconds.low
    return replace(
        was,
        start_s=exact(start + first * seconds),
        seconds=exact((last - first) * seconds),
        mentions=exact(was.mentions.low * (last - first)),
    )


def _unseen(plan: Timeline, area: float) -> list[Exposure]:
    return [make.shown(0, plan.duration_s, area_share=area, clarity=1, centre=1, saliency=1)]


def some_plans(*, sure: bool = True) -> st.SearchStrategy[Timeline]:
    found = make.plans(sure=sure).filter(lambda plan: len(plan.exposures) > 0)
    return found.map(in_film) if sure else found


def in_film(plan: Timeline) -> Timeline:
    """A plan of exact numbers whose exposures end with the film: a piece after it would take mentions with it."""
    ends = [min(one.seconds.low, plan.duration_s - one.start_s.low) for one in plan.exposures]
    told = [replace(one, seconds=exact(end)) for one, end in zip(plan.exposures, ends, strict=True)]
    return with_exposures(plan, *told)


@given(some_plans(), st.data())
@MANY
def test_the_same_film_is_noticed_by_as_many_however_it_is_told(plan: Timeline, data: st.DataObject) -> None:
    assert is_same(share(plan), share(data.draw(edited(plan))))


@given(some_plans(), st.floats(0, 500))
@MANY
def test_seconds_after_the_film_has_ended_are_none(plan: Timeline, more: float) -> None:
    was = plan.exposures[0]
    left = max(0.0, plan.duration_s - was.start_s.low)
    to_the_end, beyond = (
        with_exposures(plan, replace(was, seconds=exact(seconds)), *plan.exposures[1:])
        for seconds in (left, left + more)
    )
    assert share(to_the_end) == pytest.approx(share(beyond), abs=1e-6)
    in_film, after = (
        notice_share(with_exposures(plan, replace(was, seconds=ValueInterval(min(left, 0.5), high))))
        for high in (max(left, 0.5), left + more + 0.5)
    )
    assert after == pytest.approx(in_film, abs=1e-6)


@given(some_plans(), st.lists(st.tuples(UNITS, st.floats(0, 5)), min_size=1, max_size=8))
@MANY
def test_cutting_and_moving_later_never_raises_it(plan: Timeline, cuts: list[tuple[float, float]]) -> None:
    # Alone: away from a stronger sight that covered them, seconds are seen that were not.
    was = plan.exposures[0]
    pieces = cut(was, sorted(place for place, _ in cuts))
    gap, moved = 0.0, []
    for piece, (_, more) in zip(pieces, [(0.0, 0.0), *cuts], strict=False):
        gap += more
        moved.append(replace(piece, start_s=exact(piece.start_s.low + gap)))
    assert is_no_more(share(with_exposures(plan, *moved)), share(with_exposures(plan, was)))


@given(st.floats(0, 30), st.floats(0, 20), st.floats(0.5, 8), st.lists(UNITS, max_size=5), st.integers(1, 3))
@MANY
def test_a_sight_that_begins_at_an_open_time_counts_once(
    start: float, within: float, seconds: float, places: list[float], times: int
) -> None:
    sight = make.shown(start, seconds, area_share=0.1, centre=1, saliency=0.5, clarity=1)
    begins = ValueInterval(start, start + within)
    whole = make.video(60, replace(sight, start_s=begins))
    pieces = [
        replace(piece, start_s=ValueInterval(piece.start_s.low, piece.start_s.low + within))
        for piece in cut(sight, sorted(places))
    ]
    assert is_no_more(share(make.video(60, *pieces * times)), share(whole))
    # An exact sight at a time that the open one may have, too: one sight keeps both promises.
    exactly = replace(sight, start_s=exact(start + within / 2))
    assert is_same(share(make.video(60, exactly)), share(make.video(60, exactly, *whole.exposures * times)))


@given(some_plans(sure=False), st.sampled_from(["seconds", "area_share", "saliency", "clarity", "centre", "plot"]))
@MANY
def test_what_is_left_open_upwards_counts_nothing(plan: Timeline, field: str) -> None:
    was = plan.exposures[0]
    least = getattr(was, field).low
    sure, open_ended = (
        with_exposures(plan, replace(was, **{field: ValueInterval(least, high)}), *plan.exposures[1:])
        for high in (least, 7200.0 if field == "seconds" else 1.0)
    )
    before, after = notice_share(sure), notice_share(open_ended)
    assert (after.middle, after.low) == pytest.approx((before.middle, before.low), abs=1e-6)


@given(some_plans(), st.data())
@MANY
def test_a_sight_adds_no_more_than_it_is_worth_alone(plan: Timeline, data: st.DataObject) -> None:
    added = data.draw(make.exposures(plan.duration_s, sure=True))
    assume(added.kind is not ExposureKind.SPEECH)
    # Beside it a flash may become long enough to be taken in, which adds less than half a second on either side.
    longer = replace(added, start_s=exact(max(0.0, added.start_s.low - 0.5)), seconds=exact(added.seconds.low + 1))
    alone = share(with_exposures(plan, longer))
    both = share(with_exposures(plan, *plan.exposures, added))
    # A name that is said while the sight is there is worth up to V / A of the sight's own second more.
    most = 1 + LAW.named_s[1] / LAW.attention[1]
    before = share(plan)
    least, most = -before * SLACK / 4 - 2e-6, most * alone * (1 + SLACK) + before * SLACK / 4 + 2e-6
    assert least <= both - before <= most


@given(some_plans(), st.data())
@MANY
def test_a_mention_adds_less_than_the_best_sight_of_as_many_seconds(plan: Timeline, data: st.DataObject) -> None:
    start = data.draw(st.floats(0, plan.duration_s * 0.95))
    seconds, mentions = data.draw(st.floats(0.5, 10)), data.draw(st.floats(0, 100))
    spoken = share(with_exposures(plan, *plan.exposures, make.said(start, seconds, mentions=mentions)))
    sight = make.shown(start, seconds, area_share=1, centre=1, saliency=1, clarity=1, plot=1)
    before, most = share(plan), share(with_exposures(plan, sight))
    assert -before * SLACK / 4 - 2e-6 <= spoken - before <= most * (1 + SLACK) + before * SLACK / 4 + 2e-6


@pytest.mark.parametrize("plan", [make.HERO, make.READ, make.CUP, make.video(60)])
def test_naming_it_again_adds_nothing(plan: Timeline) -> None:
    once = with_exposures(plan, *plan.exposures, make.said(5, 1, mentions=1))
    again = with_exposures(once, *once.exposures, *(make.said(5 + 2 * count, 1, mentions=1) for count in range(1, 8)))
    louder = with_exposures(plan, *plan.exposures, make.said(5, 1, mentions=100))
    assert share(again) == pytest.approx(share(once), rel=1e-3)
    assert share(louder) == pytest.approx(share(once), rel=1e-3)


def test_words_alone_are_worth_less_than_a_second_of_a_close_up() -> None:
    spoken = make.video(60, *(make.said(second, 1, mentions=5) for second in range(0, 60, 2)))
    close_up = make.video(60, make.shown(0, 1, area_share=0.1, centre=1, saliency=0.5, clarity=1))
    assert 0 < share(spoken) < share(close_up)


@given(some_plans(), st.sampled_from(["seconds", "area_share"]), st.floats(0, 1), st.data())
@MANY
def test_it_rises_with_seconds_and_with_size(plan: Timeline, field: str, by: float, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(plan.exposures) - 1))
    was = plan.exposures[at]
    assume(was.kind is not ExposureKind.SPEECH)
    more = replace(was, **{field: exact(min(getattr(was, field).low + by, 7200 if field == "seconds" else 1))})
    changed = with_exposures(plan, *plan.exposures[:at], more, *plan.exposures[at + 1 :])
    assert share(plan) <= share(changed) * (1 + SLACK / 4) + 2e-6


@pytest.mark.parametrize(("field", "at"), [("area_share", 0.002), ("area_share", 0.1), ("seconds", 0.5), ("plot", 0.5)])
def test_a_notch_at_a_boundary_is_a_notch(field: str, at: float) -> None:
    sight = make.shown(20, 3, area_share=0.05, centre=0.5, saliency=0.5, clarity=1)
    below, above = (share(make.video(60, replace(sight, **{field: exact(at * by)}))) for by in (0.999, 1.001))
    assert below <= above <= below * 1.006


@given(make.plans(sure=False))
@MANY
def test_it_lies_between_nobody_and_everybody(plan: Timeline) -> None:
    found = notice_share(plan)
    assert 0 <= found.low <= found.middle <= found.high <= 1


@pytest.mark.parametrize(
    ("exposures", "seconds"),
    [
        ([make.shown(10, 1, area_share=0.1, clarity=1)] * 5, 1),
        ([make.shown(10 + part / 5, 0.2, area_share=0.1, clarity=1) for part in range(5)], 1),
        # Five flashes of a tenth of a second: a fifth of each is taken in.
        ([make.shown(10 + 2 * part, 0.1, area_share=0.1, clarity=1) for part in range(5)], 0.1),
        ([make.shown(10, 5, area_share=0.0001, clarity=1)], 0),
        ([make.said(10, 5, claims=4)], 0),
        ([make.said(10, 5, mentions=1), make.shown(12, 5, area_share=0.1, clarity=1)], 7),
        ([make.shown(58, 9, area_share=0.1, clarity=1)], 2),
        # Two that may be the same five seconds, for both begin when they like.
        ([replace(make.shown(0, 5, area_share=0.1, clarity=1), start_s=ValueInterval(0, 20))] * 2, 5),
    ],
)
def test_sure_seconds_are_those_of_the_same_timeline(exposures: list[Exposure], seconds: float) -> None:
    assert sure_seconds(make.video(60, *exposures)) == pytest.approx(seconds)
