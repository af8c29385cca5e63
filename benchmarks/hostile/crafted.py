"""Files made by hand to do harm, or to be refused for one reason each, as bytes; ``encoded`` has those that need an
encoder. Each says what may become of it: codes of ``limits.REFUSALS``, or ``taken`` where it is harmless.
"""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from PIL import Image

from benchmarks.hostile import clips
from benchmarks.hostile.boxes import (
    avcc,
    block,
    box,
    boxes,
    cluster,
    element,
    matroska,
    number,
    patched,
    payload_of,
    replaced,
    without,
)

TAKEN = "taken"
DAMAGED = ("damaged",)
HEAVY = ("damaged", "too_heavy")


@dataclass(frozen=True)
class Crafted:
    """A file, what may become of it, and whether it is large or slow (left out of quick runs)."""

    name: str
    may: tuple[str, ...]
    make: Callable[[Path], object]
    slow: bool = False


@dataclass(frozen=True)
class Base:
    """Sound clips that the crafted files start from, where a listener waits, and what a file would write."""

    mp4: bytes
    webm: bytes
    fragmented: bytes
    packets: list[bytes]
    port: int
    token: str


def base(folder: Path, port: int, token: str) -> Base:
    fragmented = {"movflags": "frag_keyframe+empty_moov"}
    webm = clips.write(folder / "base.webm", "libvpx-vp9", number=48)
    return Base(
        clips.write(folder / "base.mp4", number=48).read_bytes(),
        webm.read_bytes(),
        clips.write(folder / "fragmented.mp4", number=48, muxing=fragmented).read_bytes(),
        packets(webm),
        port,
        token,
    )


def _bytes(name: str, may: tuple[str, ...], data: bytes, slow: bool = False) -> Crafted:
    return Crafted(name, may, lambda path: path.write_bytes(data), slow)


def crafted(start: Base) -> list[Crafted]:
    return [
        *_other_kinds(start),
        *_broken_boxes(start),
        *_tables(start),
        *_claims(start),
        *_outward(start),
        *_ebml(start),
    ]


def _other_kinds(start: Base) -> list[Crafted]:
    gif, png, avif, packed = io.BytesIO(), io.BytesIO(), io.BytesIO(), io.BytesIO()
    picture = Image.fromarray(np.zeros((64, 96, 3), np.uint8))
    picture.save(gif, "GIF")
    picture.save(png, "PNG")
    picture.save(avif, "AVIF")
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("video.mp4", start.mp4)
    here = f"http://127.0.0.1:{start.port}/one.ts"
    playlist = f"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXTINF:10,\n{here}\n#EXT-X-ENDLIST\n".encode()
    script = f"ffconcat version 1.0\nfile '/etc/passwd'\nfile '{here}'\n".encode()
    ftyp = box(b"ftyp", b"isom\0\0\2\0isomiso2mp41")
    other = ("not_a_video",)
    return [
        _bytes("empty.mp4", ("empty",), b""),
        _bytes("one-byte.mp4", other, b"\0"),
        _bytes("text.mp4", other, b"Please decode me.\n" * 50),
        _bytes("page.mp4", other, f"<html><video src='{here}'></html>".encode()),
        _bytes("zip.mp4", other, packed.getvalue()),
        _bytes("gzip.mp4", other, gzip.compress(start.mp4)),
        _bytes("gif.mp4", other, gif.getvalue()),
        _bytes("png.mp4", other, png.getvalue()),
        _bytes("m3u8.mp4", other, playlist),
        _bytes("concat.mp4", other, script),
        _bytes("m3u8-behind-ftyp.mp4", DAMAGED, ftyp + playlist),
        _bytes("concat-in-mdat.mp4", DAMAGED, ftyp + box(b"mdat", script)),
        _bytes("still-picture.mp4", other, avif.getvalue()),
        _bytes("ftyp-and-noise.mp4", DAMAGED, ftyp + np.random.default_rng(1).bytes(100_000)),
        _bytes("ebml-and-noise.mkv", DAMAGED, b"\x1a\x45\xdf\xa3" + np.random.default_rng(2).bytes(100_000)),
    ]


def _nested(kind: bytes, deep: int) -> bytes:
    """Return boxes one inside the other; the innermost is empty."""
    return b"".join(struct.pack(">I4s", 8 * (deep - at), kind) for at in range(deep))


