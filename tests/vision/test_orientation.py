"""Pictures as players show them: turned and mirrored by the display matrix of their file."""

import struct
from pathlib import Path

import numpy as np
import pytest

from marketplace.demo import clips
from marketplace.vision.decode import media


def oriented(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Write a clip whose quarters have four colours, with a display matrix of a, b, c, d."""
    quarters = np.zeros((96, 160, 3), np.uint8)
    for number, (rows, columns) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
        quarters[rows * 48 : rows * 48 + 48, columns * 80 : columns * 80 + 80] = 40 + 60 * number
    clips.encode(path, (quarters for _ in range(4)), 8.0)
    a, b, c, d = (value * 65536 for value in matrix)
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("matrix", "quarters"),
    [
        ((1, 0, 0, 1), [[0, 1], [2, 3]]),
        ((-1, 0, 0, -1), [[3, 2], [1, 0]]),
        ((0, 1, -1, 0), [[2, 0], [3, 1]]),
        ((0, -1, 1, 0), [[1, 3], [0, 2]]),
        ((-1, 0, 0, 1), [[1, 0], [3, 2]]),
        ((1, 0, 0, -1), [[2, 3], [0, 1]]),
        ((0, 1, 1, 0), [[0, 2], [1, 3]]),
        ((0, -1, -1, 0), [[3, 1], [2, 0]]),
    ],
)
def test_a_picture_is_looked_at_as_players_show_it(
    tmp_path: Path, matrix: tuple[int, int, int, int], quarters: list[list[int]]
) -> None:
    cache = media.decode(oriented(tmp_path / "a.mp4", matrix), tmp_path / "frames")
    picture = cache.grey(0)
    height, width = picture.shape
    assert (cache.info.height, cache.info.width) == (height, width)
    seen = [[float(picture[height * row // 4, width * column // 4]) for column in (1, 3)] for row in (1, 3)]
    assert (np.rint((np.asarray(seen) - 40) / 60) == np.asarray(quarters)).all()
