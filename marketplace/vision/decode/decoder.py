"""The program that decodes: it runs alone in a closed process, reads the video from descriptor 0, writes messages.

A message is a tag (1 byte), a length (8 bytes, big-endian) and that many bytes:

====  =======================================================================================================
tag   payload
====  =======================================================================================================
I     JSON: width, height, rotation, mirrored (bool), duration_s, fps, audio (bool), sound_left_out (bool), step_s,
      shown (width, height), seccomp
T     time (8 bytes, double, s), then a thumbnail of THUMB (height, width, 3) bytes, BGR
F     time, then a picture of ``shown`` size as planar YUV 4:2:0 (I420)
S     sound, interleaved 16-bit stereo at SOUND_HZ, from the same moment on as all times, with silence in its gaps
E     JSON: code of limits.REFUSALS, at_s or null; the last message
D     JSON: frames, broken; the last message
====  =======================================================================================================
"""

import importlib
import json
import math
import os
import pkgutil
import struct
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

import av
import av.audio.resampler
import av.logging
import numpy as np
from av.sidedata.sidedata import Type
from av.video.reformatter import Interpolation, VideoReformatter

from marketplace.vision.decode import limits, seccomp, spare_pictures
from marketplace.vision.decode.limits import MediaRefused
from marketplace.vision.decode.packet_survey import TOGETHER_S, check_claim, length_bytes, survey

SHOWN_SIDE = 1280
THUMB = (90, 90)  # the shape of the picture does not matter to cuts
THUMBS_PER_S = 15.0
SOUND_HZ = 48_000
HEADER = struct.Struct(">cQ")
TIME = struct.Struct(">d")
_ROUNDING_S = 1e-6


class MessageWriter:
    """Writes messages to the parent process."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def send(self, tag: bytes, *parts: bytes) -> None:
        self._stream.write(HEADER.pack(tag, sum(len(part) for part in parts)))
        for part in parts:
            self._stream.write(part)

    def send_json(self, tag: bytes, table: dict[str, Any]) -> None:
        self.send(tag, json.dumps(table).encode())
        self.flush()

    def flush(self) -> None:
        self._stream.flush()


class CpuBudget:
    """Compares the processor time of this process with the seconds of video decoded. Raises MediaRefused."""

    def __init__(self, out: MessageWriter) -> None:
        self.out = out
        self.reached_s = 0.0
        self._flushed = 0.0

    def check(self) -> None:
        used = time.process_time()
        if used > limits.START_CPU_S + limits.CPU_S_PER_VIDEO_S * self.reached_s:
            raise MediaRefused("too_heavy", self.reached_s)
        if used > self._flushed + 1.0:  # so that the parent sees progress
            self._flushed = used
            self.out.flush()


def check_streams(container: Any) -> tuple[Any, Any]:
    """Return the video and the audio stream (None without one). Raises MediaRefused."""
    if not len(container.streams):
        raise MediaRefused("damaged")
    if len(container.streams) > limits.STREAMS_MAX:
        raise MediaRefused("too_many_streams")
    pictures = [
        stream for stream in container.streams.video if not stream.disposition & av.stream.Disposition.attached_pic
    ]
    if not pictures:
        raise MediaRefused("no_picture")
    video = pictures[0]
    sound = next(iter(container.streams.audio), None)
    if video.codec_context is None or video.codec_context.name.removeprefix("lib") not in _decoders():
        raise MediaRefused("codec")
    check_size(video.codec_context.width, video.codec_context.height)
    rate = video.average_rate
    if rate is not None and rate > limits.FPS_MAX:
        raise MediaRefused("too_fast")
    return video, sound


def can_be_heard(sound: Any) -> bool:
    """Return whether a stream of sound may be decoded; a film is looked at without one that may not."""
    if sound.codec_context is None or sound.codec_context.codec.canonical_name not in limits.AUDIO_CODECS:
        return False
    # A rate of 0 means that the header leaves it to the sound itself.
    return not sound.rate or limits.SOUND_HZ_MIN <= sound.rate <= limits.SOUND_HZ_MAX


def _decoders() -> frozenset[str]:
    # If FFmpeg has several decoders it names them after their library: dav1d for av1, vpx-vp9 for vp9.
    return frozenset((*limits.VIDEO_CODECS, "dav1d", "vpx-vp9", "vpx", "aom-av1"))


def check_size(width: int, height: int) -> None:
    if width <= 0 or height <= 0:
        raise MediaRefused("damaged")
    if max(width, height) > limits.SIDE_MAX or width * height > limits.PIXELS_MAX:
        raise MediaRefused("too_many_pixels")
    if min(width, height) < limits.SIDE_MIN:
        raise MediaRefused("too_small")


def shown_size(width: int, height: int) -> tuple[int, int]:
    """Return the size of the decoded pictures: at most SHOWN_SIDE, and even, as 4:2:0 requires."""
    scale = min(1.0, SHOWN_SIDE / max(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def orientation(frame: Any) -> tuple[int, bool]:
    """Return how a picture is to be watched: mirrored left to right first if need be, then turned by so many degrees
    counter-clockwise. A display matrix (ISO/IEC 14496-12) that reflects is a mirror and a turn."""
    matrix = frame.side_data.get(Type.DISPLAYMATRIX)
    if matrix is None:
        return 0, False
    a, b, _, c, d = struct.unpack_from("=5i", bytes(matrix))
    mirrored = a * d - b * c < 0
    across, down = (-a, -b) if mirrored else (a, b)
    return round(-math.degrees(math.atan2(down, across))), mirrored


def packed(frame: Any) -> Iterator[bytes]:
    """Yield a picture's planes without the padding of their lines."""
    for plane in frame.planes:
        lines = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
        width = plane.width * (3 if frame.format.name == "bgr24" else 1)
        yield lines[:, :width].tobytes()


