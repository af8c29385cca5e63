"""Text on the screen: found in pictures made small, read at full size, and read only once while it stays the same."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rapidocr import RapidOCR
from rapidocr.ch_ppocr_rec import TextRecInput
from rapidocr.utils.process_img import get_rotate_crop_image

from marketplace.vision.frames import FrameCache, Picture
from marketplace.vision.marks import Quad, correlation

FIND_SIDE_PX = 360  # the shorter side at which text is looked for: 14 px of 720 were still found
SAME_PLACE, SAME_LOOK = 0.55, 0.86
SCORE_LEAST = 0.6
LINES_MAX = 40
_LOOK = (64, 16)

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Line:
    """A line of text in one picture of the cache: ``quad`` 4 x 2 px, ``score`` of the reading 0..1."""

    picture: int
    text: str
    score: float
    quad: Quad


@dataclass
class _Held:
    line: Line
    look: NDArray[np.float32]


class Reader:
    """Reads Chinese and English (PP-OCRv6 small by way of RapidOCR; the models are in its package)."""

    @cached_property
    def _engine(self) -> Any:
        one = "EngineConfig.onnxruntime."
        return RapidOCR(
            params={
                "Global.log_level": "error",
                "Global.use_cls": False,
                "Det.limit_side_len": 32,
                one + "intra_op_num_threads": 1,
                one + "inter_op_num_threads": 1,
            }
        )

    def boxes(self, picture: Picture) -> list[Quad]:
        """Return where there is text, px of the picture."""
        scale = min(1.0, FIND_SIDE_PX / min(picture.shape[:2]))
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else picture
        detector = self._engine.text_det or self._engine._load_det_model()
        found = detector(small).boxes
        return [] if found is None else [np.asarray(one, np.float32) / scale for one in found[:LINES_MAX]]

    def read(self, crops: Sequence[Any]) -> list[tuple[str, float]]:
        """Return text and score of each crop."""
        if not crops:
            return []
        recogniser = self._engine.text_rec or self._engine._load_rec_model()
        said = recogniser(TextRecInput(img=list(crops)))
        return list(zip(said.txts, (float(one) for one in said.scores), strict=True))


def read(
    cache: FrameCache,
    pictures: Sequence[int],
    reader: Reader | None = None,
    report: Report = lambda done, total: None,
) -> list[Line]:
    """Return the lines of text in the named pictures (ascending)."""
    reader = reader or Reader()
    held: list[_Held] = []
    lines: list[Line] = []
    for number, at in enumerate(pictures):
        held = _read_one(reader, cache.picture(at), at, held)
        lines += [one.line for one in held if one.line.score >= SCORE_LEAST and one.line.text.strip()]
        report(number + 1, len(pictures))
    return lines


def _read_one(reader: Reader, picture: Picture, at: int, before: Sequence[_Held]) -> list[_Held]:
    now: list[_Held] = []
    new: list[tuple[Quad, NDArray[np.float32]]] = []
    for quad in reader.boxes(picture):
        look = look_of(picture, quad)
        same = next((one for one in before if _same(one, quad, look)), None)
        if same is None:
            new.append((quad, look))
        else:
            now.append(_Held(Line(at, same.line.text, same.line.score, quad), look))
    said = reader.read([get_rotate_crop_image(picture, quad) for quad, _ in new])
    for (quad, look), (text, score) in zip(new, said, strict=True):
        now.append(_Held(Line(at, text, score, quad), look))
    return now


def look_of(picture: Picture, quad: Quad) -> NDArray[np.float32]:
    """Return how a place looks: grey and small, to be compared."""
    corners = np.asarray([[0, 0], [_LOOK[0], 0], [_LOOK[0], _LOOK[1]], [0, _LOOK[1]]], np.float32)
    view = cv2.warpPerspective(picture, cv2.getPerspectiveTransform(quad, corners), _LOOK)
    return np.asarray(cv2.cvtColor(view, cv2.COLOR_BGR2GRAY) if view.ndim == 3 else view, np.float32)


def _same(one: _Held, quad: Quad, look: NDArray[np.float32]) -> bool:
    return overlap(box(one.line.quad), box(quad)) >= SAME_PLACE and correlation(one.look, look) >= SAME_LOOK


def box(quad: Quad) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom."""
    low, high = quad.min(axis=0), quad.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the intersection of two boxes over their union, 0..1."""
    both = common(one, other)
    area = sum((some[2] - some[0]) * (some[3] - some[1]) for some in (one, other))
    return both / (area - both) if area > both else 0.0


def common(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the area that two boxes share."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, width) * max(0.0, height)
