"""Reads text on the screen: finds it in reduced pictures, reads it at full size, and only once while it stays the same.

Finding is the expensive part. So a picture is searched only where one of its lines has gone or changed, or where there
are strokes that were not there at the last search; the whole picture is searched if that was some time ago.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from marketplace.core.lazy_import import lazy_module
from marketplace.vision.decode.frames import FrameCache, Picture
from marketplace.vision.marks.mark_detection import Quad, correlation
from marketplace.vision.read import upright_columns
from marketplace.vision.read.upright_columns import is_column
from marketplace.vision.see.boxes import Box, area, box, common, covering, cut_off, overlap, parts_of

if TYPE_CHECKING:
    import rapidocr
    from rapidocr import ch_ppocr_rec
    from rapidocr.utils import process_img
else:  # a check whose answers are kept reads nothing
    rapidocr = lazy_module("rapidocr")
    ch_ppocr_rec = lazy_module("rapidocr.ch_ppocr_rec")
    process_img = lazy_module("rapidocr.utils.process_img")

# The shorter side to which a picture is reduced for searching a part of it, all of it, and all of it in passing. Names
# of 18 px (of 720) were found in 100, 97 and 91 of 100 pictures.
PART_SIDE_PX, WHOLE_SIDE_PX, PASSING_SIDE_PX = 480, 416, 352
FIND_STEP_PX = 32  # the network's sides are multiples of it
SAME_PLACE, SAME_LOOK = 0.55, 0.86
SCORE_LEAST = 0.6
LINES_MAX = 40
# Searches are at least SEARCH_SOONEST_S apart after a line has gone, and SEARCH_NEXT_S for new strokes; the whole
# picture is searched in passing if it has not been for SEARCH_LATEST_S.
SEARCH_SOONEST_S, SEARCH_NEXT_S, SEARCH_LATEST_S = 0.45, 0.95, 1.95
GROWN = 0.2  # of its height
# Parts that cover more of a picture than this share make it search all of it; how often a part may be enlarged.
PARTS_MOST, LARGER_MAX = 0.6, 2
# A reading of fewer letters is mostly texture, which comes and goes with every picture.
LETTERS_LEAST = 2
_LOOK = (64, 16)
# In px of the picture as it is searched in passing: wider than a stroke, and as high as small glyphs.
STROKE_PX, CELL_PX = 7, 8
# Strokes are new if they are this many times stronger than those near there before, and this many grey levels more.
STRONGER, MORE_LEVELS = 1.4, 8.0

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class TextLine:
    """A line of text in one picture of the cache: ``quad`` 4 x 2 px, ``score`` of the reading 0..1."""

    picture: int
    text: str
    score: float
    quad: Quad


@dataclass
class _HeldText:
    line: TextLine
    look: NDArray[np.float32]


class TextReader:
    """Reads Chinese and English (PP-OCRv6 small through RapidOCR; the models are in its package)."""

    @cached_property
    def _engine(self) -> Any:
        onnx = "EngineConfig.onnxruntime."
        return rapidocr.RapidOCR(
            params={
                "Global.log_level": "error",
                "Global.use_cls": False,
                "Det.limit_side_len": 32,
                # One crop at a time, at its own width: in a batch each is padded to the widest, and costs as much.
                "Rec.rec_batch_num": 1,
                "Rec.rec_img_shape": [3, 48, 96],
                onnx + "intra_op_num_threads": 1,
                onnx + "inter_op_num_threads": 1,
            }
        )

    @cached_property
    def _detector(self) -> Any:
        detector = self._engine.text_det or self._engine._load_det_model()
        # The lists in its settings become doubles, which would turn the whole picture into doubles.
        detector.mean, detector.std = (np.asarray(values, np.float32) for values in (detector.mean, detector.std))
        return detector

    def boxes(self, picture: Picture) -> list[Quad]:
        """Return where there is text in a picture that is already reduced; px of that picture."""
        quads = self._detector(picture).boxes
        return [] if quads is None else [np.asarray(quad, np.float32) for quad in quads[:LINES_MAX]]

    def read(self, crops: Sequence[Any]) -> list[tuple[str, float]]:
        """Return text and score of each crop."""
        if not crops:
            return []
        recogniser = self._engine.text_rec or self._engine._load_rec_model()
        readings = recogniser(ch_ppocr_rec.TextRecInput(img=list(crops)))
        return list(zip(readings.txts, (float(score) for score in readings.scores), strict=True))


def read(
    cache: FrameCache,
    shots: Collection[int],
    reader: TextReader | None = None,
    report: Report = lambda done, total: None,
) -> list[TextLine]:
    """Return the lines of text in each picture. ``shots``: the pictures that begin a shot."""
    watch = _LineWatch(cache, shots, reader or TextReader())
    for at in range(len(cache)):
        watch.look(at)
        report(at + 1, len(cache))
    return [
        line
        for _, lines in sorted(watch.lines.items())
        for line in lines
        if line.score >= SCORE_LEAST and line.text.strip()
    ]


@dataclass(frozen=True)
class _StrokeView:
    """A picture and its strokes. Its colours are read only for a search: reading them takes twice as long."""

    cache: FrameCache
    at: int

    @cached_property
    def picture(self) -> Picture:
        return self.cache.picture(self.at)

    @cached_property
    def grey(self) -> Picture:
        return self.cache.grey(self.at)

    @cached_property
    def strokes(self) -> NDArray[np.float32]:
        scale = self.scale(PASSING_SIDE_PX)
        return strokes_of(resized(self.grey, *(round(scale * side) for side in self.grey.shape[::-1])))

    @property
    def whole(self) -> Box:
        return 0, 0, self.grey.shape[1], self.grey.shape[0]

    @property
    def step(self) -> int:
        """Return the px of which sides of parts are multiples, so that they need not be stretched."""
        return round(FIND_STEP_PX / self.scale(PART_SIDE_PX))

    def scale(self, side_px: int) -> float:
        return min(1.0, side_px / float(min(self.grey.shape)))

    def found(self, reader: TextReader, part: Box, passing: bool = False) -> list[Quad]:
        """Return where there is text in a part; px of the whole picture."""
        side_px = PART_SIDE_PX if part != self.whole else PASSING_SIDE_PX if passing else WHOLE_SIDE_PX
        left, top, right, bottom = (round(edge) for edge in part)
        scale = self.scale(side_px) / FIND_STEP_PX
        wide, high = (max(1, round(side * scale)) * FIND_STEP_PX for side in (right - left, bottom - top))
        shrunk = np.asarray([wide / (right - left), high / (bottom - top)], np.float32)
        corner = np.asarray([left, top], np.float32)
        return [
            quad / shrunk + corner for quad in reader.boxes(resized(self.picture[top:bottom, left:right], wide, high))
        ]


class _LineWatch:
    """What is known while the pictures pass.

    That is: the lines of each picture, those held in the present one, and the places of those that have gone; in which
    picture the shot began, which was searched last, and which was last searched whole; and the strokes it had then.
    """

    def __init__(self, cache: FrameCache, shots: Collection[int], reader: TextReader) -> None:
        self.cache, self.shots, self.reader = cache, {0, *shots}, reader
        self.lines: defaultdict[int, list[TextLine]] = defaultdict(list)
        self._held: list[_HeldText] = []
        self._gone: list[Box] = []
        self._begun = self._searched = self._whole = 0
        self._strokes: NDArray[np.float32] = np.zeros((1, 1), np.float32)

    def look(self, index: int) -> None:
        """Find the lines of the next picture."""
        if index in self.shots:
            self._begun, self._whole, self._held, self._gone = index, -1, [], []
        if self._whole < 0:
            # Encoders often blur the first picture of a shot, so its second is searched, and the lines are traced back.
            if index > self._begun or index + 1 in self.shots or index + 1 == len(self.cache):
                view = _StrokeView(self.cache, index)
                self._search(view, index, [view.whole], passing=False)
        else:
            self._look_on(index)
        self.lines[index] += [held_text.line for held_text in self._held]

    def _look_on(self, index: int) -> None:
        """Find the lines of a picture whose shot has been searched already."""
        passing = self._since(self._whole, index) >= SEARCH_LATEST_S
        if not (self._held or passing or self._due(index)):
            return
        view = _StrokeView(self.cache, index)
        self._carry(view, index)
        if passing or self._due(index):  # asked again: a line may just have gone
            self._search(view, index, self._wanted(view), passing)

    def _due(self, index: int) -> bool:
        """Return whether enough time has passed since the last search for another one."""
        return self._since(self._searched, index) >= (SEARCH_SOONEST_S if self._gone else SEARCH_NEXT_S)

    def _since(self, earlier: int, index: int) -> float:
        return self.cache.times[index] - self.cache.times[earlier]

    def _carry(self, view: _StrokeView, index: int) -> None:
        """Keep the lines that still look the same."""
        unchanged = _still_there(self._held, view.grey, index)
        kept = {held_text.line.text for held_text in unchanged}
        self._gone += [
            box(held_text.line.quad)
            for held_text in self._held
            if held_text.line.score >= SCORE_LEAST
            and len(held_text.line.text) >= LETTERS_LEAST
            and held_text.line.text not in kept
        ]
        self._held = unchanged

    def _wanted(self, view: _StrokeView) -> list[Box]:
        """Return the parts of the picture to search carefully."""
        scale = view.scale(PASSING_SIDE_PX)
        fresh = [
            (left / scale, top / scale, right / scale, bottom / scale)
            for left, top, right, bottom in places(new(view.strokes, self._strokes))
        ]
        known = [box(held_text.line.quad) for held_text in self._held]
        parts = parts_of([*self._gone, *fresh], known, view.whole, view.step)
        return parts if sum(area(part) for part in parts) < PARTS_MOST * area(view.whole) else [view.whole]

    def _search(self, view: _StrokeView, index: int, parts: Sequence[Box], passing: bool) -> None:
        """Find and read the lines in parts of a picture; with ``passing`` also quickly in all of it."""
        searched: list[Box] = []
        found: list[Quad] = []
        for part in parts:
            whole_part, lines = self._found(view, part)
            found += [quad for quad in lines if not any(_same_place(quad, other) for other in found)]
            searched.append(whole_part)
        if passing and view.whole not in searched:
            elsewhere = view.found(self.reader, view.whole, passing)
            found += [quad for quad in elsewhere if not any(common(box(quad), part) for part in searched)]
            searched = [view.whole]
        if not searched:
            return
        before = self._held
        # A line that still looks the same is still there, although not every search finds it.
        self._held = [held for held in before if not any(common(box(held.line.quad), box(quad)) for quad in found)]
        unread: list[tuple[Quad, NDArray[np.float32]]] = []
        for quad in found:
            look = look_of(view.grey, quad)
            same = next((held for held in before if _same(held, quad, look)), None)
            if same is None:
                unread.append((quad, look))
            else:
                self._held.append(_HeldText(replace(same.line, picture=index, quad=quad), look))
        readings = self._readings(view.picture, [quad for quad, _ in unread])
        fresh = [
            _HeldText(TextLine(index, text, score, quad), look)
            for (quad, look), (text, score) in zip(unread, readings, strict=True)
        ]
        self._held += fresh
        self._go_back(fresh, index)
        self._know(view, index, searched)

    def _readings(self, picture: Picture, quads: Sequence[Quad]) -> list[tuple[str, float]]:
        """Read each line, and what is as high as a column in both ways: lying on its side, and glyph by glyph."""
        columns = {at: upright_columns.glyph_rows(picture, quad) for at, quad in enumerate(quads) if is_column(quad)}
        crops = [process_img.get_rotate_crop_image(picture, grown(quad)) for quad in quads]
        readings = self.reader.read([*crops, *(row.crop for rows in columns.values() for row in rows)])
        lines, upright = readings[: len(quads)], iter(readings[len(quads) :])
        for at, rows in columns.items():
            lines[at] = upright_columns.better_reading(lines[at], rows, list(islice(upright, len(rows))))
        return lines

    def _found(self, view: _StrokeView, part: Box) -> tuple[Box, list[Quad]]:
        """Return the part that was searched, enlarged if a line goes on beyond it, and the lines in it."""
        quads = view.found(self.reader, part)
        for _ in range(LARGER_MAX):
            incomplete = [box(quad) for quad in quads if cut_off(box(quad), part, view.whole)]
            if not incomplete:
                break
            around = [covering([quad], view.whole, view.step, 1.0) for quad in incomplete]
            part = covering([part, *around], view.whole, view.step)
            quads = view.found(self.reader, part)
        return part, quads

    def _know(self, view: _StrokeView, index: int, parts: Sequence[Box]) -> None:
        """Remember the strokes of what was searched. Elsewhere the old ones stay, so that slowly growing strokes are
        new at some point."""
        self._searched, self._gone = index, []
        if view.whole in parts:
            self._whole, self._strokes = index, view.strokes
            return
        known = self._strokes.copy()
        scale = view.scale(PASSING_SIDE_PX) / CELL_PX
        for part in parts:
            left, top, right, bottom = (round(side * scale) for side in part)
            known[top:bottom, left:right] = view.strokes[top:bottom, left:right]
        self._strokes = known

    def _go_back(self, fresh: Sequence[_HeldText], index: int) -> None:
        """Add new lines to the earlier pictures of the shot, as far back as they look the same."""
        still_there = [held_text for held_text in fresh if held_text.line.score >= SCORE_LEAST]
        for earlier in range(index - 1, self._begun - 1, -1):
            still_there = [
                held_text
                for held_text in still_there
                if not any(_repeats(held_text.line, other) for other in self.lines[earlier])
            ]
            if not still_there:
                return
            still_there = _still_there(still_there, self.cache.grey(earlier), earlier)
            self.lines[earlier] += [held_text.line for held_text in still_there]


def resized(picture: Picture, wide: int, high: int) -> Picture:
    return np.asarray(cv2.resize(picture, (wide, high), interpolation=cv2.INTER_AREA), np.uint8)


def strokes_of(grey: Picture) -> NDArray[np.float32]:
    """Return how strong thin light or dark strokes are in each cell of a grey picture, in grey levels."""
    wide = np.ones((STROKE_PX, STROKE_PX), np.uint8)
    thin = cv2.max(cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, wide), cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, wide))
    size = (max(1, grey.shape[1] // CELL_PX), max(1, grey.shape[0] // CELL_PX))
    cells = cv2.resize(thin.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.blur(cells, (3, 1)), np.float32)  # text is wide


def new(strokes: NDArray[np.float32], before: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return for each cell whether it has strokes and had none nearly as strong nearby before."""
    near = cv2.dilate(before, np.ones((3, 5), np.uint8))
    return np.asarray(strokes > STRONGER * near + MORE_LEVELS)


