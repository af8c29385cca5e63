"""Pictures of a video that need not be decoded: no other refers to them, and the rest are close enough together.

Encoders insert pictures that no other picture refers to (of H.264 about every second; ITU-T H.264 7.4.1,
``nal_ref_idc`` 0). They look like their neighbours and take two fifths of the time that decoding takes.
"""

import bisect
from collections.abc import Sequence
from typing import Any

GAP_S_MAX = 1 / 12 + 1e-3  # between two pictures that are left; a cut is located no coarser than by thumbnails
_SLICES = range(1, 6)
_HEADER_LEAST = 5


def length_bytes(codec: str, extradata: bytes | None) -> int | None:
    """Return how many bytes give the length of each unit of an H.264 packet (ISO/IEC 14496-15, avcC); None if a
    packet cannot be read that way."""
    if codec != "h264" or extradata is None or len(extradata) < _HEADER_LEAST or extradata[0] != 1:
        return None
    return (extradata[4] & 3) + 1


def unreferenced(packet: Any, length: int) -> bool:
    """Return whether no other picture refers to the one in an H.264 packet (bytes, or a buffer of them)."""
    view, at, slices = memoryview(packet), 0, 0
    while at + length < len(view):
        size, head = int.from_bytes(view[at : at + length], "big"), view[at + length]
        if head & 31 in _SLICES:
            if head & 0x60:
                return False
            slices += 1
        at += length + size
    return slices > 0


def spare(needed: Sequence[int], unneeded: Sequence[int], gap: float) -> frozenset[int]:
    """Return which of the unneeded moments have a needed one before and after that are at most ``gap`` apart (all in
    one unit)."""
    left = sorted(needed)
    found = set()
    for moment in unneeded:
        after = bisect.bisect_left(left, moment)
        if 0 < after < len(left) and left[after] - left[after - 1] <= gap:
            found.add(moment)
    return frozenset(found)