class DecodingPass:
    """One pass over a video: thumbnails, pictures at every ``step_s`` seconds, sound. ``opened`` opens it at its
    beginning, each time anew."""

    def __init__(self, out: MessageWriter, opened: Callable[[], Any], step_s: float) -> None:
        self.out, self.opened, self.step_s = out, opened, step_s
        self.container = container = opened()
        self.budget = CpuBudget(out)
        self.video, found = check_streams(container)
        self.sound = found if found is not None and can_be_heard(found) else None
        self.sound_left_out = found is not None and self.sound is None
        self.survey = survey(container, self.video, self.sound, self.budget.check)
        check_claim(container, self.survey.earliest_s, self.survey.latest_s)
        self.size: tuple[int, int] | None = None
        self.scaler = VideoReformatter()
        self.small = VideoReformatter()
        self.next_picture, self.next_thumb = 0.0, 0.0
        self.frames = self.broken = self.left_out = 0
        self.samples = 0  # of sound, sent so far

    def run(self, closed: bool) -> None:
        self.rewind()
        streams = [self.video, *([self.sound] if self.sound is not None else [])]
        # The closed process cannot start threads, and some decoders (dav1d) fail unless threads are switched off.
        self.video.thread_type, self.video.codec_context.thread_count = "NONE", 1
        resampler = av.audio.resampler.AudioResampler("s16", "stereo", SOUND_HZ)
        for packet in self.packets(streams):
            try:
                decoded = packet.decode()
            except MemoryError:
                raise MediaRefused("too_heavy", self.budget.reached_s) from None
            except av.error.FFmpegError:
                self.broken += packet.stream is self.video
                continue
            for frame in decoded:
                if packet.stream is self.video:
                    if self.size is None:
                        self.tell(frame, closed)
                    self.picture(frame)
                else:
                    self.hear(resampler, frame)
        if self.sound is not None:
            self.hear(resampler, None)
        if self.size is None or self.broken > 1 + limits.BROKEN_SHARE_MAX * self.survey.number:
            raise MediaRefused("damaged")
        if self.frames < 0.9 * (self.survey.number - self.left_out) - 8:
            raise MediaRefused("damaged")
        self.out.send_json(b"D", {"frames": self.frames, "broken": self.broken})

    def rewind(self) -> None:
        """Go back to the first packet. Where the picture begins later, seeking would go to its beginning."""
        if self.survey.picture_s <= self.survey.begin_s + TOGETHER_S:
            self.container.seek(min(0, int(self.survey.earliest_s * av.time_base)))
            return
        self.container = self.opened()
        self.video, found = check_streams(self.container)
        self.sound = found if self.sound is not None else None

    def packets(self, streams: Sequence[Any]) -> Iterator[Any]:
        """Yield the packets to decode."""
        length = length_bytes(self.video)
        for packet in self.container.demux(*streams):
            self.budget.check()
            if packet.stream is self.video and self.is_spare(packet, length):
                self.left_out += 1
            else:
                yield packet

    def is_spare(self, packet: Any, length: int | None) -> bool:
        # The packet itself is asked again: in a broken file two packets may claim one moment.
        return (
            length is not None
            and packet.size > 0
            and packet.pts in self.survey.spare
            and not packet.is_discard
            and spare_pictures.unreferenced(packet, length)
        )

    def tell(self, frame: Any, closed: bool) -> None:
        # The size of the first picture itself: the header's may be wrong, or that of a later picture.
        check_size(frame.width, frame.height)
        self.size, self.shown = (frame.width, frame.height), shown_size(frame.width, frame.height)
        rate, (rotation, mirrored) = self.video.average_rate, orientation(frame)
        info = {
            "width": frame.width,
            "height": frame.height,
            "rotation": rotation,
            "mirrored": mirrored,
            "duration_s": self.survey.length_s,
            "fps": float(rate) if rate else self.survey.number / max(self.survey.seconds, 0.001),
            "audio": self.sound is not None,
            "sound_left_out": self.sound_left_out,
            "step_s": self.step_s,
            "shown": list(self.shown),
            "seccomp": closed,
        }
        self.out.send_json(b"I", info)

    def picture(self, frame: Any) -> None:
        at_s = max(0.0, float(frame.time or 0.0) - self.survey.begin_s)
        if (frame.width, frame.height) != self.size:
            raise MediaRefused("changes_size", max(0.0, at_s))
        if frame.is_corrupt:
            self.broken += 1
        self.frames += 1
        if at_s > limits.DURATION_S_MAX:
            raise MediaRefused("too_long")
        self.budget.reached_s = max(self.budget.reached_s, at_s)
        if at_s + _ROUNDING_S >= self.next_thumb:
            self.next_thumb = at_s + 1 / THUMBS_PER_S - _ROUNDING_S
            thumb = self.small.reformat(
                frame, THUMB[1], THUMB[0], "bgr24", interpolation=Interpolation.FAST_BILINEAR, threads=1
            )
            self.out.send(b"T", TIME.pack(at_s), *packed(thumb))
        if at_s + _ROUNDING_S >= self.next_picture:
            self.next_picture = (int((at_s + _ROUNDING_S) / self.step_s) + 1) * self.step_s
            reduced = self.scaler.reformat(frame, *self.shown, "yuv420p", interpolation=Interpolation.AREA, threads=1)
            self.out.send(b"F", TIME.pack(at_s), *packed(reduced))

    def hear(self, resampler: Any, frame: Any) -> None:
        if frame is not None and frame.time is not None:
            self.fill_gap(float(frame.time) - self.survey.begin_s)
        try:
            parts = resampler.resample(frame)
        except (av.error.FFmpegError, ValueError):
            return  # the sound changes its format; what was decoded so far stays
        for part in parts:
            samples = np.frombuffer(part.planes[0], np.int16)[: part.samples * 2]
            self.samples += part.samples
            self.out.send(b"S", samples.astype("<i2").tobytes())

    def fill_gap(self, at_s: float) -> None:
        """Send the silence before a frame of sound that begins at ``at_s``."""
        missing = round(min(at_s, self.survey.length_s) * SOUND_HZ) - self.samples
        if missing < TOGETHER_S * SOUND_HZ:
            return
        self.samples += missing
        for start in range(0, missing, SOUND_HZ):
            self.out.send(b"S", bytes(4 * min(SOUND_HZ, missing - start)))


