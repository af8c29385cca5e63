"""Carries a flat mark from one picture to the next by the optical flow of its own points (Lucas and Kanade 1981, in the
pyramid of Bouguet 2001): a hundredth of the cost of finding it anew, and as exact over a quarter second.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from marketplace.vision.decode.frames import Picture
from marketplace.vision.marks.mark_detection import Quad, correlation, rectified

POINTS_MAX, POINTS_LEAST = 60, 6
BACK_PX_MAX = 1.5  # a point that does not come back to where it was has been lost
WINDOW_PX, LEVELS = 15, 3
MARGIN, MARGIN_PX = 0.5, 64.0
SIDE_MAX_PX = 320.0  # larger marks are followed in a smaller picture
STEADY_LEAST = 0.8


def carried(before: Picture, after: Picture, quad: Quad, moved: NDArray[np.float32]) -> Quad | None:
    """Return where a mark at ``quad`` (px) of the picture before is in the picture after; None if that is uncertain or
    it no longer looks the same. ``moved``: its last movement (px), with which the search begins."""
    low = np.minimum(quad.min(axis=0), (quad + moved).min(axis=0))
    high = np.maximum(quad.max(axis=0), (quad + moved).max(axis=0))
    margin = MARGIN * np.ptp(quad, axis=0) + MARGIN_PX
    left, top = np.maximum(low - margin, 0).astype(int)
    right, bottom = np.minimum(high + margin, [before.shape[1], before.shape[0]]).astype(int)
    if right - left < 2 * WINDOW_PX or bottom - top < 2 * WINDOW_PX:
        return None
    shrink = min(1.0, SIDE_MAX_PX / max(1.0, float(np.ptp(quad, axis=0).max())))
    corner = np.asarray([left, top], np.float32)
    parts = [_part(picture[top:bottom, left:right], shrink) for picture in (before, after)]
    inner_quad = ((quad - corner) * np.float32(shrink)).astype(np.float32)
    matrix = _moved(parts[0], parts[1], inner_quad, moved * np.float32(shrink))
    if matrix is None:
        return None
    new_quad = cv2.perspectiveTransform(inner_quad[None], matrix)[0] / np.float32(shrink) + corner
    new_quad = new_quad.astype(np.float32)
    return new_quad if _steady(before, quad, after, new_quad) else None


def _part(part: Picture, shrink: float) -> Picture:
    if shrink == 1.0:
        return np.ascontiguousarray(part)
    return np.asarray(cv2.resize(part, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)


def _moved(before: Picture, after: Picture, quad: Quad, moved: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """Return the homography from a mark's position before to its position after, by the points that agree on one."""
    mask = np.zeros(before.shape, np.uint8)
    cv2.fillConvexPoly(mask, np.round(quad).astype(np.int32), 255)
    corners = cv2.goodFeaturesToTrack(before, POINTS_MAX, 0.02, 4, mask=mask)
    if corners is None or len(corners) < POINTS_LEAST:
        return None
    points = corners.reshape(-1, 1, 2).astype(np.float32)
    guesses = points + moved.reshape(1, 1, 2).astype(np.float32)
    moved_points, state = _flowed(before, after, points, guesses)
    back, state_back = _flowed(after, before, moved_points, points)
    kept = state & state_back
    kept &= np.linalg.norm((back - points).reshape(-1, 2), axis=1) <= BACK_PX_MAX
    if kept.sum() < POINTS_LEAST:
        return None
    source, target = points[kept].reshape(-1, 2), moved_points[kept].reshape(-1, 2)
    # A homography needs many points spread wide; few of them bend it, and between pictures marks hardly turn.
    affine, inside = cv2.estimateAffine2D(source, target, method=cv2.RANSAC, ransacReprojThreshold=1.5)
    if affine is None or inside.sum() < max(POINTS_LEAST, 0.4 * len(source)):
        return None
    return np.vstack([affine, [0.0, 0.0, 1.0]])


def _flowed(before: Picture, after: Picture, points: Any, guess: Any) -> tuple[Any, NDArray[np.bool_]]:
    moved_points, state, _ = cv2.calcOpticalFlowPyrLK(
        before,
        after,
        points,
        guess.copy(),
        winSize=(WINDOW_PX, WINDOW_PX),
        maxLevel=LEVELS,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    return moved_points, state.ravel() == 1


def _steady(before: Picture, quad: Quad, after: Picture, new_quad: Quad) -> bool:
    """Return whether the mark still looks as it did in the picture before."""
    first, second = rectified(before, quad), rectified(after, new_quad)
    if first is None or second is None:
        return False
    inside = first[1] & second[1]
    return bool(inside.any()) and correlation(first[0][inside], second[0][inside]) >= STEADY_LEAST
