"""Where a reference may be in a picture, by single pairs of features: SIFT's place, size and angle make a whole pose.

A mark of 48 px has a handful of features, of which one or two pass any test of being distinct. One pair is enough to
lay the reference onto the picture; poses that agree with each other come first.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marketplace.vision.marks.mark_views import GreyPyramid, Quad
from marketplace.vision.marks.reference_images import UNITS, ReferenceImage

# A pair makes a pose if the second nearest feature, more than SAME_PX away, is farther by this.
POSE_RATIO, SAME_PX = 0.92, 3.0
POSE_SIDE_PX = (20.0, 700.0)
# Poses agree within this share of their longer side, this ratio of sizes (its logarithm), and these radians.
AGREE_SHARE, AGREE_LN, AGREE_RADIANS = 0.25, 0.45, 0.45
# Of poses nearer than this share of the limits of agreement only the first is kept.
REPEAT_SHARE = 0.5
QUICK_PX = 24
QUICK_LEAST, PART_LOSS = 0.36, 0.06
_THIRD = QUICK_PX // 3


@dataclass(frozen=True)
class PictureFeatures:
    """A picture's features: points and sizes in px, angles in radians."""

    points: NDArray[np.float32]
    descriptors: NDArray[np.float32]
    sizes: NDArray[np.float32]
    angles: NDArray[np.float32]


@dataclass(frozen=True)
class NearestFeatures:
    """For each feature of a reference the nearest and the second nearest of a picture: indexes, and distances 0..2."""

    best: NDArray[np.intp]
    second_best: NDArray[np.intp]
    distance: NDArray[np.float32]
    second_distance: NDArray[np.float32]


@dataclass(frozen=True)
class MarkPose:
    """A reference laid onto a picture, with the correlation of the small view there; ``part``: which of PARTS gave it
    (0 is the whole)."""

    quad: Quad
    quick: float
    part: int = 0


def _parts() -> NDArray[np.float64]:
    masks = np.zeros((5, QUICK_PX, QUICK_PX))
    masks[0] = 1
    masks[1, :, : 2 * _THIRD] = masks[2, :, _THIRD:] = masks[3, : 2 * _THIRD] = masks[4, _THIRD:] = 1
    return masks


PARTS = _parts()  # all of a view, and two thirds of it from the left, the right, above and below


