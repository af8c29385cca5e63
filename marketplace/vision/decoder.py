"""The program that decodes: it runs alone in a closed process, reads the video on file descriptor 0, writes messages.

A message is a tag (1 byte), a length (8 bytes, big-endian) and that many bytes:

====  =======================================================================================================
tag   payload
====  =======================================================================================================
I     JSON: width, height, rotation, duration_s, fps, audio (bool), step_s, shown (width, height), seccomp
T     time (8 bytes, double, s), then a thumbnail of THUMB (height, width, 3) bytes, BGR
F     time, then a picture of ``shown`` size as planar YUV 4:2:0 (I420)
S     sound, interleaved 16-bit stereo at SOUND_HZ
P     time reached (double, s)
E     JSON: code of limits.REFUSALS, at_s or null; the last message
D     JSON: frames, broken; the last message
====  =======================================================================================================
"""

import importlib
import json
import os
import pkgutil
import resource
import struct
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, BinaryIO

import av
import av.audio.resampler
import av.logging
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from marketplace.vision import limits, seccomp
from marketplace.vision.limits import MediaRefused

SHOWN_SIDE = 1280
THUMB = (90, 90)  # the shape of the picture does not matter to cuts
THUMBS_PER_S = 15.0
SOUND_HZ = 48_000
HEADER = struct.Struct(">cQ")
TIME = struct.Struct(">d")
_ROUNDING_S = 1e-6


class Out:
    """Writes messages."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def send(self, tag: bytes, *parts: bytes) -> None:
        self._stream.write(HEADER.pack(tag, sum(len(one) for one in parts)))
        for one in parts:
            self._stream.write(one)

    def told(self, tag: bytes, table: dict[str, Any]) -> None:
        self.send(tag, json.dumps(table).encode())
        self._stream.flush()


def check_streams(container: Any) -> tuple[Any, Any]:
    """Return the video and the audio stream (None without one). Raises MediaRefused."""
    if len(container.streams) > limits.STREAMS_MAX:
        raise MediaRefused("too_many_streams")
    pictures = [one for one in container.streams.video if not one.disposition & av.stream.Disposition.attached_pic]
    if not pictures:
        raise MediaRefused("no_picture")
    video = pictures[0]
    sound = next(iter(container.streams.audio), None)
    if video.codec_context is None or video.codec_context.name.removeprefix("lib") not in _decoders():
        raise MediaRefused("codec")
    if sound is not None and (sound.codec_context is None or sound.codec_context.codec.canonical_name not in _SOUNDS):
        raise MediaRefused("codec")
    check_size(video.codec_context.width, video.codec_context.height)
    rate = video.average_rate
    if rate is not None and rate > limits.FPS_MAX:
        raise MediaRefused("too_fast")
    return video, sound


_SOUNDS = frozenset(limits.AUDIO_CODECS)


def _decoders() -> frozenset[str]:
    # FFmpeg names a decoder after its library where it has several: dav1d for av1, vpx-vp9 for vp9.
    return frozenset((*limits.VIDEO_CODECS, "dav1d", "vpx-vp9", "vpx", "aom-av1"))


def check_size(width: int, height: int) -> None:
    if max(width, height) > limits.SIDE_MAX or width * height > limits.PIXELS_MAX:
        raise MediaRefused("too_many_pixels")
    if min(width, height) < limits.SIDE_MIN:
        raise MediaRefused("too_small")


def survey(container: Any, video: Any) -> tuple[float, int]:
    """Read all packets without decoding: seconds and number of pictures as they are, not as the header tells."""
    first, last, number = None, 0.0, 0
    shown = Fraction(0)
    for packet in container.demux(video):
        if packet.size == 0 or packet.pts is None or packet.time_base is None:
            continue
        number += 1
        at = float(packet.pts * packet.time_base)
        first = at if first is None else min(first, at)
        last = max(last, at + float((packet.duration or 0) * packet.time_base))
        if last - first > limits.DURATION_S_MAX:
            raise MediaRefused("too_long")
        if number > limits.DURATION_S_MAX * limits.FPS_MAX:
            raise MediaRefused("too_fast")
    if first is None or number == 0:
        raise MediaRefused("damaged")
    seconds = max(last - first, float(shown))
    if number > 240 and number / max(seconds, 0.001) > limits.FPS_MAX:
        raise MediaRefused("too_fast")
    return seconds, number


def shown_size(width: int, height: int) -> tuple[int, int]:
    """Return the size at which pictures are looked at: at most SHOWN_SIDE, even as 4:2:0 needs it."""
    scale = min(1.0, SHOWN_SIDE / max(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def packed(frame: Any) -> Iterator[bytes]:
    """Yield a picture's planes without the padding of their lines."""
    for plane in frame.planes:
        lines = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
        width = plane.width * (3 if frame.format.name == "bgr24" else 1)
        yield lines[:, :width].tobytes()


