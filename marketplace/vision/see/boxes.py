"""Upright boxes in a picture, and the parts of it that cover some of them."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]  # left, top, right, bottom; px
# A part is searched with so much around it, to the left and right and above and below (in shares of the shorter side):
# text is wide, and a line that is cut off is not found.
AROUND = (0.13, 0.045)
EDGE_PX = 8  # a line nearer than this to its part's edge may go on beyond it


def box(quad: NDArray[np.float32]) -> Box:
    """Return the box around a quadrilateral, 4 x 2 px."""
    low, high = quad.min(axis=0), quad.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the intersection of two boxes over their union, 0..1."""
    both = common(one, other)
    either = area(one) + area(other) - both
    return both / either if either > 0 else 0.0


def area(one: Sequence[float]) -> float:
    return (one[2] - one[0]) * (one[3] - one[1])


def common(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the area that two boxes share."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, width) * max(0.0, height)


def covering(boxes: Sequence[Box], whole: Box, step: int, more: float = 0.0) -> Box:
    """Return the box of whole px that covers some boxes, as far as a picture goes; its sides are multiples of ``step``.
    ``more``: how much of what is around them, in units of AROUND."""
    every = np.asarray(boxes)
    short = min(whole[2], whole[3])
    found: list[int] = []
    for axis, share in enumerate(AROUND):
        gap = round(more * share * short)
        low, high = math.floor(every[:, axis].min()) - gap, math.ceil(every[:, axis + 2].max()) + gap
        most = round(whole[axis + 2])
        side = min(most, math.ceil((high - low) / step) * step)
        start = min(max(0, (low + high - side) // 2), most - side)
        found += [start, start + side]
    return found[0], found[2], found[1], found[3]


def parts_of(wanted: Sequence[Box], known: Sequence[Box], whole: Box, step: int) -> list[Box]:
    """Return parts of a picture that cover all that is wanted and what is around it, no two with an area in common; a
    known box that such a part meets is covered whole. Sides are multiples of ``step`` px, or the picture's."""
    found: list[Box] = []
    for one in wanted:
        part = covering([one], whole, step, 1.0)
        while met := [
            *(other for other in found if common(part, other)),
            *(other for other in known if 0 < common(part, other) < area(other)),
        ]:
            found = [other for other in found if other not in met]
            part = covering([part, *met], whole, step)
        found.append(part)
    return found


def cut_off(one: Box, part: Box, whole: Box) -> bool:
    """Return whether a line lies at an edge of the part that was searched where the picture goes on."""
    near = (one[0] - part[0], one[1] - part[1], part[2] - one[2], part[3] - one[3])
    edge = (part[0] > whole[0], part[1] > whole[1], part[2] < whole[2], part[3] < whole[3])
    return any(gap < EDGE_PX and inner for gap, inner in zip(near, edge, strict=True))
