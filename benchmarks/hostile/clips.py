"""Small sound clips in every codec and container taken, and what accidents and attackers make of their bytes."""

import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.hostile.boxes import walk
from marketplace.demo.clips import DrawnScene

SOUND_HZ = 48_000
# Options that make encoders quick and their output the same at every run.
_QUICK: dict[str, dict[str, str]] = {
    "libx264": {"preset": "ultrafast", "g": "12"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none:pools=none:frame-threads=1:keyint=12"},
    "libvpx-vp9": {"cpu-used": "8", "deadline": "realtime", "g": "12"},
    "libvpx": {"cpu-used": "8", "deadline": "realtime"},
    "libsvtav1": {"preset": "12", "svtav1-params": "lp=1:keyint=12"},
}
FORMS = (
    ("mp4", "libx264", "aac"),
    ("mp4", "libx264", None),
    ("mov", "libx265", "pcm_s16le"),
    ("mp4", "libx265", None),
    ("webm", "libvpx-vp9", "libopus"),
    ("webm", "libvpx-vp9", None),
    ("mp4", "libsvtav1", "aac"),
    ("mkv", "libsvtav1", None),
    ("mkv", "libx264", "flac"),
    ("mp4", "mpeg4", "libmp3lame"),
    ("webm", "libvpx", None),
    ("mkv", "libx265", "ac3"),
)


def write(
    path: Path,
    codec: str = "libx264",
    sound: str | None = None,
    *,
    size: tuple[int, int] = (96, 64),
    fps: int = 24,
    number: int = 24,
    pixels: str = "yuv420p",
    options: dict[str, str] | None = None,
    muxing: dict[str, str] | None = None,
    black: bool = False,
) -> Path:
    """Write a clip of ``number`` pictures, with a tone as long if ``sound`` names a codec."""
    scene = DrawnScene(*size, 3, 0.5)
    with av.open(str(path), "w", options=muxing or {}) as container:
        video: Any = container.add_stream(codec, rate=fps)
        video.width, video.height, video.pix_fmt, video.thread_count = *size, pixels, 1
        video.options = _QUICK.get(codec, {}) | (options or {})
        audio: Any = container.add_stream(sound, rate=SOUND_HZ) if sound else None
        dark = av.VideoFrame.from_ndarray(np.zeros((size[1], size[0], 3), np.uint8), format="bgr24")
        for at in range(number):
            frame = dark if black else av.VideoFrame.from_ndarray(scene.frame(at / fps), format="bgr24")
            frame.pts = None
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if audio is not None:
            tone(container, audio, number / fps)
    return path


def tone(container: Any, audio: Any, seconds: float) -> None:
    """Encode a steady tone, mono, -1..1 or 16 bit as the codec asks."""
    whole = audio.codec_context.format.name in ("s16", "s16p")
    step = audio.codec_context.frame_size or 1024
    for at in range(0, int(seconds * SOUND_HZ), step):
        wave = 0.3 * np.sin(np.arange(at, at + step) / 20)[None]
        samples = (wave * 32767).astype(np.int16) if whole else wave.astype(np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="s16p" if whole else "fltp", layout="mono")
        frame.sample_rate, frame.pts = SOUND_HZ, at
        container.mux(audio.encode(frame))
    container.mux(audio.encode())


def valid(folder: Path) -> list[Path]:
    """Write one clip of every form; all of them must be taken."""
    return [write(folder / f"{codec}-{sound}.{kind}", codec, sound) for kind, codec, sound in FORMS]


Random = np.random.Generator
Change = Callable[[bytearray, bytes, Random], bytes | bytearray]


def _place(data: bytearray, random: Random) -> int:
    """Return a place in the file: one in three at the beginning or the end, where headers stand."""
    near = int(random.integers(0, min(1500, len(data))))
    return (int(random.integers(0, len(data))), near, len(data) - 1 - near)[int(random.choice(3, p=(0.4, 0.3, 0.3)))]


def flip(data: bytearray, _other: bytes, random: Random) -> bytearray:
    for _ in range(int(random.choice((1, 4, 16, 256)))):
        data[_place(data, random)] ^= 1 << int(random.integers(0, 8))
    return data


def run(data: bytearray, _other: bytes, random: Random) -> bytearray:
    """Write a run of zeros, ones or noise over a stretch."""
    at, length = _place(data, random), int(random.choice((4, 64, 1024)))
    fill = (bytes(length), b"\xff" * length, random.bytes(length))[int(random.integers(0, 3))]
    length = min(length, len(data) - at)
    data[at : at + length] = fill[:length]
    return data


def cut(data: bytearray, _other: bytes, random: Random) -> bytes:
    return bytes(data[: int(random.integers(1, len(data)))])


def gone(data: bytearray, _other: bytes, random: Random) -> bytearray:
    """Take a stretch out."""
    at = _place(data, random)
    del data[at : at + int(random.choice((1, 7, 512, 4096)))]
    return data


def twice(data: bytearray, _other: bytes, random: Random) -> bytearray:
    """Repeat a stretch, up to a hundred times."""
    at = _place(data, random)
    part = bytes(data[at : at + int(random.choice((1, 8, 512)))])
    data[at:at] = part * int(random.choice((1, 3, 100)))
    return data


def splice(data: bytearray, other: bytes, random: Random) -> bytes:
    return bytes(data[: int(random.integers(1, len(data)))]) + other[int(random.integers(0, len(other))) :]


_NUMBERS = (0, 1, 7, 0xFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_IDS = (
    b"\x18\x53\x80\x67",
    b"\x1f\x43\xb6\x75",
    b"\x16\x54\xae\x6b",
    b"\x15\x49\xa9\x66",
    b"\xae",
    b"\xb0",
    b"\xba",
    b"\xa3",
    b"\x63\xa2",
    b"\x44\x89",
    b"\x2a\xd7\xb1",
    b"\x23\xe3\x83",
    b"\xe7",
    b"\x53\xb8",
    b"\x1c\x53\xbb\x6b",
)


def _value(random: Random) -> int:
    return int(random.choice(_NUMBERS)) if random.random() < 0.7 else int(random.integers(0, 1 << 32))


def field(data: bytearray, _other: bytes, random: Random) -> bytearray:
    """Write an awkward number into a header: sizes, dimensions, counts, time scales, parameter sets."""
    found = [one for one in walk(bytes(data)) if one[0] != b"mdat"]
    for _ in range(int(random.integers(1, 4))):
        if found:
            _kind, start, stop = found[int(random.integers(0, len(found)))]
            at = (
                start
                if random.random() < 0.2
                else start + 8 + 4 * int(random.integers(0, max(1, (stop - start - 8) // 4)))
            )
            struct.pack_into(">I", data, min(at, len(data) - 4), _value(random))
        else:
            name = _IDS[int(random.integers(0, len(_IDS)))]
            at = data.find(name, int(random.integers(0, 400)))
            if 0 <= at < len(data) - 12:
                length = int(random.integers(1, 9))
                data[at + len(name) : at + len(name) + length] = random.bytes(length)
    return data


CHANGES: tuple[Change, ...] = (flip, run, cut, gone, twice, splice, field, field)


def mutated(sources: Sequence[bytes], number: int, seed: int) -> Iterator[tuple[int, str, bytes]]:
    """Yield which source, a name and the bytes of each mutated file; a file depends on the seed and on its number only."""
    for at in range(number):
        random = np.random.default_rng([seed, at])
        source = int(random.integers(0, len(sources)))
        change = CHANGES[int(random.integers(0, len(CHANGES)))]
        other = sources[int(random.integers(0, len(sources)))]
        data = change(bytearray(sources[source]), other, random)
        yield source, f"{at:05d}-{change.__name__}", bytes(data)