class Decoding:
    """One pass over a video: thumbnails, pictures at every ``step_s`` seconds, sound."""

    def __init__(self, out: Out, container: Any, step_s: float) -> None:
        self.out, self.container, self.step_s = out, container, step_s
        self.video, self.sound = check_streams(container)
        self.seconds, self.expected = survey(container, self.video)
        self.size = (self.video.codec_context.width, self.video.codec_context.height)
        self.shown = shown_size(*self.size)
        self.scaler = VideoReformatter()
        self.small = VideoReformatter()
        self.next_picture, self.next_thumb = 0.0, 0.0
        self.frames = self.broken = 0
        self.begin: float | None = None

    def run(self, closed: bool) -> None:
        self.container.seek(0)
        streams = [self.video, *([self.sound] if self.sound is not None else [])]
        self.video.thread_type = "NONE"
        resampler = av.audio.resampler.AudioResampler("s16", "stereo", SOUND_HZ)
        told = False
        for packet in self.container.demux(*streams):
            try:
                decoded = packet.decode()
            except av.error.FFmpegError:
                self.broken += packet.stream is self.video
                continue
            for frame in decoded:
                if packet.stream is self.video:
                    if not told:
                        self.tell(frame, closed)
                        told = True
                    self.picture(frame)
                else:
                    self.hear(resampler, frame)
        if self.sound is not None:
            self.hear(resampler, None)
        if not told or self.broken > 1 + limits.BROKEN_SHARE_MAX * self.expected:
            raise MediaRefused("damaged")
        if self.frames < 0.9 * self.expected - 8:
            raise MediaRefused("damaged")
        self.out.told(b"D", {"frames": self.frames, "broken": self.broken})

    def tell(self, frame: Any, closed: bool) -> None:
        rate = self.video.average_rate
        info = {
            "width": self.size[0], "height": self.size[1], "rotation": int(getattr(frame, "rotation", 0) or 0),
            "duration_s": self.seconds, "fps": float(rate) if rate else self.expected / max(self.seconds, 0.001),
            "audio": self.sound is not None, "step_s": self.step_s, "shown": list(self.shown), "seccomp": closed,
        }  # fmt: skip
        self.out.told(b"I", info)

    def picture(self, frame: Any) -> None:
        if (frame.width, frame.height) != self.size:
            raise MediaRefused("changes_size", float(frame.time or 0))
        if frame.is_corrupt:
            self.broken += 1
        self.frames += 1
        at = float(frame.time or 0.0)
        self.begin = at if self.begin is None else self.begin
        at -= self.begin
        if at > limits.DURATION_S_MAX:
            raise MediaRefused("too_long")
        if at + _ROUNDING_S >= self.next_thumb:
            self.next_thumb = at + 1 / THUMBS_PER_S - _ROUNDING_S
            small = self.small.reformat(
                frame, THUMB[1], THUMB[0], "bgr24", interpolation=Interpolation.FAST_BILINEAR, threads=1
            )
            self.out.send(b"T", TIME.pack(at), *packed(small))
        if at + _ROUNDING_S >= self.next_picture:
            self.next_picture = (int((at + _ROUNDING_S) / self.step_s) + 1) * self.step_s
            shown = self.scaler.reformat(frame, *self.shown, "yuv420p", interpolation=Interpolation.AREA, threads=1)
            self.out.send(b"F", TIME.pack(at), *packed(shown))

    def hear(self, resampler: Any, frame: Any) -> None:
        try:
            parts = resampler.resample(frame)
        except (av.error.FFmpegError, ValueError):
            return  # a break in the sound's format; what was heard so far stays
        for part in parts:
            samples = np.frombuffer(part.planes[0], np.int16)[: part.samples * 2]
            self.out.send(b"S", samples.astype("<i2").tobytes())


def preload() -> None:
    """Import every part of PyAV: once closed in, the process cannot read a module's file any more."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def main() -> None:
    """Decode descriptor 0 as the demuxer ``argv[1]`` says, a picture each ``argv[2]`` seconds."""
    demuxer, step_s = sys.argv[1], float(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    av.logging.set_level(None)
    preload()
    file = os.fdopen(0, "rb", buffering=1 << 20)
    out = Out(os.fdopen(os.dup(1), "wb", buffering=1 << 20))
    closed = seccomp.lock_down()
    try:
        # The user's file names nothing but itself: no demuxer is guessed, nothing else can be opened.
        container = av.open(file, format=demuxer, metadata_errors="ignore", buffer_size=1 << 18)
        Decoding(out, container, step_s).run(closed)
    except MediaRefused as refused:
        out.told(b"E", {"code": refused.refusal.code, "at_s": refused.at_s})
    except MemoryError:
        out.told(b"E", {"code": "too_heavy", "at_s": None})
    except (av.error.FFmpegError, ValueError, IndexError, OverflowError, EOFError):
        out.told(b"E", {"code": "damaged", "at_s": None})
    # What the libraries would do at exit, they would do in a closed process: there is nothing to save.
    os._exit(0)


if __name__ == "__main__":
    main()
