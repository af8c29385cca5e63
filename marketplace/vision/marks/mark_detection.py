"""Finds a reference image in one picture: features, a homography, and gates against chance.

Lowe's ratio test pairs the reference's features with the picture's, MAGSAC fits the homography, and a find counts only
if the inliers spread over the reference, the shape is one that a flat thing can take, and the rectified view looks like
the reference.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from marketplace.vision.decode.frames import Picture
from marketplace.vision.marks.mark_poses import NearestFeatures, PictureFeatures, nearest
from marketplace.vision.marks.reference_images import VIEW_PX, ReferenceImage, rooted, sift

Quad = NDArray[np.float32]
Pairs = NDArray[np.intp]

RATIO = 0.8
REPROJECTION_PX = 3.0
INLIERS_LEAST = 7
HULL_LEAST = 0.05
LARGE_SHARE, LARGE_CELLS_LEAST = 0.3, 6
SIDE_RATIO_MAX = 6.0
# A flat thing turned by 40 degrees has opposite sides in a ratio of 1.4. Beyond BENT it has to look very much like the
# reference, because points along one line shear a homography.
BENT, BENT_LIKENESS_LEAST, OPPOSITE_MAX = 1.75, 0.9, 3.0
SIDE_LEAST_PX = 12.0
LIKENESS_LEAST = 0.35
# Fewer inliers are enough if the view itself looks very much like the reference.
FEW_INLIERS, FEW_LIKENESS = 5, 0.62
FEATURES_MAX = 5000
CONTRAST = 0.03  # of features in a picture
HUNCH_PX, HUNCHES_MAX = 40.0, 2
# Pairs that make a hunch: one for each HUNCH_FEATURES features of the reference, within these bounds. At 48 px a label
# with 247 features had at least 10 pairs, a word with 79 mostly 2 to 5; by chance they had 3 and 1.
HUNCH_FEATURES, HUNCH_LEAST, HUNCH_MOST = 60, 2, 4
SAME_CELLS = 60  # points of a reference count as one if they share a cell of a raster with this many cells a side
_CORNERS = np.asarray([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)


@dataclass(frozen=True)
class FoundMark:
    """A reference (by its index) found in a picture: ``quad`` is 4 x 2 px, clockwise from its upper left corner;
    ``likeness``: how much it looks like the reference, -1..1; ``inliers``: the features that agree."""

    reference: int
    quad: Quad
    likeness: float
    inliers: int = 0


def features(grey: Picture, scale: float = 1.0, offset: tuple[float, float] = (0.0, 0.0)) -> PictureFeatures:
    """Return a (part of a) picture's features, their points in px of the whole: ``point / scale + offset``."""
    keypoints, descriptors = sift(FEATURES_MAX, CONTRAST).detectAndCompute(grey, None)
    if descriptors is None:
        return together([])
    points = np.asarray([keypoint.pt for keypoint in keypoints], np.float32) / scale + np.asarray(offset, np.float32)
    sizes = np.asarray([keypoint.size for keypoint in keypoints], np.float32) / scale
    angles = np.radians([keypoint.angle for keypoint in keypoints]).astype(np.float32)
    return PictureFeatures(points, rooted(descriptors), sizes, angles)


def together(parts: Sequence[PictureFeatures]) -> PictureFeatures:
    """Return the features of several parts as one set."""
    none = (
        np.zeros((0, 2), np.float32),
        np.zeros((0, 128), np.float32),
        np.zeros(0, np.float32),
        np.zeros(0, np.float32),
    )
    named = zip(("points", "descriptors", "sizes", "angles"), none, strict=True)
    return PictureFeatures(*(np.concatenate([empty, *(getattr(one, name) for one in parts)]) for name, empty in named))


def find(
    reference: ReferenceImage,
    place: int,
    seen: Sequence[PictureFeatures],
    grey: Picture,
    *,
    unit: float = 1.0,
    near: bool = False,
) -> FoundMark | None:
    """Return the mark of a reference in a picture, or None.

    ``place``: index of the reference. ``seen``: features of one part of the picture at several sizes. ``unit``: px of
    the whole picture per px examined. ``near``: it was just there, so that fewer inliers are enough.
    """
    return fitted(reference, place, *pooled(reference, seen), grey, unit=unit, near=near)


