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
QUALITY_LEAST = 50  # pdqhash's own limit: a picture below it is too plain to be recognised
# Unrelated pictures were measured at 98 bits apart and more; a new encoding at 18, a caption bar at 24, speed at 66.
NEAR_BITS = 40
SIDE_PX = 256
BAR_LEVEL, BAR_SPREAD = 24.0, 6.0
TRIM_STEP = 4  # px: bars are cut this exactly; a hash resolves a 64th of the side


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
    """Return the hashes of a picture and of its mirror image, without bars; none if it is too plain."""
    small = cv2.resize(trimmed(picture), (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    hashes = []
    for view, image in (("plain", small), ("mirrored", cv2.flip(small, 1))):
        bits, quality = pdqhash.compute(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
        if quality >= QUALITY_LEAST:
            hashes.append(PictureHash(at_s, view, np.packbits(bits).tobytes(), int(quality)))
    return hashes


def of_video(cache: FrameCache) -> list[PictureHash]:
    """Return the hashes of a video's pictures, one each EVERY_S."""
    hashes: list[PictureHash] = []
    last = -EVERY_S
    for index, time in enumerate(cache.times):
        if time - last >= EVERY_S - 1e-6:
            last = time
            hashes += of_picture(cache.picture(index), round(time, 3))
    return hashes


def table(hashes: Iterable[bytes]) -> NDArray[np.uint64]:
    """Return hashes as rows of four 64-bit words, for ``distances``."""
    return np.frombuffer(b"".join(hashes), np.uint64).reshape(-1, BITS // 64)


def distances(hash_: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the number of bits in which each of ``many`` (n x 4) differs from ``one`` (4)."""
    return np.asarray(np.bitwise_count(others ^ hash_).sum(axis=1), np.int64)


@dataclass(frozen=True)
class PictureMatch:
    """Two pictures that are the same: when in each video (s), how many bits apart, mirrored or not."""

    at_s: float
    other_s: float
    bits: int
    mirrored: bool


def matches(new: Sequence[PictureHash], known: Sequence[PictureHash]) -> list[PictureMatch]:
    """Return for each picture of ``new`` its nearest one in ``known``, if that is within NEAR_BITS. Mirrored views of
    ``new`` are compared with plain views of ``known``."""
    plain = [hash_ for hash_ in known if hash_.view == "plain"]
    if not plain:
        return []
    rows = table(hash_.bits for hash_ in plain)
    best: dict[float, PictureMatch] = {}
    for hash_ in new:
        bits_apart = distances(table([hash_.bits])[0], rows)
        nearest = int(bits_apart.argmin())
        bits = int(bits_apart[nearest])
        if bits <= NEAR_BITS and (hash_.at_s not in best or bits < best[hash_.at_s].bits):
            best[hash_.at_s] = PictureMatch(hash_.at_s, plain[nearest].at_s, bits, hash_.view == "mirrored")
    return [best[nearest] for nearest in sorted(best)]
