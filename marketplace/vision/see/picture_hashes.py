"""Hashes of pictures that survive encoding, captions, crops and bars, to find the same film again (PDQ, Meta 2019).

A picture is hashed in several views, since whoever posts a film again crops it or puts bars around it: the views of one
film that meet those of the other decide.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pdqhash
from numpy.typing import NDArray

from marketplace.vision.decode.frames import FrameCache, Picture
from marketplace.vision.see import picture_bars

BITS = 256
# Pictures that are stored are those nearest to the whole seconds, the same ones in each encoding of a film. A video
# that is held against the stored ones is looked at more often, for it may begin at any fraction of a second of theirs.
EVERY_S, LOOK_S = 1.0, 0.25
QUALITY_LEAST = 50  # pdqhash's own limit: a picture below it is too plain to be recognised
# Pictures of 21 pairs of unrelated filmed clips came no nearer than 92 bits in any two views; of one moment an encoding
# is 2 bits apart (median), a crop of 10 % 6, a caption bar 20, a crop of 5 % 32, a turn of 2 degrees 48.
NEAR_BITS = 48
SIDE_PX = 256
PLAIN, WHOLE, INNER, UPPER, BAND = "plain", "whole", "inner", "upper", "band"
INNER_SHARE, UPPER_SHARE = 0.9, 0.8
# Looked up and not stored: a film that was turned is enlarged so that no corner shows, and its middle, turned back, is
# the inner view of the original.
TURNED, TURNED_SHARE = {"turned_left": 2.0, "turned_right": -2.0}, 0.955
# A dark or pale picture is stretched to this range, at most so many times, for pdqhash takes it for a plain one. Its
# hash stays the same.
RANGE, STRETCH_MOST = 200.0, 4.0
# As stored before there were other views than these two.
MIRRORED = "mirrored"


@dataclass(frozen=True)
class PictureHash:
    """A hash (32 bytes) of the picture at ``at_s``; ``quality`` 0..100.

    ``view``: "plain" without dark bars, "whole" with them, "inner" the middle nine tenths of the plain one, "upper" its
    upper four fifths, above where captions are, "band" what is between two blurred or plain bars, "turned_left" and
    "turned_right" the middle turned by 2 degrees.
    """

    at_s: float
    view: str
    bits: bytes
    quality: int
    mirrored: bool = False


def views(picture: Picture) -> dict[str, Picture]:
    """Return what is hashed of a picture; views that would show the same are left out."""
    plain = picture_bars.without_dark_bars(picture)
    found = {
        PLAIN: plain,
        INNER: picture_bars.middle(plain, INNER_SHARE),
        UPPER: plain[: round(UPPER_SHARE * len(plain))],
    }
    if plain.shape != picture.shape:
        found[WHOLE] = picture
    band = picture_bars.between_bars(picture)
    if band is not None:
        found[BAND] = band
    for view, degrees in TURNED.items():
        found[view] = picture_bars.middle(_turned(plain, degrees), TURNED_SHARE)
    return found


def _turned(picture: Picture, degrees: float) -> Picture:
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8)


def of_picture(picture: Picture, at_s: float) -> list[PictureHash]:
    """Return the hashes of a picture's views and of their mirror images, without those that are too plain."""
    hashes = []
    for view, shown in views(picture).items():
        small = _stretched(np.asarray(cv2.resize(shown, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA), np.uint8))
        sides = (
            [(False, small)] if view in TURNED else [(False, small), (True, np.asarray(cv2.flip(small, 1), np.uint8))]
        )
        for mirrored, image in sides:
            bits, quality = pdqhash.compute(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
            if quality >= QUALITY_LEAST:
                hashes.append(PictureHash(at_s, view, np.packbits(bits).tobytes(), int(quality), mirrored))
    return hashes


def _stretched(picture: Picture) -> Picture:
    """Return a picture with at most RANGE levels between its darkest and its brightest hundredth."""
    low, high = np.percentile(picture, (1, 99))
    gain = min(STRETCH_MOST, RANGE / max(1.0, high - low))
    if gain <= 1:
        return picture
    return np.asarray(np.clip((picture - low) * gain + (255 - RANGE) / 2, 0, 255), np.uint8)


def of_video(cache: FrameCache) -> list[PictureHash]:
    """Return the hashes of a video's pictures, one picture each LOOK_S."""
    hashes: list[PictureHash] = []
    for index in nearest_to(cache.times, LOOK_S):
        hashes += of_picture(cache.small(index, 2 * SIDE_PX), round(cache.times[index], 3))
    return hashes


def nearest_to(times: Sequence[float], every_s: float) -> list[int]:
    """Return the indices of the times nearest to the multiples of ``every_s``, each once, in order."""
    at = np.asarray(times, float)
    if not len(at):
        return []
    grid = np.arange(0.0, at[-1] + 1e-6, every_s)
    after = np.minimum(np.searchsorted(at, grid), len(at) - 1)
    before = np.maximum(after - 1, 0)
    near = np.where(np.abs(at[after] - grid) <= np.abs(at[before] - grid), after, before)
    return sorted(set(near[np.abs(at[near] - grid) <= every_s / 2].tolist()))


def stored(hashes: Sequence[PictureHash]) -> list[PictureHash]:
    """Return the hashes of a video that the market keeps: of the pictures nearest to whole seconds, not mirrored or
    turned, for a copy that is brings those views itself."""
    times = sorted({hash_.at_s for hash_ in hashes})
    kept = {times[index] for index in nearest_to(times, EVERY_S)}
    return [hash_ for hash_ in hashes if hash_.at_s in kept and not hash_.mirrored and hash_.view not in TURNED]


def seconds(hashes: Iterable[PictureHash]) -> int:
    """Return in how many whole seconds of a video there is a hash."""
    return len({int(hash_.at_s / EVERY_S + 1e-6) for hash_ in hashes})


def looks(hashes: Sequence[PictureHash]) -> list[PictureHash]:
    """Return the hashes that are held against all that the market has seen: of one picture for each second, each a
    quarter of a second later in its second than the one before, so that a film that begins at any fraction of a second
    of the other meets it in one second of four."""
    times = sorted({hash_.at_s for hash_ in hashes})
    if not times:
        return []
    step = EVERY_S + LOOK_S
    at = np.asarray(times)
    moments = [(second * EVERY_S + second % 4 * LOOK_S) for second in range(int(at[-1] / EVERY_S) + 1)]
    chosen = {times[int(np.abs(at - moment).argmin())] for moment in moments if moment <= at[-1] + step}
    return [hash_ for hash_ in hashes if hash_.at_s in chosen]


def table(hashes: Iterable[bytes]) -> NDArray[np.uint64]:
    """Return hashes as rows of four 64-bit words, for ``distances``."""
    return np.frombuffer(b"".join(hashes), np.uint64).reshape(-1, BITS // 64)


def distances(hash_: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the number of bits in which each of ``others`` (n x 4) differs from ``hash_`` (4)."""
    return np.asarray(np.bitwise_count(others ^ hash_).sum(axis=1), np.int64)
