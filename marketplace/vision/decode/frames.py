"""The frame cache: the files that decoding a video once leaves for all steps, in one folder.

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
    """What is known about a video: ``width``, ``height`` as watched (px), ``times`` of the kept pictures (s).

    Times count from the moment at which the first of picture and sound begins, ``duration_s`` to the end of the last.
    ``sound_left_out``: there is a sound, in a codec that is not taken.
    """

    sha256: str
    width: int
    height: int
    duration_s: float
    fps: float
    audio: bool
    step_s: float
    closed_by: str
    times: tuple[float, ...]
    sound_left_out: bool = False


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

    def picture(self, index: int) -> Picture:
        """Return a picture by its index, height x width x 3, BGR."""
        return self._read(index, cv2.IMREAD_COLOR)

    def grey(self, index: int) -> Picture:
        return self._read(index, cv2.IMREAD_GRAYSCALE)

    def small(self, index: int, side_px: int) -> Picture:
        """Return a picture by its index, reduced to a half, a quarter or an eighth, which JPEG can be read at directly.

        Its longer side is at least ``side_px``, if the picture has that many. Reading a quarter takes a third of the
        time.
        """
        flag = next((flag for factor, flag in _REDUCED if max(self.shape) >= factor * side_px), cv2.IMREAD_COLOR)
        return self._read(index, flag)

    def _read(self, index: int, flag: int) -> Picture:
        picture = cv2.imread(str(picture_path(self.folder, index)), flag)
        if picture is None:
            raise FileNotFoundError(f"Picture {index} is missing from the frame cache; decode the video again.")
        return np.asarray(picture, np.uint8)

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Return height and width of the kept pictures, px."""
        height, width = self.grey(0).shape
        return height, width

    def thumbs(self) -> tuple[NDArray[np.float64], Picture]:
        """Return the thumbnails' times and the thumbnails."""
        return np.load(self.folder / "thumb_times.npy"), np.load(self.folder / "thumbs.npy", mmap_mode="r")

    def sound(self) -> "SoundFile":
        """Return the sound; it has no samples if the video has none."""
        path = self.folder / "sound.s16"
        exists = self.info.audio and path.exists()
        return SoundFile(path, path.stat().st_size // SAMPLE_BYTES if exists else 0)


@dataclass(frozen=True)
class SoundFile:
    """Sound in a file, samples x 2 at 48 kHz, read slice by slice. Ten minutes are 115 MB: as an array, or mapped into
    memory, they would stay there for as long as any part is in use."""

    path: Path
    samples: int

    def __len__(self) -> int:
        return self.samples

    def __getitem__(self, part: slice) -> NDArray[np.int16]:
        start, stop, _ = part.indices(self.samples)
        count = max(0, stop - start)
        if not count:
            return np.zeros((0, 2), np.int16)
        samples = np.fromfile(self.path, "<i2", 2 * count, offset=start * SAMPLE_BYTES)
        return np.asarray(samples, np.int16).reshape(-1, 2)


def picture_path(folder: Path, index: int) -> Path:
    return folder / "frames" / f"{index:06d}.jpg"


def finish(folder: Path, info: VideoInfo) -> FrameCache:
    """Write what is known about the video, which makes the folder a finished cache."""
    unfinished = folder / "info.part"
    unfinished.write_text(json.dumps(asdict(info)))
    unfinished.rename(folder / "info.json")
    return FrameCache(folder)
