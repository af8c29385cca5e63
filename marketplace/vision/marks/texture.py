"""Finds where in a picture features are worth looking for: fine texture that has changed since the last look."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from marketplace.vision.decode.frames import Picture

CELL_PX, BAND_CELLS = 32, 5
CORNER_CONTRAST = 9
CORNERS_LEAST = 7  # among 3 x 3 cells: a label 32 px long has more
CHANGE_LEAST, SHRINK = 12.0, 4  # grey levels of 256, in a picture made SHRINK times smaller
NEVER = -255.0

Box = tuple[int, int, int, int]


def cells(grey: Picture) -> NDArray[np.bool_]:
    """Return which cells of CELL_PX hold fine texture, or are next to one that does."""
    rows, columns = (-(-side // CELL_PX) for side in grey.shape)
    keypoints = cv2.FastFeatureDetector.create(CORNER_CONTRAST).detect(grey, None)
    if not keypoints:
        return np.zeros((rows, columns), bool)
    points = (np.asarray(cv2.KeyPoint.convert(keypoints)) / CELL_PX).astype(int)
    count = np.zeros((rows, columns), np.float32)
    np.add.at(count, (points[:, 1], points[:, 0]), 1.0)
    neighbourhood = cv2.boxFilter(count, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(cv2.dilate((neighbourhood >= CORNERS_LEAST).astype(np.uint8), np.ones((3, 3))) > 0)


def boxes(marked: NDArray[np.bool_], shape: Sequence[int]) -> list[Box]:
    """Return parts (left, top, right, bottom; px) of a picture (height, width) that hold the marked cells.

    The parts are stretches of bands, so that cells that wind through a picture do not make all of it a part. In bands
    even a whole picture takes two thirds of the time it takes at once: the data stay in the processor's cache.
    """
    parts: list[Box] = []
    for top in range(0, len(marked), BAND_CELLS):
        columns = marked[top : top + BAND_CELLS].any(axis=0)
        steps = np.flatnonzero(np.diff(np.concatenate([[False], columns, [False]]).astype(np.int8)))
        for left, right in steps.reshape(-1, 2).tolist():
            rows = np.flatnonzero(marked[top : top + BAND_CELLS, left:right].any(axis=1))
            parts.append((left, top + int(rows[0]), right, top + int(rows[-1]) + 1))
    return [
        (part[0] * CELL_PX, part[1] * CELL_PX, min(part[2] * CELL_PX, shape[1]), min(part[3] * CELL_PX, shape[0]))
        for part in parts
    ]


class FreshTexture:
    """Remembers what each place looked like when features were last looked for in it."""

    def __init__(self) -> None:
        self._last: NDArray[np.float32] | None = None

    def parts(self, grey: Picture) -> list[Box]:
        """Return the parts of a picture to look at: with fine texture, and not as they were at the last look."""
        rows, columns = (-(-side // CELL_PX) for side in grey.shape)
        side = CELL_PX // SHRINK
        small = cv2.resize(grey, (columns * side, rows * side), interpolation=cv2.INTER_AREA)
        now = np.asarray(small, np.float32)
        wanted = cells(grey)
        if self._last is not None:
            changes = np.abs(now - self._last).reshape(rows, side, columns, side).max(axis=(1, 3))
            wanted &= cv2.dilate((changes >= CHANGE_LEAST).astype(np.uint8), np.ones((3, 3))) > 0
            now = np.where(np.kron(wanted, np.ones((side, side), bool)), now, self._last)
        self._last = now
        return boxes(wanted, grey.shape)

    def forget(self, quad: NDArray[np.float32]) -> None:
        """Count the surroundings of a place (n x 2 px) as never looked at."""
        if self._last is not None:
            low, high = quad.min(axis=0) - CELL_PX, quad.max(axis=0) + CELL_PX
            (left, top), (right, bottom) = (np.maximum(corner / SHRINK, 0).astype(int) for corner in (low, high))
            self._last[top:bottom, left:right] = NEVER
