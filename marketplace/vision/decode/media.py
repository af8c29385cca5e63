"""Makes a frame cache from an untrusted file: only its first bytes are read here, the rest in a closed process."""

import contextlib
import hashlib
import json
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from marketplace.vision.decode import limits, sandbox
from marketplace.vision.decode.decoder import HEADER, SOUND_HZ, THUMB, THUMBS_PER_S, TIME, check_size, shown_size
from marketplace.vision.decode.frames import SAMPLE_BYTES, FrameCache, Picture, VideoInfo, finish, picture_path
from marketplace.vision.decode.limits import MachineBusy, MediaRefused

STEP_S = 0.25
LOOK_S = 0.25  # how often the decoder's processor time is looked at
JPEG_QUALITY = 92
_MESSAGE_MAX = 16 * 1024**2
# Photographs in the container of videos: HEIC, as phones take them, and AVIF.
_STILLS = (b"ftypavif", b"ftypheic", b"ftypheix", b"ftypmif1")
Report = Callable[[float], None]


def container_of(head: bytes) -> str | None:
    """Return FFmpeg's name of the demuxer for a file's first bytes, or None if it is no video container.

    The bytes are ISO/IEC 14496-12 ``ftyp`` and its relatives, or EBML (RFC 8794). FFmpeg gets the demuxer by name so
    that it never tries a playlist or script format.
    """
    if head[4:12] in _STILLS:
        return None
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"):
        return "mov"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    return None


def digest(file: Path) -> str:
    """Return the SHA-256 of a file's bytes, read in parts."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_file(file: Path) -> str:
    """Return the demuxer for a file that may be decoded. Raises MediaRefused. Decodes nothing."""
    size = file.stat().st_size
    if size == 0:
        raise MediaRefused("empty")
    if size > limits.BYTES_MAX:
        raise MediaRefused("too_large")
    with file.open("rb") as stream:
        demuxer = container_of(stream.read(16))
    if demuxer is None:
        raise MediaRefused("not_a_video")
    return demuxer


def decode(file: Path, folder: Path, report: Report = lambda _: None) -> FrameCache:
    """Decode a video into ``folder``, unless it is there already. ``report`` gets the share done, 0..1.

    Raises MediaRefused, or MachineBusy if a retry may succeed. An unfinished folder never counts as a finished one.
    """
    if (folder / "info.json").exists():
        return FrameCache(folder)
    demuxer = check_file(file)
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".decoding-", dir=folder.parent))
    try:
        (work / "frames").mkdir()
        finish(work, _MessageReader(work, report).run(file, demuxer))
        with contextlib.suppress(OSError):  # another process was faster; its folder is as good
            work.rename(folder)
        return FrameCache(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


class _DecoderPatience:
    """How much processor time the decoder may use, and how long it may stand still; see the limits.

    Where the system tells no processor time of others, the decoder's own count and the stillness remain.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._looked = self._moved = time.monotonic()
        self._moved_cpu_s = 0.0
        self.reached_s = 0.0

    def moved(self) -> None:
        """Note that the decoder sent something."""
        self._moved = time.monotonic()

    def look(self) -> None:
        """Look at the decoder, at most every LOOK_S. Raises MediaRefused or MachineBusy once its time is up."""
        now = time.monotonic()
        if now - self._looked < LOOK_S:
            return
        self._looked, used_s = now, sandbox.cpu_s(self._process.pid)
        allowed_s = limits.START_CPU_S + limits.GRACE_CPU_S + limits.CPU_S_PER_VIDEO_S * self.reached_s
        if used_s > allowed_s:
            raise MediaRefused("too_heavy", self.reached_s)
        if used_s >= self._moved_cpu_s + limits.MOVE_CPU_S:
            self._moved, self._moved_cpu_s = now, used_s
        if now - self._moved > limits.STALL_S:
            raise MachineBusy()


