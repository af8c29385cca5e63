"""From pictures to stretches of time."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from marketplace.vision.read.time_runs import JOIN_GAP_S, edge, runs

TIMES = [at * 0.25 for at in range(80)]


def test_a_short_gap_is_bridged_and_a_long_one_is_not() -> None:
    stretches = runs(dict.fromkeys([4, 5, 8, 20], "x"), TIMES, 20.0, [])
    assert [(stretch.start_s, stretch.end_s) for stretch in stretches] == [(0.875, 2.125), (4.875, 5.125)]


def test_an_edge_lies_on_a_cut_where_there_is_one() -> None:
    assert edge(1.0, 1.25, [1.07, 3.0]) == 1.07
    assert edge(1.0, 1.25, [0.9, 1.3]) == 1.125


def test_the_ends_of_the_video_are_edges() -> None:
    [whole] = runs(dict.fromkeys(range(len(TIMES)), "x"), TIMES, 20.0, [])
    assert (whole.start_s, whole.end_s) == (0.0, 20.0)


@given(st.sets(st.integers(0, len(TIMES) - 1)), st.lists(st.floats(0, 20), max_size=5))
def test_stretches_hold_every_sight_once_and_never_touch(seen: set[int], cuts: list[float]) -> None:
    stretches = runs(dict.fromkeys(seen, "x"), TIMES, 20.0, sorted(cuts))
    assert sorted(at for stretch in stretches for at, _ in stretch.sights) == sorted(seen)
    for one in stretches:
        assert 0 <= one.start_s <= TIMES[one.sights[0][0]]
        assert TIMES[one.sights[-1][0]] <= one.end_s <= 20.0
    for first, second in pairwise(stretches):
        assert first.end_s <= second.start_s
        assert TIMES[second.sights[0][0]] - TIMES[first.sights[-1][0]] > JOIN_GAP_S
