"""A picture at halved sizes, and the upright square view of a quadrilateral in it."""

from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from marketplace.vision.decode.frames import Picture

Quad = NDArray[np.float32]
Matrix = NDArray[np.float64]
UNIT_SQUARE = np.asarray([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
# A view is sampled from the smallest size of the picture that still has this many px for each of the view's.
DENSE_LEAST = 1.0
SIDE_LEAST_PX = 16


class GreyPyramid:
    """A grey picture, and itself at a half, a quarter and so on, each made when it is first asked for.

    Half sizes are means of 2 x 2 px, so that the middle of a pixel at ``x`` of a level is at ``(x + .5) / 2 - .5`` of
    the next one.
    """

    def __init__(self, grey: Picture) -> None:
        self._levels = [grey]

    @property
    def grey(self) -> Picture:
        return self._levels[0]

    @cached_property
    def depth(self) -> int:
        """The number of sizes."""
        return 1 + max(0, int(np.log2(min(self.grey.shape) / SIDE_LEAST_PX)))

    def level(self, number: int) -> Picture:
        while len(self._levels) <= number:
            last = self._levels[-1]
            half = (max(1, last.shape[1] // 2), max(1, last.shape[0] // 2))
            self._levels.append(np.asarray(cv2.resize(last, half, interpolation=cv2.INTER_AREA), np.uint8))
        return self._levels[number]

    def level_for(self, side_px: float, view_px: float) -> int:
        """Return the level from which a square of ``side_px`` is sampled for a view of ``view_px``."""
        halvings = np.log2(max(1.0, side_px / (view_px * DENSE_LEAST)))
        return min(int(halvings), self.depth - 1)

    def view(self, quad: Quad, side: int) -> tuple[Picture, NDArray[np.bool_]]:
        """Return a quadrilateral (4 x 2 px, clockwise from the upper left corner) as a square of ``side`` px, and which
        of its pixels are inside the picture."""
        number = self.level_for(float(np.ptp(quad, axis=0).max()), side)
        source = self.level(number)
        moved = at_level(quad, number)
        matrix = np.asarray(
            cv2.getPerspectiveTransform(moved, UNIT_SQUARE * np.float32(side) - np.float32(0.5)), np.float64
        )
        view = cv2.warpPerspective(source, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(view, np.uint8), inside(matrix, source.shape[:2], side)


def at_level(quad: Quad, number: int) -> Quad:
    """Return points of a picture (px) in a level of its pyramid."""
    return np.asarray((quad + 0.5) / 2**number - 0.5, np.float32)


def inside(matrix: Matrix, shape: tuple[int, ...], side: int) -> NDArray[np.bool_]:
    """Return which pixels of a view are inside a picture (height, width) that ``matrix`` maps onto the view."""
    corners = cv2.perspectiveTransform((UNIT_SQUARE * np.float32(side) - np.float32(0.5))[None], np.linalg.inv(matrix))[
        0
    ]
    height, width = shape
    if corners.min() >= -0.5 and (corners.max(axis=0) <= [width - 0.5, height - 0.5]).all():
        return np.ones((side, side), bool)
    there = cv2.warpPerspective(np.full(shape, 255, np.uint8), matrix, (side, side))
    return np.asarray(there > 200)
