"""Judges whether a view of a picture is a reference: in windows, by fine detail, and by features of its own.

The correlation of whole views is blind to detail (a bare wall with a shadow reached 0.8) and falls where a part is
hidden. Windows that agree with the reference, in shape and in contrast, count by the texture that the reference has
there; what they agree in is then compared in its fine detail.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from marketplace.vision.marks.mark_poses import PictureFeatures
from marketplace.vision.marks.mark_views import UNIT_SQUARE, GreyPyramid, Quad
from marketplace.vision.marks.reference_images import UNITS, VIEW_PX, ReferenceImage

WINDOWS_PX = (12, 8)
WINDOW_ALIKE, GAIN_RATIO = 0.6, 2.0
FINE_BLURS = (1.0, 3.5)
FINE_WEIGHT = 1.5
OPAQUE_LEAST = 0.6  # of a window
VISIBLE_LEAST = 0.5  # of the reference, within the picture
# Views of less than so many px are compared with a reference that is as soft.
SOFT_BELOW_PX = ((28.0, 1.3), (44.0, 0.8))
# A picture's feature supports the reference if the laid-on reference has one alike: so far away (share of the mark's
# side), of such a size (logarithm of the ratio), turned so far, and with such a product of descriptors.
SUPPORT_SHARE, SUPPORT_LN, SUPPORT_RADIANS, SUPPORT_ALIKE = 0.07, 0.5, np.radians(35), 0.78
SUPPORT_CELL_PX = 2.0
_FLAT = 2.0  # grey levels: the standard deviation of a window without texture


@dataclass(frozen=True)
class MarkJudgement:
    """``score`` 0..1: how sure the windows are. ``gain``: the contrast of the view over the reference's."""

    score: float
    gain: float


NOTHING = MarkJudgement(0.0, 0.0)


def judge(reference: ReferenceImage, pyramid: GreyPyramid, quad: Quad) -> MarkJudgement:
    """Return how much the picture at a quadrilateral is the reference."""
    view, there = pyramid.view(quad, VIEW_PX)
    side = float(np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1).max())
    wanted = _softened(reference.small(VIEW_PX), side)
    opaque = reference.small_mask(VIEW_PX) > 128
    compared = (there & opaque).astype(np.float32)
    if compared.sum() < VISIBLE_LEAST * opaque.sum():
        return NOTHING
    seen, told = view.astype(np.float32), wanted.astype(np.float32)
    shares, agreed, gain = [], np.zeros((VIEW_PX, VIEW_PX), bool), 0.0
    for window in WINDOWS_PX:
        share, where, gain = _windows(seen, told, compared, window)
        shares.append(share)
        agreed |= where
    fine = _fine(seen, told, agreed)
    score = (sum(shares) + FINE_WEIGHT * max(0.0, fine)) / (len(WINDOWS_PX) + FINE_WEIGHT)
    return MarkJudgement(float(score), float(gain))


def _softened(view: NDArray[np.uint8], side_px: float) -> NDArray[np.uint8]:
    for below, blur in SOFT_BELOW_PX:
        if side_px < below:
            return np.asarray(cv2.GaussianBlur(view, (0, 0), blur), np.uint8)
    return view


def _windows(
    seen: NDArray[np.float32], told: NDArray[np.float32], compared: NDArray[np.float32], window: int
) -> tuple[float, NDArray[np.bool_], float]:
    """Return the share of the reference's texture whose windows agree, their pixels, and the median gain."""
    step = window // 2
    places = np.arange(0, VIEW_PX - window + 1, step) + window // 2

    def means(values: NDArray[np.float32]) -> NDArray[np.float64]:
        box = cv2.boxFilter(values, cv2.CV_64F, (window, window), anchor=(window // 2, window // 2))
        return np.asarray(box[np.ix_(places, places)], np.float64)

    mean_seen, mean_told = means(seen), means(told)
    var_seen = np.maximum(means(seen * seen) - mean_seen**2, 0)
    var_told = np.maximum(means(told * told) - mean_told**2, 0)
    both = means(seen * told) - mean_seen * mean_told
    texture = np.where((means(compared) >= OPAQUE_LEAST) & (var_told > _FLAT**2), np.sqrt(var_told), 0.0)
    visible = float(texture.sum())
    correlation = both / np.sqrt(np.maximum(var_seen * var_told, 1e-6))
    gains = both / np.maximum(var_told, 1e-6)
    alike = (correlation > WINDOW_ALIKE) & (texture > 0)
    if not alike.any():
        return 0.0, np.zeros(seen.shape, bool), 0.0
    gain = _weighted_median(gains[alike], texture[alike])
    alike &= (gains > gain / GAIN_RATIO) & (gains < gain * GAIN_RATIO)
    where = np.zeros(seen.shape, np.uint8)
    where[np.ix_(places, places)] = alike
    covered = cv2.dilate(where, np.ones((window, window)), anchor=(window // 2 - 1 + window % 2, window // 2 - 1))
    return float(texture[alike].sum() / visible), covered > 0, gain


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(reached, reached[-1] / 2)]])


def _fine(seen: NDArray[np.float32], told: NDArray[np.float32], agreed: NDArray[np.bool_]) -> float:
    """Return the correlation of fine detail where windows agree, -1..1."""
    if agreed.sum() < 2 * VIEW_PX:
        return 0.0
    one, other = (
        (cv2.GaussianBlur(view, (0, 0), FINE_BLURS[0]) - cv2.GaussianBlur(view, (0, 0), FINE_BLURS[1]))[agreed]
        for view in (seen, told)
    )
    one, other = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum() / scale) if scale > 1e-6 else 0.0


def support(reference: ReferenceImage, seen: PictureFeatures, quad: Quad) -> int:
    """Return how many distinct features of a picture the reference has too, laid onto a quadrilateral (px)."""
    side = float(np.ptp(quad, axis=0).max())
    low, high = quad.min(axis=0) - 0.1 * side, quad.max(axis=0) + 0.1 * side
    near = np.flatnonzero(((seen.points >= low) & (seen.points <= high)).all(axis=1))
    if not len(near) or not len(reference.points):
        return 0
    matrix = cv2.getPerspectiveTransform(UNIT_SQUARE, quad)
    laid = cv2.perspectiveTransform(reference.points[None], matrix)[0]
    across, down = quad[1] - quad[0], quad[3] - quad[0]
    ratio = float(np.sqrt(abs(across[0] * down[1] - across[1] * down[0]) / max(reference.aspect, 1e-6))) / UNITS
    turn = float(np.arctan2(across[1], across[0]))
    apart = np.linalg.norm(seen.points[near][:, None] - laid[None], axis=2) <= SUPPORT_SHARE * side
    resized = np.abs(np.log(seen.sizes[near][:, None] / (reference.sizes[None] * max(ratio, 1e-6)))) <= SUPPORT_LN
    angles = seen.angles[near][:, None] - reference.angles[None] - turn
    turned = np.abs((angles + np.pi) % (2 * np.pi) - np.pi) <= SUPPORT_RADIANS
    alike = apart & resized & turned
    alike[alike] &= (
        np.einsum(
            "nd,nd->n",
            seen.descriptors[near][np.nonzero(alike)[0]],
            reference.descriptors[np.nonzero(alike)[1]],
        )
        > SUPPORT_ALIKE
    )
    found = seen.points[near][alike.any(axis=1)]
    return len(np.unique(np.round(found / SUPPORT_CELL_PX), axis=0))
