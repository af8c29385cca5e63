"""What is around a film in its picture: dark bars, and the blurred or plain ones of a wide film on a tall screen."""

import cv2
import numpy as np
from numpy.typing import NDArray

from marketplace.vision.decode.frames import Picture

DARK_LEVEL, DARK_SPREAD = 24.0, 6.0
STEP_PX = 4  # bars are cut this exactly; a hash resolves a 64th of the side
# A bar takes this share of the side, and is less than so many times as sharp as the film between the bars.
BAR_LEAST, BAR_MOST = 0.08, 0.46
SHARP_RATIO = 0.4
# One moving edge must not outweigh the rest of a line.
SHARP_MOST = 24.0


def without_dark_bars(picture: Picture) -> Picture:
    """Return a picture without the plain dark bars around it."""
    small = cv2.resize(picture, None, fx=1 / STEP_PX, fy=1 / STEP_PX, interpolation=cv2.INTER_AREA)
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.float32)
    rows = np.nonzero((grey.mean(axis=1) > DARK_LEVEL) | (grey.std(axis=1) > DARK_SPREAD))[0]
    columns = np.nonzero((grey.mean(axis=0) > DARK_LEVEL) | (grey.std(axis=0) > DARK_SPREAD))[0]
    if len(rows) < grey.shape[0] // 8 or len(columns) < grey.shape[1] // 8:
        return picture
    (top, bottom), (left, right) = ((side[0] * STEP_PX, (side[-1] + 1) * STEP_PX) for side in (rows, columns))
    return picture[top:bottom, left:right]


def middle(picture: Picture, share: float) -> Picture:
    """Return the middle of a picture: this share of its height and of its width."""
    height, width = picture.shape[:2]
    down, right = round(height * (1 - share) / 2), round(width * (1 - share) / 2)
    return picture[down : height - down, right : width - right]


def between_bars(picture: Picture) -> Picture | None:
    """Return the film between two equal bars that hold nothing sharp, across the picture's longer side; None if there
    are none. A bar may hold words, if the other one does not hold any at the same distance from the edge."""
    height, width = picture.shape[:2]
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.float32)
    bar = _bar(grey if height > width else grey.T)
    if bar is None:
        return None
    return picture[bar : height - bar] if height > width else picture[:, bar : width - bar]


def _bar(lines: NDArray[np.float32]) -> int | None:
    """Return how many lines at the top, and as many at the bottom, are bars. The film begins at the line that differs
    most from the one before it, at both ends."""
    count = len(lines)
    least, most = max(2, round(BAR_LEAST * count)), round(BAR_MOST * count)
    fine = np.minimum(np.abs(cv2.Laplacian(np.ascontiguousarray(lines), cv2.CV_32F)), SHARP_MOST).mean(axis=1)
    steps = np.concatenate([[0.0], np.abs(np.diff(lines, axis=0)).mean(axis=1)])
    # Of line k from the top and the bottom: the calmer of the two is the bar's, and a seam is one at both ends.
    sharp = np.minimum(fine, fine[::-1])[: count // 2]
    seam = np.minimum(steps[: count // 2], np.concatenate([[0.0], steps[:0:-1]])[: count // 2])
    if most <= least:
        return None
    bar = least + int(seam[least:most].argmax())
    edge = 2  # lines beside the seam are sharp by the seam itself
    outside, inside = sharp[: max(1, bar - edge)].mean(), sharp[bar + edge :].mean() if bar + edge < len(sharp) else 0.0
    return bar if inside > 0 and outside <= SHARP_RATIO * inside else None
