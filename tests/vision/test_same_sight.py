"""Several references of one brand that show one thing are one exposure; two things at once stay two."""

import numpy as np
import pytest

from marketplace.intrusiveness.timeline import ExposureKind
from marketplace.vision import exposures, same_sight
from marketplace.vision.exposures import StepFindings
from marketplace.vision.marks.mark_tracking import MarkSight
from marketplace.vision.read.speech import HeardSpeech

TIMES = [at / 4 for at in range(80)]
LENGTH_S = 20.0
Sights = dict[int, MarkSight]


def sights(first: int, last: int, left: float, top: float, side: float, by: str = "found", like: float = 0.8) -> Sights:
    """A mark from the first picture to the one before the last, px."""
    quad = np.asarray([[left, top], [left + side, top], [left + side, top + side], [left, top + side]], np.float32)
    return {picture: MarkSight(picture, quad, like, by) for picture in range(first, last)}


def joined(*by_reference: Sights, cuts: tuple[float, ...] = ()) -> list[tuple[int, float, float, int]]:
    return [
        (reference, run.start_s, run.end_s, len(run.sights))
        for reference, run in same_sight.joined(by_reference, TIMES, LENGTH_S, cuts)
    ]


PACK = sights(8, 16, 100, 100, 200)
LOGO = sights(8, 16, 150, 120, 80, like=0.95)


@pytest.mark.parametrize("references", [(PACK,), (PACK, LOGO), (LOGO, PACK), (PACK, LOGO, sights(9, 15, 160, 130, 40))])
def test_a_pack_and_what_is_on_it_are_one_sight(references: tuple[Sights, ...]) -> None:
    [(reference, start, end, pictures)] = joined(*references)
    assert references[reference] is PACK
    assert (start, end, pictures) == (1.875, 3.875, 8)


def test_a_joined_sight_is_as_long_as_both_together_and_as_clear_as_the_clearer() -> None:
    [(_, run)] = same_sight.joined([PACK, sights(12, 24, 150, 120, 80, like=0.95)], TIMES, LENGTH_S, ())
    assert (run.start_s, run.end_s) == (1.875, 5.875)
    assert [round(sight.likeness, 2) for _, sight in run.sights] == [0.8] * 4 + [0.95] * 12
    assert [float(np.ptp(sight.quad)) for _, sight in run.sights[:8]] == [200.0] * 8


def test_two_things_at_once_are_two_sights() -> None:
    poster = sights(8, 16, 900, 100, 80)
    assert len(joined(PACK, poster)) == 2


def test_a_front_that_turns_into_the_back_is_one_sight_and_a_cut_parts_it() -> None:
    back = sights(17, 24, 110, 100, 190)
    assert len(joined(PACK, back)) == 1
    assert len(joined(PACK, back, cuts=(4.0,))) == 2
    assert len(joined(PACK, sights(24, 30, 110, 100, 190))) == 2
    assert len(joined(PACK, sights(17, 24, 700, 100, 190))) == 2


def test_a_gap_of_one_reference_is_closed_by_another_one() -> None:
    twice = {**PACK, **sights(24, 32, 100, 100, 200)}
    assert len(joined(twice)) == 2
    assert joined(twice, sights(8, 32, 150, 120, 80)) == [(0, 1.875, 7.875, 24)]


def test_what_was_only_followed_counts_for_nothing() -> None:
    assert joined(sights(8, 16, 100, 100, 200, by="followed")) == []
    assert joined(PACK, sights(6, 20, 150, 120, 80, by="drawn")) == [(0, 1.875, 3.875, 8)]


@pytest.mark.parametrize("extra", [(), (LOGO,), (LOGO, sights(8, 16, 160, 130, 40), sights(10, 14, 120, 110, 150))])
def test_a_timeline_is_the_same_with_one_reference_of_a_pack_or_four(extra: tuple[Sights, ...]) -> None:
    references = [PACK, *extra]
    measured = exposures.measure(
        StepFindings(
            duration_s=LENGTH_S,
            times=TIMES,
            shape=(720, 1280),
            cuts=(),
            references=[f"reference {at}" for at in range(len(references))],
            kinds=[ExposureKind.PRODUCT] * len(references),
            sights=references,
            lines=(),
            heard=HeardSpeech(None, None, ()),
            faces={},
            loudness=np.zeros(0),
            step_s=0.25,
        ),
        ["Clearspring"],
        lambda picture, quad: 0.5,
    )
    [exposure] = measured.timeline.exposures
    assert (exposure.start_s.low, exposure.seconds.low, exposure.description) == (1.875, 2.0, "reference 0")
    assert exposure.area_share.low == pytest.approx(200 * 200 / (720 * 1280), abs=1e-4)