def pooled(reference: ReferenceImage, seen: Sequence[PictureFeatures]) -> tuple[PictureFeatures, Pairs]:
    """Return the features of a part at several sizes as one set, and their pairs.

    Each size is paired by itself, because the ratio test would take one feature at two sizes for two similar features.
    Pairs of the same two points count once.
    """
    matched = [pairs(reference, size) for size in seen]
    before = np.cumsum([0, *(len(size.points) for size in seen[:-1])])
    merged = together(seen)
    matches = np.concatenate([size + np.asarray([0, more]) for size, more in zip(matched, before, strict=True)])
    if len(seen) > 1:
        places = [np.round(reference.points[matches[:, 0]] * SAME_CELLS), np.round(merged.points[matches[:, 1]])]
        _, first = np.unique(np.concatenate(places, axis=1), axis=0, return_index=True)
        matches = matches[np.sort(first)]
    return merged, matches


def pairs(reference: ReferenceImage, seen: PictureFeatures) -> Pairs:
    """Return pairs (feature of the reference, of the picture) that pass the ratio test, n x 2."""
    return distinct_pairs(nearest(reference, seen))


def distinct_pairs(near: NearestFeatures) -> Pairs:
    """Return those of the nearest features that pass the ratio test, n x 2."""
    distinct = near.distance < RATIO * near.second_distance
    return np.stack([np.flatnonzero(distinct), near.best[distinct]], axis=1)


def fitted(
    reference: ReferenceImage,
    place: int,
    seen: PictureFeatures,
    matched: Pairs,
    grey: Picture,
    *,
    unit: float,
    near: bool,
) -> FoundMark | None:
    """Return the mark that pairs of a reference's features with a picture's make, or None."""
    if len(matched) < FEW_INLIERS:
        return None
    source, target = reference.points[matched[:, 0]], seen.points[matched[:, 1]]
    source = source * np.asarray([reference.aspect, 1.0], np.float32) * 256
    fit = _fit(source, target, REPROJECTION_PX * max(1.0, unit))
    if fit is None:
        return None
    matrix, inside = fit
    corners = _CORNERS * np.asarray([reference.aspect, 1.0], np.float32) * 256
    quad = cv2.perspectiveTransform(corners[None], matrix)[0].astype(np.float32)
    inlier_points = np.unique(target[inside].round(1), axis=0)
    if (
        len(inlier_points) < FEW_INLIERS
        or not plausible(quad, grey.shape)
        or not _spread(reference, source[inside], quad, grey)
    ):
        return None
    like = likeness(reference, grey, quad)
    if opposite(quad) > BENT and like < BENT_LIKENESS_LEAST:
        return None
    enough = like >= LIKENESS_LEAST and len(inlier_points) >= (FEW_INLIERS + 1 if near else INLIERS_LEAST)
    if not enough and like < FEW_LIKENESS:
        return None
    return FoundMark(place, quad, like, len(inlier_points))


def hunches(reference: ReferenceImage, seen: PictureFeatures, matched: Pairs) -> list[NDArray[np.float32]]:
    """Return points (x, y; px) around which enough pairs gather for a closer look: a small mark has too few features at
    the picture's own size to be certain."""
    pairs_least = min(HUNCH_MOST, max(HUNCH_LEAST, round(reference.features / HUNCH_FEATURES)))
    places = np.unique(seen.points[matched[:, 1]].round(0), axis=0)
    middles: list[NDArray[np.float32]] = []
    while len(places) >= pairs_least and len(middles) < HUNCHES_MAX:
        near = np.linalg.norm(places[:, None] - places[None], axis=2) <= HUNCH_PX
        best = int(near.sum(axis=1).argmax())
        if near[best].sum() < pairs_least:
            break
        middles.append(places[near[best]].mean(axis=0).astype(np.float32))
        places = places[~near[best]]
    return middles


def _fit(source: NDArray[Any], target: NDArray[Any], within_px: float) -> tuple[NDArray[Any], NDArray[np.bool_]] | None:
    matrix, mask = cv2.findHomography(source, target, cv2.USAC_MAGSAC, within_px, maxIters=3000, confidence=0.999)
    if matrix is None or mask is None:
        return None
    inside = mask.ravel() > 0
    # Few points do not determine eight degrees of freedom: the quadrilateral would shear.
    if inside.sum() < 2 * FEW_INLIERS:
        affine, mask = cv2.estimateAffine2D(source, target, method=cv2.RANSAC, ransacReprojThreshold=within_px)
        if affine is None or mask.sum() < FEW_INLIERS:
            return None
        return np.vstack([affine, [0.0, 0.0, 1.0]]), mask.ravel() > 0
    return matrix, inside


