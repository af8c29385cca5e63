"""The frame cache: what one decoding of a video leaves for all steps, as files in one folder.

``info.json`` (written last: a folder without it is unfinished), ``frames/NNNNNN.jpg``, ``thumbs.npy`` (uint8,
number x height x width x 3), ``thumb_times.npy`` (s), ``sound.s16`` (interleaved stereo at 48 kHz).
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
SAMPLE_BYTES = 4  # of 16 bits, left and right
_REDUCED = ((8, cv2.IMREAD_REDUCED_COLOR_8), (4, cv2.IMREAD_REDUCED_COLOR_4), (2, cv2.IMREAD_REDUCED_COLOR_2))


@dataclass(frozen=True)
class VideoInfo:
    """What is known of a video: ``width``, ``height`` as watched (px), ``times`` of the kept pictures (s)."""

    sha256: str
    width: int
    height: int
    duration_s: float
    fps: float
    audio: bool
    step_s: float
    closed_by: str
    times: tuple[float, ...]


@dataclass(frozen=True)
class FrameCache:
    """A finished cache."""

    folder: Path

    @cached_property
    def info(self) -> VideoInfo:
        table = json.loads((self.folder / "info.json").read_text())
        return VideoInfo(**{**table, "times": tuple(table["times"])})

    @property
    def times(self) -> Sequence[float]:
        return self.info.times

    def __len__(self) -> int:
        return len(self.info.times)

    def picture(self, at: int) -> Picture:
        """Return picture number ``at``, height x width x 3, BGR."""
        return self._read(at, cv2.IMREAD_COLOR)

    def grey(self, at: int) -> Picture:
        return self._read(at, cv2.IMREAD_GRAYSCALE)

    def small(self, at: int, side_px: int) -> Picture:
        """Return picture number ``at`` as small as JPEG can be read at once (a half, a quarter, an eighth), its longer
        side at least ``side_px`` where it has so many. A quarter is read in a third of the time."""
        how = next((how for by, how in _REDUCED if max(self.shape) >= by * side_px), cv2.IMREAD_COLOR)
        return self._read(at, how)

    def _read(self, at: int, how: int) -> Picture:
        found = cv2.imread(str(picture_path(self.folder, at)), how)
        if found is None:
            raise FileNotFoundError(f"Picture {at} is missing from the frame cache; decode the video again.")
        return np.asarray(found, np.uint8)

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Height and width of the kept pictures, px."""
        height, width = self.grey(0).shape
        return height, width

    def thumbs(self) -> tuple[NDArray[np.float64], Picture]:
        """Return the thumbnails' times and the thumbnails."""
        return np.load(self.folder / "thumb_times.npy"), np.load(self.folder / "thumbs.npy", mmap_mode="r")

    def sound(self) -> "SoundFile":
        """Return the sound; without samples where there is none."""
        path = self.folder / "sound.s16"
        there = self.info.audio and path.exists()
        return SoundFile(path, path.stat().st_size // SAMPLE_BYTES if there else 0)


@dataclass(frozen=True)
class SoundFile:
    """Sound in a file, samples x 2 at 48 kHz, of which slices are read. Ten minutes are 115 MB: as an array, or mapped
    into memory, they would stay there as long as any of it is worked on."""

    path: Path
    samples: int

    def __len__(self) -> int:
        return self.samples

    def __getitem__(self, part: slice) -> NDArray[np.int16]:
        start, stop, _ = part.indices(self.samples)
        count = max(0, stop - start)
        if not count:
            return np.zeros((0, 2), np.int16)
        read = np.fromfile(self.path, "<i2", 2 * count, offset=start * SAMPLE_BYTES)
        return np.asarray(read, np.int16).reshape(-1, 2)


def picture_path(folder: Path, at: int) -> Path:
    return folder / "frames" / f"{at:06d}.jpg"


def finish(folder: Path, info: VideoInfo) -> FrameCache:
    """Write what is known of the video; from now on the folder is a finished cache."""
    unfinished = folder / "info.part"
    unfinished.write_text(json.dumps(asdict(info)))
    unfinished.rename(folder / "info.json")
    return FrameCache(folder)