def _broken_boxes(start: Base) -> list[Crafted]:
    ftyp = box(b"ftyp", b"isom\0\0\2\0isomiso2mp41")
    flow = zlib.compressobj(9)
    bomb = flow.compress(bytes(64 * 1024**2)) + flow.flush()
    shrunk = box(b"moov", box(b"cmov", box(b"dcom", b"zlib"), box(b"cmvd", struct.pack(">I", 2**31 - 1), bomb)))
    own = box(b"moov", start.mp4[-2000:])
    inner = zlib.compress(own)
    again = box(b"moov", box(b"cmov", box(b"dcom", b"zlib"), box(b"cmvd", struct.pack(">I", len(own)), inner)))
    fragment = box(
        b"moof",
        box(b"mfhd", struct.pack(">II", 0, 99)),
        box(b"traf", box(b"tfhd", struct.pack(">II", 0x020000, 1)), box(b"trun", struct.pack(">II", 0, 2**28))),
    )
    keys = box(
        b"meta", bytes(4), box(b"hdlr", bytes(8), b"mdta", bytes(13)), box(b"keys", struct.pack(">II", 0, 2**28))
    )
    return [
        _bytes("no-moov.mp4", DAMAGED, without(start.mp4, b"moov")),
        _bytes("moov-only.mp4", DAMAGED, without(start.mp4, b"mdat")),
        _bytes("nested-10000.mp4", DAMAGED, ftyp + _nested(b"moov", 10_000)),
        _bytes("nested-udta-10000.mp4", (*DAMAGED, TAKEN), start.mp4 + _nested(b"udta", 10_000)),
        _bytes("size-2-to-63.mp4", DAMAGED, ftyp + struct.pack(">I4sQ", 1, b"moov", 2**63) + bytes(64)),
        _bytes("size-2-to-63-less-1.mp4", DAMAGED, ftyp + struct.pack(">I4sQ", 1, b"mdat", 2**63 - 1) + start.mp4),
        _bytes("size-4.mp4", DAMAGED, ftyp + struct.pack(">I4s", 4, b"moov") * 1000),
        _bytes("size-0.mp4", DAMAGED, ftyp + struct.pack(">I4s", 0, b"free") + start.mp4),
        _bytes("free-100000.mp4", (TAKEN,), start.mp4 + box(b"free") * 100_000),
        _bytes("junk-after-the-end.mp4", (TAKEN,), start.mp4 + np.random.default_rng(3).bytes(32 << 20)),
        _bytes("shrunk-moov-bomb.mp4", HEAVY, ftyp + shrunk),
        _bytes("shrunk-moov-in-moov.mp4", DAMAGED, ftyp + again),
        _bytes("trun-2-to-28.mp4", (*HEAVY, TAKEN), start.fragmented + fragment),
        _bytes("keys-2-to-28.mp4", (*DAMAGED, TAKEN), start.mp4 + box(b"moov", keys)),
        _bytes("cut-in-the-middle.mp4", DAMAGED, start.mp4[: len(start.mp4) // 2]),
        _bytes("cut-fragmented.mp4", (*DAMAGED, TAKEN), start.fragmented[: len(start.fragmented) // 2]),
        _bytes(
            "moov-twice.mp4",
            (*DAMAGED, TAKEN),
            start.mp4 + b"".join(start.mp4[a:b] for k, a, b in boxes(start.mp4) if k == b"moov"),
        ),
    ]


def _stts(*runs: tuple[int, int]) -> bytes:
    return box(b"stts", struct.pack(">II", 0, len(runs)), *(struct.pack(">II", *run) for run in runs))


def _tables(start: Base) -> list[Crafted]:
    data, (_, delta) = start.mp4, struct.unpack_from(">II", payload_of(start.mp4, b"stts"), 8)
    many = 8_000_000
    empty = replaced(data, b"stsz", box(b"stsz", struct.pack(">III", 0, 0, many), bytes(4 * many)))
    empty = replaced(empty, b"stts", _stts((many, 1)))
    empty = replaced(empty, b"stsc", box(b"stsc", struct.pack(">IIIII", 0, 1, 1, many, 1)))
    big = struct.pack(">I", 2**31)
    turned = replaced(data, b"stts", _stts(*[(1, 0xFFFFFF00 + at) for at in range(48)]))
    return [
        _bytes("stts-2-to-31.mp4", HEAVY, patched(data, b"stts", 4, big)),
        _bytes("stsz-2-to-31.mp4", HEAVY, patched(data, b"stsz", 8, big)),
        _bytes("stsz-bomb.mp4", HEAVY, replaced(data, b"stsz", box(b"stsz", struct.pack(">III", 0, 1, 2**27)))),
        _bytes("stsz-2-to-31-bytes-each.mp4", HEAVY, patched(data, b"stsz", 12, big * 40)),
        _bytes("stsc-2-to-31.mp4", (*HEAVY, TAKEN), patched(data, b"stsc", 4, big)),
        _bytes("stsc-bomb.mp4", (*HEAVY, TAKEN), patched(data, b"stsc", 12, big)),
        _bytes("stco-2-to-31.mp4", (*HEAVY, TAKEN), patched(data, b"stco", 4, big)),
        _bytes("stco-beyond-the-end.mp4", DAMAGED, patched(data, b"stco", 8, b"\xff\xff\xff\0")),
        _bytes("empty-samples.mp4", (*HEAVY, "too_fast", "too_long"), empty, slow=True),
        _bytes(
            "jump-forward.mp4",
            ("too_long", *DAMAGED),
            replaced(data, b"stts", _stts((24, delta), (1, 2**31 - 1), (23, delta))),
        ),
        _bytes("backward.mp4", (*DAMAGED, "too_fast", "too_long", TAKEN), turned),
        _bytes("all-at-once.mp4", (*DAMAGED, "too_fast", TAKEN), replaced(data, b"stts", _stts((48, 0)))),
        _bytes(
            "one-picture-of-ten-hours.mp4",
            ("too_long",),
            replaced(data, b"stts", _stts((47, delta), (1, delta * 24 * 36_000))),
        ),
    ]


def _claims(start: Base) -> list[Crafted]:
    data = start.mp4
    large, wide = struct.pack(">HH", 60_000, 60_000), struct.pack(">II", 60_000 << 16, 60_000 << 16)
    claimed = replaced(patched(patched(data, b"tkhd", 76, wide), b"avc1", 24, large), b"avcC", avcc(60_000, 60_000))
    skew = struct.pack(">9i", 46341, 46341, 0, -46341, 46341, 0, 0, 0, 1 << 30)
    hours = start.webm.replace(
        b"\x44\x89\x88" + start.webm.split(b"\x44\x89\x88")[1][:8], b"\x44\x89\x88" + struct.pack(">d", 36e6)
    )
    return [
        _bytes("claims-60000-px.mp4", ("too_many_pixels", *DAMAGED), claimed),
        _bytes("claims-60000-px-outside.mp4", (TAKEN, "too_many_pixels"), patched(data, b"avc1", 24, large)),
        _bytes("claims-0-px.mp4", (TAKEN, *DAMAGED), patched(data, b"avc1", 24, bytes(4))),
        _bytes(
            "claims-16-px-inside.mp4", ("too_small", "changes_size", *DAMAGED), replaced(data, b"avcC", avcc(16, 16))
        ),
        _bytes("claims-4096-px-inside.mp4", ("changes_size", *HEAVY), replaced(data, b"avcC", avcc(4096, 2304))),
        _bytes("time-scale-0.mp4", (*DAMAGED, TAKEN, "too_long"), patched(data, b"mdhd", 12, bytes(4))),
        _bytes("time-scale-1.mp4", (TAKEN, "too_long"), patched(data, b"mdhd", 12, struct.pack(">I", 1))),
        _bytes("time-scale-2-to-32.mp4", ("too_fast", *DAMAGED, TAKEN), patched(data, b"mdhd", 12, b"\xff" * 4)),
        _bytes("trimmed.mp4", (TAKEN,), patched(data, b"elst", 8, struct.pack(">II", 500, 12_288 // 4))),
        _bytes("turned-by-45-degrees.mp4", (TAKEN,), patched(data, b"tkhd", 40, skew)),
        _bytes("claims-ten-hours.webm", DAMAGED, hours),
        _bytes("cut-in-the-middle.webm", DAMAGED, start.webm[: len(start.webm) // 3]),
        _bytes("unknown-codec.mp4", ("codec", "no_picture"), data.replace(b"avc1", b"xyz1").replace(b"avcC", b"xyzC")),
    ]


def _alias(path: bytes) -> bytes:
    """Return a data reference of QuickTime that names a file elsewhere, as FFmpeg reads it (mov.c, mov_read_dref)."""
    volume, name = b"\0" * 28, bytes([4]) + b"file".ljust(63, b"\0")
    record = bytes(10) + volume + bytes(12) + name + bytes(16) + struct.pack(">HH", 1, 1) + bytes(16)
    told = struct.pack(">HH", 2, len(path)) + path + bytes(len(path) % 2)
    folder = struct.pack(">HH", 0, 4) + b"/etc" + struct.pack(">HH", 0xFFFF, 0)
    return box(b"alis", bytes(4), record, told, folder)


def _outward(start: Base) -> list[Crafted]:
    here = f"http://127.0.0.1:{start.port}/video.mp4".encode()

    def referring(entry: bytes) -> bytes:
        return replaced(start.mp4, b"dref", box(b"dref", struct.pack(">II", 0, 1), entry))

    return [
        _bytes("refers-to-passwd.mp4", (TAKEN, *DAMAGED), referring(box(b"url ", bytes(4), b"file:///etc/passwd\0"))),
        _bytes("refers-to-listener.mp4", (TAKEN, *DAMAGED), referring(box(b"url ", bytes(4), here + b"\0"))),
        _bytes("alias-to-passwd.mov", (TAKEN, *DAMAGED), referring(_alias(b"/etc/passwd"))),
        _bytes("alias-to-listener.mov", (TAKEN, *DAMAGED), referring(_alias(here))),
        _bytes(f"-i $(touch {start.token}); touch {start.token} #.mp4", (TAKEN,), start.mp4),
    ]


def packets(path: Path) -> list[bytes]:
    """Return the packets of a clip's pictures."""
    with av.open(str(path)) as container:
        return [bytes(one) for one in container.demux(container.streams.video[0]) if one.size]


_ZLIB = element(0x6D80, element(0x6240, number(0x5032, 1), number(0x5033, 0), element(0x5034, number(0x4254, 0))))


def _inflating(megabytes: int) -> bytes:
    """Return a zlib stream that grows to so many MB of zeros; its checksum is never reached."""
    flow = zlib.compressobj(9)
    flow.compress(b"")
    head = flow.compress(bytes(1024**2)) + flow.flush(zlib.Z_FULL_FLUSH)
    more = flow.compress(bytes(1024**2)) + flow.flush(zlib.Z_FULL_FLUSH)
    return head + more * (megabytes - 1)


def _ebml(start: Base) -> list[Crafted]:
    bomb = _inflating(700)
    deep = b""
    for _ in range(2000):
        deep = element(0x1043A770, deep)  # Chapters in Chapters
    vp9, good = b"V_VP9", [cluster(block(packet), at_ms=40 * at) for at, packet in enumerate(start.packets)]
    attached = element(
        0x1941A469,
        *(
            element(
                0x61A7,
                element(0x466E, b"../../x"),
                element(0x4660, b"font/ttf"),
                number(0x46AE, 7),
                element(0x465C, bytes(2000)),
            )
            for _ in range(40)
        ),
    )
    return [
        _bytes("huge-block.mkv", HEAVY, matroska(vp9, 96, 64, cluster(block(bytes(64), size=2**40)))),
        _bytes(
            "huge-block-inside.mkv",
            HEAVY,
            matroska(vp9, 96, 64, cluster(element(0xA3, b"\x81\0\0\x80", size=2**31 - 1))),
        ),
        _bytes("zlib-bomb.mkv", HEAVY, matroska(vp9, 96, 64, cluster(block(bomb)), inside=_ZLIB)),
        _bytes("zlib-bomb-private.mkv", HEAVY, matroska(vp9, 96, 64, inside=_ZLIB + element(0x63A2, bomb))),
        _bytes("nested-chapters.mkv", (TAKEN, *DAMAGED), matroska(vp9, 96, 64, deep, *good)),
        _bytes("40-attachments.mkv", ("too_many_streams",), matroska(vp9, 96, 64, attached, *good)),
        _bytes("60000-px.mkv", ("too_many_pixels", *DAMAGED), matroska(vp9, 60_000, 60_000, cluster(block(bytes(64))))),
        _bytes("no-pictures.mkv", DAMAGED, matroska(vp9, 96, 64)),
        _bytes(
            "element-2-to-56.mkv", DAMAGED, start.webm[:40] + element(0x18538067, b"", size=2**56 - 2) + bytes(1000)
        ),
        _bytes("200000-voids.mkv", (*DAMAGED, TAKEN), start.webm + element(0xEC) * 200_000),
    ]