def opposite(quad: NDArray[Any]) -> float:
    """Return how many times longer a side is than the one opposite to it, the larger of both pairs."""
    sides = np.maximum(np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1), 1e-6)
    ratios = sides[:2] / sides[2:]
    return float(np.maximum(ratios, 1 / ratios).max())


def plausible(quad: Quad, shape: Sequence[int]) -> bool:
    """Return whether a flat thing in a picture (height, width) can look like this: convex, not inside out, not a
    needle."""
    if not np.isfinite(quad).all() or np.abs(quad).max() > 4 * max(shape):
        return False
    if not cv2.isContourConvex(quad) or cv2.contourArea(quad, oriented=True) <= 0:
        return False
    sides = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
    even = sides.min() >= SIDE_LEAST_PX and sides.max() / sides.min() <= SIDE_RATIO_MAX * 2
    return bool(even and opposite(quad) <= OPPOSITE_MAX)


def _spread(reference: ReferenceImage, source: NDArray[Any], quad: Quad, grey: Picture) -> bool:
    """Return whether the inliers cover enough of the reference: two brands may share a typeface, not a whole label."""
    whole = reference.aspect * 256 * 256
    if cv2.contourArea(cv2.convexHull(source.astype(np.float32))) < HULL_LEAST * whole:
        return False
    if area_share(quad, grey.shape) <= LARGE_SHARE:
        return True
    cells = np.clip((source / [reference.aspect * 64, 64]).astype(int), 0, 3)
    return len(np.unique(cells, axis=0)) >= LARGE_CELLS_LEAST


def rectified(grey: Picture, quad: Quad) -> tuple[Picture, NDArray[np.bool_]] | None:
    """Return a quadrilateral of a picture as a square of VIEW_PX, and a mask of what of it is inside the picture; None
    if that is next to nothing."""
    to_view = cv2.getPerspectiveTransform(quad, _CORNERS * np.float32(VIEW_PX))
    # Small steps: a large mark would otherwise be sampled with holes.
    shrink = min(1.0, 4 * VIEW_PX / max(1.0, float(np.ptp(quad, axis=0).max())))
    if shrink < 1.0:
        left, top = np.maximum(np.floor(quad.min(axis=0)).astype(int), 0)
        right, bottom = np.ceil(quad.max(axis=0)).astype(int) + 1
        part = grey[top:bottom, left:right]
        if min(part.shape) < 8:
            return None
        grey = np.asarray(cv2.resize(part, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
        moved_quad = ((quad - [left, top]) * shrink).astype(np.float32)
        to_view = cv2.getPerspectiveTransform(moved_quad, _CORNERS * np.float32(VIEW_PX))
    size = (VIEW_PX, VIEW_PX)
    inside = cv2.warpPerspective(np.full(grey.shape, 255, np.uint8), to_view, size) > 200
    return np.asarray(cv2.warpPerspective(grey, to_view, size), np.uint8), inside


def likeness(reference: ReferenceImage, grey: Picture, quad: Quad) -> float:
    """Return how much the rectified view looks like the reference: the normalised correlation, -1..1, over what is
    opaque and inside the picture."""
    rectified_view = rectified(grey, quad)
    if rectified_view is None:
        return -1.0
    view, inside = rectified_view
    compared = inside & (reference.view_mask > 128)
    if compared.sum() < 0.3 * (reference.view_mask > 128).sum():
        return -1.0
    return correlation(
        cv2.GaussianBlur(view, (0, 0), 1.0)[compared], cv2.GaussianBlur(reference.view, (0, 0), 1.0)[compared]
    )


def correlation(one: Any, other: Any) -> float:
    """Return Pearson's correlation of two views; 0 if one of them is plain."""
    first, second = (np.asarray(view, np.float64) - np.mean(view) for view in (one, other))
    scale = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum() / scale) if scale > 1e-9 else 0.0


def area_share(quad: Quad, shape: Sequence[int]) -> float:
    """Return the share of a picture (height, width) that a quadrilateral covers, 0..1."""
    frame = np.asarray([[0, 0], [shape[1], 0], [shape[1], shape[0]], [0, shape[0]]], np.float32)
    covered, _ = cv2.intersectConvexConvex(quad.astype(np.float32), frame)
    return float(covered) / (shape[0] * shape[1])