class _MessageReader:
    """Reads the decoder's messages and checks each of them, because the decoder may have been taken over."""

    def __init__(self, work: Path, report: Report) -> None:
        self.work, self.report = work, report
        self.stated: _StatedVideo | None = None
        self.times: list[float] = []
        self.thumb_times: list[float] = []
        self._sound_bytes = 0

    def run(self, file: Path, demuxer: str) -> VideoInfo:
        cpu_s = int(limits.START_CPU_S + limits.CPU_S_PER_VIDEO_S * limits.DURATION_S_MAX)
        process = sandbox.start_decoder(file, demuxer, STEP_S, cpu_s)
        self.patience = _DecoderPatience(process)
        try:
            with (
                (self.work / "sound.s16").open("wb") as self.sound,
                (self.work / "thumbs.npy").open("wb") as self.thumbs,
            ):
                self._thumbs_header()
                self._take(process)
                self._thumbs_header()
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        if self.stated is None or not self.times:
            raise MediaRefused("damaged")
        np.save(self.work / "thumb_times.npy", np.asarray(self.thumb_times))
        return self._info(file, self.stated)

    def _thumbs_header(self) -> None:
        # Written before the first thumbnail and again after the last: numpy pads it, so that its length stays.
        shape = (len(self.thumb_times), *THUMB, 3)
        self.thumbs.seek(0)
        np.lib.format.write_array_header_1_0(self.thumbs, {"descr": "|u1", "fortran_order": False, "shape": shape})

    def _info(self, file: Path, stated: "_StatedVideo") -> VideoInfo:
        width, height = (
            (stated.width, stated.height) if stated.rotation % 360 not in _SIDEWAYS else (stated.height, stated.width)
        )
        by = "seccomp" if stated.seccomp else "limits"
        return VideoInfo(
            sha256=digest(file),
            width=width,
            height=height,
            duration_s=max(stated.duration_s, self.times[-1]),
            fps=stated.fps,
            audio=stated.audio,
            sound_left_out=stated.sound_left_out,
            step_s=STEP_S,
            closed_by=f"bubblewrap and {by}" if sandbox.bubblewrap() else by,
            times=tuple(self.times),
        )

    def _take(self, process: subprocess.Popen[bytes]) -> None:
        for tag, payload in _messages(process, self.patience):
            if tag == b"D":
                return
            self._message(tag, payload)
        # It ended without a last message: killed by a limit, or crashed by the file.
        while process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LOOK_S)
            self.patience.look()
        raise MediaRefused("too_heavy" if sandbox.ended_by_limit(process.returncode) else "damaged")

    def _message(self, tag: bytes, payload: bytearray) -> None:
        if tag == b"E":
            raise _refused(payload)
        if tag == b"S":  # may begin before the first picture
            self._sound_bytes += len(payload)
            if self._sound_bytes > (limits.DURATION_S_MAX + 60) * SOUND_HZ * SAMPLE_BYTES:
                raise MediaRefused("too_long")
            self.sound.write(payload)
        elif tag == b"I" and self.stated is None:
            self.stated = _checked(payload)
        elif self.stated is None:
            raise MediaRefused("damaged")
        elif tag == b"T":
            self._thumb(payload)
        elif tag == b"F":
            self._picture(payload, self.stated)
            self.report(min(1.0, self.times[-1] / max(self.stated.duration_s, 0.001)))

    def _time(self, payload: bytearray, pictures_bytes: int) -> float:
        """Return the time (s) at the head of a message, after checking the message's length."""
        if len(payload) != TIME.size + pictures_bytes:
            raise MediaRefused("damaged")
        at_s = float(TIME.unpack_from(payload)[0])
        if not 0 <= at_s <= limits.DURATION_S_MAX:  # refuses NaN, too
            raise MediaRefused("damaged")
        self.patience.reached_s = max(self.patience.reached_s, at_s)
        return at_s

    def _thumb(self, payload: bytearray) -> None:
        at_s = self._time(payload, THUMB[0] * THUMB[1] * 3)
        if len(self.thumb_times) > limits.DURATION_S_MAX * THUMBS_PER_S + 8:
            raise MediaRefused("damaged")
        self.thumb_times.append(at_s)
        self.thumbs.write(payload[TIME.size :])

    def _picture(self, payload: bytearray, stated: "_StatedVideo") -> None:
        width, height = stated.shown
        at_s = self._time(payload, width * height * 3 // 2)
        if len(self.times) > limits.DURATION_S_MAX / STEP_S + 8:
            raise MediaRefused("damaged")
        if self.times and at_s <= self.times[-1]:
            return  # out of order; there is a picture for this step already
        planes = np.frombuffer(payload, np.uint8, offset=TIME.size).reshape(height * 3 // 2, width)
        image = turned(cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420), stated.rotation, stated.mirrored)
        path = picture_path(self.work, len(self.times))
        if not cv2.imwrite(str(path), image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]):
            raise OSError("The frame cache cannot be written; is the disk full?")
        self.times.append(at_s)