def places(cells: NDArray[np.bool_]) -> list[Box]:
    """Return the box around each patch of marked cells of CELL_PX, px."""
    patches, _, statistics, _ = cv2.connectedComponentsWithStats(cells.astype(np.uint8))
    sides = (statistics[patch, :4].astype(float) * CELL_PX for patch in range(1, patches))
    return [(left, top, left + width, top + height) for left, top, width, height in sides]


def grown(quad: Quad) -> Quad:
    """Return a line's quadrilateral made longer at both ends: the detector often cuts into the first or last glyph."""
    along = quad[1] - quad[0]
    more = along / max(1e-6, float(np.linalg.norm(along))) * GROWN * float(np.linalg.norm(quad[3] - quad[0]))
    return np.asarray(quad + np.stack([-more, more, more, -more]), np.float32)


def look_of(grey: Picture, quad: Quad) -> NDArray[np.float32]:
    """Return a small view of a quadrilateral of a grey picture, for comparison."""
    corners = np.asarray([[0, 0], [_LOOK[0], 0], [_LOOK[0], _LOOK[1]], [0, _LOOK[1]]], np.float32)
    return np.asarray(cv2.warpPerspective(grey, cv2.getPerspectiveTransform(quad, corners), _LOOK), np.float32)


def _still_there(held: Sequence[_HeldText], grey: Picture, index: int) -> list[_HeldText]:
    """Return the lines that look the same in another picture (grey), as lines of that picture."""
    looks = [look_of(grey, held_text.line.quad) for held_text in held]
    return [
        _HeldText(replace(held_text.line, picture=index), look)
        for held_text, look in zip(held, looks, strict=True)
        if correlation(held_text.look, look) >= SAME_LOOK
    ]


def _same(held_text: _HeldText, quad: Quad, look: NDArray[np.float32]) -> bool:
    return _same_place(held_text.line.quad, quad) and correlation(held_text.look, look) >= SAME_LOOK


def _same_place(quad: Quad, other: Quad) -> bool:
    return overlap(box(quad), box(other)) >= SAME_PLACE


def _repeats(line: TextLine, other: TextLine) -> bool:
    return line.text == other.text and _same_place(line.quad, other.quad)
