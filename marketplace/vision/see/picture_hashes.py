"""Hashes of pictures that survive encoding, captions and mirroring, to find the same film again (PDQ, Meta 2019)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pdqhash
from numpy.typing import NDArray

from marketplace.vision.decode.frames import FrameCache, Picture

BITS = 256
EVERY_S = 1.0
QUALITY_LEAST = 50  # pdqhash's own limit under which a picture is too plain to tell anything
# Unrelated pictures were measured at 98 bits apart and more; a new encoding at 18, a caption bar at 24, speed at 66.
NEAR_BITS = 40
SIDE_PX = 256
BAR_LEVEL, BAR_SPREAD = 24.0, 6.0
TRIM_STEP = 4  # px to which bars are cut exactly; a hash sees a 64th of the side


@dataclass(frozen=True)
class PictureHash:
    """A hash (32 bytes) of the picture at ``at_s``; ``view`` plain or mirrored, ``quality`` 0..100."""

    at_s: float
    view: str
    bits: bytes
    quality: int


def trimmed(picture: Picture) -> Picture:
    """Return a picture without the plain dark bars around it."""
    small = cv2.resize(picture, None, fx=1 / TRIM_STEP, fy=1 / TRIM_STEP, interpolation=cv2.INTER_AREA)
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.float32)
    rows = np.nonzero((grey.mean(axis=1) > BAR_LEVEL) | (grey.std(axis=1) > BAR_SPREAD))[0]
    columns = np.nonzero((grey.mean(axis=0) > BAR_LEVEL) | (grey.std(axis=0) > BAR_SPREAD))[0]
    if len(rows) < grey.shape[0] // 8 or len(columns) < grey.shape[1] // 8:
        return picture
    (top, bottom), (left, right) = ((side[0] * TRIM_STEP, (side[-1] + 1) * TRIM_STEP) for side in (rows, columns))
    return picture[top:bottom, left:right]


def of_picture(picture: Picture, at_s: float) -> list[PictureHash]:
    """Return the hashes of a picture and of its mirror image, bars trimmed; none where it is too plain."""
    small = cv2.resize(trimmed(picture), (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    found = []
    for view, shown in (("plain", small), ("mirrored", cv2.flip(small, 1))):
        bits, quality = pdqhash.compute(cv2.cvtColor(shown, cv2.COLOR_BGR2RGB))
        if quality >= QUALITY_LEAST:
            found.append(PictureHash(at_s, view, np.packbits(bits).tobytes(), int(quality)))
    return found


def of_video(cache: FrameCache) -> list[PictureHash]:
    """Return the hashes of a video's pictures, one each EVERY_S."""
    found: list[PictureHash] = []
    last = -EVERY_S
    for at, time in enumerate(cache.times):
        if time - last >= EVERY_S - 1e-6:
            last = time
            found += of_picture(cache.picture(at), round(time, 3))
    return found


def table(hashes: Iterable[bytes]) -> NDArray[np.uint64]:
    """Return hashes as rows of four 64-bit words, for ``distances``."""
    return np.frombuffer(b"".join(hashes), np.uint64).reshape(-1, BITS // 64)


def distances(one: NDArray[np.uint64], many: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the number of bits in which each of ``many`` (n x 4) differs from ``one`` (4)."""
    return np.asarray(np.bitwise_count(many ^ one).sum(axis=1), np.int64)


@dataclass(frozen=True)
class PictureMatch:
    """Two pictures that are the same: when in each video (s), how many bits apart, mirrored or not."""

    at_s: float
    other_s: float
    bits: int
    mirrored: bool


def matches(new: Sequence[PictureHash], known: Sequence[PictureHash]) -> list[PictureMatch]:
    """Return, for each picture of ``new``, its nearest in ``known`` where that is near. Mirrored views of ``new``
    are held against plain views of ``known``."""
    plain = [one for one in known if one.view == "plain"]
    if not plain:
        return []
    rows = table(one.bits for one in plain)
    best: dict[float, PictureMatch] = {}
    for one in new:
        far = distances(table([one.bits])[0], rows)
        at = int(far.argmin())
        bits = int(far[at])
        if bits <= NEAR_BITS and (one.at_s not in best or bits < best[one.at_s].bits):
            best[one.at_s] = PictureMatch(one.at_s, plain[at].at_s, bits, one.view == "mirrored")
    return [best[at] for at in sorted(best)]