def preload() -> None:
    """Import every part of PyAV: the closed process cannot read the file of a module any more."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def main() -> None:
    """Decode descriptor 0 with the demuxer ``argv[1]``, a picture every ``argv[2]`` seconds."""
    demuxer, step_s = sys.argv[1], float(sys.argv[2])
    seccomp.end_with_parent()
    av.logging.set_level(None)
    preload()
    file = os.fdopen(0, "rb", buffering=1 << 20)
    out = MessageWriter(os.fdopen(os.dup(1), "wb", buffering=1 << 20))
    closed = seccomp.lock_down()

    def opened() -> Any:
        file.seek(0)
        # The file cannot choose a demuxer or make FFmpeg open anything else.
        return av.open(
            file,
            format=demuxer,
            metadata_errors="ignore",
            buffer_size=1 << 18,
            container_options={"codec_whitelist": ",".join(limits.DECODERS)},
        )

    try:
        DecodingPass(out, opened, step_s).run(closed)
    except MediaRefused as refused:
        out.send_json(b"E", {"code": refused.refusal.code, "at_s": refused.at_s})
    except MemoryError:
        out.send_json(b"E", {"code": "too_heavy", "at_s": None})
    except Exception:  # whatever a broken file makes the libraries raise, it is damaged
        out.send_json(b"E", {"code": "damaged", "at_s": None})
    # Handlers of the libraries at exit would run in a closed process, and there is nothing to save.
    os._exit(0)


if __name__ == "__main__":
    main()
