"""From an untrusted file to a frame cache: the first bytes looked at here, everything else in a closed process."""

import contextlib
import hashlib
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np

from marketplace.vision import limits, sandbox
from marketplace.vision.decoder import HEADER, SOUND_HZ, THUMB, TIME
from marketplace.vision.frames import FrameCache, Info, Picture, finish, picture_path
from marketplace.vision.limits import MediaRefused

STEP_S = 0.25
JPEG_QUALITY = 92
_MESSAGE_MAX = 64 * 1024**2
Report = Callable[[float], None]


def container_of(head: bytes) -> str | None:
    """Return the demuxer for a file's first bytes: ISO/IEC 14496-12 ``ftyp`` and its kin, or EBML (RFC 8794)."""
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

    Raises MediaRefused; an unfinished folder is never taken for a finished one.
    """
    if (folder / "info.json").exists():
        return FrameCache(folder)
    demuxer = check_file(file)
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".decoding-", dir=folder.parent))
    try:
        (work / "frames").mkdir()
        finish(work, _Reading(work, report).run(file, demuxer))
        with contextlib.suppress(OSError):  # somebody else was faster; theirs is as good
            work.rename(folder)
        return FrameCache(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


class _Reading:
    """Takes the decoder's messages, none of them on trust."""

    def __init__(self, work: Path, report: Report) -> None:
        self.work, self.report = work, report
        self.info: dict[str, Any] | None = None
        self.times: list[float] = []
        self.thumb_times: list[float] = []
        self.thumbs: list[bytes] = []

    def run(self, file: Path, demuxer: str) -> Info:
        cpu_s = int(limits.CPU_S_PER_VIDEO_S * limits.DURATION_S_MAX)
        process = sandbox.start_decoder(file, demuxer, STEP_S, cpu_s)
        try:
            with (self.work / "sound.s16").open("wb") as sound:
                self._take(process, sound)
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        if self.info is None or not self.times:
            raise MediaRefused("damaged")
        np.save(self.work / "thumb_times.npy", np.asarray(self.thumb_times))
        np.save(self.work / "thumbs.npy", np.frombuffer(b"".join(self.thumbs), np.uint8).reshape(-1, *THUMB, 3))
        return self._info(file)

    def _info(self, file: Path) -> Info:
        assert self.info is not None
        width, height = self.info["width"], self.info["height"]
        if self.info["rotation"] % 180:
            width, height = height, width
        by = "seccomp" if self.info["seccomp"] else "limits"
        return Info(
            sha256=digest(file),
            width=width,
            height=height,
            duration_s=max(self.info["duration_s"], self.times[-1]),
            fps=self.info["fps"],
            audio=self.info["audio"],
            step_s=STEP_S,
            closed_by=f"bubblewrap and {by}" if sandbox.bubblewrap() else by,
            times=tuple(self.times),
        )

    def _take(self, process: subprocess.Popen[bytes], sound: BinaryIO) -> None:
        began = time.monotonic()
        for tag, payload in _messages(process):
            if tag == b"D":
                return
            self._message(tag, payload, sound)
            if time.monotonic() - began > 30 + 4 * limits.CPU_S_PER_VIDEO_S * limits.DURATION_S_MAX:
                raise MediaRefused("too_heavy")
        # It ended without a last word: killed by a limit, or by the file itself.
        raise MediaRefused("too_heavy" if process.wait() in (-9, -24, -31) else "damaged")

    def _message(self, tag: bytes, payload: bytes, sound: BinaryIO) -> None:
        if tag == b"E":
            told = json.loads(payload)
            raise MediaRefused(told["code"] if told.get("code") in limits.REFUSALS else "damaged", told.get("at_s"))
        if tag == b"S":
            if sound.tell() + len(payload) > (limits.DURATION_S_MAX + 60) * SOUND_HZ * 4:
                raise MediaRefused("too_long")
            sound.write(payload)
        elif tag == b"I" and self.info is None:
            self.info = _checked(json.loads(payload))
        elif self.info is None:
            raise MediaRefused("damaged")
        elif tag == b"T":
            self._thumb(payload)
        elif tag == b"F":
            self._picture(payload)
            self.report(min(1.0, self.times[-1] / max(self.info["duration_s"], 0.001)))

    def _thumb(self, payload: bytes) -> None:
        if len(payload) != TIME.size + THUMB[0] * THUMB[1] * 3:
            raise MediaRefused("damaged")
        self.thumb_times.append(TIME.unpack_from(payload)[0])
        self.thumbs.append(payload[TIME.size :])

    def _picture(self, payload: bytes) -> None:
        assert self.info is not None
        width, height = self.info["shown"]
        if len(payload) != TIME.size + width * height * 3 // 2 or len(self.times) > limits.DURATION_S_MAX / STEP_S + 8:
            raise MediaRefused("damaged")
        at = TIME.unpack_from(payload)[0]
        if self.times and at <= self.times[-1]:
            return  # out of order; the step it belongs to is taken
        planes = np.frombuffer(payload, np.uint8, offset=TIME.size).reshape(height * 3 // 2, width)
        shown = turned(cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420), self.info["rotation"])
        path = picture_path(self.work, len(self.times))
        if not cv2.imwrite(str(path), shown, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]):
            raise OSError("The frame cache cannot be written; is the disk full?")
        self.times.append(at)


def turned(picture: Picture | Any, rotation: int) -> Any:
    """Return a picture as it is meant to be watched; ``rotation`` in degrees counter-clockwise, as FFmpeg tells it."""
    how = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}.get(rotation % 360)
    return picture if how is None else cv2.rotate(picture, how)


def _checked(told: dict[str, Any]) -> dict[str, Any]:
    width, height = told["shown"]
    sane = 0 < width <= 2 * limits.SIDE_MAX and 0 < height <= 2 * limits.SIDE_MAX and width % 2 == height % 2 == 0
    if not sane or not 0 <= told["duration_s"] <= limits.DURATION_S_MAX:
        raise MediaRefused("damaged")
    return told


def _messages(process: subprocess.Popen[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the decoder's messages. Raises MediaRefused where it falls silent."""
    stream = process.stdout
    assert stream is not None
    while True:
        head = _read(stream, HEADER.size)
        if len(head) < HEADER.size:
            return
        tag, length = HEADER.unpack(head)
        if length > _MESSAGE_MAX:
            raise MediaRefused("damaged")
        payload = _read(stream, length)
        if len(payload) < length:
            return
        yield tag, payload


def _read(stream: BinaryIO | Any, wanted: int) -> bytes:
    parts: list[bytes] = []
    while wanted:
        if not select.select([stream], [], [], limits.STALL_S)[0]:
            raise MediaRefused("too_heavy")
        part = os.read(stream.fileno(), min(wanted, 1 << 20))
        if not part:
            break
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)
