"""Which sights of a brand's references are one sight: a pack and the logo on it, or the front that turns into the back.

A reference is a picture, and a brand hands in several of one thing. What a viewer sees once is one exposure, however
many of the pictures were found in it.
"""

from collections.abc import Sequence
from dataclasses import replace

from marketplace.vision.marks.mark_tracking import MarkSight
from marketplace.vision.read.time_runs import JOIN_GAP_S, TimeRun, runs
from marketplace.vision.see.boxes import area, box, common, overlap

# Of the smaller box this share lies in the larger one, in this share of the pictures that show both.
INSIDE_LEAST, TOGETHER_LEAST = 0.5, 0.5
# Where one ends and the other begins, in the same shot, their boxes overlap by so much (intersection over union).
GOES_ON_LEAST = 0.3

Run = TimeRun[MarkSight]


def joined(
    sights: Sequence[dict[int, MarkSight]], times: Sequence[float], duration_s: float, cuts: Sequence[float]
) -> list[tuple[int, Run]]:
    """Return the stretches in which marks are seen, each with the reference that shows most of it.

    ``sights``: by reference, by picture. A stretch counts only if a search, not just following, found its mark at least
    once. In each picture of a joined stretch the largest of its sights stands for all.
    """
    found = [
        (reference, run)
        for reference, by_picture in enumerate(sights)
        for run in runs(by_picture, times, duration_s, cuts)
        if any(sight.by == "found" for _, sight in run.sights)
    ]
    groups: list[list[tuple[int, Run]]] = []
    for one in found:
        alike = [group for group in groups if any(_same(one[1], run, cuts) for _, run in group)]
        groups = [group for group in groups if group not in alike] + [[*(run for group in alike for run in group), one]]
    return sorted((_one(group) for group in groups), key=lambda pair: (pair[1].start_s, pair[0]))


def _same(one: Run, other: Run, cuts: Sequence[float]) -> bool:
    """Return whether two stretches show one thing. Those of one reference are apart already."""
    before = dict(one.sights)
    both = [(before[picture], sight) for picture, sight in other.sights if picture in before]
    if both:
        inside = sum(_inside(*pair) for pair in both)
        return inside >= TOGETHER_LEAST * len(both)
    first, then = sorted((one, other), key=lambda run: run.start_s)
    if then.start_s - first.end_s > JOIN_GAP_S or any(first.end_s <= cut <= then.start_s for cut in cuts):
        return False
    return overlap(box(first.sights[-1][1].quad), box(then.sights[0][1].quad)) >= GOES_ON_LEAST


def _inside(one: MarkSight, other: MarkSight) -> bool:
    boxes = box(one.quad), box(other.quad)
    return common(*boxes) >= INSIDE_LEAST * min(area(boxes[0]), area(boxes[1]))


def _one(group: Sequence[tuple[int, Run]]) -> tuple[int, Run]:
    """Return a group of stretches as one, with the reference whose sights take most of the picture."""
    by_picture: dict[int, list[MarkSight]] = {}
    shown: dict[int, float] = {}
    for reference, run in group:
        for picture, sight in run.sights:
            by_picture.setdefault(picture, []).append(sight)
            shown[reference] = shown.get(reference, 0.0) + area(box(sight.quad))
    merged = tuple((picture, _best(by_picture[picture])) for picture in sorted(by_picture))
    start, end = min(run.start_s for _, run in group), max(run.end_s for _, run in group)
    return max(shown, key=lambda reference: (shown[reference], -reference)), TimeRun(start, end, merged)


def _best(sights: Sequence[MarkSight]) -> MarkSight:
    largest = max(sights, key=lambda sight: area(box(sight.quad)))
    found = "found" if any(sight.by == "found" for sight in sights) else largest.by
    return replace(largest, likeness=max(sight.likeness for sight in sights), by=found)