def poses(reference: ReferenceImage, seen: PictureFeatures, near: NearestFeatures, most: int) -> list[Quad]:
    """Return up to ``most`` quadrilaterals (px) at which a picture may show a reference, those first on which most
    pairs agree."""
    if not len(near.best):
        return []
    rows, distances = _distinct(reference, seen, near)
    best = near.best[rows]
    ratio = seen.sizes[best] / reference.sizes[rows]
    turn = _wrapped(seen.angles[best] - reference.angles[rows])
    side = ratio * max(1.0, reference.aspect) * UNITS
    usable = (side >= POSE_SIDE_PX[0]) & (side <= POSE_SIDE_PX[1])
    rows, best = rows[usable], best[usable]
    ratio, turn, side, distances = ratio[usable], turn[usable], side[usable], distances[usable]
    if not len(rows):
        return []
    units = np.asarray([reference.aspect, 1.0], np.float32) * UNITS
    turned = _rotations(turn) * ratio[:, None, None]
    at, from_ = seen.points[best], reference.points[rows] * units
    middles = at + np.einsum("nij,nj->ni", turned, units / 2 - from_)
    chosen = _agreed(middles, np.log(ratio), turn, side, distances, most)
    corners = np.asarray([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32) * units / 2
    return [np.asarray(middles[one] + corners @ turned[one].T, np.float32) for one in chosen]


def nearest(reference: ReferenceImage, seen: PictureFeatures) -> NearestFeatures:
    """Return for each feature of a reference the two nearest of a picture."""
    if len(seen.descriptors) < 2 or len(reference.descriptors) == 0:
        none = np.zeros(0, np.intp)
        return NearestFeatures(none, none, *(np.zeros(0, np.float32),) * 2)
    # Rooted descriptors have length 1: the nearest has the greatest product.
    products = reference.descriptors @ seen.descriptors.T
    rows = np.arange(len(products))
    best = products.argmax(axis=1)
    first = products[rows, best]
    products[rows, best] = -1.0
    second_best = products.argmax(axis=1)
    second = products[rows, second_best]
    near, far = (np.sqrt(np.maximum(0.0, 2 - 2 * product)) for product in (first, second))
    return NearestFeatures(best, second_best, near, far)


def _distinct(
    reference: ReferenceImage, seen: PictureFeatures, near: NearestFeatures
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the features of the reference whose nearest one is distinct enough, and its distance over the second's.

    One place with two angles or at two sizes is no second place.
    """
    far = near.second_distance.copy()
    same = np.abs(seen.points[near.best] - seen.points[near.second_best]).max(axis=1, initial=0.0) <= SAME_PX
    same &= near.distance >= POSE_RATIO * far
    again = np.flatnonzero(same)
    products = reference.descriptors[again] @ seen.descriptors.T
    at = seen.points[near.best[again]]
    across, down = (np.abs(seen.points[None, :, axis] - at[:, axis, None]) <= SAME_PX for axis in (0, 1))
    products[across & down] = -1.0
    far[again] = np.sqrt(np.maximum(0.0, 2 - 2 * products.max(axis=1, initial=-1.0)))
    distinct = near.distance < POSE_RATIO * far
    rows = np.flatnonzero(distinct)
    return rows, np.asarray(near.distance[rows] / np.maximum(far[rows], 1e-6), np.float32)


def _rotations(turn: NDArray[np.float32]) -> NDArray[np.float32]:
    cosine, sine = np.cos(turn), np.sin(turn)
    return np.stack([np.stack([cosine, -sine], axis=1), np.stack([sine, cosine], axis=1)], axis=1)


def _wrapped(turn: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((turn + np.pi) % (2 * np.pi) - np.pi, np.float32)


def _agreed(
    middles: NDArray[Any],
    logs: NDArray[Any],
    turns: NDArray[Any],
    sides: NDArray[Any],
    distances: NDArray[Any],
    most: int,
) -> list[int]:
    """Return the indexes of the poses on which most others agree; of poses that nearly repeat each other one."""
    apart = np.linalg.norm(middles[:, None] - middles[None], axis=2) / (AGREE_SHARE * sides[:, None])
    resized = np.abs(logs[:, None] - logs[None]) / AGREE_LN
    turned = np.abs(_wrapped(turns[:, None] - turns[None])) / AGREE_RADIANS
    furthest = np.maximum(np.maximum(apart, resized), turned)
    votes = (furthest < 1).sum(axis=1)
    chosen: list[int] = []
    for one in np.lexsort((distances, -votes)):
        if not chosen or furthest[one, chosen].min() >= REPEAT_SHARE:
            chosen.append(int(one))
            if len(chosen) == most:
                break
    return chosen


def ranked(
    reference: ReferenceImage, pyramid: GreyPyramid, quads: list[Quad], most: int, least: float = QUICK_LEAST
) -> list[MarkPose]:
    """Return up to ``most`` poses whose small view, or two thirds of it, correlates with the reference."""
    if not quads:
        return []
    views = np.stack([pyramid.view(quad, QUICK_PX)[0].astype(np.float64).ravel() for quad in quads])
    wanted = reference.small(QUICK_PX).astype(np.float64).ravel()
    masks = PARTS.reshape(len(PARTS), -1) * (reference.small_mask(QUICK_PX).ravel() > 128)
    values = np.stack([_correlations(views, wanted, mask) for mask in masks], axis=1)
    values[:, 1:] -= PART_LOSS
    best, part = values.max(axis=1), values.argmax(axis=1)
    order = np.argsort(-best)[:most]
    return [MarkPose(quads[at], float(best[at]), int(part[at])) for at in order if best[at] >= least]


def _correlations(
    views: NDArray[np.float64], wanted: NDArray[np.float64], mask: NDArray[np.float64]
) -> NDArray[np.float64]:
    total = max(1.0, mask.sum())
    one = views - (views @ mask / total)[:, None]
    other = wanted - wanted @ mask / total
    scale = np.sqrt((one**2 @ mask) * (other**2 @ mask))
    return np.where(scale > 1e-6, (one * other) @ mask / np.maximum(scale, 1e-6), 0.0)
