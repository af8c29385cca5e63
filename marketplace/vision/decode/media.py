"""From an untrusted file to a frame cache: the first bytes looked at here, everything else in a closed process."""

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
    """Return the demuxer of a file that may be tried. Raises MediaRefused; nothing is decoded."""
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
    """Decode a video once into ``folder``; one that is there already is kept. ``report`` gets the share done, 0..1.

    Raises MediaRefused, or MachineBusy where another try may do. An unfinished folder is never taken for a finished
    one.
    """
    if (folder / "info.json").exists():
        return FrameCache(folder)
    demuxer = check_file(file)
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".decoding-", dir=folder.parent))
    try:
        (work / "frames").mkdir()
        finish(work, _MessageReader(work, report).run(file, demuxer))
        with contextlib.suppress(OSError):  # somebody else was faster; theirs is as good
            work.rename(folder)
        return FrameCache(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


class _DecoderPatience:
    """How long (wall clock) the decoder may take: until it first speaks, and for what it has handed over since."""

    def __init__(self, file_bytes: int, process: subprocess.Popen[bytes]) -> None:
        reading_s = max(0, file_bytes - limits.READ_BYTES_FREE) / limits.READ_BYTES_PER_S
        self._process, self._begun = process, time.monotonic()
        self._end = self._begun + limits.START_WALL_S + reading_s
        self.reached_s = 0.0

    def left(self) -> float:
        """Return for how long a next word may be waited, s. Raises MediaRefused or MachineBusy once that is over."""
        left = self._end + limits.WALL_S_PER_VIDEO_S * self.reached_s - time.monotonic()
        if left <= 0:
            raise self.over()
        return min(left, limits.STALL_S)

    def over(self) -> Exception:
        """Return why nothing more is waited for."""
        waited_s = time.monotonic() - self._begun
        if sandbox.cpu_s(self._process.pid) < limits.BUSY_SHARE * waited_s:
            return MachineBusy()
        return MediaRefused("too_heavy", self.reached_s)


class _MessageReader:
    """Takes the decoder's messages, none of them on trust."""

    def __init__(self, work: Path, report: Report) -> None:
        self.work, self.report = work, report
        self.told: _StatedVideo | None = None
        self.times: list[float] = []
        self.thumb_times: list[float] = []
        self._sound_bytes = 0

    def run(self, file: Path, demuxer: str) -> VideoInfo:
        cpu_s = int(limits.START_CPU_S + limits.CPU_S_PER_VIDEO_S * limits.DURATION_S_MAX)
        process = sandbox.start_decoder(file, demuxer, STEP_S, cpu_s)
        self.patience = _DecoderPatience(file.stat().st_size, process)
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
        if self.told is None or not self.times:
            raise MediaRefused("damaged")
        np.save(self.work / "thumb_times.npy", np.asarray(self.thumb_times))
        return self._info(file, self.told)

    def _thumbs_header(self) -> None:
        # Written before the first thumbnail and again after the last: numpy pads it, so that its length stays.
        shape = (len(self.thumb_times), *THUMB, 3)
        self.thumbs.seek(0)
        np.lib.format.write_array_header_1_0(self.thumbs, {"descr": "|u1", "fortran_order": False, "shape": shape})

    def _info(self, file: Path, told: "_StatedVideo") -> VideoInfo:
        width, height = (told.width, told.height) if told.rotation % 360 not in _SIDEWAYS else (told.height, told.width)
        by = "seccomp" if told.seccomp else "limits"
        return VideoInfo(
            sha256=digest(file),
            width=width,
            height=height,
            duration_s=max(told.duration_s, self.times[-1]),
            fps=told.fps,
            audio=told.audio,
            step_s=STEP_S,
            closed_by=f"bubblewrap and {by}" if sandbox.bubblewrap() else by,
            times=tuple(self.times),
        )

    def _take(self, process: subprocess.Popen[bytes]) -> None:
        for tag, payload in _messages(process, self.patience):
            if tag == b"D":
                return
            self._message(tag, payload)
        # It ended without a last word: killed by a limit, or by the file itself.
        try:
            code = process.wait(self.patience.left())
        except subprocess.TimeoutExpired:
            raise self.patience.over() from None
        raise MediaRefused("too_heavy" if sandbox.ended_by_limit(code) else "damaged")

    def _message(self, tag: bytes, payload: bytearray) -> None:
        if tag == b"E":
            raise _refused(payload)
        if tag == b"S":  # may begin before the first picture
            self._sound_bytes += len(payload)
            if self._sound_bytes > (limits.DURATION_S_MAX + 60) * SOUND_HZ * SAMPLE_BYTES:
                raise MediaRefused("too_long")
            self.sound.write(payload)
        elif tag == b"I" and self.told is None:
            self.told = _checked(payload)
        elif self.told is None:
            raise MediaRefused("damaged")
        elif tag == b"T":
            self._thumb(payload)
        elif tag == b"F":
            self._picture(payload, self.told)
            self.report(min(1.0, self.times[-1] / max(self.told.duration_s, 0.001)))

    def _time(self, payload: bytearray, pictures_bytes: int) -> float:
        """Return the time at the head of a message that has the length it must have."""
        if len(payload) != TIME.size + pictures_bytes:
            raise MediaRefused("damaged")
        at = float(TIME.unpack_from(payload)[0])
        if not 0 <= at <= limits.DURATION_S_MAX:  # refuses what is no number, too
            raise MediaRefused("damaged")
        self.patience.reached_s = max(self.patience.reached_s, at)
        return at

    def _thumb(self, payload: bytearray) -> None:
        at = self._time(payload, THUMB[0] * THUMB[1] * 3)
        if len(self.thumb_times) > limits.DURATION_S_MAX * THUMBS_PER_S + 8:
            raise MediaRefused("damaged")
        self.thumb_times.append(at)
        self.thumbs.write(payload[TIME.size :])

    def _picture(self, payload: bytearray, told: "_StatedVideo") -> None:
        width, height = told.shown
        at = self._time(payload, width * height * 3 // 2)
        if len(self.times) > limits.DURATION_S_MAX / STEP_S + 8:
            raise MediaRefused("damaged")
        if self.times and at <= self.times[-1]:
            return  # out of order; the step it belongs to is taken
        planes = np.frombuffer(payload, np.uint8, offset=TIME.size).reshape(height * 3 // 2, width)
        shown = turned(cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420), told.rotation)
        path = picture_path(self.work, len(self.times))
        if not cv2.imwrite(str(path), shown, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]):
            raise OSError("The frame cache cannot be written; is the disk full?")
        self.times.append(at)


_SIDEWAYS = (90, 270)


def turned(picture: Picture | Any, rotation: int) -> Any:
    """Return a picture as it is meant to be watched; ``rotation`` in degrees counter-clockwise, as FFmpeg tells it."""
    how = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}.get(rotation % 360)
    return picture if how is None else cv2.rotate(picture, how)


