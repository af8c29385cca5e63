"""Crafted files that an encoder makes: real pictures of a kind that is refused, or that costs as much as it may."""

from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.hostile import clips
from benchmarks.hostile.boxes import block, cluster, matroska
from benchmarks.hostile.crafted import DAMAGED, HEAVY, TAKEN, Crafted, packets


def encoded() -> list[Crafted]:
    return [*_refused_for_one_reason(), *_streams(), *_times(), *_costly()]


def _clip(name: str, may: tuple[str, ...], codec: str = "libx264", slow: bool = False, **wanted: Any) -> Crafted:
    return Crafted(name, may, lambda path: clips.write(path, codec, **wanted), slow)


def _refused_for_one_reason() -> list[Crafted]:
    return [
        _clip("16-px.mp4", ("too_small",), size=(16, 16)),
        _clip("62-px.mp4", ("too_small",), size=(1280, 62)),
        _clip("8192-px.mp4", ("too_many_pixels",), size=(8192, 64), number=3),
        _clip("4096-by-4096-px.mp4", ("too_many_pixels",), size=(4096, 4096), number=2),
        _clip("500-fps.mp4", ("too_fast",), fps=500, number=500),
        _clip("prores.mov", ("codec",), "prores", pixels="yuv422p10le", number=5),
        _clip("mjpeg.mov", ("codec",), "mjpeg", pixels="yuvj420p", number=5),
        _clip("ffv1.mkv", ("codec",), "ffv1", number=5),
        _clip("alac.mov", (TAKEN,), sound="alac", number=5),
        _clip("mp2.mkv", (TAKEN,), sound="mp2", number=5),
        _clip("ten-bit.mp4", (TAKEN,), "libx265", pixels="yuv420p10le"),
        _clip("444.mp4", (TAKEN,), pixels="yuv444p"),
        _clip("one-picture.mp4", (TAKEN,), number=1),
    ]


def _many_streams(path: Path) -> None:
    with av.open(str(path), "w") as container:
        sounds: list[Any] = [container.add_stream("aac", rate=clips.SOUND_HZ) for _ in range(40)]
        for sound in sounds:
            clips.tone(container, sound, 0.1)


def _sound_only(path: Path) -> None:
    with av.open(str(path), "w") as container:
        clips.tone(container, container.add_stream("aac", rate=clips.SOUND_HZ), 1.0)


def _cover_only(path: Path) -> None:
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=clips.SOUND_HZ)
        cover: Any = container.add_stream("png", rate=1)
        cover.width, cover.height, cover.pix_fmt = 128, 128, "rgb24"
        cover.disposition = av.stream.Disposition.attached_pic
        container.mux(cover.encode(av.VideoFrame.from_ndarray(np.zeros((128, 128, 3), np.uint8), format="rgb24")))
        container.mux(cover.encode())
        clips.tone(container, sound, 1.0)


def _with_words(path: Path) -> None:
    """Pictures, subtitles of the kind that carries drawing commands, and a font beside them."""
    source = clips.write(path.with_suffix(".pictures.mkv"))
    with av.open(str(source)) as read, av.open(str(path), "w") as container:
        video = container.add_stream_from_template(read.streams.video[0])
        words: Any = container.add_stream("ass")
        words.codec_context.subtitle_header = b"[Script Info]\nScriptType: v4.00+\n[V4+ Styles]\n[Events]\n"
        container.add_attachment("../../evil.ttf", "application/x-truetype-font", bytes(100_000))
        for packet in read.demux(read.streams.video[0]):
            if packet.size:
                packet.stream = video
                container.mux(packet)
    source.unlink()


def _slow_sound(path: Path) -> None:
    """Sound said to have one sample a second: stretched to 48 kHz it would fill gigabytes."""
    data = clips.write(path, sound="pcm_s16le").read_bytes()
    at = data.find(b"sowt") + 28
    path.write_bytes(data[:at] + (1 << 16).to_bytes(4, "big") + data[at + 4 :])


