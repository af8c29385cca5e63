"""Text on the screen: found in pictures made small, read at full size, and read only once while it stays the same.

Finding is what costs. So a picture is searched only where one of its lines has gone or changed, where strokes stand
that were not there when it was last searched, or when that was some time ago.
"""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
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
# A picture is searched no sooner than this after the last one, and no later than that (s); between the two, where there
# is a reason to.
SEARCH_SOONEST_S, SEARCH_NEXT_S, SEARCH_LATEST_S = 0.45, 0.95, 1.95
GROWN = 0.2  # of its height
_LOOK = (64, 16)
STROKE_PX, CELL_PX = 7, 8  # of the picture made small: wider than a stroke, and about the height of small glyphs
# Strokes are new where they are this many times stronger than what was near there, and this many grey levels more.
STRONGER, MORE_LEVELS = 1.4, 8.0

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
                # Each crop by itself and as wide as it is: filled up to the widest beside it, it costs as much as that.
                "Rec.rec_batch_num": 1,
                "Rec.rec_img_shape": [3, 48, 96],
                one + "intra_op_num_threads": 1,
                one + "inter_op_num_threads": 1,
            }
        )

    def boxes(self, picture: Picture) -> list[Quad]:
        """Return where there is text, px of the picture."""
        small, scale = _small(picture)
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
    shots: Collection[int],
    reader: Reader | None = None,
    report: Report = lambda done, total: None,
) -> list[Line]:
    """Return the lines of text in each picture. ``shots``: the pictures that begin a shot."""
    watch = _Watch(cache, reader or Reader())
    for at in range(len(cache)):
        watch.look(at, at in shots)
        report(at + 1, len(cache))
    return sorted(
        (one for one in watch.lines if one.score >= SCORE_LEAST and one.text.strip()), key=lambda one: one.picture
    )


class _Watch:
    """What is known while the pictures pass: the lines that stand in the present one, and when and with what strokes
    the last one was searched."""

    def __init__(self, cache: FrameCache, reader: Reader) -> None:
        self.cache, self.reader = cache, reader
        self.lines: list[Line] = []
        self._held: list[_Held] = []
        self._lost = False
        self._searched = -1
        self._strokes: NDArray[np.float32] = np.zeros((1, 1), np.float32)

    def look(self, at: int, shot: bool) -> None:
        """Find the lines of the next picture."""
        since = self.cache.times[at] - self.cache.times[self._searched] if self._searched >= 0 else math.inf
        shot = shot or self._searched < 0
        picture = self.cache.picture(at) if shot or self._held or since >= SEARCH_NEXT_S else None
        if picture is not None and not shot:
            self._carry(picture, at)
        if picture is not None and (shot or self._wanted(picture, since)):
            self._search(picture, at, shot)
        self.lines += [one.line for one in self._held]

    def _carry(self, picture: Picture, at: int) -> None:
        """Keep the lines that still look the same."""
        still = [(one, look_of(picture, one.line.quad)) for one in self._held]
        same = [
            _Held(replace(one.line, picture=at), look)
            for one, look in still
            if correlation(one.look, look) >= SAME_LOOK
        ]
        kept = {one.line.text for one in same}
        self._lost = self._lost or any(one.line.score >= SCORE_LEAST and one.line.text not in kept for one, _ in still)
        self._held = same

    def _wanted(self, picture: Picture, since: float) -> bool:
        if self._lost or since >= SEARCH_LATEST_S:
            return since >= SEARCH_SOONEST_S
        return since >= SEARCH_NEXT_S and new(strokes_of(_small(picture)[0]), self._strokes)

    def _search(self, picture: Picture, at: int, shot: bool) -> None:
        before = self._held
        self._held = []
        unread: list[tuple[Quad, NDArray[np.float32]]] = []
        for quad in self.reader.boxes(picture):
            look = look_of(picture, quad)
            same = next((one for one in before if _same(one, quad, look)), None)
            if same is None:
                unread.append((quad, look))
            else:
                self._held.append(_Held(replace(same.line, picture=at, quad=quad), look))
        said = self.reader.read([get_rotate_crop_image(picture, grown(quad)) for quad, _ in unread])
        fresh = [
            _Held(Line(at, text, score, quad), look) for (quad, look), (text, score) in zip(unread, said, strict=True)
        ]
        self._held += fresh
        if not shot:
            self._go_back(fresh, at)
        self._searched, self._strokes, self._lost = at, strokes_of(_small(picture)[0]), False

    def _go_back(self, fresh: Sequence[_Held], at: int) -> None:
        """Look whether new lines already stood in pictures passed since the last search."""
        for earlier in range(at - 1, self._searched, -1):
            if not fresh:
                return
            picture = self.cache.picture(earlier)
            stood = [(one, look_of(picture, one.line.quad)) for one in fresh if one.line.score >= SCORE_LEAST]
            fresh = [
                _Held(replace(one.line, picture=earlier), look)
                for one, look in stood
                if correlation(one.look, look) >= SAME_LOOK
            ]
            self.lines += [one.line for one in fresh]


def _small(picture: Picture) -> tuple[Picture, float]:
    """Return a picture as text is looked for in it, and its scale."""
    scale = min(1.0, FIND_SIDE_PX / min(picture.shape[:2]))
    if scale == 1.0:
        return picture, scale
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8), scale


def strokes_of(small: Picture) -> NDArray[np.float32]:
    """Return how much of thin light or dark strokes stands in each cell of a picture, in grey levels."""
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    wide = np.ones((STROKE_PX, STROKE_PX), np.uint8)
    thin = cv2.max(cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, wide), cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, wide))
    size = (max(1, grey.shape[1] // CELL_PX), max(1, grey.shape[0] // CELL_PX))
    cells = cv2.resize(thin.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.blur(cells, (3, 1)), np.float32)  # text is wide


def new(strokes: NDArray[np.float32], before: NDArray[np.float32]) -> bool:
    """Return whether strokes stand somewhere where none near as strong stood before."""
    near = cv2.dilate(before, np.ones((3, 5), np.uint8))
    return bool((strokes > STRONGER * near + MORE_LEVELS).any())


def grown(quad: Quad) -> Quad:
    """Return a line's place made longer at both ends: what is found often lacks part of its first or last glyph."""
    along = quad[1] - quad[0]
    more = along / max(1e-6, float(np.linalg.norm(along))) * GROWN * float(np.linalg.norm(quad[3] - quad[0]))
    return np.asarray(quad + np.stack([-more, more, more, -more]), np.float32)


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