_SIDEWAYS = (90, 270)


def turned(picture: Picture | Any, rotation: int, mirrored: bool = False) -> Any:
    """Return a picture as it is meant to be watched: ``mirrored`` left to right first, then turned by ``rotation``
    degrees counter-clockwise."""
    picture = cv2.flip(picture, 1) if mirrored else picture
    rotate_code = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}.get(
        rotation % 360
    )
    return picture if rotate_code is None else cv2.rotate(picture, rotate_code)


@dataclass(frozen=True)
class _StatedVideo:
    """What the decoder states about a video before its first picture."""

    width: int
    height: int
    rotation: int
    mirrored: bool
    duration_s: float
    fps: float
    audio: bool
    shown: tuple[int, int]
    seccomp: bool
    sound_left_out: bool


def _checked(payload: bytearray) -> _StatedVideo:
    """Return the content of message I, with every value checked. Raises MediaRefused."""
    try:
        table = json.loads(payload)
        stated = _StatedVideo(
            int(table["width"]),
            int(table["height"]),
            int(table["rotation"]),
            bool(table["mirrored"]),
            float(table["duration_s"]),
            float(table["fps"]),
            bool(table["audio"]),
            shown_size(int(table["width"]), int(table["height"])),
            bool(table["seccomp"]),
            bool(table["sound_left_out"]),
        )
        check_size(stated.width, stated.height)
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError):
        raise MediaRefused("damaged") from None
    if not 0 <= stated.duration_s <= limits.DURATION_S_MAX or not 0 <= stated.fps <= limits.FPS_MAX:
        raise MediaRefused("damaged")
    return stated


def _refused(payload: bytearray) -> MediaRefused:
    """Return the refusal in message E; one that cannot be read means a damaged file."""
    try:
        table = json.loads(payload)
        at_s = None if table["at_s"] is None else float(table["at_s"])
        sane = at_s is None or 0 <= at_s <= limits.DURATION_S_MAX
        return MediaRefused(str(limits.REFUSALS[table["code"]].code), at_s if sane else None)
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError):
        return MediaRefused("damaged")


def _messages(process: subprocess.Popen[bytes], patience: _DecoderPatience) -> Iterator[tuple[bytes, bytearray]]:
    """Yield the decoder's messages. Raises MediaRefused or MachineBusy if it falls silent."""
    stream = process.stdout
    assert stream is not None
    while True:
        head = _read(stream, HEADER.size, patience)
        if len(head) < HEADER.size:
            return
        tag, length = HEADER.unpack(head)
        if length > _MESSAGE_MAX:
            raise MediaRefused("damaged")
        payload = _read(stream, length, patience)
        if len(payload) < length:
            return
        yield tag, payload


def _read(stream: Any, count: int, patience: _DecoderPatience) -> bytearray:
    """Return ``count`` bytes, or fewer at the end of the stream."""
    buffer = bytearray(count)
    view, filled = memoryview(buffer), 0
    while filled < count:
        if select.select([stream], [], [], LOOK_S)[0]:
            part = stream.readinto(view[filled:])
            if not part:
                break
            filled += part
            patience.moved()
        patience.look()
    view.release()
    del buffer[filled:]
    return buffer