@dataclass(frozen=True)
class _StatedVideo:
    """What the decoder says of a video before its first picture."""

    width: int
    height: int
    rotation: int
    duration_s: float
    fps: float
    audio: bool
    shown: tuple[int, int]
    seccomp: bool


def _checked(payload: bytearray) -> _StatedVideo:
    """Return the message I with every value of the right kind and size. Raises MediaRefused."""
    try:
        table = json.loads(payload)
        told = _StatedVideo(
            int(table["width"]),
            int(table["height"]),
            int(table["rotation"]),
            float(table["duration_s"]),
            float(table["fps"]),
            bool(table["audio"]),
            shown_size(int(table["width"]), int(table["height"])),
            bool(table["seccomp"]),
        )
        check_size(told.width, told.height)
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError):
        raise MediaRefused("damaged") from None
    if not 0 <= told.duration_s <= limits.DURATION_S_MAX or not 0 <= told.fps <= limits.FPS_MAX:
        raise MediaRefused("damaged")
    return told


def _refused(payload: bytearray) -> MediaRefused:
    """Return the refusal that the message E tells of; one that is not understood is a damaged file."""
    try:
        table = json.loads(payload)
        at_s = None if table["at_s"] is None else float(table["at_s"])
        sane = at_s is None or 0 <= at_s <= limits.DURATION_S_MAX
        return MediaRefused(str(limits.REFUSALS[table["code"]].code), at_s if sane else None)
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError):
        return MediaRefused("damaged")


def _messages(process: subprocess.Popen[bytes], patience: _DecoderPatience) -> Iterator[tuple[bytes, bytearray]]:
    """Yield the decoder's messages. Raises MediaRefused or MachineBusy where it falls silent."""
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


def _read(stream: Any, wanted: int, patience: _DecoderPatience) -> bytearray:
    """Return so many bytes, fewer at the end of the stream."""
    found = bytearray(wanted)
    view, got = memoryview(found), 0
    while got < wanted:
        if not select.select([stream], [], [], patience.left())[0]:
            raise patience.over()
        part = stream.readinto(view[got:])
        if not part:
            break
        got += part
    view.release()
    del found[got:]
    return found
