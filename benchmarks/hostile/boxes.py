"""Bytes of containers: boxes of ISO/IEC 14496-12, elements of EBML (RFC 8794), a parameter set of H.264."""

import struct
from collections.abc import Iterator

_PARENTS = frozenset((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"edts", b"udta"))
# Boxes with fields or a table before their children: bytes to skip.
_FIELDS = {b"stsd": 8, b"avc1": 78, b"hvc1": 78, b"hev1": 78, b"vp09": 78, b"av01": 78, b"mp4v": 78}


def box(kind: bytes, *payload: bytes) -> bytes:
    body = b"".join(payload)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def boxes(data: bytes, begin: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, begin and end (with the header of 8 bytes) of the boxes in a stretch of sound data."""
    end = len(data) if end is None else end
    while begin + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, begin)
        if size < 8 or begin + size > end:
            return
        yield kind, begin, begin + size
        begin += size


def _inside(kind: bytes) -> int | None:
    return 8 if kind in _PARENTS else 8 + _FIELDS[kind] if kind in _FIELDS else None


def walk(data: bytes, begin: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """Yield all boxes, a parent before its children."""
    for kind, start, stop in boxes(data, begin, end):
        yield kind, start, stop
        skip = _inside(kind)
        if skip is not None:
            yield from walk(data, start + skip, stop)


def replaced(data: bytes, wanted: bytes, new: bytes, begin: int = 0, end: int | None = None) -> bytes:
    """Return data with each box of a kind replaced by other bytes, the sizes of its parents mended.

    Offsets into ``mdat`` stay right only where ``moov`` comes after it, as FFmpeg writes it.
    """
    parts = []
    for kind, start, stop in boxes(data, begin, end):
        skip = _inside(kind)
        if kind == wanted:
            parts.append(new)
        elif skip is None:
            parts.append(data[start:stop])
        else:
            parts.append(box(kind, data[start + 8 : start + skip], replaced(data, wanted, new, start + skip, stop)))
    return b"".join(parts)


def payload_of(data: bytes, wanted: bytes) -> bytes:
    """Return the payload of the first box of a kind."""
    return next(data[start + 8 : stop] for kind, start, stop in walk(data) if kind == wanted)


def patched(data: bytes, kind: bytes, at: int, new: bytes) -> bytes:
    """Return data with bytes written over the payload of the first box of a kind, ``at`` bytes into it."""
    start = next(start for found, start, _ in walk(data) if found == kind) + 8 + at
    return data[:start] + new + data[start + len(new) :]


def without(data: bytes, *kinds: bytes) -> bytes:
    """Return data without its outermost boxes of some kinds."""
    return b"".join(data[start:stop] for kind, start, stop in boxes(data) if kind not in kinds)


def element(name: int, *payload: bytes, size: int | None = None) -> bytes:
    """Return an EBML element with its size in eight bytes; ``size`` claims another one."""
    body = b"".join(payload)
    head = name.to_bytes((name.bit_length() + 7) // 8, "big")
    return head + ((1 << 56) | (len(body) if size is None else size)).to_bytes(8, "big") + body


def number(name: int, value: int) -> bytes:
    return element(name, value.to_bytes(8, "big"))


def matroska(codec: bytes, width: int, height: int, *clusters: bytes, inside: bytes = b"") -> bytes:
    """Return a Matroska file of one picture track; ``inside`` goes into its TrackEntry (RFC 9559)."""
    video = element(0xE0, number(0xB0, width), number(0xBA, height))
    entry = element(
        0xAE,
        number(0xD7, 1),
        number(0x73C5, 1),
        number(0x83, 1),
        element(0x86, codec),
        number(0x23E383, 40_000_000),
        video,
        inside,
    )
    told = element(0x1549A966, number(0x2AD7B1, 1_000_000))
    head = element(0x1A45DFA3, element(0x4282, b"matroska"), number(0x4287, 4), number(0x4285, 2))
    return head + element(0x18538067, told, element(0x1654AE6B, entry), *clusters)


def cluster(*blocks: bytes, at_ms: int = 0) -> bytes:
    return element(0x1F43B675, number(0xE7, at_ms), *blocks)


def block(payload: bytes, at_ms: int = 0, size: int | None = None) -> bytes:
    """Return a SimpleBlock of track 1, a key frame."""
    return element(0xA3, b"\x81" + struct.pack(">hB", at_ms, 0x80) + payload, size=size)


class _Bits:
    def __init__(self) -> None:
        self.bits: list[int] = []

    def put(self, value: int, count: int) -> None:
        self.bits += [value >> (count - 1 - at) & 1 for at in range(count)]

    def golomb(self, value: int) -> None:
        count = (value + 1).bit_length()
        self.put(value + 1, 2 * count - 1)

    def ended(self) -> bytes:
        self.put(1, 1)
        self.bits += [0] * (-len(self.bits) % 8)
        return bytes(int("".join(map(str, self.bits[at : at + 8])), 2) for at in range(0, len(self.bits), 8))


def avcc(width: int, height: int) -> bytes:
    """Return the configuration of an H.264 track (box ``avcC``) whose pictures have a size in px, multiples of 16."""
    sps = _Bits()
    for value in (66, 0, 51):  # baseline, level 5.1
        sps.put(value, 8)
    for value in (0, 0, 2, 1):  # id, frame number, order of pictures, reference frames
        sps.golomb(value)
    sps.put(0, 1)
    sps.golomb(width // 16 - 1)
    sps.golomb(height // 16 - 1)
    sps.put(0b1100, 4)  # frames only, direct 8x8, no cropping, no VUI
    pps = _Bits()
    for value in (0, 0):
        pps.golomb(value)
    pps.put(0, 2)
    for value in (0, 0, 0):
        pps.golomb(value)
    pps.put(0, 3)
    for value in (0, 0, 0):
        pps.golomb(value)
    pps.put(0, 3)
    one, two = b"\x67" + sps.ended(), b"\x68" + pps.ended()
    head = b"\x01\x42\x00\x33\xff\xe1" + struct.pack(">H", len(one)) + one
    return box(b"avcC", head, b"\x01" + struct.pack(">H", len(two)) + two)
