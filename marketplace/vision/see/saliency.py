"""Measures how much a place draws the eye, by what stands out from the picture's spectrum (Hou and Zhang 2007)."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from marketplace.vision.decode.frames import Picture
from marketplace.vision.marks.mark_detection import Quad

SIDE_PX = 320
# A composited label with 1.4 % of the area was measured with 10 % of the saliency: seven times its share. The curve
# puts an average place at 1/3 and that label near 0.8; it is a relative weight, not a count of gazes.
HALF_AT = 2.0


class SaliencyMap:
    """Weighs places of a picture."""

    def __init__(self) -> None:
        self._by: Any = cv2.saliency.StaticSaliencySpectralResidual.create()

    def map(self, picture: Picture) -> NDArray[np.float32]:
        """Return the saliency map of a picture at SIDE_PX, summing to 1."""
        scale = SIDE_PX / max(picture.shape[:2])
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        _, saliency = self._by.computeSaliency(small)
        total = float(saliency.sum())
        return np.asarray(saliency / total if total > 0 else np.full_like(saliency, 1 / saliency.size), np.float32)


def weight(saliency: NDArray[np.float32], quad: Quad, shape: tuple[int, ...]) -> float:
    """Return how much a place (px of a picture of ``shape``) draws the eye, 0..1; an average place has 1/3."""
    scale = np.asarray([saliency.shape[1] / shape[1], saliency.shape[0] / shape[0]], np.float32)
    mask = np.zeros(saliency.shape, np.uint8)
    cv2.fillConvexPoly(mask, np.round(quad * scale).astype(np.int32), 1)
    inside = mask > 0
    share = float(inside.sum()) / mask.size
    if share == 0.0:
        return 0.0
    ratio = float(saliency[inside].sum()) / share
    return ratio / (ratio + HALF_AT)
