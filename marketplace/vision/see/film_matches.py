"""Which seconds of a film show the same pictures as another film, told from the hashes of both."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from marketplace.vision.see import picture_hashes, repeat_runs
from marketplace.vision.see.picture_hashes import NEAR_BITS, PictureHash
from marketplace.vision.see.repeat_runs import AlikePair, Bits, Times


@dataclass(frozen=True)
class PictureMatch:
    """Two pictures that are the same: when in each video (s), how many bits apart, mirrored or not."""

    at_s: float
    other_s: float
    bits: int
    mirrored: bool


def matches(new: Sequence[PictureHash], known: Sequence[PictureHash]) -> list[PictureMatch]:
    """Return the nearest match in each second of ``new`` in which it is in step with ``known``.

    ``known`` holds no mirrored views; those of ``new`` find a mirrored copy. Films of less than three pictures have no
    steps to keep: each picture of theirs that is near counts, as do those of a film that is one still picture.
    """
    found = [_matches(new, known, mirrored) for mirrored in (False, True)]
    return max(found, key=len)


def _matches(new: Sequence[PictureHash], known: Sequence[PictureHash], mirrored: bool) -> list[PictureMatch]:
    looked = [hash_ for hash_ in new if hash_.mirrored == mirrored]
    times, other_times = _times(looked), _times(known)
    if not len(times) or not len(other_times):
        return []
    bits = _distances(looked, times, known, other_times)
    if _few(looked) or _few(known) or repeat_runs.same_still(bits, _own_distances(looked, times), NEAR_BITS):
        nearest = bits.argmin(axis=1)
        pairs = [
            AlikePair(this, int(other), int(bits[this, other]))
            for this, other in enumerate(nearest)
            if bits[this, other] <= NEAR_BITS
        ]
    else:
        pairs = repeat_runs.in_step(times, other_times, bits, NEAR_BITS)
    by_second: dict[int, PictureMatch] = {}
    for pair in pairs:
        match = PictureMatch(float(times[pair.this]), float(other_times[pair.other]), pair.bits, mirrored)
        second = int(match.at_s)
        if second not in by_second or match.bits < by_second[second].bits:
            by_second[second] = match
    return [by_second[second] for second in sorted(by_second)]


def _few(hashes: Sequence[PictureHash]) -> bool:
    return picture_hashes.seconds(hashes) < repeat_runs.RUN_LEAST


def _times(hashes: Sequence[PictureHash]) -> Times:
    return np.asarray(sorted({hash_.at_s for hash_ in hashes}), np.float64)


def _own_distances(hashes: Sequence[PictureHash], times: Times) -> Bits:
    """Return in how many bits the pictures of one view differ, [n, n]."""
    plain = [hash_ for hash_ in hashes if hash_.view == picture_hashes.PLAIN]
    rows = picture_hashes.table(hash_.bits for hash_ in plain[:: max(1, len(plain) // 100)])
    return np.stack([picture_hashes.distances(row, rows) for row in rows]) if len(rows) else np.zeros((0, 0), np.int64)


def _distances(new: Sequence[PictureHash], times: Times, known: Sequence[PictureHash], other_times: Times) -> Bits:
    """Return in how many bits the nearest views of two pictures differ, [n, m]."""
    found = np.full((len(times), len(other_times)), picture_hashes.BITS, np.int64)
    rows = picture_hashes.table(hash_.bits for hash_ in new)
    places = np.searchsorted(times, [hash_.at_s for hash_ in new])
    others = np.searchsorted(other_times, [hash_.at_s for hash_ in known])
    for hash_, other in zip(picture_hashes.table(hash_.bits for hash_ in known), others, strict=True):
        np.minimum.at(found[:, other], places, picture_hashes.distances(hash_, rows))
    return found
