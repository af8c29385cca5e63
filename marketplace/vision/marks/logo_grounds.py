"""What a transparent image may look like in a film: on light and on dark, and printed all in black or all in white."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from marketplace.vision.decode.frames import Picture

OPAQUE_LEAST = 128  # of 255
# An image is a transparent one if more than this share of it is not opaque.
TRANSPARENT_LEAST = 0.02
# Around the image, and around what is opaque in it, in shares of the longer side: a mark's corners are at its rim, and
# are features only together with the ground beside them.
MARGIN = 0.07
LIGHT, DARK = 235.0, 25.0
# Of two that look so much alike (correlation) one is enough; a mark that does not differ so much from its ground (grey
# levels) cannot be seen on it.
ALIKE, CONTRAST_LEAST = 0.97, 40.0
_WEIGHTS = np.asarray([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class LogoGround:
    """Grey values, what of them counts (0..255), and the margin around the image (share of its longer side)."""

    grey: Picture
    mask: Picture
    margin: float = 0.0


def grounds(rgba: NDArray[np.float32]) -> list[LogoGround]:
    """Return what an image (height x width x 4, 0..255) may look like: itself, or up to four of a transparent one."""
    grey, opacity = rgba[..., :3] @ _WEIGHTS, rgba[..., 3]
    if float((opacity < OPAQUE_LEAST).mean()) <= TRANSPARENT_LEAST:
        return [LogoGround(grey.astype(np.uint8), np.full(grey.shape, 255, np.uint8))]
    gap = max(2, round(MARGIN * max(grey.shape)))
    grey, opacity = (np.pad(one, gap) for one in (grey, opacity))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * gap + 1, 2 * gap + 1))
    mask = np.asarray(cv2.dilate((opacity >= OPAQUE_LEAST).astype(np.uint8) * 255, kernel), np.uint8)
    share = opacity / 255
    ink = float((grey * share).sum() / share.sum())
    looks: list[NDArray[np.float32]] = []
    for tone, ground in ((None, LIGHT), (None, DARK), (255.0, DARK), (0.0, LIGHT)):
        contrast = abs((ink if tone is None else tone) - ground)
        if contrast < CONTRAST_LEAST and float(grey[share > 0.5].std()) < CONTRAST_LEAST:
            continue
        looks.append(np.asarray((grey if tone is None else tone) * share + ground * (1 - share), np.float32))
    kept: list[NDArray[np.float32]] = []
    for look in looks:
        if all(_correlation(look, other, mask) <= ALIKE for other in kept):
            kept.append(look)
    return [LogoGround(look.astype(np.uint8), mask, gap / max(rgba.shape[:2])) for look in kept]


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32], mask: Picture) -> float:
    first, second = one[mask > 0], other[mask > 0]
    first, second = first - first.mean(), second - second.mean()
    scale = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum() / scale) if scale > 1e-6 else 1.0
