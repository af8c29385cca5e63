"""From which size on an image is found: drawn into pictures without a brand, and looked for as in a film."""

import cv2
import numpy as np

from marketplace.vision.decode.frames import Picture
from marketplace.vision.marks import mark_search
from marketplace.vision.marks.mark_tracking import MarkTracker
from marketplace.vision.marks.mark_views import UNIT_SQUARE, Quad
from marketplace.vision.marks.null_pictures import SIDE_PX, null_pictures
from marketplace.vision.marks.reference_images import ReferenceImage

SIZES_PX = (32, 40, 48, 64, 80, 96, 128)
GROUNDS = (0, 3, 11, 17, 22, 31)  # of the pictures without a brand: two walls, leaves, words, a shelf, people
FOUND_LEAST = 5  # of them; a film shows a mark in several pictures
ENCODED = 75  # JPEG quality: about what a platform leaves of a picture
# Found where its middle is within this share of its side, at a size within this ratio.
NEAR_SHARE, NEAR_RATIO = 0.2, 1.4


def least_px(reference: ReferenceImage) -> int | None:
    """Return the longer side in px from which a reference is found in most pictures; None: from none.

    A transparent image is shown on light, or where it is light itself, on dark.
    """
    return int(mark_search.remembered(f"{reference.sha256}.px", lambda: _least_px(reference) or 0)) or None


def _least_px(reference: ReferenceImage) -> int | None:
    if not mark_search.findable(reference):
        return None
    least = None
    for size in reversed(SIZES_PX):
        if sum(_is_found(reference, null_pictures()[ground], size) for ground in GROUNDS) < FOUND_LEAST:
            break
        least = size
    return least


def _is_found(reference: ReferenceImage, ground: Picture, size: int) -> bool:
    picture, quad = shown(reference, ground, size)
    found = MarkTracker(_Still(picture), [reference]).look(0, [0])
    return any(_is_there(mark.quad, quad) for _, mark in found)


def _is_there(one: Quad, other: Quad) -> bool:
    apart = float(np.linalg.norm(one.mean(axis=0) - other.mean(axis=0)))
    side, wanted = (float(np.ptp(quad, axis=0).max()) for quad in (one, other))
    return apart <= NEAR_SHARE * wanted and 1 / NEAR_RATIO <= side / wanted <= NEAR_RATIO


def shown(reference: ReferenceImage, ground: Picture, size: int) -> tuple[Picture, Quad]:
    """Return a ground with a reference in its middle, ``size`` px long, encoded, and where it is."""
    scale = size / max(reference.image.shape)
    high, wide = (max(4, round(side * scale)) for side in reference.image.shape)
    mark = cv2.resize(reference.image, (wide, high), interpolation=cv2.INTER_AREA)
    left, top = (SIDE_PX - wide) // 2, (SIDE_PX - high) // 2
    picture = ground.copy()
    picture[top : top + high, left : left + wide] = mark
    coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, ENCODED])[1]
    quad = UNIT_SQUARE * np.asarray([wide, high]) + np.asarray([left, top])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8), np.asarray(quad, np.float32)


class _Still:
    """One picture as a film."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture

    def __len__(self) -> int:
        return 1

    def grey(self, index: int) -> Picture:
        return self._picture
