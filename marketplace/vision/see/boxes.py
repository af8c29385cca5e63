"""Upright boxes in a picture, and the parts of it that cover some of them."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]  # left, top, right, bottom; px
# A part is searched with this much around it, to the left and right, and above and below (shares of the shorter side):
# text is wide, and a line that is cut off is not found.
AROUND = (0.13, 0.045)
EDGE_PX = 8  # a line nearer than this to its part's edge may go on beyond it


def box(quad: NDArray[np.float32]) -> Box:
    """Return the box around a quadrilateral, 4 x 2 px."""
    low, high = quad.min(axis=0), quad.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the intersection of two boxes over their union, 0..1."""
    shared = common(one, other)
    either = area(one) + area(other) - shared
    return shared / either if either > 0 else 0.0


def area(box: Sequence[float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def common(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the area that two boxes share."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, width) * max(0.0, height)


def covering(boxes: Sequence[Box], whole: Box, step: int, more: float = 0.0) -> Box:
    """Return the box of whole px that covers some boxes, cut to the picture; its sides are multiples of ``step`` px.

    ``more``: the margin around them, in units of AROUND.
    """
    corners = np.asarray(boxes)
    shorter = min(whole[2], whole[3])
    sides: list[int] = []
    for axis, share in enumerate(AROUND):
        gap = round(more * share * shorter)
        low, high = math.floor(corners[:, axis].min()) - gap, math.ceil(corners[:, axis + 2].max()) + gap
        most = round(whole[axis + 2])
        side = min(most, math.ceil((high - low) / step) * step)
        start = min(max(0, (low + high - side) // 2), most - side)
        sides += [start, start + side]
    return sides[0], sides[2], sides[1], sides[3]


def parts_of(wanted: Sequence[Box], known: Sequence[Box], whole: Box, step: int) -> list[Box]:
    """Return parts of a picture that cover all ``wanted`` boxes and their margins; no two parts overlap.

    A ``known`` box that a part touches is covered whole. Sides are multiples of ``step`` px, or the picture's.
    """
    parts: list[Box] = []
    for target in wanted:
        part = covering([target], whole, step, 1.0)
        while met := [
            *(other for other in parts if common(part, other)),
            *(other for other in known if 0 < common(part, other) < area(other)),
        ]:
            parts = [other for other in parts if other not in met]
            part = covering([part, *met], whole, step)
        parts.append(part)
    return parts


def cut_off(line: Box, part: Box, whole: Box) -> bool:
    """Return whether a line touches an edge of the searched part beyond which the picture continues."""
    near = (line[0] - part[0], line[1] - part[1], part[2] - line[2], part[3] - line[3])
    edge = (part[0] > whole[0], part[1] > whole[1], part[2] < whole[2], part[3] < whole[3])
    return any(gap < EDGE_PX and inner for gap, inner in zip(near, edge, strict=True))