def _bad_sound(path: Path) -> None:
    """Good pictures with sound that is noise from its second packet on."""
    whole = clips.write(path, sound="aac")
    with av.open(str(whole)) as container:
        places = [(one.pos or 0, one.size) for one in container.demux(container.streams.audio[0]) if one.size][1:]
    data, random = bytearray(whole.read_bytes()), np.random.default_rng(5)
    for at, size in places:
        data[at : at + size] = random.bytes(size)
    path.write_bytes(data)


def _streams() -> list[Crafted]:
    return [
        Crafted("40-streams.mp4", ("too_many_streams",), _many_streams),
        Crafted("sound-only.mp4", ("no_picture",), _sound_only),
        Crafted("cover-only.mp4", ("no_picture",), _cover_only),
        Crafted("subtitles-and-a-font.mkv", (TAKEN,), _with_words),
        Crafted("sound-at-1-hz.mov", (TAKEN,), _slow_sound),
        Crafted("bad-sound.mp4", (TAKEN,), _bad_sound),
    ]


def _remade(path: Path, times_ms: list[int], *sources: dict[str, Any], inside: bytes = b"") -> None:
    """Write the VP9 packets of clips, one after the other, at other times, each in a cluster of its own."""
    parts = []
    for at, wanted in enumerate(sources):
        source = clips.write(path.with_suffix(f".{at}.webm"), "libvpx-vp9", **wanted)
        parts += packets(source)
        source.unlink()
    size = sources[0].get("size", (96, 64))
    made = (cluster(block(part), at_ms=at_ms) for part, at_ms in zip(parts, times_ms, strict=False))
    path.write_bytes(matroska(b"V_VP9", *size, *made, inside=inside))


def _below_zero(path: Path) -> None:
    source = clips.write(path.with_suffix(".webm"), "libvpx-vp9")
    blocks = (block(part, -32_000 + 40 * at) for at, part in enumerate(packets(source)))
    path.write_bytes(matroska(b"V_VP9", 96, 64, cluster(*blocks)))
    source.unlink()


def _crowded(path: Path) -> None:
    """The largest pictures allowed, ten times as many as fit in their time."""
    source = clips.write(path.with_suffix(".webm"), "libvpx-vp9", size=(4096, 2304), number=8)
    parts = packets(source) * 30
    path.write_bytes(matroska(b"V_VP9", 4096, 2304, *(cluster(block(part), at_ms=at) for at, part in enumerate(parts))))
    source.unlink()


def _times() -> list[Crafted]:
    steady = [40 * at for at in range(24)]
    return [
        Crafted(
            "changes-size.mkv",
            ("changes_size",),
            lambda path: _remade(path, [40 * at for at in range(48)], {}, {"size": (128, 96)}),
        ),
        Crafted("below-zero.mkv", (TAKEN, *DAMAGED), _below_zero),
        Crafted("far-future.mkv", (TAKEN, *DAMAGED), lambda path: _remade(path, [2**50 + at for at in steady], {})),
        Crafted(
            "years-between.mkv", ("too_long", *DAMAGED), lambda path: _remade(path, [at << 30 for at in steady], {})
        ),
        Crafted("all-at-one-time.mkv", (TAKEN, *DAMAGED, "too_fast"), lambda path: _remade(path, [0] * 24, {})),
        Crafted("backward.mkv", (TAKEN, *DAMAGED), lambda path: _remade(path, steady[::-1], {})),
        _clip("four-hours-of-black.mp4", ("too_long",), fps=1, number=14_400, size=(64, 64), black=True),
    ]


def _costly() -> list[Crafted]:
    largest: dict[str, Any] = {"size": (4096, 2304), "number": 12, "slow": True}
    return [
        _clip("a-quarter-of-an-hour.mp4", (TAKEN,), fps=15, number=13_480, size=(96, 64), slow=True),
        _clip("largest-h264.mp4", (TAKEN,), options={"refs": "16", "preset": "veryfast"}, **largest),
        _clip("largest-hevc.mp4", (TAKEN,), "libx265", pixels="yuv420p10le", **largest),
        _clip("largest-vp9.webm", (TAKEN,), "libvpx-vp9", **largest),
        _clip("largest-av1.mp4", (TAKEN,), "libsvtav1", pixels="yuv420p10le", **largest),
        Crafted("crowded.mkv", (TAKEN, *HEAVY, "too_fast"), _crowded, slow=True),
    ]
