"""A flat mark is carried from one picture to the next by the optical flow of its own points (Lucas and Kanade 1981,
in the pyramid of Bouguet 2001): a hundredth of what looking for it anew costs, and as exact over a quarter second.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from marketplace.vision.decode.frames import Picture
from marketplace.vision.see.mark_detection import Quad, correlation, rectified

POINTS_MAX, POINTS_LEAST = 60, 6
BACK_PX_MAX = 1.5  # a point that does not come back to where it was has been lost
WINDOW_PX, LEVELS = 15, 3
MARGIN, MARGIN_PX = 0.5, 64.0
SIDE_MAX_PX = 320.0  # larger marks are followed in a smaller picture
STEADY_LEAST = 0.8


def carried(before: Picture, after: Picture, quad: Quad, moved: NDArray[np.float32]) -> Quad | None:
    """Return where a mark at ``quad`` (px) of the picture before is in the picture after; None where it cannot be told
    or no longer looks the same. ``moved``: how it moved last (px), where the search begins."""
    low = np.minimum(quad.min(axis=0), (quad + moved).min(axis=0))
    high = np.maximum(quad.max(axis=0), (quad + moved).max(axis=0))
    margin = MARGIN * np.ptp(quad, axis=0) + MARGIN_PX
    left, top = np.maximum(low - margin, 0).astype(int)
    right, bottom = np.minimum(high + margin, [before.shape[1], before.shape[0]]).astype(int)
    if right - left < 2 * WINDOW_PX or bottom - top < 2 * WINDOW_PX:
        return None
    shrink = min(1.0, SIDE_MAX_PX / max(1.0, float(np.ptp(quad, axis=0).max())))
    corner = np.asarray([left, top], np.float32)
    parts = [_part(one[top:bottom, left:right], shrink) for one in (before, after)]
    inner = ((quad - corner) * np.float32(shrink)).astype(np.float32)
    matrix = _moved(parts[0], parts[1], inner, moved * np.float32(shrink))
    if matrix is None:
        return None
    there = cv2.perspectiveTransform(inner[None], matrix)[0] / np.float32(shrink) + corner
    there = there.astype(np.float32)
    return there if _steady(before, quad, after, there) else None


def _part(part: Picture, shrink: float) -> Picture:
    if shrink == 1.0:
        return np.ascontiguousarray(part)
    return np.asarray(cv2.resize(part, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)


def _moved(before: Picture, after: Picture, quad: Quad, moved: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """Return the homography from a mark's place before to its place after, by the points that agree on one."""
    mask = np.zeros(before.shape, np.uint8)
    cv2.fillConvexPoly(mask, np.round(quad).astype(np.int32), 255)
    found = cv2.goodFeaturesToTrack(before, POINTS_MAX, 0.02, 4, mask=mask)
    if found is None or len(found) < POINTS_LEAST:
        return None
    points = found.reshape(-1, 1, 2).astype(np.float32)
    guess = points + moved.reshape(1, 1, 2).astype(np.float32)
    there, state = _flowed(before, after, points, guess)
    back, state_back = _flowed(after, before, there, points)
    kept = state & state_back
    kept &= np.linalg.norm((back - points).reshape(-1, 2), axis=1) <= BACK_PX_MAX
    if kept.sum() < POINTS_LEAST:
        return None
    source, target = points[kept].reshape(-1, 2), there[kept].reshape(-1, 2)
    # A homography needs many points spread wide; few of them bend it, and between pictures marks hardly turn.
    affine, inside = cv2.estimateAffine2D(source, target, method=cv2.RANSAC, ransacReprojThreshold=1.5)
    if affine is None or inside.sum() < max(POINTS_LEAST, 0.4 * len(source)):
        return None
    return np.vstack([affine, [0.0, 0.0, 1.0]])


def _flowed(one: Picture, other: Picture, points: Any, guess: Any) -> tuple[Any, NDArray[np.bool_]]:
    there, state, _ = cv2.calcOpticalFlowPyrLK(
        one,
        other,
        points,
        guess.copy(),
        winSize=(WINDOW_PX, WINDOW_PX),
        maxLevel=LEVELS,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    return there, state.ravel() == 1


def _steady(before: Picture, quad: Quad, after: Picture, there: Quad) -> bool:
    """Whether what is there now looks as it did before."""
    first, second = rectified(before, quad), rectified(after, there)
    if first is None or second is None:
        return False
    use = first[1] & second[1]
    return bool(use.any()) and correlation(first[0][use], second[0][use]) >= STEADY_LEAST
