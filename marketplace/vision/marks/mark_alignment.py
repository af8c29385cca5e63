"""Draws a laid-on reference into place: enhanced correlation maximisation (ECC: Evangelidis and Psarakis 2008)."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from marketplace.vision.marks.mark_poses import PARTS, QUICK_PX, MarkPose
from marketplace.vision.marks.mark_views import UNIT_SQUARE, GreyPyramid, Quad, at_level
from marketplace.vision.marks.reference_images import VIEW_PX, ReferenceImage

# The mark is at most this long in the picture that it is drawn into, px, which is cut this share of its side around it.
DRAWN_PX, AROUND = 64, 0.5
# Iterations and the gain of correlation at which they end; blur of both pictures (px) for an affine map, then a
# homography.
ITERATIONS, GAIN_LEAST = 18, 1e-3
BLUR_AFFINE, BLUR_HOMOGRAPHY = 9, 3
_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, ITERATIONS, GAIN_LEAST)
_CORNERS = UNIT_SQUARE * np.float32(VIEW_PX) - np.float32(0.5)
Warp = NDArray[np.float32]


def aligned(reference: ReferenceImage, pyramid: GreyPyramid, pose: MarkPose) -> Iterator[Quad]:
    """Yield the quadrilaterals at which the picture, from a pose on, looks most like the reference: by an affine map,
    by a homography from there, and where two thirds of the view gave the pose, by these alone."""
    drawn = _drawn_into(pyramid, pose.quad)
    if drawn is None:
        return
    field, number, corner = drawn
    start = _warp_of(at_level(pose.quad, number) - corner)
    view = reference.small(VIEW_PX)
    affine = _ecc(view, field, start[:2], cv2.MOTION_AFFINE, BLUR_AFFINE)
    if affine is not None:
        yield _quad_of(np.vstack([affine, [0, 0, 1]]), number, corner)
        homography = _ecc(
            view, field, np.vstack([affine, [0, 0, 1]]).astype(np.float32), cv2.MOTION_HOMOGRAPHY, BLUR_HOMOGRAPHY
        )
        if homography is not None:
            yield _quad_of(homography, number, corner)
    if pose.part:
        part = _part_warp(view, field, start, pose.part)
        if part is not None:
            yield _quad_of(part, number, corner)


def nudged(quad: Quad) -> Iterator[Quad]:
    """Yield a quadrilateral moved and resized by a little in six ways, to be drawn into place from there."""
    middle, side = quad.mean(axis=0), float(np.ptp(quad, axis=0).max())
    for across, down in ((0.08, 0), (-0.08, 0), (0, 0.08), (0, -0.08)):
        yield np.asarray(quad + np.asarray([across, down]) * side, np.float32)
    for resized in (0.88, 1.12):
        yield np.asarray(middle + (quad - middle) * resized, np.float32)


def _drawn_into(pyramid: GreyPyramid, quad: Quad) -> tuple[NDArray[np.uint8], int, NDArray[np.float32]] | None:
    """Return a part of a level in which the mark is at most DRAWN_PX long, the level, and the part's corner in it."""
    side = float(np.ptp(quad, axis=0).max())
    number = min(pyramid.depth - 1, max(0, int(np.ceil(np.log2(max(1.0, side / DRAWN_PX))))))
    level, moved = pyramid.level(number), at_level(quad, number)
    margin = AROUND * float(np.ptp(moved, axis=0).max()) + 4
    left, top = np.maximum(np.floor(moved.min(axis=0) - margin), 0).astype(int)
    right, bottom = np.minimum(np.ceil(moved.max(axis=0) + margin), level.shape[::-1]).astype(int)
    if right - left < 12 or bottom - top < 12:
        return None
    return level[top:bottom, left:right], number, np.asarray([left, top], np.float32)


def _warp_of(quad: Quad) -> Warp:
    """Return the map from a view to a quadrilateral: affine, from three corners."""
    affine = cv2.getAffineTransform(_CORNERS[:3], np.ascontiguousarray(quad[:3]))
    return np.vstack([affine, [0.0, 0.0, 1.0]]).astype(np.float32)


def _quad_of(warp: Warp, number: int, corner: NDArray[np.float32]) -> Quad:
    quad = cv2.perspectiveTransform(_CORNERS[None], warp.astype(np.float64))[0] + corner
    return np.asarray((quad + 0.5) * 2**number - 0.5, np.float32)


def _part_warp(view: NDArray[np.uint8], field: NDArray[np.uint8], start: Warp, part: int) -> Warp | None:
    """Return the affine map that draws two thirds of the view into place."""
    rows, columns = np.nonzero(PARTS[part])
    scale = VIEW_PX // QUICK_PX
    left, top = int(columns.min()) * scale, int(rows.min()) * scale
    right, bottom = (int(columns.max()) + 1) * scale, (int(rows.max()) + 1) * scale
    moved = np.eye(3, dtype=np.float32)
    moved[:2, 2] = left, top
    found = _ecc(
        np.ascontiguousarray(view[top:bottom, left:right]), field, (start @ moved)[:2], cv2.MOTION_AFFINE, BLUR_AFFINE
    )
    if found is None:
        return None
    back = np.eye(3, dtype=np.float32)
    back[:2, 2] = -left, -top
    return np.asarray(np.vstack([found, [0, 0, 1]]).astype(np.float32) @ back, np.float32)


def _ecc(view: NDArray[np.uint8], field: NDArray[np.uint8], warp: Warp, motion: int, blur: int) -> Warp | None:
    """Return the map at which the field looks most like the view; None where that was not found."""
    try:
        start = np.ascontiguousarray(warp, np.float32).copy()
        _, found = cv2.findTransformECC(view, field, start, motion, _STOP, np.full_like(field, 255), blur)
    except cv2.error:  # the correlation of what is plain, or of views without overlap, is no number
        return None
    return np.asarray(found, np.float32) if np.isfinite(found).all() else None
